/* The stage tag: raw record in; tagged record, observations or a DLQ record out.
 *
 * Threads: owned by its lane's thread. */
#ifndef GS_DEPLOY_STAGE_TAG_H
#define GS_DEPLOY_STAGE_TAG_H

#include "deploy/daemon/lane.h"
#include "deploy/daemon/observe.h"
#include "deploy/daemon/tagger.h"

struct gs_stage_tag; /* opaque */

struct gs_stage_tag_options {
    const struct gs_assets *assets; /* borrowed */
    struct gs_tagger_options tagger;
    struct gs_observe_options observe;
    /* Where observations go: NULL to the sink's stream, else to this function (file pipelines,
     * whose watch stage runs on the same thread). */
    gs_observe_fn *see;
    void *see_arg;
    bool write_tagged; /* false: a replay that only wants alerts */
    bool log_rejects;  /* there is no DLQ to look into: say each refused record on the log */
    struct gs_shard *shard;
};

/* GS_NO_MEMORY, GS_BAD_CONFIG. */
GS_MUST_CHECK
enum gs_status gs_stage_tag_new(const struct gs_stage_tag_options *options,
                                struct gs_stage_tag **ret, struct gs_error *err);
void gs_stage_tag_free(struct gs_stage_tag *stage); /* NULL is fine */

extern const struct gs_stage_ops gs_stage_tag_ops; /* self: struct gs_stage_tag */

#endif
