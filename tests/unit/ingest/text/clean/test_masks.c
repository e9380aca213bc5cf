/* The masks on two lists (tests/golden/masks/make_lists.py): how much of what is private they hide,
 * and how often they hide what is not. Prints a row of deploy/docs/text.md for each kind, and fails
 * when a kind falls under its floor or the page says something else.
 *
 *     cd tests && ../build/release/tests/unit/ingest/text/test_ingest_text_clean_masks [--misses]
 */
#include "tests/unit/ingest/text/text_rows.h"

#include <jansson.h>
#include <stdio.h>

#define OPEN "\xE2\x9F\xA6"  /* ⟦ */
#define CLOSE "\xE2\x9F\xA7" /* ⟧ */

enum { MAX_TEXT = 1024 };

static struct gs_rules *rules;
static struct gs_norm *norm;
static bool show_misses;
static char *page;     /* deploy/docs/text.md */
static size_t missing; /* rows it does not have */

/* The least share of each kind's rows, in percent, that is hidden whole and nothing else with it.
 */
static const struct {
    const char *kind;
    double recall;
} floors[] = {
    {"email", 95},    {"phone_cn", 95},    {"phone_hk_tw", 95}, {"phone_uk", 95},
    {"phone_us", 90}, {"phone_other", 95}, {"resident_id", 95}, {"card", 95},
    {"iban", 95},     {"mention", 90},
};
static const double max_false_positives = 1.0; /* percent of all rows of the other list */

struct tally {
    char kind[32];
    size_t n;
    size_t good;
};

static struct tally *tally_of(struct tally *tallies, const char *kind)
{
    size_t i = 0;

    while (tallies[i].n > 0 && strcmp(tallies[i].kind, kind) != 0) {
        i++;
    }
    (void)snprintf(tallies[i].kind, sizeof tallies[i].kind, "%s", kind);
    return &tallies[i];
}

/* text without the brackets, and with mask in the place of each bracket. */
static void expect(const char *text, const char *mask, char *raw, char *want)
{
    bool inside = false;

    while (*text != '\0') {
        if (strncmp(text, OPEN, 3) == 0 || strncmp(text, CLOSE, 3) == 0) {
            inside = text[2] == OPEN[2];
            for (const char *m = mask; inside && *m != '\0'; m++) {
                *want++ = *m;
            }
            text += 3;
            continue;
        }
        if (!inside) {
            *want++ = *text;
        }
        *raw++ = *text++;
    }
    *raw = '\0';
    *want = '\0';
}

static void check_row(const json_t *row, struct tally *tallies)
{
    const char *text = json_string_value(json_object_get(row, "text"));
    const char *mask = json_string_value(json_object_get(row, "mask"));
    struct tally *tally = tally_of(tallies, json_string_value(json_object_get(row, "kind")));
    char raw[MAX_TEXT];
    char want[MAX_TEXT];
    struct gs_norm_text got;

    assert_non_null(text);
    assert_true(strlen(text) < MAX_TEXT / 4);
    expect(text, mask == NULL ? "" : mask, raw, want);
    assert_int_equal(gs_norm_run(norm, gs_str(raw), &got, NULL), GS_OK);
    const bool good = mask == NULL ? got.counts.masked == 0 : gs_str_equal(got.text, gs_str(want));
    tally->n++;
    tally->good += good;
    if (!good && show_misses) {
        print_message("  %s: %s\n    got %.*s\n", tally->kind, text, GS_STR_ARGS(got.text));
    }
}

static void read_list(const char *path, struct tally *tallies)
{
    char line[2 * MAX_TEXT];
    FILE *in = fopen(path, "r");

    assert_non_null(in);
    while (fgets(line, sizeof line, in) != NULL) {
        json_t *row = json_loads(line, 0, NULL);
        assert_non_null(row);
        check_row(row, tallies);
        json_decref(row);
    }
    (void)fclose(in);
}

/* The page has to say what the test has measured. */
static void check_page(const char *row)
{
    print_message("%s\n", row);
    if (strstr(page, row) == NULL) {
        print_error("deploy/docs/text.md does not have this row\n");
        missing++;
    }
}

static void test_private_data_is_hidden(void **state)
{
    static struct tally tallies[32];
    char row[128];
    size_t n = 0;

    (void)state;
    read_list("golden/masks/positive.jsonl", tallies);
    for (size_t i = 0; i < GS_COUNT(floors); i++) {
        const struct tally *tally = tally_of(tallies, floors[i].kind);
        const double recall = 100.0 * (double)tally->good / (double)(tally->n > 0 ? tally->n : 1);
        n += tally->n;
        (void)snprintf(row, sizeof row, "| %.64s | %zu | %zu | %.1f %% |", tally->kind, tally->n,
                       tally->good, recall);
        check_page(row);
        assert_true(recall >= floors[i].recall);
    }
    assert_true(n >= 300);
    assert_int_equal(missing, 0);
}

static void test_the_rest_is_not(void **state)
{
    static struct tally tallies[32];
    char row[128];
    size_t n = 0;
    size_t wrong = 0;

    (void)state;
    read_list("golden/masks/negative.jsonl", tallies);
    for (size_t i = 0; tallies[i].n > 0; i++) {
        const size_t masked = tallies[i].n - tallies[i].good;
        n += tallies[i].n;
        wrong += masked;
        (void)snprintf(row, sizeof row, "| %.64s | %zu | %zu | %.1f %% |", tallies[i].kind,
                       tallies[i].n, masked, 100.0 * (double)masked / (double)tallies[i].n);
        check_page(row);
    }
    assert_true(n >= 300);
    assert_true(100.0 * (double)wrong <= max_false_positives * (double)n);
    assert_int_equal(missing, 0);
}

static int set_up(void **state)
{
    static const struct gs_norm_options options = {.html = true, .fix_mojibake = true};
    size_t n = 0;
    const struct gs_rule_spec *specs = gs_rules_default(&n);
    FILE *in = fopen("../deploy/docs/text.md", "r");

    (void)state;
    page = calloc(1, 1 << 16);
    if (in == NULL || page == NULL || fread(page, 1, (1 << 16) - 1, in) == 0 ||
        gs_rules_compile(specs, n, GS_JIT_AUTO, &rules, NULL) != GS_OK ||
        gs_norm_new(rules, &options, &norm, NULL) != GS_OK) {
        return 1;
    }
    return fclose(in);
}

static int tear_down(void **state)
{
    (void)state;
    gs_norm_free(norm);
    gs_rules_free(rules);
    free(page);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_data_is_hidden),
        cmocka_unit_test(test_the_rest_is_not),
    };

    show_misses = argc > 1 && strcmp(argv[1], "--misses") == 0;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
