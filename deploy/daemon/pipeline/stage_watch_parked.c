/* Windows over a rebalance where nothing is kept of them in a changelog.
 *
 * Every rebalance takes all partitions away, and gives most of them back a moment later. Their
 * windows are parked meanwhile: when a partition comes back, and the group stands exactly where its
 * windows have counted to, nobody else has read of it, and they go on. What incidents have of them
 * waits beside them as the same records that a changelog would have. */
#include "deploy/daemon/pipeline/stage_watch_internal.h"

#include "deploy/daemon/pipeline/stage_watch_state.h"
#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <stdlib.h>

static void free_parked(struct gs_stage_watch *stage, size_t i)
{
    gs_stage_watch_add_oddities(&stage->parked[i].clock, &stage->gone);
    gs_watch_free(stage->parked[i].watch);
    gs_state_log_done(&stage->parked[i].log);
    stage->parked[i] = stage->parked[--stage->n_parked];
}

void gs_stage_watch_drop_parked(struct gs_stage_watch *stage, int64_t longer_ms)
{
    const int64_t now_ms = stage->n_parked == 0 ? 0 : gs_clock_wall_ms();

    for (size_t i = stage->n_parked; i > 0; i--) {
        if (now_ms - stage->parked[i - 1].parked_ms > longer_ms) {
            free_parked(stage, i - 1);
        }
    }
}

static size_t find_parked(const struct gs_stage_watch *stage, const struct gs_part *part)
{
    size_t i = 0;

    while (i < stage->n_parked && (stage->parked[i].partition != part->partition ||
                                   strcmp(stage->parked[i].topic, part->topic) != 0)) {
        i++;
    }
    return i;
}

static enum gs_status to_log(void *arg, struct gs_str key, struct gs_str value,
                             struct gs_error *err)
{
    return gs_state_log_add(arg, key, value, err);
}

bool gs_stage_watch_park(struct gs_stage_watch *stage, size_t i)
{
    struct gs_part *part = &stage->parts[i];
    struct gs_incident_marks none = {.at = NULL, .ahead = true};
    struct gs_error err;
    const size_t old = find_parked(stage, part);

    if (old < stage->n_parked) {
        free_parked(stage, old);
    }
    struct gs_part *parked = realloc(stage->parked, (stage->n_parked + 1) * sizeof *parked);
    if (parked == NULL) {
        return false;
    }
    stage->parked = parked;
    const enum gs_status status =
        gs_incident_desk_save(stage->options.desk, (size_t)stage->options.lane, part->number, &none,
                              to_log, &part->log, &err);
    gs_incident_marks_done(&none);
    if (status != GS_OK) {
        return false;
    }
    gs_stage_watch_hide_part(stage, part);
    part->parked_ms = gs_clock_wall_ms();
    stage->parked[stage->n_parked++] = *part;
    stage->parts[i] = stage->parts[--stage->n_parts];
    return true;
}

/* The windows that are parked take the place of the new ones. */
static enum gs_status go_on(struct gs_stage_watch *stage, struct gs_part *part,
                            struct gs_part *parked, struct gs_error *err)
{
    struct gs_watch *unused = part->watch;

    part->watch = parked->watch;
    part->clock = parked->clock;
    part->clock_was = parked->clock;
    part->log = parked->log;
    parked->watch = unused;
    gs_event_clock_init(&parked->clock, stage->options.max_step_ms);
    parked->log = (struct gs_state_log){.n = 0};
    gs_stage_watch_show_alerts(stage, part);
    const enum gs_status status = gs_part_load_incidents(stage, part, err);
    gs_state_log_done(&part->log);
    gs_log(GS_LOG_INFO, "watch", "%s[%d]: its windows go on", part->topic, (int)part->partition);
    return status;
}

enum gs_status gs_stage_watch_unpark(struct gs_stage_watch *stage, struct gs_source *source,
                                     struct gs_part *part, int64_t offset, struct gs_error *err)
{
    const size_t i = find_parked(stage, part);
    enum gs_status status = GS_OK;
    bool moved = false;

    part->counted = offset;
    if (i == stage->n_parked) {
        return GS_OK;
    }
    const int64_t counted = stage->parked[i].counted;
    if (counted < offset) {
        status = gs_source_holds(source, gs_str(part->topic), part->partition, counted, offset,
                                 &moved, err);
    }
    if (status == GS_OK && !moved && counted <= offset) {
        status = go_on(stage, part, &stage->parked[i], err);
    }
    free_parked(stage, i);
    gs_stage_watch_renew_watermark(stage);
    gs_stage_watch_show(stage);
    return status;
}
