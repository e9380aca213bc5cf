#include "ingest/base/attr.h"
#include "ingest/base/utf8.h"
#include "tests/unit/gs_test.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static const struct {
    const char *shows;
    struct gs_str text;
    size_t bad; /* where the first bad byte is; the length when all is well */
} cases[] = {
    {"empty", TEXT(""), 0},
    {"ASCII", TEXT("abcdefghijklmnopq"), 17},
    {"NUL and DEL", TEXT("\0\x7F"), 2},
    {"all lengths", TEXT("a\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80z"), 11},
    {"the last of each length", TEXT("\x7F\xDF\xBF\xEF\xBF\xBF\xF4\x8F\xBF\xBF"), 10},
    {"around the surrogates", TEXT("\xED\x9F\xBF\xEE\x80\x80"), 6},
    {"a byte alone", TEXT("abc\x80"), 3},
    {"a start alone", TEXT("abcdefgh\xC3"), 8},
    {"an overlong slash", TEXT("\xC0\xAF"), 0},
    {"an overlong form of three", TEXT("\xE0\x9F\xBF"), 0},
    {"an overlong form of four", TEXT("\xF0\x8F\xBF\xBF"), 0},
    {"the first surrogate", TEXT("\xED\xA0\x80"), 0},
    {"the last surrogate", TEXT("\xED\xBF\xBF"), 0},
    {"above U+10FFFF", TEXT("\xF4\x90\x80\x80"), 0},
    {"five bytes", TEXT("\xF8\x88\x80\x80\x80"), 0},
    {"cut after two of three", TEXT("ab\xE8\x8C"), 2},
    {"cut after three of four", TEXT("ab\xF0\x9F\x98"), 2},
    {"bad behind eight good", TEXT("12345678\xFF"), 8},
    {"bad as the eighth",
     TEXT("1234567\xFF"
          "9"),
     7},
};

static void checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        char *exact = malloc(cases[i].text.len + 1);
        print_message("  %s\n", cases[i].shows);
        assert_non_null(exact);
        exact = realloc(exact, cases[i].text.len + (cases[i].text.len == 0));
        assert_non_null(exact);
        memcpy(exact, cases[i].text.bytes, cases[i].text.len);
        assert_int_equal(gs_utf8_check((struct gs_str){exact, cases[i].text.len}), cases[i].bad);
        free(exact);
    }
}

static void code_points_round_trip(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        char bytes[4];
        if (cp == 0xD800) {
            cp = 0xE000;
        }
        const size_t len = gs_utf8_encode(cp, bytes);
        assert_int_equal(gs_utf8_valid_len(bytes, len), len);
        assert_int_equal(gs_utf8_valid_len(bytes, len - 1), 0);
        assert_int_equal(gs_utf8_decode(bytes, len), cp);
        assert_int_equal(gs_utf8_check((struct gs_str){bytes, len}), len);
    }
}

/* Of all four-byte strings those are valid that are the encodings of code points: counted. */
static void nothing_else_is_valid(void **state)
{
    size_t n = 0;

    (void)state;
    for (uint32_t lead = 0x80; lead <= 0xFF; lead++) {
        for (uint32_t rest = 0; rest < 0x10000; rest += 1) {
            /* The third and fourth byte only matter in their two upper bits. */
            if ((rest & 0x3F) != 0) {
                continue;
            }
            const char bytes[4] = {(char)lead, (char)(rest >> 8), (char)rest, (char)0x80};
            const size_t len = gs_utf8_valid_len(bytes, 4);
            if (len != 0) {
                char again[4];
                assert_int_equal(gs_utf8_encode(gs_utf8_decode(bytes, len), again), len);
                assert_memory_equal(bytes, again, len);
                n++;
            }
        }
    }
    /* 30 leads of two bytes with 64 seconds and any third; 16 of three less the overlong and
     * surrogates; 5 of four less the overlong and the beyond. */
    assert_int_equal(n, 30 * 64 * 4 + (16 * 64 - 32 - 32) + (5 * 64 - 16 - 48));
}

static void repairs(void **state)
{
    static const struct {
        const char *shows;
        struct gs_str text;
        const char *want;
    } rows[] = {
        {"nothing to do", TEXT("a\xC3\xA9"), "a\xC3\xA9"},
        {"one a byte", TEXT("\xFF\xFE"), "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"between good text", TEXT("ab\x80\xC3\xA9\xE8\x8C"),
         "ab\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        char *out = malloc(3 * rows[i].text.len);
        print_message("  %s\n", rows[i].shows);
        assert_non_null(out);
        const size_t n = gs_utf8_repair(rows[i].text, out);
        assert_int_equal(n, strlen(rows[i].want));
        assert_memory_equal(out, rows[i].want, n);
        free(out);
    }
}

static void cuts(void **state)
{
    static const struct {
        const char *shows;
        struct gs_str text;
        size_t max, want;
    } rows[] = {
        {"short enough", TEXT("ab"), 2, 2},
        {"nothing", TEXT(""), 0, 0},
        {"to nothing", TEXT("ab"), 0, 0},
        {"ASCII", TEXT("abc"), 2, 2},
        {"behind a character", TEXT("a\xE8\x8C\x85z"), 4, 4},
        {"one byte into three", TEXT("a\xE8\x8C\x85z"), 2, 1},
        {"two bytes into three", TEXT("a\xE8\x8C\x85z"), 3, 1},
        {"three bytes into four", TEXT("a\xF0\x9F\x98\x80z"), 4, 1},
        {"one byte into two", TEXT("\xC3\xA9z"), 1, 0},
        {"bytes that are no text stay", TEXT("\x80\x80\x80\x80\x80\x80"), 5, 5},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const struct gs_str got = gs_utf8_cut(rows[i].text, rows[i].max);
        print_message("  %s\n", rows[i].shows);
        assert_ptr_equal(got.bytes, rows[i].text.bytes);
        assert_int_equal(got.len, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks),
        cmocka_unit_test(cuts),
        cmocka_unit_test(code_points_round_trip),
        cmocka_unit_test(nothing_else_is_valid),
        cmocka_unit_test(repairs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
