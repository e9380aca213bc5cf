/* A pretrained transformer encoder (BERT, RoBERTa, XLM-R, DistilBERT) from its published folder:
 * ids in; pooled vectors and logits out.
 *
 *     ids ─► embeddings ─► layers × (attention, feed-forward) ─► pooling ─► head ─► logits
 *
 * Two arithmetics behind one call. fp32 on OpenBLAS is the reference, short enough to read in one
 * sitting (reference.c). int8 is the engine (engine.c on kernels/encoder.h): the tokens of many
 * messages in one matrix without padding, u7 activations with one scale per token, s8 weights with
 * one per output. A message's answer is the same bits whatever it was batched with.
 *
 * Sources: Devlin et al. 2018, arXiv:1810.04805; Liu et al. 2019, arXiv:1907.11692; Conneau et al.
 *          2019, arXiv:1911.02116; Sanh et al. 2019, arXiv:1910.01108; the code of
 *          huggingface/transformers is the definition where they are silent.
 * Threads: a gs_encoder is constant after loading; a gs_encoder_workspace is owned by one thread. */
#ifndef GS_CLASSIFIER_ENCODER_H
#define GS_CLASSIFIER_ENCODER_H

#include "classifier/encoder/config_json.h"
#include "ingest/base/words.h"

struct gs_encoder; /* opaque */

struct gs_encoder_info {
    const struct gs_encoder_config *config;
    enum gs_arithmetic arithmetic; /* FP32 or INT8 */
    const char *kernels;           /* "avx512", …; "openblas" for fp32 */
    size_t n_parameters, memory_bytes;
    const char *sha256; /* hex of the weights file */
    size_t n_logits;    /* 0: the folder has no head */
    uint64_t (*macs)(const struct gs_encoder *encoder, size_t n_tokens); /* of one message */
};

/* Loads config.json and model.safetensors. Every tensor is checked: present, shape, type, finite.
 * GS_IO, GS_NO_MEMORY; GS_BAD_FORMAT: file and reason in one sentence. */
GS_MUST_CHECK
enum gs_status gs_encoder_load(const char *dir, enum gs_arithmetic arithmetic,
                               struct gs_encoder **ret, struct gs_error *err);
void gs_encoder_free(struct gs_encoder *encoder); /* NULL is fine */
const struct gs_encoder_info *gs_encoder_info(const struct gs_encoder *encoder);

struct gs_encoder_workspace; /* opaque */

/* Room for batches of up to max_tokens tokens in all and max_messages messages; max_tokens is at
 * least config.max_tokens. Encoding does not allocate. */
GS_MUST_CHECK
enum gs_status gs_encoder_workspace_new(const struct gs_encoder *encoder, size_t max_tokens,
                                        size_t max_messages, struct gs_encoder_workspace **ret,
                                        struct gs_error *err);
void gs_encoder_workspace_free(struct gs_encoder_workspace *work); /* NULL is fine */

/* Message i has the ids [starts[i], starts[i + 1]), at least 1 and at most config.max_tokens of
 * them, template tokens included, no padding. */
struct gs_encoder_batch {
    const int32_t *ids;   /* [starts[n]] */
    const size_t *starts; /* [n + 1], starts[0] = 0 */
    size_t n;
};

/* Any ret may be NULL. ret_pooled: the embedding as sentence-transformers gives it (config.pooling,
 * config.normalize). ret_logits: what PyTorch's …ForSequenceClassification returns. Larger batches
 * than the work has room for, an id out of the vocabulary, a message too long or empty:
 * GS_BAD_FORMAT and nothing is written. */
GS_MUST_CHECK
enum gs_status gs_encoder_run(const struct gs_encoder *encoder, struct gs_encoder_workspace *work,
                              const struct gs_encoder_batch *batch,
                              float *ret_pooled, /* [n][hidden] */
                              float *ret_logits, /* [n][n_logits] */
                              struct gs_error *err);

/* ---- making an int8 folder (quantize.c) ---- */

struct gs_quantize_options {
    const char *dir, *out; /* fp32 folder in, int8 folder out (made if absent) */
    const struct gs_encoder_batch *calibration; /* tokens of example texts; n 0: no smoothing */
    float smoothing; /* below 0: what is best for each product; 0: none; to 1: SmoothQuant alpha */
};

/* Writes out/model.safetensors (I8 weights with F32 scales; names below) and copies config.json and
 * the tokenizer's files; the weights that stay fp32 are listed on log, a function of one line of
 * text. Tensors: "X.weight" I8 [n][k], "X.weight_scale" F32 [n], "X.smooth" F32 [k] where inputs
 * are smoothed; "…word_embeddings.weight" I8 [v][h] with "…word_embeddings.weight_scale" F32 [v];
 * all others F32 under their published names; metadata {"format": "groundswell-int8", "version":
 * "1"}. */
GS_MUST_CHECK
enum gs_status gs_quantize(const struct gs_quantize_options *options,
                           void (*log)(void *arg, const char *line), void *log_arg,
                           struct gs_error *err);

#endif
