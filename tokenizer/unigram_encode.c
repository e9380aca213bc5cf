/* The best segmentation of a word: Viterbi over byte positions.
 *
 * Ties, sums and unknowns are exactly as the reference has them: positions from left to right,
 * pieces from short to long, a later one only wins when it is better, scores are added up in
 * doubles from the word's beginning, a character without a piece of its own costs the worst score
 * less 10, and a run of unknown characters is one. */
#include "base/utf8.h"
#include "tokenizer/unigram.h"
#include "tokenizer/word_cache.h"

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
    struct gs_word_cache *cache;
};

/* Where the pieces of a word go. */
struct sink {
    const struct gs_aligned *text;
    size_t from; /* the word begins here */
    struct gs_pieces *out;
    struct gs_word_slot *slot; /* where they are kept too; NULL: the word is too long */
};

enum gs_status gs_unigram_work_new(struct gs_unigram_work **ret, struct gs_error *err)
{
    struct gs_unigram_work *work = calloc(1, sizeof *work);

    if (work != NULL) {
        work->cache = gs_word_cache_new();
    }
    if (work == NULL || work->cache == NULL) {
        free(work);
        return gs_fail(err, GS_NO_MEMORY, "Unigram's work");
    }
    *ret = work;
    return GS_OK;
}

void gs_unigram_work_free(struct gs_unigram_work *work)
{
    if (work != NULL) {
        free(work->steps);
        free(work->cache);
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

/* The bytes [start, end) of the word are this piece. */
static void add_piece(struct sink *sink, size_t start, size_t end, int32_t id)
{
    struct gs_pieces *out = sink->out;

    out->ids[out->n] = id;
    out->starts[out->n] = sink->text->starts[sink->from + start];
    out->ends[out->n] = sink->text->ends[sink->from + end - 1];
    out->n++;
    if (sink->slot != NULL) {
        gs_word_cache_note(sink->slot, start, end, id);
    }
}

/* Unknown characters [start, end): together they may be a piece, or each byte is one, or unknown.
 */
static void add_unknown(const struct gs_unigram *unigram, struct sink *sink, size_t start,
                        size_t end)
{
    const char *word = sink->text->bytes + sink->from;
    int32_t id = unigram->unk_id;
    bool all = unigram->byte_fallback;

    if (gs_trie_find(&unigram->trie, (struct gs_str){word + start, end - start}, &id)) {
        all = false;
    }
    for (size_t i = start; i < end && all; i++) {
        all = unigram->byte_ids[(unsigned char)word[i]] >= 0;
    }
    if (!all) {
        add_piece(sink, start, end, id);
        return;
    }
    for (size_t i = start; i < end; i++) {
        add_piece(sink, start, end, unigram->byte_ids[(unsigned char)word[i]]);
    }
}

/* The best path's pieces, which turn_round() put in order. */
static void add_path(const struct gs_unigram *unigram, const struct step *steps, size_t n,
                     struct sink *sink)
{
    for (size_t at = 0; at < n;) {
        size_t end = steps[at].start;
        if (steps[at].id != unigram->unk_id) {
            add_piece(sink, at, end, steps[at].id);
        } else {
            while (end < n && steps[end].id == unigram->unk_id) {
                end = steps[end].start;
            }
            add_unknown(unigram, sink, at, end);
        }
        at = end;
    }
}

enum gs_status gs_unigram_encode(const struct gs_unigram *unigram, struct gs_unigram_work *work,
                                 const struct gs_aligned *text, size_t from, size_t to,
                                 struct gs_pieces *out, struct gs_error *err)
{
    const size_t n = to - from;
    struct sink sink = {text, from, out, NULL};

    if (n == 0) {
        return GS_OK;
    }
    if (!gs_pieces_reserve(out, GS_CACHE_PIECES)) {
        return gs_fail(err, GS_NO_MEMORY, "%zu pieces", out->n);
    }
    if (n <= GS_CACHE_WORD &&
        gs_word_cache_find(work->cache, unigram->number, text->bytes + from, n, &sink.slot)) {
        gs_word_cache_put(sink.slot, text, from, out);
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
    add_path(unigram, work->steps, n, &sink);
    if (sink.slot != NULL) {
        gs_word_cache_keep(sink.slot, unigram->number);
    }
    return GS_OK;
}
