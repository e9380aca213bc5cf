#include "tests/fuzz/watchlist_check.h"
#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/base/buf.h"
#include "ingest/text/watchlist/watchlist.h"

#include <stdio.h>
#include <unistd.h>

static const char csv[] = "id,name,aliases,tickers,cues\n"
                          "600519.SH,贵州茅台,Kweichow Moutai|!茅台,600519.SH,白酒\n"
                          "601318.SH,中国平安,Ping An|?平安,601318.SH|02318.HK,保险\n"
                          "000001.SZ,平安银行,?平安,000001.SZ,存款\n"
                          "000001.SH,上证指数,,000001.SH,\n"
                          "AAPL,Apple Inc.,?Apple|?苹果|苹果公司,AAPL,iPhone\n"
                          "BRK,Berkshire Hathaway,,BRK.B|BRK.A,Buffett\n"
                          "BP,BP,,?BP,oil|crude\n"
                          "00700.HK,腾讯控股,腾讯|Tencent,00700.HK,微信\n"
                          "ALL,Allstate,,?ALL,insurer\n"
                          "NSRGY,Nestlé,雀巢,NESN.SW,\n"
                          "YHOO,Yahoo!,,,\n"
                          "TCL,TCL科技,,000100.SZ,\n"
                          "MCD,McDonald's,,MCD,\n"
                          "LOW,Lowe’s,,LOW,\n"
                          "KO,Coca-Cola,Coca-Cola Company,KO,\n"
                          "HSBC,滙豐控股,?滙豐,00005.HK,渣打\n"
                          "SHW,Sherwin‑Williams,,SHW,\n"
                          "MS,摩根・士丹利,,MS,\n"
                          "BABA,Alibaba,Alibaba Group|Ａｌｉ　Ｃｌｏｕｄ,BABA|09988.HK,\n";

/* What not_beside does, on a list of its own. */
static const char beside_csv[] = "id,name,aliases,tickers,cues,not_beside\n"
                                 "JD,京東集团,!京东,,,[北 南 东京]京东[路 方面]\n"
                                 "BOE,京东方,,,,京东方[面]\n"
                                 "AAPL,Apple,!苹果,,,[big pine]apple[pie tree-house 汁]|苹果[园]\n";

static const struct text_row beside_rows[] = {
    {"nothing beside it", "京东", "JD[京东]"},
    {"before it", "北京东 南京东 西京东", "JD[京东]"},
    {"a longer string before it", "东京京东", ""},
    {"behind it", "京东路 京东道", "JD[京东]"},
    {"of another name it says nothing", "北京東集团", "JD[京東集团]"},
    {"folded like the names", "東京京東 京东路 京東方", "BOE[京東方]"},
    {"where a longer name must not stand the shorter is tried", "京东方面", ""},
    {"a blank is no neighbour of Han", "北 京东", "JD[京东]"},
    {"a Latin string behind a blank", "apple pie, apple-pie", "AAPL[apple]"},
    {"a Han string right behind Latin", "Apple汁 apple 汁", "AAPL[apple]"},
    {"a Latin string has to be a whole word", "apple pies, apple piece", "AAPL[apple] AAPL[apple]"},
    {"before it, too", "big apple, sobig apple", "AAPL[apple]"},
    {"with its signs folded", "apple tree‐house™", ""},
    {"two names of one company", "苹果园 苹果", "AAPL[苹果]"},
};

static struct gs_watchlist *list;

/* The matches as "id[text] id[text]". */
static const char *found(const char *text, const char *cue)
{
    static char joined[1024];
    struct gs_match matches[32];
    char *copy = heap_copy(text, strlen(text));
    const struct gs_str in = {copy, strlen(text)};
    const size_t n = gs_watchlist_find(list, in, gs_str(cue), matches, GS_COUNT(matches));
    size_t len = 0;

    joined[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        assert_true(matches[i].start < matches[i].end && matches[i].end <= in.len);
        assert_true(i == 0 || matches[i].start >= matches[i - 1].end);
        len += (size_t)snprintf(joined + len, sizeof joined - len, "%s%.*s[%.*s]", i > 0 ? " " : "",
                                GS_STR_ARGS(matches[i].id),
                                (int)(matches[i].end - matches[i].start), copy + matches[i].start);
    }
    free(copy);
    return joined;
}

static const struct text_row rows[] = {
    {"nothing", "", ""},
    {"a Han name needs no boundary", "买入贵州茅台股份", "600519.SH[贵州茅台]"},
    {"a Latin name needs one", "Tencent, xTencent, Tencentx, Tencent's",
     "00700.HK[Tencent] 00700.HK[Tencent]"},
    {"a Latin name beside Han has it", "看好Tencent公司", "00700.HK[Tencent]"},
    {"digits and underscores are inside a word", "Tencent2 _Tencent 5Tencent", ""},
    {"accented letters are inside a word", "éTencent Tencentß", ""},
    {"Latin ignores case", "TENCENT tencent", "00700.HK[TENCENT] 00700.HK[tencent]"},
    {"accents too", "NESTLÉ nestlé", "NSRGY[NESTLÉ] NSRGY[nestlé]"},
    {"a name that ends in a sign", "Yahoo!Finance", "YHOO[Yahoo!]"},
    {"half Latin, half Han", "看好TCL科技股 XTCL科技", "TCL[TCL科技]"},
    {"names are cleaned like texts", "ali cloud", "BABA[ali cloud]"},
    {"the longest wins", "Alibaba Group up", "BABA[Alibaba Group]"},
    {"leftmost, then longest", "中国平安与平安银行", "601318.SH[中国平安] 000001.SZ[平安银行]"},
    {"overlap: the left one stays", "中国平安银行", "601318.SH[中国平安]"},
    {"after a failed longer name the shorter is found", "Alibaba Grou", "BABA[Alibaba]"},
    {"pineapple is no Apple", "pineapple iPhone", ""},
    {"an ambiguous alias alone", "apple pie, Apple, 苹果好吃", ""},
    {"with a cue", "apple cuts iPhone output", "AAPL[apple]"},
    {"with an unambiguous name", "苹果公司: 苹果涨", "AAPL[苹果公司] AAPL[苹果]"},
    {"with a ticker", "$AAPL Apple", "AAPL[AAPL] AAPL[Apple]"},
    {"another company's cue does not help", "apple 保险", ""},
    {"two ambiguous aliases do not help each other", "apple 苹果", ""},
    {"a shared alias goes to who is supported", "平安 存款", "000001.SZ[平安]"},
    {"a cue needs a boundary too", "apple myiPhonex", ""},
    {"a short Latin name is ambiguous", "BP falls", ""},
    {"and counts with a cue", "BP falls with crude", "BP[BP]"},
    {"a short alias marked '!' is not", "茅台涨停", "600519.SH[茅台]"},
    {"a short Han alias is", "腾讯涨", ""},
    {"a dollar inside a word begins no cashtag", "Do$AAPL US$AAPL 5$AAPL", ""},
    {"but two cashtags may touch", "$BRK.B$AAPL", "BRK[BRK.B] AAPL[AAPL]"},
    {"cashtag, in any case", "$AAPL $aapl", "AAPL[AAPL] AAPL[aapl]"},
    {"in parentheses", "Foo (AAPL) and (aapl)", "AAPL[AAPL]"},
    {"behind its market", "(NASDAQ:AAPL) NYSE: AAPL XXX:aapl", "AAPL[AAPL] AAPL[AAPL]"},
    {"bare word", "AAPL up, Aapl, xAAPL, AAPLx", "AAPL[AAPL]"},
    {"not when all shouts", "WHY WE SOLD AAPL AND EVERYTHING ELSE", ""},
    {"but a cashtag does", "WHY WE SOLD $AAPL AND EVERYTHING ELSE", "AAPL[AAPL]"},
    {"a marked ticker bare is ambiguous", "They sold ALL of it", ""},
    {"and counts with a cue", "They sold ALL, the insurer", "ALL[ALL]"},
    {"and as a cashtag", "sold $ALL", "ALL[ALL]"},
    {"a share class", "Bought BRK.B, BRK-B (BRK/A) and $BRK.A",
     "BRK[BRK.B] BRK[BRK-B] BRK[BRK/A] BRK[BRK.A]"},
    {"another share class", "Bought BRK.C", ""},
    {"with an exchange", "AAPL.O aapl.o AAPL.US AAPL.L", "AAPL[AAPL.O] AAPL[AAPL.US]"},
    {"a ticker before a full stop", "I bought AAPL. You?", "AAPL[AAPL]"},
    {"code with exchange", "600519.SH 600519.ss x600519.SH",
     "600519.SH[600519.SH] 600519.SH[600519.ss]"},
    {"code behind exchange", "SH600519 sh600519 $贵州茅台(SH600519)$",
     "600519.SH[SH600519] 600519.SH[sh600519] 600519.SH[贵州茅台] 600519.SH[SH600519]"},
    {"code in parentheses", "贵州茅台(600519)", "600519.SH[贵州茅台] 600519.SH[600519]"},
    {"a bare code is ambiguous", "600519 up", ""},
    {"and counts with a cue", "600519 白酒", "600519.SH[600519]"},
    {"a code inside a number", "1600519 600519.5 6005190 (6005191)", ""},
    {"an apostrophe is one however it is written",
     "McDonald's McDonald’s McDonaldʼs McDonald´s McDonald`s McDonald‘s McDonald′s",
     "MCD[McDonald's] MCD[McDonald’s] MCD[McDonaldʼs] MCD[McDonald´s] MCD[McDonald`s] "
     "MCD[McDonald‘s] MCD[McDonald′s]"},
    {"the list's too", "Lowe's lowe’s", "LOW[Lowe's] LOW[lowe’s]"},
    {"a hyphen is one however it is written",
     "Coca-Cola Coca‐Cola Coca‑Cola Coca‒Cola Coca–Cola "
     "Coca−Cola",
     "KO[Coca-Cola] KO[Coca‐Cola] KO[Coca‑Cola] KO[Coca‒Cola] KO[Coca–Cola] KO[Coca−Cola]"},
    {"the list's hyphen too", "Sherwin-Williams", "SHW[Sherwin-Williams]"},
    {"a dash is no hyphen", "Coca—Cola Coca Cola", ""},
    {"a hyphen in a ticker", "Bought BRK‑B and BRK–A", "BRK[BRK‑B] BRK[BRK–A]"},
    {"a middle dot too", "摩根·士丹利 摩根•士丹利 摩根士丹利", "MS[摩根·士丹利] MS[摩根•士丹利]"},
    {"a sign behind a name", "Tencent™ Tencent® Tencent℠ Tencent²",
     "00700.HK[Tencent] 00700.HK[Tencent] 00700.HK[Tencent] 00700.HK[Tencent]"},
    {"a sign inside a name", "the Coca‑Cola® Company, Alibaba®™ Group",
     "KO[Coca‑Cola® Company] BABA[Alibaba®™ Group]"},
    {"a sign before a name is not the name's", "™®Tencent ©Tencent",
     "00700.HK[Tencent] 00700.HK[Tencent]"},
    {"signs change no other name's place", "’’™–Tencent’s ‘Nestlé’ – 看好TCL科技",
     "00700.HK[Tencent] NSRGY[Nestlé] TCL[TCL科技]"},
    {"traditional Chinese", "騰訊控股跌 貴州茅臺漲 平安銀行",
     "00700.HK[騰訊控股] 600519.SH[貴州茅臺] 000001.SZ[平安銀行]"},
    {"a list in traditional Chinese", "汇丰控股 滙豐控股", "HSBC[汇丰控股] HSBC[滙豐控股]"},
    {"an ambiguous one with its cue in the other writing", "汇丰涨, 渣打跌", "HSBC[汇丰]"},
    {"another exchange's code", "600519.SZ", ""},
    {"one code on two exchanges needs it", "(000001) 000001.SZ 000001.SH",
     "000001.SZ[000001.SZ] 000001.SH[000001.SH]"},
    {"Hong Kong codes", "0700.HK 700.HK 00700.HK (00700) (0700) (700) HK0700",
     "00700.HK[0700.HK] 00700.HK[700.HK] 00700.HK[00700.HK] 00700.HK[00700] 00700.HK[0700] "
     "00700.HK[HK0700]"},
};

static void test_rows(void **state)
{
    (void)state;
    assert_int_equal(gs_watchlist_size(list), 19);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        check_text(rows[i].shows, gs_str(found(rows[i].in, "")), rows[i].out);
    }
}

/* Names in several spellings, in random texts: the fuzzer's property. */
static void test_every_spelling_is_found_at_its_place(void **state)
{
    uint8_t data[160];
    uint32_t random = 1;

    (void)state;
    for (size_t round = 0; round < 4000; round++) {
        for (size_t i = 0; i < sizeof data; i++) {
            random = random * 1664525U + 1013904223U;
            /* Few kinds of units in most rounds, so that names are met. */
            data[i] = (uint8_t)((random >> 16) % (round % 4 == 0 ? 256 : 2 + round % 17));
        }
        watchlist_check_folds(data, sizeof data);
    }
}

static void test_not_beside(void **state)
{
    struct gs_watchlist *kept = list;
    struct gs_error err;

    (void)state;
    if (gs_watchlist_parse(gs_str(beside_csv), "beside", &list, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    for (size_t i = 0; i < GS_COUNT(beside_rows); i++) {
        check_text(beside_rows[i].shows, gs_str(found(beside_rows[i].in, "")), beside_rows[i].out);
    }
    gs_watchlist_free(list);
    list = kept;
}

static void test_the_cue_may_be_in_the_title(void **state)
{
    (void)state;
    check_text("cue", gs_str(found("apple falls", "new iPhone")), "AAPL[apple]");
    check_text("name", gs_str(found("apple falls", "Apple Inc. results")), "AAPL[apple]");
    check_text("ticker", gs_str(found("apple falls", "(AAPL)")), "AAPL[apple]");
    check_text("the same alias is no cue", gs_str(found("apple falls", "apple")), "");
    check_text("a title is not searched", gs_str(found("", "Tencent")), "");
}

static void test_matches_stop_at_max(void **state)
{
    struct gs_match matches[2];

    (void)state;
    assert_int_equal(
        gs_watchlist_find(list, gs_str("Tencent Tencent Tencent"), gs_str(""), matches, 2), 2);
    assert_int_equal(matches[1].start, 8);
    assert_int_equal(gs_watchlist_find(list, gs_str("Tencent"), gs_str(""), matches, 0), 0);
    check_text("name", matches[0].name, "腾讯控股");
}

static void test_routes(void **state)
{
    (void)state;
    struct gs_watchlist *own = NULL;
    struct gs_error err = {0};
    struct gs_buf many = {.max = 1 << 16};

    assert_int_equal(gs_watchlist_parse(gs_str("route,id,name\ndesk-eu,A,Acme Inc\n,B,Beta Inc\n"
                                               "x.1,Acme Inc,Gamma Inc\n"),
                                        "w", &own, &err),
                     GS_OK);
    assert_true(gs_str_equal(gs_watchlist_route(own, gs_str("A")), gs_str("desk-eu")));
    assert_true(gs_str_equal(gs_watchlist_route(own, gs_str("B")), gs_str("")));
    assert_true(gs_str_equal(gs_watchlist_route(own, gs_str("Acme Inc")), gs_str("x.1")));
    assert_true(gs_str_equal(gs_watchlist_route(own, gs_str("Beta Inc")), gs_str("")));
    assert_true(gs_str_equal(gs_watchlist_route(own, gs_str("C")), gs_str("")));
    gs_watchlist_free(own);
    own = NULL;
    gs_buf_puts(&many, "id,name,route\n");
    for (int i = 0; i < 65; i++) {
        gs_buf_printf(&many, "%d,Company %d Inc,r%d\n", i, i, i);
    }
    assert_int_equal(gs_watchlist_parse(gs_buf_str(&many), "w", &own, &err), GS_BAD_CONFIG);
    assert_string_equal(err.message, "w:66: more than 64 routes: r64");
    gs_buf_done(&many);
}

static const struct text_row bad[] = {
    {"no header", "", "w:1: the header line must name the columns: id,name"},
    {"no name column", "id,aliases\n", "w:1: the header line must name the columns: id,name"},
    {"unknown column", "id,name,colour\n", "w:1: unknown column: colour"},
    {"column twice", "id,name,id\n", "w:1: column given twice: id"},
    {"a route of two words", "id,name,route\na,b,desk eu\n",
     "w:2: a route is letters, digits, _, - and .: desk eu"},
    {"a long route",
     "id,name,route\na,b,0123456789012345678901234567890123456789012345678901234567890123\n",
     "w:2: a route longer than 63 bytes: "
     "012345678901234567890123456789012345678901234567890123456789"},
    {"no id", "id,name\n ,x\n", "w:2: no id: x"},
    {"no name", "id,name\na,\n", "w:2: no name: a"},
    {"id twice", "id,name\na,xx\nb,yy\na,zz\n", "w:4: id given twice: a"},
    {"too few fields", "id,name\na\n", "w:2: 1 fields, the header has 2"},
    {"too many fields", "id,name\na,b,c\n", "w:2: 3 fields, the header has 2"},
    {"bad CSV", "id,name\na,b\"\n", "w:2: a quote inside a field that does not begin with one"},
    {"bad UTF-8", "id,name\na,b\xFF\n", "w:2: invalid: UTF-8"},
    {"a name of two", "id,name,aliases\na,Foo Inc,\nb,Bar Inc,foo inc\n",
     "w:3: the name of two companies, not marked with '?' in both: foo inc"},
    {"marked in one only", "id,name,aliases\na,Foo Inc,Baz\nb,Bar Inc,?baz\n",
     "w:3: the name of two companies, not marked with '?' in both: baz"},
    {"a ticker of two", "id,name,tickers\na,Foo Inc,XYZ\nb,Bar Inc,XYZ\n",
     "w:3: the ticker of two companies: xyz"},
    {"a ticker that is none", "id,name,tickers\na,Foo Inc,Foo Inc\n",
     "w:2: a ticker is at most 20 of A-Z, 0-9, '.', '-' and '/': Foo Inc"},
    {"neighbours of no name", "id,name,not_beside\na,Foo Inc,[x]Bar\n",
     "w:2: not_beside of what is no name or alias of the company: Bar"},
    {"neighbours twice", "id,name,not_beside\na,Foo Inc,[x]foo inc|Foo Inc[y]\n",
     "w:2: not_beside given twice: Foo Inc"},
    {"a tier that is none", "id,name,tier\na,Foo Inc,0\n",
     "w:2: tier is a digit from 1 to 9, or empty: 0"},
    {"a tier in words", "id,name,tier\na,Foo Inc,high\n",
     "w:2: tier is a digit from 1 to 9, or empty: high"},
    {"no neighbours", "id,name,not_beside\na,Foo Inc,Foo Inc\n",
     "w:2: not_beside is [strings before]name[strings behind], each string at most 24 bytes: Foo "
     "Inc"},
    {"a list that does not end", "id,name,not_beside\na,Foo Inc,[x Foo Inc\n",
     "w:2: not_beside is [strings before]name[strings behind], each string at most 24 bytes: [x "
     "Foo Inc"},
    {"a neighbour that is too long",
     "id,name,not_beside\na,Foo Inc,[abcdefghijklmnopqrstuvwxy]Foo Inc\n",
     "w:2: not_beside is [strings before]name[strings behind], each string at most 24 bytes: "
     "[abcdefghijklmnopqrstuvwxy]Foo Inc"},
    {"a mark alone", "id,name,aliases\na,Foo Inc,x|?\n", "w:2: a mark without a name: "},
    {"a cue inside an ambiguous name", "id,name,aliases,tickers,cues\na,Foo Inc,?Apple,,app\n",
     "w:2: a cue that is part of an ambiguous name: app"},
};

static void test_bad_lists_are_refused_with_their_line(void **state)
{
    struct gs_watchlist *none = NULL;
    struct gs_error err;

    (void)state;
    for (size_t i = 0; i < GS_COUNT(bad); i++) {
        assert_int_equal(gs_watchlist_parse(gs_str(bad[i].in), "w", &none, &err), GS_BAD_CONFIG);
        check_text(bad[i].shows, gs_str(err.message), bad[i].out);
        assert_null(none);
    }
    char long_name[400] = "id,name\na,";
    memset(long_name + 10, 'x', 300);
    assert_int_equal(gs_watchlist_parse(gs_str(long_name), "w", &none, &err), GS_BAD_CONFIG);
}

static void test_a_list_may_be_empty_and_columns_in_any_order(void **state)
{
    struct gs_watchlist *other = NULL;
    struct gs_match match;

    (void)state;
    assert_int_equal(gs_watchlist_parse(gs_str("id,name\n"), "w", &other, NULL), GS_OK);
    assert_int_equal(gs_watchlist_size(other), 0);
    assert_int_equal(gs_watchlist_find(other, gs_str("abc"), gs_str("x"), &match, 1), 0);
    gs_watchlist_free(other);
    assert_int_equal(
        gs_watchlist_parse(gs_str("name,tickers,id\r\n\"Foo, Inc\",XYZ,7\r\n"), "w", &other, NULL),
        GS_OK);
    assert_int_equal(gs_watchlist_find(other, gs_str("at foo, inc"), gs_str(""), &match, 1), 1);
    check_text("id", match.id, "7");
    assert_int_equal(match.tier, 0);
    gs_watchlist_free(other);
    assert_int_equal(
        gs_watchlist_parse(gs_str("tier,id,name\n2,7,Foo Inc\n,8,Bar Inc\n"), "w", &other, NULL),
        GS_OK);
    assert_int_equal(gs_watchlist_find(other, gs_str("at foo inc"), gs_str(""), &match, 1), 1);
    assert_int_equal(match.tier, 2);
    assert_true(gs_watchlist_resolve(other, gs_str("7"), &match));
    assert_int_equal(match.tier, 2);
    assert_true(gs_watchlist_resolve(other, gs_str("Bar Inc"), &match));
    assert_int_equal(match.tier, 0);
    gs_watchlist_free(other);
    gs_watchlist_free(NULL);
}

static void test_the_example_list_loads(void **state)
{
    struct gs_watchlist *example = NULL;
    struct gs_error err;

    (void)state;
    if (gs_watchlist_load("../deploy/config/watchlist.csv", &example, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    assert_true(gs_watchlist_size(example) >= 30);
    gs_watchlist_free(example);
    assert_int_equal(gs_watchlist_load("no/such/file.csv", &example, &err), GS_IO);
}

/* 200,000 companies are fine, one more is not. */
static void test_bounds(void **state)
{
    enum { N = 200001, ROW = 40 };
    char *text = malloc((size_t)N * ROW + 16);
    struct gs_watchlist *big = NULL;
    struct gs_error err;
    struct gs_match match;

    (void)state;
    assert_non_null(text);
    size_t len = (size_t)sprintf(text, "id,name\n");
    size_t last = 0;
    for (int i = 0; i < N; i++) {
        last = len;
        len += (size_t)sprintf(text + len, "%d,Company Number %d\n", i, i);
    }
    assert_int_equal(gs_watchlist_parse((struct gs_str){text, len}, "w", &big, &err),
                     GS_BAD_CONFIG);
    check_text("bound", gs_str(err.message), "w:200002: more than 200000 companies: 200000");
    assert_int_equal(gs_watchlist_parse((struct gs_str){text, last}, "w", &big, &err), GS_OK);
    assert_int_equal(
        gs_watchlist_find(big, gs_str("the company number 12345 said"), gs_str(""), &match, 1), 1);
    check_text("id", match.id, "12345");
    gs_watchlist_free(big);
    free(text);
}

static const struct text_row field_rows[] = {
    {"an id", "BRK", "BRK"},
    {"an id that is a ticker", "600519.SH", "600519.SH"},
    {"a name", "中国平安", "601318.SH"},
    {"a name in another case", "nestlé", "NSRGY"},
    {"a name with blanks around it", "  Alibaba Group\n", "BABA"},
    {"an alias", "Kweichow Moutai", "600519.SH"},
    {"an alias of two companies says nothing", "平安", ""},
    {"a ticker", "AAPL", "AAPL"},
    {"a ticker with its sign", "$AAPL", "AAPL"},
    {"a ticker in lower case", "aapl", "AAPL"},
    {"a ticker that is ambiguous in a text", "BP", "BP"},
    {"a ticker with a dot", "BRK.B", "BRK"},
    {"a ticker with a dash", "BRK-B", "BRK"},
    {"a ticker behind its market", "NASDAQ:AAPL", "AAPL"},
    {"the exchange in front", "SH600519", "600519.SH"},
    {"a bare code", "600519", "600519.SH"},
    {"a code of two companies says nothing", "000001", ""},
    {"a code with its exchange", "000001.SZ", "000001.SZ"},
    {"Hong Kong without zeros", "700.HK", "00700.HK"},
    {"Hong Kong with zeros", "00700", "00700.HK"},
    {"an unknown ticker", "TSLA", ""},
    {"a text that holds a name", "Alibaba Group up 3%", ""},
    {"a text that ends in a name", "shares of Alibaba Group", ""},
    {"two names", "AAPL,BABA", ""},
    {"nothing", "", ""},
    {"blanks", "   ", ""},
    {"a sign alone", "$", ""},
};

static void test_values_of_fields(void **state)
{
    char longest[300];
    struct gs_match match;

    (void)state;
    for (size_t i = 0; i < GS_COUNT(field_rows); i++) {
        const struct text_row *row = &field_rows[i];
        char *copy = heap_copy(row->in, strlen(row->in));
        const struct gs_str value = {copy, strlen(row->in)};
        struct gs_match got = {.id = {"", 0}};
        const bool known = gs_watchlist_resolve(list, value, &got);
        check_text(row->shows, known ? got.id : gs_str(""), row->out);
        free(copy);
    }
    memset(longest, 'x', sizeof longest);
    assert_false(gs_watchlist_resolve(list, (struct gs_str){longest, sizeof longest}, &match));
    assert_false(gs_watchlist_resolve(list, (struct gs_str){longest, 255}, &match));
}

static int set_up(void **state)
{
    struct gs_error err;

    (void)state;
    if (gs_watchlist_parse(gs_str(csv), "test", &list, &err) != GS_OK) {
        print_error("%s\n", err.message);
        return 1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gs_watchlist_free(list);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_spelling_is_found_at_its_place),
        cmocka_unit_test(test_not_beside),
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_the_cue_may_be_in_the_title),
        cmocka_unit_test(test_matches_stop_at_max),
        cmocka_unit_test(test_bad_lists_are_refused_with_their_line),
        cmocka_unit_test(test_a_list_may_be_empty_and_columns_in_any_order),
        cmocka_unit_test(test_the_example_list_loads),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_values_of_fields),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
