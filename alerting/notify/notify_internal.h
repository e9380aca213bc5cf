/* Shared by notify.c (what is to be told, start and end) and notify_thread.c (the thread that tells it). */
#ifndef GS_ALERTING_NOTIFY_INTERNAL_H
#define GS_ALERTING_NOTIFY_INTERNAL_H

#include "alerting/notify/http_post.h"
#include "alerting/notify/notify.h"
#include "alerting/notify/push_table.h"

#include <pthread.h>

/* One address. All of it is the thread's once that runs. */
struct gs_receiver {
    size_t number;
    size_t peer; /* in the table */
    char *url;
    struct gs_post *post;
    struct gs_buf body;
    bool busy; /* a request is on its way */
    struct gs_push_batch batch;
    unsigned failures; /* in a row */
    int64_t next_ms;   /* not asked before */
};

struct gs_notify {
    struct gs_notify_options options;
    pthread_mutex_t lock; /* guards the table, stop_ms and the hooks */
    struct gs_push_table *table;
    int64_t stop_ms; /* the thread ends by then; 0: not asked to */
    CURLM *multi;    /* the thread's, but for curl_multi_wakeup() */
    struct gs_receiver receivers[GS_NOTIFY_RECEIVERS];
    size_t n_receivers;
    pthread_t thread;
    bool started;
};

/* The thread; arg is the gs_notify. */
void *gs_notify_run(void *arg);

#endif
