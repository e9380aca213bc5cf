/* What the files of the Unigram model share. Internal to the tokenizer. */
#ifndef GS_TOKENIZER_UNIGRAM_H
#define GS_TOKENIZER_UNIGRAM_H

#include "tokenizer/models/pieces.h"
#include "tokenizer/models/unigram_trie.h"

struct gs_unigram {
    struct gs_trie trie;
    uint32_t number; /* in caches of words */
    double unk_score;
    int32_t unk_id;
    bool byte_fallback;
    int32_t byte_ids[256]; /* of the piece <0xXX>; -1: there is none */
};

/* The score as `tokenizers` reads it: serde_json rounds a number of 16 and 17 digits twice, so its
 * last bit can differ from the nearest double's, and with it which of two segmentations wins. The
 * digits are those of the shortest text that gives nearest back, as JSON writers choose them. */
double gs_unigram_score(double nearest);

#endif
