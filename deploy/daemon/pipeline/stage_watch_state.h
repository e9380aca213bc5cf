/* The state of the watch stage as records: for each partition one that names it, with its event
 * clock, and behind it those of its windows (alerting/detector/watch_state.h).
 *
 *     P        topic, partition, event clock
 *     c g k x i s    its windows */
#ifndef GS_DEPLOY_STAGE_WATCH_STATE_H
#define GS_DEPLOY_STAGE_WATCH_STATE_H

#include "alerting/detector/watch_state.h"
#include "deploy/daemon/pipeline/stage_watch.h"

/* Everything, between two batches. GS_NO_MEMORY, or what put says. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_save(struct gs_stage_watch *stage, gs_state_put_fn *put, void *arg,
                                   struct gs_error *err);

/* The record that stands before a partition's windows. */
struct gs_part;
GS_MUST_CHECK
enum gs_status gs_stage_watch_put_clock(const struct gs_part *part, gs_state_put_fn *put, void *arg,
                                        struct gs_error *err);

/* Shows the alerts that are on, which were told before. */
void gs_stage_watch_show_alerts(struct gs_stage_watch *stage, const struct gs_part *part);

/* A load into a stage whose partitions are assigned and have seen nothing: each record in the order
 * in which they were saved, then the end. {.stage = stage} is a valid one. GS_BAD_FORMAT,
 * GS_BAD_CONFIG, GS_NO_MEMORY; the stage can then only be freed. */
struct gs_stage_watch_load {
    struct gs_stage_watch *stage;
    size_t part; /* + 1, of the windows that come; 0: none yet */
    struct gs_watch_load windows;
};
GS_MUST_CHECK
enum gs_status gs_stage_watch_load_record(struct gs_stage_watch_load *load, struct gs_str key,
                                          struct gs_str value, struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_stage_watch_load_end(struct gs_stage_watch_load *load, struct gs_error *err);

/* ---- single records, for those who only look (`groundswell state`) ---- */

/* P: whose windows come. The text is lent. GS_BAD_FORMAT. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_read_place(struct gs_str value, struct gs_str *ret_topic,
                                         int32_t *ret_partition, struct gs_error *err);
/* O: up to which offset all is counted, and whose that is (stage_watch_changelog.c). GS_BAD_FORMAT. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_read_offset(struct gs_str value, int64_t *ret,
                                          struct gs_str *ret_group, struct gs_error *err);

#endif
