/* A published encoder as a network to train, and the trained network as a folder again.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_PRETRAINED_H
#define GS_CLASSIFIER_TRAIN_ENCODER_PRETRAINED_H

#include "classifier/train/encoder/net.h"
#include "classifier/train/encoder/tune_quality.h"

struct gs_pretrained {
    struct gs_encoder_config config; /* of the folder; layers: those that are kept */
    struct gs_net net;               /* owns values and words */
    float *types;                    /* [types][h] of the folder; row 0 is trained in net */
    char sha256[65];                 /* of the folder's weights */
    size_t n_kept_labels;            /* outputs that go on from the folder's head */
};

struct gs_pretrained_options {
    const char *dir;
    size_t layers; /* 0: all; else the first so many */
    enum gs_net_pooling pooling;
    size_t n_out;
    uint64_t seed;                   /* of new heads */
    const struct gs_tune_data *data; /* names the outputs; NULL: all are new */
    bool
        as_it_is; /* to look at, not to train: pooling, outputs and head are the folder's, which may
                      hold int8 weights */
};

/* Reads config.json and model.safetensors. A label that the folder's own head has under the name
 * "head/label", over the same pooling and all its layers, goes on from there (training a model
 * further); every other gets small random weights. GS_BAD_FORMAT as
 * gs_encoder_load(); GS_BAD_CONFIG: more layers than there are, int8 weights; as_it_is: no head. */
GS_MUST_CHECK
enum gs_status gs_pretrained_load(const struct gs_pretrained_options *options,
                                  struct gs_pretrained **ret, struct gs_error *err);
void gs_pretrained_free(struct gs_pretrained *base); /* NULL is fine */

struct gs_pretrained_manifest {
    const char *name, *version; /* plain names */
    size_t max_tokens;
    const struct gs_tune_data *data;
    const struct gs_tune_calibration *calibration;
    const char *provenance, *metrics; /* JSON objects */
};

/* Writes out (made where it is not there): config.json, model.safetensors, the tokenizer's files as
 * they are in dir, groundswell.json last. Each file appears whole or not at all. GS_IO. */
GS_MUST_CHECK
enum gs_status gs_pretrained_write(const struct gs_pretrained *base, const struct gs_net *net,
                                   const char *dir, const char *out,
                                   const struct gs_pretrained_manifest *manifest,
                                   struct gs_error *err);

#endif
