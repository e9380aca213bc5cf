/* What the thread tells a webhook: the first notice of its queue, until it is taken or given up. */
#include "alerting/notify/notify_internal.h"

#include "alerting/notify/notify_secret.h"
#include "alerting/notify/post_answer.h"

#include <inttypes.h>
#include <stdio.h>

/* The first notice that is not too old, on its way from here on; false: none. */
static bool take_first(struct gs_notify *notify, struct gs_receiver *receiver)
{
    const int64_t oldest_ms = gs_notify_now_ms() - notify->options.give_up_ms;

    (void)pthread_mutex_lock(&notify->lock);
    struct gs_hook_notice *first = gs_hook_first(receiver->queue);
    while (first != NULL && first->since_ms < oldest_ms) {
        gs_notify_dropped(notify, receiver->number, GS_NOTIFY_DROP_LATE, 1, first->incident);
        gs_hook_pop(receiver->queue);
        first = gs_hook_first(receiver->queue);
    }
    if (first != NULL) {
        gs_buf_reset(&receiver->plain);
        gs_buf_put(&receiver->plain, (struct gs_str){first->body, first->len});
        gs_hook_hold(receiver->queue, true);
    }
    (void)pthread_mutex_unlock(&notify->lock);
    return first != NULL;
}

enum gs_prepared gs_hook_prepare(struct gs_notify *notify, struct gs_receiver *receiver,
                                 struct gs_hook_signed *ret_signed,
                                 struct gs_post_result *ret_result)
{
    const char *const path = notify->options.secret_file;
    char secret[GS_SECRET_BYTES] = "";
    struct gs_error err = {.status = GS_OK};

    if (!take_first(notify, receiver)) {
        return GS_NOTHING_DUE;
    }
    *ret_result = (struct gs_post_result){.failure = GS_NOTIFY_CREDENTIALS};
    if (path != NULL && gs_secret_read(path, secret, &err) != GS_OK) {
        (void)snprintf(ret_result->why, sizeof ret_result->why, "%s", err.message);
        return GS_NOT_PREPARED;
    }
    gs_hook_sign(notify->options.shape, path == NULL ? NULL : secret, gs_buf_str(&receiver->plain),
                 gs_clock_wall_ms(), &receiver->body, ret_signed);
    gs_secret_wipe(secret);
    if (!gs_buf_ok(&receiver->plain) || !gs_buf_ok(&receiver->body)) {
        (void)snprintf(ret_result->why, sizeof ret_result->why, "no memory");
        return GS_NOT_PREPARED;
    }
    return GS_PREPARED;
}

/* Codes of theirs for "too often". */
static bool is_throttled(enum gs_notify_shape shape, int64_t code)
{
    return (shape == GS_SHAPE_FEISHU && code == 11232) ||
           (shape == GS_SHAPE_WECOM && code == 45009) ||
           (shape == GS_SHAPE_DINGTALK && (code == 130101 || code == 660026));
}

void gs_hook_read_answer(const struct gs_notify *notify, struct gs_post_result *result)
{
    const enum gs_notify_shape shape = notify->options.shape;
    char said[GS_POST_SAID];
    int64_t code = 0;

    if (result->failure != GS_NOTIFY_FINE || shape == GS_SHAPE_GROUNDSWELL ||
        shape == GS_SHAPE_SLACK || !gs_post_answer_code(result->answer, &code) || code == 0) {
        return;
    }
    gs_post_answer_text(result->answer, said);
    result->failure = is_throttled(shape, code) ? GS_NOTIFY_THROTTLED : GS_NOTIFY_REFUSED;
    (void)snprintf(result->why, sizeof result->why, "code %" PRId64 ": %s", code, said);
}

void gs_hook_settle(struct gs_notify *notify, struct gs_receiver *receiver,
                    const struct gs_post_result *result)
{
    struct gs_hook_notice *first = gs_hook_first(receiver->queue);
    char what[320];

    gs_hook_hold(receiver->queue, false);
    if (result->failure == GS_NOTIFY_FINE) {
        gs_hook_pop(receiver->queue);
        gs_notify_sent(notify, receiver->number, 1);
        return;
    }
    first->refusals += result->failure == GS_NOTIFY_REFUSED && result->status == 200;
    if (gs_is_content(result) || first->refusals >= GS_HOOK_REFUSALS) {
        (void)snprintf(what, sizeof what, "incident %s: %s", first->incident, result->why);
        gs_notify_dropped(notify, receiver->number, GS_NOTIFY_DROP_REFUSED, 1, what);
        gs_hook_pop(receiver->queue);
    }
}
