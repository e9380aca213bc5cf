/* The fast path against utf8proc: every code point alone, between letters, and in random strings,
 * with the fast path on and off and each scan row. */
#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/base/utf8.h"
#include "ingest/text/clean/nfkc_class.h"

#include <stdio.h>
#include <utf8proc.h>

static struct gs_cps cps;
static struct gs_out out;

static struct gs_str run(const struct gs_scan *scan, struct gs_str text, bool fast)
{
    char *copy = heap_copy(text.bytes, text.len);
    uint32_t *origin = identity_origins(text.len);
    const struct gs_view in = {copy, origin, text.len};

    assert_int_equal(gs_nfkc_run(scan, in, fast, &cps, &out, NULL), GS_OK);
    const struct gs_view view = gs_out_view(&out, (uint32_t)text.len);
    check_origins("origins", view.origin, view.len, text.len);
    free(copy);
    free(origin);
    return (struct gs_str){view.bytes, view.len};
}

/* Says what is to vanish, by Unicode's properties and not by our ranges: the default ignorable
 * code points, controls, and the interlinear annotation marks. */
static bool vanishes(uint32_t cp)
{
    const utf8proc_property_t *property = utf8proc_get_property((int32_t)cp);
    const bool reserved = cp == 0x2065 || (cp >= 0xFFF0 && cp <= 0xFFF8) ||
                          (cp >= 0xE0000 && cp <= 0xE0FFF); /* not assigned, but ignorable */

    return property->ignorable || reserved || (cp >= 0xFFF9 && cp <= 0xFFFB) ||
           property->category == UTF8PROC_CATEGORY_CC;
}

static bool is_space(uint32_t cp)
{
    const utf8proc_category_t category = utf8proc_category((int32_t)cp);

    return (cp >= 9 && cp <= 13) || cp == 0x85 || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

/* The oracle: drop, blank, NFKC by utf8proc in one piece, fold. Freed by the caller. */
static char *oracle(const uint32_t *text, size_t n)
{
    char *utf8 = malloc(n * 4 + 1);
    utf8proc_uint8_t *nfkc = NULL;
    size_t len = 0;

    assert_non_null(utf8);
    for (size_t i = 0; i < n; i++) {
        if (is_space(text[i])) {
            utf8[len++] = ' ';
        } else if (!vanishes(text[i])) {
            len += gs_utf8_encode(text[i], utf8 + len);
        }
    }
    const utf8proc_ssize_t got =
        utf8proc_map((const utf8proc_uint8_t *)utf8, (utf8proc_ssize_t)len, &nfkc,
                     (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT));
    assert_true(got >= 0);
    char *folded = (char *)nfkc;
    size_t to = 0;
    for (size_t i = 0; i < (size_t)got; i++) {
        if (folded[i] != ' ' || (to > 0 && folded[to - 1] != ' ')) {
            folded[to++] = folded[i];
        }
    }
    folded[to > 0 && folded[to - 1] == ' ' ? to - 1 : to] = '\0';
    free(utf8);
    return folded;
}

/* Finds what cleaning deliberately writes otherwise than NFKC: high digits, fractions, numbers in circles
 * and trade-mark signs. */
static bool is_ours(const uint32_t *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (gs_nfkc_is_sign(text[i]) || gs_nfkc_is_trade_mark(text[i])) {
            return true;
        }
    }
    return false;
}

static char *copy_of(struct gs_str text)
{
    char *copy = calloc(1, text.len + 1);

    assert_non_null(copy);
    memcpy(copy, text.bytes, text.len);
    return copy;
}

static size_t encode(const uint32_t *text, size_t n, char *utf8)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        len += gs_utf8_encode(text[i], utf8 + len);
    }
    return len;
}

static void check(const uint32_t *text, size_t n)
{
    const struct gs_scan *rows[2];
    const size_t n_rows = gs_scan_rows(rows);
    char utf8[512];
    char shows[64];
    const size_t len = encode(text, n, utf8);
    char *want = is_ours(text, n) ? copy_of(run(&gs_scan_scalar, (struct gs_str){utf8, len}, false))
                                  : oracle(text, n);

    (void)snprintf(shows, sizeof shows, "U+%04X U+%04X U+%04X… (%zu)", text[0], n > 1 ? text[1] : 0,
                   n > 2 ? text[2] : 0, n);
    for (size_t r = 0; r < n_rows; r++) {
        check_text(shows, run(rows[r], (struct gs_str){utf8, len}, true), want);
    }
    check_text(shows, run(&gs_scan_scalar, (struct gs_str){utf8, len}, false), want);
    /* Cleaning what is clean changes nothing. */
    check_text(shows, run(&gs_scan_scalar, gs_str(want), true), want);
    free(want);
}

static bool is_scalar(uint32_t cp)
{
    return (cp < 0xD800 || cp > 0xDFFF) && cp <= 0x10FFFF;
}

/* Beyond U+3FFFF there are tags and variation selectors, and else nothing that Unicode has named: of the rest
 * one in 61 stands for all. */
static uint32_t next_cp(uint32_t cp)
{
    const bool named = cp < 0x3FFFF || (cp >= 0xE0000 && cp <= 0xE1000);

    return cp + (named ? 1 : 61);
}

static void test_every_code_point_alone(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp = next_cp(cp)) {
        if (is_scalar(cp)) {
            check(&cp, 1);
        }
    }
}

static void test_every_code_point_between_letters_and_before_a_mark(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x3FFFF; cp += cp >= 0x20000 && cp < 0x2F7F0 ? 7 : 1) {
        /* U+00AD may stand between a letter and its mark. U+20000 to U+2F7F0 are Han, all alike. */
        const uint32_t text[] = {'e', cp, 0xAD, 0x0301, 'A', ' ', cp};
        if (is_scalar(cp) && cp != 0x200D) {
            check(text, GS_COUNT(text));
        }
    }
}

static uint32_t seed = 2463534242U;

static uint32_t random_below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

/* Ranges where things meet: bases and marks, jamo, kana with voice marks, full and half width,
 * ligatures, CJK with its compatibility forms, Indic vowels in two parts, emoji. */
static uint32_t random_cp(void)
{
    static const uint32_t ranges[][2] = {
        {0x20, 0x7F},     {0x20, 0x23},       {0xA0, 0x17F},      {0x300, 0x345},
        {0x300, 0x36F},   {0x1100, 0x1112},   {0x1161, 0x1175},   {0x11A8, 0x11C2},
        {0xAC00, 0xAC20}, {0x3040, 0x30FF},   {0xFF00, 0xFFEF},   {0xFB00, 0xFB4F},
        {0x4E00, 0x4E40}, {0xF900, 0xFA20},   {0x9BE, 0x9D7},     {0xD3E, 0xD57},
        {0x1DCF, 0x1DFF}, {0x2000, 0x200C},   {0x2100, 0x21FF},   {0x2460, 0x24FF},
        {0x3000, 0x303F}, {0x1F300, 0x1F6FF}, {0x1D400, 0x1D4FF}, {0xFB50, 0xFDFF},
        {0x5B0, 0x5F4},   {0xE30, 0xEFF},     {0xF40, 0xFBC},     {0x11100, 0x11149},
        {0, 0x10FFFF},
    };
    uint32_t cp = 0;

    do {
        const size_t r = random_below(GS_COUNT(ranges));
        cp = ranges[r][0] + random_below(ranges[r][1] - ranges[r][0] + 1);
    } while (!is_scalar(cp) || cp == 0x200D);
    return cp;
}

static void test_random_strings(void **state)
{
    uint32_t text[40];

    (void)state;
    for (int round = 0; round < 60000; round++) {
        const size_t n = 1 + random_below(GS_COUNT(text));
        for (size_t i = 0; i < n; i++) {
            text[i] = random_cp();
        }
        check(text, n);
    }
}

/* utf8proc sorts marks in quadratic time; a text of marks only must not stall a lane. */
static void test_long_runs_of_marks_are_sorted_as_utf8proc_does(void **state)
{
    enum { N = 400, LONG = 60000 };
    static const uint32_t marks[] = {0x0301, 0x0323, 0x0300, 0x05B0, 0x3099, 0x0345, 0x0327};
    uint32_t *text = calloc(LONG + 1, sizeof *text);
    char *utf8 = malloc((size_t)4 * (LONG + 1));

    (void)state;
    assert_non_null(text);
    assert_non_null(utf8);
    text[0] = 'a';
    for (size_t i = 1; i <= LONG; i++) {
        text[i] = marks[random_below(GS_COUNT(marks))];
    }
    char *want = oracle(text, N);
    check_text("400 marks",
               run(&gs_scan_scalar, (struct gs_str){utf8, encode(text, N, utf8)}, true), want);
    assert_true(run(&gs_scan_scalar, (struct gs_str){utf8, encode(text, LONG, utf8)}, true).len >
                LONG);
    free(want);
    free(utf8);
    free(text);
}

static const struct text_row rows[] = {
    {"empty", "", ""},
    {"white space alone", " \t\r\n\u00A0\u3000", ""},
    {"blanks fold, ends are trimmed", "  a \t\n b\u2003\u2003c  ", "a b c"},
    {"full-width forms", "６００５１９（Ａ股）：＋５％", "600519(A股):+5%"},
    {"ideographic full stop stays", "涨停。", "涨停。"},
    {"ellipsis and trade mark", "涨停……A™", "涨停......A™"},
    {"a mark joins the letter before", "cafe\u0301", "café"},
    {"a mark joins over a dropped character", "cafe\u200B\u0301", "café"},
    {"zero-width, BOM and soft hyphen go", "\uFEFFa\u200Bb\u00ADc\u2060d", "abcd"},
    {"bidirectional marks go", "\u202Eabc\u202C\u2066d\u2069\u200F", "abcd"},
    {"controls go",
     "a\x01\x7F"
     "b\xC2\x80"
     "c",
     "abc"},
    {"case stays", "AAPL Apple", "AAPL Apple"},
    {"variation selectors go", "❤\uFE0F 1\uFE0F\u20E3", "❤ 1\u20E3"},
    {"a joined emoji stays joined", "👩\u200D💻", "👩\u200D💻"},
    {"so does one with a selector", "❤\uFE0F\u200D🔥", "❤\u200D🔥"},
    {"so does one with a skin tone", "👩🏽\u200D💻", "👩🏽\u200D💻"},
    {"a joiner between letters goes", "a\u200Db", "ab"},
    {"a joiner at an end goes", "👩\u200D", "👩"},
    {"a joiner before a mark goes", "e\u200D\u0301", "é"},
    {"a joiner before a changing emoji goes", "🔥\u200D㊗", "🔥祝"},
    {"a footnote's mark goes", "Nvidia² and Acme¹, $1.25¹ 2019³ 5%²",
     "Nvidia and Acme, $1.25 2019 5%"},
    {"an exponent says so", "10⁹ 10⁻³ 5² R² x³", "10^9 10^-3 5^2 R^2 x^3"},
    {"a unit keeps its power", "50 km² 3 m³ 5㎡", "50 km2 3 m3 5m2"},
    {"a fraction keeps apart", "5½% ½ 3¾5 1¹⁄₂", "5 1/2% 1/2 3 3/4 5 1 1/2"},
    {"low digits are digits", "CO₂ H₂O", "CO2 H2O"},
    {"numbers in circles", "营收5②净利⑩ 5⒉", "营收5(2)净利(10) 5 2."},
    {"trade marks stay signs", "Acme™ Acme℠ Acme®", "Acme™ Acme℠ Acme®"},
    {"a mark on a footnote goes with it", "e²\u0301x", "e^2x"},
    {"half-width kana with a voice mark", "ｶﾞ", "ガ"},
    {"jamo make a syllable", "\u1112\u1161\u11AB", "한"},
    {"a syllable takes a final", "하\u11AB", "한"},
    {"a spacing mark folds into the blank", "a \u00A8", "a \u0308"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        check_text(rows[i].shows, run(gs_scan_pick(), gs_str(rows[i].in), true), rows[i].out);
        check_text(rows[i].shows, run(&gs_scan_scalar, gs_str(rows[i].in), false), rows[i].out);
        check_text("again", run(gs_scan_pick(), gs_str(rows[i].out), true), rows[i].out);
    }
}

static void test_origins_name_the_byte(void **state)
{
    static const char text[] = " Ａ\u200Be\u0301茅…x";
    /*                          0 1  4     7 8      10 13 16 */
    static const uint32_t want[] = {1, 7, 7, 10, 11, 12, 13, 13, 13, 16, 17};

    (void)state;
    check_text("text", run(gs_scan_pick(), gs_str(text), true), "Aé茅...x");
    assert_memory_equal(out.origin, want, sizeof want);
}

static int set_up(void **state)
{
    (void)state;
    gs_nfkc_init();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gs_cps_done(&cps);
    gs_out_done(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_origins_name_the_byte),
        cmocka_unit_test(test_every_code_point_alone),
        cmocka_unit_test(test_every_code_point_between_letters_and_before_a_mark),
        cmocka_unit_test(test_random_strings),
        cmocka_unit_test(test_long_runs_of_marks_are_sorted_as_utf8proc_does),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
