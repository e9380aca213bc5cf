/* The chunks and the list of lines behind kept.h: room for more bytes, a line more, a commit.
 *
 * Lines point into chunks, so chunks never move. The only bytes that move are those of a line that
 * is not complete when its chunk is full: they are copied to the front of the next chunk. At a
 * commit one chunk is kept as a spare for the next batch. */
#include "ingest/files/kept.h"

#include <stdlib.h>

enum { MAX_BYTES = 256 * 1024 * 1024, MAX_LINES = 2 * 1024 * 1024 };

static struct gs_chunk *chunk_alloc(struct gs_kept *kept)
{
    struct gs_chunk *chunk = kept->spare;

    if (chunk != NULL) {
        kept->spare = NULL;
    } else {
        chunk = malloc(sizeof *chunk + kept->chunk_size);
        if (chunk == NULL) {
            return NULL;
        }
    }
    chunk->next = NULL;
    chunk->filled = 0;
    return chunk;
}

void gs_kept_done(struct gs_kept *kept)
{
    while (kept->first != NULL) {
        struct gs_chunk *chunk = kept->first;
        kept->first = chunk->next;
        free(chunk);
    }
    free(kept->spare);
    free(kept->lines);
    *kept = (struct gs_kept){.chunk_size = kept->chunk_size};
}

enum gs_status gs_kept_reserve(struct gs_kept *kept, struct gs_error *err)
{
    if (kept->last != NULL && kept->last->filled < kept->chunk_size) {
        return GS_OK;
    }
    if (kept->bytes + kept->chunk_size > MAX_BYTES) {
        return gs_fail(err, GS_NO_MEMORY,
                       "256 MiB of lines since the last commit: smaller batches are needed");
    }
    struct gs_chunk *chunk = chunk_alloc(kept);
    if (chunk == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "line buffer");
    }
    if (kept->last == NULL) {
        kept->first = chunk;
    } else { /* the line that is being read moves along */
        const size_t part = gs_kept_part(kept);
        memcpy(chunk->bytes, kept->last->bytes + kept->line_at, part);
        chunk->filled = part;
        kept->last->filled = kept->line_at;
        kept->last->next = chunk;
    }
    kept->last = chunk;
    kept->search_at -= kept->line_at;
    kept->line_at = 0;
    kept->bytes += kept->chunk_size;
    return GS_OK;
}

enum gs_status gs_kept_add(struct gs_kept *kept, struct gs_kept_line line, struct gs_error *err)
{
    if (kept->n_lines == kept->max_lines) {
        const size_t max = kept->max_lines == 0 ? 1024 : 2 * kept->max_lines;
        if (max > MAX_LINES) {
            return gs_fail(err, GS_NO_MEMORY,
                           "%d lines since the last commit: smaller batches are needed", MAX_LINES);
        }
        struct gs_kept_line *more = realloc(kept->lines, max * sizeof *more);
        if (more == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "list of lines");
        }
        kept->lines = more;
        kept->max_lines = max;
    }
    kept->lines[kept->n_lines++] = line;
    return GS_OK;
}

void gs_kept_commit(struct gs_kept *kept)
{
    if (kept->next < kept->n_lines) { /* rewound and not all taken again: their chunks stay */
        memmove(kept->lines, kept->lines + kept->next,
                (kept->n_lines - kept->next) * sizeof *kept->lines);
        kept->n_lines -= kept->next;
        kept->next = 0;
        return;
    }
    kept->n_lines = 0;
    kept->next = 0;
    while (kept->first != kept->last) {
        struct gs_chunk *chunk = kept->first;
        kept->first = chunk->next;
        kept->bytes -= kept->chunk_size;
        if (kept->spare == NULL) {
            kept->spare = chunk;
        } else {
            free(chunk);
        }
    }
    if (kept->last != NULL && gs_kept_part(kept) == 0) { /* begin at the front again */
        kept->last->filled = 0;
        kept->line_at = 0;
        kept->search_at = 0;
    }
}
