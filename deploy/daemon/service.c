#include "deploy/daemon/service.h"

#include "alerting/http.h"
#include "base/clock.h"
#include "base/log.h"
#include "deploy/daemon/assets.h"
#include "deploy/daemon/metric_table.h"
#include "deploy/daemon/stage_options.h"
#include "deploy/daemon/status.h"
#include "deploy/daemon/version.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LANES = 256 };

/* One lane and all that belongs to it. */
struct slot {
    struct gs_service *service;
    char name[32], group[256], instance[512], number[12];
    bool watch; /* else tag */
    struct gs_kafka_options kafka;
    const char *input;
    struct gs_stage_tag *tag_stage;
    struct gs_stage_watch *watch_stage;
    struct gs_lane *lane;
    struct gs_shard *shard;
    struct gs_kafka_stats last_stats;
    struct gs_series *rebalances, *retries, *delivery_failures;
    pthread_t thread;
    bool started;
    struct gs_error error; /* why it gave up; guarded by service->lock */
};

struct gs_service {
    const struct gs_config *config;
    struct gs_service_hooks hooks;
    struct gs_assets assets;
    struct gs_metrics *metrics;
    struct gs_shard *shard; /* of the HTTP thread: what is set at a scrape */
    struct gs_http *http;
    struct slot *slots;
    size_t n_slots;
    int64_t started_ms;
    pthread_mutex_t lock;       /* guards the slots' errors */
    pthread_mutex_t hooks_lock; /* one hook at a time */
};

/* ---- a lane's clients ---- */

static void client_log(void *arg, int level, const char *message)
{
    const struct slot *slot = arg;

    gs_log((enum gs_log_level)level, slot->name, "kafka: %s", message);
}

static enum gs_status open_clients(void *arg, const struct gs_source_events *events,
                                   struct gs_source **ret_source, struct gs_sink **ret_sink,
                                   struct gs_error *err)
{
    struct slot *slot = arg;

    slot->last_stats = (struct gs_kafka_stats){0};
    return gs_kafka_open(&slot->kafka, events, ret_source, ret_sink, err);
}

static void sample_clients(void *arg, const struct gs_source *source, const struct gs_sink *sink,
                           bool *ret_assigned)
{
    struct slot *slot = arg;
    struct gs_kafka_stats now;

    gs_kafka_stats(source, sink, &now);
    gs_series_add(slot->rebalances, (double)(now.rebalances - slot->last_stats.rebalances));
    gs_series_add(slot->retries, (double)(now.retries - slot->last_stats.retries));
    gs_series_add(slot->delivery_failures,
                  (double)(now.delivery_failures - slot->last_stats.delivery_failures));
    slot->last_stats = now;
    *ret_assigned = gs_kafka_assigned(source);
}

/* ---- making a lane ---- */

static void on_alert(void *arg, const struct gs_alert *alert)
{
    static const char *const states[] = {"firing", "updated", "resolved"};
    static const char *const severities[] = {"info", "warning", "critical"};
    struct gs_service *service = arg;

    gs_log(GS_LOG_INFO, "alert", "%s %s %.*s: %s", severities[alert->severity],
           states[alert->state], GS_STR_ARGS(alert->key), alert->reason);
    if (service->hooks.alert != NULL) {
        (void)pthread_mutex_lock(&service->hooks_lock);
        service->hooks.alert(service->hooks.arg, alert);
        (void)pthread_mutex_unlock(&service->hooks_lock);
    }
}

static enum gs_status make_stage(struct slot *slot, int lane, struct gs_error *err)
{
    const struct gs_config *config = slot->service->config;

    if (slot->watch) {
        struct gs_stage_watch_options options;
        gs_stage_watch_options(config, lane, slot->shard, &options);
        options.alert = on_alert;
        options.alert_arg = slot->service;
        return gs_stage_watch_new(&options, &slot->watch_stage, err);
    }
    struct gs_stage_tag_options options;
    gs_stage_tag_options(config, &slot->service->assets, slot->shard, &options);
    return gs_stage_tag_new(&options, &slot->tag_stage, err);
}

static void name_slot(struct slot *slot, int lane)
{
    const struct gs_config *config = slot->service->config;
    const char *stage = slot->watch ? "watch" : "tag";

    (void)snprintf(slot->name, sizeof slot->name, "%s %d", stage, lane);
    (void)snprintf(slot->number, sizeof slot->number, "%d", lane);
    (void)snprintf(slot->group, sizeof slot->group, "%s-%s", config->kafka.group_prefix, stage);
    (void)snprintf(slot->instance, sizeof slot->instance, "%s-%s-%s-%d", config->kafka.group_prefix,
                   stage, config->kafka.instance, lane);
    gs_config_kafka_options(config, &slot->kafka);
    slot->kafka.group = slot->group;
    slot->kafka.instance = slot->instance;
    slot->kafka.max_batch = config->batch.max_messages;
    slot->kafka.log = client_log;
    slot->kafka.log_arg = slot;
    if (slot->watch) {
        slot->input = config->output.topics[GS_STREAM_OBSERVATIONS];
        slot->kafka.topics = &slot->input;
        slot->kafka.n_topics = 1;
        slot->kafka.output[GS_STREAM_ALERTS] = config->output.topics[GS_STREAM_ALERTS];
        slot->kafka.output[GS_STREAM_LATE] = config->output.topics[GS_STREAM_LATE];
    } else {
        slot->kafka.topics = config->input.topics.items;
        slot->kafka.n_topics = config->input.topics.n;
        slot->kafka.output[GS_STREAM_TAGGED] = config->output.topics[GS_STREAM_TAGGED];
        slot->kafka.output[GS_STREAM_OBSERVATIONS] = config->output.topics[GS_STREAM_OBSERVATIONS];
    }
    slot->kafka.output[GS_STREAM_DLQ] = config->output.topics[GS_STREAM_DLQ];
}

static enum gs_status make_slot(struct gs_service *service, bool watch, int lane,
                                struct gs_error *err)
{
    struct slot *slot = &service->slots[service->n_slots];
    const char *const stage = watch ? "watch" : "tag";

    *slot = (struct slot){.service = service, .watch = watch};
    service->n_slots++;
    name_slot(slot, lane);
    enum gs_status status = gs_shard_new(service->metrics, &slot->shard, err);
    if (status != GS_OK) {
        return status;
    }
    slot->rebalances = gs_metric_series(slot->shard, GS_M_REBALANCES, &stage);
    slot->retries = gs_metric_series(slot->shard, GS_M_KAFKA_RETRIES, &stage);
    slot->delivery_failures = gs_metric_series(slot->shard, GS_M_DELIVERY_FAILURES, &stage);
    status = make_stage(slot, lane, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_lane_options options = {.name = slot->name,
                                            .stage = stage,
                                            .ops = watch ? &gs_stage_watch_ops : &gs_stage_tag_ops,
                                            .self = watch ? (void *)slot->watch_stage
                                                          : (void *)slot->tag_stage,
                                            .max_messages = service->config->batch.max_messages,
                                            .max_time_ms = (int)service->config->batch.max_time_ms,
                                            .open = open_clients,
                                            .open_arg = slot,
                                            .shard = slot->shard,
                                            .sample = sample_clients};
    return gs_lane_new(&options, &slot->lane, err);
}

static void *run_lane(void *arg)
{
    struct slot *slot = arg;
    struct gs_error err = {0};

    if (gs_lane_run(slot->lane, &err) != GS_OK) {
        gs_log(GS_LOG_ERROR, slot->name, "the lane stops: %s", err.message);
        (void)pthread_mutex_lock(&slot->service->lock);
        slot->error = err;
        (void)pthread_mutex_unlock(&slot->service->lock);
    }
    return NULL;
}

/* ---- what HTTP asks ---- */

enum { STALE_MS = 60000 };

static bool lane_is_stuck(const struct gs_lane_status *status)
{
    return gs_clock_wall_ms() - atomic_load(&status->progress_ms) > STALE_MS &&
           atomic_load(&status->lag) != 0;
}

static bool is_ready(void *arg, struct gs_buf *ret_reason)
{
    struct gs_service *service = arg;

    for (size_t i = 0; i < service->n_slots; i++) {
        const struct slot *slot = &service->slots[i];
        const struct gs_lane_status *status = gs_lane_status(slot->lane);
        if (atomic_load(&status->failed)) {
            gs_buf_printf(ret_reason, "lane %s has stopped", slot->name);
            return false;
        }
        if (!atomic_load(&status->assigned)) {
            gs_buf_printf(ret_reason, "lane %s has no partition assignment yet", slot->name);
            return false;
        }
    }
    return true;
}

static bool is_alive(void *arg, struct gs_buf *ret_reason)
{
    struct gs_service *service = arg;

    for (size_t i = 0; i < service->n_slots; i++) {
        const struct slot *slot = &service->slots[i];
        const struct gs_lane_status *status = gs_lane_status(slot->lane);
        if (atomic_load(&status->failed)) {
            gs_buf_printf(ret_reason, "lane %s has stopped", slot->name);
            return false;
        }
        if (lane_is_stuck(status)) {
            gs_buf_printf(ret_reason, "lane %s has made no progress for %d s while records wait",
                          slot->name, STALE_MS / 1000);
            return false;
        }
    }
    return true;
}

/* Gauges that are read off the lanes when somebody looks. */
static void refresh(void *arg)
{
    struct gs_service *service = arg;
    int running[2] = {0, 0};
    static const char *const stages[2] = {"tag", "watch"};

    gs_metrics_update_process(service->shard);
    for (size_t i = 0; i < service->n_slots; i++) {
        const struct slot *slot = &service->slots[i];
        const struct gs_lane_status *status = gs_lane_status(slot->lane);
        const char *const values[] = {stages[slot->watch], slot->number};
        const int64_t lag = atomic_load(&status->lag);
        gs_series_set(gs_metric_series(service->shard, GS_M_CONSUMER_LAG, values),
                      lag < 0 ? 0 : (double)lag);
        gs_series_set(gs_metric_series(service->shard, GS_M_LAST_PROGRESS, values),
                      (double)atomic_load(&status->progress_ms) / 1000);
        running[slot->watch] += atomic_load(&status->assigned) && !atomic_load(&status->failed);
    }
    for (size_t i = 0; i < 2; i++) {
        gs_series_set(gs_metric_series(service->shard, GS_M_LANES, &stages[i]), running[i]);
    }
}

static void status_json(void *arg, struct gs_buf *ret)
{
    struct gs_service *service = arg;
    struct gs_service_totals totals;
    struct gs_board *boards[MAX_LANES];
    struct gs_lane_view lanes[MAX_LANES];
    size_t n_boards = 0;

    gs_service_totals(service, &totals);
    for (size_t i = 0; i < service->n_slots; i++) {
        const struct slot *slot = &service->slots[i];
        lanes[i] = (struct gs_lane_view){.stage = slot->watch ? "watch" : "tag",
                                         .number = slot->number,
                                         .status = gs_lane_status(slot->lane)};
        if (slot->watch) {
            boards[n_boards++] = gs_stage_watch_board(slot->watch_stage);
        }
    }
    const struct gs_status_view view = {.started_ms = service->started_ms,
                                        .model = gs_model_info(service->assets.model),
                                        .totals = &totals,
                                        .lanes = lanes,
                                        .n_lanes = service->n_slots,
                                        .boards = boards,
                                        .n_boards = n_boards};
    gs_status_json(&view, ret);
}

static enum gs_status start_http(struct gs_service *service, struct gs_error *err)
{
    const struct gs_config *config = service->config;
    const struct gs_http_options options = {.address = config->http.address,
                                            .port = config->http.port,
                                            .max_connections = config->http.max_connections};
    const struct gs_http_hooks hooks = {.arg = service,
                                        .metrics = service->metrics,
                                        .refresh = refresh,
                                        .ready = is_ready,
                                        .alive = is_alive,
                                        .status_json = status_json};

    return config->http.enabled ? gs_http_start(&options, &hooks, &service->http, err) : GS_OK;
}

/* ---- start and stop ---- */

static enum gs_status make_metrics(struct gs_service *service, struct gs_error *err)
{
    const struct gs_model_info *model = gs_model_info(service->assets.model);
    enum gs_status status = gs_metrics_new(gs_metric_table, GS_N_METRICS, &service->metrics, err);

    if (status == GS_OK) {
        status = gs_shard_new(service->metrics, &service->shard, err);
    }
    if (status == GS_OK) {
        const struct gs_metric_known known = {.topics = model->labels[GS_HEAD_TOPICS],
                                              .n_topics = model->n_labels[GS_HEAD_TOPICS],
                                              .version = GS_VERSION,
                                              .model = model->name};
        gs_metrics_init_known(service->shard, &known);
        gs_series_set(gs_metric_series(service->shard, GS_M_MODEL_MEMORY, NULL),
                      (double)model->memory_bytes);
    }
    return status;
}

static enum gs_status make_slots(struct gs_service *service, int stages, struct gs_error *err)
{
    const int n_tag = stages & GS_STAGE_TAG ? service->config->lanes.tag : 0;
    const int n_watch = stages & GS_STAGE_WATCH ? service->config->lanes.watch : 0;
    enum gs_status status = GS_OK;

    if (n_tag + n_watch > MAX_LANES) {
        return gs_fail(err, GS_BAD_CONFIG, "lanes: more than %d", MAX_LANES);
    }
    service->slots = calloc((size_t)n_tag + (size_t)n_watch + 1, sizeof *service->slots);
    if (service->slots == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "lanes");
    }
    for (int i = 0; i < n_tag && status == GS_OK; i++) {
        status = make_slot(service, false, i, err);
    }
    for (int i = 0; i < n_watch && status == GS_OK; i++) {
        status = make_slot(service, true, i, err);
    }
    return status;
}

static enum gs_status start_lanes(struct gs_service *service, struct gs_error *err)
{
    for (size_t i = 0; i < service->n_slots; i++) {
        struct slot *slot = &service->slots[i];
        const int failed = pthread_create(&slot->thread, NULL, run_lane, slot);
        if (failed != 0) {
            return gs_fail_errno(err, failed, "lane %s", slot->name);
        }
        slot->started = true;
    }
    return GS_OK;
}

enum gs_status gs_service_start(const struct gs_config *config, int stages,
                                const struct gs_service_hooks *hooks, struct gs_service **ret,
                                struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_service *service = calloc(1, sizeof *service);

    if (service == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "service");
    }
    service->config = config;
    service->started_ms = gs_clock_wall_ms();
    (void)pthread_mutex_init(&service->lock, NULL);
    (void)pthread_mutex_init(&service->hooks_lock, NULL);
    if (hooks != NULL) {
        service->hooks = *hooks;
    }
    if ((status = gs_assets_load(config, &service->assets, err)) != GS_OK ||
        (status = make_metrics(service, err)) != GS_OK ||
        (status = make_slots(service, stages, err)) != GS_OK ||
        (status = start_http(service, err)) != GS_OK ||
        (status = start_lanes(service, err)) != GS_OK) {
        goto done;
    }
    *ret = service;
    service = NULL;

done:
    gs_service_stop(service);
    return status;
}

void gs_service_stop(struct gs_service *service)
{
    if (service == NULL) {
        return;
    }
    for (size_t i = 0; i < service->n_slots; i++) {
        if (service->slots[i].started) {
            gs_lane_stop(service->slots[i].lane);
        }
    }
    for (size_t i = 0; i < service->n_slots; i++) {
        if (service->slots[i].started) {
            (void)pthread_join(service->slots[i].thread, NULL);
        }
    }
    gs_http_stop(service->http);
    for (size_t i = 0; i < service->n_slots; i++) {
        gs_lane_free(service->slots[i].lane);
        gs_stage_tag_free(service->slots[i].tag_stage);
        gs_stage_watch_free(service->slots[i].watch_stage);
    }
    gs_metrics_free(service->metrics);
    gs_assets_done(&service->assets);
    (void)pthread_mutex_destroy(&service->lock);
    (void)pthread_mutex_destroy(&service->hooks_lock);
    free(service->slots);
    free(service);
}

/* ---- readers ---- */

int gs_service_port(const struct gs_service *service)
{
    return service->http == NULL ? 0 : gs_http_port(service->http);
}

bool gs_service_failed(struct gs_service *service, struct gs_error *ret)
{
    bool failed = false;

    (void)pthread_mutex_lock(&service->lock);
    for (size_t i = 0; i < service->n_slots && !failed; i++) {
        if (service->slots[i].error.status != GS_OK) {
            *ret = service->slots[i].error;
            failed = true;
        }
    }
    (void)pthread_mutex_unlock(&service->lock);
    return failed;
}

size_t gs_service_rows(struct gs_service *service, struct gs_board_row *rows, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < service->n_slots; i++) {
        const struct slot *slot = &service->slots[i];
        if (slot->watch_stage != NULL) {
            n += gs_board_rows(gs_stage_watch_board(slot->watch_stage), rows + n, max - n);
        }
    }
    return n;
}

static void add_total(void *arg, const struct gs_sample *sample)
{
    struct gs_service_totals *totals = arg;
    const size_t id = (size_t)(sample->def - gs_metric_table);

    if (sample->values == NULL) {
        return;
    }
    if (id == GS_M_RECORDS_PRODUCED) {
        const uint64_t n = (uint64_t)sample->value;
        totals->tagged += gs_str_equal(sample->values[0], gs_str("tagged")) ? n : 0;
        totals->observations += gs_str_equal(sample->values[0], gs_str("observations")) ? n : 0;
        totals->alerts += gs_str_equal(sample->values[0], gs_str("alerts")) ? n : 0;
        totals->rejected += gs_str_equal(sample->values[0], gs_str("dlq")) ? n : 0;
    } else if (id == GS_M_RECORDS_CONSUMED) {
        const bool tag = gs_str_equal(sample->values[0], gs_str("tag"));
        *(tag ? &totals->consumed : &totals->watched) += (uint64_t)sample->value;
    } else if (id == GS_M_WATERMARK && sample->value != 0) {
        totals->watermark_ms = (int64_t)(sample->value * 1000);
    }
}

void gs_service_totals(struct gs_service *service, struct gs_service_totals *ret)
{
    *ret = (struct gs_service_totals){.watermark_ms = INT64_MIN};
    if (gs_metrics_visit(service->metrics, add_total, ret, NULL) != GS_OK) {
        *ret = (struct gs_service_totals){.watermark_ms = INT64_MIN}; /* no memory: no totals */
    }
}
