#include "ingest/base/buf.h"
#include "tests/unit/gs_test.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static void assert_text(const struct gs_buf *buf, const char *want)
{
    if (!gs_buf_ok(buf) || !gs_str_equal(gs_buf_str(buf), gs_str(want))) {
        fail_msg("got %.*s, want %s", GS_STR_ARGS(gs_buf_str(buf)), want);
    }
}

static void appends(void **state)
{
    struct gs_buf buf = {.max = 100};

    (void)state;
    assert_text(&buf, "");
    gs_buf_puts(&buf, "ab");
    gs_buf_putc(&buf, 'c');
    gs_buf_put(&buf, (struct gs_str){NULL, 0});
    gs_buf_printf(&buf, "-%d-%s", 7, "x");
    assert_text(&buf, "abc-7-x");
    gs_buf_reset(&buf);
    assert_text(&buf, "");
    gs_buf_done(&buf);
    assert_int_equal(buf.max, 100);
}

static void the_ceiling_breaks_it(void **state)
{
    struct gs_buf buf = {.max = 4};

    (void)state;
    gs_buf_puts(&buf, "abcd"); /* exactly full */
    assert_text(&buf, "abcd");
    gs_buf_putc(&buf, 'e');
    assert_false(gs_buf_ok(&buf));
    assert_int_equal(buf.len, 4);
    gs_buf_put(&buf, (struct gs_str){"", 0});
    gs_buf_puts(&buf, "");
    assert_false(gs_buf_ok(&buf)); /* it stays so */
    gs_buf_reset(&buf);
    gs_buf_puts(&buf, "x");
    assert_text(&buf, "x");
    assert_null(gs_buf_reserve(&buf, SIZE_MAX));
    gs_buf_done(&buf);
}

/* Around the size of the buffer that printf tries first, and of the ceiling. */
static void printf_of_every_length(void **state)
{
    static const int lengths[] = {0, 1, 254, 255, 256, 257, 1000};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(lengths); i++) {
        struct gs_buf exact = {.max = (size_t)lengths[i]};
        struct gs_buf small = {.max = (size_t)(lengths[i] > 0 ? lengths[i] - 1 : 0)};
        print_message("  %d bytes\n", lengths[i]);
        gs_buf_printf(&exact, "%0*d", lengths[i], 0);
        if (lengths[i] > 0) {
            assert_true(gs_buf_ok(&exact));
            assert_int_equal(exact.len, lengths[i]);
            gs_buf_printf(&small, "%0*d", lengths[i], 0);
            assert_false(gs_buf_ok(&small));
        }
        gs_buf_done(&exact);
        gs_buf_done(&small);
    }
}

static const struct {
    const char *shows;
    struct gs_str text;
    const char *json;
} strings[] = {
    {"empty", TEXT(""), "\"\""},
    {"plain", TEXT("plain text of more than eight bytes"),
     "\"plain text of more than eight bytes\""},
    {"quote and backslash", TEXT("a\"b\\c"), "\"a\\\"b\\\\c\""},
    {"quote in each place of a word", TEXT("\"234567\"8\"0\""), "\"\\\"234567\\\"8\\\"0\\\"\""},
    {"a backslash in a word", TEXT("abcd\\fghijklmnop"), "\"abcd\\\\fghijklmnop\""},
    {"a control in a word", TEXT("abcdef\x1Fhijklmnop"), "\"abcdef\\u001fhijklmnop\""},
    {"named controls", TEXT("\n\r\t"), "\"\\n\\r\\t\""},
    {"other controls", TEXT("\0\x01\x1F"), "\"\\u0000\\u0001\\u001f\""},
    {"DEL and slash stay", TEXT("\x7F/"), "\"\x7F/\""},
    {"two, three and four bytes", TEXT("\xC3\xA9\xE8\x8C\x85\xF0\x9F\x98\x80"),
     "\"\xC3\xA9\xE8\x8C\x85\xF0\x9F\x98\x80\""},
    {"a stray byte", TEXT("a\xFFz"), "\"a\xEF\xBF\xBDz\""},
    {"a cut sequence: one a byte", TEXT("\xE8\x8C"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"an encoded surrogate", TEXT("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
};

static void json_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(strings); i++) {
        struct gs_buf buf = {.max = 1000};
        char *exact = malloc(strings[i].text.len + 1);
        print_message("  %s\n", strings[i].shows);
        assert_non_null(exact);
        memcpy(exact, strings[i].text.bytes, strings[i].text.len);
        gs_buf_json_str(&buf, (struct gs_str){exact, strings[i].text.len});
        assert_text(&buf, strings[i].json);
        gs_buf_done(&buf);
        free(exact);
    }
}

static const struct {
    const char *shows;
    double value;
    const char *json;
} numbers[] = {
    {"zero", 0.0, "0"},
    {"minus zero", -0.0, "0"},
    {"one", 1.0, "1"},
    {"six digits", 0.123456789, "0.123457"},
    {"behind zeros", 0.00123456789, "0.00123457"},
    {"no zeros at the end", 0.5, "0.5"},
    {"rounds up to one more digit", 0.0999999999, "0.1"},
    {"nearly one", 0.99999949, "0.999999"},
    {"so near that it is one", 0.99999996, "1"},
    {"negative", -0.25, "-0.25"},
    {"large", 1234567.0, "1.23457e+06"},
    {"small", 1e-9, "1e-09"},
    {"NaN", NAN, "null"},
    {"infinity", INFINITY, "null"},
    {"minus infinity", -INFINITY, "null"},
};

static void json_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(numbers); i++) {
        struct gs_buf buf = {.max = 1000};
        print_message("  %s\n", numbers[i].shows);
        gs_buf_json_number(&buf, numbers[i].value);
        assert_text(&buf, numbers[i].json);
        gs_buf_done(&buf);
    }
}

/* The fast path writes what printf writes. */
static void numbers_agree_with_printf(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < 200000; i++) {
        struct gs_buf buf = {.max = 64};
        char want[32];
        random = random * 6364136223846793005U + 1442695040888963407U; /* Knuth's MMIX */
        const double value = (double)(random >> 33) / 2147483648.0 *
                             (i % 3 == 0   ? 1
                              : i % 3 == 1 ? 0.1
                                           : 0.01);
        (void)snprintf(want, sizeof want, "%.6g", value);
        gs_buf_json_number(&buf, value);
        if (!gs_str_equal(gs_buf_str(&buf), gs_str(want)) && strtod(want, NULL) != 0) {
            buf.bytes[buf.len] = '\0';
            /* Halves may round either way: the last digit may differ, the value not by more. */
            assert_true(fabs(strtod(buf.bytes, NULL) - strtod(want, NULL)) <= 1.01e-6 * value * 10);
        }
        gs_buf_done(&buf);
    }
}

static const struct {
    const char *shows;
    float value;
    const char *json;
} floats[] = {
    {"zero", 0.0F, "0"},
    {"one", 1.0F, "1"},
    {"short", 0.91F, "0.91"},
    {"a third", 1.0F / 3, "0.33333334"},
    {"the float below one", 0.99999994F, "0.99999994"},
    {"behind zeros", 0.000125F, "0.000125"},
    {"tiny", FLT_MIN, "1.17549435e-38"},
    {"negative", -0.5F, "-0.5"},
    {"large", 16777217.0F, "16777216"},
    {"NaN", NAN, "null"},
    {"infinity", INFINITY, "null"},
};

static void json_floats(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(floats); i++) {
        struct gs_buf buf = {.max = 1000};
        print_message("  %s\n", floats[i].shows);
        gs_buf_json_float(&buf, floats[i].value);
        assert_text(&buf, floats[i].json);
        gs_buf_done(&buf);
    }
}

static void every_float_reads_back(void **state)
{
    (void)state;
    for (uint32_t bits = 1; bits < 0x7F800000; bits += 7919) {
        struct gs_buf buf = {.max = 64};
        float value = 0;
        memcpy(&value, &bits, sizeof value);
        gs_buf_json_float(&buf, value);
        gs_buf_putc(&buf, '\0');
        if (strtof(buf.bytes, NULL) != value) {
            fail_msg("%.9g was written as %s", (double)value, buf.bytes);
        }
        gs_buf_done(&buf);
    }
}

static void json_integers(void **state)
{
    static const struct {
        int64_t value;
        const char *json;
    } rows[] = {{0, "0"},
                {-1, "-1"},
                {1795253400000, "1795253400000"},
                {INT64_MAX, "9223372036854775807"},
                {INT64_MIN, "-9223372036854775808"}};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_buf buf = {.max = 1000};
        gs_buf_json_int(&buf, rows[i].value);
        assert_text(&buf, rows[i].json);
        gs_buf_done(&buf);
    }
}

static void json_times(void **state)
{
    static const struct {
        const char *shows;
        int64_t ms;
        const char *json;
    } rows[] = {
        {"the epoch", 0, "\"1970-01-01T00:00:00.000Z\""},
        {"before it", -1, "\"1969-12-31T23:59:59.999Z\""},
        {"now", 1795253400123, "\"2026-11-21T09:30:00.123Z\""},
        {"29 February", 1709164800000, "\"2024-02-29T00:00:00.000Z\""},
        {"1 March of a year without", 1772323200000, "\"2026-03-01T00:00:00.000Z\""},
        {"the first time there is", -62167219200000, "\"0000-01-01T00:00:00.000Z\""},
        {"before that", -62167219200001, "null"},
        {"the last", 253402300799999, "\"9999-12-31T23:59:59.999Z\""},
        {"behind that", 253402300800000, "null"},
        {"the most a number holds", INT64_MAX, "null"},
        {"the least a number holds", INT64_MIN, "null"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_buf buf = {.max = 1000};
        print_message("  %s\n", rows[i].shows);
        gs_buf_json_time(&buf, rows[i].ms);
        assert_text(&buf, rows[i].json);
        gs_buf_done(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),
        cmocka_unit_test(the_ceiling_breaks_it),
        cmocka_unit_test(printf_of_every_length),
        cmocka_unit_test(json_strings),
        cmocka_unit_test(json_numbers),
        cmocka_unit_test(numbers_agree_with_printf),
        cmocka_unit_test(json_floats),
        cmocka_unit_test(every_float_reads_back),
        cmocka_unit_test(json_integers),
        cmocka_unit_test(json_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
