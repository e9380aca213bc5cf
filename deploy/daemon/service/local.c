/* Assembly of a run on files: assets, metrics, both stages, one lane, and HTTP beside it. */
#include "deploy/daemon/service/local_internal.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/log.h"
#include "ingest/files/files.h"

enum { MAX_LINE_ARENA = 64 * 1024 * 1024, MAX_OBSERVATION = 64 * 1024 };

/* ---- scores ---- */

static void score_key(void *arg, const struct gs_key_view *view)
{
    const struct gs_local *local = arg;

    if (view->n_hour > 0) {
        local->options->score(local->options->score_arg, gs_stage_watch_watermark(local->watch),
                              view);
    }
}

static void score_all(void *arg)
{
    struct gs_local *local = arg;

    gs_stage_watch_each_heard(local->watch, score_key, local);
}

/* ---- assembly ---- */

static enum gs_status open_files(void *arg, const struct gs_source_events *events,
                                 struct gs_source **ret_source, struct gs_sink **ret_sink,
                                 struct gs_error *err)
{
    const struct gs_local *local = arg;
    const struct gs_config *config = local->options->config;

    (void)events;
    enum gs_status status = gs_file_source_new(local->options->files, local->options->n_files,
                                               local->max_line, ret_source, err);
    if (status == GS_OK) {
        status = gs_file_sink_new(config->output.files, true, ret_sink, err);
    }
    return status;
}

static void on_incident(void *arg, const struct gs_incident *incident)
{
    const struct gs_local *local = arg;

    if (local->options->serves) {
        gs_log_incident(incident);
        gs_notifier_incident(local->notifier, incident);
    }
    if (local->options->incident != NULL) {
        local->options->incident(local->options->incident_arg, incident);
    }
}

static void on_summary(void *arg, const struct gs_held_incident *held, size_t n, size_t n_more)
{
    (void)arg;
    gs_log_summary(held, n, n_more);
}

static void on_answered(void *arg, const struct gs_incident *incident, bool late)
{
    const struct gs_local *local = arg;

    gs_notifier_answered(local->notifier, incident, late);
}

static void on_gone(void *arg, const char *id)
{
    const struct gs_local *local = arg;

    gs_notifier_forget(local->notifier, id);
}

static enum gs_status make_desk(struct gs_local *local, struct gs_error *err)
{
    struct gs_incident_desk_options options;
    struct gs_shard *shard = NULL;
    enum gs_status status = gs_shard_new(local->metrics, &shard, err);

    if (status == GS_OK && local->options->serves) { /* a replay tells nobody */
        status = gs_notifier_new(local->options->config, local->metrics, &local->notifier, err);
    }
    if (status != GS_OK) {
        return status;
    }
    gs_incident_desk_options(local->options->config, 1, shard, &options);
    options.assets = &local->assets;
    if (local->options->serves) {
        gs_run_desk_options(local->options->config, &options);
        options.summarize = on_summary;
    }
    options.tell = on_incident;
    options.gone = on_gone;
    options.answered = on_answered;
    options.tell_arg = local;
    return gs_incident_desk_new(&options, &local->desk, err);
}

static enum gs_status make_tag(struct gs_local *local, struct gs_error *err)
{
    const struct gs_local_options *options = local->options;
    struct gs_stage_tag_options tag;

    gs_stage_tag_options(options->config, &local->assets, local->shard, &tag);
    local->observe = tag.observe;
    if (local->follows) {
        return GS_OK;
    }
    tag.tagger.decode.time_required = options->kept;
    tag.write_tagged = options->config->output.files[GS_STREAM_TAGGED] != NULL;
    tag.log_rejects = options->config->output.files[GS_STREAM_DLQ] == NULL && !local->shadow;
    return gs_stage_tag_new(&tag, &local->tag, err);
}

static enum gs_status make_stages(struct gs_local *local, struct gs_error *err)
{
    const struct gs_local_options *options = local->options;
    enum gs_status status = make_tag(local, err);

    if (status != GS_OK || !(options->stages & GS_STAGE_WATCH)) {
        return status;
    }
    status = make_desk(local, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_stage_watch_options watch;
    gs_stage_watch_options(options->config, 0, local->shard, &watch);
    watch.desk = local->desk;
    watch.quiet = local->shadow;
    watch.alert = options->alert;
    watch.alert_arg = options->alert_arg;
    watch.advanced = options->score == NULL ? NULL : score_all;
    watch.advanced_arg = local;
    watch.each_bin = options->each_bin;
    status = gs_stage_watch_new(&watch, &local->watch, err);
    if (status == GS_OK) {
        gs_stage_watch_ops.assigned(local->watch, gs_str(""), 0);
    }
    return status;
}

/* A default port that somebody has (the service beside which a file is looked at) is no reason not
 * to run; one that was asked for is. */
static enum gs_status serve(struct gs_local *local, const struct gs_lane *lane,
                            struct gs_error *err)
{
    const struct gs_config *config = local->options->config;
    const struct gs_served_lane served_lane = {.name = "local",
                                               .number = "0",
                                               .status = gs_lane_status(lane),
                                               .tags = true,
                                               .watch = local->watch};
    const struct gs_served served = {.config = config,
                                     .assets = &local->assets,
                                     .metrics = local->metrics,
                                     .desk = local->desk,
                                     .lanes = &served_lane,
                                     .n_lanes = 1};
    const bool asked_for = gs_config_is_set(config, "http.enabled") ||
                           gs_config_is_set(config, "http.port") ||
                           gs_config_is_set(config, "http.address");

    if (!local->options->serves || !config->http.enabled) {
        return GS_OK;
    }
    const enum gs_status status = gs_server_start(&served, &local->server, err);
    if (status == GS_OK || asked_for) {
        return status;
    }
    gs_log(GS_LOG_WARNING, "http", "%s; going on without (http.port names another)", err->message);
    return GS_OK;
}

enum gs_status gs_local_run_lane(struct gs_local *local, const struct gs_stage_ops *ops, void *self,
                                 struct gs_error *err)
{
    const struct gs_config *config = local->options->config;
    const struct gs_lane_options options = {.name = "local",
                                            .stage = "tag",
                                            .ops = ops,
                                            .self = self,
                                            .max_messages = config->batch.max_messages,
                                            .max_time_ms = (int)config->batch.max_time_ms,
                                            .open = open_files,
                                            .open_arg = local,
                                            .shard = local->shard};
    struct gs_lane *lane = NULL;
    enum gs_status status = gs_lane_new(&options, &lane, err);

    if (status == GS_OK) {
        status = serve(local, lane, err);
    }
    if (status == GS_OK) {
        if (local->options->started != NULL) {
            local->options->started(local->options->started_arg, lane);
        }
        status = gs_lane_run(lane, err);
        if (local->options->started != NULL) {
            local->options->started(local->options->started_arg, NULL);
        }
    }
    gs_server_stop(local->server);
    gs_lane_free(lane);
    return status;
}

static void add_total(void *arg, const struct gs_sample *sample)
{
    struct gs_local_totals *totals = arg;
    const uint64_t n = (uint64_t)sample->value;

    if (sample->values != NULL && sample->def == &gs_metric_table[GS_M_REJECTED]) {
        totals->rejected += n;
    }
    if (sample->values != NULL && sample->def == &gs_metric_table[GS_M_OBSERVATIONS]) {
        totals->late += gs_str_equal(sample->values[0], gs_str("late")) ? n : 0;
        totals->too_late += gs_str_equal(sample->values[0], gs_str("too_late")) ? n : 0;
    }
}

static enum gs_status make_metrics(struct gs_local *local, struct gs_error *err)
{
    const char *const observations = gs_stream_name(GS_STREAM_OBSERVATIONS);
    static const char *const watch = "watch";
    struct gs_shard *swaps = NULL;
    enum gs_status status = gs_run_metrics(&local->assets, &local->metrics, &swaps, err);

    if (status != GS_OK) {
        return status;
    }
    status = gs_shard_new(local->metrics, &local->shard, err);
    if (status != GS_OK) {
        return status;
    }
    local->produced = gs_metric_series(local->shard, GS_M_RECORDS_PRODUCED, &observations);
    local->watched = gs_metric_series(local->shard, GS_M_RECORDS_CONSUMED, &watch);
    return GS_OK;
}

enum gs_status gs_local_make(struct gs_local *local, struct gs_error *err)
{
    const struct gs_local_options *options = local->options;
    enum gs_status status = GS_OK;

    local->json.max = MAX_OBSERVATION;
    local->max_line = options->config->input.max_record_bytes;
    local->totals.from_ms = INT64_MAX;
    local->totals.to_ms = INT64_MIN;
    if (!local->follows) { /* else they are those of the one that it follows */
        status = gs_assets_load(options->config, &local->assets, err);
    }
    if (status != GS_OK) {
        return status;
    }
    if (options->serves) {
        gs_announce(options->config, options->stages, &local->assets);
    }
    status = make_metrics(local, err);
    if (status == GS_OK) {
        status = gs_arena_new(MAX_LINE_ARENA, &local->arena, err);
    }
    return status == GS_OK ? make_stages(local, err) : status;
}

enum gs_status gs_local_total(struct gs_local *local, struct gs_local_totals *ret,
                              struct gs_error *err)
{
    struct gs_near_miss near;

    if (gs_metrics_visit(local->metrics, add_total, &local->totals, NULL) != GS_OK) {
        return gs_fail(err, GS_NO_MEMORY, "totals");
    }
    local->totals.tagged = local->totals.lines - local->totals.rejected;
    if (local->watch != NULL) {
        gs_stage_watch_oddities(local->watch, &local->totals.odd);
        if (local->options->nearest != NULL && gs_stage_watch_nearest(local->watch, &near)) {
            local->options->nearest(local->options->nearest_arg, &near);
        }
    }
    *ret = local->totals;
    return GS_OK;
}

void gs_local_done(struct gs_local *local)
{
    gs_local_state_done(local);
    gs_stage_watch_free(local->watch);
    gs_incident_desk_free(local->desk);
    gs_notifier_free(local->notifier);
    gs_stage_tag_free(local->tag);
    gs_buf_done(&local->json);
    gs_arena_free(local->arena);
    gs_metrics_free(local->metrics);
    if (!local->follows) {
        gs_assets_done(&local->assets);
    }
}

enum gs_status gs_local_run(const struct gs_local_options *options, struct gs_local_totals *ret,
                            struct gs_error *err)
{
    struct gs_local local = {.options = options};
    struct gs_error why = {0};
    enum gs_status status = gs_local_make(&local, err);

    if (status == GS_OK) {
        status = gs_local_state_load(&local, err);
    }
    if (status != GS_OK) {
        goto done;
    }
    status = gs_local_run_lane(&local, &gs_local_ops, &local, err);
    /* Also of an input that broke off: what is committed is out, and what came before it counts. */
    if (gs_local_state_save(&local, &why) != GS_OK && status == GS_OK) {
        status = gs_fail(err, why.status, "%s", why.message);
    }
    if (gs_local_total(&local, ret, &why) != GS_OK && status == GS_OK) {
        status = gs_fail(err, why.status, "%s", why.message);
    }

done:
    gs_local_done(&local);
    return status;
}
