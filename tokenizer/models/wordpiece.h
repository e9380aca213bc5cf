/* WordPiece: a word is the longest piece of the vocabulary that it begins with, then the longest
 * one that goes on from there, and so to its end; if that fails anywhere, all of it is unknown.
 *
 * Source: Wu et al. 2016, arXiv:1609.08144 section 4.1.
 * Threads: constant after gs_wordpiece_new(). */
#ifndef GS_TOKENIZER_WORDPIECE_H
#define GS_TOKENIZER_WORDPIECE_H

#include "tokenizer/models/pieces.h"
#include "tokenizer/vocab.h"

struct gs_wordpiece; /* opaque */

/* Of the vocabulary, which has to outlive it. continuing is what pieces after the first begin with
 * ("##"). */
GS_MUST_CHECK
enum gs_status gs_wordpiece_new(const struct gs_vocab *vocab, struct gs_str continuing,
                                int32_t unknown, size_t max_chars, struct gs_wordpiece **ret,
                                struct gs_error *err);
void gs_wordpiece_free(struct gs_wordpiece *wordpiece); /* NULL is fine */
size_t gs_wordpiece_memory(const struct gs_wordpiece *wordpiece);
size_t gs_wordpiece_max_chars(const struct gs_wordpiece *wordpiece);
int32_t gs_wordpiece_unknown(const struct gs_wordpiece *wordpiece);

/* The id of a word that is one piece, or the unknown one's. */
int32_t gs_wordpiece_char(const struct gs_wordpiece *wordpiece, const char *bytes, size_t len);

/* Appends the pieces of a word of n_chars characters with places in the word: starts and ends are
 * bytes of it. out has room for n_chars + 1. */
void gs_wordpiece_cut(const struct gs_wordpiece *wordpiece, const char *bytes, size_t len,
                      size_t n_chars, struct gs_pieces *out);

/* Appends the pieces of the word [from, to) of text. */
GS_MUST_CHECK
enum gs_status gs_wordpiece_encode(const struct gs_wordpiece *wordpiece,
                                   const struct gs_aligned *text, size_t from, size_t to,
                                   struct gs_pieces *out, struct gs_error *err);

#endif
