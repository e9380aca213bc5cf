/* The row for CPUs with AVX2 and FMA. */
#include "classifier/encoder/kernels/avx2.h"

static const struct gs_q8_tiling tiling = {gs_q8_tile_avx2, 4};

static void linear_avx2(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                        enum gs_activation act, float *y, size_t ld)
{
    gs_q8_linear_256(w, x, m, act, y, ld, &tiling);
}

static void sums_avx2(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                      int32_t *sums, size_t ld)
{
    gs_q8_sums_256(w, x, m, sums, ld, &tiling);
}

const struct gs_encoder_kernels gs_encoder_kernels_avx2 = {
    .name = "avx2",
    .row_block = 4,
    .linear = linear_avx2,
    .sums = sums_avx2,
    .quantize = gs_quantize_avx2,
    .layer_norm = gs_layer_norm_avx2,
    .attention = gs_attention_avx2,
    .activate = gs_activate_avx2,
    .mean_rows = gs_mean_rows_avx2,
    .unit_length = gs_unit_length_avx2,
    .peak_rounds = gs_peak_rounds_avx2,
};
