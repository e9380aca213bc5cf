/* The tally of the stage tag: counts are kept apart while a batch is open and published once it is
 * committed, so that a batch that is rolled back counts once, when it succeeds.
 *
 * Threads: owned by its lane's thread. */
#ifndef GS_DEPLOY_STAGE_TAG_METRICS_H
#define GS_DEPLOY_STAGE_TAG_METRICS_H

#include "deploy/daemon/pipeline/tagger.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/records/source.h"

struct gs_series;
struct gs_shard;

enum {
    GS_TALLY_TOPICS = GS_MAX_LABELS + 1, /* the last: messages without a topic */
    GS_TALLY_LATENCIES = 65536,
};

struct gs_tag_counts {
    uint32_t messages[GS_TALLY_TOPICS][GS_N_SENTIMENTS];
    uint32_t rejected[GS_N_REJECTS];
    uint32_t repairs[GS_N_REPAIRS];
    uint32_t languages[GS_N_LANGS], abstained[GS_N_LANGS];
    uint32_t deciles[GS_N_LANGS][GS_N_DECILES];                /* of p(negative) */
    uint32_t entities, unread, named[2], duplicates, degraded; /* named: known, unknown */
    uint32_t tiers[GS_N_PREDICTION_TIERS];
    uint32_t produced[GS_N_STREAMS];
    size_t n_latencies;
};

struct gs_tag_tally {
    struct gs_tag_counts counts; /* of the open batch; {0} at its begin */
    int64_t *arrived_ms;         /* [GS_TALLY_LATENCIES] timestamps of the batch's records */
    struct gs_shard *shard;
    size_t n_topics;
    struct gs_series *messages[GS_TALLY_TOPICS][GS_N_SENTIMENTS];
    struct gs_series *rejected[GS_N_REJECTS], *repairs[GS_N_REPAIRS];
    struct gs_series *languages[GS_N_LANGS], *abstained[GS_N_LANGS];
    struct gs_series *deciles[GS_N_LANGS][GS_N_DECILES];
    struct gs_series *entities, *unread, *named[2], *duplicates, *produced[GS_N_STREAMS], *latency;
    struct gs_series *tiers[GS_N_PREDICTION_TIERS], *degraded;
};

/* GS_NO_MEMORY; end it with gs_tag_tally_done() all the same. */
GS_MUST_CHECK
enum gs_status gs_tag_tally_init(struct gs_tag_tally *tally, struct gs_shard *shard,
                                 const struct gs_model_info *model, struct gs_error *err);
void gs_tag_tally_done(struct gs_tag_tally *tally);

/* Another model: other topics. */
void gs_tag_tally_model(struct gs_tag_tally *tally, const struct gs_model_info *model);
void gs_tag_tally_message(struct gs_tag_tally *tally, const struct gs_model_info *model,
                          const struct gs_tagging *tagging);
void gs_tag_tally_publish(struct gs_tag_tally *tally, int64_t now_ms);

#endif
