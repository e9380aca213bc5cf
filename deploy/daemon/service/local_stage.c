/* Both stages as one, for a lane that reads files: a raw line is tagged, what it counts for goes to
 * stage watch in memory, in the order of the lines. A file of tagged records or of observations
 * joins further down: its first line decides for the whole file.
 *
 *     raw ────► stage tag ──► observations ──┐
 *     tagged ──────────────► observe ────────┼─► pace ──► stage watch ──► alerts, late
 *     observation ───────────────────────────┘
 */
#include "deploy/daemon/service/local_internal.h"

#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <stdio.h>
#include <time.h>

/* ---- pace ---- */

static void keep_pace(struct gs_local *local, int64_t ts_ms)
{
    if (!(local->options->speed > 0)) {
        return;
    }
    const int64_t now_ns = gs_clock_monotonic_ns();
    if (local->first_wall_ns == 0) {
        local->first_wall_ns = now_ns;
        local->first_ts_ms = ts_ms;
    }
    const double due_ns = (double)(ts_ms - local->first_ts_ms) * 1e6 / local->options->speed;
    const double early_ns = due_ns - (double)(now_ns - local->first_wall_ns);
    if (early_ns > 1e6) {
        const double wait_ns =
            early_ns < 1e9 ? early_ns : 1e9; /* a signal is heard within a second */
        const struct timespec wait = {(time_t)(wait_ns / 1e9), (long)wait_ns % 1000000000L};
        (void)nanosleep(&wait, NULL);
    }
}

/* ---- one line ---- */

static enum gs_status put_observation(struct gs_local *local,
                                      const struct gs_observation *observation,
                                      struct gs_sink *sink, struct gs_error *err)
{
    gs_buf_reset(&local->json);
    gs_observation_encode(observation, &local->json);
    if (!gs_buf_ok(&local->json)) {
        return gs_fail(err, GS_NO_MEMORY, "observation");
    }
    const struct gs_output output = {.key = observation->key,
                                     .value = gs_buf_str(&local->json),
                                     .timestamp_ms = observation->ts_ms,
                                     .partition = -1};
    return gs_sink_put(sink, GS_STREAM_OBSERVATIONS, &output, err);
}

/* An observation on its way from tag to watch. */
static enum gs_status watch(struct gs_local *local, const struct gs_observation *observation,
                            struct gs_sink *sink, struct gs_error *err)
{
    if (local->options->config->output.files[GS_STREAM_OBSERVATIONS] != NULL &&
        local->kind != GS_LINE_OBSERVATION) {
        const enum gs_status status = put_observation(local, observation, sink, err);
        if (status != GS_OK) {
            return status;
        }
    }
    local->totals.observations++;
    local->n_observed++;
    if (observation->ts_ms < local->totals.from_ms) {
        local->totals.from_ms = observation->ts_ms;
    }
    if (observation->ts_ms > local->totals.to_ms) {
        local->totals.to_ms = observation->ts_ms;
    }
    keep_pace(local, observation->ts_ms);
    return local->watch == NULL ? GS_OK : gs_stage_watch_add(local->watch, observation, sink, err);
}

/* Observes the keys that a tagged message counts for. */
static enum gs_status watch_keys(struct gs_local *local, const struct gs_tagged *tagged,
                                 struct gs_sink *sink, struct gs_error *err)
{
    const struct gs_observation *observation = NULL;
    struct gs_observer observer;

    gs_observer_start(&observer, &local->observe, tagged);
    while (gs_observer_next(&observer, &observation)) {
        const enum gs_status status = watch(local, observation, sink, err);
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

/* The same for all that follow. */
static enum gs_status watch_all(struct gs_local *local, const struct gs_tagged *tagged,
                                struct gs_sink *sink, struct gs_error *err)
{
    enum gs_status status = watch_keys(local, tagged, sink, err);

    for (struct gs_local *next = local->follower; next != NULL && status == GS_OK;
         next = next->follower) {
        status = watch_keys(next, tagged, &gs_nowhere, err);
    }
    return status;
}

static enum gs_status watch_observation(struct gs_local *local,
                                        const struct gs_observation *observation,
                                        struct gs_sink *sink, struct gs_error *err)
{
    enum gs_status status = watch(local, observation, sink, err);

    for (struct gs_local *next = local->follower; next != NULL && status == GS_OK;
         next = next->follower) {
        status = watch(next, observation, &gs_nowhere, err);
    }
    return status;
}

static void tell_message(const struct gs_local *local, const struct gs_local_message *message)
{
    if (local->options->message != NULL) {
        local->options->message(local->options->message_arg, message);
    }
}

static void tell_tagged(const struct gs_local *local, const struct gs_record *record,
                        const struct gs_tagged *tagged)
{
    const struct gs_local_message message = {.record = record,
                                             .id = tagged->message->id,
                                             .model_name = tagged->model_name,
                                             .model_version = tagged->model_version,
                                             .model_sha256 = tagged->model_sha256,
                                             .raw = local->kind == GS_LINE_RAW};

    tell_message(local, &message);
}

/* All messages that are tagged by now; status: how the call went that made them so. */
static enum gs_status take_tagged(struct gs_local *local, enum gs_status status,
                                  struct gs_sink *sink, struct gs_error *err)
{
    struct gs_tagging *tagging = NULL;

    if (status != GS_OK) {
        return status;
    }
    while (gs_stage_tag_next(local->tag, &tagging)) {
        bool observed = false;
        status = gs_stage_tag_put(local->tag, tagging, sink, &observed, err);
        if (observed) {
            tell_tagged(local, &tagging->record, &tagging->tagged);
            status = watch_all(local, &tagging->tagged, sink, err);
        }
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

/* All messages that wait. */
static enum gs_status flush(struct gs_local *local, struct gs_sink *sink, struct gs_error *err)
{
    return local->follows ? GS_OK
                          : take_tagged(local, gs_stage_tag_flush(local->tag, err), sink, err);
}

static enum gs_line_kind kind_of(struct gs_local *local, struct gs_str line)
{
    struct gs_observation observation;
    struct gs_tagged tagged;
    struct gs_error ignored;

    gs_arena_reset(local->arena);
    if (gs_observation_decode(line, local->arena, &observation, &ignored) == GS_OK) {
        return GS_LINE_OBSERVATION;
    }
    return gs_tagged_decode(line, local->arena, &tagged, &ignored) == GS_OK ? GS_LINE_TAGGED
                                                                            : GS_LINE_RAW;
}

/* Messages of the file before that still wait come first: the next file's lines may not have to
 * wait. */
static enum gs_status know_kind(struct gs_local *local, const struct gs_record *record,
                                struct gs_sink *sink, struct gs_error *err)
{
    if (gs_str_equal(gs_str(local->file), record->topic)) {
        return GS_OK;
    }
    const enum gs_status status = flush(local, sink, err);
    local->kind = kind_of(local, record->value);
    (void)snprintf(local->file, sizeof local->file, "%.*s", GS_STR_ARGS(record->topic));
    return status;
}

static enum gs_status refuse(struct gs_local *local, const struct gs_record *record,
                             const struct gs_error *why)
{
    gs_log(local->shadow ? GS_LOG_DEBUG : GS_LOG_WARNING, "input", "%.*s:%lld: %s, skipping",
           GS_STR_ARGS(record->topic), (long long)record->offset, why->message);
    local->totals.rejected++;
    return GS_OK;
}

static enum gs_status replay_line(struct gs_local *local, const struct gs_record *record,
                                  struct gs_sink *sink, struct gs_error *err)
{
    struct gs_observation observation;
    struct gs_tagged tagged;

    gs_arena_reset(local->arena);
    if (local->kind == GS_LINE_OBSERVATION) {
        if (gs_observation_decode(record->value, local->arena, &observation, err) != GS_OK) {
            return refuse(local, record, err);
        }
        tell_message(local, &(const struct gs_local_message){
                                .record = record, .id = observation.id, .key = observation.key});
        return watch_observation(local, &observation, sink, err);
    }
    if (gs_tagged_decode(record->value, local->arena, &tagged, err) != GS_OK) {
        return refuse(local, record, err);
    }
    tell_tagged(local, record, &tagged);
    return watch_all(local, &tagged, sink, err);
}

/* ---- the stage's calls: both stages as one ---- */

static void begin(void *self)
{
    struct gs_local *local = self;

    local->n_observed = 0;
    gs_local_state_begin(local);
    if (!local->follows) {
        gs_stage_tag_ops.begin(local->tag);
    }
    if (local->watch != NULL) {
        gs_stage_watch_ops.begin(local->watch);
    }
}

static enum gs_status on_record(void *self, const struct gs_record *record, bool suspect,
                                struct gs_sink *sink, struct gs_error *err)
{
    struct gs_local *local = self;
    bool counted = false;

    enum gs_status status = gs_local_state_line(local, record, &counted, err);
    if (status != GS_OK || counted) {
        return status;
    }
    local->totals.lines++;
    if (local->options->line != NULL) {
        local->options->line(local->options->line_arg, record->value.len);
    }
    status = know_kind(local, record, sink, err);
    if (status != GS_OK) {
        return status;
    }
    return local->kind == GS_LINE_RAW
               ? take_tagged(local, gs_stage_tag_add(local->tag, record, suspect, sink, err), sink,
                             err)
               : replay_line(local, record, sink, err);
}

/* Records of incidents that wait; bins close with the lines alone. */
static bool pending(void *self, const struct gs_source *source)
{
    const struct gs_local *local = self;

    (void)source;
    return gs_incident_desk_pending(local->desk);
}

static int64_t due_ms(void *self)
{
    struct gs_local *local = self;

    return gs_stage_tag_ops.due_ms(local->tag);
}

static enum gs_status tick(void *self, struct gs_sink *sink, struct gs_error *err)
{
    struct gs_local *local = self;

    return take_tagged(local, gs_stage_tag_tick(local->tag, err), sink, err);
}

static enum gs_status finish(void *self, const struct gs_source *source, struct gs_sink *sink,
                             struct gs_error *err)
{
    struct gs_local *local = self;

    (void)source; /* its partition is the file's, not the windows' */
    const enum gs_status status = flush(local, sink, err);
    return status != GS_OK || local->watch == NULL
               ? status
               : gs_stage_watch_ops.finish(local->watch, NULL, sink, err);
}

static enum gs_status end(void *self, struct gs_sink *sink, struct gs_error *err)
{
    struct gs_local *local = self;

    enum gs_status status = flush(local, sink, err);
    if (status == GS_OK) {
        status = gs_local_state_leave_file(local, err);
    }
    /* With a state the input goes on another time: its last bins stay open. */
    return status != GS_OK || local->watch == NULL || local->state != NULL
               ? status
               : gs_stage_watch_close_bins(local->watch, sink, err);
}

static void committed(void *self)
{
    struct gs_local *local = self;

    if (!local->follows) {
        gs_stage_tag_ops.committed(local->tag);
    }
    gs_series_add(local->produced, (double)local->n_observed);
    gs_series_add(local->watched, local->watch == NULL ? 0 : (double)local->n_observed);
    if (local->watch != NULL) {
        gs_stage_watch_ops.committed(local->watch);
    }
    gs_local_state_committed(local);
}

static void idle(void *self, const struct gs_source *source)
{
    (void)source;
    gs_local_state_committed(self);
}

static void undone(void *self)
{
    struct gs_local *local = self;

    gs_local_state_undo(local);
    if (!local->follows) {
        gs_stage_tag_ops.undone(local->tag);
    }
    if (local->watch != NULL) {
        gs_stage_watch_ops.undone(local->watch);
    }
}

const struct gs_stage_ops gs_local_ops = {
    .begin = begin,
    .record = on_record,
    .pending = pending,
    .idle = idle,
    .due_ms = due_ms,
    .tick = tick,
    .finish = finish,
    .end = end,
    .committed = committed,
    .undone = undone,
};
