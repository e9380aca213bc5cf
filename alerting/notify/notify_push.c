/* What the thread tells an Alertmanager: what the table says is due. */
#include "alerting/notify/notify_internal.h"

#include <stdio.h>

enum { RESENDS_AHEAD = 3 };

enum gs_prepared gs_push_prepare(struct gs_notify *notify, struct gs_receiver *receiver,
                                 struct gs_post_result *ret_result)
{
    const int64_t ends_at_ms = gs_clock_wall_ms() + RESENDS_AHEAD * notify->options.resend_ms;

    (void)pthread_mutex_lock(&notify->lock);
    const bool due = gs_push_batch(notify->table, receiver->peer, gs_notify_now_ms(), ends_at_ms,
                                   &receiver->batch, &receiver->body);
    (void)pthread_mutex_unlock(&notify->lock);
    if (!due) {
        return GS_NOTHING_DUE;
    }
    if (!gs_buf_ok(&receiver->body)) {
        *ret_result = (struct gs_post_result){.failure = GS_NOTIFY_CONNECT, .why = "no memory"};
        return GS_NOT_PREPARED;
    }
    return GS_PREPARED;
}

void gs_push_settle(struct gs_notify *notify, struct gs_receiver *receiver,
                    const struct gs_post_result *result)
{
    const int64_t now_ms = gs_notify_now_ms();
    char what[320];

    if (result->failure == GS_NOTIFY_FINE) {
        gs_push_accepted(notify->table, receiver->peer, &receiver->batch, now_ms);
        gs_notify_sent(notify, receiver->number, receiver->batch.n);
    } else if (gs_is_content(result)) {
        const char *incident =
            gs_push_refused(notify->table, receiver->peer, &receiver->batch, now_ms);
        if (incident != NULL) {
            (void)snprintf(what, sizeof what, "incident %s: %s", incident, result->why);
            gs_notify_dropped(notify, receiver->number, GS_NOTIFY_DROP_REFUSED, 1, what);
        }
    }
}
