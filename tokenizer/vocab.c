/* Texts lie one behind another in one block; a table by id says where, an open hash table finds
 * them by text. */
#include "tokenizer/vocab.h"

#include "ingest/base/hash.h"

#include <stdlib.h>

struct entry {
    uint32_t offset, len; /* of its text in the block; len UINT32_MAX: the id has no text */
};

struct slot {
    uint32_t hash;
    uint32_t taken; /* by this id, plus one; 0: free */
};

struct gs_vocab {
    char *block;
    size_t block_len, block_capacity;
    struct entry *entries; /* [n_ids] */
    size_t n_ids, entries_capacity;
    struct slot *slots;
    size_t n_slots; /* a power of two, more than half of it free */
    size_t count;
};

enum { FIRST_SLOTS = 1024, MAX_BLOCK = 1 << 30 };

static const struct entry no_text = {0, UINT32_MAX};

static inline uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    return hash ^ (hash >> 29);
}

static inline uint32_t hash_text(const char *bytes, size_t len)
{
    uint64_t hash = 0x243F6A8885A308D3U ^ len;
    uint64_t word = 0;

    for (; len >= 8; bytes += 8, len -= 8) {
        memcpy(&word, bytes, 8);
        hash = mix(hash, word);
    }
    if (len >= 4) {
        uint32_t first = 0, last = 0;
        memcpy(&first, bytes, 4);
        memcpy(&last, bytes + len - 4, 4);
        hash = mix(hash, ((uint64_t)first << 32) | last);
    } else if (len > 0) {
        const unsigned char *b = (const unsigned char *)bytes;
        hash = mix(hash, b[0] | ((uint32_t)b[len / 2] << 8) | ((uint32_t)b[len - 1] << 16));
    }
    return (uint32_t)(hash >> 32);
}

enum gs_status gs_vocab_new(struct gs_vocab **ret, struct gs_error *err)
{
    struct gs_vocab *vocab = calloc(1, sizeof *vocab);

    if (vocab == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the vocabulary");
    }
    vocab->slots = calloc(FIRST_SLOTS, sizeof *vocab->slots);
    if (vocab->slots == NULL) {
        free(vocab);
        return gs_fail(err, GS_NO_MEMORY, "no memory for the vocabulary");
    }
    vocab->n_slots = FIRST_SLOTS;
    *ret = vocab;
    return GS_OK;
}

void gs_vocab_free(struct gs_vocab *vocab)
{
    if (vocab != NULL) {
        free(vocab->block);
        free(vocab->entries);
        free(vocab->slots);
        free(vocab);
    }
}

/* Where the text is, or the free slot where it would be. */
static size_t find_slot(const struct gs_vocab *vocab, const char *bytes, size_t len, uint32_t hash)
{
    size_t i = hash & (vocab->n_slots - 1);

    for (; vocab->slots[i].taken != 0; i = (i + 1) & (vocab->n_slots - 1)) {
        if (vocab->slots[i].hash == hash) {
            const struct entry *entry = &vocab->entries[vocab->slots[i].taken - 1];
            if (entry->len == len && memcmp(vocab->block + entry->offset, bytes, len) == 0) {
                break;
            }
        }
    }
    return i;
}

static bool is_taken(const void *table, size_t slot)
{
    return ((const struct gs_vocab *)table)->slots[slot].taken != 0;
}

static bool grow_slots(struct gs_vocab *vocab)
{
    const size_t n = vocab->n_slots * 4;
    struct slot *slots = calloc(n, sizeof *slots);

    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < vocab->n_slots; i++) {
        if (vocab->slots[i].taken != 0) {
            size_t to = vocab->slots[i].hash & (n - 1);
            while (slots[to].taken != 0) {
                to = (to + 1) & (n - 1);
            }
            slots[to] = vocab->slots[i];
        }
    }
    free(vocab->slots);
    vocab->slots = slots;
    vocab->n_slots = n;
    return true;
}

static bool reserve_id(struct gs_vocab *vocab, size_t id)
{
    if (id >= vocab->entries_capacity) {
        size_t capacity = vocab->entries_capacity == 0 ? 1024 : vocab->entries_capacity;
        while (capacity <= id) {
            capacity *= 2;
        }
        struct entry *entries = realloc(vocab->entries, capacity * sizeof *entries);
        if (entries == NULL) {
            return false;
        }
        vocab->entries = entries;
        vocab->entries_capacity = capacity;
    }
    for (; vocab->n_ids <= id; vocab->n_ids++) {
        vocab->entries[vocab->n_ids] = no_text;
    }
    return true;
}

static bool reserve_block(struct gs_vocab *vocab, size_t n)
{
    if (vocab->block != NULL && vocab->block_capacity - vocab->block_len >= n) {
        return true;
    }
    size_t capacity = vocab->block_capacity == 0 ? 4096 : vocab->block_capacity;
    while (capacity - vocab->block_len < n) {
        capacity *= 2;
    }
    char *block = capacity > MAX_BLOCK ? NULL : realloc(vocab->block, capacity);
    if (block == NULL) {
        return false;
    }
    vocab->block = block;
    vocab->block_capacity = capacity;
    return true;
}

enum gs_status gs_vocab_add(struct gs_vocab *vocab, struct gs_str text, int32_t id,
                            struct gs_error *err)
{
    if (id < 0 || id >= GS_MAX_VOCAB) {
        return gs_fail(err, GS_BAD_FORMAT, "the vocabulary has the id %d, which is not in 0 to %d",
                       (int)id, GS_MAX_VOCAB - 1);
    }
    if ((size_t)id < vocab->n_ids && vocab->entries[id].len != UINT32_MAX) {
        return gs_fail(err, GS_BAD_FORMAT, "two pieces of the vocabulary have the id %d", (int)id);
    }
    if (!reserve_id(vocab, (size_t)id) || !reserve_block(vocab, text.len) ||
        ((vocab->count + 1) * 2 > vocab->n_slots && !grow_slots(vocab))) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the vocabulary");
    }
    const uint32_t hash = hash_text(text.bytes, text.len);
    const size_t slot = find_slot(vocab, text.bytes, text.len, hash);
    if (vocab->slots[slot].taken != 0) {
        const uint32_t old = vocab->slots[slot].taken - 1;
        vocab->entries[id] = vocab->entries[old];
        vocab->entries[old] = no_text;
    } else {
        vocab->entries[id] = (struct entry){(uint32_t)vocab->block_len, (uint32_t)text.len};
        if (text.len > 0) {
            memcpy(vocab->block + vocab->block_len, text.bytes, text.len);
        }
        vocab->block_len += text.len;
        vocab->count++;
    }
    vocab->slots[slot] = (struct slot){hash, (uint32_t)id + 1};
    /* Growing makes runs only shorter: keys of one run lie as close or closer in a smaller table. */
    if (gs_hash_in_long_run(is_taken, vocab, vocab->n_slots - 1, slot)) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "the vocabulary is made so that its pieces collide: more than %d of them",
                       GS_HASH_MAX_RUN);
    }
    return GS_OK;
}

int32_t gs_vocab_find(const struct gs_vocab *vocab, const char *bytes, size_t len)
{
    return (int32_t)vocab->slots[find_slot(vocab, bytes, len, hash_text(bytes, len))].taken - 1;
}

struct gs_str gs_vocab_piece(const struct gs_vocab *vocab, int32_t id)
{
    if (id < 0 || (size_t)id >= vocab->n_ids || vocab->entries[id].len == UINT32_MAX) {
        return (struct gs_str){NULL, 0};
    }
    return (struct gs_str){vocab->block + vocab->entries[id].offset, vocab->entries[id].len};
}

size_t gs_vocab_count(const struct gs_vocab *vocab)
{
    return vocab->count;
}

size_t gs_vocab_n_ids(const struct gs_vocab *vocab)
{
    return vocab->n_ids;
}

size_t gs_vocab_memory(const struct gs_vocab *vocab)
{
    return sizeof *vocab + vocab->block_capacity +
           vocab->entries_capacity * sizeof *vocab->entries + vocab->n_slots * sizeof *vocab->slots;
}
