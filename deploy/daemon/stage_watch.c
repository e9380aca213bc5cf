#include "deploy/daemon/stage_watch.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "deploy/daemon/dlq.h"
#include "deploy/daemon/metric_table.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_BATCH_BYTES = 64 * 1024 * 1024,
    MAX_ALERT_BYTES = 1024 * 1024,
    BOARD_EVERY_MS = 1000,
    N_RESULTS = GS_SIGHTING_REFUSED + 1,
};

#define NO_TIME INT64_MIN

/* One input partition: its windows, and how far its event time has come. */
struct part {
    char topic[256];
    int32_t partition;
    uint64_t number; /* tells the gs_watch's alerts from those of others */
    struct gs_watch *watch;
    int64_t max_ts_ms, max_ts_was_ms; /* the latest event; as it was when the batch began */
    int64_t last_record_ms;           /* wall clock */
};

/* An alert of the open batch, told to others once it is committed. A deep copy. */
struct told {
    struct gs_alert alert;
    struct gs_str json;
    uint64_t number;
    struct told *next;
};

struct gs_stage_watch {
    struct gs_stage_watch_options options;
    struct part *parts;
    size_t n_parts;
    uint64_t next_number;
    int64_t watermark_ms;     /* NO_TIME until there is one; goes back only by undo */
    int64_t watermark_was_ms; /* as it was when the batch began */
    struct gs_arena *arena;   /* of the batch: observations and alerts */
    struct gs_buf json;
    struct told *first_told, **last_told;
    uint32_t results[N_RESULTS], late, rejected[GS_N_REJECTS], alerts_out;
    struct gs_board *board;
    int64_t board_ms; /* when it was last posted */

    struct gs_sink *sink; /* of the call in progress, for emit */
    const struct part *emitting;
    enum gs_status emit_status;
    struct gs_error *emit_err;

    struct gs_series *result_series[N_RESULTS], *late_series, *watermark_series, *keys_series;
    struct gs_series *refused_series, *memory_series, *rejected_series[GS_N_REJECTS];
    struct gs_series *produced[GS_N_STREAMS];
    uint64_t refused_keys;
};

static void find_series(struct gs_stage_watch *stage)
{
    static const char *const results[N_RESULTS] = {"counted", "repeated", "copy",
                                                   "late",    "too_late", "refused"};
    struct gs_shard *shard = stage->options.shard;
    char lane[12];
    const char *const lane_value = lane;

    for (size_t i = 0; i < N_RESULTS; i++) {
        stage->result_series[i] = gs_metric_series(shard, GS_M_OBSERVATIONS, &results[i]);
    }
    for (size_t i = 1; i < GS_N_REJECTS; i++) {
        const char *const code = gs_reject_name((enum gs_reject)i);
        stage->rejected_series[i] = gs_metric_series(shard, GS_M_REJECTED, &code);
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        const char *const stream = gs_stream_name((enum gs_stream)i);
        stage->produced[i] = gs_metric_series(shard, GS_M_RECORDS_PRODUCED, &stream);
    }
    (void)snprintf(lane, sizeof lane, "%d", stage->options.lane);
    stage->watermark_series = gs_metric_series(shard, GS_M_WATERMARK, &lane_value);
    stage->late_series = gs_metric_series(shard, GS_M_LATE, NULL);
    stage->keys_series = gs_metric_series(shard, GS_M_KEYS, NULL);
    stage->refused_series = gs_metric_series(shard, GS_M_KEYS_REFUSED, NULL);
    stage->memory_series = gs_metric_series(shard, GS_M_WATCH_MEMORY, NULL);
}

enum gs_status gs_stage_watch_new(const struct gs_stage_watch_options *options,
                                  struct gs_stage_watch **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_stage_watch *stage = calloc(1, sizeof *stage);

    if (stage == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "stage watch");
    }
    stage->options = *options;
    stage->watermark_ms = NO_TIME;
    stage->json.max = MAX_ALERT_BYTES;
    stage->last_told = &stage->first_told;
    struct gs_watch *trial =
        NULL; /* says now what is wrong with the options, not at an assignment */
    status = gs_watch_new(&options->watch, &trial, err);
    gs_watch_free(trial);
    if (status != GS_OK || (status = gs_arena_new(MAX_BATCH_BYTES, &stage->arena, err)) != GS_OK ||
        (status = gs_board_new(options->shard, options->max_gauge_keys, &stage->board, err)) !=
            GS_OK) {
        gs_stage_watch_free(stage);
        return status;
    }
    find_series(stage);
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

static struct part *find_part(struct gs_stage_watch *stage, struct gs_str topic, int32_t partition)
{
    for (size_t i = 0; i < stage->n_parts; i++) {
        struct part *part = &stage->parts[i];
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
    struct part *old = find_part(stage, topic, partition);

    if (old != NULL) {
        drop_part(stage, (size_t)(old - stage->parts));
    }
    struct part *parts = realloc(stage->parts, (stage->n_parts + 1) * sizeof *parts);
    if (parts == NULL || topic.len >= sizeof parts->topic) {
        stage->parts = parts == NULL ? stage->parts : parts;
        gs_log(GS_LOG_ERROR, "watch", "no room for a partition"); /* its records fail the lane */
        return;
    }
    stage->parts = parts;
    struct part part = {.partition = partition,
                        .number = stage->next_number++,
                        .max_ts_ms = NO_TIME,
                        .max_ts_was_ms = NO_TIME,
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
    const struct part *part = find_part(stage, topic, partition);
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
 * while. NO_TIME: not known. */
static int64_t reached(const struct gs_stage_watch *stage, const struct gs_source *source)
{
    const int64_t now_ms = gs_clock_wall_ms();
    int64_t lowest = NO_TIME;

    for (size_t i = 0; i < stage->n_parts; i++) {
        const struct part *part = &stage->parts[i];
        const bool idle = source != NULL &&
                          now_ms - part->last_record_ms > stage->options.idle_timeout_ms &&
                          gs_source_idle(source, gs_str(part->topic), part->partition);
        if (idle) {
            continue;
        }
        if (part->max_ts_ms == NO_TIME) {
            return NO_TIME; /* it may still bring something old */
        }
        lowest = lowest == NO_TIME || part->max_ts_ms < lowest ? part->max_ts_ms : lowest;
    }
    return lowest == NO_TIME ? NO_TIME : lowest - stage->options.watch.lateness_ms;
}

static bool closes_a_bin(const struct gs_stage_watch *stage, int64_t now)
{
    const int64_t bin_ms = stage->options.watch.bin_ms;

    return now != NO_TIME &&
           (stage->watermark_ms == NO_TIME || now / bin_ms > stage->watermark_ms / bin_ms);
}

static bool pending(void *self, const struct gs_source *source)
{
    const struct gs_stage_watch *stage = self;

    return closes_a_bin(stage, reached(stage, source));
}

/* ---- alerts ---- */

static enum gs_status put(struct gs_stage_watch *stage, enum gs_stream stream, struct gs_str key,
                          struct gs_str value, int64_t ts_ms, struct gs_error *err)
{
    const struct gs_output output = {
        .key = key, .value = value, .timestamp_ms = ts_ms, .partition = -1};

    return gs_sink_put(stage->sink, stream, &output, err);
}

static struct gs_str keep(struct gs_stage_watch *stage, struct gs_str text)
{
    return gs_arena_copy(stage->arena, text);
}

/* Remembers an alert until the batch is committed. */
static void tell_later(struct gs_stage_watch *stage, const struct gs_alert *alert)
{
    struct told *told = gs_arena_take(stage->arena, sizeof *told);
    struct gs_evidence_item *evidence =
        gs_arena_take(stage->arena, sizeof *evidence * (alert->n_evidence + 1));
    const struct gs_str reason =
        keep(stage, (struct gs_str){alert->reason, strlen(alert->reason) + 1});

    if (told == NULL || evidence == NULL || reason.bytes == NULL) {
        return; /* the record itself is out; only the table and the hook miss it */
    }
    *told = (struct told){.alert = *alert,
                          .json = keep(stage, gs_buf_str(&stage->json)),
                          .number = stage->emitting->number};
    told->alert.key = keep(stage, alert->key);
    told->alert.reason = reason.bytes;
    told->alert.evidence = evidence;
    for (size_t i = 0; i < alert->n_evidence; i++) {
        evidence[i] = alert->evidence[i];
        evidence[i].id = keep(stage, evidence[i].id);
        evidence[i].source = keep(stage, evidence[i].source);
        evidence[i].excerpt = keep(stage, evidence[i].excerpt);
    }
    *stage->last_told = told;
    stage->last_told = &told->next;
}

static void emit(void *arg, const struct gs_alert *alert)
{
    struct gs_stage_watch *stage = arg;

    if (stage->emit_status != GS_OK) {
        return;
    }
    gs_buf_reset(&stage->json);
    gs_alert_encode(alert, &stage->json);
    if (!gs_buf_ok(&stage->json)) {
        stage->emit_status = gs_fail(stage->emit_err, GS_NO_MEMORY, "alert");
        return;
    }
    stage->emit_status =
        put(stage, GS_STREAM_ALERTS, alert->key, gs_buf_str(&stage->json), -1, stage->emit_err);
    stage->alerts_out++;
    tell_later(stage, alert);
}

static enum gs_status advance(struct gs_stage_watch *stage, int64_t watermark_ms,
                              struct gs_error *err)
{
    stage->watermark_ms = watermark_ms;
    stage->emit_status = GS_OK;
    stage->emit_err = err;
    for (size_t i = 0; i < stage->n_parts && stage->emit_status == GS_OK; i++) {
        stage->emitting = &stage->parts[i];
        gs_watch_advance(stage->parts[i].watch, watermark_ms, emit, stage);
    }
    if (stage->emit_status == GS_OK && stage->options.advanced != NULL) {
        stage->options.advanced(stage->options.advanced_arg);
    }
    return stage->emit_status;
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
    return put(stage, GS_STREAM_LATE, observation->key, gs_buf_str(&stage->json),
               observation->ts_ms, err);
}

static enum gs_status see(struct gs_stage_watch *stage, struct part *part,
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
    return closes_a_bin(stage, now) ? advance(stage, now, err) : GS_OK;
}

enum gs_status gs_stage_watch_see(struct gs_stage_watch *stage,
                                  const struct gs_observation *observation, struct gs_sink *sink,
                                  struct gs_error *err)
{
    stage->sink = sink;
    return stage->n_parts == 0 ? gs_fail(err, GS_NO_MEMORY, "no windows")
                               : see(stage, &stage->parts[0], observation, err);
}

static enum gs_reject decode(struct gs_stage_watch *stage, const struct gs_record *record,
                             int64_t now_ms, struct gs_observation *ret, struct gs_error *err)
{
    if (record->value.bytes == NULL) {
        (void)gs_fail(err, GS_BAD_FORMAT, "an observation with a null value");
        return GS_REJECT_NULL_VALUE;
    }
    if (gs_observation_decode(record->value, stage->arena, ret, err) != GS_OK) {
        return GS_REJECT_BAD_JSON;
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
    struct part *part = find_part(stage, record->topic, record->partition);
    const int64_t now_ms = gs_clock_wall_ms();
    struct gs_observation observation;

    if (part == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no windows for %.*s[%d]", GS_STR_ARGS(record->topic),
                       (int)record->partition);
    }
    stage->sink = sink;
    part->last_record_ms = now_ms;
    enum gs_reject reject = decode(stage, record, now_ms, &observation, err);
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
    return now == NO_TIME || now <= stage->watermark_ms ? GS_OK : advance(stage, now, err);
}

enum gs_status gs_stage_watch_close_bins(struct gs_stage_watch *stage, struct gs_sink *sink,
                                         struct gs_error *err)
{
    int64_t latest = NO_TIME;

    for (size_t i = 0; i < stage->n_parts; i++) {
        latest = stage->parts[i].max_ts_ms > latest ? stage->parts[i].max_ts_ms : latest;
    }
    if (latest == NO_TIME) {
        return GS_OK;
    }
    stage->sink = sink;
    return advance(stage, latest + stage->options.watch.bin_ms, err);
}

/* ---- after the commit ---- */

static void post_row(void *arg, const struct gs_key_view *view)
{
    gs_board_row(arg, view);
}

static void post_board(struct gs_stage_watch *stage)
{
    struct gs_watch_counts sum = {0};

    gs_board_begin(stage->board);
    for (size_t i = 0; i < stage->n_parts; i++) {
        struct gs_watch_counts counts;
        gs_watch_counts(stage->parts[i].watch, &counts);
        sum.keys += counts.keys;
        sum.total_bytes += counts.total_bytes;
        sum.refused_keys += counts.refused_keys;
    }
    gs_stage_watch_each(stage, post_row, stage->board);
    gs_board_end(stage->board);
    gs_series_set(stage->keys_series, (double)sum.keys);
    gs_series_set(stage->memory_series, (double)sum.total_bytes);
    if (sum.refused_keys > stage->refused_keys) {
        gs_series_add(stage->refused_series, (double)(sum.refused_keys - stage->refused_keys));
    }
    stage->refused_keys = sum.refused_keys;
}

static void count(struct gs_stage_watch *stage)
{
    uint32_t rejected = 0;

    for (size_t i = 0; i < N_RESULTS; i++) {
        gs_series_add(stage->result_series[i], stage->results[i]);
    }
    for (size_t i = 1; i < GS_N_REJECTS; i++) {
        gs_series_add(stage->rejected_series[i], stage->rejected[i]);
        rejected += stage->rejected[i];
    }
    gs_series_add(stage->late_series, stage->late);
    gs_series_add(stage->produced[GS_STREAM_LATE], stage->late);
    gs_series_add(stage->produced[GS_STREAM_DLQ], rejected);
    gs_series_add(stage->produced[GS_STREAM_ALERTS], stage->alerts_out);
}

static void committed(void *self)
{
    struct gs_stage_watch *stage = self;
    const int64_t now_ms = gs_clock_wall_ms();

    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_watch_commit(stage->parts[i].watch);
    }
    count(stage);
    if (stage->watermark_ms !=
        NO_TIME) { /* with every commit: the last before a pause counts too */
        gs_series_set(stage->watermark_series, (double)stage->watermark_ms / 1000);
    }
    for (const struct told *told = stage->first_told; told != NULL; told = told->next) {
        gs_board_alert(stage->board, told->number, &told->alert, told->json);
        if (stage->options.alert != NULL) {
            stage->options.alert(stage->options.alert_arg, &told->alert);
        }
    }
    if (stage->first_told != NULL || now_ms - stage->board_ms >= BOARD_EVERY_MS) {
        post_board(stage);
        stage->board_ms = now_ms;
    }
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
