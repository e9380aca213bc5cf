/* Cleaning of messages of about 100 bytes beside utf8proc's NFKC_Casefold alone, in one process,
 * on the same texts, in CPU time: English as it is mostly written (plain ASCII), English with
 * typographic signs, Chinese, mixed, and with what the rules look for. Each figure is ns per
 * message.
 *
 *   bench_normalize [repetitions]
 *
 * GS_KERNELS=scalar measures the scalar scans. */
#include "ingest/text/clean/normalize.h"
#include "ingest/text/lang.h"
#include "ingest/text/story_outline.h"
#include "ingest/text/watchlist/watchlist.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <utf8proc.h>

enum { MAX_REPETITIONS = 101, ROUNDS = 4000 };

static const char *const english[] = {
    "Shares of the chip maker fell 4.2% in early trading after it cut its outlook for the third "
    "quarter",
    "The bank said net profit rose to $1.25 billion, helped by lower provisions and higher fee "
    "income",
    "Analysts at two brokers raised their price targets following better than expected results on "
    "Monday",
    "The retailer plans to close 120 stores and expects to book a charge of about 300 million "
    "dollars",
    "Oil prices settled lower as inventories grew for the fifth week in a row, government data "
    "showed",
    "$XYZ looking strong here, might add more if it holds 52.30 into the close. Volume is picking "
    "up",
    "Regulators opened an inquiry into the lender's sales practices, a person familiar with it "
    "said",
    "The company has agreed to buy its smaller rival for 2.1 billion euros in cash and stock, it "
    "said",
};
static const char *const typographic[] = {
    "The company’s shares fell 4.2% in early trading – the worst day since March – after a weak "
    "outlook",
    "“We’re confident in our strategy,” the chief executive said, as Nestlé’s sales rose 3.1% to "
    "€21bn",
    "Société Générale’s net profit rose… helped by lower provisions; the bank’s shares gained 2½%  "
    "today",
    "It’s a “game changer” for the maker’s margins — analysts don’t expect prices to fall before "
    "autumn",
};
static const char *const chinese[] = {
    "贵州某酒业公司发布三季度报告，营业收入同比增长百分之十五，净利润略低于市场预期",
    "央行今日开展两千亿元逆回购操作，利率维持不变，市场流动性保持合理充裕，股指小幅走高。",
    "公司控股股东拟减持不超过百分之二的股份，消息公布后股价跌停，投资者纷纷表示担忧",
    "受原材料价格上涨影响，多家家电企业宣布上调产品售价，分析人士认为需求或将放缓",
};
static const char *const mixed[] = {
    "【快讯】某公司（６００１２３）盘中涨停，成交额达１２.５亿元…… ETF资金 continues to flow in",
    "苹果产业链 supplier 表示 Q3 revenue 将增长 15%，市场预期 overly optimistic，股价回落。",
    "<p>央行：下调存款准备金率０.５个百分点&nbsp;&mdash; analysts say “wow”</p> 市场反应积极",
    "港股通（southbound）净流入 35 亿港元，Tencent 与 Meituan 领涨，恒生指数收报 25,100 点",
};
static const char *const private_data[] = {
    "RT @trader_99: $XYZ to the moon!! join us https://t.co/AbCdEf1234 or mail tips@example.com "
    "today",
    "联系人电话 13812345678，身份证 110101199003071234，详情见 http://example.cn/a/b?id=1 谢谢 "
    "@财经小助手",
    "Call (212) 555-0100 or +44 20 7946 0958 about the 10.5% note, see www.example.com/notes for "
    "terms",
    "card 4111 1111 1111 1111 was charged $120.50 by the broker, says @angry_client, more at "
    "bit.ly/abc",
};

static const struct set {
    const char *name;
    const char *const *texts;
    size_t n;
} sets[] = {
    {"english", english, GS_COUNT(english)},
    {"english_typographic", typographic, GS_COUNT(typographic)},
    {"chinese", chinese, GS_COUNT(chinese)},
    {"mixed", mixed, GS_COUNT(mixed)},
    {"private", private_data, GS_COUNT(private_data)},
};

/* What is measured: each cleans one text and gives something that depends on the outcome. */
typedef size_t work_fn(void *arg, struct gs_str text);

static size_t clean(void *norm, struct gs_str text)
{
    struct gs_norm_text got = {{NULL, 0}, NULL, {0}};

    return gs_norm_run(norm, text, &got, NULL) == GS_OK ? got.text.len + got.origin[got.text.len]
                                                        : 0;
}

/* As utf8proc_NFKC_Casefold() does it, for a text of known length. */
static size_t casefold(void *unused, struct gs_str text)
{
    utf8proc_uint8_t *out = NULL;
    const utf8proc_ssize_t n =
        utf8proc_map((const utf8proc_uint8_t *)text.bytes, (utf8proc_ssize_t)text.len, &out,
                     (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                         UTF8PROC_CASEFOLD | UTF8PROC_IGNORE));

    (void)unused;
    free(out);
    return n < 0 ? 0 : (size_t)n;
}

static size_t detect(void *unused, struct gs_str text)
{
    (void)unused;
    return (size_t)gs_lang_detect(text, gs_str(""));
}

static size_t fingerprint(void *unused, struct gs_str text)
{
    (void)unused;
    return (size_t)gs_fingerprint(text);
}

static size_t outline(void *unused, struct gs_str text)
{
    struct gs_outline got;

    (void)unused;
    gs_outline((struct gs_str){NULL, 0}, text, &got);
    return got.bands[0];
}

static size_t find(void *list, struct gs_str text)
{
    struct gs_match matches[16];

    return gs_watchlist_find(list, text, gs_str(""), matches, GS_COUNT(matches));
}

static volatile size_t sink;

/* CPU time: other programs on the machine do not count. */
static double cpu_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double measure(work_fn *work, void *arg, const struct set *set)
{
    struct gs_str texts[16] = {{NULL, 0}};
    size_t sum = 0;

    for (size_t i = 0; i < set->n; i++) {
        texts[i] = gs_str(set->texts[i]);
    }
    const double start = cpu_ns();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < set->n; i++) {
            sum += work(arg, texts[i]);
        }
    }
    sink = sum;
    return (cpu_ns() - start) / (double)(ROUNDS * set->n);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare);
    return values[n / 2];
}

static void print(const char *set, const char *what, double *ns, size_t n)
{
    const double middle = median(ns, n);

    printf("{\"bench\":\"normalize\",\"case\":\"%s/%s\",\"value\":%.1f,\"unit\":\"ns/msg\","
           "\"min\":%.1f,\"max\":%.1f,\"repetitions\":%zu}\n",
           set, what, middle, ns[0], ns[n - 1], n);
}

static const struct {
    const char *name;
    work_fn *work;
} works[] = {
    {"utf8proc_casefold", casefold},
    {"clean", clean},
    {"clean_and_rules", clean},
    {"language", detect},
    {"fingerprint", fingerprint},
    {"outline", outline},
    {"watchlist", find},
};
enum { CASEFOLD, CLEAN, RULES };

/* All works take turns, so that a slow minute of the machine hits them alike. */
static void bench_set(const struct set *set, void *const *args, size_t repetitions)
{
    static double ns[GS_COUNT(works)][MAX_REPETITIONS];
    static double ratio[2][MAX_REPETITIONS];
    size_t bytes = 0;

    for (size_t i = 0; i < set->n; i++) {
        bytes += strlen(set->texts[i]);
    }
    for (size_t r = 0; r < repetitions; r++) {
        for (size_t w = 0; w < GS_COUNT(works); w++) {
            ns[w][r] = measure(works[w].work, args[w], set);
        }
        ratio[0][r] = ns[CASEFOLD][r] / ns[CLEAN][r];
        ratio[1][r] = ns[CASEFOLD][r] / ns[RULES][r];
    }
    for (size_t w = 0; w < GS_COUNT(works); w++) {
        print(set->name, works[w].name, ns[w], repetitions);
    }
    for (size_t k = 0; k < 2; k++) {
        const double middle = median(ratio[k], repetitions);
        printf("{\"bench\":\"normalize\",\"case\":\"%s/times_faster_than_casefold%s\","
               "\"value\":%.2f,\"unit\":\"ratio\",\"min\":%.2f,\"max\":%.2f,\"repetitions\":%zu,"
               "\"mean_bytes\":%zu}\n",
               set->name, k == 0 ? "" : "_with_rules", middle, ratio[k][0],
               ratio[k][repetitions - 1], repetitions, bytes / set->n);
    }
}

int main(int argc, char **argv)
{
    static const struct gs_norm_options options = {GS_UTF8_REPAIR, true, true, 65536, NULL};
    static const char csv[] =
        "id,name,aliases,tickers\n1,Nestlé,雀巢,NESN.SW\n2,Tencent,腾讯控股,00700.HK\n"
        "3,Société Générale,,GLE.PA\n4,Meituan,,03690.HK\n";
    const size_t repetitions = argc > 1 ? strtoul(argv[1], NULL, 10) : 11;
    struct gs_watchlist *list = NULL;
    struct gs_rules *rules = NULL;
    struct gs_norm *plain = NULL;
    struct gs_norm *ruled = NULL;
    struct gs_error err = {0};
    size_t n = 0;
    const struct gs_rule_spec *specs = gs_rules_default(&n);

    if (repetitions < 5 || repetitions > MAX_REPETITIONS ||
        gs_rules_compile(specs, n, GS_JIT_AUTO, &rules, &err) != GS_OK ||
        gs_norm_new(NULL, &options, &plain, &err) != GS_OK ||
        gs_norm_new(rules, &options, &ruled, &err) != GS_OK ||
        gs_watchlist_parse(gs_str(csv), "bench", &list, &err) != GS_OK) {
        (void)fprintf(stderr, "bench_normalize [5..%d]: %s\n", MAX_REPETITIONS, err.message);
        return 2;
    }
    void *const args[GS_COUNT(works)] = {NULL, plain, ruled, NULL, NULL, NULL, list};
    for (size_t i = 0; i < GS_COUNT(sets); i++) {
        bench_set(&sets[i], args, repetitions);
    }
    gs_watchlist_free(list);
    gs_norm_free(ruled);
    gs_norm_free(plain);
    gs_rules_free(rules);
    return 0;
}
