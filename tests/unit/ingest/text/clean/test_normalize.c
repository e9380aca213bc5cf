/* The stages together: order, origins, cuts, policies, and that the steady state does not
 * allocate. */
#include "tests/unit/ingest/text/text_rows.h"

#include <malloc.h>
#include <stdio.h>

static struct gs_norm *make(struct gs_norm_options options, const struct gs_rules *rules)
{
    struct gs_norm *norm = NULL;
    struct gs_error err;

    assert_int_equal(gs_norm_new(rules, &options, &norm, &err), GS_OK);
    return norm;
}

static const struct gs_norm_options all_on = {GS_UTF8_REPAIR, true, true, 65536, NULL};

static const struct text_row rows[] = {
    {"plain English stays", "Apple's Q3 beat estimates", "Apple's Q3 beat estimates"},
    {"empty", "", ""},
    {"only white space", " \n\t", ""},
    {"ends are trimmed", " a ", "a"},
    {"new lines become blanks", "a\r\nb\nc", "a b c"},
    {"a feed item", "<p>　　贵州茅台（600519）&nbsp;&ldquo;涨停&rdquo;……</p><br/>",
     "贵州茅台(600519) “涨停”......"},
    {"mojibake inside HTML", "<b>donâ€™t</b> BÃ¶rse", "don’t Börse"},
    {"encoded twice", "ItaÃƒÂº Ã‚â‚¬510", "Itaú €510"},
    {"bad bytes", "caf\xE9 ok", "caf\uFFFD ok"},
    {"an entity may give a full-width form", "&#xFF05;5", "%5"},
    {"an entity may give a mark", "e&#769;", "é"},
};

static void test_rows(void **state)
{
    struct gs_norm *norm = make(all_on, NULL);
    struct gs_norm_text got;

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const size_t len = strlen(rows[i].in);
        char *copy = heap_copy(rows[i].in, len);
        assert_int_equal(gs_norm_run(norm, (struct gs_str){copy, len}, &got, NULL), GS_OK);
        free(copy); /* the outcome is norm's, not the input's */
        check_text(rows[i].shows, got.text, rows[i].out);
        check_origins(rows[i].shows, got.origin, got.text.len, len);
    }
    gs_norm_free(norm);
    gs_norm_free(NULL);
}

static void test_absent_text_is_empty(void **state)
{
    struct gs_norm *norm = make(all_on, NULL);
    struct gs_norm_text got;

    (void)state;
    assert_int_equal(gs_norm_run(norm, (struct gs_str){NULL, 0}, &got, NULL), GS_OK);
    assert_int_equal(got.text.len, 0);
    assert_non_null(got.text.bytes);
    assert_int_equal(got.origin[0], 0);
    gs_norm_free(norm);
}

static void test_origins_go_back_through_all_stages(void **state)
{
    static const char raw[] = "<b>x&amp;</b> donâ€™t 13812345678 ok";
    size_t n = 0;
    struct gs_rules *rules = NULL;
    struct gs_norm_text got;
    const struct gs_rule_spec *specs = gs_rules_default(&n);

    (void)state;
    assert_int_equal(gs_rules_compile(specs, n, GS_JIT_AUTO, &rules, NULL), GS_OK);
    struct gs_norm *norm = make(all_on, rules);
    assert_int_equal(gs_norm_run(norm, gs_str(raw), &got, NULL), GS_OK);
    check_text("text", got.text, "x& don’t <phone> ok");
    static const struct {
        const char *out; /* the byte where this begins in the outcome… */
        const char *in;  /* …comes from where this begins in the input */
    } same[] = {{"x", "x&"},      {"&", "&amp"},     {"don", "don"},   {"’", "â€™"},
                {"t <", "t 138"}, {"<phone", "138"}, {"phone", "138"}, {" ok", " ok"}};
    for (size_t i = 0; i < GS_COUNT(same); i++) {
        const char *at = strstr(got.text.bytes, same[i].out);
        assert_non_null(at);
        assert_int_equal(got.origin[at - got.text.bytes], strstr(raw, same[i].in) - raw);
    }
    gs_norm_free(norm);
    gs_rules_free(rules);
}

static void test_options_switch_stages_off(void **state)
{
    struct gs_norm_text got;
    struct gs_norm *norm =
        make((struct gs_norm_options){GS_UTF8_REPAIR, false, true, 100, NULL}, NULL);

    (void)state;
    assert_int_equal(gs_norm_run(norm, gs_str("<b>&amp;</b> â€™"), &got, NULL), GS_OK);
    check_text("html off", got.text, "<b>&amp;</b> ’");
    gs_norm_free(norm);
    norm = make((struct gs_norm_options){GS_UTF8_REPAIR, true, false, 100, NULL}, NULL);
    assert_int_equal(gs_norm_run(norm, gs_str("<b>&amp;</b> BÃ¶rse"), &got, NULL), GS_OK);
    check_text("mojibake off", got.text, "& BÃ¶rse");
    assert_int_equal(got.counts.mojibake, 0);
    gs_norm_free(norm);
}

static void test_bad_utf8_is_counted_or_refused(void **state)
{
    struct gs_norm_text got;
    struct gs_error err;
    struct gs_norm *norm = make(all_on, NULL);

    (void)state;
    assert_int_equal(gs_norm_run(norm,
                                 gs_str("a\xFF\xFE"
                                        "b\xE8\x8C"),
                                 &got, &err),
                     GS_OK);
    check_text("repaired", got.text, "a\uFFFD\uFFFDb\uFFFD");
    assert_int_equal(got.counts.bad_bytes, 4);
    gs_norm_free(norm);

    norm = make((struct gs_norm_options){GS_UTF8_REJECT, true, true, 100, NULL}, NULL);
    assert_int_equal(gs_norm_run(norm, gs_str("茅台\xFF"), &got, &err), GS_BAD_FORMAT);
    assert_string_equal(err.message, "invalid UTF-8 at byte 6");
    assert_int_equal(gs_norm_run(norm, gs_str("茅台"), &got, &err), GS_OK);
    gs_norm_free(norm);
}

static void test_long_text_is_cut_between_characters(void **state)
{
    static const struct {
        size_t max;
        const char *in;
        const char *out;
        uint32_t cut;
    } cuts[] = {
        {6, "茅台", "茅台", 0}, {5, "茅台", "茅", 1}, {4, "茅台", "茅", 1},
        {3, "茅台", "茅", 1},   {2, "茅台", "", 1},   {4, "abcdef", "abcd", 1},
        {5, "a😀b", "a😀", 1},    {4, "a😀b", "a", 1},   {2, "a😀b", "a", 1},
    };
    struct gs_norm_text got;

    (void)state;
    for (size_t i = 0; i < GS_COUNT(cuts); i++) {
        struct gs_norm *norm =
            make((struct gs_norm_options){GS_UTF8_REJECT, true, true, cuts[i].max, NULL}, NULL);
        assert_int_equal(gs_norm_run(norm, gs_str(cuts[i].in), &got, NULL), GS_OK);
        check_text("cut", got.text, cuts[i].out);
        assert_int_equal(got.counts.cut, cuts[i].cut);
        gs_norm_free(norm);
    }
    /* Bad bytes at the cut are bad bytes, not a reason to cut more. */
    struct gs_norm *norm =
        make((struct gs_norm_options){GS_UTF8_REPAIR, true, true, 3, NULL}, NULL);
    assert_int_equal(gs_norm_run(norm, gs_str("a\x80\x80\x80"), &got, NULL), GS_OK);
    assert_int_equal(got.counts.bad_bytes, 2);
    assert_int_equal(got.counts.cut, 1);
    gs_norm_free(norm);
}

/* Puts piece behind text, as far as there is room. */
static void append(char *text, size_t size, const char *piece)
{
    const size_t len = strlen(text);

    (void)snprintf(text + len, size - len, "%s", piece);
}

static void check_stays(struct gs_norm *norm, const char *text)
{
    struct gs_norm_text got;

    assert_int_equal(gs_norm_run(norm, gs_str(text), &got, NULL), GS_OK);
    char *once = calloc(1, got.text.len + 1);
    assert_non_null(once);
    memcpy(once, got.text.bytes, got.text.len);
    assert_int_equal(gs_norm_run(norm, gs_str(once), &got, NULL), GS_OK);
    check_text(text, got.text, once);
    free(once);
}

static void test_escaped_tags_are_tags(void **state)
{
    static const struct text_row twice[] = {
        {"escaped once more", "The &lt;b&gt;mill&lt;/b&gt; closes", "The mill closes"},
        {"CDATA", "&lt;![CDATA[Loss widens]]&gt;", "Loss widens"},
        {"a script", "&lt;script&gt;x()&lt;/script&gt;Loss widens", "Loss widens"},
        {"three times", "&amp;amp;lt;i&amp;amp;gt;Loss&amp;amp;lt;/i&amp;amp;gt;", "Loss"},
        {"wide signs", "＜b＞Loss＜/b＞ &amp;ＬＴ;", "Loss <"},
        {"a tag in a tag", "<<b>b>Loss", "Loss"},
        {"an entity round a tag", "&l<b>t;i>Loss", "Loss"},
        {"mojibake round a tag", "B\u00C3<b></b>\u00B6rse", "Börse"},
        {"a comparison", "if a &lt; b and c &gt; d", "if a < b and c > d"},
    };
    struct gs_norm *norm = make(all_on, NULL);

    (void)state;
    for (size_t i = 0; i < GS_COUNT(twice); i++) {
        struct gs_norm_text got;
        assert_int_equal(gs_norm_run(norm, gs_str(twice[i].in), &got, NULL), GS_OK);
        check_text(twice[i].shows, got.text, twice[i].out);
    }
    gs_norm_free(norm);
}

/* A text made to go round for ever is broken up in the end, and then it stays. */
static void test_tags_in_tags_end(void **state)
{
    char deep[3000] = "";
    struct gs_norm *norm = make(all_on, NULL);

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        append(deep, sizeof deep, i < 500 ? "<" : "b>");
    }
    check_stays(norm, deep);
    gs_norm_free(norm);
}

/* Texts put together from what the stages look for: cleaning what is clean changes nothing. */
static void test_clean_text_stays(void **state)
{
    static const char *const pieces[] = {
        "<",
        ">",
        "b",
        "a",
        "/",
        "&",
        "amp;",
        "lt;",
        "gt;",
        "#60;",
        "#x26;",
        "&lt;",
        "&#60;",
        "sup",
        "<sup>",
        "2",
        "</sup>",
        "<br>",
        "<!--",
        "-->",
        "]]>",
        "script",
        "</",
        " ",
        "x",
        "=",
        "\"",
        "<![CDATA[",
        "\u00C3",
        "\u00B6",
        "\u00E2\u20AC\u2122",
        "\u200B",
        "\uFF1C",
        "\uFF1E",
        "\uFF06",
        "\u00B2",
        "\u00BD",
        "\u2460",
        "\u2044",
        "\u0301",
        "10",
        "\u2122",
        "\u00C2 ",
        "\xE2\x80",
    };
    struct gs_norm *norm = make(all_on, NULL);
    uint32_t seed = 88172645;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        char text[256] = "";
        for (unsigned n = 3 + round % 20; n > 0; n--) {
            seed = seed * 1664525U + 1013904223U;
            append(text, sizeof text, pieces[(seed >> 16) % GS_COUNT(pieces)]);
        }
        check_stays(norm, text);
    }
    gs_norm_free(norm);
}

/* Whether word stands anywhere in text. */
static bool holds(struct gs_str text, const char *word)
{
    const size_t n = strlen(word);

    for (size_t i = 0; i + n <= text.len; i++) {
        if (memcmp(text.bytes + i, word, n) == 0) {
            return true;
        }
    }
    return false;
}

static void check_cut(const struct gs_rules *rules, const char *text, size_t max)
{
    static const char *const secrets[] = {"138", "jose", "exam", "4111", "a.com"};
    struct gs_norm *norm = make((struct gs_norm_options){.max_text_bytes = max}, rules);
    struct gs_norm_text got;

    assert_int_equal(gs_norm_run(norm, gs_str(text), &got, NULL), GS_OK);
    check_origins("cut", got.origin, got.text.len, max);
    for (size_t i = 0; i < GS_COUNT(secrets); i++) {
        if (holds(got.text, secrets[i])) {
            fail_msg("cut at %zu: %.*s", max, GS_STR_ARGS(got.text));
        }
    }
    gs_norm_free(norm);
}

/* At every place where a text may be cut, what is to be hidden is hidden. */
static void test_no_mask_is_cut(void **state)
{
    static const char text[] =
        "call 138-1234-5678, mail jose@example.com, card 4111 1111 1111 1111, see http://a.com/b";
    size_t n = 0;
    struct gs_rules *rules = NULL;
    const struct gs_rule_spec *specs = gs_rules_default(&n);

    (void)state;
    assert_int_equal(gs_rules_compile(specs, n, GS_JIT_AUTO, &rules, NULL), GS_OK);
    for (size_t max = 1; max <= strlen(text); max++) {
        check_cut(rules, text, max);
    }
    gs_rules_free(rules);
}

/* Under ASan, mallinfo2() counts nothing and the test is empty; the release and tsan-free builds
 * have the real allocator. */
static void test_steady_state_does_not_allocate(void **state)
{
    static const char *const texts[] = {
        "Apple's Q3 beat estimates http://t.co/x @bob 13812345678",
        "<p>贵州茅台（６００５１９）……&amp;</p> donâ€™t caf\xE9 e\u0301 👩\u200D💻",
    };
    size_t n = 0;
    struct gs_rules *rules = NULL;
    struct gs_norm_text got;
    const struct gs_rule_spec *specs = gs_rules_default(&n);

    (void)state;
    assert_int_equal(gs_rules_compile(specs, n, GS_JIT_AUTO, &rules, NULL), GS_OK);
    struct gs_norm *norm = make(all_on, rules);
    size_t used = 0;
    for (int round = 0; round < 100; round++) {
        for (size_t i = 0; i < GS_COUNT(texts); i++) {
            assert_int_equal(gs_norm_run(norm, gs_str(texts[i]), &got, NULL), GS_OK);
        }
        if (round == 1) {
            used = mallinfo2().uordblks;
        }
    }
    assert_int_equal(mallinfo2().uordblks, used);
    gs_norm_free(norm);
    gs_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_absent_text_is_empty),
        cmocka_unit_test(test_origins_go_back_through_all_stages),
        cmocka_unit_test(test_options_switch_stages_off),
        cmocka_unit_test(test_bad_utf8_is_counted_or_refused),
        cmocka_unit_test(test_long_text_is_cut_between_characters),
        cmocka_unit_test(test_escaped_tags_are_tags),
        cmocka_unit_test(test_tags_in_tags_end),
        cmocka_unit_test(test_clean_text_stays),
        cmocka_unit_test(test_no_mask_is_cut),
        cmocka_unit_test(test_steady_state_does_not_allocate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
