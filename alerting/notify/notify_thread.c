/* The thread that speaks to receivers: begins what is due, hears what became of it, waits for the next.
 *
 * The network is never spoken to under the lock. A receiver has one request at a time, so each is as
 * slow as it is and no other. */
#include "alerting/notify/notify_internal.h"

#include "ingest/base/hash.h"

#include <signal.h>

enum { FIRST_PAUSE_MS = 1000, LONGEST_PAUSE_MS = 60000, LOOK_EVERY_MS = 1000 };

/* ---- what became of a request ---- */

/* Twice as long each time, no longer than a minute (of an Alertmanager, a resend), and by chance
 * somewhere in its second half, so that many processes do not come back at once. */
static int64_t pause_ms(const struct gs_notify *notify, const struct gs_receiver *receiver,
                        int64_t asked_ms)
{
    const int64_t resend_ms =
        receiver->kind == GS_NOTIFY_ALERTMANAGER ? notify->options.resend_ms : LONGEST_PAUSE_MS;
    const int64_t longest_ms = resend_ms < FIRST_PAUSE_MS     ? FIRST_PAUSE_MS
                               : resend_ms < LONGEST_PAUSE_MS ? resend_ms
                                                              : LONGEST_PAUSE_MS;
    int64_t whole_ms = FIRST_PAUSE_MS;

    for (unsigned i = 1; i < receiver->failures && whole_ms < longest_ms; i++) {
        whole_ms *= 2;
    }
    whole_ms = whole_ms < longest_ms ? whole_ms : longest_ms;
    const int64_t chance_ms = (int64_t)(gs_hash_new_seed() % (uint64_t)(whole_ms / 2 + 1));
    const int64_t own_ms = whole_ms - chance_ms;
    return own_ms < asked_ms ? asked_ms : own_ms;
}

bool gs_is_content(const struct gs_post_result *result)
{
    return result->status == 400 || result->status == 413 || result->status == 422;
}

static void settle(struct gs_notify *notify, struct gs_receiver *receiver,
                   const struct gs_post_result *result)
{
    const struct gs_notify_hooks *hooks = &notify->options.hooks;

    receiver->busy = false;
    if (result->failure == GS_NOTIFY_FINE || gs_is_content(result)) {
        receiver->failures = 0;
        receiver->next_ms = 0;
    } else {
        receiver->failures++;
        receiver->next_ms = gs_notify_now_ms() + pause_ms(notify, receiver, result->retry_ms);
    }
    (void)pthread_mutex_lock(&notify->lock);
    if (result->failure != GS_NOTIFY_FINE && hooks->failed != NULL) {
        hooks->failed(hooks->arg, receiver->number, result->failure, receiver->failures,
                      result->why);
    }
    if (receiver->kind == GS_NOTIFY_ALERTMANAGER) {
        gs_push_settle(notify, receiver, result);
    } else {
        gs_hook_settle(notify, receiver, result);
    }
    (void)pthread_mutex_unlock(&notify->lock);
}

/* Whose request it is; NULL: nobody's. */
static struct gs_receiver *find_receiver(struct gs_notify *notify, const CURL *handle)
{
    for (size_t i = 0; i < notify->n_receivers; i++) {
        if (gs_post_handle(notify->receivers[i].post) == handle) {
            return &notify->receivers[i];
        }
    }
    return NULL;
}

static void hear(struct gs_notify *notify)
{
    int running = 0;
    int left = 0;
    struct gs_post_result result;

    (void)curl_multi_perform(notify->multi, &running);
    for (CURLMsg *message = curl_multi_info_read(notify->multi, &left); message != NULL;
         message = curl_multi_info_read(notify->multi, &left)) {
        struct gs_receiver *receiver = find_receiver(notify, message->easy_handle);
        if (message->msg != CURLMSG_DONE || receiver == NULL) {
            continue;
        }
        gs_post_end(receiver->post, message->data.result, &result); /* message is gone with it */
        if (receiver->kind == GS_NOTIFY_WEBHOOK) {
            gs_hook_read_answer(notify, &result);
        }
        settle(notify, receiver, &result);
    }
}

/* ---- what is due ---- */

static bool may_ask(const struct gs_receiver *receiver, bool stopping)
{
    return !receiver->busy && gs_notify_now_ms() >= receiver->next_ms &&
           !(stopping && receiver->failures > 0);
}

/* Sends what is prepared; the address of a webhook may have to be signed too. */
static bool send_off(struct gs_receiver *receiver, const struct gs_hook_signed *mark,
                     struct gs_post_result *ret)
{
    const char *headers[GS_HOOK_HEADERS];

    for (size_t i = 0; i < mark->n_headers; i++) {
        headers[i] = mark->headers[i];
    }
    return gs_post_start(receiver->post, gs_buf_str(&receiver->body), mark->query, headers,
                         mark->n_headers, ret);
}

/* Begins a request if one is due. */
static void begin(struct gs_notify *notify, struct gs_receiver *receiver, bool stopping)
{
    struct gs_hook_signed mark = {.n_headers = 0};
    struct gs_post_result result;

    if (!may_ask(receiver, stopping)) {
        return;
    }
    gs_buf_reset(&receiver->body);
    const enum gs_prepared prepared = receiver->kind == GS_NOTIFY_ALERTMANAGER
                                          ? gs_push_prepare(notify, receiver, &result)
                                          : gs_hook_prepare(notify, receiver, &mark, &result);
    if (prepared == GS_NOTHING_DUE) {
        return;
    }
    receiver->busy = prepared == GS_PREPARED && send_off(receiver, &mark, &result);
    if (!receiver->busy) {
        settle(notify, receiver, &result);
    }
}

/* Needs the lock. */
static int64_t due_ms(const struct gs_notify *notify, const struct gs_receiver *receiver)
{
    const int64_t own_ms = receiver->kind == GS_NOTIFY_ALERTMANAGER
                               ? gs_push_due(notify->table, receiver->peer)
                           : gs_hook_count(receiver->queue) > 0 ? 0
                                                                : INT64_MAX;

    return own_ms < receiver->next_ms ? receiver->next_ms : own_ms;
}

static size_t count_waiting(const struct gs_notify *notify, const struct gs_receiver *receiver,
                            int64_t now_ms)
{
    return receiver->kind == GS_NOTIFY_ALERTMANAGER
               ? gs_push_waiting(notify->table, receiver->peer, now_ms)
               : gs_hook_count(receiver->queue);
}

/* Needs the lock: how long nothing is due, and how much waits now. */
static int64_t look(struct gs_notify *notify, bool stopping)
{
    const struct gs_notify_hooks *hooks = &notify->options.hooks;
    const int64_t now_ms = gs_notify_now_ms();
    int64_t wait_ms = LOOK_EVERY_MS;

    gs_push_sweep(notify->table, now_ms);
    for (size_t i = 0; i < notify->n_receivers; i++) {
        const struct gs_receiver *receiver = &notify->receivers[i];
        const int64_t next_ms = due_ms(notify, receiver);
        if (!receiver->busy && !(stopping && receiver->failures > 0) &&
            next_ms < now_ms + wait_ms) {
            wait_ms = next_ms < now_ms ? 0 : next_ms - now_ms;
        }
        if (hooks->waiting != NULL) {
            hooks->waiting(hooks->arg, receiver->number, count_waiting(notify, receiver, now_ms));
        }
    }
    return wait_ms;
}

/* True when all that can be told before the end is told, or the time for it is over. */
static bool is_done(const struct gs_notify *notify, int64_t stop_ms, int64_t wait_ms)
{
    bool busy = false;

    for (size_t i = 0; i < notify->n_receivers; i++) {
        busy = busy || notify->receivers[i].busy;
    }
    return stop_ms != 0 && (gs_notify_now_ms() >= stop_ms || (!busy && wait_ms > 0));
}

void *gs_notify_run(void *arg)
{
    struct gs_notify *notify = arg;
    int64_t stop_ms = 0;
    sigset_t all;

    (void)sigfillset(&all); /* signals are for others; a broken connection is an error here */
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (;;) {
        for (size_t i = 0; i < notify->n_receivers; i++) {
            begin(notify, &notify->receivers[i], stop_ms != 0);
        }
        hear(notify);
        (void)pthread_mutex_lock(&notify->lock);
        stop_ms = notify->stop_ms;
        const int64_t wait_ms = look(notify, stop_ms != 0);
        (void)pthread_mutex_unlock(&notify->lock);
        if (is_done(notify, stop_ms, wait_ms)) {
            return NULL;
        }
        const int64_t most_ms = stop_ms != 0 ? 50 : LOOK_EVERY_MS;
        (void)curl_multi_poll(notify->multi, NULL, 0, (int)(wait_ms < most_ms ? wait_ms : most_ms),
                              NULL);
    }
}
