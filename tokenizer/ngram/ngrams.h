/* N-gram features of a text, hashed: what the fast tier reads.
 *
 * Threads: gs_ngrams is owned by one thread. Deterministic across machines. */
#ifndef GS_TOKENIZER_NGRAMS_H
#define GS_TOKENIZER_NGRAMS_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Bumped whenever a text's features change: a model names the version it was trained with and
 * refuses another. */
enum { GS_NGRAMS_VERSION = 1 };

/* Set in every hash of a text in Han characters, clear in all of any other text: which of a model's
 * two profiles reads it. */
#define GS_NGRAMS_HAN 0x80000000U
/* Set in the hash of a word or a pair of words: they weigh more than a run of characters. */
#define GS_NGRAMS_WORD 0x40000000U

struct gs_feature {
    uint32_t hash;       /* of kind and characters */
    uint32_t start, end; /* bytes of text that it covers (for explanations) */
};

struct gs_ngrams; /* opaque: buffers */

GS_MUST_CHECK
enum gs_status gs_ngrams_new(size_t max_features, struct gs_ngrams **ret, struct gs_error *err);
void gs_ngrams_free(struct gs_ngrams *ngrams); /* NULL is fine */

/* Says whether traditional Chinese is read as simplified (base/han.h); not so at first. It belongs to
 * what a model was trained with: its manifest says it. */
void gs_ngrams_read_simplified(struct gs_ngrams *ngrams, bool on);

/* Features of one normalized text: character n-grams (serving Chinese and English), word n-grams
 * with negation scope for English. *ret is borrowed until the next call. Returns how many; past
 * max_features the rest of the text is not looked at. Any bytes will do: what is not UTF-8 counts
 * as characters of its own. Does not allocate. */
size_t gs_ngrams_extract(struct gs_ngrams *ngrams, struct gs_str text,
                         const struct gs_feature **ret);

#endif
