/* The lines that a file source has read since the last commit; for file_source.c only.
 *
 * Lines are read into chunks, which stay where they are until the commit, and the lines given are
 * listed, so that a rewind can give them again:
 *
 *     chunk ── chunk ── chunk (last, being filled)      lines: 1 2 3 4 5
 *                        │line│line│part…│ free │                  ↑ next, after a rewind
 *
 * A line that does not fit into the rest of its chunk moves to a new one, so each chunk can hold
 * the longest line. A commit frees the chunks for the next batch. */
#ifndef GS_INGEST_KEPT_H
#define GS_INGEST_KEPT_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

struct gs_chunk {
    struct gs_chunk *next;
    size_t filled;
    char bytes[]; /* [chunk_size] */
};

struct gs_kept_line {
    struct gs_str text;
    size_t path; /* number of the file */
    int64_t number;
};

/* {.chunk_size = N} is empty and valid. */
struct gs_kept {
    size_t chunk_size;
    struct gs_chunk *first, *last; /* last is being filled */
    struct gs_chunk *spare;        /* at most one */
    size_t line_at;                /* in last: where the next line begins */
    size_t search_at;              /* in last: there is no line feed between line_at and here */
    size_t bytes;

    struct gs_kept_line *lines;
    size_t n_lines, max_lines;
    size_t next; /* the line to give next; < n_lines after a rewind */
};

void gs_kept_done(struct gs_kept *kept);

/* Makes sure that bytes can be added behind those of the last chunk. GS_NO_MEMORY, also past 256
 * MiB. */
GS_MUST_CHECK
enum gs_status gs_kept_reserve(struct gs_kept *kept, struct gs_error *err);

/* Lists a line. GS_NO_MEMORY, also past two million lines. */
GS_MUST_CHECK
enum gs_status gs_kept_add(struct gs_kept *kept, struct gs_kept_line line, struct gs_error *err);

/* Lets go of the lines that were given. */
void gs_kept_commit(struct gs_kept *kept);

/* Bytes read that belong to no line yet. */
static inline size_t gs_kept_part(const struct gs_kept *kept)
{
    return kept->last == NULL ? 0 : kept->last->filled - kept->line_at;
}

#endif
