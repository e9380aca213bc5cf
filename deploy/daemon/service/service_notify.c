/* Notification as the daemon sees it. A receiver that fails is one line of the log, then one at each
 * doubling of its failures, and one when it works again. */
#include "deploy/daemon/service/service_notify.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "deploy/daemon/version.h"
#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME_BYTES = 160, HOST_BYTES = 128 };

struct gs_notifier {
    struct gs_notify *notify;
    struct gs_shard *shard; /* behind the lock of notify, which calls the hooks one at a time */
    size_t n;
    struct {
        const char *kind;
        char name[NAME_BYTES]; /* host:port */
        unsigned failures;
        struct gs_series *sent, *waiting, *last_success;
        struct gs_series *failed[GS_N_NOTIFY_FAILURES], *dropped[GS_N_NOTIFY_DROPS];
    } receivers[GS_NOTIFY_RECEIVERS];
};

/* ---- hooks ---- */

static void on_sent(void *arg, size_t i, size_t n)
{
    struct gs_notifier *notifier = arg;

    if (notifier->receivers[i].failures > 0) {
        gs_log(GS_LOG_INFO, "notify", "%s %s answers again", notifier->receivers[i].kind,
               notifier->receivers[i].name);
    }
    notifier->receivers[i].failures = 0;
    gs_series_add(notifier->receivers[i].sent, (double)n);
    gs_series_set(notifier->receivers[i].last_success, (double)gs_clock_wall_ms() / 1000);
}

static void on_failed(void *arg, size_t i, enum gs_notify_failure failure, unsigned n,
                      const char *why)
{
    struct gs_notifier *notifier = arg;

    notifier->receivers[i].failures = n;
    gs_series_add(notifier->receivers[i].failed[failure], 1);
    if (n > 0 && (n & (n - 1)) == 0) {
        gs_log(GS_LOG_WARNING, "notify", "%s %s cannot be told (%s): %s; trying again",
               notifier->receivers[i].kind, notifier->receivers[i].name,
               gs_notify_failure_name(failure), why);
    }
}

static void on_dropped(void *arg, size_t i, enum gs_notify_drop drop, size_t n, const char *what)
{
    struct gs_notifier *notifier = arg;

    gs_series_add(notifier->receivers[i].dropped[drop], (double)n);
    gs_log(GS_LOG_WARNING, "notify", "%s %s is not told of %zu notice%s (%s): %s",
           notifier->receivers[i].kind, notifier->receivers[i].name, n, n == 1 ? "" : "s",
           gs_notify_drop_name(drop), what);
}

static void on_waiting(void *arg, size_t i, size_t n)
{
    struct gs_notifier *notifier = arg;

    gs_series_set(notifier->receivers[i].waiting, (double)n);
}

/* ---- start and end ---- */

/* "host:port", and "#2" behind the second of one host: no other part of an address is shown, since it
 * may be a secret. */
static void name_receiver(struct gs_notifier *notifier, size_t i, const char *url)
{
    char host[HOST_BYTES];
    size_t same = 1;

    gs_notify_url_host(url, host, sizeof host);
    for (size_t j = 0; j < i; j++) {
        const size_t len = strlen(host);
        const char *other = notifier->receivers[j].name;
        same += strncmp(other, host, len) == 0 && (other[len] == '\0' || other[len] == '#');
    }
    if (same > 1) {
        (void)snprintf(notifier->receivers[i].name, NAME_BYTES, "%s#%zu", host, same);
    } else {
        (void)snprintf(notifier->receivers[i].name, NAME_BYTES, "%s", host);
    }
}

static void add_receiver(struct gs_notifier *notifier, enum gs_notify_kind kind, const char *url)
{
    const size_t i = notifier->n++;
    struct gs_shard *shard = notifier->shard;

    notifier->receivers[i].kind = gs_notify_kind_name(kind);
    name_receiver(notifier, i, url);
    const char *values[] = {notifier->receivers[i].kind, notifier->receivers[i].name, NULL};
    notifier->receivers[i].sent = gs_metric_series(shard, GS_M_NOTIFY_SENT, values);
    notifier->receivers[i].waiting = gs_metric_series(shard, GS_M_NOTIFY_WAITING, values);
    notifier->receivers[i].last_success = gs_metric_series(shard, GS_M_NOTIFY_LAST_SUCCESS, values);
    for (int j = GS_NOTIFY_FINE + 1; j < GS_N_NOTIFY_FAILURES; j++) {
        values[2] = gs_notify_failure_name((enum gs_notify_failure)j);
        notifier->receivers[i].failed[j] = gs_metric_series(shard, GS_M_NOTIFY_FAILED, values);
    }
    for (int j = 0; j < GS_N_NOTIFY_DROPS; j++) {
        values[2] = gs_notify_drop_name((enum gs_notify_drop)j);
        notifier->receivers[i].dropped[j] = gs_metric_series(shard, GS_M_NOTIFY_DROPPED, values);
    }
}

static void add_receivers(struct gs_notifier *notifier, const struct gs_config *config)
{
    for (size_t i = 0; i < config->notify.alertmanager.urls.n; i++) {
        add_receiver(notifier, GS_NOTIFY_ALERTMANAGER, config->notify.alertmanager.urls.items[i]);
    }
    for (size_t i = 0; i < config->notify.webhook.urls.n; i++) {
        add_receiver(notifier, GS_NOTIFY_WEBHOOK, config->notify.webhook.urls.items[i]);
    }
}

static void fill_options(const struct gs_config *config, struct gs_notifier *notifier,
                         struct gs_notify_options *ret)
{
    *ret = (struct gs_notify_options){.alertmanagers = config->notify.alertmanager.urls.items,
                                      .n_alertmanagers = config->notify.alertmanager.urls.n,
                                      .resend_ms = config->notify.alertmanager.resend_ms,
                                      .alertmanager_login = config->notify.alertmanager.login,
                                      .webhooks = config->notify.webhook.urls.items,
                                      .n_webhooks = config->notify.webhook.urls.n,
                                      .shape = config->notify.webhook.shape,
                                      .secret_file = config->notify.webhook.secret_file,
                                      .webhook_login = config->notify.webhook.login,
                                      .give_up_ms = config->notify.webhook.give_up_ms,
                                      .max_waiting = config->notify.webhook.max_waiting,
                                      .ca_file = config->notify.ca_file,
                                      .external_url = config->notify.external_url,
                                      .user_agent = "groundswell/" GS_VERSION,
                                      .timeout_ms = config->notify.timeout_ms,
                                      .max_open = config->incidents.max_open,
                                      .hooks = {.arg = notifier,
                                                .sent = on_sent,
                                                .failed = on_failed,
                                                .dropped = on_dropped,
                                                .waiting = on_waiting}};
}

enum gs_status gs_notifier_new(const struct gs_config *config, struct gs_metrics *metrics,
                               struct gs_notifier **ret, struct gs_error *err)
{
    *ret = NULL;
    if (config->notify.alertmanager.urls.n + config->notify.webhook.urls.n == 0) {
        return GS_OK;
    }
    struct gs_notifier *notifier = calloc(1, sizeof *notifier);
    if (notifier == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "notify");
    }
    enum gs_status status = gs_shard_new(metrics, &notifier->shard, err);
    if (status == GS_OK) {
        add_receivers(notifier, config);
    }
    struct gs_notify_options options;
    fill_options(config, notifier, &options);
    if (status == GS_OK) {
        status = gs_notify_new(&options, &notifier->notify, err);
    }
    if (status != GS_OK) {
        gs_notifier_free(notifier);
        return status;
    }
    *ret = notifier;
    return GS_OK;
}

void gs_notifier_free(struct gs_notifier *notifier)
{
    if (notifier != NULL) {
        gs_notify_free(notifier->notify);
        free(notifier);
    }
}

void gs_notifier_incident(struct gs_notifier *notifier, const struct gs_incident *incident)
{
    if (notifier != NULL) {
        gs_notify_incident(notifier->notify, incident, incident->answer.silenced);
    }
}

/* On a copy, since its notice is another one, or none. Without memory for it Alertmanagers hear of it
 * at its next change. */
void gs_notifier_answered(struct gs_notifier *notifier, const struct gs_incident *incident,
                          bool late)
{
    struct gs_incident *copy = notifier == NULL ? NULL : malloc(sizeof *copy);

    if (copy != NULL) {
        *copy = *incident;
        copy->notice = late ? GS_NOTICE_LATE : GS_NOTICE_NONE;
        copy->answer.silence = GS_SILENCE_NONE;
        gs_notifier_incident(notifier, copy);
        free(copy);
    }
}

void gs_notifier_forget(struct gs_notifier *notifier, const char *id)
{
    if (notifier != NULL) {
        gs_notify_forget(notifier->notify, id);
    }
}
