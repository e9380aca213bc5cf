/* Repeated measurements in rising order: their middle is the median, their ends the spread. */
#ifndef GS_DEPLOY_BENCH_SORT_H
#define GS_DEPLOY_BENCH_SORT_H

#include <stddef.h>
#include <stdint.h>

void gs_bench_sort(double *rates, size_t n);
void gs_bench_sort_ns(uint32_t *times_ns, size_t n);

#endif
