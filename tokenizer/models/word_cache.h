/* Words whose pieces are known already. Most words of a text are among a few thousand, and looking
 * one up costs a tenth of pretokenized it up again. Of fixed size: a new word takes the place of the one
 * that was there.
 *
 * Owned by a model's work. Models that share a work are told apart by a number, never given twice.
 * Internal to the tokenizer. */
#ifndef GS_TOKENIZER_WORD_CACHE_H
#define GS_TOKENIZER_WORD_CACHE_H

#include "tokenizer/models/pieces.h"

enum { GS_CACHE_WORD = 24, GS_CACHE_PIECES = 5, GS_CACHE_SLOTS = 16384 };

/* One cache line. */
struct gs_word_slot {
    uint64_t word[GS_CACHE_WORD / 8]; /* bytes, then zeros */
    uint32_t model;                   /* 0: nobody's word */
    uint8_t len, n;                   /* n > GS_CACHE_PIECES: more pieces than are kept */
    uint8_t starts[GS_CACHE_PIECES], ends[GS_CACHE_PIECES]; /* bytes of the word */
    int32_t ids[GS_CACHE_PIECES];
};

struct gs_word_cache {
    struct gs_word_slot slots[GS_CACHE_SLOTS];
};

/* NULL without memory. End it with free(). */
struct gs_word_cache *gs_word_cache_new(void);
/* A new number for a model, from 1; any thread. */
uint32_t gs_word_cache_model(void);

/* The place for a word of 1 to GS_CACHE_WORD bytes. True: it is there, and its pieces are good.
 * False: it is not; gs_word_cache_note() every piece of it, then gs_word_cache_keep(). */
bool gs_word_cache_find(struct gs_word_cache *cache, uint32_t model, const char *word, size_t len,
                        struct gs_word_slot **ret);

/* Notes down that the bytes [start, end) of the word are this piece. */
static inline void gs_word_cache_note(struct gs_word_slot *slot, size_t start, size_t end,
                                      int32_t id)
{
    if (slot->n < GS_CACHE_PIECES) {
        slot->starts[slot->n] = (uint8_t)start;
        slot->ends[slot->n] = (uint8_t)end;
        slot->ids[slot->n] = id;
    }
    slot->n = (uint8_t)(slot->n <= GS_CACHE_PIECES ? slot->n + 1 : slot->n);
}

static inline void gs_word_cache_keep(struct gs_word_slot *slot, uint32_t model)
{
    slot->model = slot->n <= GS_CACHE_PIECES ? model : 0;
}

/* Appends the pieces of the word that begins at text's from; out has room for GS_CACHE_PIECES. */
static inline void gs_word_cache_put(const struct gs_word_slot *slot, const struct gs_aligned *text,
                                     size_t from, struct gs_pieces *out)
{
    for (size_t i = 0; i < slot->n; i++) {
        out->ids[out->n] = slot->ids[i];
        out->starts[out->n] = text->starts[from + slot->starts[i]];
        out->ends[out->n] = text->ends[from + slot->ends[i] - 1];
        out->n++;
    }
}

#endif
