/* Sums that AMX has left in memory become floats. */
#include "classifier/encoder/kernels/amx.h"
#include "classifier/encoder/kernels/vec_avx512.h"

/* Needs the vectors above. */
#include "classifier/encoder/kernels/poly.h"

#include <string.h>

/* n_rows of n columns, one vector of columns after the other: what belongs to the columns is loaded
 * once, and the rows are independent of each other. */
static inline __attribute__((always_inline)) void finish(const struct gs_tile_out *out,
                                                         const struct gs_tile_block *block,
                                                         size_t from, size_t to,
                                                         const enum gs_activation act)
{
    for (size_t j = 0; j < block->n_columns; j += VEC) {
        const size_t column = block->column + j;
        const vec w_scale = _mm512_loadu_ps(out->w->scale + column);
        const vec w_sum = _mm512_loadu_ps(out->w->sum + column);
        const vec bias = _mm512_loadu_ps(out->w->bias + column);
        for (size_t i = from; i < to; i++) {
            const size_t row = block->row + i;
            const __m512i sums = _mm512_loadu_si512(block->sums + i * block->n_columns + j);
            const vec base = vec_fma(vec_set(out->x->offset[row]), w_sum, bias);
            const vec y = vec_fma(vec_set(out->x->scale[row]),
                                  vec_mul(_mm512_cvtepi32_ps(sums), w_scale), base);
            _mm512_storeu_ps(out->y + row * out->ld + column, gs_poly_activate(y, act));
        }
    }
}

void gs_tile_finish_avx512(const struct gs_tile_out *out, const struct gs_tile_block *block,
                           size_t from, size_t to)
{
    if (out->y == NULL) {
        for (size_t i = from; i < to; i++) {
            memcpy(out->sums + (block->row + i) * out->ld + block->column,
                   block->sums + i * block->n_columns, block->n_columns * sizeof *block->sums);
        }
        return;
    }
    switch (out->act) {
    case GS_ACT_NONE:
        finish(out, block, from, to, GS_ACT_NONE);
        break;
    case GS_ACT_GELU:
        finish(out, block, from, to, GS_ACT_GELU);
        break;
    case GS_ACT_GELU_TANH:
        finish(out, block, from, to, GS_ACT_GELU_TANH);
        break;
    case GS_ACT_RELU:
        finish(out, block, from, to, GS_ACT_RELU);
        break;
    case GS_ACT_TANH:
        finish(out, block, from, to, GS_ACT_TANH);
        break;
    }
}
