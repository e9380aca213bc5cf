/* Event time by agreement: event_clock.h says the rule, this is its bookkeeping.
 *
 * Each source stands in one of two short tables by its latest record: `ahead`, or `in_time` (the
 * eight heard last, for how many sources there are). A record ahead puts its source into `ahead`; a
 * record in time takes it out again. When the marks in `ahead` agree, event time jumps to the
 * earliest of them, and those that are no longer ahead then move over. */
#include "deploy/daemon/pipeline/event_clock.h"

#include <stdio.h>
#include <xxhash.h>

enum { QUORUM = 3, MAX_RUN = 16, DAY_MS = 86400000 };

void gs_event_clock_init(struct gs_event_clock *clock, int64_t max_step_ms)
{
    *clock = (struct gs_event_clock){.max_step_ms = max_step_ms, .max_ms = GS_NO_TIME};
}

static size_t find(const struct gs_clock_mark *marks, size_t n, uint64_t source)
{
    size_t i = 0;

    while (i < n && marks[i].source != source) {
        i++;
    }
    return i;
}

/* Sets a source's mark; in a full table that of the source with the earliest (ahead: the latest)
 * time gives way. */
static void put(struct gs_clock_mark *marks, uint8_t *n, struct gs_clock_mark mark, bool keep_early)
{
    size_t i = find(marks, *n, mark.source);

    if (i == *n && *n < GS_CLOCK_SOURCES) {
        ++*n;
    } else if (i == *n) {
        i = 0;
        for (size_t j = 1; j < *n; j++) {
            if (keep_early ? marks[j].ts_ms > marks[i].ts_ms : marks[j].ts_ms < marks[i].ts_ms) {
                i = j;
            }
        }
    }
    marks[i] = mark;
}

static void take_out(struct gs_clock_mark *marks, uint8_t *n, size_t i)
{
    marks[i] = marks[--*n];
}

/* ---- leads: who is ahead, for people ---- */

static void note_lead(struct gs_event_clock *clock, uint64_t source, struct gs_str name,
                      int64_t lead_ms)
{
    size_t i = 0;
    size_t least = 0;

    while (i < clock->n_leads && clock->leads[i].source != source) {
        least = clock->leads[i].n < clock->leads[least].n ? i : least;
        i++;
    }
    if (i == GS_CLOCK_SOURCES) { /* the one with the fewest makes room */
        i = least;
        clock->n_unnamed += clock->leads[i].n;
        clock->leads[i].n = 0;
    }
    struct gs_clock_lead *lead = &clock->leads[i];
    if (i == clock->n_leads) {
        clock->n_leads++;
        lead->n = 0;
    }
    if (lead->n == 0) {
        lead->source = source;
        (void)snprintf(lead->name, sizeof lead->name, "%.*s", GS_STR_ARGS(name));
    }
    lead->n++;
    lead->lead_ms = lead_ms;
}

/* Those that are still ahead now that event time has jumped (or is known at all). */
static void renew_leads(struct gs_event_clock *clock)
{
    for (size_t i = 0; i < clock->n_leads; i++) {
        const size_t at = find(clock->ahead, clock->n_marks_ahead, clock->leads[i].source);
        if (at < clock->n_marks_ahead) {
            clock->leads[i].lead_ms = clock->ahead[at].ts_ms - clock->max_ms;
        }
    }
}

static void forget_lead(struct gs_event_clock *clock, uint64_t source)
{
    for (size_t i = 0; i < clock->n_leads; i++) {
        if (clock->leads[i].source == source) {
            clock->leads[i] = clock->leads[--clock->n_leads];
            return;
        }
    }
}

uint64_t gs_event_clock_odd(const struct gs_event_clock *clock)
{
    uint64_t n = clock->n_unnamed;

    for (size_t i = 0; i < clock->n_leads; i++) {
        n += clock->leads[i].n;
    }
    return n;
}

/* ---- agreement ---- */

/* Sources that there are: those in time within a day, and those ahead. */
static size_t count_sources(const struct gs_event_clock *clock)
{
    size_t n = clock->n_marks_ahead;

    for (size_t i = 0; i < clock->n_marks_in_time; i++) {
        n += clock->in_time[i].ts_ms >= clock->max_ms - DAY_MS;
    }
    return n;
}

/* The earliest mark that enough others follow within a day; GS_NO_TIME when none has them. */
static int64_t agreed(const struct gs_event_clock *clock, size_t enough)
{
    int64_t earliest = GS_NO_TIME;

    for (size_t i = 0; i < clock->n_marks_ahead; i++) {
        const int64_t from = clock->ahead[i].ts_ms;
        size_t n = 0;
        for (size_t j = 0; j < clock->n_marks_ahead; j++) {
            n += clock->ahead[j].ts_ms >= from && clock->ahead[j].ts_ms - from <= DAY_MS;
        }
        if (n >= enough && (earliest == GS_NO_TIME || from < earliest)) {
            earliest = from;
        }
    }
    return earliest;
}

/* Gives the time that event time jumps to; GS_NO_TIME when it stands. */
static int64_t target(const struct gs_event_clock *clock)
{
    if (clock->run >= MAX_RUN) {
        return agreed(clock, 1);
    }
    const size_t sources = count_sources(clock);
    const size_t enough = sources < QUORUM ? sources : QUORUM;
    return enough < QUORUM && clock->run < QUORUM ? GS_NO_TIME : agreed(clock, enough);
}

/* Moves the marks over that are not ahead of event time any more; each may take it a step on. */
static void settle(struct gs_event_clock *clock)
{
    for (size_t i = 0; i < clock->n_marks_ahead;) {
        const struct gs_clock_mark mark = clock->ahead[i];
        if (mark.ts_ms > clock->max_ms + clock->max_step_ms) {
            i++;
            continue;
        }
        take_out(clock->ahead, &clock->n_marks_ahead, i);
        put(clock->in_time, &clock->n_marks_in_time, mark, false);
        forget_lead(clock, mark.source);
        if (mark.ts_ms > clock->max_ms) {
            clock->max_ms = mark.ts_ms;
            i = 0;
        }
    }
}

enum gs_clock_result gs_event_clock_offer(struct gs_event_clock *clock, struct gs_str source,
                                          int64_t ts_ms)
{
    const struct gs_clock_mark mark = {XXH3_64bits(source.bytes, source.len), ts_ms};

    if (clock->max_ms != GS_NO_TIME && ts_ms <= clock->max_ms + clock->max_step_ms) {
        const size_t i = find(clock->ahead, clock->n_marks_ahead, mark.source);
        if (i < clock->n_marks_ahead) {
            take_out(clock->ahead, &clock->n_marks_ahead, i);
        }
        put(clock->in_time, &clock->n_marks_in_time, mark, false);
        clock->run = 0;
        if (ts_ms > clock->max_ms) {
            clock->max_ms = ts_ms;
            settle(clock);
        }
        return GS_CLOCK_IN_TIME;
    }
    const size_t i = find(clock->in_time, clock->n_marks_in_time, mark.source);
    if (i < clock->n_marks_in_time) {
        take_out(clock->in_time, &clock->n_marks_in_time, i);
    }
    put(clock->ahead, &clock->n_marks_ahead, mark, true);
    clock->run += clock->run < MAX_RUN;
    clock->n_ahead++;
    note_lead(clock, mark.source, source, clock->max_ms == GS_NO_TIME ? 0 : ts_ms - clock->max_ms);
    const int64_t to = target(clock);
    if (to == GS_NO_TIME) {
        return GS_CLOCK_AHEAD;
    }
    clock->n_jumps += clock->max_ms != GS_NO_TIME;
    clock->max_ms = to;
    clock->run = 0;
    settle(clock);
    renew_leads(clock);
    return GS_CLOCK_JUMPED;
}
