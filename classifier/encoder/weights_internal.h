/* Tensors of one file → checked arrays of our own.
 *
 * Internal to the encoder. */
#ifndef GS_CLASSIFIER_ENCODER_WEIGHTS_INTERNAL_H
#define GS_CLASSIFIER_ENCODER_WEIGHTS_INTERNAL_H

#include "classifier/encoder/folder.h"
#include "classifier/encoder/weights.h"
#include "classifier/format/safetensors.h"

struct gs_weights_reader {
    const struct gs_safetensors *all;
    struct gs_encoder_weights *weights; /* owns what is read */
    struct gs_shown path;
    struct gs_error *err;
};

/* size bytes on a cache line, given back by gs_encoder_weights_done(); NULL without memory. */
void *gs_weights_take(struct gs_encoder_weights *weights, size_t size);

/* F32, F16 or BF16, of exactly this shape (columns 0: one dimension), every number finite and no
 * larger than 1e6. */
GS_MUST_CHECK
enum gs_status gs_weights_floats(struct gs_weights_reader *reader, const char *name, size_t rows,
                                 size_t columns, const float **ret);

/* name.weight [n][k] in floats, or in I8 with name.weight_scale [n] and, may be, name.smooth [k];
 * and name.bias [n] where with_bias. */
GS_MUST_CHECK
enum gs_status gs_weights_matrix(struct gs_weights_reader *reader, const char *name, size_t n,
                                 size_t k, bool with_bias, struct gs_matrix *ret);

/* name.weight and name.bias [n]; gamma and beta in old files. */
GS_MUST_CHECK
enum gs_status gs_weights_norm(struct gs_weights_reader *reader, const char *name, size_t n,
                               const float **ret_gamma, const float **ret_beta);

#endif
