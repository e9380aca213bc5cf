/* Measures what rounding a model costs: an fp32 folder and the int8 folder made from it, on the
 * same texts.
 *
 * Threads: one. */
#ifndef GS_DEPLOY_QUANTIZE_COST_H
#define GS_DEPLOY_QUANTIZE_COST_H

#include "classifier/encoder/encoder.h"

#include <stdio.h>

/* Texts as ids, and where they say it their sentiment (GS_NEGATIVE.. or -1). */
struct gs_id_texts {
    int32_t *ids;
    size_t *starts; /* [n + 1] */
    int *sentiments;
    size_t n, room_ids, room;
};
void gs_id_texts_done(struct gs_id_texts *texts); /* {0} is fine */

struct gs_quantize_cost {
    size_t bytes[2]; /* model.safetensors, before and after */
    size_t n, n_labelled, n_logits;
    size_t n_agree, n_right[2];
    double cosine_mean, cosine_worst, logit_mean, logit_worst; /* differences of logits */
};

/* GS_IO, GS_NO_MEMORY, GS_BAD_FORMAT as gs_encoder_load(). */
GS_MUST_CHECK
enum gs_status gs_quantize_cost(const char *before, const char *after,
                                const struct gs_id_texts *texts, struct gs_quantize_cost *ret,
                                struct gs_error *err);
void gs_quantize_cost_print(const struct gs_quantize_cost *cost, FILE *out);

#endif
