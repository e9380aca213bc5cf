/* Settings that must fit each other. */
#include "alerting/incidents/least_severity.h"
#include "alerting/incidents/quiet_hours.h"
#include "deploy/daemon/config/config_internal.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Says it where one of the two was set: the file's line when there is one. */
GS_PRINTF(4, 5)
static void add(const struct gs_loader *loader, const char *first, const char *second,
                const char *fmt, ...)
{
    const struct gs_origin *origin = &loader->origins[gs_option_find(first) - gs_options];
    char text[512];
    va_list args;

    if (gs_config_is_faulty(loader->config, first) ||
        (second != NULL && gs_config_is_faulty(loader->config, second))) {
        return; /* it would follow from what is said already */
    }
    if (origin->place == NULL && second != NULL) {
        origin = &loader->origins[gs_option_find(second) - gs_options];
    }
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    gs_diagnostics_add(loader->diagnostics, origin->place == NULL ? loader->name : origin->place,
                       origin->place == NULL ? 1 : origin->line, "%s: %s", first, text);
}

static void check_input(const struct gs_loader *loader)
{
    const struct gs_config *config = loader->config;

    if (config->input.kind == GS_INPUT_KAFKA && config->input.topics.n == 0) {
        add(loader, "input.topics", "input.kind", "is empty: Kafka input needs a topic");
    }
    if (config->input.kind == GS_INPUT_FILE && config->input.files.n == 0) {
        add(loader, "input.files", "input.kind", "is empty: file input needs a file");
    }
    if (config->input.format == GS_FORMAT_JSON && config->input.pointers.title == NULL &&
        config->input.pointers.text == NULL) {
        add(loader, "input.pointers.text", "input.pointers.title",
            "neither title nor text is read: a message needs one of them");
    }
    if (config->input.pointers.entities.n > 0 && config->entities.watchlist == NULL) {
        add(loader, "input.pointers.entities", "entities.watchlist",
            "names are looked up in entities.watchlist, which is not set");
    }
    if (config->output.kind == GS_OUTPUT_KAFKA && config->input.kind != GS_INPUT_KAFKA) {
        add(loader, "output.kind", "input.kind",
            "kafka needs input.kind kafka, since results and offsets commit together; write file");
    }
}

/* A stage that wrote into what it reads would never end. */
static void check_topics(const struct gs_loader *loader)
{
    static const char *const names[GS_N_STREAMS] = {
        [GS_STREAM_TAGGED] = "output.topics.tagged",
        [GS_STREAM_OBSERVATIONS] = "output.topics.observations",
        [GS_STREAM_ALERTS] = "output.topics.alerts",
        [GS_STREAM_INCIDENTS] = "output.topics.incidents",
        [GS_STREAM_LATE] = "output.topics.late",
        [GS_STREAM_DLQ] = "output.topics.dlq",
        [GS_STREAM_STATE] = "output.topics.state"};
    const struct gs_config *config = loader->config;

    for (size_t i = 0; i < config->input.topics.n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(config->input.topics.items[i], config->input.topics.items[j]) == 0) {
                add(loader, "input.topics", NULL, "\"%.100s\" is named twice",
                    config->input.topics.items[i]);
                break;
            }
        }
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        if (config->output.topics[i] == NULL) {
            continue;
        }
        for (size_t j = 0; j < config->input.topics.n; j++) {
            if (strcmp(config->output.topics[i], config->input.topics.items[j]) == 0) {
                add(loader, names[i], "input.topics", "\"%.100s\" is an input topic too",
                    config->output.topics[i]);
                break;
            }
        }
        for (size_t j = 0; j < i; j++) {
            if (config->output.topics[j] != NULL &&
                strcmp(config->output.topics[i], config->output.topics[j]) == 0) {
                add(loader, names[i], names[j], "\"%.100s\" is %s too", config->output.topics[i],
                    names[j]);
                break;
            }
        }
    }
}

/* The same for files; several streams may go to stdout. */
static void check_files(const struct gs_loader *loader)
{
    static const char *const names[GS_N_STREAMS] = {
        [GS_STREAM_TAGGED] = "output.files.tagged",
        [GS_STREAM_OBSERVATIONS] = "output.files.observations",
        [GS_STREAM_ALERTS] = "output.files.alerts",
        [GS_STREAM_INCIDENTS] = "output.files.incidents",
        [GS_STREAM_LATE] = "output.files.late",
        [GS_STREAM_DLQ] = "output.files.dlq"};
    const struct gs_config *config = loader->config;

    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        const char *file = config->output.files[i];
        if (file == NULL || names[i] == NULL || strcmp(file, "-") == 0) {
            continue;
        }
        for (size_t j = 0; j < config->input.files.n; j++) {
            if (strcmp(file, config->input.files.items[j]) == 0) {
                add(loader, names[i], "input.files", "\"%.200s\" is an input file too", file);
                break;
            }
        }
        for (size_t j = 0; j < i; j++) {
            if (config->output.files[j] != NULL && strcmp(file, config->output.files[j]) == 0) {
                add(loader, names[i], names[j], "\"%.200s\" is %s too", file, names[j]);
                break;
            }
        }
    }
}

static void check_watch(const struct gs_loader *loader)
{
    const struct gs_watch_options *watch = &loader->config->watch.options;

    if (3600000 % watch->bin_ms != 0) {
        add(loader, "watch.bin", NULL, "an hour must be a whole number of bins, such as 5m or 15m");
    }
    if (watch->drop_after_ms <= watch->lateness_ms) {
        add(loader, "watch.drop_after", "watch.lateness", "must be longer than watch.lateness");
    }
    if (watch->event_window_ms > watch->bin_ms * GS_MAX_EVENT_BINS) {
        add(loader, "watch.event_window", "watch.bin", "is more than %d bins", GS_MAX_EVENT_BINS);
    }
    if (watch->tier_lowers != 0 && watch->tier_lowers <= watch->tier_raises) {
        add(loader, "watch.tier_lowers", "watch.tier_raises", "must be above watch.tier_raises");
    }
    if (watch->warning_evidence < watch->info_evidence) {
        add(loader, "watch.warning_evidence", "watch.info_evidence",
            "must not be below watch.info_evidence");
    }
    if (watch->info_evidence > 0.0 && watch->info_evidence < 1.0) {
        add(loader, "watch.info_evidence", NULL, "is 0 (the budget) or at least 1");
    }
    if (watch->warning_false_alarms > watch->info_false_alarms) {
        add(loader, "watch.warning_false_alarms", "watch.info_false_alarms",
            "must not be above watch.info_false_alarms");
    }
}

static void check_desk(const struct gs_loader *loader)
{
    const struct gs_config *config = loader->config;
    struct gs_least_severity least;
    struct gs_quiet_hours hours;
    struct gs_error err = {0};

    if (gs_least_severity_parse(config->desk.least_severity, &least, &err) != GS_OK) {
        add(loader, "incidents.least_severity", NULL, "%s", err.message);
    }
    if (gs_quiet_hours_parse(config->desk.quiet_hours, &hours, &err) != GS_OK) {
        add(loader, "incidents.quiet_hours", NULL, "%s", err.message);
    }
    if (gs_quiet_hours_check_zone(config->desk.time_zone, &err) != GS_OK) {
        add(loader, "incidents.time_zone", NULL, "%s", err.message);
    }
}

static void check_http(const struct gs_loader *loader)
{
    const char *address = loader->config->http.address;
    unsigned char bytes[sizeof(struct in6_addr)];

    if (inet_pton(AF_INET, address, bytes) != 1 && inet_pton(AF_INET6, address, bytes) != 1) {
        add(loader, "http.address", NULL,
            "\"%.60s\" is not an IPv4 or IPv6 address such as 127.0.0.1 or ::1", address);
    }
}

static void check_notify(const struct gs_loader *loader)
{
    const struct gs_notify_login *login = &loader->config->notify.alertmanager.login;
    const enum gs_notify_shape shape = loader->config->notify.webhook.shape;
    const char *external_url = loader->config->notify.external_url;
    struct gs_error why = {.status = GS_OK};

    if (external_url != NULL && gs_notify_check_url(external_url, &why) != GS_OK) {
        add(loader, "notify.external_url", NULL, "%s", why.message);
    }
    if ((login->username == NULL) != (login->password_file == NULL)) {
        add(loader, "notify.alertmanager.username", "notify.alertmanager.password_file",
            "and notify.alertmanager.password_file need each other");
    }
    if (loader->config->notify.webhook.secret_file != NULL &&
        (shape == GS_SHAPE_SLACK || shape == GS_SHAPE_WECOM)) {
        add(loader, "notify.webhook.secret_file", "notify.webhook.shape",
            "is of no use: %s has its secret in the address", gs_notify_shape_names[shape]);
    }
    if (loader->config->notify.alertmanager.urls.n + loader->config->notify.webhook.urls.n >
        GS_NOTIFY_RECEIVERS) {
        add(loader, "notify.webhook.urls", "notify.alertmanager.urls",
            "more than %d receivers in all", GS_NOTIFY_RECEIVERS);
    }
    if (login->username != NULL && login->bearer_token_file != NULL) {
        add(loader, "notify.alertmanager.username", "notify.alertmanager.bearer_token_file",
            "is set, and a bearer token too: choose one");
    }
}

void gs_config_check(const struct gs_loader *loader)
{
    check_input(loader);
    check_topics(loader);
    check_files(loader);
    check_watch(loader);
    check_desk(loader);
    check_http(loader);
    check_notify(loader);
    if (loader->config->kafka.transaction_timeout_ms <= loader->config->batch.max_time_ms) {
        add(loader, "kafka.transaction_timeout", "batch.max_time",
            "must be longer than batch.max_time");
    }
}
