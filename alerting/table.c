/* Which key is which: open addressing over 32 bits of the key's hash, and the keys' texts. */
#include "alerting/watch_parts.h"

#include <stdlib.h>

static size_t home(const struct gs_watch *watch, uint32_t hash)
{
    return hash & (watch->n_slots - 1);
}

struct gs_str gs_key_text(const struct gs_watch *watch, const struct gs_key *key)
{
    return (struct gs_str){watch->texts + key->text_at, key->text_len};
}

uint32_t gs_table_find(const struct gs_watch *watch, uint32_t hash, struct gs_str key)
{
    if (watch->n_slots == 0) {
        return GS_NONE;
    }
    for (size_t i = home(watch, hash); watch->slots[i].key != 0;
         i = (i + 1) & (watch->n_slots - 1)) {
        if (watch->slots[i].hash == hash) {
            const uint32_t found = watch->slots[i].key - 1;
            if (gs_str_equal(gs_key_text(watch, gs_slab_at(&watch->keys, found)), key)) {
                return found;
            }
        }
    }
    return GS_NONE;
}

static void put(struct gs_watch *watch, struct gs_slot slot)
{
    size_t i = home(watch, slot.hash);
    while (watch->slots[i].key != 0) {
        i = (i + 1) & (watch->n_slots - 1);
    }
    watch->slots[i] = slot;
}

static bool grow(struct gs_watch *watch)
{
    const size_t old_n = watch->n_slots;
    struct gs_slot *old = watch->slots;
    const size_t n = old_n == 0 ? 64 : old_n * 2;
    struct gs_slot *slots = calloc(n, sizeof *slots);

    if (slots == NULL) {
        return false;
    }
    watch->slots = slots;
    watch->n_slots = n;
    for (size_t i = 0; i < old_n; i++) {
        if (old[i].key != 0) {
            put(watch, old[i]);
        }
    }
    free(old);
    return true;
}

static bool add_text(struct gs_watch *watch, struct gs_str text)
{
    const size_t need = watch->now.n_texts + text.len;

    if (need > UINT32_MAX) {
        return false;
    }
    if (need > watch->max_texts) {
        const size_t want = need + need / 8 + 1024;
        char *bigger = realloc(watch->texts, want);
        if (bigger == NULL) {
            return false;
        }
        watch->texts = bigger;
        watch->max_texts = want;
    }
    memcpy(watch->texts + watch->now.n_texts, text.bytes, text.len);
    watch->now.n_texts = need;
    return true;
}

uint32_t gs_table_add(struct gs_watch *watch, uint32_t hash, struct gs_str text)
{
    if ((watch->now.n_slots_used + 1) * 4 > watch->n_slots * 3 && !grow(watch)) {
        return GS_NONE;
    }
    const size_t at = watch->now.n_texts;
    if (!add_text(watch, text)) {
        return GS_NONE;
    }
    const uint32_t i = gs_undo_slab_take(&watch->keys, &watch->undo);
    if (i == GS_NONE) {
        watch->now.n_texts = at;
        return GS_NONE;
    }
    struct gs_key *key = gs_slab_at(&watch->keys, i);
    key->at.next = GS_NONE;
    key->hash = hash;
    key->text_at = (uint32_t)at;
    key->text_len = (uint16_t)text.len;
    key->kind = (uint8_t)gs_kind_find(watch, text);
    key->episode = GS_NONE;
    put(watch, (struct gs_slot){hash, i + 1});
    watch->now.n_slots_used++;
    (void)gs_undo_push(&watch->undo,
                       (struct gs_undo_entry){.kind = GS_UNDO_KEY_SLOT, .which = hash, .at = i});
    return i;
}

/* Only an undo takes keys away. What stood behind the hole moves up where its home allows. */
void gs_table_remove(struct gs_watch *watch, uint32_t hash, uint32_t key)
{
    const size_t mask = watch->n_slots - 1;
    size_t hole = home(watch, hash);

    while (watch->slots[hole].key != key + 1) {
        hole = (hole + 1) & mask;
    }
    for (size_t i = (hole + 1) & mask; watch->slots[i].key != 0; i = (i + 1) & mask) {
        if (((i - home(watch, watch->slots[i].hash)) & mask) >= ((i - hole) & mask)) {
            watch->slots[hole] = watch->slots[i];
            hole = i;
        }
    }
    watch->slots[hole] = (struct gs_slot){0};
}
