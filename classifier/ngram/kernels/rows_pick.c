/* Chooses the row sum for this CPU, once. GS_KERNELS=scalar or avx2 asks for a lower one. */
#include "classifier/ngram/kernels/rows.h"

#include <stdlib.h>
#include <string.h>

static const struct gs_row_kernel kernels[] = {
    {"scalar", gs_rows_sum_scalar},
#if defined(__x86_64__)
    {"avx2", gs_rows_sum_avx2},
    {"avx512", gs_rows_sum_avx512},
#endif
};

size_t gs_row_kernels(const struct gs_row_kernel **ret)
{
    *ret = kernels;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") == 0) {
        return 1;
    }
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? 3 : 2;
#else
    return 1;
#endif
}

const struct gs_row_kernel *gs_row_kernel_pick(void)
{
    const struct gs_row_kernel *rows = NULL;
    const size_t n = gs_row_kernels(&rows);
    const char *wanted =
        getenv("GS_KERNELS"); // NOLINT(concurrency-mt-unsafe): nobody sets variables

    if (wanted == NULL || *wanted == '\0') {
        return &rows[n - 1];
    }
    /* The encoder has rows that these sums have no use for: the next lower one serves. */
    wanted = strcmp(wanted, "avxvnni") == 0 ? "avx2" : wanted;
    wanted = strcmp(wanted, "amx") == 0 ? "avx512" : wanted;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(wanted, rows[i].name) == 0) {
            return &rows[i];
        }
    }
    return &rows[0];
}
