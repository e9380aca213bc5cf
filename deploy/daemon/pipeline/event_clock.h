/* Follows how far the event time of one partition has come, by records of which some are wrong.
 *
 * Event time is the latest time seen, but a single record may not carry it away: one message
 * stamped a week ahead would make all that follow it late, and the detector blind. So a record
 * moves event time by max_step at most. One that is further ahead is AHEAD: it is counted in its
 * own bin, and event time stands until enough sources agree:
 *
 *     three sources, or all there are if they are fewer (and at least three records), whose latest
 *     records are ahead and within 24 hours of each other; or sixteen records ahead in a row.
 *
 * Then it jumps to the earliest of those. That is how it gets over a night, a weekend, or the
 * start; a source that has only one odd record, or a clock of its own, moves nothing. Sources whose
 * records stay ahead are named (leads).
 *
 * A plain value: copying it is how a transaction is undone. Deterministic: only the order of
 * records counts, no clock of ours. */
#ifndef GS_DEPLOY_PIPELINE_EVENT_CLOCK_H
#define GS_DEPLOY_PIPELINE_EVENT_CLOCK_H

#include "ingest/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define GS_NO_TIME INT64_MIN

enum { GS_CLOCK_SOURCES = 8, GS_LEAD_NAME = 64 };

/* A source that is ahead of event time, or was. */
struct gs_clock_lead {
    uint64_t source;
    char name[GS_LEAD_NAME]; /* cut, ends in NUL */
    uint64_t n;              /* records ahead that nobody agreed with */
    int64_t lead_ms;         /* of the last of them */
};

struct gs_event_clock {
    int64_t max_step_ms;
    int64_t max_ms; /* event time; GS_NO_TIME until it is known */
    uint64_t n_ahead, n_jumps;
    uint64_t n_unnamed; /* records ahead of sources that have no place in leads any more */
    struct gs_clock_mark {
        uint64_t source;
        int64_t ts_ms;
    } ahead[GS_CLOCK_SOURCES], /* sources whose latest record is ahead, and when it says it is */
        in_time[GS_CLOCK_SOURCES]; /* the others that were heard last */
    uint8_t n_marks_ahead, n_marks_in_time, n_leads;
    uint32_t run; /* records ahead since the last in time */
    struct gs_clock_lead leads[GS_CLOCK_SOURCES];
};

enum gs_clock_result {
    GS_CLOCK_IN_TIME, /* event time may have moved, by max_step at most */
    GS_CLOCK_AHEAD,   /* it stands */
    GS_CLOCK_JUMPED,  /* it jumped, since enough agree (the first time: it is known now) */
};

void gs_event_clock_init(struct gs_event_clock *clock, int64_t max_step_ms);
enum gs_clock_result gs_event_clock_offer(struct gs_event_clock *clock, struct gs_str source,
                                          int64_t ts_ms);
/* Records ahead that nobody has agreed with so far. */
uint64_t gs_event_clock_odd(const struct gs_event_clock *clock);

#endif
