/* The built-in texts that `groundswell bench` and `quantize` use when no file is given. */
#ifndef GS_DEPLOY_BENCH_TEXTS_H
#define GS_DEPLOY_BENCH_TEXTS_H

#include <stddef.h>

/* Half English, half Chinese. */
extern const char *const gs_bench_texts[];
extern const size_t gs_n_bench_texts;

#endif
