/* BertNormalizer, BertPreTokenizer and WordPiece in one pass over the text: a table says for each
 * character what becomes of it. What one character does to its neighbours (marks that change their
 * order) is rare, and left to the long way by GS_AGAIN.
 *
 * Threads: constant after gs_bert_new(); the word is the work of one thread. */
#ifndef GS_TOKENIZER_BERT_H
#define GS_TOKENIZER_BERT_H

#include "tokenizer/models/wordpiece.h"
#include "tokenizer/normalizer/normalizer.h"

struct gs_bert; /* opaque */

/* The WordPiece has to outlive it. */
GS_MUST_CHECK
enum gs_status gs_bert_new(struct gs_bert_flags flags, const struct gs_wordpiece *wordpiece,
                           struct gs_bert **ret, struct gs_error *err);
void gs_bert_free(struct gs_bert *bert); /* NULL is fine */
size_t gs_bert_memory(const struct gs_bert *bert);

/* Appends the tokens of bytes[from, to), which may be broken UTF-8, until out->limit is reached.
 * GS_AGAIN: this text takes the long way; out may have tokens that do not count. */
GS_MUST_CHECK
enum gs_status gs_bert_encode(const struct gs_bert *bert, struct gs_aligned *word,
                              const char *bytes, size_t from, size_t to, struct gs_pieces *out,
                              struct gs_error *err);

#endif
