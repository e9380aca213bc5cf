/* Encoders of any shape with random weights, and random messages for them. */
#ifndef GS_TEST_ENGINE_FIXTURE_H
#define GS_TEST_ENGINE_FIXTURE_H

#include "classifier/encoder/weights.h"
#include "tests/unit/gs_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct shape {
    const char *shows;
    size_t hidden, layers, heads, inner, n_labels;
    size_t first_position;
    bool typed, normalize;
    enum gs_pooling pooling;
    enum gs_activation activation, dense;
};

enum { VOCAB = 50, MAX_TOKENS = 40 };

struct fixture {
    struct gs_encoder_config config;
    struct gs_encoder_weights weights;
    struct gs_encoder_layer layers[4];
    void *blocks[256];
    size_t n_blocks;
    uint32_t random;
};

static inline uint32_t fixture_random(struct fixture *f)
{
    f->random = f->random * 1664525U + 1013904223U;
    return f->random >> 8;
}

/* Sums of four uniform values: bell-shaped, with spread about 1. */
static inline float fixture_normal(struct fixture *f)
{
    float sum = -2.0F;
    for (int i = 0; i < 4; i++) {
        sum += (float)fixture_random(f) / 16777216.0F;
    }
    return sum * 1.7F;
}

static inline void *fixture_keep(struct fixture *f, void *block)
{
    assert_non_null(block);
    assert_true(f->n_blocks < sizeof f->blocks / sizeof f->blocks[0]);
    f->blocks[f->n_blocks++] = block;
    return block;
}

static inline float *fixture_floats(struct fixture *f, size_t n, float middle, float spread)
{
    float *values = fixture_keep(f, malloc(n * sizeof *values));
    for (size_t i = 0; i < n; i++) {
        values[i] = middle + spread * fixture_normal(f);
    }
    return values;
}

static inline struct gs_matrix fixture_matrix(struct fixture *f, size_t n, size_t k)
{
    return (struct gs_matrix){.n = n,
                              .k = k,
                              .values = fixture_floats(f, n * k, 0.0F, 1.0F / sqrtf((float)k)),
                              .bias = fixture_floats(f, n, 0.0F, 0.1F)};
}

static inline void fixture_layer(struct fixture *f, struct gs_encoder_layer *layer)
{
    const size_t h = f->config.hidden;
    layer->query = fixture_matrix(f, h, h);
    layer->key = fixture_matrix(f, h, h);
    layer->value = fixture_matrix(f, h, h);
    layer->attention_out = fixture_matrix(f, h, h);
    layer->feed_in = fixture_matrix(f, f->config.intermediate, h);
    layer->feed_out = fixture_matrix(f, h, f->config.intermediate);
    layer->attention_gamma = fixture_floats(f, h, 1.0F, 0.1F);
    layer->attention_beta = fixture_floats(f, h, 0.0F, 0.1F);
    layer->out_gamma = fixture_floats(f, h, 1.0F, 0.1F);
    layer->out_beta = fixture_floats(f, h, 0.0F, 0.1F);
}

static inline struct fixture *fixture_new(const struct shape *shape)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->random = 12345;
    f->config = (struct gs_encoder_config){.hidden = shape->hidden,
                                           .layers = shape->layers,
                                           .heads = shape->heads,
                                           .intermediate = shape->inner,
                                           .vocab = VOCAB,
                                           .positions = MAX_TOKENS + shape->first_position,
                                           .types = shape->typed ? 2 : 0,
                                           .first_position = shape->first_position,
                                           .max_tokens = MAX_TOKENS,
                                           .eps = 1e-12F,
                                           .activation = shape->activation,
                                           .pooling = shape->pooling,
                                           .normalize = shape->normalize,
                                           .n_labels = shape->n_labels,
                                           .classifies = shape->n_labels > 0};
    f->weights.words = fixture_matrix(f, VOCAB, shape->hidden);
    f->weights.words.bias = NULL;
    f->weights.positions = fixture_floats(f, f->config.positions * shape->hidden, 0.0F, 0.1F);
    f->weights.type0 = shape->typed ? fixture_floats(f, shape->hidden, 0.0F, 0.1F) : NULL;
    f->weights.gamma = fixture_floats(f, shape->hidden, 1.0F, 0.1F);
    f->weights.beta = fixture_floats(f, shape->hidden, 0.0F, 0.1F);
    f->weights.layers = f->layers;
    for (size_t l = 0; l < shape->layers; l++) {
        fixture_layer(f, &f->layers[l]);
    }
    f->weights.dense = fixture_matrix(f, shape->hidden, shape->hidden);
    f->weights.dense_activation = shape->dense;
    if (shape->n_labels > 0) {
        f->weights.out = fixture_matrix(f, shape->n_labels, shape->hidden);
    }
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    for (size_t i = 0; i < f->n_blocks; i++) {
        free(f->blocks[i]);
    }
    free(f);
}

/* n messages of 1 to MAX_TOKENS tokens, short ones more often. starts [n + 1]; ids [n *
 * MAX_TOKENS].
 */
static inline struct gs_encoder_batch fixture_batch(struct fixture *f, size_t n)
{
    size_t *starts = fixture_keep(f, malloc((n + 1) * sizeof *starts));
    int32_t *ids = fixture_keep(f, malloc(n * MAX_TOKENS * sizeof *ids));
    starts[0] = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t most = 1 + fixture_random(f) % MAX_TOKENS;
        const size_t len = 1 + fixture_random(f) % most;
        for (size_t t = 0; t < len; t++) {
            ids[starts[i] + t] = (int32_t)(fixture_random(f) % VOCAB);
        }
        starts[i + 1] = starts[i] + len;
    }
    return (struct gs_encoder_batch){.ids = ids, .starts = starts, .n = n};
}

#endif
