/* Near-copies, told when a bin closes (near.c). Private to the detector. */
#ifndef GS_ALERTING_NEAR_H
#define GS_ALERTING_NEAR_H

#include "alerting/detector/watch_internal.h"
#include "ingest/base/outline.h"

/* A story's first message, until its bin closes and it is compared with others (near.c). */
struct gs_pending {
    struct gs_link at; /* next of the bin */
    uint64_t story_hash, priority;
    uint32_t offset_ms, id_hash; /* of the message: another may stand for the story by now */
    uint32_t key;
    int32_t bin;
    uint32_t waits; /* 1 while it is in its bin's list (state_changes.c) */
    struct gs_outline outline;
};

/* Puts a story of a key into the list of its open bin, where it waits. One without an outline does
 * not. */
void gs_pending_add(struct gs_watch *watch, uint32_t open_at, const struct gs_pending *pending);
/* When a bin closes, before its sums are read: takes the votes of near-copies back. */
void gs_pendings_settle(struct gs_watch *watch, uint32_t bin_at);

#endif
