/* The state of a watch as records, for a changelog or a file (deploy/docs/state.md).
 *
 * A record is a key and a value; a later one of the same key takes an earlier one's place, and one
 * without a value (a tombstone) says that it is gone:
 *
 *     c                              event time, counters, the nearest miss, where the chunks stand
 *     g kind                         a kind's baseline and seasons
 *     k key                          a key: baseline, ring, evidence, publishers, open bins,
 *                                    its habit and its alert
 *     x bin priority key             a message that an alert may show
 *     i slot n · s slot n            a chunk of ids, of stories: those of one bin of event time
 *     b slot n · l slot n            the same of bands and of leaders of near-copies
 *     p bin hash key                 a story that waits for its bin's close
 *
 * A watch that is loaded from them gives the same alerts as the one that they were taken from, bit
 * for bit. Chunks need no tombstones: a slot's number comes round after its entries are too old.
 *
 * Not in it: the options, which are the configuration's. bin_ms has to be the same; the others may
 * change from one start to the next. */
#ifndef GS_ALERTING_WATCH_STATE_H
#define GS_ALERTING_WATCH_STATE_H

#include "alerting/detector/watch.h"

/* The version of the records that are written; all from 1 on are read. */
enum { GS_STATE_VERSION = 3 };

/* Takes a record; value.bytes NULL: a tombstone. Borrowed for the call. */
typedef enum gs_status gs_state_put_fn(void *arg, struct gs_str key, struct gs_str value,
                                       struct gs_error *err);

/* Everything, in the order that a load wants. Outside a transaction. GS_NO_MEMORY, or what put
 * says. */
GS_MUST_CHECK
enum gs_status gs_watch_save(struct gs_watch *watch, gs_state_put_fn *put, void *arg,
                             struct gs_error *err);
/* What the open transaction has changed; before its commit, behind its last gs_watch_next(). */
GS_MUST_CHECK
enum gs_status gs_watch_save_changes(struct gs_watch *watch, gs_state_put_fn *put, void *arg,
                                     struct gs_error *err);

/* A load into a new watch: begin, the records, end. {.watch = watch} is a valid one. */
struct gs_watch_load {
    struct gs_watch *watch;
    bool begun;
    unsigned kinds; /* a bit for each that came */
    uint32_t new_keys;
    char near_key[GS_MAX_KEY_LEN];
    size_t near_key_len;
};
/* The place of a record in the order of a load, by its key: lower ones come first; -1: no record of
 * a watch. */
int gs_watch_record_order(struct gs_str key);
/* GS_BAD_FORMAT: what is wrong with it, or it is of a newer version. GS_BAD_CONFIG: the option that
 * does not fit. GS_NO_MEMORY. After a failure the watch can only be freed. */
GS_MUST_CHECK
enum gs_status gs_watch_load_record(struct gs_watch_load *load, struct gs_str key,
                                    struct gs_str value, struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_watch_load_end(struct gs_watch_load *load, struct gs_error *err);

/* Event time; INT64_MIN before any. */
int64_t gs_watch_watermark(const struct gs_watch *watch);
/* True once an undo could not restore the watch for want of memory, and emptied it: its state is
 * what was written, not what it holds. */
bool gs_watch_emptied(const struct gs_watch *watch);
/* True when the open transaction (the last one, when none is) had no memory for something, and left it
 * out: a key, a bin, a message. Whoever must not count too little undoes it. */
bool gs_watch_starved(const struct gs_watch *watch);
/* Visits the alerts that fire, as they would be told now; outside a transaction. */
void gs_watch_each_firing(struct gs_watch *watch,
                          void (*visit)(void *arg, const struct gs_alert *alert), void *arg);

#endif
