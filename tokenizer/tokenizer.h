/* Text in, the ids that a pretrained encoder was trained on out: exactly those of HuggingFace's
 * `tokenizers` for the same file.
 *
 *     text ─► added tokens cut out ─► normalize ─► words ─► pieces ─► [CLS] … [SEP] ─► cut to
 * length
 *
 * Three kinds: WordPiece (BERT, DistilBERT), Unigram (XLM-R) and byte-level BPE (RoBERTa), read
 * from a folder's tokenizer.json, or else its vocab.txt (BERT; tokenizer_config.json beside it says
 * whether to lower-case). What a file asks for and this module has not is refused by name, never
 * approximated.
 *
 * Sources: Wu et al. 2016, arXiv:1609.08144 section 4.1, and google-research/bert tokenization.py
 *          (WordPiece); Kudo 2018, arXiv:1804.10959 (Unigram); Radford et al. 2019 (byte-level
 * BPE); the behaviour of huggingface/tokenizers is the definition where they differ. Threads: a
 * gs_tokenizer is constant after loading; a gs_tokenizer_workspace is owned by one thread. */
#ifndef GS_TOKENIZER_H
#define GS_TOKENIZER_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { GS_NO_TOKEN = -1 };

struct gs_tokenizer; /* opaque */

struct gs_tokenizer_info {
    const char *kind;                 /* "wordpiece", "unigram", "bpe" */
    size_t n_vocab;                   /* ids are 0 to n_vocab - 1, added tokens included */
    int32_t pad, unk, cls, sep, mask; /* GS_NO_TOKEN: the file has none */
    size_t n_special;                 /* tokens that the template adds to one text, such as 2 */
    size_t max_tokens;                /* the file's own truncation; 0: it has none */
    size_t memory_bytes;
};

/* Reads tokenizer.json of the folder, or vocab.txt when there is no tokenizer.json. All of it is
 * hostile until checked. GS_IO, GS_NO_MEMORY; GS_BAD_FORMAT: file and reason in one sentence. */
GS_MUST_CHECK
enum gs_status gs_tokenizer_load(const char *dir, struct gs_tokenizer **ret, struct gs_error *err);
void gs_tokenizer_free(struct gs_tokenizer *tokenizer); /* NULL is fine */
/* Says whether traditional Chinese becomes the tokens of simplified (base/han.h); not so at first.
 * Before the first work is made. Offsets stay those of the text as it was written. */
void gs_tokenizer_read_simplified(struct gs_tokenizer *tokenizer, bool on);
const struct gs_tokenizer_info *gs_tokenizer_info(const struct gs_tokenizer *tokenizer);

/* The piece as the vocabulary spells it; {NULL, 0} for an id out of range. */
struct gs_str gs_tokenizer_piece(const struct gs_tokenizer *tokenizer, int32_t id);

struct gs_tokenizer_workspace; /* opaque */

/* Memory grows with the longest text seen and stays: after that, encoding does not allocate. */
GS_MUST_CHECK
enum gs_status gs_tokenizer_workspace_new(const struct gs_tokenizer *tokenizer,
                                          struct gs_tokenizer_workspace **ret,
                                          struct gs_error *err);
void gs_tokenizer_workspace_free(struct gs_tokenizer_workspace *work); /* NULL is fine */

/* Good until the next call with the same work. Token i covers the bytes [starts[i], ends[i]) of the
 * text that was given; a token that the template added covers [0, 0). */
struct gs_encoding {
    const int32_t *ids;
    const uint32_t *starts, *ends;
    size_t n;
    bool truncated; /* tokens at the end were left out */
};

/* Encodes one text, template tokens included, cut on the right to at most max_tokens (0: no limit;
 * otherwise at least n_special). Bytes that are not UTF-8 count as U+FFFD, one each, as
 * gs_utf8_repair() does it. Texts of up to 16 MiB; GS_NO_MEMORY beyond, or without memory. */
GS_MUST_CHECK
enum gs_status gs_tokenizer_encode(const struct gs_tokenizer *tokenizer,
                                   struct gs_tokenizer_workspace *work, struct gs_str text,
                                   size_t max_tokens, struct gs_encoding *ret,
                                   struct gs_error *err);

#endif
