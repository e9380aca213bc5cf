/* What the files of SentencePiece's map share. Internal to the tokenizer. */
#ifndef GS_TOKENIZER_CHARSMAP_H
#define GS_TOKENIZER_CHARSMAP_H

#include "tokenizer/models/pieces.h"

/* A double-array trie as Darts-clone writes it:
 *
 *     child of base by byte c = units[base ^ c], if that unit carries c
 *     its own base            = (base ^ c) ^ offset of that unit, where its leaf is if it has one
 *
 * All units that a walk can come to were checked, so no walk leaves them. */
struct gs_charsmap {
    uint32_t *units;
    size_t n_units; /* whole blocks of 256 */
    char *texts;    /* UTF-8; what replaces, each ends in NUL */
    size_t texts_len;
    bool plain[128]; /* ASCII that stays as it is before ASCII and at the end */
};

static inline size_t gs_charsmap_offset(uint32_t unit)
{
    return (size_t)(unit >> 10) << ((unit & (1U << 9)) >> 6);
}

static inline bool gs_charsmap_has_leaf(uint32_t unit)
{
    return (unit >> 8 & 1U) != 0;
}

/* Where in texts a leaf points to. */
static inline size_t gs_charsmap_text(uint32_t leaf)
{
    return leaf & ~(1U << 31);
}

/* Leaves have bit 31 set, so that they are no byte's child. */
static inline bool gs_charsmap_is(uint32_t unit, unsigned char byte)
{
    return (unit & (1U << 31 | 0xFFU)) == byte;
}

#endif
