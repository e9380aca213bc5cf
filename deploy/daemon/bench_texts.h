#ifndef GS_DEPLOY_BENCH_TEXTS_H
#define GS_DEPLOY_BENCH_TEXTS_H

#include <stddef.h>

/* The built-in mix of `bench`: half English, half Chinese. */
extern const char *const gs_bench_texts[];
extern const size_t gs_n_bench_texts;

#endif
