/* Start, end, and what is to be told. The lock is held for as long as it takes to copy a few texts, or
 * to write a request's body, never while somebody is spoken to. */
#include "alerting/notify/notify_internal.h"

#include "ingest/base/clock.h"

#include <assert.h>
#include <stdlib.h>

enum { STOP_MS = 1000, MAX_BODY = 1024 * 1024 };

const char *gs_notify_kind_name(enum gs_notify_kind kind)
{
    static const char *const names[GS_N_NOTIFY_KINDS] = {[GS_NOTIFY_ALERTMANAGER] = "alertmanager"};

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
    static const char *const names[GS_N_NOTIFY_DROPS] = {
        [GS_NOTIFY_DROP_REFUSED] = "refused", [GS_NOTIFY_DROP_FULL] = "full"};

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

static enum gs_status check(const struct gs_notify_options *options, struct gs_error *err)
{
    for (size_t i = 0; i < options->n_alertmanagers; i++) {
        const enum gs_status status = gs_notify_check_url(options->alertmanagers[i], err);
        if (status != GS_OK) {
            return status;
        }
    }
    const enum gs_status status = check_login(&options->alertmanager_login, err);
    if (status != GS_OK || options->ca_file == NULL) {
        return status;
    }
    return gs_notify_check_ca(options->ca_file, err);
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

static enum gs_status add_receiver(struct gs_notify *notify, char *url,
                                   const struct gs_notify_login *login, struct gs_error *err)
{
    struct gs_receiver *receiver = &notify->receivers[notify->n_receivers];

    if (url == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "notify");
    }
    *receiver = (struct gs_receiver){.number = notify->n_receivers, .peer = notify->n_receivers};
    receiver->url = url;
    receiver->body.max = MAX_BODY;
    notify->n_receivers++;
    const struct gs_post_options options = {.url = url,
                                            .login = login,
                                            .ca_file = notify->options.ca_file,
                                            .user_agent = notify->options.user_agent,
                                            .timeout_ms = notify->options.timeout_ms};
    return gs_post_new(&options, notify->multi, &receiver->post, err);
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
        status = add_receiver(notify, api_url(options->alertmanagers[i]),
                              &notify->options.alertmanager_login, err);
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

    assert(options->n_alertmanagers <= GS_NOTIFY_RECEIVERS);
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

static int64_t now_ms(void)
{
    return gs_clock_monotonic_ns() / 1000000;
}

static void stop(struct gs_notify *notify)
{
    (void)pthread_mutex_lock(&notify->lock);
    gs_push_hurry(notify->table, now_ms());
    notify->stop_ms = now_ms() + STOP_MS;
    (void)pthread_mutex_unlock(&notify->lock);
    (void)curl_multi_wakeup(notify->multi);
    (void)pthread_join(notify->thread, NULL);
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
        free(notify->receivers[i].url);
    }
    gs_push_free(notify->table);
    (void)curl_multi_cleanup(notify->multi);
    (void)pthread_mutex_destroy(&notify->lock);
    free(notify);
}

/* ---- what is to be told ---- */

/* Needs the lock. */
static void count_full(struct gs_notify *notify, const char *incident)
{
    for (size_t i = 0; i < notify->n_receivers && notify->options.hooks.dropped != NULL; i++) {
        notify->options.hooks.dropped(notify->options.hooks.arg, i, GS_NOTIFY_DROP_FULL, incident);
    }
}

void gs_notify_incident(struct gs_notify *notify, const struct gs_incident *incident, bool muted)
{
    struct gs_push_alert alert;

    if (notify == NULL) {
        return;
    }
    const bool told = incident->notice != GS_NOTICE_NONE;
    gs_push_alert_of(incident, notify->options.external_url, gs_clock_wall_ms(), &alert);
    (void)pthread_mutex_lock(&notify->lock);
    if (muted) {
        gs_push_drop(notify->table, incident->id);
    } else if (!gs_push_put(notify->table, &alert, told, now_ms())) {
        count_full(notify, incident->id);
    }
    (void)pthread_mutex_unlock(&notify->lock);
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
    gs_push_leave(notify->table, id, now_ms());
    (void)pthread_mutex_unlock(&notify->lock);
    (void)curl_multi_wakeup(notify->multi);
}
