/* Measurements in order (bench_sort.h). */
#include "deploy/daemon/workbench/bench_sort.h"

#include <stdlib.h>

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static int rising_ns(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void gs_bench_sort(double *rates, size_t n)
{
    qsort(rates, n, sizeof *rates, rising);
}

void gs_bench_sort_ns(uint32_t *times_ns, size_t n)
{
    qsort(times_ns, n, sizeof *times_ns, rising_ns);
}
