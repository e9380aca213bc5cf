#include "deploy/daemon/lane.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "deploy/daemon/metric_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    MAX_RESTARTS = 10,
    RESTART_WINDOW_MS = 300000,
    POLL_MS = 100,
    MAX_SINGLE_ABORTS = 3,
    MAX_BATCH_BYTES = 32 * 1024 * 1024
};

struct gs_lane {
    struct gs_lane_options options;
    struct gs_source *source;
    struct gs_sink *sink;
    _Atomic bool stop;
    struct gs_lane_status status;
    struct gs_series *committed, *aborted, *consumed, *restarts, *duration;

    bool open;        /* a batch has begun */
    size_t n_records; /* in it */
    size_t n_bytes;   /* of their values */
    int64_t began_ns;
    int64_t deadline_ns;    /* it ends here at the latest */
    size_t limit;           /* records a batch may hold now: shrinks after aborts */
    unsigned single_aborts; /* aborts in a row of batches of one record */
    enum gs_status failure; /* of a batch ended inside a rebalance; handled when poll returns */
    struct gs_error failure_err;

    int64_t restarted_ms[MAX_RESTARTS]; /* wall clock of the last restarts, a ring */
    size_t n_restarts;
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
    atomic_store(&lane->stop, true);
}

const struct gs_lane_status *gs_lane_status(const struct gs_lane *lane)
{
    return &lane->status;
}

static void progress(struct gs_lane *lane)
{
    bool assigned = true;

    atomic_store(&lane->status.progress_ms, gs_clock_wall_ms());
    atomic_store(&lane->status.lag, gs_source_lag(lane->source));
    if (lane->options.sample != NULL) {
        lane->options.sample(lane->options.open_arg, lane->source, lane->sink, &assigned);
    }
    atomic_store(&lane->status.assigned, assigned);
}

/* ---- batches ---- */

static enum gs_status begin(struct gs_lane *lane, struct gs_error *err)
{
    const enum gs_status status = gs_sink_begin(lane->sink, err);

    if (status == GS_OK) {
        lane->options.ops->begin(lane->options.self);
        lane->open = true;
        lane->n_records = 0;
        lane->n_bytes = 0;
        lane->began_ns = gs_clock_monotonic_ns();
        lane->deadline_ns = lane->began_ns + (int64_t)lane->options.max_time_ms * 1000000;
    }
    return status;
}

/* The open batch is void: the stage goes back, the next batch is smaller. */
static void undo(struct gs_lane *lane)
{
    if (lane->open) {
        lane->options.ops->undone(lane->options.self);
        lane->open = false;
        gs_series_add(lane->aborted, 1);
    }
    lane->single_aborts = lane->limit == 1 ? lane->single_aborts + 1 : 0;
    lane->limit = lane->limit > 1 ? lane->limit / 2 : 1;
}

static void done(struct gs_lane *lane)
{
    lane->open = false;
    lane->options.ops->committed(lane->options.self);
    gs_series_add(lane->committed, 1);
    gs_series_observe(lane->duration, (double)(gs_clock_monotonic_ns() - lane->began_ns) / 1e9);
    gs_series_add(lane->consumed, (double)lane->n_records);
    atomic_fetch_add(&lane->status.consumed, lane->n_records);
    lane->single_aborts = 0;
    if (lane->limit < lane->options.max_messages) {
        lane->limit = lane->limit * 2 > lane->options.max_messages ? lane->options.max_messages
                                                                   : lane->limit * 2;
    }
    progress(lane);
}

static enum gs_status commit(struct gs_lane *lane, struct gs_error *err)
{
    enum gs_status status =
        lane->options.ops->finish(lane->options.self, lane->source, lane->sink, err);

    if (status == GS_OK) {
        status = gs_sink_commit(lane->sink, lane->source, err);
    }
    if (status == GS_OK) {
        done(lane);
    }
    return status;
}

/* Ends the batch, in whatever way it must end. GS_OK when the lane may go on: committed, or undone
 * and rewound. */
static enum gs_status settle(struct gs_lane *lane, enum gs_status status, struct gs_error *err)
{
    if (status != GS_ABORTED) {
        return status;
    }
    gs_log(GS_LOG_WARNING, lane->options.name, "batch of %zu rolled back, going on: %s",
           lane->n_records, err->message);
    undo(lane);
    return GS_OK;
}

/* ---- rebalance, from inside poll ---- */

static void on_revoking(void *arg, bool lost)
{
    struct gs_lane *lane = arg;
    struct gs_error err = {0};

    if (!lane->open) {
        return;
    }
    enum gs_status status =
        lost ? gs_sink_abort(lane->sink, lane->source, &err) : commit(lane, &err);
    if (lost && status == GS_OK) {
        undo(lane);
    }
    status = settle(lane, status, &err);
    if (status != GS_OK) {
        if (lane->open) {
            undo(lane);
        }
        lane->failure = status;
        lane->failure_err = err;
    }
}

static void on_assigned(void *arg, struct gs_str topic, int32_t partition)
{
    struct gs_lane *lane = arg;

    lane->options.ops->assigned(lane->options.self, topic, partition);
    atomic_fetch_add(&lane->status.n_partitions, 1);
    gs_log(GS_LOG_INFO, lane->options.name, "assigned %.*s[%d]", GS_STR_ARGS(topic),
           (int)partition);
}

static void on_revoked(void *arg, struct gs_str topic, int32_t partition)
{
    struct gs_lane *lane = arg;

    lane->options.ops->revoked(lane->options.self, topic, partition);
    atomic_fetch_sub(&lane->status.n_partitions, 1);
    gs_log(GS_LOG_INFO, lane->options.name, "revoked %.*s[%d]", GS_STR_ARGS(topic), (int)partition);
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
        status = begin(lane, err);
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
    if (!lane->open && lane->options.ops->pending(lane->options.self, lane->source)) {
        const enum gs_status status = begin(lane, err);
        return status != GS_OK ? status : commit(lane, err);
    }
    if (!lane->open) {
        progress(lane);
    } else if (lane->options.ops->tick != NULL) {
        return lane->options.ops->tick(lane->options.self, lane->sink, err);
    }
    return GS_OK;
}

static enum gs_status end(struct gs_lane *lane, struct gs_error *err)
{
    enum gs_status status = lane->open ? GS_OK : begin(lane, err);

    if (status == GS_OK && lane->options.ops->end != NULL) {
        status = lane->options.ops->end(lane->options.self, lane->sink, err);
    }
    return status == GS_OK ? commit(lane, err) : status;
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
    if (status == GS_CLOSED) {
        *ret_end = true;
        status = end(lane, err);
    } else if (status == GS_AGAIN) {
        status = batch_is_due(lane) ? commit(lane, err) : idle(lane, err);
    } else if (status == GS_OK) {
        status = take(lane, &record, err);
        if (status == GS_OK && batch_is_due(lane)) {
            status = commit(lane, err);
        }
    }
    if (status == GS_ABORTED) {
        *ret_end = false; /* the source is rewound: the end has to be reached again */
    }
    return settle(lane, status, err);
}

static void close_clients(struct gs_lane *lane)
{
    gs_sink_close(lane->sink);
    gs_source_close(lane->source);
    lane->sink = NULL;
    lane->source = NULL;
    lane->options.ops->revoked(lane->options.self, (struct gs_str){NULL, 0}, GS_EVERY_PARTITION);
    atomic_store(&lane->status.n_partitions, 0);
    atomic_store(&lane->status.assigned, false);
}

static enum gs_status open_clients(struct gs_lane *lane, struct gs_error *err)
{
    const struct gs_source_events events = {
        .arg = lane, .assigned = on_assigned, .revoking = on_revoking, .revoked = on_revoked};

    return lane->options.open(lane->options.open_arg, &events, &lane->source, &lane->sink, err);
}

/* Whether one more restart is within the bound. */
static bool may_restart(struct gs_lane *lane)
{
    const int64_t now = gs_clock_wall_ms();
    int64_t *oldest = &lane->restarted_ms[lane->n_restarts % MAX_RESTARTS];

    if (lane->n_restarts >= MAX_RESTARTS && now - *oldest < RESTART_WINDOW_MS) {
        return false;
    }
    *oldest = now;
    lane->n_restarts++;
    return true;
}

static void pause_ms(long ms)
{
    const struct timespec wait = {ms / 1000, ms % 1000 * 1000000};

    (void)nanosleep(&wait, NULL);
}

static enum gs_status restart(struct gs_lane *lane, struct gs_error *err)
{
    enum gs_status status = GS_FENCED;

    while (status == GS_FENCED && !atomic_load(&lane->stop)) {
        gs_log(GS_LOG_WARNING, lane->options.name, "clients lost, making new ones: %s",
               err->message);
        undo(lane);
        close_clients(lane);
        if (!may_restart(lane)) {
            return gs_fail(err, GS_IO, "%s: %d restarts within %d s: giving up", lane->options.name,
                           MAX_RESTARTS, RESTART_WINDOW_MS / 1000);
        }
        gs_series_add(lane->restarts, 1);
        pause_ms(200);
        status = open_clients(lane, err);
    }
    return status == GS_FENCED ? GS_OK : status; /* told to stop meanwhile */
}

enum gs_status gs_lane_run(struct gs_lane *lane, struct gs_error *err)
{
    bool end = false;
    enum gs_status status = open_clients(lane, err);

    if (status == GS_FENCED) {
        status = restart(lane, err);
    }
    while (status == GS_OK && !end && !atomic_load(&lane->stop)) {
        status = step(lane, &end, err);
        if (status == GS_FENCED) {
            end = false;
            status = restart(lane, err);
        }
    }
    if (status == GS_OK && lane->open) { /* told to stop: finish what is in flight */
        status = settle(lane, commit(lane, err), err);
    } else if (lane->open) {
        struct gs_error ignored;
        (void)gs_sink_abort(lane->sink, lane->source, &ignored);
        undo(lane);
    }
    close_clients(lane);
    atomic_store(&lane->status.failed, status != GS_OK && status != GS_FENCED);
    return status == GS_FENCED ? GS_OK : status;
}
