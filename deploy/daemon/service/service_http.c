/* The hooks that the web server (alerting/http.h) asks for its answers. */
#include "deploy/daemon/service/service_http.h"

#include "alerting/http/http.h"
#include "deploy/daemon/service/status.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <inttypes.h>
#include <stdlib.h>

/* SILENT_MS: a member sends heartbeats every two seconds. */
enum { STALE_MS = 60000, SILENT_MS = 8000, READY_STALE_MS = 30000 };

struct gs_server {
    struct gs_served served;
    struct gs_served_lane *lanes; /* [served.n_lanes], owned */
    struct gs_lane_view *views;   /* [n_lanes] room for status_json() */
    struct gs_board **boards;     /* the same */
    struct gs_shard *shard;       /* what is set at a scrape; the metrics' own */
    struct gs_http *http;
    int64_t started_ms;
};

static bool lane_is_stuck(const struct gs_lane_status *status)
{
    return gs_clock_wall_ms() - atomic_load(&status->progress_ms) > STALE_MS &&
           atomic_load(&status->lag) != 0;
}

/* Why a lane that has an assignment does not read it now; false: it reads. */
static bool stands_still(const struct gs_served_lane *lane, struct gs_buf *ret_reason)
{
    const uint64_t n_unowned = atomic_load(&lane->status->n_unowned);
    const int64_t idle_ms = gs_clock_wall_ms() - atomic_load(&lane->status->progress_ms);
    const int64_t heard_ns = lane->heard_ns == NULL ? 0 : atomic_load(lane->heard_ns);
    const int64_t silent_ms = (gs_clock_monotonic_ns() - heard_ns) / 1000000;

    if (heard_ns != 0 && silent_ms > SILENT_MS) {
        gs_buf_printf(ret_reason, "lane %s has had no answer from Kafka for %" PRId64 " s",
                      lane->name, silent_ms / 1000);
    } else if (idle_ms > READY_STALE_MS && lane->heard_ns != NULL) {
        gs_buf_printf(ret_reason, "lane %s has committed nothing for %" PRId64 " s", lane->name,
                      idle_ms / 1000);
    } else if (n_unowned > 0) {
        gs_buf_printf(ret_reason, "%" PRIu64 " partitions of the input of %s are read by nobody",
                      n_unowned, lane->name);
    } else {
        return false;
    }
    return true;
}

static bool is_ready(void *arg, struct gs_buf *ret_reason)
{
    const struct gs_server *server = arg;

    for (size_t i = 0; i < server->served.n_lanes; i++) {
        const struct gs_served_lane *lane = &server->lanes[i];
        if (atomic_load(&lane->status->failed)) {
            gs_buf_printf(ret_reason, "lane %s has stopped", lane->name);
            return false;
        }
        if (!atomic_load(&lane->status->assigned)) {
            gs_buf_printf(ret_reason, "lane %s has no partition assignment yet", lane->name);
            return false;
        }
        if (lane->watch != NULL && !atomic_load(&lane->status->settled)) {
            gs_buf_printf(ret_reason, "lane %s does not have its windows yet", lane->name);
            return false;
        }
        if (stands_still(lane, ret_reason)) {
            return false;
        }
    }
    return true;
}

static bool is_alive(void *arg, struct gs_buf *ret_reason)
{
    const struct gs_server *server = arg;

    for (size_t i = 0; i < server->served.n_lanes; i++) {
        const struct gs_served_lane *lane = &server->lanes[i];
        if (atomic_load(&lane->status->failed)) {
            gs_buf_printf(ret_reason, "lane %s has stopped", lane->name);
            return false;
        }
        if (lane_is_stuck(lane->status)) {
            gs_buf_printf(ret_reason, "lane %s has made no progress for %d s while records wait",
                          lane->name, STALE_MS / 1000);
            return false;
        }
    }
    return true;
}

/* Gauges that are read off the lanes when somebody looks. */
static void refresh(void *arg)
{
    struct gs_server *server = arg;
    int running[2] = {0, 0};
    uint64_t unowned[2] = {0, 0};
    static const char *const stages[2] = {"tag", "watch"};

    gs_metrics_update_process(server->shard);
    for (size_t i = 0; i < server->served.n_lanes; i++) {
        const struct gs_served_lane *lane = &server->lanes[i];
        const struct gs_lane_status *status = lane->status;
        const char *const values[] = {stages[!lane->tags], lane->number};
        const int64_t lag = atomic_load(&status->lag);
        const bool runs = atomic_load(&status->assigned) && !atomic_load(&status->failed);
        gs_series_set(gs_metric_series(server->shard, GS_M_CONSUMER_LAG, values),
                      lag < 0 ? 0 : (double)lag);
        gs_series_set(gs_metric_series(server->shard, GS_M_LAST_PROGRESS, values),
                      (double)atomic_load(&status->progress_ms) / 1000);
        if (lane->watch != NULL) {
            gs_series_set(gs_metric_series(server->shard, GS_M_STATE_RESTORING, &values[1]),
                          !atomic_load(&status->settled));
        }
        const uint64_t n_unowned = atomic_load(&status->n_unowned);
        uint64_t *most = &unowned[!lane->tags]; /* each lane sees the whole group */
        *most = n_unowned > *most ? n_unowned : *most;
        running[0] += runs && lane->tags;
        running[1] += runs && lane->watch != NULL;
    }
    for (size_t i = 0; i < 2; i++) {
        gs_series_set(gs_metric_series(server->shard, GS_M_LANES, &stages[i]), running[i]);
        gs_series_set(gs_metric_series(server->shard, GS_M_PARTITIONS_UNOWNED, &stages[i]),
                      (double)unowned[i]);
    }
}

static void status_json(void *arg, struct gs_buf *ret)
{
    struct gs_server *server = arg;
    struct gs_service_totals totals;
    size_t n_boards = 0;

    struct gs_model_folder *folder = gs_assets_folder(server->served.assets);

    gs_totals_read(server->served.metrics, &totals);
    for (size_t i = 0; i < server->served.n_lanes; i++) {
        const struct gs_served_lane *lane = &server->lanes[i];
        server->views[i] = (struct gs_lane_view){
            .stage = lane->tags ? "tag" : "watch", .number = lane->number, .status = lane->status};
        if (lane->watch != NULL) {
            server->boards[n_boards++] = gs_stage_watch_board(lane->watch);
        }
    }
    const struct gs_status_view view = {.started_ms = server->started_ms,
                                        .model = gs_model_info(folder->model),
                                        .totals = &totals,
                                        .desk = server->served.desk,
                                        .lanes = server->views,
                                        .n_lanes = server->served.n_lanes,
                                        .boards = server->boards,
                                        .n_boards = n_boards};
    gs_status_json(&view, ret);
    gs_model_folder_drop(folder);
}

static enum gs_status make_server(const struct gs_served *served, struct gs_server **ret,
                                  struct gs_error *err)
{
    const size_t n = served->n_lanes + 1;
    struct gs_server *server = calloc(1, sizeof *server);

    *ret = server;
    if (server == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "HTTP server");
    }
    server->served = *served;
    server->started_ms = gs_clock_wall_ms();
    server->lanes = calloc(n, sizeof *server->lanes);
    server->views = calloc(n, sizeof *server->views);
    server->boards = calloc(n, sizeof(struct gs_board *));
    if (server->lanes == NULL || server->views == NULL || server->boards == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "HTTP server");
    }
    memcpy(server->lanes, served->lanes, served->n_lanes * sizeof *server->lanes);
    server->served.lanes = server->lanes;
    return gs_shard_new(served->metrics, &server->shard, err);
}

enum gs_status gs_server_start(const struct gs_served *served, struct gs_server **ret,
                               struct gs_error *err)
{
    const struct gs_config *config = served->config;
    struct gs_server *server = NULL;
    enum gs_status status = make_server(served, &server, err);

    if (status != GS_OK) {
        goto done;
    }
    const struct gs_http_options options = {.address = config->http.address,
                                            .port = config->http.port,
                                            .max_connections = config->http.max_connections};
    const struct gs_http_hooks hooks = {.arg = server,
                                        .metrics = served->metrics,
                                        .refresh = refresh,
                                        .ready = is_ready,
                                        .alive = is_alive,
                                        .status_json = status_json};
    status = gs_http_start(&options, &hooks, &server->http, err);
    if (status != GS_OK) {
        goto done;
    }
    gs_log(GS_LOG_INFO, "http", "http://%s:%d/ (status), /metrics, /healthz, /readyz",
           config->http.address, gs_http_port(server->http));
    *ret = server;
    server = NULL;

done:
    gs_server_stop(server);
    return status;
}

void gs_server_stop(struct gs_server *server)
{
    if (server == NULL) {
        return;
    }
    gs_http_stop(server->http);
    free(server->lanes);
    free(server->views);
    free(server->boards);
    free(server);
}

int gs_server_port(const struct gs_server *server)
{
    return server == NULL ? 0 : gs_http_port(server->http);
}
