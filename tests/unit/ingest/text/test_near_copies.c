/* Near-copies on real texts: the pairs of tests/golden/near_copies, which a person has read and
 * labelled, joined with their texts, which are no part of the project. One half chose the constants
 * of story_outline.c and ingest/base/outline.c; what is asserted holds on the other.
 *
 *   test_ingest_text_near_copies --list    prints what is missed and what is taken for a copy */
#include "tests/unit/ingest/text/text_data.h"
#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/text/story_outline.h"

enum { MAX_PAIRS = 2000, MAX_LINE = 1 << 16 };

struct text {
    char *clean; /* NULL: its stream is not there */
    struct gs_outline outline;
};

static struct pair {
    char stream[40];
    long line[2];
    uint64_t hash[2]; /* of the line in the stream */
    char label[10];
    bool chose;
    double stands_for; /* pairs of its similarity, of which it is a sample */
    struct text text[2];
} pairs[MAX_PAIRS];

static size_t n_pairs;
static bool list;

static void read_pair(const json_t *row, void *unused)
{
    struct pair *pair = &pairs[n_pairs];

    (void)unused;
    assert_true(n_pairs < MAX_PAIRS);
    (void)snprintf(pair->stream, sizeof pair->stream, "%s",
                   json_string_value(json_object_get(row, "stream")));
    (void)snprintf(pair->label, sizeof pair->label, "%s",
                   json_string_value(json_object_get(row, "label")));
    pair->line[0] = (long)json_integer_value(json_object_get(row, "a"));
    pair->line[1] = (long)json_integer_value(json_object_get(row, "b"));
    pair->hash[0] = strtoull(json_string_value(json_object_get(row, "a_hash")), NULL, 16);
    pair->hash[1] = strtoull(json_string_value(json_object_get(row, "b_hash")), NULL, 16);
    pair->chose = strcmp(json_string_value(json_object_get(row, "half")), "choose") == 0;
    pair->stands_for = json_number_value(json_object_get(row, "stands_for"));
    n_pairs++;
}

static uint64_t hash_line(const char *line, size_t n)
{
    uint64_t hash = 0xCBF29CE484222325U; /* FNV-1a */

    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ (unsigned char)line[i]) * 0x100000001B3U;
    }
    return hash;
}

/* Title and text of a line as the tagger reads them. */
static struct text clean_line(struct gs_norm *norm, const char *line)
{
    static const char *const fields[] = {"title", "text", "summary"};
    struct text text = {.clean = calloc(MAX_LINE, 1)};
    json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
    size_t n = 0;

    assert_non_null(text.clean);
    assert_non_null(row);
    for (size_t i = 0; i < GS_COUNT(fields); i++) {
        const struct gs_str raw = text_data_field(row, fields[i]);
        struct gs_norm_text got = {{NULL, 0}, NULL, {0}};
        if (raw.bytes == NULL) {
            continue;
        }
        assert_int_equal(gs_norm_run(norm, raw, &got, NULL), GS_OK);
        assert_true(n + got.text.len + 2 < MAX_LINE);
        if (n > 0) {
            text.clean[n++] = '\n';
        }
        memcpy(text.clean + n, got.text.bytes, got.text.len);
        n += got.text.len;
    }
    json_decref(row);
    gs_outline((struct gs_str){NULL, 0}, (struct gs_str){text.clean, n}, &text.outline);
    return text;
}

static void join_line(struct gs_norm *norm, const char *stream, long at, struct gs_str line)
{
    for (size_t i = 0; i < 2 * n_pairs; i++) {
        struct pair *pair = &pairs[i / 2];
        if (pair->line[i % 2] == at && strcmp(pair->stream, stream) == 0) {
            assert_true(hash_line(line.bytes, line.len) == pair->hash[i % 2]);
            pair->text[i % 2] = clean_line(norm, line.bytes);
        }
    }
}

/* Joins the pairs of one stream with its texts. */
static void join(struct gs_norm *norm, const char *folder, const char *stream)
{
    char path[512];
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len = 0;

    (void)snprintf(path, sizeof path, "%s/streams/%s", folder, stream);
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        print_message("  %s is not there\n", path);
        return;
    }
    for (long at = 1; (len = getline(&line, &capacity, in)) > 0; at++) {
        len -= line[len - 1] == '\n';
        line[len] = '\0';
        join_line(norm, stream, at, (struct gs_str){line, (size_t)len});
    }
    free(line);
    (void)fclose(in);
}

static struct gs_norm *default_norm(struct gs_rules **ret_rules)
{
    static const struct gs_norm_options options = {GS_UTF8_REPAIR, true, true, 1 << 20, NULL};
    size_t n_rules = 0;
    const struct gs_rule_spec *specs = gs_rules_default(&n_rules);
    struct gs_norm *norm = NULL;

    assert_int_equal(gs_rules_compile(specs, n_rules, GS_JIT_AUTO, ret_rules, NULL), GS_OK);
    assert_int_equal(gs_norm_new(*ret_rules, &options, &norm, NULL), GS_OK);
    return norm;
}

struct score {
    size_t n, copies, found, wrong;
    double all_copies, all_found, all_wrong; /* of the pairs that the sample stands for */
};

static struct score score_of(bool chose, const char *stream)
{
    struct score score = {0};

    for (size_t i = 0; i < n_pairs; i++) {
        const struct pair *pair = &pairs[i];
        if (pair->chose != chose || strcmp(pair->label, "unclear") == 0 ||
            pair->text[1].clean == NULL || (stream != NULL && strcmp(stream, pair->stream) != 0)) {
            continue;
        }
        const bool copy = strcmp(pair->label, "same") == 0;
        const bool said = gs_outlines_agree(&pair->text[0].outline, &pair->text[1].outline);
        score.n++;
        score.copies += copy;
        score.found += copy && said;
        score.wrong += !copy && said;
        score.all_copies += copy ? pair->stands_for : 0;
        score.all_found += copy && said ? pair->stands_for : 0;
        score.all_wrong += !copy && said ? pair->stands_for : 0;
        if (list && said != copy) {
            print_message("%s\n    %.150s\n    %.150s\n", copy ? "missed" : "taken for a copy",
                          pair->text[0].clean, pair->text[1].clean);
        }
    }
    return score;
}

static void show(const char *what, struct score s)
{
    print_message("  | %s | %zu | %zu | %.3f | %.3f |\n", what, s.n, s.copies,
                  (double)s.found / (double)(s.found + s.wrong),
                  (double)s.found / (double)s.copies);
}

static void show_all(struct score s)
{
    print_message("  of all pairs that those kept aside stand for: precision %.3f, recall %.3f\n",
                  s.all_found / (s.all_found + s.all_wrong), s.all_found / s.all_copies);
}

static void test_labelled_pairs(void **state)
{
    static const char *const streams[] = {"stocknet_2014.jsonl", "guba_002340.jsonl",
                                          "rss_articles.jsonl"};
    const char *folder = text_data_folder();
    struct gs_rules *rules = NULL;

    (void)state;
    if (folder == NULL) {
        skip();
    }
    (void)text_data_read("golden/near_copies", "pairs.jsonl", SIZE_MAX, read_pair, NULL);
    assert_true(n_pairs >= 500);
    struct gs_norm *norm = default_norm(&rules);
    for (size_t i = 0; i < GS_COUNT(streams); i++) {
        join(norm, folder, streams[i]);
    }
    print_message("  | half | pairs | copies | precision | recall |\n  |---|---|---|---|---|\n");
    show("chose the constants", score_of(true, NULL));
    const struct score report = score_of(false, NULL);
    show("kept aside", report);
    show("kept aside, tweets", score_of(false, streams[0]));
    show("kept aside, forum", score_of(false, streams[1]));
    show_all(report);
    assert_true(report.n >= 170);
    assert_true((double)report.found >= 0.92 * (double)(report.found + report.wrong));
    assert_true((double)report.found >= 0.86 * (double)report.copies);
    assert_true(report.all_found >= 0.95 * (report.all_found + report.all_wrong));
    assert_true(report.all_found >= 0.90 * report.all_copies);
    for (size_t i = 0; i < n_pairs; i++) {
        free(pairs[i].text[0].clean);
        free(pairs[i].text[1].clean);
    }
    gs_norm_free(norm);
    gs_rules_free(rules);
}

/* The tweets of 2014-05-21 and 22 about one company: a rumour, and what else was said of it. */
struct crowd {
    struct gs_norm *norm;
    size_t n, n_exact, n_leaders, largest;
    uint64_t exact[MAX_PAIRS];
    struct gs_outline leaders[MAX_PAIRS];
    size_t sizes[MAX_PAIRS];
};

static void note_exact(struct crowd *crowd, uint64_t fingerprint)
{
    size_t i = 0;

    while (i < crowd->n_exact && crowd->exact[i] != fingerprint) {
        i++;
    }
    crowd->exact[i] = fingerprint;
    crowd->n_exact += i == crowd->n_exact;
}

/* In order of time, each compared with the leaders, as the detector does it. */
static void note_tweet(const json_t *row, void *arg)
{
    struct crowd *crowd = arg;
    const char *ts = json_string_value(json_object_get(row, "ts"));
    const char *text = json_string_value(json_object_get(row, "text"));
    struct gs_norm_text got = {{NULL, 0}, NULL, {0}};
    struct gs_outline outline;
    size_t i = 0;

    if (ts == NULL || text == NULL ||
        (strncmp(ts, "2014-05-21", 10) != 0 && strncmp(ts, "2014-05-22", 10) != 0) ||
        strstr(text, "$GRPN") == NULL || crowd->n == MAX_PAIRS) {
        return;
    }
    assert_int_equal(gs_norm_run(crowd->norm, gs_str(text), &got, NULL), GS_OK);
    note_exact(crowd, gs_fingerprint(got.text));
    gs_outline((struct gs_str){NULL, 0}, got.text, &outline);
    while (i < crowd->n_leaders && !gs_outlines_agree(&crowd->leaders[i], &outline)) {
        i++;
    }
    crowd->leaders[i] = i == crowd->n_leaders ? outline : crowd->leaders[i];
    crowd->n_leaders += i == crowd->n_leaders;
    crowd->sizes[i]++;
    crowd->largest = crowd->sizes[i] > crowd->largest ? crowd->sizes[i] : crowd->largest;
    crowd->n++;
}

static void test_a_rumour_is_one_story(void **state)
{
    const char *folder = text_data_folder();
    static struct crowd crowd;
    struct gs_rules *rules = NULL;

    (void)state;
    if (folder == NULL) {
        skip();
    }
    crowd.norm = default_norm(&rules);
    if (text_data_read(folder, "streams/stocknet_2014.jsonl", SIZE_MAX, note_tweet, &crowd) > 0) {
        print_message("  %zu tweets: %zu by the fingerprint, %zu by outlines, the largest of %zu\n",
                      crowd.n, crowd.n_exact, crowd.n_leaders, crowd.largest);
        assert_true(crowd.n > 600);
        assert_true(crowd.largest * 100 >= crowd.n * 98);
    }
    gs_norm_free(crowd.norm);
    gs_rules_free(rules);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_labelled_pairs),
                                       cmocka_unit_test(test_a_rumour_is_one_story)};

    list = argc > 1 && strcmp(argv[1], "--list") == 0;
    if (text_data_folder() == NULL) {
        return TEXT_DATA_SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
