/* When a lane gives up on the encoder for a while: the records it reads are older than the
 * deadline.
 *
 *     in time ── a record older than the deadline ──► behind
 *     behind  ── a record younger than half of it, and a hold is over ──► in time
 *
 * The hold is the deadline itself, from 1 s to 30 s: without it a lane at its limit would change
 * its mind with each batch. No clock of its own: time comes in. */
#ifndef GS_DEPLOY_DEADLINE_H
#define GS_DEPLOY_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct gs_overload {
    int64_t deadline_ms; /* 0: never behind */
    bool behind;
    int64_t since_ms; /* when it fell behind */
};

/* One record of this age (-1: unknown, says nothing) at this time. Whether `behind` has changed. */
bool gs_overload_see(struct gs_overload *overload, int64_t now_ms, int64_t age_ms);

#endif
