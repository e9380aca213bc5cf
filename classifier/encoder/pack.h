/* Rounding weights to s8 and laying them out for the kernels.
 *
 * Internal to the classifier. */
#ifndef GS_CLASSIFIER_ENCODER_PACK_H
#define GS_CLASSIFIER_ENCODER_PACK_H

#include "classifier/encoder/weights.h"

/* The next multiple of a product's padding, GS_Q8_N and GS_Q8_K alike. */
size_t gs_pack_padded(size_t n);

/* Rounds one output's weights: values[i] ~ scale * q8[i], |q8| <= 127, the largest becoming 127;
 * gives the scale back, 0 for a row of zeros. (Clipping to a smaller scale with less squared error
 * was measured and gains nothing at these widths.) */
float gs_pack_round(const float *values, size_t k, int8_t *q8);

/* Memory handed out piece by piece, each piece aligned to 64. With base NULL it only counts, so
 * that the same lines first measure and then fill. */
struct gs_slab {
    uint8_t *base;
    size_t used;
};
void *gs_slab_take(struct gs_slab *slab, size_t bytes);
/* Zeroed memory of that size, on huge pages where the system gives them; NULL without memory. */
void *gs_slab_memory(size_t bytes);
void gs_slab_release(void *memory); /* NULL is fine */

/* Lays out parts [n_parts] (all of the same k) as the columns of one product, each part padded, so
 * that gs_pack_columns() can give one of them back. With a counting slab nothing is written. Parts
 * may be fp32 (rounded here) or s8. */
void gs_pack_linear(struct gs_slab *slab, const struct gs_matrix *const *parts, size_t n_parts,
                    struct gs_q8_linear *ret);

/* The view of the columns [first, first + n) of a product, both multiples of GS_Q8_N. */
struct gs_q8_linear gs_pack_columns(const struct gs_q8_linear *linear, size_t first, size_t n);

#endif
