/* Memory of one batch: taken piece by piece, given back all at once.
 *
 * A lane makes one arena at start and resets it after each batch, so that the steady state
 * does not allocate. Blocks are kept across resets and chained when a batch needs more, up to
 * a stated bound; past it gs_arena_alloc() returns NULL.
 *
 * Threads: owned by one thread. */
#ifndef GS_BASE_ARENA_H
#define GS_BASE_ARENA_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

struct gs_arena; /* opaque */

/* An arena that holds at most max_bytes at a time. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_arena_new(size_t max_bytes, struct gs_arena **ret, struct gs_error *err);
void gs_arena_free(struct gs_arena *arena); /* NULL is fine */

/* size bytes aligned to 16, not initialized; NULL when the bound is reached, or when memory is
 * short. */
void *gs_arena_alloc(struct gs_arena *arena, size_t size);

/* A copy of text that lives as long as the arena's batch; {NULL, 0} as above.
 * An empty text stays empty and present ({"", 0}). */
struct gs_str gs_arena_copy(struct gs_arena *arena, struct gs_str text);

/* Tells whether memory was short since the last reset: what is missing then is no fault of the data,
 * as it is when the bound was reached. */
bool gs_arena_starved(const struct gs_arena *arena);

/* Everything taken is gone. Keeps the memory for the next batch. */
void gs_arena_reset(struct gs_arena *arena);

#endif
