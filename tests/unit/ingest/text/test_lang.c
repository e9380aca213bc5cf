#include "tests/unit/ingest/text/text_data.h"
#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/text/lang.h"

#include <stdio.h>

static const struct {
    const char *shows;
    const char *text;
    enum gs_lang lang;
} rows[] = {
    {"empty", "", GS_LANG_OTHER},
    {"numbers and signs", "1.5% (2020) !!", GS_LANG_OTHER},
    {"emoji", "🚀🚀", GS_LANG_OTHER},
    {"English sentence", "The company said its profit fell in the third quarter", GS_LANG_EN},
    {"headline of names", "Berkshire Hathaway Q3 EPS beats consensus", GS_LANG_EN},
    {"tickers only", "$AAPL $TSLA", GS_LANG_OTHER},
    {"tickers and one word", "$AAPL bullish", GS_LANG_EN},
    {"names with accents in English", "Nestlé and L'Oréal shares rise as Société Générale cuts",
     GS_LANG_EN},
    {"Chinese sentence", "贵州茅台公布年报，净利润增长", GS_LANG_ZH},
    {"one Han word", "涨停", GS_LANG_ZH},
    {"Chinese with codes", "ETF资金流入，AAPL、TSLA大涨", GS_LANG_ZH},
    {"Chinese with a product's name", "苹果发布iPhone 15 Pro Max手机，售价上涨", GS_LANG_ZH},
    {"mixed", "苹果公司发布公告 Apple said that it will cut prices for the new phone 股价下跌",
     GS_LANG_MIXED},
    {"English with one Han name",
     "Shares of Kweichow Moutai (茅台) rose after the company said profit grew", GS_LANG_EN},
    {"Japanese", "トヨタ自動車の株価が上昇した", GS_LANG_OTHER},
    {"Korean", "삼성전자 주가 상승", GS_LANG_OTHER},
    {"Russian", "Акции Газпрома выросли", GS_LANG_OTHER},
    {"Arabic", "ارتفعت أسهم الشركة", GS_LANG_OTHER},
    {"French", "Les actions de la société ont chuté dans le sillage des résultats", GS_LANG_OTHER},
    {"German", "Die Aktien der Deutschen Bank sind nach den Zahlen gefallen und", GS_LANG_OTHER},
    {"Spanish", "Las acciones de la empresa subieron por los resultados del trimestre",
     GS_LANG_OTHER},
    {"Italian", "Il titolo della banca sale dopo i risultati del trimestre", GS_LANG_OTHER},
    {"Dutch", "De aandelen van het bedrijf zijn gedaald na de cijfers", GS_LANG_OTHER},
    {"Portuguese", "As ações da empresa subiram com os resultados do trimestre", GS_LANG_OTHER},
    {"a link and a mention alone", "@user http", GS_LANG_OTHER},
    {"masks do not count as English", "电话<phone>邮箱<email>", GS_LANG_ZH},
    {"not UTF-8 is survived", "\xFF\xE8 the stock", GS_LANG_EN},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const enum gs_lang got = gs_lang_detect(gs_str(rows[i].text), gs_str(""));
        if (got != rows[i].lang) {
            print_error("%s: got %s\n", rows[i].shows, gs_lang_name(got));
        }
        assert_int_equal(got, rows[i].lang);
    }
}

/* tests/golden/lang/rows.tsv: expected, what the sender says, text; a tab between two. */
static void test_golden_rows(void **state)
{
    char line[1024];
    size_t n = 0;
    size_t wrong = 0;
    FILE *file = fopen("golden/lang/rows.tsv", "r");

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#') {
            continue;
        }
        line[strcspn(line, "\n")] = '\0';
        char *said = strchr(line, '\t');
        assert_non_null(said);
        *said++ = '\0';
        char *text = strchr(said, '\t');
        assert_non_null(text);
        *text++ = '\0';
        const char *got = gs_lang_name(gs_lang_detect(gs_str(text), gs_str(said)));
        if (strcmp(got, line) != 0) {
            print_error("%s, not %s: \"%s\" [%s]\n", got, line, text, said);
            wrong++;
        }
        n++;
    }
    assert_int_equal(fclose(file), 0);
    assert_true(n >= 200);
    assert_int_equal(wrong, 0);
}

static const struct {
    const char *said, *text;
    enum gs_lang lang;
} hints[] = {
    {"", "営業利益", GS_LANG_OTHER},
    {"zh", "営業利益", GS_LANG_ZH},
    {"", "東証大引反落", GS_LANG_ZH},
    {"ja", "東証大引反落", GS_LANG_OTHER},
    {"ja_JP", "東証大引反落", GS_LANG_OTHER},
    {"JAPANESE", "東証大引反落", GS_LANG_OTHER},
    {"j", "東証大引反落", GS_LANG_ZH},
    {"javanese-long-name", "東証大引反落", GS_LANG_ZH},
    {"ja", "东证收盘下跌", GS_LANG_ZH},
    {"", "Spadek zysku banku", GS_LANG_EN},
    {"pl", "Spadek zysku banku", GS_LANG_OTHER},
    {"und", "Spadek zysku banku", GS_LANG_EN},
    {"other", "Spadek zysku banku", GS_LANG_EN},
    {"pl", "Profit is down at the bank", GS_LANG_EN},
    {"\xE6\xBC\xA2", "Profit is down", GS_LANG_EN},
};

static void test_the_sender_decides_what_the_text_leaves_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(hints); i++) {
        print_message("  %s [%s]\n", hints[i].text, hints[i].said);
        assert_int_equal(gs_lang_detect(gs_str(hints[i].text), gs_str(hints[i].said)),
                         hints[i].lang);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(gs_lang_name(GS_LANG_EN), "en");
    assert_string_equal(gs_lang_name(GS_LANG_ZH), "zh");
    assert_string_equal(gs_lang_name(GS_LANG_MIXED), "mixed");
    assert_string_equal(gs_lang_name(GS_LANG_OTHER), "other");
}

/* Rows by the label of the data (en, zh) and what we say. */
static size_t table[2][GS_N_LANGS];

static void count(const json_t *row, void *norm)
{
    const struct gs_str lang = text_data_field(row, "lang");
    struct gs_norm_text got;

    assert_int_equal(gs_norm_run(norm, text_data_field(row, "text"), &got, NULL), GS_OK);
    const enum gs_lang said = gs_lang_detect(got.text, gs_str(""));
    const size_t label = gs_str_equal(lang, gs_str("zh"));
    table[label][said]++;
    if (said != (label == 1 ? GS_LANG_ZH : GS_LANG_EN) && text_setting("GS_TEST_SHOW") != NULL) {
        print_message("%s %.*s\n", gs_lang_name(said), GS_STR_ARGS(got.text));
    }
}

static void test_accuracy_on_real_texts(void **state)
{
    static const char *const files[] = {
        "sentiment/tfns/train.jsonl",     "sentiment/sentfin/train.jsonl",
        "sentiment/fiqa/train.jsonl",     "sentiment/stockemotions/train.jsonl",
        "sentiment/finfe/train.jsonl",    "sentiment/guba3/train.jsonl",
        "sentiment/zh_news/train.jsonl",  "sentiment/algosenses/train.jsonl",
        "topic/tfn_topic/train.jsonl",    "topic/finnl/train.jsonl",
        "topic/off_topic_zh/train.jsonl", "risk/finese/train.jsonl",
        "risk/finnsp/train.jsonl"};
    static const struct gs_norm_options options = {GS_UTF8_REPAIR, true, true, 65536, NULL};
    const char *folder = text_data_folder();
    /* The fronts of the files, to be quick; GS_TEST_ALL=1 for the whole. */
    const size_t max = text_setting("GS_TEST_ALL") != NULL ? SIZE_MAX : 2000;
    struct gs_norm *norm = NULL;

    (void)state;
    if (folder == NULL) {
        skip();
    }
    assert_int_equal(gs_norm_new(NULL, &options, &norm, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(files); i++) {
        (void)text_data_read(folder, files[i], max, count, norm);
    }
    gs_norm_free(norm);
    for (size_t label = 0; label < 2; label++) {
        const size_t *t = table[label];
        const size_t n = t[0] + t[1] + t[2] + t[3];
        const size_t right = t[label == 1 ? GS_LANG_ZH : GS_LANG_EN];
        print_message("  labelled %s: %zu texts, en %zu, zh %zu, mixed %zu, other %zu: %.2f %%\n",
                      label == 1 ? "zh" : "en", n, t[0], t[1], t[2], t[3],
                      n == 0 ? 0.0 : 100.0 * (double)right / (double)n);
        assert_true(n > 5000);
        assert_true((double)right > 0.97 * (double)n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_golden_rows),
        cmocka_unit_test(test_the_sender_decides_what_the_text_leaves_open),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_accuracy_on_real_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
