/* int8 folders: made from every family's golden folder, near to fp32; smoothing pays where inputs
 * have outliers; what cannot be rounded is refused. */
#include "classifier/encoder/quantize.h"
#include "classifier/format/safetensors.h"
#include "ingest/base/attr.h"
#include "tests/unit/classifier/encoder/engine_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N_TEXTS = 64, TOKENS = 12, LINES = 4096 };

struct texts {
    int32_t ids[N_TEXTS * TOKENS];
    size_t starts[N_TEXTS + 1];
};

static void make_texts(size_t vocab, struct texts *ret)
{
    uint32_t random = 99;
    ret->starts[0] = 0;
    for (size_t i = 0; i < N_TEXTS; i++) {
        const size_t n = 1 + i % TOKENS;
        for (size_t t = 0; t < n; t++) {
            random = random * 1664525U + 1013904223U;
            ret->ids[ret->starts[i] + t] = (int32_t)((random >> 8) % vocab);
        }
        ret->starts[i + 1] = ret->starts[i] + n;
    }
}

static char said[LINES];

static void remember(void *arg, const char *line)
{
    (void)arg;
    const size_t used = strlen(said);
    (void)snprintf(said + used, sizeof said - used, "%s\n", line);
}

static char *folder(const char *name)
{
    static char paths[2][4096];
    static size_t next;
    char *path = paths[next++ % 2];
    (void)snprintf(path, sizeof paths[0], "/tmp/gs-quantize-%ld/%s", (long)getpid(), name);
    return path;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the test made it
static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e = dir == NULL ? NULL : readdir(dir); e != NULL; e = readdir(dir)) {
        char inner[4352];
        (void)snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.') {
            remove_tree(inner);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    (void)remove(path);
}

static int make_room(void **state)
{
    (void)state;
    return mkdir(folder(""), 0700);
}

static int remove_room(void **state)
{
    (void)state;
    remove_tree(folder(""));
    return 0;
}

static enum gs_status quantize(const char *dir, const char *out, size_t n, const struct texts *t,
                               float smoothing, struct gs_error *err)
{
    const struct gs_encoder_batch batch = {t->ids, t->starts, n};
    const struct gs_quantize_options options = {
        .dir = dir, .out = out, .calibration = &batch, .smoothing = smoothing};
    said[0] = '\0';
    return gs_quantize(&options, remember, NULL, err);
}

/* What the folder answers, [N_TEXTS][width]; the caller's. */
static float *answers(const char *dir, enum gs_arithmetic arithmetic, const struct texts *t,
                      size_t *ret_width)
{
    struct gs_encoder *encoder = NULL;
    struct gs_encoder_workspace *work = NULL;
    struct gs_error err = {0};
    if (gs_encoder_load(dir, arithmetic, &encoder, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    const struct gs_encoder_info *info = gs_encoder_info(encoder);
    const struct gs_encoder_batch batch = {t->ids, t->starts, N_TEXTS};
    float *pooled = calloc(N_TEXTS * info->config->hidden, sizeof *pooled);
    const size_t n = t->starts[N_TEXTS];
    assert_non_null(pooled);
    *ret_width = info->config->hidden;
    assert_int_equal(gs_encoder_workspace_new(
                         encoder, n > info->config->max_tokens ? n : info->config->max_tokens,
                         N_TEXTS, &work, &err),
                     GS_OK);
    assert_int_equal(gs_encoder_run(encoder, work, &batch, pooled, NULL, &err), GS_OK);
    gs_encoder_workspace_free(work);
    gs_encoder_free(encoder);
    return pooled;
}

static double cosine(const float *a, const float *b, size_t n)
{
    double ab = 0.0;
    double aa = 0.0;
    double bb = 0.0;
    for (size_t j = 0; j < n; j++) {
        ab += (double)a[j] * (double)b[j];
        aa += (double)a[j] * (double)a[j];
        bb += (double)b[j] * (double)b[j];
    }
    return ab / sqrt(aa * bb);
}

static double least_cosine(const float *a, const float *b, size_t n)
{
    double least = 1.0;
    for (size_t i = 0; i < N_TEXTS; i++) {
        least = fmin(least, cosine(a + i * n, b + i * n, n));
    }
    return least;
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A text whose wide values cancel is far off whatever is done: the middle text counts. */
static double middle_cosine(const float *a, const float *b, size_t n)
{
    double all[N_TEXTS];
    for (size_t i = 0; i < N_TEXTS; i++) {
        all[i] = cosine(a + i * n, b + i * n, n);
    }
    qsort(all, N_TEXTS, sizeof *all, rising);
    return all[N_TEXTS / 2];
}

static double cosine_of(const char *before, const char *after, const struct texts *t)
{
    size_t width = 0;
    float *want = answers(before, GS_ARITH_FP32, t, &width);
    float *got = answers(after, GS_ARITH_AUTO, t, &width);
    const double least = least_cosine(want, got, width);
    free(want);
    free(got);
    return least;
}

static const char *const golden[] = {"bert-base",       "bert-cls",         "bert-old-names",
                                     "distilbert-base", "distilbert-cls",   "roberta-base",
                                     "roberta-cls",     "xlm-roberta-base", "xlm-roberta-cls"};

static size_t vocab_of(const char *dir)
{
    static struct gs_encoder_config config;
    struct gs_error err = {0};
    assert_int_equal(gs_encoder_config_read(dir, &config, &err), GS_OK);
    return config.vocab;
}

static void stays_near(const char *model, size_t s, float smoothing)
{
    static struct texts texts;
    char dir[256];
    char name[64];
    struct gs_error err = {0};
    (void)snprintf(dir, sizeof dir, "golden/encoder/%s", model);
    (void)snprintf(name, sizeof name, "%s.%zu", model, s);
    make_texts(vocab_of(dir), &texts);
    const char *out = folder(name);
    if (quantize(dir, out, N_TEXTS, &texts, smoothing, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    const double least = cosine_of(dir, out, &texts);
    print_message("  %s, smoothing %.1f: cosine %.5f\n", model, (double)smoothing, least);
    assert_true(least > 0.995 && least < 1.0); /* 1: it was not rounded at all */
    assert_non_null(strstr(said, "stays fp32: "));
}

static void test_every_family_stays_near_fp32(void **state)
{
    static const float smoothings[] = {0.0F, -1.0F, 0.5F};
    (void)state;
    for (size_t i = 0; i < GS_COUNT(golden); i++) {
        for (size_t s = 0; s < GS_COUNT(smoothings); s++) {
            stays_near(golden[i], s, smoothings[s]);
        }
    }
}

static void test_no_calibration_is_rounding_at_loading(void **state)
{
    static struct texts texts;
    static const char dir[] = "golden/encoder/bert-base";
    struct gs_error err = {0};
    size_t width = 0;
    (void)state;
    make_texts(vocab_of(dir), &texts);
    /* Word embeddings are int8 in the folder alone: so near, and not equal. */
    assert_int_equal(quantize(dir, folder("plain"), 0, &texts, -1.0F, &err), GS_OK);
    float *a = answers(dir, GS_ARITH_INT8, &texts, &width);
    float *b = answers(folder("plain"), GS_ARITH_INT8, &texts, &width);
    assert_true(least_cosine(a, b, width) > 0.998);
    free(a);
    free(b);
}

static enum gs_status load_as(const char *dir, enum gs_arithmetic arithmetic, struct gs_error *err)
{
    struct gs_encoder *encoder = NULL;
    const enum gs_status status = gs_encoder_load(dir, arithmetic, &encoder, err);
    gs_encoder_free(encoder);
    return status;
}

static void test_what_is_refused(void **state)
{
    static struct texts texts;
    static const char dir[] = "golden/encoder/bert-cls";
    struct gs_error err = {0};
    (void)state;
    make_texts(vocab_of(dir), &texts);
    char *out = folder("refused");
    assert_int_equal(quantize(dir, out, N_TEXTS, &texts, -1.0F, &err), GS_OK);
    assert_int_not_equal(load_as(out, GS_ARITH_FP32, &err), GS_OK);
    assert_int_equal(quantize(out, folder("again"), N_TEXTS, &texts, -1.0F, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "int8 weights already"));
    assert_int_equal(quantize(dir, dir, N_TEXTS, &texts, -1.0F, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "the new folder is the old one"));
    assert_int_equal(load_as(dir, GS_ARITH_FP32, &err), GS_OK); /* and it is unharmed */
    assert_int_equal(quantize("golden/encoder/absent", out, N_TEXTS, &texts, 0.0F, &err), GS_IO);
    assert_int_equal(quantize(dir, "/nowhere/at/all", N_TEXTS, &texts, 0.0F, &err), GS_IO);
}

/* ---- smoothing on its own: an encoder whose rows have wide inputs ---- */

static const struct shape outliers = {
    "outliers", 64, 2, 4, 128, 0, 0, true, false, GS_POOL_MEAN, GS_ACT_GELU, GS_ACT_TANH};

static void widen(const float *values, size_t at, float by)
{
    union {
        const float *in;
        float *ours;
    } changed = {values + at};

    *changed.ours *= by;
}

/* One input of each normalized row is 20 times wider, or off centre too; the weights that read it
 * are smaller by as much. */
#define WIDER 20.0F
static struct fixture *with_outliers(void)
{
    struct fixture *f = fixture_new(&outliers);
    for (size_t l = 0; l < f->config.layers; l++) {
        struct gs_encoder_layer *layer = &f->layers[l];
        const struct gs_matrix *readers[] = {&layer->query, &layer->key, &layer->value,
                                             &layer->feed_in};
        widen(layer->attention_gamma, 5, WIDER);
        widen(layer->attention_beta, 5, 10.0F * WIDER);
        if (l + 1 < f->config.layers) { /* what comes out last is compared */
            widen(layer->out_gamma, 9, WIDER);
        }
        for (size_t m = 0; m < GS_COUNT(readers); m++) {
            for (size_t i = 0; i < readers[m]->n; i++) {
                widen(readers[m]->values, i * readers[m]->k + 5, 1.0F / WIDER);
                widen(readers[m]->values, i * readers[m]->k + 9, 1.0F / WIDER);
            }
        }
    }
    return f;
}

static double engine_cosine(const struct fixture *f, const struct gs_encoder_batch *batch,
                            const float *want)
{
    struct gs_engine *engine = NULL;
    struct gs_engine_workspace *work = NULL;
    struct gs_error err = {0};
    float *got = calloc(N_TEXTS * f->config.hidden, sizeof *got);
    assert_non_null(got);
    assert_int_equal(gs_engine_new(&f->config, &f->weights, &engine, &err), GS_OK);
    assert_int_equal(
        gs_engine_workspace_new(engine, batch->starts[batch->n], batch->n, &work, &err), GS_OK);
    gs_engine_run(engine, work, batch, got, NULL);
    const double middle = middle_cosine(want, got, f->config.hidden);
    gs_engine_workspace_free(work);
    gs_engine_free(engine);
    free(got);
    return middle;
}

static void test_smoothing_pays_where_inputs_have_outliers(void **state)
{
    struct fixture *f = with_outliers();
    struct gs_reference_workspace *work = NULL;
    struct gs_calibration seen[4 * GS_N_PRODUCTS];
    struct gs_smoothing done[4 * GS_N_PRODUCTS];
    struct gs_error err = {0};
    (void)state;
    const struct gs_encoder_batch batch = fixture_batch(f, N_TEXTS);
    float *want = fixture_keep(f, calloc(N_TEXTS * f->config.hidden, sizeof *want));
    float *again = fixture_keep(f, calloc(N_TEXTS * f->config.hidden, sizeof *again));
    assert_int_equal(
        gs_reference_workspace_new(&f->config, batch.starts[batch.n], batch.n, &work, &err), GS_OK);
    gs_reference_run(&f->config, &f->weights, work, &batch, want, NULL);
    const double before = engine_cosine(f, &batch, want);
    assert_int_equal(gs_calibrate(&f->config, &f->weights, &batch, seen, &err), GS_OK);
    assert_int_equal(gs_smooth(&f->config, &f->weights, seen, -1.0F, done, &err), GS_OK);
    const double after = engine_cosine(f, &batch, want);
    print_message("  cosine %.5f -> %.5f\n", before, after);
    /* Centres moved and weights divided, the fp32 network is what it was, but for s: fp32 has no
     * smoothing, so rows are divided back here. */
    for (size_t l = 0; l < f->config.layers; l++) {
        struct gs_matrix *all[] = {&f->layers[l].query,   &f->layers[l].key,
                                   &f->layers[l].value,   &f->layers[l].attention_out,
                                   &f->layers[l].feed_in, &f->layers[l].feed_out};
        for (size_t m = 0; m < GS_COUNT(all); m++) {
            float *values = fixture_keep(f, malloc(all[m]->n * all[m]->k * sizeof *values));
            for (size_t i = 0; i < all[m]->n * all[m]->k; i++) {
                const float s = all[m]->smooth == NULL ? 1.0F : all[m]->smooth[i % all[m]->k];
                values[i] = all[m]->values[i] * s;
            }
            all[m]->values = values;
        }
    }
    gs_reference_run(&f->config, &f->weights, work, &batch, again, NULL);
    print_message("  fp32: cosine %.7f\n", least_cosine(want, again, f->config.hidden));
    assert_true(least_cosine(want, again, f->config.hidden) > 0.99999);
    assert_true(1.0 - after < 0.25 * (1.0 - before));
    for (size_t i = 0; i < f->config.layers * GS_N_PRODUCTS; i++) {
        assert_true(done[i].after <= done[i].before);
    }
    gs_reference_workspace_free(work);
    gs_encoder_weights_done(&f->weights); /* what calibration took */
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_family_stays_near_fp32),
        cmocka_unit_test(test_no_calibration_is_rounding_at_loading),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_smoothing_pays_where_inputs_have_outliers),
    };
    return cmocka_run_group_tests(tests, make_room, remove_room);
}
