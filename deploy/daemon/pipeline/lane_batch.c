/* One batch of a lane, from its first record to its commit or its undoing: the stage's state, the
 * outputs and the input's position go forward or back together. */
#include "deploy/daemon/pipeline/lane_internal.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/clock.h"
#include "ingest/base/log.h"

void gs_lane_progress(struct gs_lane *lane)
{
    struct gs_lane_clients clients = {.assigned = true};

    atomic_store(&lane->status.progress_ms, gs_clock_wall_ms());
    atomic_store(&lane->status.lag, gs_source_lag(lane->source));
    if (lane->options.sample != NULL) {
        lane->options.sample(lane->options.open_arg, lane->source, lane->sink, &clients);
    }
    atomic_store(&lane->status.assigned, clients.assigned);
    atomic_store(&lane->status.settled, clients.assigned);
    atomic_store(&lane->status.n_unowned, clients.n_unowned);
}

enum gs_status gs_lane_begin(struct gs_lane *lane, struct gs_error *err)
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

void gs_lane_undo(struct gs_lane *lane)
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
    gs_lane_progress(lane);
}

enum gs_status gs_lane_commit(struct gs_lane *lane, struct gs_error *err)
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

enum gs_status gs_lane_settle(struct gs_lane *lane, enum gs_status status, struct gs_error *err)
{
    if (status != GS_ABORTED) {
        return status;
    }
    gs_log(GS_LOG_WARNING, lane->options.name, "batch of %zu rolled back, going on: %s",
           lane->n_records, err->message);
    gs_lane_undo(lane);
    return GS_OK;
}
