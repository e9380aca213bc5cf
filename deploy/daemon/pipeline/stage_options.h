/* From the configuration to the stages' options: the one place that knows both. */
#ifndef GS_DEPLOY_STAGE_OPTIONS_H
#define GS_DEPLOY_STAGE_OPTIONS_H

#include "deploy/daemon/config/config.h"
#include "deploy/daemon/pipeline/stage_tag.h"
#include "deploy/daemon/pipeline/stage_watch.h"

/* Borrow from config and assets. The rest of *ret is zero: the caller sets hooks. */
void gs_stage_tag_options(const struct gs_config *config, const struct gs_assets *assets,
                          struct gs_shard *shard, struct gs_stage_tag_options *ret);
void gs_config_batcher_options(const struct gs_config *config, struct gs_batcher_options *ret);
void gs_stage_watch_options(const struct gs_config *config, int lane, struct gs_shard *shard,
                            struct gs_stage_watch_options *ret);

/* Without who is told, and without the journal, which is for what runs now and not for a replay. */
void gs_incident_desk_options(const struct gs_config *config, size_t n_lanes,
                              struct gs_shard *shard, struct gs_incident_desk_options *ret);

#endif
