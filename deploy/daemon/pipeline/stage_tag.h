/* The stage tag: raw record in; tagged record, observations or a DLQ record out.
 *
 * Threads: owned by its lane's thread. */
#ifndef GS_DEPLOY_STAGE_TAG_H
#define GS_DEPLOY_STAGE_TAG_H

#include "deploy/daemon/pipeline/lane.h"
#include "deploy/daemon/pipeline/observe.h"
#include "deploy/daemon/pipeline/tagger.h"

struct gs_stage_tag; /* opaque */

struct gs_stage_tag_options {
    const struct gs_assets *assets; /* borrowed */
    struct gs_tagger_options tagger;
    struct gs_observe_options observe;
    bool write_tagged; /* false: a replay that only wants alerts */
    bool log_rejects;  /* there is no DLQ to look into: say each refused record on the log */
    struct gs_shard *shard;
};

/* GS_NO_MEMORY, GS_BAD_CONFIG. */
GS_MUST_CHECK
enum gs_status gs_stage_tag_new(const struct gs_stage_tag_options *options,
                                struct gs_stage_tag **ret, struct gs_error *err);
void gs_stage_tag_free(struct gs_stage_tag *stage); /* NULL is fine */

/* Does what gs_stage_tag_ops.record does, in its parts, for who takes observations in memory (file
 * pipelines, whose watch stage runs on the same thread): a record in; each message that is tagged
 * by then out, until there is none left; its tagged record to the sink. *ret_observed: it counts (a
 * record that the sink refuses is in the DLQ instead). After finish and tick messages may be ready
 * too. */
GS_MUST_CHECK
enum gs_status gs_stage_tag_add(struct gs_stage_tag *stage, const struct gs_record *record,
                                bool suspect, struct gs_sink *sink, struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_stage_tag_tick(struct gs_stage_tag *stage, struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_stage_tag_flush(struct gs_stage_tag *stage, struct gs_error *err);
bool gs_stage_tag_next(struct gs_stage_tag *stage, struct gs_tagging **ret);
GS_MUST_CHECK
enum gs_status gs_stage_tag_put(struct gs_stage_tag *stage, struct gs_tagging *tagging,
                                struct gs_sink *sink, bool *ret_observed, struct gs_error *err);

extern const struct gs_stage_ops gs_stage_tag_ops; /* self: struct gs_stage_tag */

#endif
