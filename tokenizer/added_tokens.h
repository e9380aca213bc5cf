/* Added tokens: found in a text before anything else sees it, the longest of those that begin
 * first. Some are looked for in the text as it came, the others in the normalized text.
 *
 * Threads: constant after reading. */
#ifndef GS_TOKENIZER_ADDED_TOKENS_H
#define GS_TOKENIZER_ADDED_TOKENS_H

#include "tokenizer/normalizer/normalizer.h"
#include "tokenizer/pretokenizer/pretokenizer.h"
#include "tokenizer/vocab.h"

struct gs_added_tokens; /* opaque */

enum { GS_MAX_ADDED = 1 << 18, GS_MAX_ADDED_LEN = 4096 };

struct gs_added_token {
    struct gs_str content;
    int32_t id;
    bool single_word, left, right, normalized, special;
};

/* n_model: how many pieces the model has; the first new token gets this id. */
GS_MUST_CHECK
enum gs_status gs_added_tokens_new(size_t n_model, struct gs_added_tokens **ret,
                                   struct gs_error *err);
void gs_added_tokens_free(struct gs_added_tokens *added); /* NULL is fine */

/* Takes a copy. An id that is not the one that `tokenizers` would give is GS_BAD_FORMAT, for the
 * file and the program that reads it there would mean different things. */
GS_MUST_CHECK
enum gs_status gs_added_tokens_add(struct gs_added_tokens *added, struct gs_added_token token,
                                   const struct gs_vocab *vocab, struct gs_error *err);

/* "added_tokens" of tokenizer.json: a list of objects. */
GS_MUST_CHECK
enum gs_status gs_added_tokens_read(const json_t *json, struct gs_added_tokens *added,
                                    const struct gs_vocab *vocab, struct gs_error *err);

/* Once all are in: what is looked for in normalized text is normalized. */
GS_MUST_CHECK
enum gs_status gs_added_tokens_finish(struct gs_added_tokens *added,
                                      const struct gs_normalizer *normalizer, struct gs_error *err);

int32_t gs_added_tokens_next_id(const struct gs_added_tokens *added); /* of the next new token */
size_t gs_added_tokens_count(const struct gs_added_tokens *added);
size_t gs_added_tokens_n_ids(const struct gs_added_tokens *added); /* the highest id, plus one */
size_t gs_added_tokens_memory(const struct gs_added_tokens *added);
bool gs_added_tokens_any_normalized(const struct gs_added_tokens *added);
/* A text may be cut before a space between ASCII letters or digits without a token being torn. */
bool gs_added_tokens_tears_at_space(const struct gs_added_tokens *added);
/* A token holds U+FFFD, which is what a broken byte counts as. */
bool gs_added_tokens_has_replacement(const struct gs_added_tokens *added);
int32_t gs_added_tokens_find(const struct gs_added_tokens *added,
                             struct gs_str content); /* -1: not there */
/* {NULL, 0} when it is not there. */
struct gs_str gs_added_tokens_piece(const struct gs_added_tokens *added, int32_t id);

/* Cuts bytes[from, to) at the tokens and appends the parts. May be broken UTF-8. */
bool gs_added_tokens_cut(const struct gs_added_tokens *added, bool normalized, const char *bytes,
                         size_t from, size_t to, struct gs_splits *out);

#endif
