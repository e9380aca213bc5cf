/* The cache of words and their pieces: one probe, one cache line. A word of at most 24 bytes is compared as
 * three numbers; the slot that its hash names either is the word or is given to it. */
#include "tokenizer/models/word_cache.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { SLOT_BITS = 14 };

_Static_assert(GS_CACHE_SLOTS == 1 << SLOT_BITS, "a slot for every hash");
_Static_assert(sizeof(struct gs_word_slot) == 64, "a slot is a cache line");

struct gs_word_cache *gs_word_cache_new(void)
{
    struct gs_word_cache *cache = aligned_alloc(64, sizeof *cache);

    if (cache != NULL) {
        memset(cache, 0, sizeof *cache);
    }
    return cache;
}

uint32_t gs_word_cache_model(void)
{
    static atomic_uint last;

    return atomic_fetch_add(&last, 1) + 1;
}

/* 1 to 8 bytes as a number, zeros behind them; without reading past them. */
static uint64_t load(const char *bytes, size_t n)
{
    uint64_t all = 0;
    uint32_t low = 0, high = 0;

    if (n == 8) {
        memcpy(&all, bytes, 8);
        return all;
    }
    if (n >= 4) {
        memcpy(&low, bytes, 4);
        memcpy(&high, bytes + n - 4, 4);
        return low | (uint64_t)high << 8 * (n - 4);
    }
    all = (unsigned char)bytes[0];
    all |= (uint64_t)(unsigned char)bytes[n / 2] << 8 * (n / 2);
    return all | (uint64_t)(unsigned char)bytes[n - 1] << 8 * (n - 1);
}

bool gs_word_cache_find(struct gs_word_cache *cache, uint32_t model, const char *word, size_t len,
                        struct gs_word_slot **ret)
{
    uint64_t key[GS_CACHE_WORD / 8] = {0};

    for (size_t i = 0; 8 * i < len; i++) {
        key[i] = load(word + 8 * i, len - 8 * i < 8 ? len - 8 * i : 8);
    }
    uint64_t hash = key[0] * 0x9E3779B97F4A7C15U + key[1] * 0xC2B2AE3D27D4EB4FU +
                    key[2] * 0x165667B19E3779F9U + len + model;
    hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15U;
    struct gs_word_slot *slot = &cache->slots[hash >> (64 - SLOT_BITS)];

    *ret = slot;
    if (slot->model == model && slot->len == len && slot->word[0] == key[0] &&
        slot->word[1] == key[1] && slot->word[2] == key[2]) {
        return true;
    }
    memcpy(slot->word, key, sizeof key);
    slot->len = (uint8_t)len;
    slot->model = 0;
    slot->n = 0;
    return false;
}
