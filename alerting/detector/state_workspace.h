/* What a watch needs for writing its state (state_write.c, state_changes.c). Private to alerting/. */
#ifndef GS_ALERTING_STATE_WORKSPACE_H
#define GS_ALERTING_STATE_WORKSPACE_H

#include "alerting/detector/dedupe.h"
#include "ingest/base/buf.h"

struct gs_watch;

/* A chunk of one of the sets: the bin of event time that it is of, its number in it, and the bytes
 * that are in it. */
struct gs_seen_chunk {
    int32_t bin;
    uint32_t n;
    size_t len;
};

struct gs_state_workspace {
    struct gs_buf chunks[GS_N_SEEN];
    struct gs_buf record;
    uint64_t *dirty; /* a bit a key */
    size_t max_dirty;
    bool chunks_written; /* in this transaction */
};

/* Chunks that an undone transaction has written into are begun anew. */
void gs_chunks_undo(struct gs_watch *watch);

#endif
