/* An encoder's tensors by what they do, whichever family and type the file had.
 *
 * Internal to the classifier. */
#ifndef GS_CLASSIFIER_ENCODER_WEIGHTS_H
#define GS_CLASSIFIER_ENCODER_WEIGHTS_H

#include "classifier/encoder/encoder.h"

/* y = x W^T + bias, W [n][k]. Either values (fp32) or q8 with scale (the int8 folder): then
 * W = scale[n] * q8, and inputs are multiplied by smooth [k] first unless it is NULL. n 0: absent.
 */
struct gs_matrix {
    size_t n, k;
    const float *values;
    const int8_t *q8;
    const float *scale, *smooth;
    const float *bias; /* [n]; NULL: none */
};

struct gs_encoder_layer {
    struct gs_matrix query, key, value, attention_out, feed_in, feed_out;
    const float *attention_gamma, *attention_beta; /* [hidden] */
    const float *out_gamma, *out_beta;
};

/* Every pointer is aligned for its type and lives as long as the weights do. */
struct gs_encoder_weights {
    struct gs_matrix words;          /* [vocab][hidden] */
    const float *positions;          /* [config.positions][hidden] */
    const float *type0;              /* [hidden], token type 0; NULL: the family has none */
    const float *gamma, *beta;       /* [hidden], after the embeddings */
    struct gs_encoder_layer *layers; /* [config.layers] */
    /* The head, as the family has it: BERT tanh(pooler(cls)) → out; RoBERTa tanh(dense(cls)) → out;
     * DistilBERT relu(pre_classifier(cls)) → out. Without a head (out.n 0) dense is the pooler of
     * BERT and RoBERTa where the file has one; GS_POOL_POOLER is refused where it has not. */
    struct gs_matrix dense, out;
    enum gs_activation dense_activation;
    bool int8; /* the file was made by gs_quantize() */
    size_t n_parameters, bytes;
    char sha256[65];
    void *owner; /* what holds the memory */
};

/* The row of positions that a message's next token takes; *next begins at config->first_position.
 * RoBERTa gives the pad token, should a text hold one, the row of padding and does not count it. */
static inline size_t gs_encoder_position(const struct gs_encoder_config *config, int32_t id,
                                         size_t *next)
{
    const size_t pad = config->first_position - 1;
    return config->first_position > 0 && (size_t)id == pad ? pad : (*next)++;
}

GS_MUST_CHECK
enum gs_status gs_encoder_weights_read(const char *dir, const struct gs_encoder_config *config,
                                       struct gs_encoder_weights *ret, struct gs_error *err);
void gs_encoder_weights_done(struct gs_encoder_weights *weights); /* {0} is fine */

/* ---- the two arithmetics; encoder.c checks batches and calls one of them ---- */

struct gs_reference_workspace;
GS_MUST_CHECK
enum gs_status gs_reference_workspace_new(const struct gs_encoder_config *config, size_t max_tokens,
                                          size_t max_messages, struct gs_reference_workspace **ret,
                                          struct gs_error *err);
void gs_reference_workspace_free(struct gs_reference_workspace *work);
void gs_reference_run(const struct gs_encoder_config *config,
                      const struct gs_encoder_weights *weights, struct gs_reference_workspace *work,
                      const struct gs_encoder_batch *batch, float *ret_pooled, float *ret_logits);

struct gs_engine; /* packed weights */
struct gs_engine_workspace;
/* Packs (and rounds, where the weights are fp32); weights may be done with afterwards. */
GS_MUST_CHECK
enum gs_status gs_engine_new(const struct gs_encoder_config *config,
                             const struct gs_encoder_weights *weights, struct gs_engine **ret,
                             struct gs_error *err);
void gs_engine_free(struct gs_engine *engine);
size_t gs_engine_bytes(const struct gs_engine *engine);
const char *gs_engine_kernels(const struct gs_engine *engine);
GS_MUST_CHECK
enum gs_status gs_engine_workspace_new(const struct gs_engine *engine, size_t max_tokens,
                                       size_t max_messages, struct gs_engine_workspace **ret,
                                       struct gs_error *err);
void gs_engine_workspace_free(struct gs_engine_workspace *work);
void gs_engine_run(const struct gs_engine *engine, struct gs_engine_workspace *work,
                   const struct gs_encoder_batch *batch, float *ret_pooled, float *ret_logits);

#endif
