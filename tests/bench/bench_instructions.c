/* Work of a fixed size for tests/bench/instructions.sh to count the instructions of:
 *
 *     bench_instructions encoder | fast | clean | language | outline | names | tokenize FOLDER
 *
 * Everything is the same on every run: weights and ids come from a formula, texts are below. */
#include "classifier/encoder/engine.h"
#include "classifier/model.h"
#include "ingest/text/clean/normalize.h"
#include "ingest/text/lang.h"
#include "ingest/text/story_outline.h"
#include "ingest/text/watchlist/watchlist.h"
#include "tokenizer/ngram/ngrams.h"
#include "tokenizer/tokenizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HIDDEN = 384, INNER = 1536, HEADS = 12, LAYERS = 2, VOCAB = 512, TOKENS = 128 };
enum { MAX_FEATURES = 16384, ROUNDS = 20 };

static const char *const texts[] = {
    "$NRVN - Norvane Systems cuts full-year outlook as European orders slow, shares fall 6% "
    "https://t.co/x1",
    "Tessaro Energy beats profit estimates, raises dividend and announces $2 billion buyback plan",
    "Oil slips below $80 as inventories rise and demand from refiners disappoints, na\xC3\xAFve "
    "traders not worried \xF0\x9F\x98\x80",
    "云杉科技公告:预计上半年净利润同比下降45%至60%,主要因原材料涨价及汇兑损失",
    "今天又是大涨,明天继续满仓干,主力资金还在流入,坚决不卖,等翻倍再说吧",
};

_Noreturn static void stop(const char *why)
{
    (void)fprintf(stderr, "bench_instructions: %s\n", why);
    exit(2);
}

/* ---- the encoder: two layers of MiniLM's width ---- */

static uint32_t state = 1;

static float *floats(size_t n, float middle, float spread)
{
    float *values = malloc(n * sizeof *values);
    if (values == NULL) {
        stop("no memory");
    }
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525U + 1013904223U;
        values[i] = middle + spread * ((float)(state >> 8) / 8388608.0F - 1.0F);
    }
    return values;
}

static struct gs_matrix matrix(size_t n, size_t k)
{
    return (struct gs_matrix){.n = n,
                              .k = k,
                              .values = floats(n * k, 0.0F, 1.7F / sqrtf((float)k)),
                              .bias = floats(n, 0.0F, 0.1F)};
}

static void run_encoder(void)
{
    static const size_t lengths[] = {5, 27, 60};
    static struct gs_encoder_config config = {.hidden = HIDDEN,
                                              .layers = LAYERS,
                                              .heads = HEADS,
                                              .intermediate = INNER,
                                              .vocab = VOCAB,
                                              .positions = TOKENS,
                                              .types = 2,
                                              .max_tokens = TOKENS,
                                              .eps = 1e-12F,
                                              .activation = GS_ACT_GELU,
                                              .pooling = GS_POOL_MEAN,
                                              .normalize = true};
    static struct gs_encoder_layer layers[LAYERS];
    struct gs_encoder_weights weights = {.words = matrix(VOCAB, HIDDEN),
                                         .positions = floats((size_t)TOKENS * HIDDEN, 0.0F, 0.1F),
                                         .type0 = floats(HIDDEN, 0.0F, 0.1F),
                                         .gamma = floats(HIDDEN, 1.0F, 0.1F),
                                         .beta = floats(HIDDEN, 0.0F, 0.1F),
                                         .layers = layers};
    struct gs_engine *engine = NULL;
    struct gs_engine_workspace *work = NULL;
    int32_t ids[TOKENS];
    size_t starts[GS_COUNT(lengths) + 1] = {0};
    static float pooled[GS_COUNT(lengths) * HIDDEN];

    for (size_t l = 0; l < LAYERS; l++) {
        layers[l] = (struct gs_encoder_layer){.query = matrix(HIDDEN, HIDDEN),
                                              .key = matrix(HIDDEN, HIDDEN),
                                              .value = matrix(HIDDEN, HIDDEN),
                                              .attention_out = matrix(HIDDEN, HIDDEN),
                                              .feed_in = matrix(INNER, HIDDEN),
                                              .feed_out = matrix(HIDDEN, INNER),
                                              .attention_gamma = floats(HIDDEN, 1.0F, 0.1F),
                                              .attention_beta = floats(HIDDEN, 0.0F, 0.1F),
                                              .out_gamma = floats(HIDDEN, 1.0F, 0.1F),
                                              .out_beta = floats(HIDDEN, 0.0F, 0.1F)};
    }
    for (size_t i = 0; i < GS_COUNT(lengths); i++) {
        starts[i + 1] = starts[i] + lengths[i];
    }
    for (size_t i = 0; i < starts[GS_COUNT(lengths)]; i++) {
        ids[i] = (int32_t)(i * 37 % VOCAB);
    }
    const struct gs_encoder_batch batch = {ids, starts, GS_COUNT(lengths)};
    if (gs_engine_new(&config, &weights, &engine, NULL) != GS_OK ||
        gs_engine_workspace_new(engine, TOKENS, GS_COUNT(lengths), &work, NULL) != GS_OK) {
        stop("engine");
    }
    gs_engine_run(engine, work, &batch, pooled, NULL);
    (void)printf("%s %.6f\n", gs_engine_kernels(engine), (double)pooled[0]);
    gs_engine_workspace_free(work);
    gs_engine_free(engine);
}

/* ---- the rest ---- */

static void run_fast(void)
{
    struct gs_model *model = NULL;
    struct gs_model_workspace *work = NULL;
    struct gs_ngrams *ngrams = NULL;
    struct gs_error err = {0};
    struct gs_prediction said;
    static uint32_t hashes[MAX_FEATURES];

    if (gs_model_load("classifier/models/finance-zh-en-fast", &model, &err) != GS_OK ||
        gs_model_workspace_new(model, &work, &err) != GS_OK ||
        gs_ngrams_new(MAX_FEATURES, &ngrams, &err) != GS_OK) {
        stop(err.message);
    }
    for (size_t i = 0; i < GS_COUNT(texts) * ROUNDS; i++) {
        const struct gs_feature *features = NULL;
        const size_t n = gs_ngrams_extract(ngrams, gs_str(texts[i % GS_COUNT(texts)]), &features);
        for (size_t f = 0; f < n; f++) {
            hashes[f] = features[f].hash;
        }
        gs_model_predict(model, work, hashes, n, 0, &said);
    }
    (void)printf("%s %.4f\n", gs_model_kernel(model), (double)said.confidence);
    gs_ngrams_free(ngrams);
    gs_model_workspace_free(work);
    gs_model_free(model);
}

static void run_clean(void)
{
    static const struct gs_norm_options options = {GS_UTF8_REPAIR, true, true, 65536, NULL};
    struct gs_norm *norm = NULL;
    struct gs_error err = {0};
    struct gs_norm_text got;

    if (gs_norm_new(NULL, &options, &norm, &err) != GS_OK) {
        stop(err.message);
    }
    for (size_t i = 0; i < GS_COUNT(texts) * ROUNDS; i++) {
        if (gs_norm_run(norm, gs_str(texts[i % GS_COUNT(texts)]), &got, &err) != GS_OK) {
            stop(err.message);
        }
    }
    (void)printf("text %zu\n", got.text.len);
    gs_norm_free(norm);
}

static void run_language(void)
{
    size_t sum = 0;

    for (size_t i = 0; i < GS_COUNT(texts) * ROUNDS; i++) {
        sum += (size_t)gs_lang_detect(gs_str(texts[i % GS_COUNT(texts)]), gs_str("en"));
    }
    (void)printf("languages %zu\n", sum);
}

static void run_outline(void)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < ROUNDS * GS_COUNT(texts); i++) {
        struct gs_outline outline;
        gs_outline((struct gs_str){NULL, 0}, gs_str(texts[i % GS_COUNT(texts)]), &outline);
        sum += outline.bands[0];
    }
    (void)printf("outlines %08x\n", (unsigned)sum);
}

static void run_names(void)
{
    static const char csv[] = "id,name,aliases,tickers,cues,not_beside\n"
                              "NRVN,Norvane Systems,Norvane,NRVN,,\n"
                              "TSRO,Tessaro Energy,?Tessaro,TSRO,dividend,\n"
                              "300999.SZ,云杉科技,!云杉,300999.SZ,,[白]云杉[树 林]\n"
                              "DFL,大涨,,,,\n"
                              "MCD,McDonald's,,MCD,,\n"
                              "OIL,Oil & Gas Partners,?Oil,,buyback,\n";
    static const char more[] = "McDonald’s® and Norvane‐Systems: 雲杉科技漲停, 白云杉林";
    struct gs_watchlist *list = NULL;
    struct gs_match matches[16];
    struct gs_error err = {0};
    size_t sum = 0;

    if (gs_watchlist_parse(gs_str(csv), "names", &list, &err) != GS_OK) {
        stop(err.message);
    }
    for (size_t i = 0; i < GS_COUNT(texts) * ROUNDS; i++) {
        sum += gs_watchlist_find(list, gs_str(texts[i % GS_COUNT(texts)]), gs_str(more), matches,
                                 GS_COUNT(matches));
        sum += gs_watchlist_find(list, gs_str(more), gs_str(""), matches, GS_COUNT(matches));
    }
    (void)printf("names %zu\n", sum);
    gs_watchlist_free(list);
}

static void run_tokenizer(const char *folder)
{
    struct gs_tokenizer *tokenizer = NULL;
    struct gs_tokenizer_workspace *work = NULL;
    struct gs_error err = {0};
    struct gs_encoding encoding = {0};

    if (gs_tokenizer_load(folder, &tokenizer, &err) != GS_OK ||
        gs_tokenizer_workspace_new(tokenizer, &work, &err) != GS_OK) {
        stop(err.message);
    }
    for (size_t i = 0; i < GS_COUNT(texts) * ROUNDS; i++) {
        if (gs_tokenizer_encode(tokenizer, work, gs_str(texts[i % GS_COUNT(texts)]), 128, &encoding,
                                &err) != GS_OK) {
            stop(err.message);
        }
    }
    (void)printf("%s %zu\n", gs_tokenizer_info(tokenizer)->kind, encoding.n);
    gs_tokenizer_workspace_free(work);
    gs_tokenizer_free(tokenizer);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "encoder") == 0) {
        run_encoder();
    } else if (argc == 2 && strcmp(argv[1], "fast") == 0) {
        run_fast();
    } else if (argc == 2 && strcmp(argv[1], "clean") == 0) {
        run_clean();
    } else if (argc == 2 && strcmp(argv[1], "language") == 0) {
        run_language();
    } else if (argc == 2 && strcmp(argv[1], "outline") == 0) {
        run_outline();
    } else if (argc == 2 && strcmp(argv[1], "names") == 0) {
        run_names();
    } else if (argc == 3 && strcmp(argv[1], "tokenize") == 0) {
        run_tokenizer(argv[2]);
    } else {
        stop("encoder | fast | clean | language | outline | names | tokenize FOLDER");
    }
    return 0;
}
