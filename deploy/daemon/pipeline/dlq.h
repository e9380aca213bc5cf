/* Makes a record of the dead-letter queue: the one refused, byte for byte, and why. */
#ifndef GS_DEPLOY_DLQ_H
#define GS_DEPLOY_DLQ_H

#include "ingest/records/source.h"

/* Why a record cannot be used. */
struct gs_rejection {
    enum gs_reject reject;
    const char *message; /* for a person */
    const char *stage;
    bool suspect; /* the broker has refused what became of it: its timestamp may be the reason */
};

/* Writes record to the sink's DLQ stream with the headers
 * groundswell.error.{code,message,stage,topic,partition,offset} behind its own. A header of the
 * record's own that begins with "groundswell.error." (it was a dead letter before, or pretends to)
 * is kept as "groundswell.previous.error.…": so each of our names is there once, whichever end a
 * reader looks from, and the history stays in order.
 *
 * A dead letter that is too large for the queue is cut to what fits: of the value, then of the
 * record's own headers and its key; the headers .size and .sha256 are those of the whole value. That
 * of a suspect record has the time of its writing, and the record's in .timestamp. GS_IO when the
 * DLQ refuses even that: the lane must stop. */
GS_MUST_CHECK
enum gs_status gs_dlq_put(struct gs_sink *sink, const struct gs_record *record,
                          const struct gs_rejection *why, struct gs_error *err);

/* Copies the record's headers to to[record->n_headers]; those named like ours get the name of history,
 * which lies in *ret_names (the caller's to free; untouched when there is none). False without
 * memory. */
GS_MUST_CHECK
bool gs_dlq_copy_headers(const struct gs_record *record, struct gs_header *to, char **ret_names);

#endif
