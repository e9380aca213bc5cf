/* The batcher counts for itself; here its counts become metrics, as differences to what was told
 * before, so that a model that is taken over begins at zero without the metrics falling. */
#include "deploy/daemon/pipeline/batcher_metrics.h"

#include "deploy/daemon/telemetry/metric_table.h"

void gs_encoder_series_find(struct gs_shard *shard, struct gs_encoder_series *ret)
{
    static const char *const results[] = {"hit", "miss"};

    *ret = (struct gs_encoder_series){
        .packs = gs_metric_series(shard, GS_M_ENCODER_PACK_SECONDS, NULL),
        .messages = gs_metric_series(shard, GS_M_ENCODER_PACK_MESSAGES, NULL),
        .tokens = gs_metric_series(shard, GS_M_ENCODER_TOKENS, NULL),
        .unknown = gs_metric_series(shard, GS_M_ENCODER_UNKNOWN_TOKENS, NULL),
        .truncated = gs_metric_series(shard, GS_M_ENCODER_TRUNCATED, NULL),
        .hits = gs_metric_series(shard, GS_M_ANSWER_CACHE, &results[0]),
        .misses = gs_metric_series(shard, GS_M_ANSWER_CACHE, &results[1]),
        .evictions = gs_metric_series(shard, GS_M_ANSWER_CACHE_EVICTIONS, NULL),
        .accepted = gs_metric_series(shard, GS_M_CASCADE_ACCEPTED, NULL),
        .fallbacks = gs_metric_series(shard, GS_M_FALLBACKS, NULL),
        .behind = gs_metric_series(shard, GS_M_LANES_BEHIND, NULL)};
}

void gs_encoder_series_ran(const struct gs_encoder_series *series, const struct gs_batcher *batcher)
{
    const struct gs_micro_batch *ran = NULL;
    const size_t n = gs_batcher_ran(batcher, &ran);

    for (size_t i = 0; i < n; i++) {
        gs_series_observe(series->packs, ran[i].seconds);
        gs_series_observe(series->messages, (double)ran[i].n_messages);
        gs_series_add(series->tokens, (double)ran[i].n_tokens);
    }
}

static void add(struct gs_series *series, uint64_t now, uint64_t before)
{
    if (now > before) {
        gs_series_add(series, (double)(now - before));
    }
}

void gs_encoder_series_add(const struct gs_encoder_series *series,
                           const struct gs_batcher_stats *now,
                           const struct gs_batcher_stats *before)
{
    add(series->unknown, now->unknown_tokens, before->unknown_tokens);
    add(series->truncated, now->truncated, before->truncated);
    add(series->hits, now->cache_hits, before->cache_hits);
    add(series->misses, now->cache_misses, before->cache_misses);
    add(series->evictions, now->cache_evictions, before->cache_evictions);
    add(series->accepted, now->accepted, before->accepted);
    add(series->fallbacks, now->fallbacks, before->fallbacks);
}

void gs_encoder_series_behind(const struct gs_encoder_series *series, bool behind)
{
    gs_series_set(series->behind, behind ? 1 : 0);
}
