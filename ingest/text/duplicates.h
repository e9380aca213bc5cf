/* How many copies of a story have come by lately: a bounded table of fingerprints.
 *
 * Two places a fingerprint may lie in; the place counted longest ago is given up when both are
 * taken. So the count is exact for stories that keep coming and starts again for those long unseen:
 * a hint for readers of the tagged topic, while the windows keep an exact set of their own.
 *
 * Threads: owned by one thread. */
#ifndef GS_INGEST_DUPLICATES_H
#define GS_INGEST_DUPLICATES_H

#include "ingest/base/error.h"

#include <stddef.h>
#include <stdint.h>

struct gs_duplicates; /* opaque */

/* n_places is rounded up to a power of two. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_duplicates_new(size_t n_places, struct gs_duplicates **ret, struct gs_error *err);
void gs_duplicates_free(struct gs_duplicates *duplicates); /* NULL is fine */

/* Counts this copy and says which it is, from 1. 0 for group 0 (no fingerprint). */
uint32_t gs_duplicates_count(struct gs_duplicates *duplicates, uint64_t group);

/* Everything counted since begin is forgotten by undo (a batch that was rolled back). Past 65,536
 * counts in one batch the rest cannot be undone: a retried batch may then say a copy number too
 * high. */
void gs_duplicates_begin(struct gs_duplicates *duplicates);
void gs_duplicates_undo(struct gs_duplicates *duplicates);

#endif
