/* The notices that one webhook has not accepted yet, in the order of their coming.
 *
 * A notice is told once, so unlike an Alertmanager's alerts these wait in a queue, and an incident's
 * notices stay in order. It is bounded by number and bytes: when it is full the oldest notice of the
 * same incident makes room (the new one says what is true now), else the oldest of all. The one that
 * is on its way stays. Notices that are too old are given up.
 *
 * Times are milliseconds of a clock that does not jump. Threads: owned by one, or behind a lock. */
#ifndef GS_ALERTING_HOOK_QUEUE_H
#define GS_ALERTING_HOOK_QUEUE_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

enum { GS_HOOK_BYTES = 8 * 1024 * 1024, GS_HOOK_REFUSALS = 5 };

struct gs_hook_notice {
    char incident[17];
    char *body;
    size_t len;
    int64_t since_ms;  /* when it came */
    unsigned refusals; /* answers that took the request and not the notice */
};

struct gs_hook_queue; /* opaque */

GS_MUST_CHECK
enum gs_status gs_hook_queue_new(size_t max, struct gs_hook_queue **ret, struct gs_error *err);
void gs_hook_queue_free(struct gs_hook_queue *queue); /* NULL is fine */

/* How a notice went in. */
enum gs_hook_put {
    GS_HOOK_IN,
    GS_HOOK_REPLACED, /* in place of another of the same incident */
    GS_HOOK_PUSHED,   /* in place of the oldest, which is lost */
    GS_HOOK_FULL      /* it is not in: no memory, or longer than all that may wait */
};
/* Copies body. ret_incident: whose notice is lost, if one is. */
enum gs_hook_put gs_hook_put(struct gs_hook_queue *queue, const char *incident, struct gs_str body,
                             int64_t now_ms, char ret_incident[17]);

/* The first notice, which is the one to send; NULL: none. Lives until the next change. */
struct gs_hook_notice *gs_hook_first(struct gs_hook_queue *queue);
/* The first is on its way, or not any more. */
void gs_hook_hold(struct gs_hook_queue *queue, bool on_its_way);
/* The first is told, or lost. */
void gs_hook_pop(struct gs_hook_queue *queue);

size_t gs_hook_count(const struct gs_hook_queue *queue);

#endif
