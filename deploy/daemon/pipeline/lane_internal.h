/* Shared by lane.c (the loop, rebalance, clients) and lane_batch.c (one batch). */
#ifndef GS_DEPLOY_LANE_INTERNAL_H
#define GS_DEPLOY_LANE_INTERNAL_H

#include "deploy/daemon/pipeline/lane.h"
#include "ingest/base/metrics.h"

enum { GS_LANE_MAX_RESTARTS = 10 };

struct gs_lane {
    struct gs_lane_options options;
    struct gs_source *source;
    struct gs_sink *sink;
    _Atomic int64_t stop_ns; /* 0: not asked to stop */
    struct gs_lane_status status;
    struct gs_series *committed, *aborted, *consumed, *restarts, *duration;

    bool open;        /* a batch has begun */
    bool input_ended; /* the source failed, and what it gave before is good */
    size_t n_records; /* in it */
    size_t n_bytes;   /* of their values */
    int64_t began_ns;
    int64_t deadline_ns;    /* it ends here at the latest */
    size_t limit;           /* records a batch may hold now: shrinks after aborts */
    unsigned single_aborts; /* aborts in a row of batches of one record */
    enum gs_status failure; /* of a batch ended inside a rebalance; handled when poll returns */
    struct gs_error failure_err;

    int64_t restarted_ms[GS_LANE_MAX_RESTARTS]; /* monotonic clock of the last restarts, a ring */
    size_t n_restarts;
};

/* Says how far the lane is: after a commit, and when there is nothing to do. */
void gs_lane_progress(struct gs_lane *lane);

GS_MUST_CHECK enum gs_status gs_lane_begin(struct gs_lane *lane, struct gs_error *err);
/* The open batch is void: the stage goes back, the next batch is smaller. */
void gs_lane_undo(struct gs_lane *lane);
GS_MUST_CHECK enum gs_status gs_lane_commit(struct gs_lane *lane, struct gs_error *err);
/* Ends the batch after a call that gave `status`, in whatever way it must end. GS_OK when the lane
 * may go on: committed, or undone and rewound. */
GS_MUST_CHECK enum gs_status gs_lane_settle(struct gs_lane *lane, enum gs_status status,
                                            struct gs_error *err);

#endif
