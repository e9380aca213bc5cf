/* An array in order; it is short, and a receiver that answers keeps it empty. */
#include "alerting/notify/hook_queue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct gs_hook_queue {
    size_t n, max;
    size_t bytes; /* of all bodies */
    bool held;    /* the first is on its way */
    struct gs_hook_notice notices[];
};

enum gs_status gs_hook_queue_new(size_t max, struct gs_hook_queue **ret, struct gs_error *err)
{
    assert(max > 0);
    struct gs_hook_queue *queue = calloc(1, sizeof *queue + max * sizeof *queue->notices);

    if (queue == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "notify");
    }
    queue->max = max;
    *ret = queue;
    return GS_OK;
}

static void take_out(struct gs_hook_queue *queue, size_t i)
{
    queue->bytes -= queue->notices[i].len;
    free(queue->notices[i].body);
    queue->n--;
    memmove(queue->notices + i, queue->notices + i + 1, (queue->n - i) * sizeof *queue->notices);
}

void gs_hook_queue_free(struct gs_hook_queue *queue)
{
    while (queue != NULL && queue->n > 0) {
        take_out(queue, queue->n - 1);
    }
    free(queue);
}

/* The one that makes room; queue->n when there is none that may. */
static size_t find_oldest(const struct gs_hook_queue *queue, const char *incident)
{
    const size_t first = queue->held ? 1 : 0;

    for (size_t i = first; i < queue->n; i++) {
        if (strcmp(queue->notices[i].incident, incident) == 0) {
            return i;
        }
    }
    return first;
}

static bool is_full(const struct gs_hook_queue *queue, size_t len)
{
    return queue->n == queue->max || queue->bytes + len > GS_HOOK_BYTES;
}

enum gs_hook_put gs_hook_put(struct gs_hook_queue *queue, const char *incident, struct gs_str body,
                             int64_t now_ms, char ret_incident[17])
{
    enum gs_hook_put how = GS_HOOK_IN;
    char *copy = gs_str_copy(body);

    (void)snprintf(ret_incident, 17, "%s", incident);
    while (copy != NULL && is_full(queue, body.len)) {
        const size_t oldest = find_oldest(queue, incident);
        if (oldest >= queue->n) {
            free(copy);
            copy = NULL;
            break;
        }
        const bool same = strcmp(queue->notices[oldest].incident, incident) == 0;
        how = same && how != GS_HOOK_PUSHED ? GS_HOOK_REPLACED : GS_HOOK_PUSHED;
        (void)snprintf(ret_incident, 17, "%s", queue->notices[oldest].incident);
        take_out(queue, oldest);
    }
    if (copy == NULL) {
        return GS_HOOK_FULL;
    }
    struct gs_hook_notice *notice = &queue->notices[queue->n++];
    *notice = (struct gs_hook_notice){.body = copy, .len = body.len, .since_ms = now_ms};
    (void)snprintf(notice->incident, sizeof notice->incident, "%s", incident);
    queue->bytes += body.len;
    return how;
}

struct gs_hook_notice *gs_hook_first(struct gs_hook_queue *queue)
{
    return queue->n == 0 ? NULL : &queue->notices[0];
}

void gs_hook_hold(struct gs_hook_queue *queue, bool on_its_way)
{
    queue->held = on_its_way;
}

void gs_hook_pop(struct gs_hook_queue *queue)
{
    assert(queue->n > 0);
    queue->held = false;
    take_out(queue, 0);
}

size_t gs_hook_count(const struct gs_hook_queue *queue)
{
    return queue->n;
}
