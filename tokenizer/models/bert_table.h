/* The fate of each character on its way through BERT's normalizer and pre-tokenizer.
 *
 * Threads: constant once filled. */
#ifndef GS_TOKENIZER_BERT_TABLE_H
#define GS_TOKENIZER_BERT_TABLE_H

#include "tokenizer/models/wordpiece.h"
#include "tokenizer/normalizer/normalizer.h"

enum gs_fate {
    GS_FATE_SELF,  /* stays, in a word */
    GS_FATE_GONE,  /* is left out; the word goes on */
    GS_FATE_SPACE, /* ends a word */
    GS_FATE_ALONE, /* is a word by itself; the value is its token */
    GS_FATE_WORD,  /* becomes others, in a word; the value is their place in texts */
    GS_FATE_SLOW,  /* depends on its neighbours */
};
enum { GS_FATE_BITS = 3, GS_FATE_MASK = 7, GS_N_PAGES = 0x1100 };

struct gs_bert_table {
    uint8_t ascii[256];         /* what a byte becomes that is a letter or digit, or stays; or 0 */
    uint16_t pages[GS_N_PAGES]; /* of 256 characters: where in fates */
    uint32_t *fates;            /* [n_pages][256]: value << GS_FATE_BITS | fate */
    unsigned char *texts;       /* length, number of characters, bytes */
    size_t n_pages, pages_capacity, texts_len, texts_capacity;
};

/* false without memory; gs_bert_table_done() then, too. */
bool gs_bert_table_fill(struct gs_bert_table *table, struct gs_bert_flags flags,
                        const struct gs_wordpiece *wordpiece);
void gs_bert_table_done(struct gs_bert_table *table);
size_t gs_bert_table_memory(const struct gs_bert_table *table);

static inline uint32_t gs_bert_table_get(const struct gs_bert_table *table, uint32_t cp)
{
    return table->fates[((size_t)table->pages[cp >> 8] << 8) | (cp & 0xFF)];
}

#endif
