/* A changelog being read: of each record's key the last value counts, a tombstone takes it out.
 *
 * A compacted topic still has old values of many keys, so they are dropped as the log grows: it
 * holds at most about twice what is left in the end.
 *
 * Threads: owned by one thread. */
#ifndef GS_ALERTING_STATE_LOG_H
#define GS_ALERTING_STATE_LOG_H

#include "alerting/detector/watch_state.h"

#include <stddef.h>

struct gs_state_record {
    struct gs_str key, value;
};

/* {0} is a valid empty one; end it with gs_state_log_done(). */
struct gs_state_log {
    struct gs_state_log_entry {
        char *bytes; /* key, value; owned */
        uint32_t key_len, value_len;
        bool gone;
    } * entries;
    size_t n, capacity;
    size_t n_kept; /* after the last time that old values were dropped */
    size_t bytes;
};

/* value.bytes NULL: a tombstone. GS_NO_MEMORY; GS_BAD_FORMAT: a key or value of over 16 MiB. */
GS_MUST_CHECK
enum gs_status gs_state_log_add(struct gs_state_log *log, struct gs_str key, struct gs_str value,
                                struct gs_error *err);
/* Puts what counts into the order of a load: by gs_watch_record_order(), then by key. */
void gs_state_log_settle(struct gs_state_log *log);
/* After a settle: the records are 0 .. log->n - 1. */
struct gs_state_record gs_state_log_at(const struct gs_state_log *log, size_t i);
void gs_state_log_done(struct gs_state_log *log);

#endif
