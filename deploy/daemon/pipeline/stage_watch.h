/* The stage watch: observations in; alerts, late observations and DLQ records out.
 *
 * One gs_watch for each input partition, so that a partition takes its windows along when it goes.
 * Event time is one for the lane: the lowest of what its partitions have reached, less the bound
 * for lateness; a partition that the broker says is empty is left out after a while.
 *
 * Threads: owned by its lane's thread; gs_stage_watch_board() from any. */
#ifndef GS_DEPLOY_STAGE_WATCH_H
#define GS_DEPLOY_STAGE_WATCH_H

#include "alerting/detector/watch.h"
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/pipeline/event_clock.h"
#include "deploy/daemon/pipeline/incident_desk.h"
#include "deploy/daemon/pipeline/lane.h"
#include "deploy/daemon/telemetry/key_board.h"

struct gs_stage_watch; /* opaque */

/* A change of an alert, borrowed for the call. */
typedef void gs_alert_fn(void *arg, const struct gs_alert *alert);

struct gs_stage_watch_options {
    struct gs_watch_options watch;
    int64_t idle_timeout_ms;
    int64_t max_future_ms; /* an event time further ahead of its record's own is refused */
    int64_t max_step_ms;   /* a single record moves event time by this at most (event_clock.h) */
    size_t max_gauge_keys;
    int lane;   /* its number, a label */
    bool quiet; /* what it finds odd about the times is said by another that reads the same */
    /* The group whose offsets are committed together with the changes of the windows, which then
     * go to GS_STREAM_STATE, partition by partition; NULL: nothing is kept. */
    const char *changelog_group;
    enum gs_on_mismatch on_mismatch;
    struct gs_shard *shard;
    struct gs_incident_desk *desk; /* where its alerts become incidents; NULL: nowhere */
    gs_alert_fn *alert;            /* after the commit that made it durable; may be NULL */
    void *alert_arg;
    void (*advanced)(void *arg); /* event time closed bins; inside a batch; may be NULL */
    void *advanced_arg;
    bool each_bin; /* … one bin at a time, also where event time jumps */
};

GS_MUST_CHECK
enum gs_status gs_stage_watch_new(const struct gs_stage_watch_options *options,
                                  struct gs_stage_watch **ret, struct gs_error *err);
void gs_stage_watch_free(struct gs_stage_watch *stage); /* NULL is fine */

extern const struct gs_stage_ops gs_stage_watch_ops; /* self: struct gs_stage_watch */

/* The board that the lane shows; it lives as long as the stage. */
struct gs_board *gs_stage_watch_board(struct gs_stage_watch *stage);

/* For pipelines without a broker, where both stages share a thread: counts one observation (late
 * ones go to sink), as record does. The partition is the only one, "" 0, assigned before. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_add(struct gs_stage_watch *stage,
                                  const struct gs_observation *observation, struct gs_sink *sink,
                                  struct gs_error *err);

/* The end of a finite input: closes every bin that event time has reached. Inside a batch. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_close_bins(struct gs_stage_watch *stage, struct gs_sink *sink,
                                         struct gs_error *err);

/* Calls visit for every key of every partition; for those with messages in the last hour. */
void gs_stage_watch_each(const struct gs_stage_watch *stage,
                         void (*visit)(void *arg, const struct gs_key_view *view), void *arg);
void gs_stage_watch_each_heard(const struct gs_stage_watch *stage,
                               void (*visit)(void *arg, const struct gs_key_view *view), void *arg);
int64_t gs_stage_watch_watermark(const struct gs_stage_watch *stage); /* INT64_MIN: none yet */

/* Gives what came nearest to an alert, of all partitions; false: nothing. */
bool gs_stage_watch_nearest(const struct gs_stage_watch *stage, struct gs_near_miss *ret);

/* Counts what was wrong with the times of the observations so far. */
struct gs_watch_oddities {
    uint64_t ahead;             /* ahead of event time, and nobody agreed */
    uint64_t jumps;             /* of event time, since enough sources agreed */
    struct gs_clock_lead worst; /* the source with most of those ahead; n 0: none */
};
void gs_stage_watch_oddities(const struct gs_stage_watch *stage, struct gs_watch_oddities *ret);

#endif
