/* Reads a dead letter, and makes of it the record that it was: what `groundswell dlq` works with. The
 * headers are those that dlq.h writes. */
#ifndef GS_DEPLOY_DEAD_LETTER_H
#define GS_DEPLOY_DEAD_LETTER_H

#include "ingest/base/error.h"
#include "ingest/records/source.h"

/* Borrowed from the record. A text that is not there is {NULL, 0}. */
struct gs_dead_letter {
    const struct gs_record *record; /* as it lies in the queue */
    struct gs_str code, message, stage;
    struct gs_str topic;  /* where it was; {NULL, 0}: it does not say, so it is no letter of ours */
    int32_t partition;    /* -1: it does not say */
    int64_t offset;       /* -1 */
    int64_t timestamp_ms; /* the record's own; -1: none */
    bool cut;             /* it did not fit: the whole is at topic, partition and offset */
    struct gs_str size, sha256; /* of the whole value, where it was cut */
    unsigned redrives;          /* how often it was sent again before; what is no number is 0 */
};

void gs_dead_letter_read(const struct gs_record *record, struct gs_dead_letter *ret);

/* The reason before this one, and before that …: calls each with the codes of the history, oldest
 * first. */
void gs_dead_letter_history(const struct gs_dead_letter *letter,
                            void (*each)(void *arg, struct gs_str code), void *arg);

/* The record that a letter goes back as. */
struct gs_redrive {
    struct gs_output output; /* borrows from the letter and from what follows */
    struct gs_header *headers;
    char *names;
    char count[16];
};

/* Key, value, time and headers as they came; behind the headers the reasons, under the names of
 * history (groundswell.previous.error.…), and groundswell.redrive.count, one more than it was.
 * output.partition is where the record was; whoever writes it sees whether that is there. *ret must
 * stay where it is; end it with gs_redrive_done(). GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_redrive_make(const struct gs_dead_letter *letter, struct gs_redrive *ret,
                               struct gs_error *err);
void gs_redrive_done(struct gs_redrive *redrive);

#endif
