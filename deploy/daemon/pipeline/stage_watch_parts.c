/* The partitions of the watch stage: one that is assigned gets a gs_watch of its own, one that is
 * revoked takes it along, and its keys and incidents are not shown here any more. */
#include "deploy/daemon/pipeline/stage_watch.h"

#include "deploy/daemon/pipeline/stage_watch_internal.h"
#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <stdlib.h>

struct gs_part *gs_stage_watch_find_part(struct gs_stage_watch *stage, struct gs_str topic,
                                         int32_t partition)
{
    for (size_t i = 0; i < stage->n_parts; i++) {
        struct gs_part *part = &stage->parts[i];
        if (part->partition == partition && gs_str_equal(gs_str(part->topic), topic)) {
            return part;
        }
    }
    return NULL;
}

void gs_stage_watch_hide_part(struct gs_stage_watch *stage, struct gs_part *part)
{
    gs_board_forget(stage->board, part->number);
    gs_incident_desk_forget(stage->options.desk, (size_t)stage->options.lane, part->number);
    gs_incident_marks_done(&part->marks);
}

static void drop_windows(struct gs_stage_watch *stage, struct gs_part *part)
{
    gs_stage_watch_hide_part(stage, part);
    gs_watch_free(part->watch);
    part->watch = NULL;
}

static void drop_part(struct gs_stage_watch *stage, size_t i)
{
    gs_stage_watch_add_oddities(&stage->parts[i].clock, &stage->gone);
    drop_windows(stage, &stage->parts[i]);
    gs_state_log_done(&stage->parts[i].log);
    stage->parts[i] = stage->parts[--stage->n_parts];
}

enum gs_status gs_stage_watch_renew_part(struct gs_stage_watch *stage, struct gs_part *part,
                                         struct gs_error *err)
{
    struct gs_watch *watch = NULL;
    const enum gs_status status = gs_watch_new(&stage->options.watch, &watch, err);

    if (status == GS_OK) {
        drop_windows(stage, part);
        part->watch = watch;
        part->number = stage->next_number++;
        gs_event_clock_init(&part->clock, stage->options.max_step_ms);
        part->clock_was = part->clock;
    }
    return status;
}

void gs_stage_watch_assigned(void *self, struct gs_str topic, int32_t partition)
{
    struct gs_stage_watch *stage = self;
    struct gs_error err;
    struct gs_part *old = gs_stage_watch_find_part(stage, topic, partition);

    if (old != NULL) {
        drop_part(stage, (size_t)(old - stage->parts));
    }
    struct gs_part *parts = realloc(stage->parts, (stage->n_parts + 1) * sizeof *parts);
    if (parts == NULL || topic.len >= sizeof parts->topic) {
        stage->parts = parts == NULL ? stage->parts : parts;
        gs_log(GS_LOG_ERROR, "watch", "no room for a partition"); /* its records fail the lane */
        return;
    }
    stage->parts = parts;
    struct gs_part part = {
        .partition = partition, .number = stage->next_number++, .advanced_ms = gs_clock_wall_ms()};
    part.came_ms = part.advanced_ms;
    gs_event_clock_init(&part.clock, stage->options.max_step_ms);
    part.clock_was = part.clock;
    memcpy(part.topic, topic.bytes, topic.len);
    if (gs_watch_new(&stage->options.watch, &part.watch, &err) != GS_OK) {
        gs_log(GS_LOG_ERROR, "watch", "%s", err.message);
        return;
    }
    parts[stage->n_parts++] = part;
}

/* With a changelog the next owner reads it, be that this lane again; without one it may come back. */
static void leave_part(struct gs_stage_watch *stage, size_t i)
{
    if (stage->options.changelog_group != NULL || !gs_stage_watch_park(stage, i)) {
        drop_part(stage, i);
    }
}

void gs_stage_watch_drop_parts(struct gs_stage_watch *stage)
{
    while (stage->n_parts > 0) {
        drop_part(stage, stage->n_parts - 1);
    }
    gs_stage_watch_drop_parked(stage, -1);
    free(stage->parts);
    free(stage->parked);
}

void gs_stage_watch_revoked(void *self, struct gs_str topic, int32_t partition)
{
    struct gs_stage_watch *stage = self;

    if (partition == GS_EVERY_PARTITION) {
        while (stage->n_parts > 0) {
            leave_part(stage, stage->n_parts - 1);
        }
        return;
    }
    const struct gs_part *part = gs_stage_watch_find_part(stage, topic, partition);
    if (part != NULL) {
        leave_part(stage, (size_t)(part - stage->parts));
        gs_stage_watch_show(stage); /* else it would be seen until the next commit */
    }
}

/* ---- readers ---- */

void gs_stage_watch_each(const struct gs_stage_watch *stage,
                         void (*visit)(void *arg, const struct gs_key_view *view), void *arg)
{
    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_watch_each(stage->parts[i].watch, visit, arg);
    }
}

void gs_stage_watch_each_heard(const struct gs_stage_watch *stage,
                               void (*visit)(void *arg, const struct gs_key_view *view), void *arg)
{
    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_watch_each_heard(stage->parts[i].watch, visit, arg);
    }
}

bool gs_stage_watch_nearest(const struct gs_stage_watch *stage, struct gs_near_miss *ret)
{
    struct gs_near_miss near;
    bool found = false;

    for (size_t i = 0; i < stage->n_parts; i++) {
        if (gs_watch_nearest(stage->parts[i].watch, &near) &&
            (!found || near.log10_evidence > ret->log10_evidence)) {
            *ret = near;
            found = true;
        }
    }
    return found;
}
