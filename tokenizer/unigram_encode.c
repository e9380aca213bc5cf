/* The best segmentation of a word: Viterbi over byte positions.
 *
 * Ties, sums and unknowns are exactly as the reference has them: positions from left to right,
 * pieces from short to long, a later one only wins when it is better, scores are added up in
 * doubles from the word's beginning, a character without a piece of its own costs the worst score
 * less 10, and a run of unknown characters is one. */
#include "base/utf8.h"
#include "tokenizer/unigram.h"

#include <math.h>
#include <stdlib.h>

/* The best way to end at a position. */
struct step {
    double score;
    uint32_t start; /* where its last piece begins; NOWHERE: not reached */
    int32_t id;
};

#define NOWHERE UINT32_MAX

struct gs_unigram_work {
    struct step *steps;
    size_t capacity;
};

enum gs_status gs_unigram_work_new(struct gs_unigram_work **ret, struct gs_error *err)
{
    struct gs_unigram_work *work = calloc(1, sizeof *work);

    if (work == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "Unigram's work");
    }
    *ret = work;
    return GS_OK;
}

void gs_unigram_work_free(struct gs_unigram_work *work)
{
    if (work != NULL) {
        free(work->steps);
        free(work);
    }
}

/* Room for positions 0 to n, none of them reached. */
static bool clear_steps(struct gs_unigram_work *work, size_t n)
{
    if (work->capacity < n + 1) {
        const size_t capacity = n + 1 < 256 ? 256 : (n + 1) + (n + 1) / 2;
        struct step *bigger = malloc(capacity * sizeof *bigger);
        if (bigger == NULL) {
            return false;
        }
        free(work->steps);
        work->steps = bigger;
        work->capacity = capacity;
    }
    work->steps[0] = (struct step){0, 0, 0};
    for (size_t i = 1; i <= n; i++) {
        work->steps[i].start = NOWHERE;
    }
    return true;
}

static inline void offer(struct step *step, double score, size_t start, int32_t id)
{
    if (step->start == NOWHERE || score > step->score) {
        *step = (struct step){score, (uint32_t)start, id};
    }
}

static void find_best(const struct gs_unigram *unigram, struct step *steps, const char *word,
                      size_t n)
{
    const struct gs_trie *trie = &unigram->trie;

    for (size_t at = 0; at < n;) {
        const size_t valid = gs_utf8_valid_len(word + at, n - at);
        const size_t len = valid == 0 ? 1 : valid;
        const double before = steps[at].score;
        bool has_char = false;
        uint32_t node = GS_TRIE_ROOT;
        for (size_t i = at; i < n; i++) {
            node = gs_trie_child(trie, node, (unsigned char)word[i]);
            if (node == GS_TRIE_NONE) {
                break;
            }
            const double score = trie->nodes[node].score;
            if (!isnan(score)) {
                offer(&steps[i + 1], score + before, at, trie->ids[node]);
                has_char |= i + 1 - at == len;
            }
        }
        if (!has_char) {
            offer(&steps[at + len], unigram->unk_score + before, at, unigram->unk_id);
        }
        at += len;
    }
}

/* Turns the links of the best path round: start becomes where the piece from here ends. Returns how
 * many pieces there are. */
static size_t turn_round(struct step *steps, size_t n)
{
    uint32_t end = (uint32_t)n;
    int32_t id = steps[n].id;
    size_t n_pieces = 0;

    for (uint32_t at = steps[n].start; end > 0; n_pieces++) {
        const struct step here = steps[at];
        steps[at].start = end;
        steps[at].id = id;
        end = at;
        at = here.start;
        id = here.id;
    }
    return n_pieces;
}

static void add_piece(struct gs_pieces *out, const struct gs_aligned *text, size_t from, size_t to,
                      int32_t id)
{
    out->ids[out->n] = id;
    out->starts[out->n] = text->starts[from];
    out->ends[out->n] = text->ends[to - 1];
    out->n++;
}

/* Unknown characters [from, to): together they may be a piece, or each byte is one, or unknown. */
static void add_unknown(const struct gs_unigram *unigram, const struct gs_aligned *text,
                        size_t from, size_t to, struct gs_pieces *out)
{
    int32_t id = unigram->unk_id;
    bool all = unigram->byte_fallback;

    if (gs_trie_find(&unigram->trie, (struct gs_str){text->bytes + from, to - from}, &id)) {
        all = false;
    }
    for (size_t i = from; i < to && all; i++) {
        all = unigram->byte_ids[(unsigned char)text->bytes[i]] >= 0;
    }
    if (!all) {
        add_piece(out, text, from, to, id);
        return;
    }
    for (size_t i = from; i < to; i++) {
        add_piece(out, text, from, to, unigram->byte_ids[(unsigned char)text->bytes[i]]);
    }
}

enum gs_status gs_unigram_encode(const struct gs_unigram *unigram, struct gs_unigram_work *work,
                                 const struct gs_aligned *text, size_t from, size_t to,
                                 struct gs_pieces *out, struct gs_error *err)
{
    const size_t n = to - from;

    if (n == 0) {
        return GS_OK;
    }
    if (!clear_steps(work, n)) {
        return gs_fail(err, GS_NO_MEMORY, "a word of %zu bytes", n);
    }
    find_best(unigram, work->steps, text->bytes + from, n);
    /* as many as there are bytes is enough, bytes instead of unknowns included */
    size_t need = turn_round(work->steps, n);
    need = unigram->byte_fallback ? n : need;
    if (!gs_pieces_reserve(out, need)) {
        return gs_fail(err, GS_NO_MEMORY, "%zu pieces", need);
    }
    for (size_t at = 0; at < n;) {
        size_t end = work->steps[at].start;
        if (work->steps[at].id != unigram->unk_id) {
            add_piece(out, text, from + at, from + end, work->steps[at].id);
        } else {
            while (end < n && work->steps[end].id == unigram->unk_id) {
                end = work->steps[end].start;
            }
            add_unknown(unigram, text, from + at, from + end, out);
        }
        at = end;
    }
    return GS_OK;
}
