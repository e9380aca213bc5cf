/* Hostile text in every medium: what comes out is still one line, one attribute, one field. */
#include "ingest/base/error.h"
#include "ingest/base/escape.h"
#include "ingest/base/utf8.h"
#include "tests/unit/gs_test.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
#define ESC "\x1b"
#define CSI "\xC2\x9B"         /* U+009B, the C1 control that ESC [ stands for */
#define RLO "\xE2\x80\xAE"     /* U+202E, right-to-left override */
#define ISOLATE "\xE2\x81\xA7" /* U+2067 */
#define TAG "\xF3\xA0\x81\x81" /* U+E0041 */
#define BAD "\xEF\xBF\xBD"     /* U+FFFD */

static const struct {
    const char *shows;
    struct gs_str text;
    const char *terminal, *html, *json;
} rows[] = {
    {"plain text of three scripts", TEXT("a 亏损 é"), "a 亏损 é", "a 亏损 é", "\"a 亏损 é\""},
    {"punctuation that begins with the same bytes as what is unprintable", TEXT("“a” – ，。 ﹐ £"),
     "“a” – ，。 ﹐ £", "“a” – ，。 ﹐ £", "\"“a” – ，。 ﹐ £\""},
    {"a tag and an attribute's end", TEXT("<b a='\"'>&"), "<b a='\"'>&",
     "&lt;b a=&#39;&quot;&#39;&gt;&amp;", "\"<b a='\\\"'>&\""},
    {"an escape sequence and a forged line", TEXT(ESC "[2J\nok: x"), "\\x1b[2J\\x0aok: x",
     BAD "[2J\nok: x", "\"\\u001b[2J\\nok: x\""},
    {"a C1 control", TEXT("a" CSI "31m"), "a\\u{009b}31m", "a" BAD "31m", "\"a\\u009b31m\""},
    /* NOLINTNEXTLINE(misc-misleading-bidirectional): that is what is tested */
    {"reversed text", TEXT("x" RLO "gpj.exe" ISOLATE), "x\\u{202e}gpj.exe\\u{2067}",
     "x" BAD "gpj.exe" BAD, "\"x\\u202egpj.exe\\u2067\""},
    {"a line separator and a byte order mark",
     TEXT("a\xE2\x80\xA8"
          "b\xEF\xBB\xBF"),
     "a\\u{2028}b\\u{feff}", "a" BAD "b" BAD, "\"a\\u2028b\\ufeff\""},
    {"a hidden tag character", TEXT("a" TAG), "a\\u{e0041}", "a" BAD, "\"a\\udb40\\udc41\""},
    {"bytes that are no UTF-8", TEXT("a\xFF\xC2"), "a\\xff\\xc2", "a" BAD BAD, "\"a" BAD BAD "\""},
    {"a zero byte", {"a\0b", 3}, "a\\x00b", "a" BAD "b", "\"a\\u0000b\""},
    {"delete", TEXT("a\x7f"), "a\\x7f", "a" BAD, "\"a\x7f\""},
};

/* Checks one medium, on a copy that ends exactly where the text does. */
static void check(void (*put)(struct gs_buf *, struct gs_str), size_t row, const char *want)
{
    struct gs_buf out = {.max = 256};
    char *exact = malloc(rows[row].text.len + 1);
    assert_non_null(exact);
    memcpy(exact, rows[row].text.bytes, rows[row].text.len);
    exact = realloc(exact, rows[row].text.len);
    put(&out, (struct gs_str){exact, rows[row].text.len});
    gs_buf_putc(&out, '\0');
    print_message("  %s\n", rows[row].shows);
    assert_true(gs_buf_ok(&out));
    assert_string_equal(out.bytes, want);
    gs_buf_done(&out);
    free(exact);
}

static void text_in_each_medium(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        check(gs_buf_terminal, i, rows[i].terminal);
        check(gs_buf_html, i, rows[i].html);
        check(gs_buf_json_str, i, rows[i].json);
    }
}

/* Every code point alone: what a terminal or a page gets has nothing unprintable left in it. */
static void nothing_unprintable_is_left(void **state)
{
    size_t n = 0;
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp += cp == 0xD7FF ? 0x801 : 1) {
        char bytes[4];
        struct gs_buf out = {.max = 64};
        const struct gs_str text = {bytes, gs_utf8_encode(cp, bytes)};
        gs_buf_terminal(&out, text);
        n += gs_unprintable(cp);
        assert_true(gs_unprintable(cp) ==
                    (out.len != text.len || memcmp(out.bytes, bytes, out.len) != 0));
        gs_buf_reset(&out);
        gs_buf_json_str(&out, text);
        const bool as_it_is =
            out.len == text.len + 2 && memcmp(out.bytes + 1, bytes, text.len) == 0;
        assert_true(as_it_is == ((!gs_unprintable(cp) || cp == 0x7F) && cp != '"' && cp != '\\'));
        gs_buf_done(&out);
    }
    assert_int_equal(n, 32 + 33 + 1 + 2 + 7 + 4 + 1 + 3 + 128);
}

static void csv_fields(void **state)
{
    static const struct {
        const char *text, *want;
    } fields[] = {
        {"topic:legal", "\"topic:legal\""},      {"a \"b\",c", "\"a \"\"b\"\",c\""},
        {"=HYPERLINK(1)", "\"'=HYPERLINK(1)\""}, {"@x", "\"'@x\""},
        {"a\x1b[1m", "\"a" BAD "[1m\""},         {"", "\"\""},
    };
    (void)state;
    for (size_t i = 0; i < GS_COUNT(fields); i++) {
        struct gs_buf out = {.max = 64};
        gs_buf_csv(&out, gs_str(fields[i].text));
        gs_buf_putc(&out, '\0');
        assert_string_equal(out.bytes, fields[i].want);
        gs_buf_done(&out);
    }
}

static void exposition_labels(void **state)
{
    struct gs_buf out = {.max = 64};
    (void)state;
    gs_buf_exposition(&out, gs_str("a\"\\\nb\xFF"), true);
    gs_buf_putc(&out, ' ');
    gs_buf_exposition(&out, gs_str("a\"\n"), false);
    gs_buf_putc(&out, '\0');
    assert_string_equal(out.bytes, "a\\\"\\\\\\nb" BAD " a\"\\n");
    gs_buf_done(&out);
}

static void a_printed_line_is_one_line(void **state)
{
    char text[256] = "";
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    gs_print_line(file, "groundswell tag: %s: %d", "a\nb" CSI, 7);
    rewind(file);
    assert_non_null(fgets(text, sizeof text, file));
    assert_string_equal(text, "groundswell tag: a\\x0ab\\u{009b}: 7\n");
    assert_null(fgets(text, sizeof text, file));
    (void)fclose(file);
}

/* The message of an error is one line too, whatever is in it. */
static void an_error_has_nothing_unprintable(void **state)
{
    struct gs_error err = {0};
    (void)state;
    (void)gs_fail(&err, GS_IO, "a" CSI "31m" RLO "亏损\n");
    assert_string_equal(err.message, "a?31m?亏损?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_in_each_medium),
        cmocka_unit_test(nothing_unprintable_is_left),
        cmocka_unit_test(csv_fields),
        cmocka_unit_test(exposition_labels),
        cmocka_unit_test(a_printed_line_is_one_line),
        cmocka_unit_test(an_error_has_nothing_unprintable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
