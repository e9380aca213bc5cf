/* How fast a folder's encoder is here: what `groundswell bench` prints for it. */
#ifndef GS_DEPLOY_BENCH_ENCODER_H
#define GS_DEPLOY_BENCH_ENCODER_H

#include "deploy/daemon/model_folder.h"

struct gs_bench_encoder {
    struct gs_model_folder *folder;
    const struct gs_str *texts; /* [n] cleaned */
    size_t n, n_threads;
    double seconds; /* of each of the five measurements */
};

/* One JSON object on stdout: speed in packs, time of one message alone, and what both come to
 * beside the product instruction's peak (int8 only). */
GS_MUST_CHECK
enum gs_status gs_bench_encoder(const struct gs_bench_encoder *bench, struct gs_error *err);

#endif
