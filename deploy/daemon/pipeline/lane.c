/* The loop of a lane, and everything that can end a batch.
 *
 * A batch is open from its first record to its commit. A commit is tried when the batch is full or
 * its time is up (batch_is_due), when a rebalance takes partitions away while poll waits
 * (on_revoking), when the input ends, and when the lane is asked to stop. It ends in
 * gs_lane_commit() or in gs_lane_undo(), and nothing else may end it, because the stage's state,
 * the outputs and the input's position go forward or back together.
 *
 * Any call of the source, the stage or the sink may say one of these instead of GS_OK:
 *
 *     GS_AGAIN     nothing came: the stage may have something to say all the same (idle)
 *     GS_ABORTED   the transaction is void and the source rewound: undo, go on with a smaller batch
 *     GS_FENCED    the clients are of no more use: undo, close, open new ones, at most
 *                  GS_LANE_MAX_RESTARTS times in five minutes. The partitions are assigned anew, so
 *                  the stage drops what it holds of them: the windows of the watch come back by
 *                  restore where the state is kept, and begin again where it is not
 *     GS_CLOSED    the input is at its end: the stage says its last words, then the last commit
 *     others       the lane gives up; the service says so. When clients are made new, GS_IO counts
 *                  as one more restart
 *
 * The batch limit halves with each abort and doubles with each commit. At one record a batch that
 * is still refused again and again is that record's fault: it is called suspect, and the stage
 * sends it to the dead-letter queue instead of taking the lane down.
 *
 * A rebalance comes from inside gs_source_poll(), so its outcome is kept (failure) and dealt with
 * when poll has returned. Clients are closed sink first, and never with an open batch: leaving the
 * group calls on_revoking() a last time.
 *
 * Stopping: gs_lane_stop() only writes the time. The loop ends at its next turn and commits what is
 * open; the clients look at the same time and wait for no broker much longer
 * (ingest/kafka/kafka.h). */
#include "deploy/daemon/pipeline/lane_internal.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    RESTART_WINDOW_MS = 300000,
    POLL_MS = 100,
    MAX_SINGLE_ABORTS = 3,
    MAX_BATCH_BYTES = 32 * 1024 * 1024
};

enum gs_status gs_lane_new(const struct gs_lane_options *options, struct gs_lane **ret,
                           struct gs_error *err)
{
    struct gs_lane *lane = calloc(1, sizeof *lane);

    if (lane == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "lane %s", options->name);
    }
    lane->options = *options;
    lane->limit = options->max_messages;
    atomic_store(&lane->status.lag, -1);
    atomic_store(&lane->status.progress_ms, gs_clock_wall_ms());

    struct gs_str values[2] = {gs_str(options->stage), gs_str("committed")};
    lane->committed = gs_series(options->shard, GS_M_TRANSACTIONS, values);
    values[1] = gs_str("aborted");
    lane->aborted = gs_series(options->shard, GS_M_TRANSACTIONS, values);
    lane->consumed = gs_series(options->shard, GS_M_RECORDS_CONSUMED, values);
    lane->restarts = gs_series(options->shard, GS_M_LANE_RESTARTS, values);
    lane->duration = gs_series(options->shard, GS_M_BATCH_DURATION, values);
    *ret = lane;
    return GS_OK;
}

void gs_lane_free(struct gs_lane *lane)
{
    free(lane);
}

void gs_lane_stop(struct gs_lane *lane)
{
    int64_t never = 0;
    (void)atomic_compare_exchange_strong(&lane->stop_ns, &never, gs_clock_monotonic_ns());
}

const _Atomic int64_t *gs_lane_stop_ns(const struct gs_lane *lane)
{
    return &lane->stop_ns;
}

static bool stopping(const struct gs_lane *lane)
{
    return atomic_load(&lane->stop_ns) != 0;
}

const struct gs_lane_status *gs_lane_status(const struct gs_lane *lane)
{
    return &lane->status;
}

/* ---- rebalance, from inside poll ---- */

static void on_revoking(void *arg, bool lost)
{
    struct gs_lane *lane = arg;
    struct gs_error err = {0};

    atomic_store(&lane->status.settled, false);
    if (!lane->open) {
        return;
    }
    enum gs_status status =
        lost ? gs_sink_abort(lane->sink, lane->source, &err) : gs_lane_commit(lane, &err);
    if (lost && status == GS_OK) {
        gs_lane_undo(lane);
    }
    status = gs_lane_settle(lane, status, &err);
    if (status != GS_OK) {
        if (lane->open) {
            gs_lane_undo(lane);
        }
        lane->failure = status;
        lane->failure_err = err;
    }
}

static void on_assigned(void *arg, struct gs_str topic, int32_t partition)
{
    struct gs_lane *lane = arg;

    if (lane->options.ops->assigned != NULL) {
        lane->options.ops->assigned(lane->options.self, topic, partition);
    }
    lane->single_aborts = 0; /* a member of the past has everything refused */
    atomic_fetch_add(&lane->status.n_partitions, 1);
    gs_log(GS_LOG_INFO, lane->options.name, "assigned %.*s[%d]", GS_STR_ARGS(topic),
           (int)partition);
}

static void forget_partition(struct gs_lane *lane, struct gs_str topic, int32_t partition)
{
    if (lane->options.ops->revoked != NULL) {
        lane->options.ops->revoked(lane->options.self, topic, partition);
    }
}

static void on_revoked(void *arg, struct gs_str topic, int32_t partition)
{
    struct gs_lane *lane = arg;

    forget_partition(lane, topic, partition);
    atomic_store(&lane->status.settled, false); /* the commit has said that it was */
    atomic_fetch_sub(&lane->status.n_partitions, 1);
    gs_log(GS_LOG_INFO, lane->options.name, "revoked %.*s[%d]", GS_STR_ARGS(topic), (int)partition);
}

static enum gs_status on_kept(void *arg, struct gs_str topic, int32_t partition, struct gs_str key,
                              struct gs_str value, struct gs_error *err)
{
    const struct gs_lane *lane = arg;

    return lane->options.ops->kept(lane->options.self, topic, partition, key, value, err);
}

static enum gs_status on_restore(void *arg, struct gs_str topic, int32_t partition, int64_t offset,
                                 struct gs_error *err)
{
    struct gs_lane *lane = arg;

    return lane->options.ops->restore(lane->options.self, lane->source, topic, partition, offset,
                                      err);
}

/* ---- the loop ---- */

static int poll_wait_ms(const struct gs_lane *lane)
{
    if (!lane->open) {
        return POLL_MS;
    }
    const int64_t left_ns = lane->deadline_ns - gs_clock_monotonic_ns();
    const int64_t due_ms =
        lane->options.ops->due_ms == NULL ? -1 : lane->options.ops->due_ms(lane->options.self);
    int64_t left_ms = left_ns <= 0 ? 0 : left_ns / 1000000 + 1;

    left_ms = due_ms >= 0 && due_ms < left_ms ? due_ms : left_ms;
    return left_ms < POLL_MS ? (int)left_ms : POLL_MS;
}

static enum gs_status take(struct gs_lane *lane, const struct gs_record *record,
                           struct gs_error *err)
{
    enum gs_status status = GS_OK;

    if (!lane->open) {
        status = gs_lane_begin(lane, err);
    }
    if (status == GS_OK) {
        const bool suspect = lane->limit == 1 && lane->single_aborts >= MAX_SINGLE_ABORTS;
        status = lane->options.ops->record(lane->options.self, record, suspect, lane->sink, err);
        lane->n_records += status == GS_OK;
        lane->n_bytes += record->value.len;
    }
    return status;
}

static bool batch_is_due(const struct gs_lane *lane)
{
    return lane->open && (lane->n_records >= lane->limit || lane->n_bytes >= MAX_BATCH_BYTES ||
                          gs_clock_monotonic_ns() >= lane->deadline_ns);
}

/* Nothing came: the stage may still have something to say (event time moved on). */
static enum gs_status idle(struct gs_lane *lane, struct gs_error *err)
{
    const struct gs_stage_ops *ops = lane->options.ops;

    if (lane->open) {
        return ops->tick == NULL ? GS_OK : ops->tick(lane->options.self, lane->sink, err);
    }
    if (ops->idle != NULL) {
        ops->idle(lane->options.self, lane->source);
    }
    if (ops->pending != NULL && ops->pending(lane->options.self, lane->source)) {
        const enum gs_status status = gs_lane_begin(lane, err);
        return status != GS_OK ? status : gs_lane_commit(lane, err);
    }
    gs_lane_progress(lane);
    return GS_OK;
}

/* After the last commit: what came of it that has to be written too. */
static enum gs_status write_rest(struct gs_lane *lane, struct gs_error *err)
{
    const struct gs_stage_ops *ops = lane->options.ops;

    if (lane->open || ops->pending == NULL || !ops->pending(lane->options.self, lane->source)) {
        return GS_OK;
    }
    const enum gs_status status = gs_lane_begin(lane, err);
    return status != GS_OK ? status : gs_lane_commit(lane, err);
}

static enum gs_status end(struct gs_lane *lane, struct gs_error *err)
{
    enum gs_status status = lane->open ? GS_OK : gs_lane_begin(lane, err);

    if (status == GS_OK && lane->options.ops->end != NULL) {
        status = lane->options.ops->end(lane->options.self, lane->sink, err);
    }
    if (status == GS_OK) {
        status = gs_lane_commit(lane, err);
    }
    return status == GS_OK ? write_rest(lane, err) : status;
}

static enum gs_status step(struct gs_lane *lane, bool *ret_end, struct gs_error *err)
{
    struct gs_record record;
    enum gs_status status = gs_source_poll(lane->source, poll_wait_ms(lane), &record, err);

    if (lane->failure != GS_OK) { /* a batch that a rebalance ended */
        *err = lane->failure_err;
        status = lane->failure;
        lane->failure = GS_OK;
        return status;
    }
    lane->input_ended = status != GS_OK && status != GS_AGAIN && status != GS_CLOSED &&
                        lane->source->ops->ends_well;
    if (status == GS_CLOSED) {
        *ret_end = true;
        status = end(lane, err);
    } else if (status == GS_AGAIN) {
        status = batch_is_due(lane) ? gs_lane_commit(lane, err) : idle(lane, err);
    } else if (status == GS_OK) {
        status = take(lane, &record, err);
        if (status == GS_OK && batch_is_due(lane)) {
            status = gs_lane_commit(lane, err);
        }
    }
    if (status == GS_ABORTED) {
        *ret_end = false; /* the source is rewound: the end has to be reached again */
    }
    return gs_lane_settle(lane, status, err);
}

/* No batch is open any more: the source's last revoke calls come when the sink is gone. */
static void close_clients(struct gs_lane *lane)
{
    gs_sink_close(lane->sink);
    lane->sink = NULL;
    gs_source_close(lane->source);
    lane->source = NULL;
    forget_partition(lane, (struct gs_str){NULL, 0}, GS_EVERY_PARTITION);
    atomic_store(&lane->status.n_partitions, 0);
    atomic_store(&lane->status.assigned, false);
    atomic_store(&lane->status.settled, false);
}

static enum gs_status open_clients(struct gs_lane *lane, struct gs_error *err)
{
    const bool keeps = lane->options.ops->restore != NULL;
    const struct gs_source_events events = {.arg = lane,
                                            .assigned = on_assigned,
                                            .kept = keeps ? on_kept : NULL,
                                            .restore = keeps ? on_restore : NULL,
                                            .revoking = on_revoking,
                                            .revoked = on_revoked};

    return lane->options.open(lane->options.open_arg, &events, &lane->source, &lane->sink, err);
}

/* Tells whether one more restart is within the bound. */
static bool may_restart(struct gs_lane *lane)
{
    const int64_t now = gs_clock_monotonic_ns() / 1000000;
    int64_t *oldest = &lane->restarted_ms[lane->n_restarts % GS_LANE_MAX_RESTARTS];

    if (lane->n_restarts >= GS_LANE_MAX_RESTARTS && now - *oldest < RESTART_WINDOW_MS) {
        return false;
    }
    *oldest = now;
    lane->n_restarts++;
    return true;
}

/* The cause is the message: that there were many restarts says nothing about why. */
static enum gs_status give_up(const struct gs_lane *lane, struct gs_error *err)
{
    const struct gs_error cause = *err;
    const bool twice = strstr(cause.message, "FENCED_INSTANCE_ID") != NULL ||
                       strstr(cause.message, "_FENCED") != NULL;

    return gs_fail(err, GS_IO, "%s%s (%s: the last of %d restarts within %d s)", cause.message,
                   twice ? "; does another process have the same kafka.instance?" : "",
                   lane->options.name, GS_LANE_MAX_RESTARTS, RESTART_WINDOW_MS / 1000);
}

static enum gs_status restart(struct gs_lane *lane, struct gs_error *err)
{
    const struct timespec pause = {0, 200000000};
    enum gs_status status = GS_FENCED;

    gs_lane_undo(lane); /* once: clients that cannot be had say nothing about a batch's records */
    while (status == GS_FENCED || status == GS_AGAIN || status == GS_IO) {
        close_clients(lane);
        if (stopping(lane)) {
            return GS_OK;
        }
        gs_log(GS_LOG_WARNING, lane->options.name, "clients lost, making new ones: %s",
               err->message);
        /* Brokers that are away are waited for; clients that are lost again and again end it. So
         * does what a person has to mend, but not at once: a broker that has just come back may say
         * for a while that it knows no such topic. */
        if (status != GS_AGAIN && !may_restart(lane)) {
            return give_up(lane, err);
        }
        gs_series_add(lane->restarts, 1);
        (void)nanosleep(&pause, NULL);
        status = open_clients(lane, err);
    }
    return status;
}

enum gs_status gs_lane_run(struct gs_lane *lane, struct gs_error *err)
{
    struct gs_error lost, ignored;
    bool at_end = false;
    enum gs_status status = open_clients(lane, err);

    if (status == GS_AGAIN) { /* most likely a wrong address */
        struct gs_error why = *err;
        status = gs_fail(err, GS_IO, "%s", why.message);
    } else if (status == GS_FENCED) {
        status = restart(lane, err);
    }
    while (status == GS_OK && !at_end && !stopping(lane)) {
        status = step(lane, &at_end, err);
        if (status == GS_FENCED) {
            at_end = false;
            status = restart(lane, err);
        }
    }
    if (status == GS_OK && lane->open) { /* told to stop: finish what is in flight */
        status = gs_lane_settle(lane, gs_lane_commit(lane, err), err);
    } else if (lane->input_ended && end(lane, &lost) != GS_OK) { /* else as at the input's end */
        gs_log(GS_LOG_ERROR, lane->options.name, "the last batch is lost: %s", lost.message);
    }
    if (status == GS_OK && !at_end && lane->sink != NULL && write_rest(lane, &lost) != GS_OK) {
        gs_log(GS_LOG_WARNING, lane->options.name, "the last records are not written: %s",
               lost.message);
    }
    if (lane->open && lane->sink != NULL) { /* there is no batch without clients */
        (void)gs_sink_abort(lane->sink, lane->source, &ignored);
        gs_lane_undo(lane);
    }
    close_clients(lane);
    atomic_store(&lane->status.failed, status != GS_OK && status != GS_FENCED);
    return status == GS_FENCED ? GS_OK : status;
}
