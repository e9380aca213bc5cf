/* The stages together: order, origins, cuts, policies, and that the steady state does not
 * allocate. */
#include "tests/unit/text/text_rows.h"

#include <malloc.h>

static struct gs_norm *make(struct gs_norm_options options, const struct gs_rules *rules)
{
    struct gs_norm *norm = NULL;
    struct gs_error err;

    assert_int_equal(gs_norm_new(rules, &options, &norm, &err), GS_OK);
    return norm;
}

static const struct gs_norm_options all_on = {GS_UTF8_REPAIR, true, true, 65536};

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
    assert_int_equal(gs_rules_compile(specs, n, &rules, NULL), GS_OK);
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
    struct gs_norm *norm = make((struct gs_norm_options){GS_UTF8_REPAIR, false, true, 100}, NULL);

    (void)state;
    assert_int_equal(gs_norm_run(norm, gs_str("<b>&amp;</b> â€™"), &got, NULL), GS_OK);
    check_text("html off", got.text, "<b>&amp;</b> ’");
    gs_norm_free(norm);
    norm = make((struct gs_norm_options){GS_UTF8_REPAIR, true, false, 100}, NULL);
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

    norm = make((struct gs_norm_options){GS_UTF8_REJECT, true, true, 100}, NULL);
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
            make((struct gs_norm_options){GS_UTF8_REJECT, true, true, cuts[i].max}, NULL);
        assert_int_equal(gs_norm_run(norm, gs_str(cuts[i].in), &got, NULL), GS_OK);
        check_text("cut", got.text, cuts[i].out);
        assert_int_equal(got.counts.cut, cuts[i].cut);
        gs_norm_free(norm);
    }
    /* Bad bytes at the cut are bad bytes, not a reason to cut more. */
    struct gs_norm *norm = make((struct gs_norm_options){GS_UTF8_REPAIR, true, true, 3}, NULL);
    assert_int_equal(gs_norm_run(norm, gs_str("a\x80\x80\x80"), &got, NULL), GS_OK);
    assert_int_equal(got.counts.bad_bytes, 2);
    assert_int_equal(got.counts.cut, 1);
    gs_norm_free(norm);
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
    assert_int_equal(gs_rules_compile(specs, n, &rules, NULL), GS_OK);
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
        cmocka_unit_test(test_steady_state_does_not_allocate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
