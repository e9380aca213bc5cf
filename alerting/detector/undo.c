/* Takes a batch back: a log of what was changed, and pools whose items know whether they are in it.
 *
 *     log    │ payload │ entry │ payload │ entry │ payload │ entry │
 *            0                                                     ▲ len: read from here back
 *
 *     pool   chunk of 512 items │ chunk of 512 items │ …           chunks never move
 *     item   stamp │ next │ the owner's fields
 *
 * Exactly once means that a batch whose Kafka transaction fails leaves no trace. Copying all keys
 * at each begin would cost far more than a batch does, so only what changes is saved, once:
 *
 *     gs_pool_save()      copies an item into the log before its first change of a transaction; the
 *                         stamp, the number of the transaction, says that this was done. Items made
 *                         within it (past before.n) need no copy: the pool forgets them as a whole
 *     hash tables         log the inverse operation (remove this key, put this entry back), not
 *                         slots, since a table may grow and move everything before the undo
 *     struct gs_core      is copied whole at begin (watch.c)
 *
 * An entry stands behind its payload, so the log can be read from its end. An undo goes backwards:
 * entries of tables have to be inverted in the opposite order. Then the pools' counters and free
 * lists go back to `before`.
 *
 * What has to hold: every change of an item is made through the pointer that gs_pool_save() gave,
 * and by nobody who kept one from an earlier transaction. gs_pool_release() without an undo is for
 * commit only, when nothing can be taken back any more. An item that waits in the free list is
 * saved too before it is used again: its `next` is part of the list. 0 is no transaction's number,
 * so that zeroed memory never counts as saved.
 *
 * When memory runs out for the log, the transaction goes on, since it may still be committed;
 * `failed` is set, and an undo then has no choice but to empty the watch. */
#include "alerting/detector/undo.h"

#include <stdlib.h>
#include <string.h>

/* An entry stands behind its payload, so that the log can be read from its end. */
void *gs_undo_push(struct gs_undo *undo, struct gs_undo_entry entry)
{
    const size_t need = entry.size + sizeof entry;

    if (undo->failed) {
        return NULL;
    }
    if (undo->capacity - undo->len < need) {
        const size_t want = undo->capacity * 2 + need + 4096;
        char *bigger = realloc(undo->bytes, want);
        if (bigger == NULL) {
            undo->failed = true;
            return NULL;
        }
        undo->bytes = bigger;
        undo->capacity = want;
    }
    char *payload = undo->bytes + undo->len;
    memcpy(payload + entry.size, &entry, sizeof entry);
    undo->len += need;
    return payload;
}

bool gs_undo_pop(struct gs_undo *undo, struct gs_undo_entry *ret, const void **ret_payload)
{
    if (undo->len == 0) {
        return false;
    }
    undo->len -= sizeof *ret;
    memcpy(ret, undo->bytes + undo->len, sizeof *ret);
    undo->len -= ret->size;
    *ret_payload = undo->bytes + undo->len;
    return true;
}

void gs_pool_init(struct gs_pool *pool, uint32_t id, size_t item_size)
{
    *pool = (struct gs_pool){.id = id, .item_size = (item_size + 7) / 8 * 8};
    pool->now.free_head = GS_NONE;
    pool->before = pool->now;
}

void gs_pool_done(struct gs_pool *pool)
{
    for (size_t i = 0; i < pool->n_chunks; i++) {
        free(pool->chunks[i]);
    }
    free(pool->chunks);
    gs_pool_init(pool, pool->id, pool->item_size);
}

size_t gs_pool_bytes(const struct gs_pool *pool)
{
    return pool->n_chunks * GS_POOL_CHUNK * pool->item_size +
           pool->max_chunks * sizeof *pool->chunks;
}

static bool add_chunk(struct gs_pool *pool)
{
    if (pool->n_chunks == pool->max_chunks) {
        const size_t want = pool->max_chunks * 2 + 8;
        char **bigger = realloc(pool->chunks, want * sizeof *bigger);
        if (bigger == NULL) {
            return false;
        }
        pool->chunks = bigger;
        pool->max_chunks = want;
    }
    char *chunk = calloc(GS_POOL_CHUNK, pool->item_size);
    if (chunk == NULL) {
        return false;
    }
    pool->chunks[pool->n_chunks++] = chunk;
    return true;
}

uint32_t gs_pool_alloc(struct gs_pool *pool, struct gs_undo *undo)
{
    uint32_t i = pool->now.free_head;

    if (i != GS_NONE) {
        pool->now.free_head = ((struct gs_link *)gs_pool_save(pool, undo, i))->next;
    } else {
        if (pool->now.n == GS_NONE) {
            return GS_NONE;
        }
        if (pool->now.n == pool->n_chunks * GS_POOL_CHUNK && !add_chunk(pool)) {
            undo->starved = true;
            return GS_NONE;
        }
        i = pool->now.n++;
    }
    pool->now.live++;
    struct gs_link *item = gs_pool_at(pool, i);
    memset(item, 0, pool->item_size);
    item->stamp = undo->txn;
    return i;
}

void gs_pool_release(struct gs_pool *pool, struct gs_undo *undo, uint32_t i)
{
    struct gs_link *item = undo == NULL ? gs_pool_at(pool, i) : gs_pool_save(pool, undo, i);

    item->next = pool->now.free_head;
    pool->now.free_head = i;
    pool->now.live--;
}

void *gs_pool_save(struct gs_pool *pool, struct gs_undo *undo, uint32_t i)
{
    struct gs_link *item = gs_pool_at(pool, i);

    if (item->stamp == undo->txn || i >= pool->before.n) {
        return item; /* saved already, or new in this transaction */
    }
    void *copy = gs_undo_push(undo, (struct gs_undo_entry){.kind = GS_UNDO_ITEM,
                                                           .which = pool->id,
                                                           .at = i,
                                                           .size = (uint32_t)pool->item_size});
    if (copy != NULL) {
        memcpy(copy, item, pool->item_size);
    }
    item->stamp = undo->txn;
    return item;
}
