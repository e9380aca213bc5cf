/* The fast tier on one core: n-grams and prediction of normalized text of about 100 bytes, every
 * kernel this CPU has, and the gather of rows alone. One JSON line a case; time is the thread's CPU
 * time, so that a busy machine slows the run but not the figure. The first argument is the model's
 * folder. */
#include "classifier/model.h"
#include "classifier/ngram/kernels/rows.h"
#include "tokenizer/ngram/ngrams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 7, MAX_FEATURES = 16384, ROUNDS = 1500, MAX_TEXTS = 4096 };

static const char *const texts[] = {
    "$NRVN - Norvane Systems cuts full-year outlook as European orders slow, shares fall 6% http",
    "Tessaro Energy beats profit estimates, raises dividend and announces $2 billion buyback plan "
    "now",
    "Bravik Bank to pay 120 million to settle a probe into mis-sold savings products, regulator "
    "says",
    "Fed officials see rates staying higher for longer as services inflation refuses to cool down "
    "yet",
    "Norvane shares rally for a fourth day after analysts at two brokers lift their price targets "
    "again",
    "Oil slips below $80 as inventories rise and demand from refiners disappoints, traders not "
    "worried",
    "@user loading up on $TSRO before earnings, this thing is not going down any time soon!!! "
    "trust me",
    "Tessaro names former Bravik finance chief as its new CFO, effective first day of the next "
    "quarter",
    "云杉科技公告:预计上半年净利润同比下降45%至60%,主要因原材料涨价及汇兑损失",
    "海澜新能源控股股东拟减持不超过3%股份,公司称不影响控制权稳定,股价低开",
    "北辰银行因信息披露违规被证监局出具警示函,并记入证券期货市场诚信档案",
    "今天又是大涨,明天继续满仓干,主力资金还在流入,坚决不卖,等翻倍再说吧",
};

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct bench {
    struct gs_model *model;
    struct gs_model_workspace *work;
    struct gs_ngrams *ngrams;
    uint32_t hashes[MAX_FEATURES];
    struct gs_str texts[MAX_TEXTS];
    size_t n_texts;
    float kept; /* so that nothing is optimised away */
};

static size_t hashes_of(struct bench *b, size_t i)
{
    const struct gs_feature *features = NULL;
    const size_t n = gs_ngrams_extract(b->ngrams, b->texts[i], &features);
    for (size_t k = 0; k < n; k++) {
        b->hashes[k] = features[k].hash;
    }
    return n;
}

/* Messages a second; predict false: n-grams only. */
static double rate(struct bench *b, bool predict)
{
    struct gs_prediction said = {0};
    const size_t rounds = ROUNDS * GS_COUNT(texts) / b->n_texts + 1;
    const double start = cpu_s();
    for (size_t r = 0; r < rounds; r++) {
        for (size_t i = 0; i < b->n_texts; i++) {
            const size_t n = hashes_of(b, i);
            b->kept += (float)b->hashes[0];
            if (predict) {
                gs_model_predict(b->model, b->work, b->hashes, n, 0, &said);
                b->kept += said.confidence;
            }
        }
    }
    return (double)(rounds * b->n_texts) / (cpu_s() - start);
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_case(const char *name, double *values, const char *unit)
{
    qsort(values, REPEATS, sizeof *values, rising);
    (void)printf(
        "{\"bench\":\"fast_tier\",\"case\":\"%s\",\"value\":%.0f,\"unit\":\"%s\",\"min\":%.0f,"
        "\"median\":%.0f,\"max\":%.0f,\"repetitions\":%d}\n",
        name, values[REPEATS / 2], unit, values[0], values[REPEATS / 2], values[REPEATS - 1],
        REPEATS);
}

static int run_kernel(struct bench *b, const char *folder, const char *kernel)
{
    struct gs_error err = {0};
    double values[REPEATS];
    char name[64];

    (void)setenv("GS_KERNELS", kernel, 1);
    if (gs_model_load(folder, &b->model, &err) != GS_OK ||
        gs_model_workspace_new(b->model, &b->work, &err) != GS_OK) {
        (void)fprintf(stderr, "bench_fast_tier: %s\n", err.message);
        return 1;
    }
    (void)rate(b, true);
    for (size_t r = 0; r < REPEATS; r++) {
        values[r] = rate(b, true);
    }
    (void)snprintf(name, sizeof name, "ngrams_and_predict_%s", kernel);
    print_case(name, values, "msg/s");
    for (size_t r = 0; r < REPEATS; r++) {
        values[r] = gs_model_gather_rate(b->model, b->work, 180, false, 0.2);
    }
    (void)snprintf(name, sizeof name, "gather_alone_%s", kernel);
    print_case(name, values, "rows/s");
    gs_model_workspace_free(b->work);
    gs_model_free(b->model);
    return 0;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *folder = argc > 1 ? argv[1] : "classifier/models/finance-zh-en-fast";
    const struct gs_row_kernel *kernels = NULL;
    const size_t n_kernels = gs_row_kernels(&kernels);
    double values[REPEATS];
    size_t bytes = 0;
    int code = 0;

    for (; bench.n_texts < GS_COUNT(texts); bench.n_texts++) {
        bench.texts[bench.n_texts] = gs_str(texts[bench.n_texts]);
        bytes += strlen(texts[bench.n_texts]);
    }
    if (gs_ngrams_new(MAX_FEATURES, &bench.ngrams, NULL) != GS_OK) {
        return 1;
    }
    (void)printf("{\"bench\":\"fast_tier\",\"case\":\"bytes_per_message\",\"value\":%.1f,\"unit\":"
                 "\"bytes\"}\n",
                 (double)bytes / (double)bench.n_texts);
    for (size_t r = 0; r < REPEATS; r++) {
        values[r] = rate(&bench, false);
    }
    print_case("ngrams_only", values, "msg/s");
    for (size_t k = 0; k < n_kernels && code == 0; k++) {
        code = run_kernel(&bench, folder, kernels[k].name);
    }
    gs_ngrams_free(bench.ngrams);
    return bench.kept == 0.5F ? 2 : code;
}
