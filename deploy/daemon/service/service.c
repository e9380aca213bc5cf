/* The service: what is made in which order, and how it ends.
 *
 *     assets (rules, watchlist, model)     loaded first: what is wrong is said before anything runs
 *     metrics, one shard a lane            each lane counts for itself, a scrape adds up
 *     slots: stage, lane, names            nothing is connected yet
 *     HTTP                                 answers while lanes are still opening their clients
 *     threads, one a lane                  each opens its own clients
 *
 * The end goes backwards: all lanes are asked to stop, then joined one after the other, so that their
 * waiting overlaps; then the server, then the memory. A lane that gives up writes its error into its
 * slot; the others go on, and who started the service decides (gs_service_failed).
 *
 * A reload loads rules, watchlist and model beside those in use and puts them into the slot from
 * which lanes take them between two batches; what is wrong with any changes nothing. */
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/service/service_internal.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "deploy/daemon/version.h"
#include "ingest/base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { SUMMARY_LINES = 8 };

/* ---- start and stop ---- */

/* Its name and memory, in place of the old one's. */
static void show_model(struct gs_shard *swaps, const struct gs_model_info *old,
                       const struct gs_model_info *now)
{
    const char *const before[] = {GS_VERSION, old->name, NULL, NULL};
    const char *const after[] = {GS_VERSION, now->name, NULL, NULL};

    gs_series_drop(swaps, gs_metric_series(swaps, GS_M_BUILD_INFO, before));
    gs_series_set(gs_metric_series(swaps, GS_M_BUILD_INFO, after), 1);
    gs_series_set(gs_metric_series(swaps, GS_M_MODEL_MEMORY, NULL), (double)now->memory_bytes);
}

enum gs_status gs_run_metrics(const struct gs_assets *assets, struct gs_metrics **ret,
                              struct gs_shard **ret_swaps, struct gs_error *err)
{
    struct gs_model_folder *folder = NULL;
    enum gs_status status = gs_metrics_new(gs_metric_table, GS_N_METRICS, ret, err);

    if (status != GS_OK) {
        return status;
    }
    status = gs_shard_new(*ret, ret_swaps, err);
    if (status != GS_OK) {
        return status;
    }
    folder = gs_assets_folder(assets);
    const struct gs_model_info *model = gs_model_info(folder->model);
    const struct gs_metric_known known = {.topics = model->labels[GS_HEAD_TOPICS],
                                          .n_topics = model->n_labels[GS_HEAD_TOPICS],
                                          .version = GS_VERSION,
                                          .model = model->name};
    gs_metrics_init_known(*ret_swaps, &known);
    show_model(*ret_swaps, model, model);
    gs_model_folder_drop(folder);
    return GS_OK;
}

void gs_announce(const struct gs_config *config, int stages, const struct gs_assets *assets)
{
    struct gs_model_folder *folder = gs_assets_folder(assets);
    const struct gs_model_info *model = gs_model_info(folder->model);
    const char *const tiers = model->fast && model->encodes ? "fast tier and encoder"
                              : model->encodes              ? "encoder"
                                                            : "fast tier";
    char input[600];

    if (config->input.kind == GS_INPUT_KAFKA) {
        (void)snprintf(input, sizeof input, "Kafka at %s", config->kafka.brokers);
    } else if (config->input.kind == GS_INPUT_STDIN) {
        (void)snprintf(input, sizeof input, "reads stdin");
    } else {
        (void)snprintf(input, sizeof input, "reads %s%s", config->input.files.items[0],
                       config->input.files.n > 1 ? " and more" : "");
    }
    gs_log(GS_LOG_INFO, "run", "groundswell %s, configuration %s, model %s %s (%s), stages %s, %s",
           GS_VERSION, config->name, model->name, model->version, tiers,
           stages == GS_STAGE_TAG     ? "tag"
           : stages == GS_STAGE_WATCH ? "watch"
                                      : "tag and watch",
           input);
    gs_model_folder_drop(folder);
}

/* ---- incidents ---- */

void gs_log_incident(const struct gs_incident *incident)
{
    const bool told = gs_incident_told(incident);

    if (incident->notice != GS_NOTICE_NONE) {
        gs_log(GS_LOG_INFO, "incident", "%s %s %s%s%s: %s",
               gs_severity_name((enum gs_severity)incident->severity),
               gs_incident_notice_name((enum gs_incident_notice)incident->notice), incident->id,
               told ? "" : ", not told: ",
               told ? ""
                    : gs_incident_silence_name((enum gs_incident_silence)incident->answer.silence),
               incident->title);
    }
}

void gs_log_summary(const struct gs_held_incident *held, size_t n, size_t n_more)
{
    struct gs_buf text = {.max = 2048};

    for (size_t i = 0; i < n && i < SUMMARY_LINES; i++) {
        gs_buf_printf(&text, "%s%s %s%s: %.160s", i > 0 ? "; " : "",
                      gs_severity_name((enum gs_severity)held[i].severity), held[i].id,
                      held[i].ended ? " (over)" : "", held[i].title);
    }
    gs_log(GS_LOG_INFO, "incident", "told late: %zu incidents: %.*s%s", n + n_more, (int)text.len,
           text.bytes == NULL ? "" : text.bytes, n + n_more > SUMMARY_LINES ? "; and more" : "");
    gs_buf_done(&text);
}

void gs_run_desk_options(const struct gs_config *config, struct gs_incident_desk_options *options)
{
    options->journal = config->desk.journal;
    if (gs_quiet_hours_parse(config->desk.quiet_hours, &options->quiet, NULL) != GS_OK) {
        options->quiet = (struct gs_quiet_hours){0, 0}; /* it is checked: this does not happen */
    }
}

static void on_summary(void *arg, const struct gs_held_incident *held, size_t n, size_t n_more)
{
    (void)arg;
    gs_log_summary(held, n, n_more);
}

static void on_incident(void *arg, const struct gs_incident *incident)
{
    struct gs_service *service = arg;

    gs_log_incident(incident);
    gs_notifier_incident(service->notifier, incident);
    if (service->hooks.incident != NULL) {
        (void)pthread_mutex_lock(&service->hooks_lock);
        service->hooks.incident(service->hooks.arg, incident);
        (void)pthread_mutex_unlock(&service->hooks_lock);
    }
}

static void on_answered(void *arg, const struct gs_incident *incident, bool late)
{
    const struct gs_service *service = arg;

    gs_notifier_answered(service->notifier, incident, late);
}

static void on_gone(void *arg, const char *id)
{
    const struct gs_service *service = arg;

    gs_notifier_forget(service->notifier, id);
}

static enum gs_status make_desk(struct gs_service *service, int n_watch, struct gs_error *err)
{
    struct gs_incident_desk_options options;
    struct gs_shard *shard = NULL;
    enum gs_status status = gs_shard_new(service->metrics, &shard, err);

    if (status != GS_OK) {
        return status;
    }
    status = gs_notifier_new(service->config, service->metrics, &service->notifier, err);
    if (status != GS_OK) {
        return status;
    }
    gs_incident_desk_options(service->config, (size_t)n_watch, shard, &options);
    gs_run_desk_options(service->config, &options);
    options.assets = &service->assets;
    options.summarize = on_summary;
    options.tell = on_incident;
    options.gone = on_gone;
    options.answered = on_answered;
    options.tell_arg = service;
    return gs_incident_desk_new(&options, &service->desk, err);
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
    if (n_watch > 0) {
        status = make_desk(service, n_watch, err);
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

static enum gs_status start_server(struct gs_service *service, struct gs_error *err)
{
    struct gs_served_lane lanes[GS_MAX_LANES];

    if (!service->config->http.enabled) {
        return GS_OK;
    }
    for (size_t i = 0; i < service->n_slots; i++) {
        const struct gs_slot *slot = &service->slots[i];
        lanes[i] = (struct gs_served_lane){.name = slot->name,
                                           .number = slot->number,
                                           .status = gs_lane_status(slot->lane),
                                           .heard_ns = &slot->heard_ns,
                                           .tags = !slot->watch,
                                           .watch = slot->watch_stage};
    }
    const struct gs_served served = {.config = service->config,
                                     .assets = &service->assets,
                                     .metrics = service->metrics,
                                     .desk = service->desk,
                                     .lanes = lanes,
                                     .n_lanes = service->n_slots};
    return gs_server_start(&served, &service->server, err);
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
    (void)pthread_mutex_init(&service->lock, NULL);
    (void)pthread_mutex_init(&service->hooks_lock, NULL);
    if (hooks != NULL) {
        service->hooks = *hooks;
    }
    status = gs_assets_load(config, &service->assets, err);
    if (status != GS_OK) {
        goto done;
    }
    gs_announce(config, stages, &service->assets);
    status = gs_run_metrics(&service->assets, &service->metrics, &service->swaps, err);
    if (status != GS_OK) {
        goto done;
    }
    status = make_slots(service, stages, err);
    if (status != GS_OK) {
        goto done;
    }
    status = start_server(service, err);
    if (status != GS_OK) {
        goto done;
    }
    status = start_lanes(service, err);
    if (status != GS_OK) {
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
    gs_server_stop(service->server);
    for (size_t i = 0; i < service->n_slots; i++) {
        gs_slot_done(&service->slots[i]);
    }
    gs_incident_desk_free(service->desk);
    gs_notifier_free(service->notifier);
    gs_metrics_free(service->metrics);
    gs_assets_done(&service->assets);
    (void)pthread_mutex_destroy(&service->lock);
    (void)pthread_mutex_destroy(&service->hooks_lock);
    free(service->slots);
    free(service);
}

/* ---- reload ---- */

static enum gs_status refuse_fixed(const struct gs_service *service, const struct gs_config *config,
                                   struct gs_error *err)
{
    struct gs_buf names = {.max = 1 << 14};
    enum gs_status status = GS_OK;

    if (gs_config_changes(service->config, config, false, &names) > 0) {
        gs_buf_putc(&names, '\0');
        status = gs_fail(err, GS_BAD_CONFIG, "a change takes a restart: %s",
                         gs_buf_ok(&names) ? names.bytes : "many settings");
    }
    gs_buf_done(&names);
    return status;
}

enum gs_status gs_service_reload(struct gs_service *service, const struct gs_config *config,
                                 struct gs_error *err)
{
    struct gs_model_folder *old = gs_assets_folder(&service->assets);
    enum gs_status status = refuse_fixed(service, config, err);

    if (status == GS_OK) {
        status = gs_assets_reload(config, &service->assets, err);
    }
    const char *const result = status == GS_OK ? "loaded" : "refused";
    gs_series_add(gs_metric_series(service->swaps, GS_M_MODEL_SWAPS, &result), 1);
    if (status == GS_OK) {
        struct gs_model_folder *now = gs_assets_folder(&service->assets);
        show_model(service->swaps, gs_model_info(old->model), gs_model_info(now->model));
        gs_model_folder_drop(now);
    }
    gs_model_folder_drop(old);
    return status;
}

/* ---- readers ---- */

int gs_service_port(const struct gs_service *service)
{
    return gs_server_port(service->server);
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

void gs_service_totals(struct gs_service *service, struct gs_service_totals *ret)
{
    gs_totals_read(service->metrics, ret);
}
