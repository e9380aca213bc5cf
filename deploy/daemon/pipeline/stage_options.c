/* From the configuration to the options of both stages. */
#include "deploy/daemon/pipeline/stage_options.h"

#include <stdlib.h>
#include <string.h>

/* Many times the bytes of records that a lane puts into a batch: cleaning can make a text longer. */
enum { MAX_BATCH_BYTES = 1024 * 1024 * 1024 };

/* A micro-batch may take this share of the time in which the lane has to poll again, and in which its
 * transaction has to end: a batch may hold one micro-batch more than fits, and the commit. */
enum { SLICES = 8, MAX_POLL_INTERVAL_MS = 300000, LONGEST_SLICE_MS = 5000 };

/* librdkafka's default, unless kafka.properties says otherwise. */
static int64_t max_poll_interval_ms(const struct gs_config *config)
{
    int64_t interval = MAX_POLL_INTERVAL_MS;

    for (size_t i = 0; i < config->kafka.properties.n; i++) {
        const struct gs_property *property = &config->kafka.properties.items[i];
        if (strcmp(property->name, "max.poll.interval.ms") == 0) {
            const long long value = strtoll(property->value, NULL, 10);
            interval = value > 0 ? value : interval;
        }
    }
    return interval;
}

static int64_t slice_ms(const struct gs_config *config)
{
    if (config->input.kind != GS_INPUT_KAFKA) {
        return 0;
    }
    int64_t slice = max_poll_interval_ms(config);
    if (config->kafka.delivery == GS_EXACTLY_ONCE && config->kafka.transaction_timeout_ms < slice) {
        slice = config->kafka.transaction_timeout_ms;
    }
    slice /= SLICES;
    return slice < 1 ? 1 : slice < LONGEST_SLICE_MS ? slice : LONGEST_SLICE_MS;
}

void gs_config_batcher_options(const struct gs_config *config, struct gs_batcher_options *ret)
{
    *ret = (struct gs_batcher_options){
        .max_tokens = config->model.encoder.max_tokens,
        .max_message_tokens = config->model.encoder.max_message_tokens,
        .max_wait_ms = config->model.encoder.max_wait_ms,
        .slice_ms = slice_ms(config),
        .deadline_ms =
            config->model.tier == GS_TIER_ENCODER ? 0 : config->model.encoder.deadline_ms,
        .cache_entries = config->model.encoder.cache_entries,
        .cache_bytes = config->model.encoder.cache_bytes};
}

void gs_stage_tag_options(const struct gs_config *config, const struct gs_assets *assets,
                          struct gs_shard *shard, struct gs_stage_tag_options *ret)
{
    *ret = (struct gs_stage_tag_options){
        .assets = assets,
        .observe = {.events = config->watch.event_risks.items,
                    .n_events = config->watch.options.event_publishers > 0
                                    ? config->watch.event_risks.n
                                    : 0,
                    .min_event_p = (float)config->watch.event_min_p,
                    .topics = config->observations.topics,
                    .entities = config->observations.entities,
                    .risks = config->observations.risks,
                    .sources = config->observations.sources,
                    .promotion = config->observations.promotion,
                    .topic_lang = config->observations.topic_lang,
                    .min_topic_p = (float)config->observations.min_topic_p},
        .write_tagged = true,
        .shard = shard};
    gs_config_decode_options(config, &ret->tagger.decode);
    gs_config_norm_options(config, &ret->tagger.norm);
    ret->tagger.max_batch_bytes = MAX_BATCH_BYTES;
    ret->tagger.count_copies = true;
    gs_config_batcher_options(config, &ret->tagger.batcher);
}

void gs_stage_watch_options(const struct gs_config *config, int lane, struct gs_shard *shard,
                            struct gs_stage_watch_options *ret)
{
    *ret = (struct gs_stage_watch_options){.watch = config->watch.options,
                                           .idle_timeout_ms = config->watch.idle_timeout_ms,
                                           .max_future_ms = config->input.max_future_ms,
                                           .max_step_ms = config->watch.max_step_ms,
                                           .max_gauge_keys = config->watch.max_gauge_keys,
                                           .on_mismatch = config->state.on_mismatch,
                                           .lane = lane,
                                           .shard = shard};
    ret->watch.grave_risks = config->watch.grave_risks.items;
    ret->watch.n_grave_risks = config->watch.grave_risks.n;
    ret->watch.mild_topics = config->watch.mild_topics.items;
    ret->watch.n_mild_topics = config->watch.mild_topics.n;
}

void gs_incident_desk_options(const struct gs_config *config, size_t n_lanes,
                              struct gs_shard *shard, struct gs_incident_desk_options *ret)
{
    const bool kafka = config->output.kind == GS_OUTPUT_KAFKA;

    *ret = (struct gs_incident_desk_options){
        .incidents = config->incidents,
        .idle_timeout_ms = config->watch.idle_timeout_ms,
        .shard = shard,
        .mute_breaks = config->desk.mute_breaks,
        .records = kafka || config->output.files[GS_STREAM_INCIDENTS] != NULL};
    ret->incidents.n_feeds = n_lanes;
    if (gs_least_severity_parse(config->desk.least_severity, &ret->least, NULL) != GS_OK) {
        ret->least.n = 0; /* it is checked: this does not happen */
    }
}
