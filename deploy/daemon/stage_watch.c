#include "deploy/daemon/stage_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "deploy/daemon/dlq.h"
#include "deploy/daemon/stage_watch_internal.h"

#include <stdlib.h>

/* A batch's observations are at most the lane's bytes of records; alerts come on top. */
enum { MAX_BATCH_BYTES = 512 * 1024 * 1024, MAX_ALERT_BYTES = 1024 * 1024 };

enum gs_status gs_stage_watch_new(const struct gs_stage_watch_options *options,
                                  struct gs_stage_watch **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_stage_watch *stage = calloc(1, sizeof *stage);

    if (stage == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "stage watch");
    }
    stage->options = *options;
    stage->watermark_ms = GS_NO_TIME;
    stage->json.max = MAX_ALERT_BYTES;
    stage->last_told = &stage->first_told;
    struct gs_watch *trial =
        NULL; /* says now what is wrong with the options, not at an assignment */
    status = gs_watch_new(&options->watch, &trial, err);
    gs_watch_free(trial);
    stage->arrived_ms = calloc(GS_MAX_LATENCIES, sizeof *stage->arrived_ms);
    if (status == GS_OK && stage->arrived_ms == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "stage watch");
    }
    if (status != GS_OK || (status = gs_arena_new(MAX_BATCH_BYTES, &stage->arena, err)) != GS_OK ||
        (status = gs_board_new(options->shard, options->max_gauge_keys, &stage->board, err)) !=
            GS_OK) {
        gs_stage_watch_free(stage);
        return status;
    }
    gs_stage_watch_find_series(stage);
    *ret = stage;
    return GS_OK;
}

static void drop_part(struct gs_stage_watch *stage, size_t i)
{
    gs_board_forget(stage->board, stage->parts[i].number);
    gs_watch_free(stage->parts[i].watch);
    stage->parts[i] = stage->parts[--stage->n_parts];
}

void gs_stage_watch_free(struct gs_stage_watch *stage)
{
    if (stage == NULL) {
        return;
    }
    while (stage->n_parts > 0) {
        drop_part(stage, stage->n_parts - 1);
    }
    free(stage->parts);
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

void gs_stage_watch_each(const struct gs_stage_watch *stage,
                         void (*see)(void *arg, const struct gs_key_view *view), void *arg)
{
    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_watch_each(stage->parts[i].watch, see, arg);
    }
}

/* ---- partitions ---- */

static struct gs_part *find_part(struct gs_stage_watch *stage, struct gs_str topic,
                                 int32_t partition)
{
    for (size_t i = 0; i < stage->n_parts; i++) {
        struct gs_part *part = &stage->parts[i];
        if (part->partition == partition && gs_str_equal(gs_str(part->topic), topic)) {
            return part;
        }
    }
    return NULL;
}

static void assigned(void *self, struct gs_str topic, int32_t partition)
{
    struct gs_stage_watch *stage = self;
    struct gs_error err;
    struct gs_part *old = find_part(stage, topic, partition);

    if (old != NULL) {
        drop_part(stage, (size_t)(old - stage->parts));
    }
    struct gs_part *parts = realloc(stage->parts, (stage->n_parts + 1) * sizeof *parts);
    if (parts == NULL || topic.len >= sizeof parts->topic) {
        stage->parts = parts == NULL ? stage->parts : parts;
        gs_log(GS_LOG_ERROR, "watch", "no room for a partition"); /* its records fail the lane */
        return;
    }
    stage->parts = parts;
    struct gs_part part = {.partition = partition,
                           .number = stage->next_number++,
                           .max_ts_ms = GS_NO_TIME,
                           .max_ts_was_ms = GS_NO_TIME,
                           .last_record_ms = gs_clock_wall_ms()};
    memcpy(part.topic, topic.bytes, topic.len);
    if (gs_watch_new(&stage->options.watch, &part.watch, &err) != GS_OK) {
        gs_log(GS_LOG_ERROR, "watch", "%s", err.message);
        return;
    }
    parts[stage->n_parts++] = part;
}

static void revoked(void *self, struct gs_str topic, int32_t partition)
{
    struct gs_stage_watch *stage = self;

    if (partition == GS_EVERY_PARTITION) {
        while (stage->n_parts > 0) {
            drop_part(stage, stage->n_parts - 1);
        }
        return;
    }
    const struct gs_part *part = find_part(stage, topic, partition);
    if (part != NULL) {
        drop_part(stage, (size_t)(part - stage->parts));
    }
}

/* ---- batches ---- */

static void begin(void *self)
{
    struct gs_stage_watch *stage = self;

    gs_arena_reset(stage->arena);
    stage->first_told = NULL;
    stage->last_told = &stage->first_told;
    memset(stage->results, 0, sizeof stage->results);
    memset(stage->rejected, 0, sizeof stage->rejected);
    stage->late = 0;
    stage->alerts_out = 0;
    stage->n_arrived = 0;
    stage->watermark_was_ms = stage->watermark_ms;
    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_watch_begin(stage->parts[i].watch);
        stage->parts[i].max_ts_was_ms = stage->parts[i].max_ts_ms;
    }
}

static void undone(void *self)
{
    struct gs_stage_watch *stage = self;

    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_watch_undo(stage->parts[i].watch);
        stage->parts[i].max_ts_ms = stage->parts[i].max_ts_was_ms;
    }
    stage->watermark_ms = stage->watermark_was_ms;
}

/* ---- event time ---- */

/* The lane's event time now: the lowest of its partitions, without those that have been empty for a
 * while. GS_NO_TIME: not known. */
static int64_t reached(const struct gs_stage_watch *stage, const struct gs_source *source)
{
    const int64_t now_ms = gs_clock_wall_ms();
    int64_t lowest = GS_NO_TIME;

    for (size_t i = 0; i < stage->n_parts; i++) {
        const struct gs_part *part = &stage->parts[i];
        const bool idle = source != NULL &&
                          now_ms - part->last_record_ms > stage->options.idle_timeout_ms &&
                          gs_source_idle(source, gs_str(part->topic), part->partition);
        if (idle) {
            continue;
        }
        if (part->max_ts_ms == GS_NO_TIME) {
            return GS_NO_TIME; /* it may still bring something old */
        }
        lowest = lowest == GS_NO_TIME || part->max_ts_ms < lowest ? part->max_ts_ms : lowest;
    }
    return lowest == GS_NO_TIME ? GS_NO_TIME : lowest - stage->options.watch.lateness_ms;
}

static bool closes_a_bin(const struct gs_stage_watch *stage, int64_t now)
{
    const int64_t bin_ms = stage->options.watch.bin_ms;

    return now != GS_NO_TIME &&
           (stage->watermark_ms == GS_NO_TIME || now / bin_ms > stage->watermark_ms / bin_ms);
}

static bool pending(void *self, const struct gs_source *source)
{
    const struct gs_stage_watch *stage = self;

    return closes_a_bin(stage, reached(stage, source));
}

/* ---- one observation ---- */

static enum gs_status put_late(struct gs_stage_watch *stage,
                               const struct gs_observation *observation, struct gs_error *err)
{
    gs_buf_reset(&stage->json);
    gs_observation_encode(observation, &stage->json);
    if (!gs_buf_ok(&stage->json)) {
        return gs_fail(err, GS_NO_MEMORY, "late observation");
    }
    stage->late++;
    return gs_stage_watch_put(stage, GS_STREAM_LATE, observation->key, gs_buf_str(&stage->json),
                              observation->ts_ms, err);
}

static enum gs_status see(struct gs_stage_watch *stage, struct gs_part *part,
                          const struct gs_observation *observation, struct gs_error *err)
{
    const struct gs_sighting sighting = {.key = observation->key,
                                         .id = observation->id,
                                         .ts_ms = observation->ts_ms,
                                         .source = observation->source,
                                         .p_negative = (double)observation->p_negative,
                                         .dup_group = observation->dup_group,
                                         .excerpt = observation->excerpt};
    const enum gs_sighting_result result = gs_watch_add(part->watch, &sighting);

    stage->results[result]++;
    if (result != GS_SIGHTING_REFUSED && observation->ts_ms > part->max_ts_ms) {
        part->max_ts_ms = observation->ts_ms;
    }
    if (result == GS_SIGHTING_TOO_LATE) {
        return put_late(stage, observation, err);
    }
    /* Bins close at the record that brings event time past their end, not when a batch happens to
     * end, so that the same log gives the same alerts however it is cut into batches. */
    const int64_t now = reached(stage, NULL);
    return closes_a_bin(stage, now) ? gs_stage_watch_advance(stage, now, err) : GS_OK;
}

enum gs_status gs_stage_watch_see(struct gs_stage_watch *stage,
                                  const struct gs_observation *observation, struct gs_sink *sink,
                                  struct gs_error *err)
{
    stage->sink = sink;
    return stage->n_parts == 0 ? gs_fail(err, GS_NO_MEMORY, "no windows")
                               : see(stage, &stage->parts[0], observation, err);
}

/* Why a record is no observation; GS_REJECT_NONE with err->status GS_NO_MEMORY when we cannot tell.
 */
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
    if (ret->ts_ms > now_ms && ret->ts_ms - now_ms > stage->options.max_future_ms) {
        (void)gs_fail(err, GS_BAD_FORMAT, "event time is %lld ms ahead of the clock",
                      (long long)(ret->ts_ms - now_ms));
        return GS_REJECT_FUTURE_TIME;
    }
    return GS_REJECT_NONE;
}

static enum gs_status on_record(void *self, const struct gs_record *record, bool suspect,
                                struct gs_sink *sink, struct gs_error *err)
{
    struct gs_stage_watch *stage = self;
    struct gs_part *part = find_part(stage, record->topic, record->partition);
    const int64_t now_ms = gs_clock_wall_ms();
    struct gs_observation observation;

    if (part == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no windows for %.*s[%d]", GS_STR_ARGS(record->topic),
                       (int)record->partition);
    }
    stage->sink = sink;
    part->last_record_ms = now_ms;
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
        memcpy(why, err->message, sizeof why);
        stage->rejected[reject]++;
        return gs_dlq_put(sink, record, reject, why, "watch", err);
    }
    return see(stage, part, &observation, err);
}

static enum gs_status finish(void *self, const struct gs_source *source, struct gs_sink *sink,
                             struct gs_error *err)
{
    struct gs_stage_watch *stage = self;
    const int64_t now = reached(stage, source);

    stage->sink = sink;
    return now == GS_NO_TIME || now <= stage->watermark_ms
               ? GS_OK
               : gs_stage_watch_advance(stage, now, err);
}

enum gs_status gs_stage_watch_close_bins(struct gs_stage_watch *stage, struct gs_sink *sink,
                                         struct gs_error *err)
{
    int64_t latest = GS_NO_TIME;

    for (size_t i = 0; i < stage->n_parts; i++) {
        latest = stage->parts[i].max_ts_ms > latest ? stage->parts[i].max_ts_ms : latest;
    }
    if (latest == GS_NO_TIME) {
        return GS_OK;
    }
    stage->sink = sink;
    return gs_stage_watch_advance(stage, latest + stage->options.watch.bin_ms, err);
}

static void committed(void *self)
{
    struct gs_stage_watch *stage = self;

    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_watch_commit(stage->parts[i].watch);
    }
    gs_stage_watch_tell(stage);
    gs_stage_watch_publish(stage);
}

const struct gs_stage_ops gs_stage_watch_ops = {
    .begin = begin,
    .record = on_record,
    .pending = pending,
    .finish = finish,
    .committed = committed,
    .undone = undone,
    .assigned = assigned,
    .revoked = revoked,
};
