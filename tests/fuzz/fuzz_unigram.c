/* The bytes make a small vocabulary and a word. Viterbi over the trie must give what trying every
 * piece at every place gives; pieces must cover the word without gaps. */
#include "ingest/base/utf8.h"
#include "tokenizer/models/pieces.h"

#include <stdlib.h>

enum { MAX_PIECES = 24, MAX_LEN = 5, MAX_WORD = 4096, REPEATS = 5 };

struct vocab {
    size_t n;
    char texts[MAX_PIECES][MAX_LEN];
    size_t lens[MAX_PIECES];
    double scores[MAX_PIECES];
    size_t unk;
};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Pieces of the letters a to d, so that they overlap. */
static struct vocab vocab_of(const uint8_t **data, size_t *size)
{
    struct vocab vocab = {0};

    while (*size > 1 && vocab.n < MAX_PIECES && (vocab.n == 0 || **data != 0xFF)) {
        const size_t i = vocab.n++;
        const uint8_t head = *(*data)++;
        (*size)--;
        vocab.scores[i] = -(double)(head >> 3) / 4;
        while (vocab.lens[i]<head % MAX_LEN && * size> 0) {
            vocab.texts[i][vocab.lens[i]++] = (char)('a' + *(*data)++ % 4);
            (*size)--;
        }
    }
    if (*size > 0 && vocab.n > 0) {
        vocab.unk = **data % vocab.n;
        vocab.lens[vocab.unk] = **data < 0xC0 ? 0 : vocab.lens[vocab.unk];
    }
    return vocab;
}

static struct gs_unigram *model_of(const struct vocab *vocab)
{
    struct gs_unigram *unigram = NULL;
    json_t *rows = json_array();

    for (size_t i = 0; i < vocab->n; i++) {
        json_t *row = json_array();
        json_array_append_new(row, json_stringn(vocab->texts[i], vocab->lens[i]));
        json_array_append_new(row, json_real(vocab->scores[i]));
        json_array_append_new(rows, row);
    }
    json_t *model = json_object();
    json_object_set_new(model, "vocab", rows);
    json_object_set_new(model, "unk_id", json_integer((json_int_t)vocab->unk));
    check(gs_unigram_new(model, &unigram, NULL) == GS_OK);
    json_decref(model);
    return unigram;
}

/* The score of piece or -1: is it the last one of this text? */
static bool last_of_its_text(const struct vocab *vocab, size_t piece)
{
    for (size_t i = piece + 1; i < vocab->n; i++) {
        if (vocab->lens[i] == vocab->lens[piece] &&
            memcmp(vocab->texts[i], vocab->texts[piece], vocab->lens[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* The score of the best segmentation, the slow way. The word is ASCII. */
static double best_score(const struct vocab *vocab, const char *word, size_t n)
{
    static double best[MAX_WORD + 1];
    double worst = vocab->scores[0];

    for (size_t i = 1; i < vocab->n; i++) {
        worst = vocab->scores[i] < worst ? vocab->scores[i] : worst;
    }
    best[0] = 0;
    for (size_t end = 1; end <= n; end++) {
        best[end] = best[end - 1] + worst - 10;
        for (size_t i = 0; i < vocab->n; i++) {
            const size_t len = vocab->lens[i];
            if (len > 0 && len <= end && last_of_its_text(vocab, i) &&
                memcmp(word + end - len, vocab->texts[i], len) == 0 &&
                best[end - len] + vocab->scores[i] > best[end]) {
                best[end] = best[end - len] + vocab->scores[i];
            }
        }
    }
    return best[n];
}

/* What the pieces found are worth; they cover the word. */
static double score_of(const struct vocab *vocab, const struct gs_pieces *pieces, size_t n)
{
    double worst = vocab->scores[0], sum = 0;
    uint32_t end = 0;

    for (size_t i = 1; i < vocab->n; i++) {
        worst = vocab->scores[i] < worst ? vocab->scores[i] : worst;
    }
    for (size_t i = 0; i < pieces->n; i++) {
        const size_t id = (size_t)pieces->ids[i];
        const size_t len = pieces->ends[i] - pieces->starts[i];
        check(pieces->starts[i] == end && len > 0 && id < vocab->n);
        sum += id == vocab->unk ? (double)len * (worst - 10) : vocab->scores[id];
        end = pieces->ends[i];
    }
    check(end == n);
    return sum;
}

/* The second time short words are looked up. */
static void check_again(const struct gs_unigram *unigram, struct gs_unigram_workspace *work,
                        const struct gs_aligned *text, const struct gs_pieces *pieces)
{
    struct gs_pieces again = {0};

    check(gs_unigram_encode(unigram, work, text, 0, text->len, &again, NULL) == GS_OK);
    check(again.n == pieces->n);
    for (size_t i = 0; i < again.n; i++) {
        check(again.ids[i] == pieces->ids[i] && again.starts[i] == pieces->starts[i] &&
              again.ends[i] == pieces->ends[i]);
    }
    gs_pieces_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct vocab vocab = vocab_of(&data, &size);
    if (vocab.n == 0) {
        return 0;
    }
    struct gs_unigram *unigram = model_of(&vocab);
    static struct gs_unigram_workspace
        *work; /* one for all: a model must not see another one's words */
    struct gs_pieces pieces = {0};
    struct gs_aligned text = {0};
    const size_t n = size * REPEATS < MAX_WORD ? size * REPEATS : MAX_WORD;

    check(gs_aligned_reserve(&text, n + 1));
    for (size_t i = 0; i < n; i++) {
        text.bytes[i] = (char)('a' + data[i % size] % 5); /* e is in no piece */
        text.starts[i] = (uint32_t)i;
        text.ends[i] = (uint32_t)i + 1;
    }
    text.len = n;
    check(work != NULL || gs_unigram_workspace_new(&work, NULL) == GS_OK);
    check(gs_unigram_encode(unigram, work, &text, 0, n, &pieces, NULL) == GS_OK);
    check_again(unigram, work, &text, &pieces);
    const double score = score_of(&vocab, &pieces, n);
    /* Quarters add up exactly. Where the unknown piece has a text of its own, it is fused with
     * unknowns and what comes of that looked up again: then sums say nothing. */
    check(vocab.lens[vocab.unk] > 0 || score == best_score(&vocab, text.bytes, n));

    gs_pieces_done(&pieces);
    gs_aligned_done(&text);
    gs_unigram_free(unigram);
    return 0;
}
