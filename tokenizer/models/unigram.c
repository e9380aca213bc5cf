/* Loading the Unigram model: the scores as the reference reads them, the pieces into the trie. */
#include "tokenizer/models/unigram.h"

#include "tokenizer/models/word_cache.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_PIECE = 65536, MAX_PIECES = 16 << 20 };

/* What a character that is no piece costs more than the worst piece. */
static const double unknown_penalty = 10.0;

/* One row [piece, score]. */
static enum gs_status read_piece(const json_t *row, size_t i, struct gs_trie_piece *ret,
                                 struct gs_error *err)
{
    const json_t *text = json_array_get(row, 0), *score = json_array_get(row, 1);

    if (json_array_size(row) != 2 || !json_is_string(text) || !json_is_number(score)) {
        return gs_fail(err, GS_BAD_FORMAT, "model.vocab[%zu] is not a piece and its score", i);
    }
    if (json_string_length(text) > MAX_PIECE) {
        return gs_fail(err, GS_BAD_FORMAT, "model.vocab[%zu] is longer than %d bytes", i,
                       MAX_PIECE);
    }
    ret->text = (struct gs_str){json_string_value(text), json_string_length(text)};
    ret->score = json_is_integer(score) ? (double)json_integer_value(score)
                                        : gs_unigram_score(json_real_value(score));
    ret->id = (int32_t)i;
    if (!isfinite(ret->score)) {
        return gs_fail(err, GS_BAD_FORMAT, "model.vocab[%zu] has a score out of range", i);
    }
    return GS_OK;
}

static enum gs_status read_flags(const json_t *model, size_t n_pieces, struct gs_unigram *unigram,
                                 struct gs_error *err)
{
    const json_t *unk = json_object_get(model, "unk_id");
    const json_t *fallback = json_object_get(model, "byte_fallback");

    if (!json_is_integer(unk)) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "model.unk_id is missing: a Unigram model must know what is unknown");
    }
    if (json_integer_value(unk) < 0 || (size_t)json_integer_value(unk) >= n_pieces) {
        return gs_fail(err, GS_BAD_FORMAT, "model.unk_id is not in model.vocab");
    }
    if (fallback != NULL && !json_is_boolean(fallback)) {
        return gs_fail(err, GS_BAD_FORMAT, "model.byte_fallback is neither true nor false");
    }
    unigram->unk_id = (int32_t)json_integer_value(unk);
    unigram->byte_fallback = json_is_true(fallback);
    return GS_OK;
}

static void find_bytes(struct gs_unigram *unigram)
{
    for (unsigned i = 0; i < 256; i++) {
        char text[8];
        const int n = snprintf(text, sizeof text, "<0x%02X>", i);
        unigram->byte_ids[i] = -1;
        (void)gs_trie_find(&unigram->trie, (struct gs_str){text, (size_t)n}, &unigram->byte_ids[i]);
    }
}

enum gs_status gs_unigram_new(const json_t *model, struct gs_unigram **ret, struct gs_error *err)
{
    const json_t *vocab = json_object_get(model, "vocab");
    const size_t n = json_array_size(vocab);
    struct gs_unigram *unigram = NULL;
    struct gs_trie_piece *pieces = NULL;
    double worst = INFINITY;

    if (n == 0 || n > MAX_PIECES) {
        return gs_fail(err, GS_BAD_FORMAT, "model.vocab is no array of 1 to %d pieces", MAX_PIECES);
    }
    unigram = calloc(1, sizeof *unigram);
    pieces = calloc(n, sizeof *pieces);
    enum gs_status status = GS_OK;
    if (unigram == NULL || pieces == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "a vocabulary of %zu pieces", n);
        goto done;
    }
    status = read_flags(model, n, unigram, err);
    for (size_t i = 0; i < n && status == GS_OK; i++) {
        status = read_piece(json_array_get(vocab, i), i, &pieces[i], err);
        worst = pieces[i].score < worst ? pieces[i].score : worst;
    }
    if (status != GS_OK) {
        goto done;
    }
    status = gs_trie_build(pieces, n, &unigram->trie, err);
    if (status != GS_OK) {
        goto done;
    }
    unigram->number = gs_word_cache_model();
    unigram->unk_score = worst - unknown_penalty;
    find_bytes(unigram);

    *ret = unigram;
    unigram = NULL;

done:
    gs_unigram_free(unigram);
    free(pieces);
    return status;
}

void gs_unigram_free(struct gs_unigram *unigram)
{
    if (unigram != NULL) {
        gs_trie_done(&unigram->trie);
        free(unigram);
    }
}

size_t gs_unigram_memory(const struct gs_unigram *unigram)
{
    const struct gs_trie *trie = &unigram->trie;

    return sizeof *unigram + trie->n * (sizeof *trie->nodes + sizeof *trie->ids);
}
