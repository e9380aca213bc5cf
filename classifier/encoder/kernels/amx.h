/* The AMX row's parts: whether it may run, and what a product by tiles is made of.
 *
 * AMX is eight registers ("tiles") of up to 16 rows × 64 bytes and one instruction that multiplies
 * two of them: C [16][16] int32 += A [16][64] u8 × B [64][16] s8. A is 16 rows of activations as
 * they lie, B is 64 inputs of 16 outputs as gs_q8_linear packs them.
 *
 * The blocks (amx_product.h) use the instructions through the six macros of amx.c.
 * The unit test gives the same blocks an emulation of those macros and compares with the scalar
 * row, so their logic is tested on every CPU; on one with AMX the row itself is tested too. */
#ifndef GS_CLASSIFIER_ENCODER_AMX_H
#define GS_CLASSIFIER_ENCODER_AMX_H

#include "classifier/encoder/kernels/kernels.h"

#include <stdbool.h>

/* True if the CPU has AMX with 8-bit integers and the kernel lets this process use it. Asks once;
 * the permission cannot be given back. */
bool gs_encoder_amx_permitted(void);

/* The 64 bytes that ldtilecfg reads. */
struct gs_tile_shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/* A product's sums become floats y, or stay sums if y is NULL. */
struct gs_tile_out {
    const struct gs_q8_linear *w;
    const struct gs_q8_rows *x;
    enum gs_activation act;
    float *y;
    int32_t *sums;
    size_t ld;
};

/* A block of sums [n_rows][n_columns] whose place in the product is (row, column). */
struct gs_tile_block {
    int32_t *sums;
    size_t row, column, n_rows, n_columns;
};

/* Finishes the rows [from, to) of a block; n_columns is 32 or 64. */
void gs_tile_finish_avx512(const struct gs_tile_out *out, const struct gs_tile_block *block,
                           size_t from, size_t to);

#endif
