#include "alerting/undo.h"

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

void gs_slab_init(struct gs_slab *slab, uint32_t id, size_t item_size)
{
    *slab = (struct gs_slab){.id = id, .item_size = (item_size + 7) / 8 * 8};
    slab->now.free_head = GS_NONE;
    slab->before = slab->now;
}

void gs_slab_done(struct gs_slab *slab)
{
    for (size_t i = 0; i < slab->n_chunks; i++) {
        free(slab->chunks[i]);
    }
    free(slab->chunks);
    gs_slab_init(slab, slab->id, slab->item_size);
}

size_t gs_slab_bytes(const struct gs_slab *slab)
{
    return slab->n_chunks * GS_SLAB_CHUNK * slab->item_size +
           slab->max_chunks * sizeof *slab->chunks;
}

static bool add_chunk(struct gs_slab *slab)
{
    if (slab->n_chunks == slab->max_chunks) {
        const size_t want = slab->max_chunks * 2 + 8;
        char **bigger = realloc(slab->chunks, want * sizeof *bigger);
        if (bigger == NULL) {
            return false;
        }
        slab->chunks = bigger;
        slab->max_chunks = want;
    }
    char *chunk = calloc(GS_SLAB_CHUNK, slab->item_size);
    if (chunk == NULL) {
        return false;
    }
    slab->chunks[slab->n_chunks++] = chunk;
    return true;
}

uint32_t gs_undo_slab_take(struct gs_slab *slab, struct gs_undo *undo)
{
    uint32_t i = slab->now.free_head;

    if (i != GS_NONE) {
        slab->now.free_head = ((struct gs_link *)gs_slab_touch(slab, undo, i))->next;
    } else {
        if (slab->now.n == GS_NONE ||
            (slab->now.n == slab->n_chunks * GS_SLAB_CHUNK && !add_chunk(slab))) {
            return GS_NONE;
        }
        i = slab->now.n++;
    }
    slab->now.live++;
    struct gs_link *item = gs_slab_at(slab, i);
    memset(item, 0, slab->item_size);
    item->stamp = undo->txn;
    return i;
}

void gs_slab_give(struct gs_slab *slab, struct gs_undo *undo, uint32_t i)
{
    struct gs_link *item = undo == NULL ? gs_slab_at(slab, i) : gs_slab_touch(slab, undo, i);

    item->next = slab->now.free_head;
    slab->now.free_head = i;
    slab->now.live--;
}

void *gs_slab_touch(struct gs_slab *slab, struct gs_undo *undo, uint32_t i)
{
    struct gs_link *item = gs_slab_at(slab, i);

    if (item->stamp == undo->txn || i >= slab->before.n) {
        return item; /* saved already, or new in this transaction */
    }
    void *copy = gs_undo_push(undo, (struct gs_undo_entry){.kind = GS_UNDO_ITEM,
                                                           .which = slab->id,
                                                           .at = i,
                                                           .size = (uint32_t)slab->item_size});
    if (copy != NULL) {
        memcpy(copy, item, slab->item_size);
    }
    item->stamp = undo->txn;
    return item;
}
