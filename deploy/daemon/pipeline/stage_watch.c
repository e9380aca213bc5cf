/* The stage's records and batches: an observation is decoded, held to the bounds of time, counted by
 * its partition's gs_watch, and sent to `late` or the dead-letter queue where it cannot be.
 * stage_watch_parts.c has the partitions, stage_watch_time.c moves event time, stage_watch_alerts.c
 * writes the alerts, stage_watch_changelog.c what is kept of the windows. */
#include "deploy/daemon/pipeline/stage_watch.h"

#include "deploy/daemon/pipeline/dlq.h"
#include "deploy/daemon/pipeline/stage_watch_internal.h"
#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <stdlib.h>

/* A batch's observations are at most the lane's bytes of records; alerts come on top. */
enum { MAX_BATCH_BYTES = 512 * 1024 * 1024, MAX_ALERT_BYTES = 1024 * 1024, PARKED_MS = 600000 };

enum gs_status gs_stage_watch_new(const struct gs_stage_watch_options *options,
                                  struct gs_stage_watch **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_stage_watch *stage = calloc(1, sizeof *stage);

    if (stage == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "stage watch");
    }
    stage->options = *options;
    stage->options.watch.routine = true; /* so that what people look at is of now */
    stage->watermark_ms = GS_NO_TIME;
    stage->json.max = MAX_ALERT_BYTES;
    stage->last_pending = &stage->first_pending;
    struct gs_watch *trial =
        NULL; /* says now what is wrong with the options, not at an assignment */
    status = gs_watch_new(&options->watch, &trial, err);
    gs_watch_free(trial);
    stage->arrived_ms = calloc(GS_MAX_LATENCIES, sizeof *stage->arrived_ms);
    if (status == GS_OK && stage->arrived_ms == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "stage watch");
    }
    if (status == GS_OK) {
        status = gs_arena_new(MAX_BATCH_BYTES, &stage->arena, err);
    }
    if (status == GS_OK) {
        status = gs_board_new(options->shard, options->max_gauge_keys, &stage->board, err);
    }
    if (status != GS_OK) {
        gs_stage_watch_free(stage);
        return status;
    }
    gs_stage_watch_find_series(stage);
    *ret = stage;
    return GS_OK;
}

void gs_stage_watch_free(struct gs_stage_watch *stage)
{
    if (stage == NULL) {
        return;
    }
    gs_stage_watch_drop_parts(stage);
    free(stage->arrived_ms);
    gs_board_free(stage->board);
    gs_arena_free(stage->arena);
    gs_buf_done(&stage->json);
    free(stage);
}

struct gs_board *gs_stage_watch_board(struct gs_stage_watch *stage)
{
    return stage->board;
}

int64_t gs_stage_watch_watermark(const struct gs_stage_watch *stage)
{
    return stage->watermark_ms;
}

/* ---- batches ---- */

static void begin(void *self)
{
    struct gs_stage_watch *stage = self;

    gs_arena_reset(stage->arena);
    stage->first_pending = NULL;
    stage->last_pending = &stage->first_pending;
    memset(stage->results, 0, sizeof stage->results);
    memset(stage->rejected, 0, sizeof stage->rejected);
    stage->late = 0;
    stage->ahead = 0;
    stage->jumps = 0;
    stage->alerts_out = 0;
    stage->state_out = 0;
    stage->n_arrived = 0;
    stage->watermark_was_ms = stage->watermark_ms;
    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_watch_begin(stage->parts[i].watch);
        stage->parts[i].clock_was = stage->parts[i].clock;
        gs_part_begin_changes(&stage->parts[i]);
    }
}

static void undone(void *self)
{
    struct gs_stage_watch *stage = self;

    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_watch_undo(stage->parts[i].watch);
        stage->parts[i].clock = stage->parts[i].clock_was;
        gs_part_end_changes(&stage->parts[i], false);
    }
    stage->watermark_ms = stage->watermark_was_ms;
    gs_incident_desk_unwritten(stage->options.desk, (size_t)stage->options.lane);
}

static bool pending(void *self, const struct gs_source *source)
{
    struct gs_stage_watch *stage = self;

    gs_stage_watch_drop_parked(stage, PARKED_MS);
    return gs_stage_watch_closes_a_bin(stage, gs_stage_watch_reached(stage, source)) ||
           gs_incident_desk_pending(stage->options.desk) || gs_stage_watch_has_unsaved(stage);
}

/* ---- one observation ---- */

static enum gs_status put_late(struct gs_stage_watch *stage,
                               const struct gs_observation *observation, struct gs_sink *sink,
                               struct gs_error *err)
{
    const struct gs_output output = {
        .key = observation->key, .timestamp_ms = observation->ts_ms, .partition = -1};

    gs_buf_reset(&stage->json);
    gs_observation_encode(observation, &stage->json);
    if (!gs_buf_ok(&stage->json)) {
        return gs_fail(err, GS_NO_MEMORY, "late observation");
    }
    stage->late++;
    return gs_stage_watch_put(stage, sink, GS_STREAM_LATE, &output, err);
}

static enum gs_status count_observation(struct gs_stage_watch *stage, struct gs_part *part,
                                        const struct gs_observation *observation,
                                        struct gs_sink *sink, struct gs_error *err)
{
    const enum gs_observation_result result = gs_watch_add(part->watch, observation);

    stage->results[result]++;
    if (result == GS_OBSERVATION_TOO_LATE) {
        return put_late(stage, observation, sink, err);
    }
    if (result != GS_OBSERVATION_REFUSED) {
        gs_stage_watch_note_time(stage, part, observation->source, observation->ts_ms);
    }
    /* Bins close at the record that brings event time past their end, not when a batch happens to
     * end, so that the same log gives the same alerts however it is cut into batches. */
    const int64_t now = gs_stage_watch_reached(stage, NULL);
    return gs_stage_watch_closes_a_bin(stage, now) ? gs_stage_watch_advance(stage, now, sink, err)
                                                   : GS_OK;
}

enum gs_status gs_stage_watch_add(struct gs_stage_watch *stage,
                                  const struct gs_observation *observation, struct gs_sink *sink,
                                  struct gs_error *err)
{
    return stage->n_parts == 0 ? gs_fail(err, GS_NO_MEMORY, "no windows")
                               : count_observation(stage, &stage->parts[0], observation, sink, err);
}

/* Gives the time that a record's event time may not pass: its own time (the clock's, when it has
 * none) and max_future. A backlog is read long after it was written, so the clock alone would let
 * through whatever lies between. */
static int64_t latest_allowed(const struct gs_stage_watch *stage, const struct gs_record *record,
                              int64_t now_ms)
{
    const bool own = record->timestamp_ms > 0 && record->timestamp_ms < now_ms;

    return (own ? record->timestamp_ms : now_ms) + stage->options.max_future_ms;
}

/* Why a record is no observation; GS_REJECT_NONE with err->status GS_NO_MEMORY when we cannot
 * tell. */
static enum gs_reject decode(struct gs_stage_watch *stage, const struct gs_record *record,
                             int64_t now_ms, struct gs_observation *ret, struct gs_error *err)
{
    err->status = GS_OK;
    if (record->value.bytes == NULL) {
        (void)gs_fail(err, GS_BAD_FORMAT, "an observation with a null value");
        return GS_REJECT_NULL_VALUE;
    }
    const enum gs_status status = gs_observation_decode(record->value, stage->arena, ret, err);
    if (status != GS_OK) {
        return status == GS_NO_MEMORY ? GS_REJECT_NONE : GS_REJECT_BAD_JSON;
    }
    const int64_t latest_ms = latest_allowed(stage, record, now_ms);
    if (ret->ts_ms > latest_ms) {
        (void)gs_fail(err, GS_BAD_FORMAT, "its time is %lld s ahead of its record's",
                      (long long)((ret->ts_ms - latest_ms + stage->options.max_future_ms) / 1000));
        return GS_REJECT_FUTURE_TIME;
    }
    return GS_REJECT_NONE;
}

static enum gs_status on_record(void *self, const struct gs_record *record, bool suspect,
                                struct gs_sink *sink, struct gs_error *err)
{
    struct gs_stage_watch *stage = self;
    struct gs_part *part = gs_stage_watch_find_part(stage, record->topic, record->partition);
    const int64_t now_ms = gs_clock_wall_ms();
    struct gs_observation observation;

    if (part == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no windows for %.*s[%d]", GS_STR_ARGS(record->topic),
                       (int)record->partition);
    }
    part->came_ms = now_ms;
    part->counted = record->offset + 1;
    part->moved = true;
    if (record->timestamp_ms >= 0 && stage->n_arrived < GS_MAX_LATENCIES) {
        stage->arrived_ms[stage->n_arrived++] = record->timestamp_ms;
    }
    enum gs_reject reject = decode(stage, record, now_ms, &observation, err);
    if (reject == GS_REJECT_NONE && err->status == GS_NO_MEMORY) {
        return GS_NO_MEMORY;
    }
    if (suspect && reject == GS_REJECT_NONE) {
        (void)gs_fail(err, GS_BAD_FORMAT, "the broker refused what became of this record");
        reject = GS_REJECT_OUTPUT_TOO_LARGE;
    }
    if (reject != GS_REJECT_NONE) {
        char why[sizeof err->message];
        const struct gs_rejection rejection = {reject, why, "watch", suspect};
        memcpy(why, err->message, sizeof why);
        stage->rejected[reject]++;
        return gs_dlq_put(sink, record, &rejection, err);
    }
    return count_observation(stage, part, &observation, sink, err);
}

/* A batch that left something out for want of memory is not committed: it would be counted too low for
 * good. */
static bool is_starved(const struct gs_stage_watch *stage)
{
    bool starved = gs_arena_starved(stage->arena);

    for (size_t i = 0; i < stage->n_parts; i++) {
        starved = starved || gs_watch_starved(stage->parts[i].watch);
    }
    return starved;
}

static enum gs_status finish(void *self, const struct gs_source *source, struct gs_sink *sink,
                             struct gs_error *err)
{
    struct gs_stage_watch *stage = self;
    const int64_t now = gs_stage_watch_reached(stage, source);

    enum gs_status status = now == GS_NO_TIME || now <= stage->watermark_ms
                                ? GS_OK
                                : gs_stage_watch_advance(stage, now, sink, err);
    if (status == GS_OK && is_starved(stage)) {
        status = gs_fail(err, GS_NO_MEMORY, "the windows of a batch");
    }
    if (status == GS_OK) {
        status =
            gs_incident_desk_write(stage->options.desk, (size_t)stage->options.lane, sink, err);
    }
    return status == GS_OK ? gs_stage_watch_put_changes(stage, sink, err) : status;
}

enum gs_status gs_stage_watch_close_bins(struct gs_stage_watch *stage, struct gs_sink *sink,
                                         struct gs_error *err)
{
    int64_t latest = GS_NO_TIME;

    for (size_t i = 0; i < stage->n_parts; i++) {
        const struct gs_event_clock *clock = &stage->parts[i].clock;
        latest = clock->max_ms > latest ? clock->max_ms : latest;
    }
    return latest == GS_NO_TIME
               ? GS_OK
               : gs_stage_watch_advance(stage, latest + stage->options.watch.bin_ms, sink, err);
}

static void committed(void *self)
{
    struct gs_stage_watch *stage = self;

    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_watch_commit(stage->parts[i].watch);
        gs_part_end_changes(&stage->parts[i], true);
    }
    gs_incident_desk_written(stage->options.desk, (size_t)stage->options.lane);
    gs_stage_watch_announce(stage);
    gs_stage_watch_publish(stage);
}

const struct gs_stage_ops gs_stage_watch_ops = {
    .begin = begin,
    .record = on_record,
    .pending = pending,
    .idle = gs_stage_watch_idle,
    .finish = finish,
    .committed = committed,
    .undone = undone,
    .assigned = gs_stage_watch_assigned,
    .revoked = gs_stage_watch_revoked,
    .kept = gs_stage_watch_kept,
    .restore = gs_stage_watch_restore,
};
