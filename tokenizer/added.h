/* Added tokens: found in a text before anything else sees it, the longest of those that begin
 * first. Some are looked for in the text as it came, the others in the normalised text.
 *
 * Threads: constant after reading. */
#ifndef GS_TOKENIZER_ADDED_H
#define GS_TOKENIZER_ADDED_H

#include "tokenizer/normal.h"
#include "tokenizer/splits.h"
#include "tokenizer/vocab.h"

struct gs_added; /* opaque */

enum { GS_MAX_ADDED = 1 << 18, GS_MAX_ADDED_LEN = 4096 };

struct gs_added_token {
    struct gs_str content;
    int32_t id;
    bool single_word, left, right, normalised, special;
};

/* n_model: how many pieces the model has; the first new token gets this id. */
GS_MUST_CHECK
enum gs_status gs_added_new(size_t n_model, struct gs_added **ret, struct gs_error *err);
void gs_added_free(struct gs_added *added); /* NULL is fine */

/* Takes a copy. An id that is not the one that `tokenizers` would give is GS_BAD_FORMAT, for the
 * file and the program that reads it there would mean different things. */
GS_MUST_CHECK
enum gs_status gs_added_add(struct gs_added *added, struct gs_added_token token,
                            const struct gs_vocab *vocab, struct gs_error *err);

/* "added_tokens" of tokenizer.json: a list of objects. */
GS_MUST_CHECK
enum gs_status gs_added_read(const json_t *json, struct gs_added *added,
                             const struct gs_vocab *vocab, struct gs_error *err);

/* Once all are in: what is looked for in normalised text is normalised. */
GS_MUST_CHECK
enum gs_status gs_added_finish(struct gs_added *added, const struct gs_normaliser *normaliser,
                               struct gs_error *err);

size_t gs_added_count(const struct gs_added *added);
size_t gs_added_n_ids(const struct gs_added *added); /* the highest id, plus one */
size_t gs_added_memory(const struct gs_added *added);
bool gs_added_any_normalised(const struct gs_added *added);
/* A text may be cut before a space between ASCII letters or digits without a token being torn. */
bool gs_added_tears_at_space(const struct gs_added *added);
/* A token holds U+FFFD, which is what a broken byte counts as. */
bool gs_added_has_replacement(const struct gs_added *added);
int32_t gs_added_find(const struct gs_added *added, struct gs_str content); /* -1: not there */
/* {NULL, 0} when it is not there. */
struct gs_str gs_added_piece(const struct gs_added *added, int32_t id);

/* Cuts bytes[from, to) at the tokens and appends the parts. May be broken UTF-8. */
bool gs_added_cut(const struct gs_added *added, bool normalised, const char *bytes, size_t from,
                  size_t to, struct gs_splits *out);

#endif
