/* Real streams through the whole cleaning: nothing crashes, everything that comes out is valid
 * UTF-8, clean, and traced back to its input. GS_TEST_SHOW=n prints n of the texts that changed. */
#include "tests/unit/ingest/text/text_data.h"
#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/text/lang.h"
#include "ingest/text/watchlist/watchlist.h"

struct totals {
    struct gs_norm *norm;
    struct gs_norm *again; /* as norm, but without rules */
    struct gs_watchlist *list;
    size_t texts;
    size_t bytes;
    size_t langs[GS_N_LANGS];
    size_t matches;
    struct gs_norm_counts counts;
    size_t show;
};

static void clean(const json_t *row, const char *field, struct totals *t)
{
    const struct gs_str raw = text_data_field(row, field);
    struct gs_norm_text got;
    struct gs_norm_text twice;
    struct gs_match matches[16];

    if (raw.bytes == NULL) {
        return;
    }
    assert_int_equal(gs_norm_run(t->norm, raw, &got, NULL), GS_OK);
    assert_int_equal(gs_repair_find(&gs_scan_scalar, got.text), got.text.len);
    check_origins("stream", got.origin, got.text.len,
                  got.counts.cut ? got.origin[got.text.len] : raw.len);
    t->texts++;
    t->bytes += raw.len;
    t->counts.bad_bytes += got.counts.bad_bytes;
    t->counts.mojibake += got.counts.mojibake;
    t->counts.cut += got.counts.cut;
    t->counts.masked += got.counts.masked;
    t->counts.rule_limits += got.counts.rule_limits;
    t->langs[gs_lang_detect(got.text, gs_str(""))]++;
    (void)gs_fingerprint(got.text);
    const size_t n = gs_watchlist_find(t->list, got.text, gs_str(""), matches, GS_COUNT(matches));
    t->matches += n;
    if (t->show > 0 && !gs_str_equal(raw, got.text) && t->texts % 97 == 0) {
        t->show--;
        print_message("- %.*s\n+ %.*s\n", GS_STR_ARGS(raw), GS_STR_ARGS(got.text));
        for (size_t i = 0; i < n; i++) {
            print_message("    %.*s\n", GS_STR_ARGS(matches[i].id));
        }
    }
    assert_int_equal(gs_norm_run(t->again, got.text, &twice, NULL), GS_OK);
    assert_true(gs_str_equal(got.text, twice.text));
}

static void visit(const json_t *row, void *totals)
{
    clean(row, "text", totals);
    clean(row, "title", totals);
    clean(row, "summary", totals);
}

static void test_streams(void **state)
{
    static const char *const files[] = {"streams/rss_articles.jsonl", "streams/stocknet_2014.jsonl",
                                        "streams/guba_002340.jsonl", "unlabelled/headlines.jsonl"};
    static const struct gs_norm_options options = {GS_UTF8_REPAIR, true, true, 1 << 20, NULL};
    static const struct gs_norm_options plain = {GS_UTF8_REJECT, true, true, 1 << 20, NULL};
    const char *folder = text_data_folder();
    const char *show = text_setting("GS_TEST_SHOW");
    struct gs_rules *rules = NULL;
    struct totals t = {.show = show == NULL ? 0 : strtoul(show, NULL, 10)};
    size_t n_rules = 0;

    (void)state;
    assert_non_null(folder);
    const struct gs_rule_spec *specs = gs_rules_default(&n_rules);
    assert_int_equal(gs_rules_compile(specs, n_rules, GS_JIT_AUTO, &rules, NULL), GS_OK);
    assert_int_equal(gs_norm_new(rules, &options, &t.norm, NULL), GS_OK);
    assert_int_equal(gs_norm_new(NULL, &plain, &t.again, NULL), GS_OK);
    assert_int_equal(gs_watchlist_load("../deploy/config/watchlist.csv", &t.list, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(files); i++) {
        (void)text_data_read(folder, files[i], SIZE_MAX, visit, &t);
    }
    print_message("  %zu texts, %zu bytes; en %zu, zh %zu, mixed %zu, other %zu; %zu matches;"
                  " masked %u, mojibake %u, bad bytes %u, cut %u, limits %u\n",
                  t.texts, t.bytes, t.langs[0], t.langs[1], t.langs[2], t.langs[3], t.matches,
                  t.counts.masked, t.counts.mojibake, t.counts.bad_bytes, t.counts.cut,
                  t.counts.rule_limits);
    assert_true(t.texts > 100000);
    assert_int_equal(t.counts.rule_limits, 0);
    gs_watchlist_free(t.list);
    gs_norm_free(t.again);
    gs_norm_free(t.norm);
    gs_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_streams)};

    if (text_data_folder() == NULL) {
        return TEXT_DATA_SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
