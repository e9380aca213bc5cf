/* An arena is a list of blocks; pieces are cut from the current one, front to back.
 *
 *     first ─► block 64 KiB ─► block 128 KiB ─► block 256 KiB
 *                 full            current          empty, from an earlier batch
 *                                  └ used
 *
 * When a piece does not fit, the next block becomes the current one: an empty one that is left from
 * an earlier batch and large enough, or a new one of twice the size (less where max is near). The
 * rest of the old block is lost until the reset. A reset only moves back to the first block, so a
 * lane stops allocating once it has met its largest batch. */
#include "ingest/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { FIRST_BLOCK = 64 * 1024, ALIGNMENT = 16 };

struct block {
    struct block *next;
    size_t size; /* of bytes */
    alignas(ALIGNMENT) char bytes[];
};

struct gs_arena {
    struct block *first;
    struct block *current; /* the one that is taken from; those behind it are empty */
    size_t used;           /* in current */
    size_t total;          /* sizes of all blocks, <= max */
    size_t max;
    bool starved; /* since the last reset */
};

static struct block *block_new(size_t size)
{
    struct block *block = malloc(sizeof *block + size);

    if (block != NULL) {
        block->next = NULL;
        block->size = size;
    }
    return block;
}

enum gs_status gs_arena_new(size_t max_bytes, struct gs_arena **ret, struct gs_error *err)
{
    const size_t first = max_bytes < FIRST_BLOCK ? max_bytes : FIRST_BLOCK;
    struct gs_arena *arena = calloc(1, sizeof *arena);
    struct block *block = block_new(first);

    if (arena == NULL || block == NULL) {
        free(arena);
        free(block);
        return gs_fail(err, GS_NO_MEMORY, "arena");
    }
    *arena = (struct gs_arena){.first = block, .current = block, .total = first, .max = max_bytes};
    *ret = arena;
    return GS_OK;
}

void gs_arena_free(struct gs_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    for (struct block *block = arena->first; block != NULL;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(arena);
}

/* Makes a block with room for size the current one: a kept one, or a new one twice the last. */
static bool next_block(struct gs_arena *arena, size_t size)
{
    struct block **link = &arena->current->next;

    while (*link != NULL && (*link)->size < size) { /* too small for this piece: give it up */
        struct block *small = *link;
        *link = small->next;
        arena->total -= small->size;
        free(small);
    }
    if (*link == NULL) {
        const size_t left = arena->max - arena->total;
        size_t want = 2 * arena->current->size;

        want = want < size ? size : want;
        want = want > left ? left : want;
        if (want < size) {
            return false;
        }
        *link = block_new(want);
        if (*link == NULL) {
            arena->starved = true;
            return false;
        }
        arena->total += want;
    }
    arena->current = *link;
    arena->used = 0;
    return true;
}

void *gs_arena_alloc(struct gs_arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT) {
        return NULL;
    }
    const size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

    if (rounded > arena->current->size - arena->used && !next_block(arena, rounded)) {
        return NULL;
    }
    void *piece = arena->current->bytes + arena->used;
    arena->used += rounded;
    return piece;
}

struct gs_str gs_arena_copy(struct gs_arena *arena, struct gs_str text)
{
    if (text.len == 0) {
        return (struct gs_str){"", 0};
    }
    char *copy = gs_arena_alloc(arena, text.len);
    if (copy == NULL) {
        return (struct gs_str){NULL, 0};
    }
    memcpy(copy, text.bytes, text.len);
    return (struct gs_str){copy, text.len};
}

bool gs_arena_starved(const struct gs_arena *arena)
{
    return arena->starved;
}

void gs_arena_reset(struct gs_arena *arena)
{
    arena->starved = false;
    arena->current = arena->first;
    arena->used = 0;
}
