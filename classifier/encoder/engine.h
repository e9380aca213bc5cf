/* Shared by the files of the int8 engine: engine.c packs, engine_run.c computes, engine_head.c
 * makes answers of the last layer's rows.
 *
 * Internal to the classifier. */
#ifndef GS_CLASSIFIER_ENCODER_ENGINE_H
#define GS_CLASSIFIER_ENCODER_ENGINE_H

#include "classifier/encoder/pack.h"

/* The four products of a layer. Their inputs are what is rounded, and so what smoothing is
 * about. */
enum gs_product { GS_PRODUCT_QKV, GS_PRODUCT_ATTENTION, GS_PRODUCT_IN, GS_PRODUCT_OUT };
enum { GS_N_PRODUCTS = 4 };

struct gs_engine_product {
    struct gs_q8_linear linear;
    const float *smooth; /* [k]; NULL: inputs are rounded as they are */
};

struct gs_engine_layer {
    struct gs_engine_product products[GS_N_PRODUCTS]; /* QKV: 3 × hidden_padded columns */
    const float *gamma[2], *beta[2];                  /* after attention; after feed-forward */
};

struct gs_engine {
    const struct gs_encoder_kernels *kernels;
    struct gs_encoder_config config;
    size_t hidden_padded, inner_padded;
    size_t group_tokens; /* tokens that go through all layers together */
    size_t inner_rows;   /* rows of the feed-forward's middle that are alive as floats at a time */
    const float *words;  /* [vocab][hidden], or */
    const int8_t *words8;
    const float *words_scale;
    const float *positions, *type0, *gamma, *beta;
    struct gs_engine_layer *layers;
    const float *dense, *dense_bias; /* [hidden][hidden], [hidden]; NULL: absent */
    enum gs_activation dense_activation;
    const float *out, *out_bias; /* [n_labels][hidden], [n_labels] */
    size_t n_labels;
    size_t bytes;
    void *memory;
};

/* Sees each product's inputs, before smoothing and rounding: x [m][ld], k values a row. */
typedef void gs_observe_fn(void *arg, size_t layer, enum gs_product product, const float *x,
                           size_t ld, size_t m, size_t k);

struct gs_engine_workspace {
    size_t max_rows;
    float *x, *qkv, *mixed, *inner, *heads; /* rows of floats; heads: attention's own room */
    float *cls;                             /* a row for each message of a group */
    struct gs_q8_rows rows, inner_rows;
    size_t *firsts; /* [max_rows + 1] where each message of the group begins */
    void *memory;
    gs_observe_fn *observe; /* NULL: nobody looks */
    void *observe_arg;
};

/* As gs_engine_new() with these kernels. group_tokens 0: what is fastest. */
GS_MUST_CHECK
enum gs_status gs_engine_new_with(const struct gs_encoder_config *config,
                                  const struct gs_encoder_weights *weights,
                                  const struct gs_encoder_kernels *kernels, size_t group_tokens,
                                  struct gs_engine **ret, struct gs_error *err);

/* Answers from the last layer's rows: where only_first, row i is message i's first token, else
 * rows are all tokens and message i begins at firsts[i]. n messages; ret as gs_encoder_run(). */
void gs_engine_answer(const struct gs_engine *engine, struct gs_engine_workspace *work, size_t n,
                      bool only_first, float *ret_pooled, float *ret_logits);

#endif
