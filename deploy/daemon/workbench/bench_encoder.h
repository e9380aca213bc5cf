/* Measures how fast an encoder of a folder is here, and prints it for `groundswell bench`. */
#ifndef GS_DEPLOY_BENCH_ENCODER_H
#define GS_DEPLOY_BENCH_ENCODER_H

#include "deploy/daemon/inference/model_folder.h"
#include "deploy/daemon/workbench/bench_fast_tier.h"

struct gs_bench_encoder {
    struct gs_model_folder *folder;
    size_t encoder;                    /* of the model's */
    const struct gs_bench_text *texts; /* [n]; those in its languages are used */
    size_t n, n_threads;
    double seconds; /* of each of the five measurements */
};

/* One JSON object on stdout: speed in packs, time of one message alone, and what both come to
 * beside the product instruction's peak (int8 only). Without a text in its languages, a line on
 * stderr that says so. */
GS_MUST_CHECK
enum gs_status gs_bench_encoder(const struct gs_bench_encoder *bench, struct gs_error *err);

#endif
