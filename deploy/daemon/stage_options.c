#include "deploy/daemon/stage_options.h"

/* Many times the bytes of records that a lane puts into a batch: cleaning can make a text longer.
 */
enum { MAX_BATCH_BYTES = 1024 * 1024 * 1024 };

void gs_stage_tag_options(const struct gs_config *config, const struct gs_assets *assets,
                          struct gs_shard *shard, struct gs_stage_tag_options *ret)
{
    *ret = (struct gs_stage_tag_options){
        .assets = assets,
        .observe = {.topics = config->observations.topics,
                    .entities = config->observations.entities,
                    .risks = config->observations.risks,
                    .sources = config->observations.sources,
                    .topic_lang = config->observations.topic_lang,
                    .min_topic_p = (float)config->observations.min_topic_p},
        .write_tagged = true,
        .shard = shard};
    gs_config_decode_options(config, &ret->tagger.decode);
    gs_config_norm_options(config, &ret->tagger.norm);
    ret->tagger.max_batch_bytes = MAX_BATCH_BYTES;
    ret->tagger.count_copies = true;
}

void gs_stage_watch_options(const struct gs_config *config, int lane, struct gs_shard *shard,
                            struct gs_stage_watch_options *ret)
{
    *ret = (struct gs_stage_watch_options){.watch = config->watch.options,
                                           .idle_timeout_ms = config->watch.idle_timeout_ms,
                                           .max_future_ms = config->input.max_future_ms,
                                           .max_gauge_keys = config->watch.max_gauge_keys,
                                           .lane = lane,
                                           .shard = shard};
}
