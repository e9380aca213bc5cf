/* The definition of the row sum; every other kernel gives the same integers. */
#include "classifier/ngram/kernels/rows.h"

void gs_rows_sum_scalar(const int8_t *rows, size_t width, const uint32_t *index, size_t n,
                        int32_t *sums)
{
    for (size_t i = 0; i < n; i++) {
        const int8_t *row = rows + (size_t)index[i] * width;
        for (size_t c = 0; c < width; c++) {
            sums[c] += row[c];
        }
    }
}
