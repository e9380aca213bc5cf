#include "deploy/daemon/local.h"

#include "base/clock.h"
#include "base/log.h"
#include "deploy/daemon/metric_table.h"
#include "deploy/daemon/service.h"
#include "deploy/daemon/stage_options.h"
#include "ingest/records/files.h"

#include <stdio.h>
#include <time.h>

enum { MAX_LINE_ARENA = 64 * 1024 * 1024, MAX_OBSERVATION = 64 * 1024 };

enum kind { KIND_RAW, KIND_TAGGED, KIND_OBSERVATION };

struct local {
    const struct gs_local_options *options;
    struct gs_assets assets;
    struct gs_metrics *metrics;
    struct gs_shard *shard;
    struct gs_stage_tag *tag;
    struct gs_stage_watch *watch; /* NULL: not this stage */
    struct gs_observe_options observe;
    struct gs_arena *arena; /* of one line that is not raw */
    struct gs_sink *sink;   /* of the call in progress */
    struct gs_buf json;     /* an observation on its way to its file */
    char file[4096];        /* whose kind is known */
    enum kind kind;
    int64_t first_ts_ms, first_wall_ns; /* for the pace; first_wall_ns 0: no line yet */
    struct gs_local_totals totals;
};

/* ---- pace ---- */

static void keep_pace(struct local *local, int64_t ts_ms)
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

static enum gs_status put_observation(struct local *local, const struct gs_observation *observation,
                                      struct gs_error *err)
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
    return gs_sink_put(local->sink, GS_STREAM_OBSERVATIONS, &output, err);
}

static enum gs_status see(void *arg, const struct gs_observation *observation, struct gs_error *err)
{
    struct local *local = arg;
    enum gs_status status = GS_OK;

    if (local->options->config->output.files[GS_STREAM_OBSERVATIONS] != NULL &&
        local->kind != KIND_OBSERVATION) {
        status = put_observation(local, observation, err);
    }
    if (status != GS_OK) {
        return status;
    }
    local->totals.observations++;
    keep_pace(local, observation->ts_ms);
    return local->watch == NULL ? GS_OK
                                : gs_stage_watch_see(local->watch, observation, local->sink, err);
}

static enum kind kind_of(struct local *local, struct gs_str line)
{
    struct gs_observation observation;
    struct gs_tagged tagged;
    struct gs_error ignored;

    gs_arena_reset(local->arena);
    if (gs_observation_decode(line, local->arena, &observation, &ignored) == GS_OK) {
        return KIND_OBSERVATION;
    }
    return gs_tagged_decode(line, local->arena, &tagged, &ignored) == GS_OK ? KIND_TAGGED
                                                                            : KIND_RAW;
}

/* What still waits of the file before comes first: the next file's lines may not have to wait. */
static enum gs_status know_kind(struct local *local, const struct gs_record *record,
                                struct gs_error *err)
{
    if (gs_str_equal(gs_str(local->file), record->topic)) {
        return GS_OK;
    }
    const enum gs_status status = gs_stage_tag_ops.finish(local->tag, NULL, local->sink, err);
    local->kind = kind_of(local, record->value);
    (void)snprintf(local->file, sizeof local->file, "%.*s", GS_STR_ARGS(record->topic));
    return status;
}

static enum gs_status refuse(struct local *local, const struct gs_record *record,
                             const struct gs_error *why)
{
    gs_log(GS_LOG_WARNING, "input", "%.*s:%lld: %s, skipping", GS_STR_ARGS(record->topic),
           (long long)record->offset, why->message);
    local->totals.rejected++;
    return GS_OK;
}

static enum gs_status replay_line(struct local *local, const struct gs_record *record,
                                  struct gs_error *err)
{
    struct gs_observation observation;
    struct gs_tagged tagged;

    gs_arena_reset(local->arena);
    if (local->kind == KIND_OBSERVATION) {
        return gs_observation_decode(record->value, local->arena, &observation, err) == GS_OK
                   ? see(local, &observation, err)
                   : refuse(local, record, err);
    }
    return gs_tagged_decode(record->value, local->arena, &tagged, err) == GS_OK
               ? gs_observe(&local->observe, &tagged, see, local, err)
               : refuse(local, record, err);
}

/* ---- the stage's calls: both stages as one ---- */

static void begin(void *self)
{
    struct local *local = self;

    gs_stage_tag_ops.begin(local->tag);
    if (local->watch != NULL) {
        gs_stage_watch_ops.begin(local->watch);
    }
}

static enum gs_status on_record(void *self, const struct gs_record *record, bool suspect,
                                struct gs_sink *sink, struct gs_error *err)
{
    struct local *local = self;

    local->sink = sink;
    local->totals.lines++;
    const enum gs_status status = know_kind(local, record, err);
    if (status != GS_OK) {
        return status;
    }
    return local->kind == KIND_RAW ? gs_stage_tag_ops.record(local->tag, record, suspect, sink, err)
                                   : replay_line(local, record, err);
}

static bool pending(void *self, const struct gs_source *source)
{
    (void)self;
    (void)source;
    return false;
}

static int64_t due_ms(void *self)
{
    struct local *local = self;

    return gs_stage_tag_ops.due_ms(local->tag);
}

static enum gs_status tick(void *self, struct gs_sink *sink, struct gs_error *err)
{
    struct local *local = self;

    local->sink = sink;
    return gs_stage_tag_ops.tick(local->tag, sink, err);
}

static enum gs_status finish(void *self, const struct gs_source *source, struct gs_sink *sink,
                             struct gs_error *err)
{
    struct local *local = self;

    (void)source; /* its partition is the file's, not the windows' */
    local->sink = sink;
    const enum gs_status status = gs_stage_tag_ops.finish(local->tag, NULL, sink, err);
    return status != GS_OK || local->watch == NULL
               ? status
               : gs_stage_watch_ops.finish(local->watch, NULL, sink, err);
}

static enum gs_status end(void *self, struct gs_sink *sink, struct gs_error *err)
{
    struct local *local = self;

    local->sink = sink;
    const enum gs_status status = gs_stage_tag_ops.finish(local->tag, NULL, sink, err);
    return status != GS_OK || local->watch == NULL
               ? status
               : gs_stage_watch_close_bins(local->watch, sink, err);
}

static void committed(void *self)
{
    struct local *local = self;

    gs_stage_tag_ops.committed(local->tag);
    if (local->watch != NULL) {
        gs_stage_watch_ops.committed(local->watch);
    }
}

static void undone(void *self)
{
    struct local *local = self;

    gs_stage_tag_ops.undone(local->tag);
    if (local->watch != NULL) {
        gs_stage_watch_ops.undone(local->watch);
    }
}

static void ignore_partition(void *self, struct gs_str topic, int32_t partition)
{
    (void)self;
    (void)topic;
    (void)partition;
}

static const struct gs_stage_ops local_ops = {
    .begin = begin,
    .record = on_record,
    .pending = pending,
    .due_ms = due_ms,
    .tick = tick,
    .finish = finish,
    .end = end,
    .committed = committed,
    .undone = undone,
    .assigned = ignore_partition,
    .revoked = ignore_partition,
};

/* ---- scores ---- */

static void score_key(void *arg, const struct gs_key_view *view)
{
    const struct local *local = arg;

    if (view->n_hour > 0) {
        local->options->score(local->options->score_arg, gs_stage_watch_watermark(local->watch),
                              view);
    }
}

static void score_all(void *arg)
{
    struct local *local = arg;

    gs_stage_watch_each(local->watch, score_key, local);
}

/* ---- assembly ---- */

static enum gs_status open_files(void *arg, const struct gs_source_events *events,
                                 struct gs_source **ret_source, struct gs_sink **ret_sink,
                                 struct gs_error *err)
{
    const struct local *local = arg;
    const struct gs_config *config = local->options->config;

    (void)events;
    enum gs_status status = gs_file_source_new(local->options->files, local->options->n_files,
                                               config->input.max_record_bytes, ret_source, err);
    if (status == GS_OK) {
        status = gs_file_sink_new(config->output.files, true, ret_sink, err);
    }
    return status;
}

static enum gs_status make_stages(struct local *local, struct gs_error *err)
{
    const struct gs_local_options *options = local->options;
    struct gs_stage_tag_options tag;

    gs_stage_tag_options(options->config, &local->assets, local->shard, &tag);
    tag.see = see;
    tag.see_arg = local;
    tag.write_tagged = options->config->output.files[GS_STREAM_TAGGED] != NULL;
    tag.log_rejects = options->config->output.files[GS_STREAM_DLQ] == NULL;
    local->observe = tag.observe;
    enum gs_status status = gs_stage_tag_new(&tag, &local->tag, err);
    if (status != GS_OK || !(options->stages & GS_STAGE_WATCH)) {
        return status;
    }
    struct gs_stage_watch_options watch;
    gs_stage_watch_options(options->config, 0, local->shard, &watch);
    watch.alert = options->alert;
    watch.alert_arg = options->alert_arg;
    watch.advanced = options->score == NULL ? NULL : score_all;
    watch.advanced_arg = local;
    status = gs_stage_watch_new(&watch, &local->watch, err);
    if (status == GS_OK) {
        gs_stage_watch_ops.assigned(local->watch, gs_str(""), 0);
    }
    return status;
}

static enum gs_status run_lane(struct local *local, struct gs_error *err)
{
    const struct gs_config *config = local->options->config;
    const struct gs_lane_options options = {.name = "local",
                                            .stage = "tag",
                                            .ops = &local_ops,
                                            .self = local,
                                            .max_messages = config->batch.max_messages,
                                            .max_time_ms = (int)config->batch.max_time_ms,
                                            .open = open_files,
                                            .open_arg = local,
                                            .shard = local->shard};
    struct gs_lane *lane = NULL;
    enum gs_status status = gs_lane_new(&options, &lane, err);

    if (status == GS_OK) {
        if (local->options->started != NULL) {
            local->options->started(local->options->started_arg, lane);
        }
        status = gs_lane_run(lane, err);
        if (local->options->started != NULL) {
            local->options->started(local->options->started_arg, NULL);
        }
    }
    gs_lane_free(lane);
    return status;
}

static void add_total(void *arg, const struct gs_sample *sample)
{
    struct gs_local_totals *totals = arg;

    if (sample->values != NULL && sample->def == &gs_metric_table[GS_M_REJECTED]) {
        totals->rejected += (uint64_t)sample->value;
    }
}

enum gs_status gs_local_run(const struct gs_local_options *options, struct gs_local_totals *ret,
                            struct gs_error *err)
{
    struct local local = {.options = options, .json = {.max = MAX_OBSERVATION}};
    enum gs_status status = GS_OK;

    if ((status = gs_assets_load(options->config, &local.assets, err)) != GS_OK ||
        (status = gs_metrics_new(gs_metric_table, GS_N_METRICS, &local.metrics, err)) != GS_OK ||
        (status = gs_shard_new(local.metrics, &local.shard, err)) != GS_OK ||
        (status = gs_arena_new(MAX_LINE_ARENA, &local.arena, err)) != GS_OK ||
        (status = make_stages(&local, err)) != GS_OK || (status = run_lane(&local, err)) != GS_OK) {
        goto done;
    }
    if ((status = gs_metrics_visit(local.metrics, add_total, &local.totals, err)) == GS_OK) {
        local.totals.tagged = local.totals.lines - local.totals.rejected;
        *ret = local.totals;
    }

done:
    gs_stage_watch_free(local.watch);
    gs_stage_tag_free(local.tag);
    gs_buf_done(&local.json);
    gs_arena_free(local.arena);
    gs_metrics_free(local.metrics);
    gs_assets_done(&local.assets);
    return status;
}
