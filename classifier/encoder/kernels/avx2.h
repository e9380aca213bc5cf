/* Shared by the 256-bit rows of the encoder: "avx2" has all loops, "avxvnni" its own product only.
 *
 * A product is cut into tiles of a few rows by 16 outputs. The tile, which is the row's own, leaves
 * int32 sums; everything around it is the same for both rows and is here. A packed block of 16
 * outputs (6 kB for 384 inputs) stays in L1 while all rows of x pass by. */
#ifndef GS_CLASSIFIER_ENCODER_AVX2_H
#define GS_CLASSIFIER_ENCODER_AVX2_H

#include "classifier/encoder/kernels/kernels.h"

enum { GS_TILE_N = 16 };

/* Sums of rows of q, 1 <= n_rows <= the row's own max_rows, with the 16 outputs of one block.
 * sums [n_rows][ld], any alignment. */
typedef void gs_q8_tile_fn(const struct gs_q8_linear *w, size_t block, const uint8_t *q,
                           size_t q_ld, size_t n_rows, int32_t *sums, size_t ld);

gs_q8_tile_fn gs_q8_tile_avx2; /* at most 4 rows */

struct gs_q8_tiling {
    gs_q8_tile_fn *tile;
    size_t max_rows;
};

void gs_q8_linear_256(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                      enum gs_activation act, float *y, size_t ld,
                      const struct gs_q8_tiling *tiling);
void gs_q8_sums_256(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                    int32_t *sums, size_t ld, const struct gs_q8_tiling *tiling);

gs_peak_rounds_fn gs_peak_rounds_avx2;
gs_quantize_fn gs_quantize_avx2;
gs_layer_norm_fn gs_layer_norm_avx2;
gs_attention_fn gs_attention_avx2;
gs_activate_fn gs_activate_avx2;
gs_mean_rows_fn gs_mean_rows_avx2;
gs_unit_length_fn gs_unit_length_avx2;

#endif
