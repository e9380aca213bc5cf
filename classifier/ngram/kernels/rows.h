/* Sums of int8 rows: what a linear model over sparse binary features comes down to.
 *
 * The scalar row of the table defines the kernel and is always built; the sums are integers, so
 * every variant gives exactly the same. One row is picked at the first call: the best that this CPU
 * has, or the one that the environment variable GS_KERNELS names.
 *
 * Threads: stateless; the pick is the same whoever makes it. */
#ifndef GS_CLASSIFIER_ROWS_H
#define GS_CLASSIFIER_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* Adds row index[i], i < n, of the matrix rows to sums, column by column.
 *
 *   rows   [.., width] int8, 32-byte aligned; width is a multiple of 32, at most GS_MAX_WIDTH
 *   index  [n] which rows; n is at most GS_MAX_ROW_SUM (no overflow of 32 bits)
 *   sums   [width] int32, added to */
typedef void gs_rows_sum_fn(const int8_t *rows, size_t width, const uint32_t *index, size_t n,
                            int32_t *sums);

enum { GS_MAX_WIDTH = 128, GS_MAX_ROW_SUM = 1 << 20 };

struct gs_row_kernel {
    const char *name;
    gs_rows_sum_fn *sum;
};

gs_rows_sum_fn gs_rows_sum_scalar, gs_rows_sum_avx2, gs_rows_sum_avx512;

/* The kernels that this CPU can run, scalar first, best last. Returns how many (at most 3). */
size_t gs_row_kernels(const struct gs_row_kernel **ret);

/* The one to use. An unknown name in GS_KERNELS means scalar; the encoder's avxvnni and amx mean
 * avx2 and avx512. */
const struct gs_row_kernel *gs_row_kernel_pick(void);

#endif
