/* The thread that speaks to receivers: begins what is due, hears what became of it, waits for the next.
 *
 * The network is never spoken to under the lock. A receiver has one request at a time, so each is as
 * slow as it is and no other. */
#include "alerting/notify/notify_internal.h"

#include "ingest/base/clock.h"
#include "ingest/base/hash.h"

#include <signal.h>
#include <stdio.h>

enum { FIRST_PAUSE_MS = 1000, LONGEST_PAUSE_MS = 60000, LOOK_EVERY_MS = 1000, RESENDS_AHEAD = 3 };

static int64_t now_ms(void)
{
    return gs_clock_monotonic_ns() / 1000000;
}

/* ---- what became of a request ---- */

/* Twice as long each time, no longer than a minute or a resend, and by chance somewhere in its second
 * half, so that many processes do not come back at once. */
static int64_t pause_ms(const struct gs_notify *notify, unsigned failures, int64_t asked_ms)
{
    const int64_t resend_ms = notify->options.resend_ms;
    const int64_t longest_ms = resend_ms < FIRST_PAUSE_MS     ? FIRST_PAUSE_MS
                               : resend_ms < LONGEST_PAUSE_MS ? resend_ms
                                                              : LONGEST_PAUSE_MS;
    int64_t whole_ms = FIRST_PAUSE_MS;

    for (unsigned i = 1; i < failures && whole_ms < longest_ms; i++) {
        whole_ms *= 2;
    }
    whole_ms = whole_ms < longest_ms ? whole_ms : longest_ms;
    const int64_t chance_ms = (int64_t)(gs_hash_new_seed() % (uint64_t)(whole_ms / 2 + 1));
    const int64_t own_ms = whole_ms - chance_ms;
    return own_ms < asked_ms ? asked_ms : own_ms;
}

/* True when it is the alerts that are refused, and not the request as such. */
static bool is_content(const struct gs_post_result *result)
{
    return result->status == 400 || result->status == 413 || result->status == 422;
}

/* Needs the lock. */
static void tell_hooks(struct gs_notify *notify, struct gs_receiver *receiver,
                       const struct gs_post_result *result, const char *refused)
{
    const struct gs_notify_hooks *hooks = &notify->options.hooks;
    char why[320];

    if (result->failure == GS_NOTIFY_FINE) {
        if (hooks->sent != NULL) {
            hooks->sent(hooks->arg, receiver->number, receiver->batch.n);
        }
        return;
    }
    if (hooks->failed != NULL) {
        hooks->failed(hooks->arg, receiver->number, result->failure, receiver->failures,
                      result->why);
    }
    if (refused != NULL && hooks->dropped != NULL) {
        (void)snprintf(why, sizeof why, "%s: %s", refused, result->why);
        hooks->dropped(hooks->arg, receiver->number, GS_NOTIFY_DROP_REFUSED, why);
    }
}

static void settle(struct gs_notify *notify, struct gs_receiver *receiver,
                   const struct gs_post_result *result)
{
    const bool fine = result->failure == GS_NOTIFY_FINE;
    const char *refused = NULL;

    receiver->busy = false;
    if (fine || is_content(result)) {
        receiver->failures = 0;
        receiver->next_ms = 0;
    } else {
        receiver->failures++;
        receiver->next_ms = now_ms() + pause_ms(notify, receiver->failures, result->retry_ms);
    }
    (void)pthread_mutex_lock(&notify->lock);
    if (fine) {
        gs_push_accepted(notify->table, receiver->peer, &receiver->batch, now_ms());
    } else if (is_content(result)) {
        refused = gs_push_refused(notify->table, receiver->peer, &receiver->batch, now_ms());
    }
    tell_hooks(notify, receiver, result, refused);
    (void)pthread_mutex_unlock(&notify->lock);
}

static void hear(struct gs_notify *notify)
{
    int running = 0;
    int left = 0;
    struct gs_post_result result;

    (void)curl_multi_perform(notify->multi, &running);
    for (CURLMsg *message = curl_multi_info_read(notify->multi, &left); message != NULL;
         message = curl_multi_info_read(notify->multi, &left)) {
        for (size_t i = 0; i < notify->n_receivers; i++) {
            struct gs_receiver *receiver = &notify->receivers[i];
            if (message->msg == CURLMSG_DONE &&
                message->easy_handle == gs_post_handle(receiver->post)) {
                gs_post_end(receiver->post, message->data.result, &result);
                settle(notify, receiver, &result);
                break; /* message is gone with the handle */
            }
        }
    }
}

/* ---- what is due ---- */

static bool may_ask(const struct gs_receiver *receiver, int64_t now, bool stopping)
{
    return !receiver->busy && now >= receiver->next_ms && !(stopping && receiver->failures > 0);
}

/* Begins a request if one is due. */
static void begin(struct gs_notify *notify, struct gs_receiver *receiver, bool stopping)
{
    const int64_t now = now_ms();
    const int64_t ends_at_ms = gs_clock_wall_ms() + RESENDS_AHEAD * notify->options.resend_ms;
    struct gs_post_result result;

    if (!may_ask(receiver, now, stopping)) {
        return;
    }
    gs_buf_reset(&receiver->body);
    (void)pthread_mutex_lock(&notify->lock);
    const bool due = gs_push_batch(notify->table, receiver->peer, now, ends_at_ms, &receiver->batch,
                                   &receiver->body);
    (void)pthread_mutex_unlock(&notify->lock);
    if (!due) {
        return;
    }
    if (!gs_buf_ok(&receiver->body)) {
        result = (struct gs_post_result){.failure = GS_NOTIFY_CONNECT, .why = "no memory"};
        settle(notify, receiver, &result);
        return;
    }
    receiver->busy = gs_post_start(receiver->post, gs_buf_str(&receiver->body), NULL, 0, &result);
    if (!receiver->busy) {
        settle(notify, receiver, &result);
    }
}

/* Needs the lock: how long nothing is due, and how much waits now. */
static int64_t look(struct gs_notify *notify, bool stopping)
{
    const struct gs_notify_hooks *hooks = &notify->options.hooks;
    const int64_t now = now_ms();
    int64_t wait_ms = LOOK_EVERY_MS;

    gs_push_sweep(notify->table, now);
    for (size_t i = 0; i < notify->n_receivers; i++) {
        const struct gs_receiver *receiver = &notify->receivers[i];
        int64_t due_ms = gs_push_due(notify->table, receiver->peer);
        due_ms = due_ms < receiver->next_ms ? receiver->next_ms : due_ms;
        if (!receiver->busy && !(stopping && receiver->failures > 0) && due_ms - now < wait_ms) {
            wait_ms = due_ms < now ? 0 : due_ms - now;
        }
        if (hooks->waiting != NULL) {
            hooks->waiting(hooks->arg, receiver->number,
                           gs_push_waiting(notify->table, receiver->peer, now));
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
    return stop_ms != 0 && (now_ms() >= stop_ms || (!busy && wait_ms > 0));
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
