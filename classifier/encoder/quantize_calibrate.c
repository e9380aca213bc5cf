/* Finds out what the inputs of products look like on real texts. */
#include "classifier/encoder/quantize.h"
#include "classifier/encoder/weights_internal.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

struct watcher {
    struct gs_calibration *all;
    uint64_t random;
};

/* Every row seen is kept with the same chance (Vitter 1985, algorithm R). */
static float *place_for(struct watcher *w, struct gs_calibration *c)
{
    size_t at = c->n_seen++;
    if (at >= GS_CALIBRATION_ROWS) {
        w->random = w->random * 6364136223846793005U + 1442695040888963407U;
        at = (size_t)((w->random >> 33) % c->n_seen);
    } else {
        c->n_rows++;
    }
    return at < GS_CALIBRATION_ROWS ? c->rows + at * c->k : NULL;
}

static void widen(struct gs_calibration *c, const float *row)
{
    for (size_t j = 0; j < c->k; j++) {
        c->min[j] = row[j] < c->min[j] ? row[j] : c->min[j];
        c->max[j] = row[j] > c->max[j] ? row[j] : c->max[j];
    }
}

static void watch(void *arg, size_t layer, enum gs_product product, const float *x, size_t ld,
                  size_t m, size_t k)
{
    struct watcher *w = arg;
    struct gs_calibration *c = &w->all[layer * GS_N_PRODUCTS + product];

    for (size_t i = 0; i < m; i++) {
        const float *row = x + i * ld;
        float *place = place_for(w, c);
        if (place != NULL) {
            memcpy(place, row, k * sizeof *row);
            widen(c, row);
        }
    }
}

static bool take(struct gs_encoder_weights *weights, size_t k, struct gs_calibration *c)
{
    *c = (struct gs_calibration){
        .k = k,
        .rows = gs_weights_take(weights, k * GS_CALIBRATION_ROWS * sizeof(float)),
        .min = gs_weights_take(weights, k * sizeof(float)),
        .max = gs_weights_take(weights, k * sizeof(float))};
    if (c->rows == NULL || c->min == NULL || c->max == NULL) {
        return false;
    }
    for (size_t j = 0; j < k; j++) {
        c->min[j] = FLT_MAX;
        c->max[j] = -FLT_MAX;
    }
    return true;
}

static bool take_all(const struct gs_encoder_config *config, struct gs_encoder_weights *weights,
                     struct gs_calibration *all)
{
    bool taken = true;
    for (size_t l = 0; l < config->layers; l++) {
        for (size_t p = 0; p < GS_N_PRODUCTS && taken; p++) {
            const size_t k = p == GS_PRODUCT_OUT ? config->intermediate : config->hidden;
            taken = take(weights, k, &all[l * GS_N_PRODUCTS + p]);
        }
    }
    return taken;
}

/* One by one, so that the answers need little room. */
static enum gs_status run(const struct gs_encoder_config *config, const struct gs_engine *engine,
                          struct gs_engine_workspace *work, const struct gs_encoder_batch *texts,
                          struct gs_error *err)
{
    float *pooled = malloc(config->hidden * sizeof *pooled);
    if (pooled == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "calibration");
    }
    /* A classifier's last layer is about first tokens, as in use. */
    float *ret = config->classifies ? NULL : pooled;
    for (size_t i = 0; i < texts->n; i++) {
        const size_t starts[2] = {0, texts->starts[i + 1] - texts->starts[i]};
        const struct gs_encoder_batch one = {texts->ids + texts->starts[i], starts, 1};
        gs_engine_run(engine, work, &one, ret, NULL);
    }
    free(pooled);
    return GS_OK;
}

enum gs_status gs_calibrate(const struct gs_encoder_config *config,
                            struct gs_encoder_weights *weights,
                            const struct gs_encoder_batch *texts, struct gs_calibration *ret,
                            struct gs_error *err)
{
    struct gs_engine *engine = NULL;
    struct gs_engine_workspace *work = NULL;
    struct watcher watcher = {.all = ret, .random = 1};

    if (!take_all(config, weights, ret)) {
        return gs_fail(err, GS_NO_MEMORY, "calibration");
    }
    enum gs_status status = gs_engine_new(config, weights, &engine, err);
    if (status == GS_OK) {
        status = gs_engine_workspace_new(engine, config->max_tokens, 1, &work, err);
    }
    if (status == GS_OK) {
        work->observe = watch;
        work->observe_arg = &watcher;
        status = run(config, engine, work, texts, err);
    }
    gs_engine_workspace_free(work);
    gs_engine_free(engine);
    return status;
}
