#include "base/clock.h"
#include "deploy/daemon/metric_table.h"
#include "deploy/daemon/service_internal.h"
#include "deploy/daemon/status.h"

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
        const struct gs_slot *slot = &service->slots[i];
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
        const struct gs_slot *slot = &service->slots[i];
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
        const struct gs_slot *slot = &service->slots[i];
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
    struct gs_board *boards[GS_MAX_LANES];
    struct gs_lane_view lanes[GS_MAX_LANES];
    size_t n_boards = 0;

    struct gs_model_folder *folder = gs_model_slot_take(service->assets.models, NULL);

    gs_service_totals(service, &totals);
    for (size_t i = 0; i < service->n_slots; i++) {
        const struct gs_slot *slot = &service->slots[i];
        lanes[i] = (struct gs_lane_view){.stage = slot->watch ? "watch" : "tag",
                                         .number = slot->number,
                                         .status = gs_lane_status(slot->lane)};
        if (slot->watch) {
            boards[n_boards++] = gs_stage_watch_board(slot->watch_stage);
        }
    }
    const struct gs_status_view view = {.started_ms = service->started_ms,
                                        .model = gs_model_info(folder->model),
                                        .totals = &totals,
                                        .lanes = lanes,
                                        .n_lanes = service->n_slots,
                                        .boards = boards,
                                        .n_boards = n_boards};
    gs_status_json(&view, ret);
    gs_model_folder_drop(folder);
}

enum gs_status gs_service_start_http(struct gs_service *service, struct gs_error *err)
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
