/* Picks a row of scans: the best that this processor runs. */
#include "ingest/text/clean/scan.h"

#include <stdlib.h>
#include <string.h>

size_t gs_scan_rows(const struct gs_scan *rows[2])
{
    size_t n = 0;

    rows[n++] = &gs_scan_scalar;
#ifdef GS_HAVE_AVX2
    if (__builtin_cpu_supports("avx2")) {
        rows[n++] = &gs_scan_avx2;
    }
#endif
    return n;
}

const struct gs_scan *gs_scan_pick(void)
{
    const struct gs_scan *rows[2];
    const size_t n = gs_scan_rows(rows);
    /* Nothing in the program changes its environment. */
    const char *forced = getenv("GS_KERNELS"); /* NOLINT(concurrency-mt-unsafe) */

    return forced != NULL && strcmp(forced, "scalar") == 0 ? &gs_scan_scalar : rows[n - 1];
}
