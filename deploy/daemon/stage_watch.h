/* The stage watch: observations in; alerts, late observations and DLQ records out.
 *
 * One gs_watch for each input partition, so that a partition takes its windows along when it goes.
 * Event time is one for the lane: the lowest of what its partitions have reached, less the bound
 * for lateness; a partition that the broker says is empty is left out after a while.
 *
 * Threads: owned by its lane's thread; gs_stage_watch_board() from any. */
#ifndef GS_DEPLOY_STAGE_WATCH_H
#define GS_DEPLOY_STAGE_WATCH_H

#include "alerting/watch.h"
#include "deploy/daemon/board.h"
#include "deploy/daemon/lane.h"

struct gs_stage_watch; /* opaque */

struct gs_stage_watch_options {
    struct gs_watch_options watch;
    int64_t idle_timeout_ms;
    int64_t max_future_ms;
    size_t max_gauge_keys;
    int lane; /* its number, a label */
    struct gs_shard *shard;
    gs_alert_fn *alert; /* after the commit that made it durable; may be NULL */
    void *alert_arg;
    void (*advanced)(void *arg); /* event time closed bins; inside a batch; may be NULL */
    void *advanced_arg;
};

GS_MUST_CHECK
enum gs_status gs_stage_watch_new(const struct gs_stage_watch_options *options,
                                  struct gs_stage_watch **ret, struct gs_error *err);
void gs_stage_watch_free(struct gs_stage_watch *stage); /* NULL is fine */

extern const struct gs_stage_ops gs_stage_watch_ops; /* self: struct gs_stage_watch */

/* What the lane shows of itself; lives as long as the stage. */
struct gs_board *gs_stage_watch_board(struct gs_stage_watch *stage);

/* For pipelines without a broker, where both stages share a thread: counts one observation (late
 * ones go to sink), as record does. The partition is the only one, "" 0, assigned before. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_see(struct gs_stage_watch *stage,
                                  const struct gs_observation *observation, struct gs_sink *sink,
                                  struct gs_error *err);

/* The end of a finite input: closes every bin that has anything in it. Inside a batch. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_close_bins(struct gs_stage_watch *stage, struct gs_sink *sink,
                                         struct gs_error *err);

/* Calls see for every key of every partition (scores of a replay). */
void gs_stage_watch_each(const struct gs_stage_watch *stage,
                         void (*see)(void *arg, const struct gs_key_view *view), void *arg);
int64_t gs_stage_watch_watermark(const struct gs_stage_watch *stage); /* INT64_MIN: none yet */

#endif
