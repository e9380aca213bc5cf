/* The int8 forward pass. Whole messages are taken in groups of some tokens; a group goes through
 * all layers while its rows are in the cache, then the next one does.
 *
 *     ids ─► embeddings ─► [ round ─► Q K V ─► attention of each message
 *                            round ─► output product ─► + x, normalize
 *                            round ─► feed in, GELU
 *                            round ─► feed out ─► + x, normalize ]   for each layer
 *
 * Every step's result for a row depends on that row (attention: on its message) alone, so grouping
 * decides about time and never about values. */
#include "classifier/encoder/engine.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct group {
    size_t first, n; /* messages */
    size_t m;        /* rows */
    bool only_first; /* the answer needs first tokens only */
};

static struct gs_q8_rows rows_at(const struct gs_q8_rows *rows, size_t i)
{
    return (struct gs_q8_rows){.q = rows->q + i * rows->k_padded,
                               .scale = rows->scale + i,
                               .offset = rows->offset + i,
                               .k_padded = rows->k_padded};
}

/* ---- embeddings ---- */

static void embed_row(const struct gs_engine *engine, int32_t id, size_t position, float *x)
{
    const size_t n = engine->config.hidden;
    const float *at = engine->positions + position * n;

    if (engine->words8 != NULL) {
        const int8_t *word = engine->words8 + (size_t)id * n;
        const float scale = engine->words_scale[id];
        for (size_t i = 0; i < n; i++) {
            x[i] = scale * (float)word[i];
        }
    } else {
        memcpy(x, engine->words + (size_t)id * n, n * sizeof *x);
    }
    for (size_t i = 0; engine->type0 != NULL && i < n; i++) {
        x[i] += engine->type0[i];
    }
    for (size_t i = 0; i < n; i++) {
        x[i] += at[i];
    }
}

static void embed(const struct gs_engine *engine, const struct gs_encoder_batch *batch,
                  const struct group *group, struct gs_engine_workspace *work)
{
    const size_t ld = engine->hidden_padded;
    const size_t *starts = batch->starts + group->first;

    for (size_t i = 0; i < group->n; i++) {
        size_t next = engine->config.first_position;
        work->firsts[i] = starts[i] - starts[0];
        for (size_t t = starts[i]; t < starts[i + 1]; t++) {
            const size_t at = gs_encoder_position(&engine->config, batch->ids[t], &next);
            embed_row(engine, batch->ids[t], at, work->x + (t - starts[0]) * ld);
        }
    }
    work->firsts[group->n] = group->m;
    engine->kernels->layer_norm(work->x, NULL, ld, group->m, engine->config.hidden, engine->gamma,
                                engine->beta, engine->config.eps, work->x);
}

/* ---- a layer ---- */

struct floats {
    const float *x; /* [m][ld] */
    size_t ld, m;
};

/* Rounds rows for a product. */
static void round_for(const struct gs_engine *engine, const struct gs_engine_workspace *work,
                      size_t layer, enum gs_product product, const struct floats *rows,
                      struct gs_q8_rows *ret)
{
    const struct gs_engine_product *p = &engine->layers[layer].products[product];

    if (work->observe != NULL) {
        work->observe(work->observe_arg, layer, product, rows->x, rows->ld, rows->m, p->linear.k);
    }
    engine->kernels->quantize(rows->x, rows->ld, rows->m, p->linear.k, p->smooth, ret);
}

/* Keys and values of all rows, queries of the first ones alone. */
static void product_of_firsts(const struct gs_engine *engine, struct gs_engine_workspace *work,
                              const struct gs_q8_linear *qkv, const struct group *group)
{
    const size_t padded = engine->hidden_padded;
    const size_t ld = 3 * padded;
    const struct gs_q8_linear queries = gs_pack_columns(qkv, 0, padded);
    const struct gs_q8_linear others = gs_pack_columns(qkv, padded, 2 * padded);
    struct gs_q8_rows *rows = &work->rows;

    engine->kernels->linear(&others, rows, group->m, GS_ACT_NONE, work->qkv + padded, ld);
    for (size_t i = 0; i < group->n; i++) { /* never backwards: firsts[i] >= i */
        const size_t from = work->firsts[i];
        memmove(rows->q + i * rows->k_padded, rows->q + from * rows->k_padded, rows->k_padded);
        rows->scale[i] = rows->scale[from];
        rows->offset[i] = rows->offset[from];
    }
    engine->kernels->linear(&queries, rows, group->n, GS_ACT_NONE, work->mixed, padded);
    for (size_t i = 0; i < group->n; i++) {
        memcpy(work->qkv + work->firsts[i] * ld, work->mixed + i * padded, padded * sizeof(float));
    }
}

/* Attention of each message, its mixed rows in work->mixed. In the last layer of a model that
 * answers from the first token only that row goes on, and moves to row i. */
static void attend(const struct gs_engine *engine, struct gs_engine_workspace *work,
                   const struct group *group, bool only_first)
{
    const size_t padded = engine->hidden_padded;
    const size_t d = engine->config.hidden / engine->config.heads;
    struct gs_attention_shape shape = {.heads = engine->config.heads,
                                       .d = d,
                                       .ld = 3 * padded,
                                       .k_at = padded,
                                       .v_at = 2 * padded,
                                       .out_ld = padded,
                                       .scale = 1.0F / sqrtf((float)d)};

    for (size_t i = 0; i < group->n; i++) {
        const size_t from = work->firsts[i];
        const size_t to = only_first ? i : from;
        shape.s = work->firsts[i + 1] - from;
        shape.n_queries = only_first ? 1 : shape.s;
        engine->kernels->attention(work->qkv + from * shape.ld, &shape, work->heads,
                                   work->mixed + to * padded);
        if (only_first) {
            memmove(work->x + i * padded, work->x + from * padded, padded * sizeof(float));
        }
    }
}

static void feed_forward(const struct gs_engine *engine, struct gs_engine_workspace *work,
                         size_t layer, size_t m)
{
    const struct gs_engine_product *products = engine->layers[layer].products;
    const size_t ld = engine->inner_padded;

    round_for(engine, work, layer, GS_PRODUCT_IN,
              &(struct floats){work->x, engine->hidden_padded, m}, &work->rows);
    for (size_t i = 0; i < m; i += engine->inner_rows) {
        const size_t some = m - i < engine->inner_rows ? m - i : engine->inner_rows;
        const struct gs_q8_rows in = rows_at(&work->rows, i);
        struct gs_q8_rows out = rows_at(&work->inner_rows, i);
        engine->kernels->linear(&products[GS_PRODUCT_IN].linear, &in, some,
                                engine->config.activation, work->inner, ld);
        round_for(engine, work, layer, GS_PRODUCT_OUT, &(struct floats){work->inner, ld, some},
                  &out);
    }
    engine->kernels->linear(&products[GS_PRODUCT_OUT].linear, &work->inner_rows, m, GS_ACT_NONE,
                            work->qkv, engine->hidden_padded);
}

/* Rows of work->x in and out; returns how many there are now. */
static size_t run_layer(const struct gs_engine *engine, struct gs_engine_workspace *work,
                        const struct group *group, size_t l)
{
    const struct gs_engine_layer *layer = &engine->layers[l];
    const struct gs_encoder_kernels *kernels = engine->kernels;
    const struct gs_q8_linear *qkv = &layer->products[GS_PRODUCT_QKV].linear;
    const size_t ld = engine->hidden_padded;
    const size_t n = engine->config.hidden;
    const bool only_first = group->only_first && l + 1 == engine->config.layers;
    const size_t m = only_first ? group->n : group->m;

    round_for(engine, work, l, GS_PRODUCT_QKV, &(struct floats){work->x, ld, group->m},
              &work->rows);
    if (only_first) {
        product_of_firsts(engine, work, qkv, group);
    } else {
        kernels->linear(qkv, &work->rows, m, GS_ACT_NONE, work->qkv, 3 * ld);
    }
    attend(engine, work, group, only_first);
    round_for(engine, work, l, GS_PRODUCT_ATTENTION, &(struct floats){work->mixed, ld, m},
              &work->rows);
    kernels->linear(&layer->products[GS_PRODUCT_ATTENTION].linear, &work->rows, m, GS_ACT_NONE,
                    work->qkv, ld);
    kernels->layer_norm(work->qkv, work->x, ld, m, n, layer->gamma[0], layer->beta[0],
                        engine->config.eps, work->x);
    feed_forward(engine, work, l, m);
    kernels->layer_norm(work->qkv, work->x, ld, m, n, layer->gamma[1], layer->beta[1],
                        engine->config.eps, work->x);
    return m;
}

/* ---- groups ---- */

/* As many whole messages from first on as fit, at least one. */
static struct group take_group(const struct gs_engine *engine, const struct gs_encoder_batch *batch,
                               size_t first)
{
    const size_t *starts = batch->starts;
    size_t end = first + 1;

    while (end < batch->n && starts[end + 1] - starts[first] <= engine->group_tokens) {
        end++;
    }
    return (struct group){.first = first, .n = end - first, .m = starts[end] - starts[first]};
}

void gs_engine_run(const struct gs_engine *engine, struct gs_engine_workspace *work,
                   const struct gs_encoder_batch *batch, float *ret_pooled, float *ret_logits)
{
    const struct gs_encoder_config *config = &engine->config;
    const bool only_first = (ret_pooled == NULL || config->pooling != GS_POOL_MEAN) &&
                            (ret_logits == NULL || config->head_input <= GS_INPUT_CLS);

    for (size_t i = 0; i < batch->n;) {
        struct group group = take_group(engine, batch, i);
        assert(group.m <= work->max_rows);
        group.only_first = only_first;
        embed(engine, batch, &group, work);
        for (size_t l = 0; l < config->layers; l++) {
            (void)run_layer(engine, work, &group, l);
        }
        gs_engine_answer(engine, work, group.n, only_first && config->layers > 0,
                         ret_pooled == NULL ? NULL : ret_pooled + i * config->hidden,
                         ret_logits == NULL ? NULL : ret_logits + i * engine->n_labels);
        i += group.n;
    }
}
