/* The metrics of a lane's encoder: what its batcher counts, as series.
 *
 * Threads: owned by the shard's lane. */
#ifndef GS_DEPLOY_BATCHER_METRICS_H
#define GS_DEPLOY_BATCHER_METRICS_H

#include "deploy/daemon/inference/batcher.h"

struct gs_series;
struct gs_shard;

struct gs_encoder_series {
    struct gs_series *packs, *messages, *tokens, *unknown, *truncated;
    struct gs_series *hits, *misses, *evictions, *accepted, *fallbacks, *behind;
};

void gs_encoder_series_find(struct gs_shard *shard, struct gs_encoder_series *ret);
/* The micro-batches that the batcher's last call has run. */
void gs_encoder_series_ran(const struct gs_encoder_series *series,
                           const struct gs_batcher *batcher);
/* Counts what came to be since `before`. */
void gs_encoder_series_add(const struct gs_encoder_series *series,
                           const struct gs_batcher_stats *now,
                           const struct gs_batcher_stats *before);
void gs_encoder_series_behind(const struct gs_encoder_series *series, bool behind);

#endif
