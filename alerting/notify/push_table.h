/* What every Alertmanager is to know: the alerts that are on, and those that ended lately, with when
 * each of them is due at each Alertmanager.
 *
 *     gs_push_put() ─► entry: labels, texts, version ─► due at peer 0, 1, … ─► gs_push_batch()
 *                                                        ▲                          │ request
 *                          now + resend, or now if it changed meanwhile ◄── gs_push_accepted()
 *
 * It is state, not a queue: an Alertmanager that was away is told what is true now, however much it
 * has missed. Other labels are another alert, so then the one before ends and the new one begins, in
 * one request. An alert that ended is kept, and told again, for GS_PUSH_KEEP_MS (five resends when
 * that is longer), and for a day to an Alertmanager that has not heard of it; when room is short the
 * one that ended first goes first.
 *
 * An Alertmanager that refuses a request (400) may have taken some of its alerts. All of them are then
 * sent alone; the one that is refused alone waits until it changes.
 *
 * Times are milliseconds of a clock that does not jump. Threads: owned by one, or behind a lock. */
#ifndef GS_ALERTING_PUSH_TABLE_H
#define GS_ALERTING_PUSH_TABLE_H

#include "alerting/notify/push_alert.h"

enum {
    GS_PUSH_PEERS = 16,
    GS_PUSH_BATCH = 64,                /* alerts in a request */
    GS_PUSH_KEEP_MS = 5 * 60 * 1000,   /* an ended alert */
    GS_PUSH_GIVE_UP_MS = 24 * 3600000, /* the same, untold */
};

struct gs_push_table; /* opaque */

/* At most max entries, ended ones included; n_peers <= GS_PUSH_PEERS. */
GS_MUST_CHECK
enum gs_status gs_push_new(size_t n_peers, size_t max, int64_t resend_ms,
                           struct gs_push_table **ret, struct gs_error *err);
void gs_push_free(struct gs_push_table *table); /* NULL is fine */

/* What an incident is now. told: people are told of this change, so labels may change and it is due
 * at once; else it is kept for the next resend. False: there was no room for it, or none for an ended
 * one that was not told everywhere and had to go. */
bool gs_push_put(struct gs_push_table *table, const struct gs_push_alert *alert, bool told,
                 int64_t now_ms);
/* What was sent of the incident is not kept up, and not ended either: it ends by itself. */
void gs_push_drop(struct gs_push_table *table, const char *incident);
/* The same, but it is told once more, so that whoever has the incident now has time to go on. */
void gs_push_leave(struct gs_push_table *table, const char *incident, int64_t now_ms);
/* All that is on is due at all peers: before a stop, so that what comes behind has time. */
void gs_push_hurry(struct gs_push_table *table, int64_t now_ms);

/* A request that is on its way: which entries, in what version. */
struct gs_push_batch {
    size_t n;
    struct {
        uint64_t entry;
        uint32_t version;
    } items[GS_PUSH_BATCH];
};

/* The alerts that peer is due, at most GS_PUSH_BATCH: fills ret, and appends the request's body.
 * False: none, and nothing is appended. ends_at_ms: wall clock, of alerts that are on. */
bool gs_push_batch(struct gs_push_table *table, size_t peer, int64_t now_ms, int64_t ends_at_ms,
                   struct gs_push_batch *ret, struct gs_buf *out);
void gs_push_accepted(struct gs_push_table *table, size_t peer, const struct gs_push_batch *batch,
                      int64_t now_ms);
/* Returns the incident when it was an alert alone that is refused, else NULL; borrowed. */
const char *gs_push_refused(struct gs_push_table *table, size_t peer,
                            const struct gs_push_batch *batch, int64_t now_ms);

/* When peer is due something; INT64_MAX: never as it stands. */
int64_t gs_push_due(const struct gs_push_table *table, size_t peer);
/* How many alerts peer is due now. */
size_t gs_push_waiting(const struct gs_push_table *table, size_t peer, int64_t now_ms);
size_t gs_push_count(const struct gs_push_table *table); /* entries */
/* Takes out what ended long enough ago. */
void gs_push_sweep(struct gs_push_table *table, int64_t now_ms);

#endif
