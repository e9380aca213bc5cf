#define PCRE2_CODE_UNIT_WIDTH 8
#include "tests/unit/ingest/text/text_rows.h"

#include <pcre2.h>
#include <time.h>

static enum gs_jit jit; /* of all that is compiled here: every row holds for both */
static struct gs_rules *rules;
static struct gs_norm *norm;

static const struct gs_norm_options options = {GS_UTF8_REPAIR, true, true, 1 << 20, NULL};

static const struct text_row masked[] = {
    {"URL", "see https://t.co/AbC123?x=1&y=2#z now", "see http now"},
    {"URL keeps the sentence's end", "(see http://a.com/b). Next", "(see http). Next"},
    {"URL before Han", "详见http://a.cn/b?c=1，公告", "详见http,公告"},
    {"URL cut by an ellipsis", "read http://…", "read http..."},
    {"URL in capitals", "HTTPS://A.COM/X", "http"},
    {"www", "at www.example.com/x?y today", "at http today"},
    {"bare link", "pic.twitter.com/Ab1 bit.ly/xyz", "http http"},
    {"e-mail", "mail zhang.san+x@mail.qq.com.", "mail <email>."},
    {"e-mail beside Han", "邮箱zhang@qq.com联系", "邮箱<email>联系"},
    {"mention", "RT @bob_99: hi @Élan", "RT @user: hi @user"},
    {"Chinese mention", "转发@新浪财经: x", "转发@user: x"},
    {"a mention that begins with a digit", "@2morrow", "@user"},
    {"CN mobile", "电话13812345678。", "电话<phone>。"},
    {"CN mobile in groups", "138-1234-5678 138 1234 5678", "<phone> <phone>"},
    {"CN mobile with country", "+86 138 1234 5678, +8613812345678", "<phone>, <phone>"},
    {"CN mobile, full width", "１３８１２３４５６７８", "<phone>"},
    {"CN land line", "010-88886666 (021)58886666", "<phone> <phone>"},
    {"international", "+1 (212) 555-0100 +44 20 7946 0958 +33.1.42.68.53.00",
     "<phone> <phone> <phone>"},
    {"US", "(212) 555-0100 or 212-555-0100 or 1-800-555-0199", "<phone> or <phone> or <phone>"},
    {"resident ID", "身份证110101199003071234", "身份证<id>"},
    {"resident ID with X", "11010119900307002X, 11010119900307002x", "<id>, <id>"},
    {"resident ID in groups", "110101 19900307 1233", "<id>"},
    {"resident ID, full width", "１１０１０１１９９００３０７００２Ｘ", "<id>"},
    {"resident ID, wrong, but called one", "身份证110101199003071230", "身份证<id>"},
    {"bank card", "卡号6222021234567890123", "卡号<card>"},
    {"bank card in groups", "4111 1111 1111 1111 and 4111-1111-1111-1111", "<card> and <card>"},
    {"American Express", "3782 822463 10005", "<card>"},
    {"IBAN", "to DE89 3704 0044 0532 0130 00, please", "to <iban>, please"},
    {"a list of numbers", "13812345678,13987654321", "<phone>,<phone>"},
    {"dashes of all kinds", "138–1234–5678 138\u20111234\u20115678", "<phone> <phone>"},
    {"two zeros for a plus", "0086 138 1234 5678", "<phone>"},
    {"a letter with an accent", "josé.garcía@example.es", "<email>"},
    {"a Han domain", "发给 王五@例子.中国吧", "发给 <email>吧"},
    {"a mention before its Han message", "@小明股价跌停了", "@user股价跌停了"},
    {"a long run is not all name", "@中国证监会对此立案调查并罚款", "@user对此立案调查并罚款"},
    {"a Latin name before Han", "@bob腾讯暴雷了", "@user腾讯暴雷了"},
    {"a Han name before Latin", "@小明, Tesla", "@user, Tesla"},
    {"a short link glued to a name", "see http://t.co/abc,Tesla falls", "see http,Tesla falls"},
    {"and to more of them", "http://t.co/abc;Tesla;Nvidia fall", "http;Tesla;Nvidia fall"},
    {"a hyphen behind a short link", "https://t.co/abc-Tesla falls", "http-Tesla falls"},
    {"a comma inside a link", "http://a.de/b/0,1518,73,00.html x", "http x"},
    {"a list in a query", "http://a.com/q?s=AAPL,MSFT x", "http x"},
    {"a parenthesis of the link", "(http://a.org/b_(c)) x", "(http) x"},
    {"a bar, a quote, a cashtag", "http://a.com/b|Tesla http://a.com/b'Tesla http://t.co/b$TSLA",
     "http|Tesla http'Tesla http$TSLA"},
    {"zero-width characters don't hide a number", "138\u200B1234\u200B5678", "<phone>"},
    {"nor do tags and entities", "138<b>1234</b>&#53;678", "<phone>"},
};

/* Finance texts are full of these, and no rule may eat them. */
static const char *const kept[] = {
    "600519 000001.SZ 00700.HK SH600519 BRK.B $AAPL #earnings",
    "1,234,567.89 13800.50 $13800000000 13800000000元 1380 0000 000股 +15000000 shares",
    "2019-11-30 12:00:00, 20191130, 2020/02/19 09:30:01.123, 20250929210000",
    "+5.25% -3.1% 15-20% +1.50 100.50 50.25 +2.3% 12.5x",
    "EPS 1.23 vs 1.20; P/E 25.4; 10-K, 8-K, Q3'24; 52-week 101.10-245.35",
    "1.38123456780 0.13812345678 3.14159265358979323846",
    "buy @150.5 sell @45k @$12 @3.5元 at 10:30 @ 5",
    "5000000000000 6,222,021,234,567,890",
    "1200-1300-1400 3333 3888 3690 and/or N/A U.S./China 24/7",
    "净利润同比增长15.3%,达12345678901.23元",
    "2000万 3.5亿 1000000000000",
    "<3 a<b 10 < 20",
    "JD.com/Walmart deal, Amazon.com/AWS outage",
    "600519 20261121 0930 成交放量, 600519-20261121-1503 跌停",
    "净利润13812345678,同比下降",
    "revenue was 15234567890 in Q3, down from 18234567890",
    "市值 3500000000000000 韩元 蒸发",
    "电话会议 20261121 0930",
};

static struct gs_norm_text clean(struct gs_norm *with, const char *text)
{
    struct gs_norm_text ret;
    struct gs_error err;

    if (gs_norm_run(with, gs_str(text), &ret, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    check_origins(text, ret.origin, ret.text.len, strlen(text));
    return ret;
}

static void test_private_data_is_masked(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(masked); i++) {
        const struct gs_norm_text got = clean(norm, masked[i].in);
        check_text(masked[i].shows, got.text, masked[i].out);
        assert_true(got.counts.masked > 0);
        assert_int_equal(got.counts.rule_limits, 0);
    }
}

static void test_finance_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(kept); i++) {
        const struct gs_norm_text got = clean(norm, kept[i]);
        check_text("kept", got.text, kept[i]);
        assert_int_equal(got.counts.masked, 0);
    }
}

/* Compiles one rule, cleans text with it and gives a copy of the outcome. */
static struct gs_norm_counts with_rule(const char *pattern, const char *replace, const char *text,
                                       const char *want)
{
    const struct gs_rule_spec spec = {"test", pattern, replace, NULL};
    struct gs_rules *one = NULL;
    struct gs_norm *n = NULL;
    struct gs_error err;

    if (gs_rules_compile(&spec, 1, jit, &one, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(gs_norm_new(one, &options, &n, &err), GS_OK);
    const struct gs_norm_text got = clean(n, text);
    if (want != NULL) {
        check_text(pattern, got.text, want);
    }
    gs_norm_free(n);
    gs_rules_free(one);
    return got.counts;
}

static void test_replacements(void **state)
{
    (void)state;
    with_rule("(\\w+)=(\\w+)", "$2 is $1", "a=b c=d", "b is a d is c");
    with_rule("(x)|(y)", "[$1$2]", "xy", "[x][y]");
    with_rule("[$]", "$0 $x $", "1$", "1$0 $x $");
    with_rule("b", "", "a b c", "a c");
    with_rule("a", "", "a", "");
    with_rule("x*", "-", "axxb", "a-b");
    with_rule("^", "-", "ab", "ab");
    with_rule("(?<=a)b", "-", "ab cb", "a- cb");
    with_rule("茅台", "<$0>", "贵州茅台", "贵州<$0>");
    with_rule("(?i)kelvin", "-",
              "\xE2\x84\xAA"
              "elvin KELVIN",
              "- -");
    with_rule("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "$9$1", "abcdefghij", "ia");
    with_rule("a\\Kb", "-", "ab", "a-");
}

static void test_rules_apply_in_order_each_to_what_the_last_left(void **state)
{
    static const struct gs_rule_spec specs[] = {
        {"1", "a", "b", NULL}, {"2", "b", "c", NULL}, {"3", "a", "x", NULL}};
    struct gs_rules *three = NULL;
    struct gs_norm *n = NULL;
    struct gs_error err;

    (void)state;
    assert_int_equal(gs_rules_compile(specs, 3, jit, &three, &err), GS_OK);
    assert_int_equal(gs_norm_new(three, &options, &n, &err), GS_OK);
    const struct gs_norm_text got = clean(n, "ab");
    check_text("in order", got.text, "cc");
    assert_int_equal(got.counts.masked, 3);
    gs_norm_free(n);
    gs_rules_free(three);
}

static void test_bad_rules_are_refused_by_name(void **state)
{
    static const struct {
        struct gs_rule_spec spec;
        const char *message;
    } rows[] = {
        {{"r1", "a(b", "", NULL}, "rule r1: position 3"},
        {{"r2", "a", "$1", NULL}, "rule r2: replacement wants group 1 of 0"},
        {{"r3", "\\C", "", NULL}, "rule r3"},
        {{"r4", "a\xFF", "", NULL}, "rule r4"},
        {{"r5", "a", "\xFF", NULL}, "rule r5: replacement is not UTF-8"},
        {{"r6", "(a)", "$1.$1.$1.$1.$1.$1.$1.$1.$1.$1.$1", NULL}, "rule r6: replacement has more"},
    };
    struct gs_rules *none = NULL;
    struct gs_error err;

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        assert_int_equal(gs_rules_compile(&rows[i].spec, 1, jit, &none, &err), GS_BAD_CONFIG);
        if (strncmp(err.message, rows[i].message, strlen(rows[i].message)) != 0) {
            fail_msg("%s", err.message);
        }
        assert_null(none);
    }
    struct gs_rule_spec many[GS_MAX_RULES + 1];
    for (size_t i = 0; i < GS_COUNT(many); i++) {
        many[i] = (struct gs_rule_spec){"x", "x", "", NULL};
    }
    assert_int_equal(gs_rules_compile(many, GS_COUNT(many), jit, &none, &err), GS_BAD_CONFIG);
    assert_int_equal(gs_rules_compile(many, GS_MAX_RULES, jit, &none, &err), GS_OK);
    gs_rules_free(none);
    gs_rules_free(NULL);
}

/* A rule that can't look through the text hides what it has not seen. */
static void test_a_match_limit_masks_the_rest(void **state)
{
    char text[200] = "secret ok ";

    (void)state;
    memset(text + 10, 'a', 60);
    text[70] = '!';
    struct gs_norm_counts counts = with_rule("(a+)+$|secret", "<s>", text, "<s><masked>");
    assert_int_equal(counts.rule_limits, 1);
    assert_int_equal(counts.masked, 1);
    counts = with_rule("(?:a|aa)+$", "x", text, "<masked>");
    assert_int_equal(counts.rule_limits, 1);
}

static void test_no_text_stalls_a_rule(void **state)
{
    static const char *const evil[] = {"(a+)+$", "(?:a|a)*b", "(a*)*c", "(.*a){20}z", "(?:.+)+\\d"};
    enum { LEN = 64 * 1024 };
    char *text = malloc(LEN + 1);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', LEN);
    text[LEN] = '\0';
    text[LEN - 1] = '!';
    for (size_t i = 0; i < GS_COUNT(evil); i++) {
        const clock_t start = clock();
        (void)with_rule(evil[i], "x", text, NULL);
        const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        print_message("  %s: %.3f s\n", evil[i], seconds);
        assert_true(seconds < 2.0);
    }
    free(text);
}

static void test_replacements_cannot_blow_up(void **state)
{
    struct gs_rule_spec specs[12];
    struct gs_rules *all = NULL;
    struct gs_norm *n = NULL;
    struct gs_error err;

    (void)state;
    for (size_t i = 0; i < GS_COUNT(specs); i++) {
        specs[i] = (struct gs_rule_spec){"times eight", "a", "aaaaaaaa", NULL};
    }
    assert_int_equal(gs_rules_compile(specs, GS_COUNT(specs), jit, &all, &err), GS_OK);
    assert_int_equal(gs_norm_new(all, &options, &n, &err), GS_OK);
    const struct gs_norm_text got = clean(n, "aaaa");
    assert_true(got.text.len < 2 << 20);
    assert_true(got.counts.rule_limits > 0);
    gs_norm_free(n);
    gs_rules_free(all);
}

/* The default rules on the texts that would hurt them: long runs of what they begin with. */
static void test_default_rules_take_linear_time(void **state)
{
    static const char *const pieces[] = {"a",     "1",    "1 ",      "a.",    "+1 ",
                                         "4111 ", "@",    "a@",      "http:", "/",
                                         "www.",  "138",  "(212) ",  "a-",    "0.1.",
                                         "中",    "a.b/", "http://", "a@b.",  "110101199003071"};
    enum { LEN = 1 << 16 };
    char *text = malloc(LEN + 1);
    struct gs_norm_text got;

    (void)state;
    assert_non_null(text);
    for (size_t p = 0; p < GS_COUNT(pieces); p++) {
        const size_t n = strlen(pieces[p]);
        for (size_t i = 0; i < LEN; i++) {
            text[i] = pieces[p][i % n];
        }
        const clock_t start = clock();
        assert_int_equal(gs_norm_run(norm, (struct gs_str){text, LEN}, &got, NULL), GS_OK);
        const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (seconds > 0.5) {
            print_message("  \"%s\": %.3f s, limits %u\n", pieces[p], seconds,
                          got.counts.rule_limits);
        }
        assert_true(seconds < 5.0);
    }
    free(text);
}

static int set_up(void **state)
{
    struct gs_error err;
    size_t n = 0;
    const struct gs_rule_spec *specs = gs_rules_default(&n);

    (void)state;
    if (gs_rules_compile(specs, n, jit, &rules, &err) != GS_OK ||
        gs_norm_new(rules, &options, &norm, &err) != GS_OK) {
        print_error("%s\n", err.message);
        return 1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gs_norm_free(norm);
    gs_rules_free(rules);
    return 0;
}

static void test_machine_code_is_used_when_asked_for(void **state)
{
    static const struct gs_rule_spec spec = {"test", "a+", "b", NULL};
    uint32_t has_jit = 0;
    struct gs_rules *one = NULL;

    (void)state;
    (void)pcre2_config(PCRE2_CONFIG_JIT, &has_jit);
    assert_int_equal(gs_rules_compile(&spec, 1, jit, &one, NULL), GS_OK);
    assert_int_equal(gs_rules_interpreted(one), jit == GS_JIT_AUTO && has_jit != 0 ? 0 : 1);
    assert_int_equal(gs_rules_interpreted(rules), 0); /* functions are neither */
    gs_rules_free(one);
}

int main(void)
{
    const struct CMUnitTest both[] = {
        cmocka_unit_test(test_machine_code_is_used_when_asked_for),
        cmocka_unit_test(test_private_data_is_masked),
        cmocka_unit_test(test_finance_is_not),
        cmocka_unit_test(test_replacements),
        cmocka_unit_test(test_rules_apply_in_order_each_to_what_the_last_left),
        cmocka_unit_test(test_bad_rules_are_refused_by_name),
        cmocka_unit_test(test_a_match_limit_masks_the_rest),
        cmocka_unit_test(test_replacements_cannot_blow_up),
    };
    const struct CMUnitTest compiled[] = {
        cmocka_unit_test(test_no_text_stalls_a_rule),
        cmocka_unit_test(test_default_rules_take_linear_time),
    };
    int failed = 0;

    jit = GS_JIT_OFF;
    failed += cmocka_run_group_tests_name("interpreted", both, set_up, tear_down);
    jit = GS_JIT_AUTO;
    failed += cmocka_run_group_tests_name("machine code", both, set_up, tear_down);
    return failed + cmocka_run_group_tests_name("time", compiled, set_up, tear_down);
}
