/* The metrics of a lane's encoder: what answers counts, as series.
 *
 * Threads: owned by the shard's lane. */
#ifndef GS_DEPLOY_ENCODER_SERIES_H
#define GS_DEPLOY_ENCODER_SERIES_H

#include "deploy/daemon/answers.h"

struct gs_series;
struct gs_shard;

struct gs_encoder_series {
    struct gs_series *packs, *messages, *tokens, *truncated;
    struct gs_series *hits, *misses, *evictions, *accepted, *fallbacks, *behind;
};

void gs_encoder_series_find(struct gs_shard *shard, struct gs_encoder_series *ret);
void gs_encoder_series_packed(const struct gs_encoder_series *series, size_t n_messages,
                              size_t n_tokens, double seconds);
/* What came to be since `before`. */
void gs_encoder_series_add(const struct gs_encoder_series *series,
                           const struct gs_answers_stats *now,
                           const struct gs_answers_stats *before);
void gs_encoder_series_behind(const struct gs_encoder_series *series, bool behind);

#endif
