/* The table of keys: from a key's text to its item in the pool.
 *
 * Open addressing with linear probing over 32 bits of the seeded hash (place.c); texts and names
 * lie one behind the other in one block. A key that goes, because its transaction is undone or
 * because an idle key had to make room (admit.c), has what stood behind it moved up, so there are no
 * tombstones; the room of its text is given back at a commit, once it is worth it. */
#include "alerting/detector/events.h"
#include "alerting/detector/watch_internal.h"

#include "ingest/base/utf8.h"

#include <stdlib.h>
#include <xxhash.h>

uint32_t gs_table_hash(const struct gs_watch *watch, uint64_t key_hash)
{
    return (uint32_t)gs_place(&watch->seed, key_hash);
}

static size_t home(const struct gs_watch *watch, uint32_t hash)
{
    return hash & (watch->n_slots - 1);
}

struct gs_str gs_key_text(const struct gs_watch *watch, const struct gs_key *key)
{
    return (struct gs_str){watch->texts + key->text_at, key->text_len};
}

struct gs_str gs_key_name(const struct gs_watch *watch, const struct gs_key *key)
{
    return (struct gs_str){watch->texts + key->text_at + key->text_len, key->name_len};
}

uint32_t gs_table_find(const struct gs_watch *watch, uint32_t hash, struct gs_str key)
{
    if (watch->n_slots == 0) {
        return GS_NONE;
    }
    size_t i = home(watch, hash);
    for (int probes = 0; probes < GS_MAX_PROBES && watch->slots[i].key != 0;
         probes++, i = (i + 1) & (watch->n_slots - 1)) {
        if (watch->slots[i].hash == hash) {
            const uint32_t found = watch->slots[i].key - 1;
            if (gs_str_equal(gs_key_text(watch, gs_pool_at(&watch->keys, found)), key)) {
                return found;
            }
        }
    }
    return GS_NONE;
}

uint32_t gs_table_find_text(const struct gs_watch *watch, struct gs_str key)
{
    return gs_table_find(watch, gs_table_hash(watch, XXH3_64bits(key.bytes, key.len)), key);
}

/* True when a new key would stand near enough to its home to be found again. */
static bool has_place(const struct gs_watch *watch, uint32_t hash)
{
    size_t i = home(watch, hash);
    int probes = 0;

    while (probes < GS_MAX_PROBES / 2 && watch->slots[i].key != 0) {
        i = (i + 1) & (watch->n_slots - 1);
        probes++;
    }
    return probes < GS_MAX_PROBES / 2;
}

static void put(struct gs_watch *watch, struct gs_key_slot slot)
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
    struct gs_key_slot *old = watch->slots;
    const size_t n = old_n == 0 ? 64 : old_n * 2;
    struct gs_key_slot *slots = calloc(n, sizeof *slots);

    if (slots == NULL) {
        watch->undo.starved = true;
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
            watch->undo.starved = true;
            return false;
        }
        watch->texts = bigger;
        watch->max_texts = want;
    }
    if (text.len > 0) {
        memcpy(watch->texts + watch->now.n_texts, text.bytes, text.len);
    }
    watch->now.n_texts = need;
    return true;
}

uint32_t gs_table_add(struct gs_watch *watch, uint32_t hash, struct gs_str text, struct gs_str name)
{
    const struct gs_str shown = gs_utf8_cut(name, GS_NAME_BYTES);
    if ((watch->now.n_slots_used + 1) * 4 > watch->n_slots * 3 && !grow(watch)) {
        return GS_NONE;
    }
    if (!has_place(watch, hash)) { /* keys made to share one hash: the next ones are refused */
        watch->now.refused_keys++;
        return GS_NONE;
    }
    const size_t at = watch->now.n_texts;
    if (!add_text(watch, text) || !add_text(watch, shown)) {
        watch->now.n_texts = at;
        return GS_NONE;
    }
    const uint32_t i = gs_pool_alloc(&watch->keys, &watch->undo);
    if (i == GS_NONE) {
        watch->now.n_texts = at;
        return GS_NONE;
    }
    struct gs_key *key = gs_pool_at(&watch->keys, i);
    key->at.next = GS_NONE;
    key->text_at = (uint32_t)at;
    key->text_len = (uint16_t)text.len;
    key->name_len = (uint8_t)shown.len;
    key->kind = (uint8_t)gs_kind_find(watch, text);
    key->event = gs_key_is_event(text);
    key->episode = GS_NONE;
    key->sketch = GS_NONE;
    key->habit = GS_NONE;
    put(watch, (struct gs_key_slot){hash, i + 1});
    watch->now.n_slots_used++;
    (void)gs_undo_push(&watch->undo,
                       (struct gs_undo_entry){.kind = GS_UNDO_KEY_SLOT, .which = hash, .at = i});
    return i;
}

void gs_table_put(struct gs_watch *watch, uint32_t hash, uint32_t key)
{
    put(watch, (struct gs_key_slot){hash, key + 1});
}

void gs_texts_compact(struct gs_watch *watch)
{
    const size_t worth = 65536;
    size_t at = 0;

    if (watch->now.texts_freed < worth || watch->now.texts_freed < watch->now.n_texts / 2) {
        return;
    }
    char *texts = malloc(watch->max_texts);
    if (texts == NULL) {
        return; /* the next commit tries again */
    }
    for (uint32_t i = 0; i < watch->keys.now.n; i++) {
        struct gs_key *key = gs_pool_at(&watch->keys, i);
        const size_t len = (size_t)key->text_len + key->name_len;
        if (len > 0) {
            memcpy(texts + at, watch->texts + key->text_at, len);
            key->text_at = (uint32_t)at;
            at += len;
        }
    }
    free(watch->texts);
    watch->texts = texts;
    watch->now.n_texts = at;
    watch->now.texts_freed = 0;
}

/* Entries behind the hole move up where their homes allow it. */
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
    watch->slots[hole] = (struct gs_key_slot){0};
}
