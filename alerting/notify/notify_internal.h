/* Shared by notify.c (what is to be told, start and end), notify_thread.c (the thread that tells it),
 * and notify_push.c and notify_hook.c (what it tells to the two kinds of receivers). */
#ifndef GS_ALERTING_NOTIFY_INTERNAL_H
#define GS_ALERTING_NOTIFY_INTERNAL_H

#include "alerting/notify/hook_body.h"
#include "alerting/notify/hook_queue.h"
#include "alerting/notify/http_post.h"
#include "alerting/notify/notify.h"
#include "alerting/notify/push_table.h"
#include "ingest/base/clock.h"

#include <pthread.h>

/* One address. All of it but the queue is the thread's once that runs. */
struct gs_receiver {
    enum gs_notify_kind kind;
    size_t number;
    char *url;
    struct gs_post *post;
    struct gs_buf body;
    bool busy;         /* a request is on its way */
    unsigned failures; /* in a row */
    int64_t next_ms;   /* not asked before */

    size_t peer; /* an Alertmanager: in the table */
    struct gs_push_batch batch;

    struct gs_hook_queue *queue; /* a webhook; behind the lock */
    struct gs_buf plain;         /* its notice before it is signed */
};

struct gs_notify {
    struct gs_notify_options options;
    pthread_mutex_t lock; /* guards the table, queues, stop_ms and the hooks */
    struct gs_push_table *table;
    int64_t stop_ms; /* the thread ends by then; 0: not asked to */
    CURLM *multi;    /* the thread's, but for curl_multi_wakeup() */
    struct gs_receiver receivers[GS_NOTIFY_RECEIVERS];
    size_t n_receivers;
    pthread_t thread;
    bool started;
};

static inline int64_t gs_notify_now_ms(void)
{
    return gs_clock_monotonic_ns() / 1000000;
}

/* The thread; arg is the gs_notify. */
void *gs_notify_run(void *arg);

/* ---- what the kinds differ in; notify_push.c, notify_hook.c ---- */

enum gs_prepared { GS_PREPARED, GS_NOTHING_DUE, GS_NOT_PREPARED };

/* Writes the request that is due into receiver->body. GS_NOT_PREPARED: it failed, and ret_result says
 * how. Takes the lock. */
enum gs_prepared gs_push_prepare(struct gs_notify *notify, struct gs_receiver *receiver,
                                 struct gs_post_result *ret_result);
enum gs_prepared gs_hook_prepare(struct gs_notify *notify, struct gs_receiver *receiver,
                                 struct gs_hook_signed *ret_signed,
                                 struct gs_post_result *ret_result);

/* What a webhook's answer means: a chat says what went wrong with status 200. */
void gs_hook_read_answer(const struct gs_notify *notify, struct gs_post_result *result);

/* Notes what became of the request, and tells the hooks what was sent or dropped. Need the lock. */
void gs_push_settle(struct gs_notify *notify, struct gs_receiver *receiver,
                    const struct gs_post_result *result);
void gs_hook_settle(struct gs_notify *notify, struct gs_receiver *receiver,
                    const struct gs_post_result *result);

/* True when what was sent is refused, and not the request as such. */
bool gs_is_content(const struct gs_post_result *result);

/* Need the lock; what may be NULL where n is 0. */
void gs_notify_sent(const struct gs_notify *notify, size_t receiver, size_t n);
void gs_notify_dropped(const struct gs_notify *notify, size_t receiver, enum gs_notify_drop drop,
                       size_t n, const char *what);

#endif
