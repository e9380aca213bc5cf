/* The pieces of a vocabulary, by text and by id.
 *
 * Threads: constant once filled. */
#ifndef GS_TOKENIZER_VOCAB_H
#define GS_TOKENIZER_VOCAB_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

/* Ids are 0 to GS_MAX_VOCAB - 1. */
enum { GS_MAX_VOCAB = 1 << 22 };

struct gs_vocab; /* opaque */

GS_MUST_CHECK
enum gs_status gs_vocab_new(struct gs_vocab **ret, struct gs_error *err);
void gs_vocab_free(struct gs_vocab *vocab); /* NULL is fine */

/* A text that is there already gets the new id (its old id keeps no text). GS_BAD_FORMAT: the id is
 * out of range or another text has it. */
GS_MUST_CHECK
enum gs_status gs_vocab_add(struct gs_vocab *vocab, struct gs_str text, int32_t id,
                            struct gs_error *err);

/* -1 when it is not there. */
int32_t gs_vocab_find(const struct gs_vocab *vocab, const char *bytes, size_t len);

/* {NULL, 0} for an id without a text. */
struct gs_str gs_vocab_piece(const struct gs_vocab *vocab, int32_t id);

size_t gs_vocab_count(const struct gs_vocab *vocab); /* texts */
size_t gs_vocab_n_ids(const struct gs_vocab *vocab); /* the highest id, plus one */
size_t gs_vocab_memory(const struct gs_vocab *vocab);

#endif
