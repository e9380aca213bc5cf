/* Event time of the watch stage: how far its partitions have come together.
 *
 * Each partition has its own event clock (event_clock.h); the lane's event time is the lowest of
 * them, less the bound for lateness, so that no partition's messages are late because another was
 * faster. A partition that brings nothing must not hold the others back for ever: after
 * idle_timeout it is left out, whether it is empty at the broker or only brings records that cannot
 * be read or are older than what it brought before. What it brings later may then be late. */
#include "deploy/daemon/pipeline/stage_watch_internal.h"
#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <stdio.h>

bool gs_part_idle(const struct gs_part *part, int64_t now_ms, int64_t timeout_ms, bool empty)
{
    const bool useless = part->came_ms - part->advanced_ms > timeout_ms;

    return now_ms - part->advanced_ms > timeout_ms && (empty || useless);
}

int64_t gs_stage_watch_reached(const struct gs_stage_watch *stage, const struct gs_source *source)
{
    const int64_t now_ms = source == NULL ? 0 : gs_clock_wall_ms();
    int64_t lowest = GS_NO_TIME;

    for (size_t i = 0; i < stage->n_parts; i++) {
        const struct gs_part *part = &stage->parts[i];
        if (source != NULL &&
            gs_part_idle(part, now_ms, stage->options.idle_timeout_ms,
                         gs_source_idle(source, gs_str(part->topic), part->partition))) {
            continue;
        }
        const int64_t max_ms = part->clock.max_ms;
        if (max_ms == GS_NO_TIME) {
            return GS_NO_TIME; /* it may still bring something old */
        }
        lowest = lowest == GS_NO_TIME || max_ms < lowest ? max_ms : lowest;
    }
    return lowest == GS_NO_TIME ? GS_NO_TIME : lowest - stage->options.watch.lateness_ms;
}

bool gs_stage_watch_closes_a_bin(const struct gs_stage_watch *stage, int64_t reached_ms)
{
    const int64_t bin_ms = stage->options.watch.bin_ms;

    return reached_ms != GS_NO_TIME && (stage->watermark_ms == GS_NO_TIME ||
                                        reached_ms / bin_ms > stage->watermark_ms / bin_ms);
}

static void say_jump(const struct gs_stage_watch *stage, const struct gs_part *part,
                     int64_t before_ms)
{
    struct gs_buf time = {.max = 64};

    if (stage->options.quiet) {
        return;
    }
    gs_buf_json_time(&time, part->clock.max_ms);
    gs_log(GS_LOG_INFO, "watch", "%s[%d]: event time jumps by %.1f h to %.*s: enough sources agree",
           part->topic[0] == '\0' ? "input" : part->topic, (int)part->partition,
           (double)(part->clock.max_ms - before_ms) / 3600000.0, (int)time.len,
           time.len > 0 ? time.bytes : "");
    gs_buf_done(&time);
}

/* Of a source that stays ahead the first record is not worth a line (after a night the first
 * records always are ahead), but its third, and then ever fewer. */
static void say_ahead(const struct gs_part *part, struct gs_str source)
{
    for (size_t i = 0; i < part->clock.n_leads; i++) {
        const struct gs_clock_lead *lead = &part->clock.leads[i];
        const bool worth_it = lead->n == 3 || lead->n == 100 || lead->n % 10000 == 0;
        if (worth_it && gs_str_equal(gs_str(lead->name), source)) {
            gs_log(GS_LOG_WARNING, "watch",
                   "source %s is %.1f h ahead of event time, %llu records so far: they do not move "
                   "it",
                   lead->name, (double)lead->lead_ms / 3600000.0, (unsigned long long)lead->n);
        }
    }
}

void gs_stage_watch_note_time(struct gs_stage_watch *stage, struct gs_part *part,
                              struct gs_str source, int64_t ts_ms)
{
    const int64_t before_ms = part->clock.max_ms;

    switch (gs_event_clock_offer(&part->clock, source, ts_ms)) {
    case GS_CLOCK_IN_TIME:
        break;
    case GS_CLOCK_AHEAD:
        stage->ahead++;
        if (before_ms != GS_NO_TIME && !stage->options.quiet) {
            say_ahead(part, source);
        }
        break;
    case GS_CLOCK_JUMPED:
        if (before_ms != GS_NO_TIME) {
            stage->jumps++;
            say_jump(stage, part, before_ms);
        }
        break;
    }
    if (part->clock.max_ms != before_ms) {
        part->advanced_ms = part->came_ms;
    }
}

void gs_stage_watch_add_oddities(const struct gs_event_clock *clock, struct gs_watch_oddities *sum)
{
    sum->ahead += gs_event_clock_odd(clock);
    sum->jumps += clock->n_jumps;
    for (size_t i = 0; i < clock->n_leads; i++) {
        if (clock->leads[i].n > sum->worst.n) {
            sum->worst = clock->leads[i];
        }
    }
}

void gs_stage_watch_oddities(const struct gs_stage_watch *stage, struct gs_watch_oddities *ret)
{
    *ret = stage->gone;
    for (size_t i = 0; i < stage->n_parts; i++) {
        gs_stage_watch_add_oddities(&stage->parts[i].clock, ret);
    }
    for (size_t i = 0; i < stage->n_parked; i++) {
        gs_stage_watch_add_oddities(&stage->parked[i].clock, ret);
    }
}
