/* Shared by the three models inside the tokenizer: where text came from, and where pieces go.
 *
 * A normalized segment carries, for each of its bytes, the bytes of the input that it stands for,
 * as `tokenizers` aligns them. A model turns one word (a pre-token) of it into pieces and appends
 * them.
 *
 * Internal to the tokenizer. Threads: owned by the work they live in. */
#ifndef GS_TOKENIZER_PIECES_H
#define GS_TOKENIZER_PIECES_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Normalized bytes [len]; byte i stands for the input's [starts[i], ends[i]). */
struct gs_aligned {
    char *bytes;
    uint32_t *starts, *ends;
    size_t len, capacity;
};

/* Room for n more bytes in all three arrays; false without memory (or past 64 MiB). */
bool gs_aligned_reserve(struct gs_aligned *text, size_t n);
void gs_aligned_done(struct gs_aligned *text);

/* Pieces found so far. */
struct gs_pieces {
    int32_t *ids;
    uint32_t *starts, *ends; /* bytes of the input */
    size_t n, capacity;
    size_t limit; /* the caller wants no more than this many; 0: all. A model may stop past it */
};

bool gs_pieces_reserve(struct gs_pieces *pieces, size_t n);
void gs_pieces_done(struct gs_pieces *pieces);

/* ---- Unigram (unigram.c): Viterbi over a trie of scored pieces ---- */

struct gs_unigram;
struct gs_unigram_workspace; /* grows, then stays */

/* From the "model" object of tokenizer.json: vocab [[piece, score]…], unk_id, byte_fallback. The
 * JSON may be freed afterwards. */
GS_MUST_CHECK
enum gs_status gs_unigram_new(const json_t *model, struct gs_unigram **ret, struct gs_error *err);
void gs_unigram_free(struct gs_unigram *unigram);
size_t gs_unigram_memory(const struct gs_unigram *unigram); /* bytes */
GS_MUST_CHECK
enum gs_status gs_unigram_workspace_new(struct gs_unigram_workspace **ret, struct gs_error *err);
void gs_unigram_workspace_free(struct gs_unigram_workspace *work);
/* Appends the best segmentation of the word [from, to) of text; consecutive unknowns are one. */
GS_MUST_CHECK
enum gs_status gs_unigram_encode(const struct gs_unigram *unigram,
                                 struct gs_unigram_workspace *work, const struct gs_aligned *text,
                                 size_t from, size_t to, struct gs_pieces *out,
                                 struct gs_error *err);

/* ---- byte-level BPE (bpe.c) ---- */

struct gs_bpe;
struct gs_bpe_workspace;

/* From the "model" object: vocab {piece: id}, merges ["a b" or ["a", "b"]…], unk_token,
 * continuing_subword_prefix, end_of_word_suffix, fuse_unk, byte_fallback, ignore_merges, dropout
 * (what is not supported is refused by name). */
GS_MUST_CHECK
enum gs_status gs_bpe_new(const json_t *model, struct gs_bpe **ret, struct gs_error *err);
void gs_bpe_free(struct gs_bpe *bpe);
size_t gs_bpe_memory(const struct gs_bpe *bpe); /* bytes */
GS_MUST_CHECK
enum gs_status gs_bpe_workspace_new(struct gs_bpe_workspace **ret, struct gs_error *err);
void gs_bpe_workspace_free(struct gs_bpe_workspace *work);
/* text holds the raw bytes of the word (not yet mapped to GPT-2's printable characters). */
GS_MUST_CHECK
enum gs_status gs_bpe_encode(const struct gs_bpe *bpe, struct gs_bpe_workspace *work,
                             const struct gs_aligned *text, size_t from, size_t to,
                             struct gs_pieces *out, struct gs_error *err);

/* Where GPT-2's pre-tokenizer pattern ends the word that begins at from (< to): the pattern
 * 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
size_t gs_gpt2_word_end(const char *bytes, size_t from, size_t to);

/* ---- SentencePiece's precompiled normalizer map (charsmap.c) ---- */

struct gs_charsmap;

/* From the base64 text "precompiled_charsmap". GS_BAD_FORMAT when trie or strings are broken. */
GS_MUST_CHECK
enum gs_status gs_charsmap_new(struct gs_str base64, struct gs_charsmap **ret,
                               struct gs_error *err);
void gs_charsmap_free(struct gs_charsmap *map);
size_t gs_charsmap_memory(const struct gs_charsmap *map); /* bytes */
/* Appends in's bytes normalized, alignment carried over, exactly as the Precompiled normalizer of
 * `tokenizers` does it (grapheme by grapheme up to 6 bytes, else character by character). */
GS_MUST_CHECK
enum gs_status gs_charsmap_apply(const struct gs_charsmap *map, const struct gs_aligned *in,
                                 struct gs_aligned *out, struct gs_error *err);

#endif
