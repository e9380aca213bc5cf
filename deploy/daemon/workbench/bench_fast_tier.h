/* Measures the n-gram tier of a model for `groundswell bench`: messages and n-grams a second with
 * and without cleaning, the time of one message, and the share of the row gather's own rate. */
#ifndef GS_DEPLOY_BENCH_FAST_TIER_H
#define GS_DEPLOY_BENCH_FAST_TIER_H

#include "ingest/base/error.h"

#include <stddef.h>

struct gs_model;

struct gs_bench_text {
    char *raw, *clean;
    size_t raw_len, clean_len, lang;
};

struct gs_bench_fast_tier {
    const struct gs_model *model;
    const struct gs_bench_text *texts; /* [n], n > 0 */
    size_t n;
    size_t n_threads; /* 1 to 256 */
    double seconds;   /* of each of the five repeats */
};

/* Prints one JSON object on stdout. GS_NO_MEMORY. */
enum gs_status gs_bench_fast_tier(const struct gs_bench_fast_tier *bench, struct gs_error *err);

#endif
