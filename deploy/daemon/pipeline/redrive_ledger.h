/* Which dead letters of one partition have been sent again.
 *
 * Letters are picked by reason and time, so a single position does not say it: the ledger is the
 * position of the first letter that waits, and behind it the runs of letters that do not. Kafka keeps
 * both in one commit of a group's offset, the runs as the text beside it, which a broker bounds
 * (offset.metadata.max.bytes, 4096).
 *
 *     offset  first       first + 3   first + 5
 *             waits × 3   sent × 2    waits …          note "1DC", a run a digit or more
 *
 * Offsets that are no letters (ends of transactions, what was never committed) belong to the run that
 * they lie in, so that they cost nothing.
 *
 * Threads: owned by one. {.n = 0} is empty: nothing was sent. */
#ifndef GS_DEPLOY_REDRIVE_LEDGER_H
#define GS_DEPLOY_REDRIVE_LEDGER_H

#include "ingest/base/buf.h"
#include "ingest/base/error.h"

enum { GS_LEDGER_MAX_NOTE = 4000 }; /* bytes */

struct gs_ledger_run {
    int64_t from, to; /* sent: from <= offset < to */
};

struct gs_ledger {
    int64_t first;              /* all before it were sent, or are gone */
    struct gs_ledger_run *runs; /* in order, apart from each other, all behind first */
    size_t n, capacity;
};

void gs_ledger_done(struct gs_ledger *ledger);
GS_MUST_CHECK enum gs_status gs_ledger_copy(const struct gs_ledger *from, struct gs_ledger *ret,
                                            struct gs_error *err);

/* Reads what a group's offset says; offset -1: it has none. *ret is to be ended whatever is returned.
 * GS_BAD_FORMAT: the note is none of ours. */
GS_MUST_CHECK enum gs_status gs_ledger_read(int64_t offset, struct gs_str note,
                                            struct gs_ledger *ret, struct gs_error *err);
/* Appends the note. */
void gs_ledger_write(const struct gs_ledger *ledger, struct gs_buf *out);

/* Records before `low` are gone: whether they were sent matters no more. */
void gs_ledger_trim(struct gs_ledger *ledger, int64_t low);
bool gs_ledger_sent(const struct gs_ledger *ledger, int64_t offset);

/* False: a letter behind `before` would make the note longer than it may be, since it lies in the midst
 * of letters that wait. */
bool gs_ledger_fits(const struct gs_ledger *ledger, int64_t before);

/* A letter of the partition is passed, in order: `before` is the letter before it, -1 for the first
 * that is looked at. send: it counts as sent from now on. */
GS_MUST_CHECK enum gs_status gs_ledger_pass(struct gs_ledger *ledger, int64_t before,
                                            int64_t offset, bool send, struct gs_error *err);

#endif
