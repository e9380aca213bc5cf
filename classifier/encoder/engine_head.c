/* From the last layer's rows to what the caller asked for. */
#include "classifier/encoder/engine.h"

#include <string.h>

enum { LANES = 16 };

/* One label's logit. 16 partial sums, then pairs of them: the same additions at every place of
 * every batch. */
static float dot(const float *a, const float *b, size_t n, float bias)
{
    float sums[LANES] = {0};
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            sums[l] += a[i + l] * b[i + l];
        }
    }
    for (size_t l = 0; i + l < n; l++) {
        sums[l] += a[i + l] * b[i + l];
    }
    for (size_t half = LANES / 2; half > 0; half /= 2) {
        for (size_t l = 0; l < half; l++) {
            sums[l] += sums[l + half];
        }
    }
    return sums[0] + bias;
}

/* work->cls [n] := the dense layer of work->cls. */
static void run_dense(const struct gs_engine *engine, struct gs_engine_workspace *work, size_t n)
{
    const size_t ld = engine->hidden_padded;
    const size_t hidden = engine->config.hidden;

    for (size_t i = 0; i < n; i++) {
        float *row = work->cls + i * ld;
        for (size_t j = 0; j < hidden; j++) {
            work->mixed[j] = dot(row, engine->dense + j * hidden, hidden, engine->dense_bias[j]);
        }
        engine->kernels->activate(work->mixed, hidden, engine->dense_activation);
        memcpy(row, work->mixed, hidden * sizeof *row);
    }
}

static void pool(const struct gs_engine *engine, const struct gs_engine_workspace *work,
                 const float *first, const float *dense, size_t i, float *ret)
{
    const size_t ld = engine->hidden_padded;
    const size_t n = engine->config.hidden;

    if (engine->config.pooling == GS_POOL_MEAN) {
        engine->kernels->mean_rows(work->x + work->firsts[i] * ld, ld,
                                   work->firsts[i + 1] - work->firsts[i], n, ret);
    } else {
        memcpy(ret, engine->config.pooling == GS_POOL_CLS ? first : dense, n * sizeof *ret);
    }
    if (engine->config.normalize) {
        engine->kernels->unit_length(ret, n);
    }
}

/* Logits of message i without a dense layer: of its first row, of the mean of its rows, or of both
 * behind one another. */
static void answer_plain(const struct gs_engine *engine, const struct gs_engine_workspace *work,
                         const float *first, size_t i, float *ret)
{
    const size_t n = engine->config.hidden;
    const size_t ld = engine->hidden_padded;
    const enum gs_head_input input = engine->config.head_input;
    const size_t width = input == GS_INPUT_CLS_MEAN ? 2 * n : n;

    if (input != GS_INPUT_CLS) {
        engine->kernels->mean_rows(work->x + work->firsts[i] * ld, ld,
                                   work->firsts[i + 1] - work->firsts[i], n, work->mixed);
    }
    for (size_t j = 0; j < engine->n_labels; j++) {
        const float *w = engine->out + j * width;
        ret[j] = engine->out_bias[j];
        if (input != GS_INPUT_MEAN) {
            ret[j] = dot(first, w, n, ret[j]);
        }
        if (input != GS_INPUT_CLS) {
            ret[j] = dot(work->mixed, w + width - n, n, ret[j]);
        }
    }
}

void gs_engine_answer(const struct gs_engine *engine, struct gs_engine_workspace *work, size_t n,
                      bool only_first, float *ret_pooled, float *ret_logits)
{
    const size_t ld = engine->hidden_padded;
    const size_t hidden = engine->config.hidden;

    for (size_t i = 0; i < n; i++) {
        const size_t from = only_first ? i : work->firsts[i];
        memcpy(work->cls + i * ld, work->x + from * ld, hidden * sizeof(float));
    }
    const bool plain = engine->config.head_input != GS_INPUT_DENSE;
    const bool wants_dense =
        (ret_logits != NULL && !plain) || engine->config.pooling == GS_POOL_POOLER;
    if (wants_dense && engine->dense != NULL) {
        run_dense(engine, work, n);
    }
    for (size_t i = 0; i < n; i++) {
        const size_t from = only_first ? i : work->firsts[i];
        if (ret_pooled != NULL) {
            pool(engine, work, work->x + from * ld, work->cls + i * ld, i, ret_pooled + i * hidden);
        }
        if (ret_logits != NULL && plain) {
            answer_plain(engine, work, work->x + from * ld, i, ret_logits + i * engine->n_labels);
        }
        for (size_t j = 0; ret_logits != NULL && !plain && j < engine->n_labels; j++) {
            ret_logits[i * engine->n_labels + j] =
                dot(work->cls + i * ld, engine->out + j * hidden, hidden, engine->out_bias[j]);
        }
    }
}
