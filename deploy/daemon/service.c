#include "base/clock.h"
#include "deploy/daemon/metric_table.h"
#include "deploy/daemon/service_internal.h"
#include "deploy/daemon/version.h"

#include <stdlib.h>

/* ---- start and stop ---- */

/* Its name and memory, in place of the old one's. */
static void show_model(struct gs_service *service, const struct gs_model_info *old,
                       const struct gs_model_info *now)
{
    const char *const before[] = {GS_VERSION, old->name, NULL, NULL};
    const char *const after[] = {GS_VERSION, now->name, NULL, NULL};

    gs_series_drop(service->swaps, gs_metric_series(service->swaps, GS_M_BUILD_INFO, before));
    gs_series_set(gs_metric_series(service->swaps, GS_M_BUILD_INFO, after), 1);
    gs_series_set(gs_metric_series(service->swaps, GS_M_MODEL_MEMORY, NULL),
                  (double)now->memory_bytes);
}

static enum gs_status make_metrics(struct gs_service *service, struct gs_error *err)
{
    struct gs_model_folder *folder = gs_model_slot_take(service->assets.models, NULL);
    const struct gs_model_info *model = gs_model_info(folder->model);
    enum gs_status status = gs_metrics_new(gs_metric_table, GS_N_METRICS, &service->metrics, err);

    if (status == GS_OK) {
        status = gs_shard_new(service->metrics, &service->shard, err);
    }
    if (status == GS_OK) {
        status = gs_shard_new(service->metrics, &service->swaps, err);
    }
    if (status == GS_OK) {
        const struct gs_metric_known known = {.topics = model->labels[GS_HEAD_TOPICS],
                                              .n_topics = model->n_labels[GS_HEAD_TOPICS],
                                              .version = GS_VERSION,
                                              .model = model->name};
        gs_metrics_init_known(service->swaps, &known);
        show_model(service, model, model);
    }
    gs_model_folder_drop(folder);
    return status;
}

static enum gs_status make_slots(struct gs_service *service, int stages, struct gs_error *err)
{
    const int n_tag = stages & GS_STAGE_TAG ? service->config->lanes.tag : 0;
    const int n_watch = stages & GS_STAGE_WATCH ? service->config->lanes.watch : 0;
    enum gs_status status = GS_OK;

    if (n_tag + n_watch > GS_MAX_LANES) {
        return gs_fail(err, GS_BAD_CONFIG, "lanes: more than %d", GS_MAX_LANES);
    }
    service->slots = calloc((size_t)n_tag + (size_t)n_watch + 1, sizeof *service->slots);
    if (service->slots == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "lanes");
    }
    for (int i = 0; i < n_tag && status == GS_OK; i++) {
        status = gs_slot_make(service, false, i, err);
    }
    for (int i = 0; i < n_watch && status == GS_OK; i++) {
        status = gs_slot_make(service, true, i, err);
    }
    return status;
}

static enum gs_status start_lanes(struct gs_service *service, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < service->n_slots && status == GS_OK; i++) {
        status = gs_slot_start(&service->slots[i], err);
    }
    return status;
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
        (status = gs_service_start_http(service, err)) != GS_OK ||
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
        gs_slot_done(&service->slots[i]);
    }
    gs_metrics_free(service->metrics);
    gs_assets_done(&service->assets);
    (void)pthread_mutex_destroy(&service->lock);
    (void)pthread_mutex_destroy(&service->hooks_lock);
    free(service->slots);
    free(service);
}

/* ---- another model ---- */

enum gs_status gs_service_reload(struct gs_service *service, struct gs_error *err)
{
    struct gs_model_folder *old = gs_model_slot_take(service->assets.models, NULL);
    const enum gs_status status = gs_assets_reload(service->config, &service->assets, err);
    const char *const result = status == GS_OK ? "loaded" : "refused";

    gs_series_add(gs_metric_series(service->swaps, GS_M_MODEL_SWAPS, &result), 1);
    if (status == GS_OK) {
        struct gs_model_folder *now = gs_model_slot_take(service->assets.models, NULL);
        show_model(service, gs_model_info(old->model), gs_model_info(now->model));
        gs_model_folder_drop(now);
    }
    gs_model_folder_drop(old);
    return status;
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
        const struct gs_slot *slot = &service->slots[i];
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
