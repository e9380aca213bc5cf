#include "tests/unit/ingest/text/text_rows.h"

static const struct {
    const char *shows;
    const char *in;
    size_t len;
    const char *out;
    uint32_t bad;
} rows[] = {
    {"valid text stays", "a茅😀", 8, "a茅😀", 0},
    {"a Latin-1 byte", "caf\xE9 au", 7, "caf\uFFFD au", 1},
    {"a lone continuation",
     "a\x80"
     "b",
     3, "a\uFFFDb", 1},
    {"a cut sequence is one fault", "\xE8\x8C", 2, "\uFFFD", 2},
    {"a cut four-byte sequence too", "\xF0\x9F\x98x", 4, "\uFFFDx", 3},
    {"overlong: each byte", "\xC0\xAF", 2, "\uFFFD\uFFFD", 2},
    {"surrogate: each byte", "\xED\xA0\x80", 3, "\uFFFD\uFFFD\uFFFD", 3},
    {"above U+10FFFF: each byte", "\xF4\x90\x80\x80", 4, "\uFFFD\uFFFD\uFFFD\uFFFD", 4},
    {"a cut sequence before a new one", "\xE8\x8C\xE8\x8C\x85", 5, "\uFFFD茅", 2},
    {"Unicode's table 3-8", "\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", 13,
     "a\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD\uFFFDd", 9},
    {"NUL is a character", "a\0b\xFF", 4, NULL, 1},
};

static void test_rows(void **state)
{
    struct gs_out out = {0};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        char *copy = heap_copy(rows[i].in, rows[i].len);
        uint32_t *origin = identity_origins(rows[i].len);
        uint32_t bad = 0;
        const size_t found = gs_repair_find(gs_scan_pick(), (struct gs_str){copy, rows[i].len});
        assert_int_equal(found == rows[i].len, rows[i].bad == 0);
        assert_int_equal(
            gs_repair_run((struct gs_view){copy, origin, rows[i].len}, &out, &bad, NULL), GS_OK);
        const struct gs_view view = gs_out_view(&out, (uint32_t)rows[i].len);
        if (rows[i].out != NULL) {
            check_text(rows[i].shows, (struct gs_str){view.bytes, view.len}, rows[i].out);
        }
        check_origins(rows[i].shows, view.origin, view.len, rows[i].len);
        assert_int_equal(bad, rows[i].bad);
        assert_int_equal(gs_repair_find(&gs_scan_scalar, (struct gs_str){view.bytes, view.len}),
                         view.len);
        free(copy);
        free(origin);
    }
    gs_out_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
