/* The log of a transaction: what things were before they changed.
 *
 * Items of pools are saved whole, once a transaction (their stamp says that it is done); changes of
 * hash tables are saved as what undoes them, so that a table may grow in between.
 *
 * Threads: owned by one thread. */
#ifndef GS_ALERTING_UNDO_H
#define GS_ALERTING_UNDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gs_undo_kind {
    GS_UNDO_ITEM,
    GS_UNDO_KEY_SLOT,
    GS_UNDO_KEY_GONE,
    GS_UNDO_SET,
    GS_UNDO_BIN_SLOT
};

struct gs_undo_entry {
    uint32_t kind;
    uint32_t which; /* pool or set */
    uint32_t at;    /* item, slot or position */
    uint32_t size;  /* bytes of payload, a multiple of 8 */
};

struct gs_undo {
    char *bytes;
    size_t len, capacity;
    uint32_t txn; /* number of the transaction; never 0 */
    bool failed;  /* memory ran out: this transaction cannot be undone */
    bool starved; /* memory ran out for something else: it left out what it should hold */
};

/* Room for the payload of a new entry; NULL (and failed) without memory. */
void *gs_undo_push(struct gs_undo *undo, struct gs_undo_entry entry);

/* Takes the newest entry off; false when there is none. *ret_payload stays valid until the next
 * push. */
bool gs_undo_pop(struct gs_undo *undo, struct gs_undo_entry *ret, const void **ret_payload);

#define GS_NONE UINT32_MAX /* no item */
enum { GS_POOL_CHUNK = 512 };

/* First member of every item of a pool. */
struct gs_link {
    uint32_t stamp; /* the transaction that saved it */
    uint32_t next;  /* next free item while free; the owner's while in use */
};

/* Items of one size in chunks that never move. */
struct gs_pool {
    uint32_t id;      /* for the log */
    size_t item_size; /* rounded up to 8 */
    char **chunks;
    size_t n_chunks, max_chunks;
    struct gs_pool_state {
        uint32_t n, live, free_head;
    } now, before; /* before: as it was when the transaction began */
};

void gs_pool_init(struct gs_pool *pool, uint32_t id, size_t item_size);
void gs_pool_done(struct gs_pool *pool);
size_t gs_pool_bytes(const struct gs_pool *pool);

static inline void *gs_pool_at(const struct gs_pool *pool, uint32_t i)
{
    return pool->chunks[i / GS_POOL_CHUNK] + (size_t)(i % GS_POOL_CHUNK) * pool->item_size;
}

/* A zeroed item; GS_NONE without memory. */
uint32_t gs_pool_alloc(struct gs_pool *pool, struct gs_undo *undo);
/* Gives it back. undo NULL: outside a transaction. */
void gs_pool_release(struct gs_pool *pool, struct gs_undo *undo, uint32_t i);
/* Saves an item that is about to change. */
void *gs_pool_save(struct gs_pool *pool, struct gs_undo *undo, uint32_t i);

#endif
