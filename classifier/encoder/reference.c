/* The encoder in plain fp32: what the int8 engine is measured against, and the place to read what a
 * transformer computes. One message after the other, each a matrix x [s tokens][hidden]:
 *
 *     x = LayerNorm(word + position + type)
 *     each layer:  x = LayerNorm(x + out(softmax(q k^T / sqrt(d)) v))     q, k, v = linear(x)
 *                  x = LayerNorm(x + feed_out(act(feed_in(x))))
 *     pooled = first token, mean of all, or tanh(dense(first)), perhaps scaled to length 1
 *     logits = out(act(dense(first))), or out of first, mean or both where config.json says so
 *
 * Matrix products are OpenBLAS's, each of one message alone, so that an answer cannot depend on
 * what else was in the batch. */
#include "classifier/encoder/weights.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

enum { BLOCK = 64 }; /* rows at a time where all rows would need much room */

struct gs_reference_workspace {
    size_t max_tokens;          /* of one message */
    float *x, *q, *k, *v, *mix; /* [max_tokens][hidden] each */
    float *wide;                /* [BLOCK][intermediate] */
    float *scores;              /* [BLOCK][max_tokens] */
    float *first;               /* [2 hidden] what the head reads */
};

enum gs_status gs_reference_workspace_new(const struct gs_encoder_config *config, size_t max_tokens,
                                          size_t max_messages, struct gs_reference_workspace **ret,
                                          struct gs_error *err)
{
    (void)max_messages; /* one at a time */
    const size_t s = max_tokens < config->max_tokens ? max_tokens : config->max_tokens;
    const size_t row = config->hidden;
    const size_t n = 5 * s * row + BLOCK * (config->intermediate + s) + 2 * row;

    struct gs_reference_workspace *work = calloc(1, sizeof *work);
    float *all = calloc(n, sizeof *all);
    if (work == NULL || all == NULL) {
        free(work);
        free(all);
        return gs_fail(err, GS_NO_MEMORY, "fp32 encoder: room for %zu tokens", s);
    }
    *work = (struct gs_reference_workspace){.max_tokens = s, .x = all};
    work->q = work->x + s * row;
    work->k = work->q + s * row;
    work->v = work->k + s * row;
    work->mix = work->v + s * row;
    work->wide = work->mix + s * row;
    work->scores = work->wide + BLOCK * config->intermediate;
    work->first = work->scores + BLOCK * s;
    *ret = work;
    return GS_OK;
}

void gs_reference_workspace_free(struct gs_reference_workspace *work)
{
    if (work != NULL) {
        free(work->x);
        free(work);
    }
}

static void activate(float *x, size_t n, enum gs_activation act)
{
    for (size_t i = 0; i < n; i++) {
        const float v = x[i];
        switch (act) {
        case GS_ACT_NONE:
            return;
        case GS_ACT_GELU:
            x[i] = 0.5F * v * (1.0F + erff(v * 0.70710678F));
            break;
        case GS_ACT_GELU_TANH:
            x[i] = 0.5F * v * (1.0F + tanhf(0.79788456F * (v + 0.044715F * v * v * v)));
            break;
        case GS_ACT_RELU:
            x[i] = v > 0.0F ? v : 0.0F;
            break;
        case GS_ACT_TANH:
            x[i] = tanhf(v);
            break;
        }
    }
}

/* y [m][n] = act(x [m][k] W^T + bias) */
static void linear(const struct gs_matrix *w, const float *x, size_t m, enum gs_activation act,
                   float *y)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)w->n, (int)w->k, 1.0F, x,
                (int)w->k, w->values, (int)w->k, 0.0F, y, (int)w->n);
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < w->n; j++) {
            y[i * w->n + j] += w->bias[j];
        }
    }
    activate(y, m * w->n, act);
}

/* x = LayerNorm(x + add), row by row; add NULL: x alone. */
static void layer_norm(float *x, const float *add, size_t m, size_t n, const float *gamma,
                       const float *beta, float eps)
{
    for (size_t i = 0; i < m; i++) {
        float *row = x + i * n;
        double sum = 0.0;
        double square = 0.0;
        for (size_t j = 0; j < n; j++) {
            row[j] += add == NULL ? 0.0F : add[i * n + j];
            sum += (double)row[j];
        }
        const double mean = sum / (double)n;
        for (size_t j = 0; j < n; j++) {
            square += ((double)row[j] - mean) * ((double)row[j] - mean);
        }
        const double scale = 1.0 / sqrt(square / (double)n + (double)eps);
        for (size_t j = 0; j < n; j++) {
            row[j] = (float)(((double)row[j] - mean) * scale) * gamma[j] + beta[j];
        }
    }
}

static void embed(const struct gs_encoder_config *c, const struct gs_encoder_weights *w,
                  const int32_t *ids, size_t s, float *x)
{
    size_t next = c->first_position;

    for (size_t i = 0; i < s; i++) {
        const float *word = w->words.values + (size_t)ids[i] * c->hidden;
        const float *position = w->positions + gs_encoder_position(c, ids[i], &next) * c->hidden;
        for (size_t j = 0; j < c->hidden; j++) {
            x[i * c->hidden + j] = word[j] + (w->type0 == NULL ? 0.0F : w->type0[j]) + position[j];
        }
    }
    layer_norm(x, NULL, s, c->hidden, w->gamma, w->beta, c->eps);
}

static void softmax(float *x, size_t n)
{
    float most = x[0];
    double sum = 0.0;

    for (size_t i = 1; i < n; i++) {
        most = fmaxf(most, x[i]);
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = expf(x[i] - most);
        sum += (double)x[i];
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)((double)x[i] / sum);
    }
}

/* mix [s][hidden]: each head's share of every row is a mix of the values in its columns. */
static void attend(const struct gs_encoder_config *c, struct gs_reference_workspace *work, size_t s)
{
    const size_t d = c->hidden / c->heads;
    const int ld = (int)c->hidden;
    const float scale = 1.0F / sqrtf((float)d);

    for (size_t at = 0; at < c->hidden; at += d) {
        for (size_t from = 0; from < s; from += BLOCK) {
            const size_t m = s - from < BLOCK ? s - from : BLOCK;
            const size_t block = from * c->hidden + at;
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)s, (int)d, scale,
                        work->q + block, ld, work->k + at, ld, 0.0F, work->scores, (int)s);
            for (size_t i = 0; i < m; i++) {
                softmax(work->scores + i * s, s);
            }
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)d, (int)s, 1.0F,
                        work->scores, (int)s, work->v + at, ld, 0.0F, work->mix + block, ld);
        }
    }
}

static void run_layer(const struct gs_encoder_config *c, const struct gs_encoder_layer *layer,
                      struct gs_reference_workspace *work, size_t s)
{
    linear(&layer->query, work->x, s, GS_ACT_NONE, work->q);
    linear(&layer->key, work->x, s, GS_ACT_NONE, work->k);
    linear(&layer->value, work->x, s, GS_ACT_NONE, work->v);
    attend(c, work, s);
    linear(&layer->attention_out, work->mix, s, GS_ACT_NONE, work->q);
    layer_norm(work->x, work->q, s, c->hidden, layer->attention_gamma, layer->attention_beta,
               c->eps);
    for (size_t from = 0; from < s; from += BLOCK) {
        const size_t m = s - from < BLOCK ? s - from : BLOCK;
        linear(&layer->feed_in, work->x + from * c->hidden, m, c->activation, work->wide);
        linear(&layer->feed_out, work->wide, m, GS_ACT_NONE, work->mix + from * c->hidden);
    }
    layer_norm(work->x, work->mix, s, c->hidden, layer->out_gamma, layer->out_beta, c->eps);
}

/* ret [n] := the mean of x's rows. */
static void mean_of(const float *x, size_t rows, size_t n, float *ret)
{
    for (size_t j = 0; j < n; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < rows; i++) {
            sum += (double)x[i * n + j];
        }
        ret[j] = (float)(sum / (double)rows);
    }
}

static void pool(const struct gs_encoder_config *c, const struct gs_encoder_weights *w,
                 const float *x, size_t s, float *ret)
{
    if (c->pooling == GS_POOL_POOLER) {
        linear(&w->dense, x, 1, GS_ACT_TANH, ret);
    }
    if (c->pooling != GS_POOL_POOLER) {
        mean_of(x, c->pooling == GS_POOL_CLS ? 1 : s, c->hidden, ret);
    }
    double square = 0.0;
    for (size_t j = 0; j < c->hidden; j++) {
        square += (double)ret[j] * (double)ret[j];
    }
    for (size_t j = 0; j < c->hidden && c->normalize && square > 0.0; j++) {
        ret[j] = (float)((double)ret[j] / sqrt(square));
    }
}

/* work->first := what the head reads of one message's rows. */
static void head_input(const struct gs_encoder_config *c, const struct gs_encoder_weights *w,
                       struct gs_reference_workspace *work, size_t s)
{
    float *to = work->first;

    if (c->head_input == GS_INPUT_DENSE) {
        linear(&w->dense, work->x, 1, w->dense_activation, to);
    }
    if (c->head_input == GS_INPUT_CLS || c->head_input == GS_INPUT_CLS_MEAN) {
        mean_of(work->x, 1, c->hidden, to);
        to += c->hidden;
    }
    if (c->head_input == GS_INPUT_MEAN || c->head_input == GS_INPUT_CLS_MEAN) {
        mean_of(work->x, s, c->hidden, to);
    }
}

void gs_reference_run(const struct gs_encoder_config *config,
                      const struct gs_encoder_weights *weights, struct gs_reference_workspace *work,
                      const struct gs_encoder_batch *batch, float *ret_pooled, float *ret_logits)
{
    for (size_t i = 0; i < batch->n; i++) {
        const size_t s = batch->starts[i + 1] - batch->starts[i];
        embed(config, weights, batch->ids + batch->starts[i], s, work->x);
        for (size_t l = 0; l < config->layers; l++) {
            run_layer(config, &weights->layers[l], work, s);
        }
        if (ret_pooled != NULL) {
            pool(config, weights, work->x, s, ret_pooled + i * config->hidden);
        }
        if (ret_logits != NULL && weights->out.n > 0) {
            head_input(config, weights, work, s);
            linear(&weights->out, work->first, 1, GS_ACT_NONE, ret_logits + i * weights->out.n);
        }
    }
}
