/* The int8 engine's memory: weights packed once at loading, and a thread's room to work in. */
#include "classifier/encoder/engine.h"

#include <stdlib.h>
#include <string.h>

/* Tokens that go through all layers together: enough that a pass over the weights is shared by many
 * rows, few enough that what is between two products stays in a core's second-level cache; and some
 * blocks of rows of a kernel. Measured with bench_encoder, 24 to 256. The feed-forward's wide
 * middle goes by fewer rows still. */
enum { GROUP_TOKENS = 48, GROUP_BLOCKS = 3, INNER_ROWS = 24 };

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void choose_rows(struct gs_engine *engine, size_t group_tokens)
{
    const size_t block = engine->kernels->row_block;
    engine->group_tokens =
        group_tokens > 0 ? group_tokens : larger(GROUP_TOKENS, GROUP_BLOCKS * block);
    engine->inner_rows = (INNER_ROWS + block - 1) / block * block;
}

static const float *copy_floats(struct gs_slab *slab, const float *from, size_t n)
{
    float *to = from == NULL ? NULL : gs_pack_take(slab, n * sizeof *to);
    if (to != NULL) {
        memcpy(to, from, n * sizeof *to);
    }
    return to;
}

static const int8_t *copy_bytes(struct gs_slab *slab, const int8_t *from, size_t n)
{
    int8_t *to = from == NULL ? NULL : gs_pack_take(slab, n);
    if (to != NULL) {
        memcpy(to, from, n);
    }
    return to;
}

static void pack_product(struct gs_slab *slab, const struct gs_matrix *const *parts, size_t n,
                         struct gs_engine_product *ret)
{
    gs_pack_linear(slab, parts, n, &ret->linear);
    ret->smooth = copy_floats(slab, parts[0]->smooth, parts[0]->k);
}

static void pack_layer(struct gs_slab *slab, const struct gs_encoder_layer *from, size_t hidden,
                       struct gs_engine_layer *ret)
{
    const struct gs_matrix *qkv[] = {&from->query, &from->key, &from->value};
    const struct gs_matrix *attention[] = {&from->attention_out};
    const struct gs_matrix *in[] = {&from->feed_in};
    const struct gs_matrix *out[] = {&from->feed_out};

    pack_product(slab, qkv, 3, &ret->products[GS_PRODUCT_QKV]);
    pack_product(slab, attention, 1, &ret->products[GS_PRODUCT_ATTENTION]);
    pack_product(slab, in, 1, &ret->products[GS_PRODUCT_IN]);
    pack_product(slab, out, 1, &ret->products[GS_PRODUCT_OUT]);
    ret->gamma[0] = copy_floats(slab, from->attention_gamma, hidden);
    ret->beta[0] = copy_floats(slab, from->attention_beta, hidden);
    ret->gamma[1] = copy_floats(slab, from->out_gamma, hidden);
    ret->beta[1] = copy_floats(slab, from->out_beta, hidden);
}

static const float *copy_matrix(struct gs_slab *slab, const struct gs_matrix *m)
{
    float *values = gs_pack_take(slab, m->n * m->k * sizeof *values);
    for (size_t i = 0; values != NULL && i < m->n * m->k; i++) {
        values[i] = m->values != NULL ? m->values[i] : m->scale[i / m->k] * (float)m->q8[i];
    }
    return values;
}

static const float *copy_bias(struct gs_slab *slab, const struct gs_matrix *m)
{
    float *bias = gs_pack_take(slab, m->n * sizeof *bias); /* zeros where there is none */
    if (bias != NULL && m->bias != NULL) {
        memcpy(bias, m->bias, m->n * sizeof *bias);
    }
    return bias;
}

/* The weights of the answer stay fp32: they are few, run once a message, and their rounding would
 * be the label's own. */
static void copy_head(struct gs_slab *slab, const struct gs_encoder_weights *weights,
                      struct gs_engine *engine)
{
    if (weights->dense.n > 0) {
        engine->dense = copy_matrix(slab, &weights->dense);
        engine->dense_bias = copy_bias(slab, &weights->dense);
        engine->dense_activation = weights->dense_activation;
    }
    if (weights->out.n > 0) {
        engine->out = copy_matrix(slab, &weights->out);
        engine->out_bias = copy_bias(slab, &weights->out);
        engine->n_labels = weights->out.n;
    }
}

static void pack_all(struct gs_slab *slab, const struct gs_encoder_weights *weights,
                     struct gs_engine *engine)
{
    const struct gs_encoder_config *config = &engine->config;
    const size_t hidden = config->hidden;
    const size_t n_words = weights->words.n * hidden;

    engine->layers = gs_pack_take(slab, config->layers * sizeof *engine->layers);
    for (size_t l = 0; l < config->layers; l++) {
        struct gs_engine_layer counted;
        pack_layer(slab, &weights->layers[l], hidden,
                   engine->layers == NULL ? &counted : &engine->layers[l]);
    }
    copy_head(slab, weights, engine);
    engine->positions = copy_floats(slab, weights->positions, config->positions * hidden);
    engine->type0 = copy_floats(slab, weights->type0, hidden);
    engine->gamma = copy_floats(slab, weights->gamma, hidden);
    engine->beta = copy_floats(slab, weights->beta, hidden);
    if (weights->words.q8 != NULL) {
        engine->words8 = copy_bytes(slab, weights->words.q8, n_words);
        engine->words_scale = copy_floats(slab, weights->words.scale, weights->words.n);
    } else {
        engine->words = copy_floats(slab, weights->words.values, n_words);
    }
}

/* One product of three matrices needs one rounding of its inputs. */
static bool smoothed_alike(const struct gs_matrix *a, const struct gs_matrix *b)
{
    if (a->smooth == NULL || b->smooth == NULL) {
        return a->smooth == b->smooth;
    }
    return memcmp(a->smooth, b->smooth, a->k * sizeof *a->smooth) == 0;
}

static enum gs_status check(const struct gs_encoder_config *config,
                            const struct gs_encoder_weights *weights, struct gs_error *err)
{
    if (config->hidden > GS_Q8_MAX_K || config->intermediate > GS_Q8_MAX_K) {
        return gs_fail(err, GS_BAD_FORMAT, "layers wider than %d are not supported in int8",
                       (int)GS_Q8_MAX_K);
    }
    for (size_t l = 0; l < config->layers; l++) {
        const struct gs_encoder_layer *layer = &weights->layers[l];
        if (!smoothed_alike(&layer->query, &layer->key) ||
            !smoothed_alike(&layer->query, &layer->value)) {
            return gs_fail(err, GS_BAD_FORMAT,
                           "layer %zu: query, key and value have different .smooth", l);
        }
    }
    return GS_OK;
}

enum gs_status gs_engine_new_with(const struct gs_encoder_config *config,
                                  const struct gs_encoder_weights *weights,
                                  const struct gs_encoder_kernels *kernels, size_t group_tokens,
                                  struct gs_engine **ret, struct gs_error *err)
{
    struct gs_slab slab = {0};
    const enum gs_status status = check(config, weights, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "encoder");
    }
    engine->kernels = kernels;
    engine->config = *config;
    engine->hidden_padded = gs_pack_padded(config->hidden);
    engine->inner_padded = gs_pack_padded(config->intermediate);
    choose_rows(engine, group_tokens);
    pack_all(&slab, weights, engine);
    engine->bytes = slab.used + sizeof *engine;
    engine->memory = gs_slab_memory(slab.used);
    if (engine->memory == NULL) {
        gs_engine_free(engine);
        return gs_fail(err, GS_NO_MEMORY, "encoder: %zu bytes of weights", slab.used);
    }
    slab = (struct gs_slab){.base = engine->memory};
    pack_all(&slab, weights, engine);
    *ret = engine;
    return GS_OK;
}

enum gs_status gs_engine_new(const struct gs_encoder_config *config,
                             const struct gs_encoder_weights *weights, struct gs_engine **ret,
                             struct gs_error *err)
{
    return gs_engine_new_with(config, weights, gs_encoder_kernels_pick(), 0, ret, err);
}

void gs_engine_free(struct gs_engine *engine)
{
    if (engine != NULL) {
        gs_slab_release(engine->memory);
        free(engine);
    }
}

size_t gs_engine_bytes(const struct gs_engine *engine)
{
    return engine->bytes;
}

const char *gs_engine_kernels(const struct gs_engine *engine)
{
    return engine->kernels->name;
}

/* ---- a thread's room ---- */

static struct gs_q8_rows take_rows(struct gs_slab *slab, size_t m, size_t k_padded)
{
    return (struct gs_q8_rows){.q = gs_pack_take(slab, m * k_padded),
                               .scale = gs_pack_take(slab, m * sizeof(float)),
                               .offset = gs_pack_take(slab, m * sizeof(float)),
                               .k_padded = k_padded};
}

static void lay_out(struct gs_slab *slab, const struct gs_engine *engine,
                    struct gs_engine_workspace *work)
{
    const struct gs_encoder_config *config = &engine->config;
    const size_t m = work->max_rows;
    const size_t row = m * engine->hidden_padded * sizeof(float);

    work->x = gs_pack_take(slab, row);
    work->qkv = gs_pack_take(slab, 3 * row);
    work->mixed = gs_pack_take(slab, row);
    work->inner = gs_pack_take(slab, engine->inner_rows * engine->inner_padded * sizeof(float));
    work->heads =
        gs_pack_take(slab, sizeof(float) * gs_attention_workspace(config->max_tokens,
                                                                  config->hidden / config->heads));
    work->cls = gs_pack_take(slab, row);
    work->rows = take_rows(slab, m, engine->hidden_padded);
    work->inner_rows = take_rows(slab, m, engine->inner_padded);
    work->firsts = gs_pack_take(slab, (m + 1) * sizeof *work->firsts);
}

enum gs_status gs_engine_workspace_new(const struct gs_engine *engine, size_t max_tokens,
                                       size_t max_messages, struct gs_engine_workspace **ret,
                                       struct gs_error *err)
{
    struct gs_slab slab = {0};
    struct gs_engine_workspace *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "encoder");
    }
    (void)max_tokens; /* batches go group by group, whatever their size */
    (void)max_messages;
    work->max_rows = larger(engine->group_tokens, engine->config.max_tokens);
    lay_out(&slab, engine, work);
    work->memory = gs_slab_memory(slab.used);
    if (work->memory == NULL) {
        gs_engine_workspace_free(work);
        return gs_fail(err, GS_NO_MEMORY, "encoder: %zu bytes to work in", slab.used);
    }
    slab = (struct gs_slab){.base = work->memory};
    lay_out(&slab, engine, work);
    *ret = work;
    return GS_OK;
}

void gs_engine_workspace_free(struct gs_engine_workspace *work)
{
    if (work != NULL) {
        gs_slab_release(work->memory);
        free(work);
    }
}
