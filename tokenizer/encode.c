/* Text → tokens: the short way for BERT, the long way (added tokens, normalizer, words, pieces) for
 * everything else. A text of which only the first tokens are wanted is tried with its beginning
 * first, up to a space at which it can be cut without a change. */
#include "ingest/base/han.h"
#include "ingest/base/utf8.h"
#include "tokenizer/tokenizer_internal.h"
#include "tokenizer/unicode/unicode.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_TEXT = 16 << 20 };

struct gs_tokenizer_workspace {
    char *folded; /* [max_folded] the text in simplified Chinese, where that is wanted */
    size_t max_folded;
    struct gs_aligned input; /* the text, repaired */
    struct gs_aligned word;  /* the short way's */
    struct gs_normalizer_workspace normal;
    struct gs_splits parts; /* at the added tokens of the text as it came */
    struct gs_pretokenized pretokenized;
    struct gs_unigram_workspace *unigram;
    struct gs_bpe_workspace *bpe;
    struct gs_pieces pieces;
};

enum gs_status gs_tokenizer_workspace_new(const struct gs_tokenizer *tokenizer,
                                          struct gs_tokenizer_workspace **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    struct gs_tokenizer_workspace *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for tokenizing");
    }
    if (tokenizer->kind == GS_KIND_UNIGRAM) {
        status = gs_unigram_workspace_new(&work->unigram, err);
    } else if (tokenizer->kind == GS_KIND_BPE) {
        status = gs_bpe_workspace_new(&work->bpe, err);
    }
    if (status != GS_OK) {
        gs_tokenizer_workspace_free(work);
        return status;
    }
    *ret = work;
    return GS_OK;
}

void gs_tokenizer_workspace_free(struct gs_tokenizer_workspace *work)
{
    if (work == NULL) {
        return;
    }
    free(work->folded);
    gs_aligned_done(&work->input);
    gs_aligned_done(&work->word);
    gs_normalizer_workspace_done(&work->normal);
    gs_splits_done(&work->parts);
    gs_pretokenized_done(&work->pretokenized);
    gs_unigram_workspace_free(work->unigram);
    gs_bpe_workspace_free(work->bpe);
    gs_pieces_done(&work->pieces);
    free(work);
}

static enum gs_status no_memory(struct gs_error *err)
{
    return gs_fail(err, GS_NO_MEMORY, "no memory for the tokens of a text");
}

/* ---- the long way ---- */

static enum gs_status put_token(struct gs_pieces *out, int32_t id, uint32_t start, uint32_t end,
                                struct gs_error *err)
{
    if (out->n == out->capacity && !gs_pieces_reserve(out, 1)) {
        return no_memory(err);
    }
    out->ids[out->n] = id;
    out->starts[out->n] = start;
    out->ends[out->n] = end;
    out->n++;
    return GS_OK;
}

static enum gs_status encode_part(const struct gs_tokenizer *tokenizer,
                                  struct gs_tokenizer_workspace *work,
                                  const struct gs_aligned *words, struct gs_split part,
                                  struct gs_error *err)
{
    struct gs_pieces *out = &work->pieces;

    if (part.token >= 0) {
        return put_token(out, part.token, words->starts[part.from], words->ends[part.to - 1], err);
    }
    switch (tokenizer->kind) {
    case GS_KIND_UNIGRAM:
        return gs_unigram_encode(tokenizer->unigram, work->unigram, words, part.from, part.to, out,
                                 err);
    case GS_KIND_BPE:
        return gs_bpe_encode(tokenizer->bpe, work->bpe, words, part.from, part.to, out, err);
    default:
        return gs_wordpiece_encode(tokenizer->wordpiece, words, part.from, part.to, out, err);
    }
}

static enum gs_status encode_parts(const struct gs_tokenizer *tokenizer,
                                   struct gs_tokenizer_workspace *work, struct gs_str text,
                                   struct gs_error *err)
{
    const struct gs_aligned *words = &work->pretokenized.texts[work->pretokenized.text];
    const struct gs_splits *parts = &work->pretokenized.splits[work->pretokenized.parts];
    struct gs_pieces *out = &work->pieces;

    for (size_t i = 0; i < parts->n && (out->limit == 0 || out->n < out->limit); i++) {
        const struct gs_split part = parts->items[i];
        size_t n = out->n;
        const enum gs_status status = encode_part(tokenizer, work, words, part, err);
        if (status != GS_OK) {
            return status;
        }
        for (; tokenizer->post_processor.n_trims > 0 && n < out->n; n++) {
            const struct gs_str piece =
                part.token >= 0 ? (struct gs_str){words->bytes + part.from, part.to - part.from}
                                : gs_vocab_piece(tokenizer->vocab, out->ids[n]);
            gs_post_processor_trim(&tokenizer->post_processor, text, piece,
                                   n - tokenizer->post_processor.n_before, &out->starts[n],
                                   &out->ends[n]);
        }
    }
    return GS_OK;
}

/* Each byte with its character's place; a broken one is U+FFFD in its place. */
static bool align(struct gs_str text, struct gs_aligned *input)
{
    size_t at = 0;

    input->len = 0;
    while (at < text.len) {
        const size_t len = gs_utf8_valid_len(text.bytes + at, text.len - at);
        const size_t end = at + (len == 0 ? 1 : len);
        if (input->capacity - input->len < 4 && !gs_aligned_reserve(input, text.len - at + 4)) {
            return false;
        }
        if (len == 0) {
            gs_aligned_put(input, "\xEF\xBF\xBD", 3, (uint32_t)at, (uint32_t)end);
        } else {
            gs_aligned_put(input, text.bytes + at, len, (uint32_t)at, (uint32_t)end);
        }
        at = end;
    }
    return true;
}

/* Appends a part to the text that is to be cut into words, normalized and with its added tokens
 * marked. */
static enum gs_status normalize_part(const struct gs_tokenizer *tokenizer,
                                     struct gs_tokenizer_workspace *work, struct gs_split part,
                                     struct gs_error *err)
{
    struct gs_aligned *out = &work->pretokenized.texts[0];
    struct gs_splits *splits = &work->pretokenized.splits[0];
    const size_t from = out->len;

    if (part.token >= 0) {
        if (!gs_aligned_reserve(out, part.to - part.from)) {
            return no_memory(err);
        }
        gs_aligned_copy(out, &work->input, part.from, part.to);
        return gs_splits_add(splits, from, out->len, part.token) ? GS_OK : no_memory(err);
    }
    const struct gs_aligned in = {.bytes = work->input.bytes + part.from,
                                  .starts = work->input.starts + part.from,
                                  .ends = work->input.ends + part.from,
                                  .len = part.to - part.from,
                                  .capacity = part.to - part.from};
    const enum gs_status status =
        gs_normalizer_apply(&tokenizer->normalizer, &work->normal, &in, out, err);
    if (status != GS_OK) {
        return status;
    }
    return gs_added_tokens_cut(tokenizer->added, true, out->bytes, from, out->len, splits)
               ? GS_OK
               : no_memory(err);
}

static enum gs_status encode_long(const struct gs_tokenizer *tokenizer,
                                  struct gs_tokenizer_workspace *work, struct gs_str text,
                                  struct gs_error *err)
{
    struct gs_pretokenized *pretokenized = &work->pretokenized;

    work->pieces.n = tokenizer->post_processor.n_before;
    work->parts.n = 0;
    pretokenized->texts[0].len = 0;
    pretokenized->splits[0].n = 0;
    pretokenized->text = 0;
    pretokenized->parts = 0;
    if (!align(text, &work->input) ||
        !gs_added_tokens_cut(tokenizer->added, false, work->input.bytes, 0, work->input.len,
                             &work->parts)) {
        return no_memory(err);
    }
    for (size_t i = 0; i < work->parts.n; i++) {
        const enum gs_status status = normalize_part(tokenizer, work, work->parts.items[i], err);
        if (status != GS_OK) {
            return status;
        }
    }
    const enum gs_status status =
        gs_pretokenizer_apply(&tokenizer->pretokenizer, pretokenized, err);
    return status == GS_OK ? encode_parts(tokenizer, work, text, err) : status;
}

/* ---- the short way ---- */

/* GS_AGAIN: the text takes the long way. */
static enum gs_status encode_short(const struct gs_tokenizer *tokenizer,
                                   struct gs_tokenizer_workspace *work, struct gs_str text,
                                   struct gs_error *err)
{
    struct gs_pieces *out = &work->pieces;
    enum gs_status status = GS_OK;

    out->n = tokenizer->post_processor.n_before;
    work->parts.n = 0;
    if (!gs_added_tokens_cut(tokenizer->added, false, text.bytes, 0, text.len, &work->parts)) {
        return no_memory(err);
    }
    for (size_t i = 0; i < work->parts.n && status == GS_OK; i++) {
        const struct gs_split part = work->parts.items[i];
        if (out->limit > 0 && out->n >= out->limit) {
            break;
        }
        if (part.token >= 0) {
            status = put_token(out, part.token, part.from, part.to, err);
        } else {
            status = gs_bert_encode(tokenizer->bert, &work->word, text.bytes, part.from, part.to,
                                    out, err);
        }
    }
    return status;
}

/* ---- both ---- */

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The last place at or before most where a letter or digit, a space and another one meet, right
 * before the space: no step of any tokenizer here looks across it. The whole length when there is
 * none. */
static size_t cut_before_space(struct gs_str text, size_t most)
{
    for (size_t at = most; at > most / 2; at--) {
        if (text.bytes[at] == ' ' && is_alnum(text.bytes[at - 1]) && is_alnum(text.bytes[at + 1])) {
            return at;
        }
    }
    return text.len;
}

static enum gs_status encode_start(const struct gs_tokenizer *tokenizer,
                                   struct gs_tokenizer_workspace *work, struct gs_str text,
                                   struct gs_error *err)
{
    if (tokenizer->bert != NULL) {
        const enum gs_status status = encode_short(tokenizer, work, text, err);
        if (status != GS_AGAIN) {
            return status;
        }
    }
    return encode_long(tokenizer, work, text, err);
}

/* Tokens without those that the post-processor adds, as many as limit asks for. */
static enum gs_status encode_text(const struct gs_tokenizer *tokenizer,
                                  struct gs_tokenizer_workspace *work, struct gs_str text,
                                  struct gs_error *err)
{
    const size_t limit = work->pieces.limit;
    size_t most = 256 + limit * 8;

    for (; limit > 0 && tokenizer->may_end_at_space && most + 1 < text.len; most *= 4) {
        const size_t len = cut_before_space(text, most);
        if (len == text.len) {
            break;
        }
        const enum gs_status status =
            encode_start(tokenizer, work, (struct gs_str){text.bytes, len}, err);
        if (status != GS_OK || work->pieces.n >= limit) {
            return status;
        }
    }
    return encode_start(tokenizer, work, text, err);
}

static enum gs_status add_template(const struct gs_post_processor *post_processor,
                                   struct gs_pieces *out, struct gs_error *err)
{
    if (!gs_pieces_reserve(out, post_processor->n_after)) {
        return no_memory(err);
    }
    for (size_t i = 0; i < post_processor->n_before; i++) {
        out->ids[i] = post_processor->before[i];
        out->starts[i] = out->ends[i] = 0;
    }
    for (size_t i = 0; i < post_processor->n_after; i++) {
        out->ids[out->n] = post_processor->after[i];
        out->starts[out->n] = out->ends[out->n] = 0;
        out->n++;
    }
    return GS_OK;
}

/* The text as the model is to read it: as long as it was, so that offsets stay. */
static enum gs_status simplify(struct gs_tokenizer_workspace *work, struct gs_str *text,
                               struct gs_error *err)
{
    if (text->len > work->max_folded) {
        char *bigger = realloc(work->folded, 2 * text->len);
        if (bigger == NULL) {
            return no_memory(err);
        }
        work->folded = bigger;
        work->max_folded = 2 * text->len;
    }
    gs_han_fold_text(*text, work->folded);
    text->bytes = work->folded;
    return GS_OK;
}

enum gs_status gs_tokenizer_encode(const struct gs_tokenizer *tokenizer,
                                   struct gs_tokenizer_workspace *work, struct gs_str text,
                                   size_t max_tokens, struct gs_encoding *ret, struct gs_error *err)
{
    const size_t n_special = tokenizer->info.n_special;
    const size_t n_before = tokenizer->post_processor.n_before;
    struct gs_pieces *out = &work->pieces;

    assert(max_tokens == 0 || max_tokens >= n_special);
    if (text.len > MAX_TEXT) {
        return gs_fail(err, GS_NO_MEMORY, "a text of %zu bytes is not tokenized; %d are the most",
                       text.len, MAX_TEXT);
    }
    out->n = 0;
    if (!gs_pieces_reserve(out, n_before + 1)) {
        return no_memory(err);
    }
    out->n = n_before;
    const size_t most = max_tokens == 0 ? SIZE_MAX : n_before + max_tokens - n_special;
    out->limit = max_tokens == 0 ? 0 : most + 1; /* one more shows that there are more */
    enum gs_status status = GS_OK;
    if (text.len > 0 && tokenizer->simplified) {
        status = simplify(work, &text, err);
    }
    if (status == GS_OK && text.len > 0) {
        status = encode_text(tokenizer, work, text, err);
    }
    if (status != GS_OK) {
        return status;
    }
    const bool truncated = out->n > most;
    out->n = truncated ? most : out->n;
    status = add_template(&tokenizer->post_processor, out, err);
    if (status != GS_OK) {
        return status;
    }
    *ret = (struct gs_encoding){out->ids, out->starts, out->ends, out->n, truncated};
    return GS_OK;
}
