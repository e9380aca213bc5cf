/* Start, end, and what is to be told. The lock is held for as long as it takes to copy a few texts, or
 * to write a request's body, never while somebody is spoken to. */
#include "alerting/notify/notify_internal.h"

#include <assert.h>
#include <stdlib.h>

enum { STOP_MS = 1000, MAX_BODY = 1024 * 1024 };

const char *gs_notify_kind_name(enum gs_notify_kind kind)
{
    static const char *const names[GS_N_NOTIFY_KINDS] = {
        [GS_NOTIFY_ALERTMANAGER] = "alertmanager", [GS_NOTIFY_WEBHOOK] = "webhook"};

    return names[kind];
}

const char *gs_notify_failure_name(enum gs_notify_failure failure)
{
    static const char *const names[GS_N_NOTIFY_FAILURES] = {[GS_NOTIFY_FINE] = "none",
                                                            [GS_NOTIFY_CREDENTIALS] = "credentials",
                                                            [GS_NOTIFY_CONNECT] = "connect",
                                                            [GS_NOTIFY_TIMEOUT] = "timeout",
                                                            [GS_NOTIFY_TLS] = "tls",
                                                            [GS_NOTIFY_AUTH] = "auth",
                                                            [GS_NOTIFY_THROTTLED] = "throttled",
                                                            [GS_NOTIFY_REFUSED] = "refused",
                                                            [GS_NOTIFY_SERVER] = "server",
                                                            [GS_NOTIFY_REDIRECT] = "redirect"};

    return names[failure];
}

const char *gs_notify_drop_name(enum gs_notify_drop drop)
{
    static const char *const names[GS_N_NOTIFY_DROPS] = {[GS_NOTIFY_DROP_REFUSED] = "refused",
                                                         [GS_NOTIFY_DROP_FULL] = "full",
                                                         [GS_NOTIFY_DROP_REPLACED] = "replaced",
                                                         [GS_NOTIFY_DROP_LATE] = "late",
                                                         [GS_NOTIFY_DROP_STOPPED] = "stopped"};

    return names[drop];
}

/* ---- start and end ---- */

static void global_init(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static enum gs_status check_login(const struct gs_notify_login *login, struct gs_error *err)
{
    const char *const file =
        login->bearer_token_file != NULL ? login->bearer_token_file : login->password_file;

    return file == NULL ? GS_OK : gs_notify_check_secret(file, err);
}

static enum gs_status check_urls(const char *const *urls, size_t n, struct gs_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const enum gs_status status = gs_notify_check_url(urls[i], err);
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

static enum gs_status check(const struct gs_notify_options *options, struct gs_error *err)
{
    enum gs_status status = check_urls(options->alertmanagers, options->n_alertmanagers, err);

    if (status == GS_OK) {
        status = check_urls(options->webhooks, options->n_webhooks, err);
    }
    if (status == GS_OK && options->n_alertmanagers > 0) {
        status = check_login(&options->alertmanager_login, err);
    }
    if (status == GS_OK && options->n_webhooks > 0) {
        status = check_login(&options->webhook_login, err);
    }
    if (status == GS_OK && options->n_webhooks > 0 && options->secret_file != NULL) {
        status = gs_notify_check_secret(options->secret_file, err);
    }
    if (status == GS_OK && options->ca_file != NULL) {
        status = gs_notify_check_ca(options->ca_file, err);
    }
    return status;
}

/* "http://am:9093/prefix/" is asked at "http://am:9093/prefix/api/v2/alerts". */
static char *api_url(const char *base)
{
    struct gs_buf url = {.max = GS_NOTIFY_URL_BYTES + 64};
    size_t len = strlen(base);

    while (len > 0 && base[len - 1] == '/') {
        len--;
    }
    gs_buf_put(&url, (struct gs_str){base, len});
    gs_buf_puts(&url, "/api/v2/alerts");
    char *text = gs_buf_ok(&url) ? gs_str_copy(gs_buf_str(&url)) : NULL;
    gs_buf_done(&url);
    return text;
}

static enum gs_status add_receiver(struct gs_notify *notify, enum gs_notify_kind kind, char *url,
                                   struct gs_error *err)
{
    struct gs_receiver *receiver = &notify->receivers[notify->n_receivers];
    const bool hook = kind == GS_NOTIFY_WEBHOOK;

    if (url == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "notify");
    }
    *receiver = (struct gs_receiver){
        .kind = kind, .number = notify->n_receivers, .peer = notify->n_receivers};
    receiver->url = url;
    receiver->body.max = MAX_BODY;
    receiver->plain.max = MAX_BODY;
    notify->n_receivers++;
    const struct gs_post_options options = {.url = url,
                                            .login = hook ? &notify->options.webhook_login
                                                          : &notify->options.alertmanager_login,
                                            .ca_file = notify->options.ca_file,
                                            .user_agent = notify->options.user_agent,
                                            .timeout_ms = notify->options.timeout_ms};
    const enum gs_status status = gs_post_new(&options, notify->multi, &receiver->post, err);
    if (status != GS_OK || !hook) {
        return status;
    }
    return gs_hook_queue_new(notify->options.max_waiting, &receiver->queue, err);
}

/* Twice the incidents that can be open: as many may have ended lately. */
static enum gs_status make(struct gs_notify *notify, struct gs_error *err)
{
    const struct gs_notify_options *options = &notify->options;

    notify->multi = curl_multi_init();
    if (notify->multi == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "notify: libcurl");
    }
    enum gs_status status = gs_push_new(options->n_alertmanagers, 2 * options->max_open + 64,
                                        options->resend_ms, &notify->table, err);
    for (size_t i = 0; i < options->n_alertmanagers && status == GS_OK; i++) {
        status =
            add_receiver(notify, GS_NOTIFY_ALERTMANAGER, api_url(options->alertmanagers[i]), err);
    }
    for (size_t i = 0; i < options->n_webhooks && status == GS_OK; i++) {
        status =
            add_receiver(notify, GS_NOTIFY_WEBHOOK, gs_str_copy(gs_str(options->webhooks[i])), err);
    }
    if (status != GS_OK) {
        return status;
    }
    if (pthread_create(&notify->thread, NULL, gs_notify_run, notify) != 0) {
        return gs_fail(err, GS_IO, "notify: no thread");
    }
    notify->started = true;
    return GS_OK;
}

enum gs_status gs_notify_new(const struct gs_notify_options *options, struct gs_notify **ret,
                             struct gs_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    enum gs_status status = GS_OK;

    assert(options->n_alertmanagers + options->n_webhooks <= GS_NOTIFY_RECEIVERS);
    (void)pthread_once(&once, global_init);
    status = check(options, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_notify *notify = calloc(1, sizeof *notify);
    if (notify == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "notify");
    }
    notify->options = *options;
    (void)pthread_mutex_init(&notify->lock, NULL);
    status = make(notify, err);
    if (status != GS_OK) {
        gs_notify_free(notify);
        return status;
    }
    *ret = notify;
    return GS_OK;
}

static void stop(struct gs_notify *notify)
{
    (void)pthread_mutex_lock(&notify->lock);
    gs_push_hurry(notify->table, gs_notify_now_ms());
    notify->stop_ms = gs_notify_now_ms() + STOP_MS;
    (void)pthread_mutex_unlock(&notify->lock);
    (void)curl_multi_wakeup(notify->multi);
    (void)pthread_join(notify->thread, NULL);
    for (size_t i = 0; i < notify->n_receivers; i++) {
        const struct gs_hook_queue *queue = notify->receivers[i].queue;
        if (queue != NULL && gs_hook_count(queue) > 0) {
            gs_notify_dropped(notify, i, GS_NOTIFY_DROP_STOPPED, gs_hook_count(queue), "waiting");
        }
    }
}

void gs_notify_free(struct gs_notify *notify)
{
    if (notify == NULL) {
        return;
    }
    if (notify->started) {
        stop(notify);
    }
    for (size_t i = 0; i < notify->n_receivers; i++) {
        gs_post_free(notify->receivers[i].post);
        gs_buf_done(&notify->receivers[i].body);
        gs_buf_done(&notify->receivers[i].plain);
        gs_hook_queue_free(notify->receivers[i].queue);
        free(notify->receivers[i].url);
    }
    gs_push_free(notify->table);
    (void)curl_multi_cleanup(notify->multi);
    (void)pthread_mutex_destroy(&notify->lock);
    free(notify);
}

/* ---- what is to be told ---- */

void gs_notify_sent(const struct gs_notify *notify, size_t receiver, size_t n)
{
    const struct gs_notify_hooks *hooks = &notify->options.hooks;

    if (hooks->sent != NULL) {
        hooks->sent(hooks->arg, receiver, n);
    }
}

void gs_notify_dropped(const struct gs_notify *notify, size_t receiver, enum gs_notify_drop drop,
                       size_t n, const char *what)
{
    const struct gs_notify_hooks *hooks = &notify->options.hooks;

    if (hooks->dropped != NULL) {
        hooks->dropped(hooks->arg, receiver, drop, n, what);
    }
}

/* Needs the lock. */
static void queue_notice(struct gs_notify *notify, struct gs_receiver *receiver,
                         const char *incident, const struct gs_buf *body)
{
    static const enum gs_notify_drop drops[] = {[GS_HOOK_REPLACED] = GS_NOTIFY_DROP_REPLACED,
                                                [GS_HOOK_PUSHED] = GS_NOTIFY_DROP_FULL,
                                                [GS_HOOK_FULL] = GS_NOTIFY_DROP_FULL};
    char lost[17];

    const enum gs_hook_put how =
        gs_buf_ok(body)
            ? gs_hook_put(receiver->queue, incident, gs_buf_str(body), gs_notify_now_ms(), lost)
            : GS_HOOK_FULL;
    if (how != GS_HOOK_IN) {
        gs_notify_dropped(notify, receiver->number, drops[how], 1,
                          gs_buf_ok(body) ? lost : incident);
    }
}

/* Needs the lock. */
static void tell_each(struct gs_notify *notify, const struct gs_push_alert *alert, bool told,
                      const struct gs_buf *body)
{
    const bool fits = notify->options.n_alertmanagers == 0 ||
                      gs_push_put(notify->table, alert, told, gs_notify_now_ms());

    for (size_t i = 0; i < notify->n_receivers; i++) {
        struct gs_receiver *receiver = &notify->receivers[i];
        if (receiver->kind == GS_NOTIFY_ALERTMANAGER && !fits) {
            gs_notify_dropped(notify, i, GS_NOTIFY_DROP_FULL, 1, alert->incident);
        } else if (receiver->kind == GS_NOTIFY_WEBHOOK && told) {
            queue_notice(notify, receiver, alert->incident, body);
        }
    }
}

void gs_notify_incident(struct gs_notify *notify, const struct gs_incident *incident, bool muted)
{
    struct gs_push_alert alert;
    struct gs_buf body = {.max = MAX_BODY};

    if (notify == NULL) {
        return;
    }
    const bool told = gs_incident_told(incident) && !muted;
    gs_push_alert_of(incident, notify->options.external_url, gs_clock_wall_ms(), &alert);
    if (told && notify->options.n_webhooks > 0) {
        gs_hook_body(notify->options.shape, incident, notify->options.external_url, &body);
    }
    (void)pthread_mutex_lock(&notify->lock);
    if (muted) {
        gs_push_drop(notify->table, incident->id);
    } else {
        tell_each(notify, &alert, told, &body);
    }
    (void)pthread_mutex_unlock(&notify->lock);
    gs_buf_done(&body);
    if (told) {
        (void)curl_multi_wakeup(notify->multi);
    }
}

void gs_notify_forget(struct gs_notify *notify, const char *id)
{
    if (notify == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&notify->lock);
    gs_push_leave(notify->table, id, gs_notify_now_ms());
    (void)pthread_mutex_unlock(&notify->lock);
    (void)curl_multi_wakeup(notify->multi);
}
