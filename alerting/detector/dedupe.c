/* The ids and the stories that a watch has seen, and what near-copies are told by: hash tables with
 * open addressing, whose entries expire.
 *
 *     id       │ hash:40 bin:24 │ hash:32   0        │
 *     story    │ hash:40 bin:24 │ hash:32   id:32    │ offset in the bin:32   p:24   copies:8 │
 *     band     │ hash:40 bin:24 │ leader:64          │
 *     leader   │ hash:40 bin:24 │ six words of cells │
 *
 * An entry's first word is hash above and the number of its bin below; 0 is a free slot. Entries
 * are never deleted one by one: one that is older than ttl bins counts as absent, and goes when the
 * set is rebuilt. A rebuild judges age by where the last commit left the time, so that an undo
 * cannot bring back a moment when a dropped entry was still alive.
 *
 * Ids and stories are compared by 64 bits of hash: 40 in the first word, where they also give the
 * place, and all 32 lower ones in the second. For bands and leaders 40 will do, since cells are compared
 * too. A bin's number is kept modulo 2^24; that comes round after
 * 160 years, and gs_seen_set_age() drops old entries long before. */
#include "alerting/detector/watch_internal.h"

#include <stdlib.h>

enum { BIN_BITS = 24, MAX_HALVINGS = 31 };

static uint64_t first_word(uint64_t hash, int32_t bin)
{
    const uint64_t tag = hash >> BIN_BITS;
    return (tag == 0 ? 1 : tag) << BIN_BITS | ((uint32_t)bin & ((1U << BIN_BITS) - 1));
}

/* A bin is known modulo 2^BIN_BITS; of all bins that it may be, the one nearest to `near` is
 * meant. */
static int32_t bin_of(uint64_t word, int32_t near)
{
    const uint32_t mask = (1U << BIN_BITS) - 1;
    const uint32_t up = ((uint32_t)word - (uint32_t)near) & mask;
    const int64_t diff = up < mask / 2 ? (int64_t)up : (int64_t)up - mask - 1;
    return (int32_t)(near + diff);
}

void gs_seen_set_init(struct gs_seen_set *set, uint32_t id, size_t words, size_t max_n, int32_t ttl)
{
    *set = (struct gs_seen_set){
        .id = id, .seed = gs_place_seed_of_process(), .words = words, .max_n = max_n, .ttl = ttl};
}

void gs_seen_set_done(struct gs_seen_set *set)
{
    free(set->slots);
    set->slots = NULL;
    set->capacity = 0;
    set->n = 0;
    set->full = false;
}

static size_t home(const struct gs_seen_set *set, uint64_t word)
{
    return (size_t)gs_place(&set->seed, word >> BIN_BITS) & (set->capacity - 1);
}

/* The slot of an entry, or the free one where it would stand; NULL: none near its home. */
static uint64_t *slot_of(const struct gs_seen_set *set, uint64_t word)
{
    const size_t mask = set->capacity - 1;
    size_t i = home(set, word);

    for (int probes = 0; probes < GS_MAX_PROBES; probes++, i = (i + 1) & mask) {
        uint64_t *slot = set->slots + i * set->words;
        if (slot[0] == 0 || slot[0] >> BIN_BITS == word >> BIN_BITS) {
            return slot;
        }
    }
    return NULL;
}

static bool alive(const struct gs_core *core, uint64_t word, int32_t ttl)
{
    return !core->started || (int64_t)bin_of(word, core->next_bin) + ttl >= core->next_bin;
}

/* ret[k]: entries that are alive when the set's time is halved k times; in one pass. */
static void count_alive(const struct gs_watch *watch, const struct gs_seen_set *set,
                        size_t ret[MAX_HALVINGS])
{
    memset(ret, 0, MAX_HALVINGS * sizeof *ret);
    for (size_t i = 0; i < set->capacity; i++) {
        const uint64_t word = set->slots[i * set->words];
        const int64_t age = watch->before.started ? (int64_t)watch->before.next_bin -
                                                        bin_of(word, watch->before.next_bin)
                                                  : INT64_MIN;
        for (int k = 0; word != 0 && k < MAX_HALVINGS && age <= set->ttl >> k; k++) {
            ret[k]++;
        }
    }
}

/* Copies what is alive by ttl to a table of this capacity. */
static bool rebuild(const struct gs_watch *watch, struct gs_seen_set *set, size_t capacity,
                    int32_t ttl)
{
    uint64_t *slots = calloc(capacity * set->words, sizeof *slots);
    struct gs_seen_set bigger = *set;

    if (slots == NULL) {
        return false;
    }
    bigger.slots = slots;
    bigger.capacity = capacity;
    bigger.n = 0;
    for (size_t i = 0; i < set->capacity; i++) {
        const uint64_t *old = set->slots + i * set->words;
        if (old[0] != 0 && alive(&watch->before, old[0], ttl)) {
            uint64_t *slot = slot_of(&bigger, old[0]);
            if (slot != NULL) {
                memcpy(slot, old, set->words * sizeof *old);
                bigger.n++;
            }
        }
    }
    free(set->slots);
    *set = bigger;
    return true;
}

/* Makes sure that one more entry fits. A set that is full of live entries forgets the older half of
 * its time, and again until a quarter is free. */
static bool reserve_entry(struct gs_watch *watch, struct gs_seen_set *set)
{
    const bool fits = (set->n + 1) * 3 <= set->capacity * 2;

    if (set->n < set->max_n && fits) {
        return true;
    }
    if (set->full && set->full_at == watch->before.next_bin) {
        return false;
    }
    size_t left[MAX_HALVINGS];
    count_alive(watch, set, left);
    int k = 0;
    while (left[k] * 4 > set->max_n * 3 && set->ttl >> k > 1) {
        k++;
    }
    const int32_t ttl = set->ttl >> k;
    const size_t all = left[0];
    const size_t n = left[k];
    set->full = n * 4 > set->max_n * 3;
    set->full_at = watch->before.next_bin;
    size_t capacity = 64;
    while (capacity < (n + 1) * 2) { /* at most half full after it */
        capacity *= 2;
    }
    if (n >= set->max_n || !rebuild(watch, set, capacity, ttl)) {
        return false;
    }
    watch->now.forgotten += all - n;
    return true;
}

static void log_old(struct gs_watch *watch, const struct gs_seen_set *set, const uint64_t *slot,
                    uint64_t word)
{
    const uint32_t size = (uint32_t)((set->words + 1) * sizeof *slot);
    uint64_t *copy = gs_undo_push(
        &watch->undo, (struct gs_undo_entry){.kind = GS_UNDO_SET, .which = set->id, .size = size});
    if (copy != NULL) {
        copy[0] = word;
        memcpy(copy + 1, slot, set->words * sizeof *slot);
    }
}

static void put(struct gs_watch *watch, struct gs_seen_set *set, const uint64_t *entry)
{
    if (!reserve_entry(watch, set)) {
        watch->now.forgotten++;
        return;
    }
    uint64_t *slot = slot_of(set, entry[0]);
    if (slot == NULL) {
        watch->now.forgotten++;
        return;
    }
    log_old(watch, set, slot, entry[0]);
    set->n += slot[0] == 0;
    memcpy(slot, entry, set->words * sizeof *entry);
}

/* Entries whose first word agrees with another's write over it: one in 10^12. */
static bool is_it(const uint64_t *slot, uint64_t hash)
{
    return slot != NULL && slot[0] != 0 && slot[1] >> 32 == (hash & UINT32_MAX);
}

bool gs_ids_has(const struct gs_watch *watch, uint64_t hash)
{
    const struct gs_seen_set *set = &watch->ids;
    if (set->capacity == 0) {
        return false;
    }
    const uint64_t *found = slot_of(set, first_word(hash, 0));
    return is_it(found, hash) && alive(&watch->now, found[0], set->ttl);
}

void gs_ids_add(struct gs_watch *watch, uint64_t hash, int32_t bin)
{
    const uint64_t entry[] = {first_word(hash, bin), hash << 32};
    put(watch, &watch->ids, entry);
}

bool gs_stories_get(const struct gs_watch *watch, uint64_t hash, struct gs_story *ret)
{
    const struct gs_seen_set *set = &watch->stories;
    if (set->capacity == 0) {
        return false;
    }
    const uint64_t *found = slot_of(set, first_word(hash, 0));
    if (!is_it(found, hash) || !alive(&watch->now, found[0], set->ttl)) {
        return false;
    }
    *ret = (struct gs_story){.bin = bin_of(found[0], watch->now.next_bin),
                             .id_hash = (uint32_t)found[1],
                             .offset_ms = (uint32_t)(found[2] >> 32),
                             .p = (uint32_t)found[2] >> 8,
                             .copies = (uint32_t)found[2] & 0xFF};
    return true;
}

void gs_stories_put(struct gs_watch *watch, uint64_t hash, const struct gs_story *story)
{
    const uint64_t entry[] = {first_word(hash, story->bin), hash << 32 | story->id_hash,
                              (uint64_t)story->offset_ms << 32 | story->p << 8 | story->copies};
    put(watch, &watch->stories, entry);
}

struct gs_seen_set *gs_seen_set_of(struct gs_watch *watch, enum gs_seen which)
{
    struct gs_seen_set *const sets[GS_N_SEEN] = {&watch->ids, &watch->stories, &watch->bands,
                                                 &watch->leaders};
    return sets[which];
}

bool gs_seen_set_get(const struct gs_watch *watch, const struct gs_seen_set *set, uint64_t hash,
                     int32_t *ret_bin, uint64_t *ret_words)
{
    const uint64_t *found = set->capacity == 0 ? NULL : slot_of(set, first_word(hash, 0));

    if (found == NULL || found[0] == 0 || !alive(&watch->now, found[0], set->ttl)) {
        return false;
    }
    *ret_bin = bin_of(found[0], watch->now.next_bin);
    memcpy(ret_words, found + 1, (set->words - 1) * sizeof *found);
    return true;
}

void gs_seen_set_expect(const struct gs_seen_set *set, uint64_t hash)
{
    if (set->capacity != 0) {
        __builtin_prefetch(set->slots + home(set, first_word(hash, 0)) * set->words);
    }
}

void gs_seen_set_put(struct gs_watch *watch, struct gs_seen_set *set, uint64_t hash, int32_t bin,
                     const uint64_t *words)
{
    uint64_t entry[GS_SEEN_WORDS] = {first_word(hash, bin)};

    memcpy(entry + 1, words, (set->words - 1) * sizeof *entry);
    put(watch, set, entry);
}

static void remove_entry(struct gs_seen_set *set, const uint64_t *slot)
{
    const size_t mask = set->capacity - 1;
    const size_t words = set->words;
    size_t hole = (size_t)(slot - set->slots) / words;

    for (size_t i = (hole + 1) & mask; set->slots[i * words] != 0; i = (i + 1) & mask) {
        const size_t at_home = home(set, set->slots[i * words]);
        if (((i - at_home) & mask) >= ((i - hole) & mask)) {
            memcpy(set->slots + hole * words, set->slots + i * words, words * sizeof *slot);
            hole = i;
        }
    }
    memset(set->slots + hole * words, 0, words * sizeof *slot);
    set->n--;
}

void gs_seen_set_undo(struct gs_seen_set *set, const void *payload)
{
    uint64_t old[GS_SEEN_WORDS + 1];
    memcpy(old, payload, (set->words + 1) * sizeof *old);
    uint64_t *slot = slot_of(set, old[0]);

    if (slot == NULL) {
        return; /* only in a table so full that it forgets anyway */
    }
    if (old[1] != 0) {
        /* If an expired entry that was written over has gone in a rebuild, it is put back. */
        set->n += slot[0] == 0;
        memcpy(slot, old + 1, set->words * sizeof *old);
    } else if (slot[0] != 0) {
        remove_entry(set, slot);
    }
}

const uint64_t *gs_seen_set_find(const struct gs_seen_set *set, uint64_t word)
{
    const uint64_t *slot = set->capacity == 0 ? NULL : slot_of(set, word);

    return slot == NULL || slot[0] == 0 ? NULL : slot;
}

/* Chunks of a state come in no order of time. Of two entries of one story the later is that with
 * more copies, or a story of its own so long after the other that it has expired; the message that
 * stands for a story only ever becomes an earlier one. */
static bool is_later(const struct gs_watch *watch, const struct gs_seen_set *set,
                     const uint64_t *entry, const uint64_t *than)
{
    const int32_t bin = bin_of(entry[0], watch->now.next_bin);
    const int32_t other = bin_of(than[0], watch->now.next_bin);
    const int64_t apart = (int64_t)bin - other;

    if (set->id != GS_SEEN_STORIES) {
        return apart >= 0;
    }
    if (apart > set->ttl || -apart > set->ttl) {
        return apart > 0;
    }
    if ((entry[2] & 0xFF) != (than[2] & 0xFF)) {
        return (entry[2] & 0xFF) > (than[2] & 0xFF);
    }
    return apart != 0 ? apart < 0 : entry[2] >> 32 < than[2] >> 32;
}

void gs_seen_set_load(struct gs_watch *watch, struct gs_seen_set *set, const uint64_t *entry)
{
    if (entry[0] >> BIN_BITS == 0 || !alive(&watch->now, entry[0], set->ttl) ||
        !reserve_entry(watch, set)) {
        return;
    }
    uint64_t *slot = slot_of(set, entry[0]);
    if (slot != NULL && (slot[0] == 0 || is_later(watch, set, entry, slot))) {
        set->n += slot[0] == 0;
        memcpy(slot, entry, set->words * sizeof *entry);
    }
}

void gs_seen_set_age(struct gs_watch *watch, struct gs_seen_set *set)
{
    const int64_t moved = (int64_t)watch->before.next_bin - set->aged_at;

    if (!watch->before.started || (set->aged && moved < (int64_t)1 << (BIN_BITS - 3))) {
        return;
    }
    if (set->aged && moved >= (int64_t)1 << (BIN_BITS - 1)) {
        /* Old bins could be taken for new ones; at most what one transaction added is lost. */
        gs_seen_set_done(set);
    } else if (set->n > 0 && !rebuild(watch, set, set->capacity, set->ttl)) {
        return; /* no memory: the next commit tries again */
    }
    set->aged = true;
    set->aged_at = watch->before.next_bin;
}
