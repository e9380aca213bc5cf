/* The best segmentation of a word: Viterbi over byte positions.
 *
 * Ties, sums and unknowns are exactly as the reference has them: positions from left to right,
 * pieces from short to long, a later one only wins when it is better, scores are added up in
 * doubles from the word's beginning, a character without a piece of its own costs the worst score
 * less 10, and a run of unknown characters is one.
 *
 * A long word is done in parts: at a place that no piece spans, every path passes, so what is
 * before it is settled. The sum is carried on. */
#include "ingest/base/utf8.h"
#include "tokenizer/models/unigram.h"
#include "tokenizer/models/word_cache.h"

#include <math.h>
#include <stdlib.h>

enum { LONG_PART = 2048 }; /* bytes; shorter parts are not worth it */

/* The best way to end at a position. */
struct step {
    double score;
    uint32_t start; /* where its last piece begins; NOWHERE: not reached */
    int32_t id;
};

#define NOWHERE UINT32_MAX

struct gs_unigram_workspace {
    struct step *steps; /* of a part; good up to reach, where the longest piece so far ends */
    size_t reach, capacity;
    struct gs_word_cache *cache;
};

/* Where the pieces of a word go. */
struct sink {
    const struct gs_unigram *unigram;
    const struct gs_aligned *text;
    size_t from; /* the word begins here */
    struct gs_pieces *out;
    struct gs_word_slot *slot;   /* where they are kept too; NULL: the word is too long */
    size_t unknown, unknown_end; /* unknown characters that wait for what follows */
};

enum gs_status gs_unigram_workspace_new(struct gs_unigram_workspace **ret, struct gs_error *err)
{
    struct gs_unigram_workspace *work = calloc(1, sizeof *work);

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

void gs_unigram_workspace_free(struct gs_unigram_workspace *work)
{
    if (work != NULL) {
        free(work->steps);
        free(work->cache);
        free(work);
    }
}

/* Makes the steps up to end good. */
static bool reach(struct gs_unigram_workspace *work, size_t end)
{
    if (work->capacity <= end) {
        const size_t capacity = end < 512 ? 1024 : 2 * end;
        struct step *bigger = realloc(work->steps, capacity * sizeof *bigger);
        if (bigger == NULL) {
            return false;
        }
        work->steps = bigger;
        work->capacity = capacity;
    }
    while (work->reach < end) {
        work->steps[++work->reach].start = NOWHERE;
    }
    return true;
}

static inline bool offer(struct gs_unigram_workspace *work, size_t end, double score, size_t start,
                         int32_t id)
{
    if (end > work->reach && !reach(work, end)) {
        return false;
    }
    struct step *step = &work->steps[end];
    if (step->start == NOWHERE || score > step->score) {
        *step = (struct step){score, (uint32_t)start, id};
    }
    return true;
}

/* Offers every piece that begins at a character of len bytes. */
static bool offer_all(const struct gs_unigram *unigram, struct gs_unigram_workspace *work,
                      const char *part, size_t n, size_t at, size_t len)
{
    const struct gs_trie *trie = &unigram->trie;
    const double before = work->steps[at].score;
    bool has_char = false, ok = true;
    uint32_t node = GS_TRIE_ROOT;

    for (size_t i = at; i < n; i++) {
        node = gs_trie_child(trie, node, (unsigned char)part[i]);
        if (node == GS_TRIE_NONE) {
            break;
        }
        const double score = trie->nodes[node].score;
        if (!isnan(score)) {
            ok = offer(work, i + 1, score + before, at, trie->ids[node]) && ok;
            has_char |= i + 1 - at == len;
        }
    }
    if (!has_char) {
        ok = offer(work, at + len, unigram->unk_score + before, at, unigram->unk_id) && ok;
    }
    return ok;
}

/* The best path through the first bytes of a text of n, from the sum before it. Returns how many
 * bytes: all, or up to a place that every path passes; 0 without memory. */
static size_t find_best(const struct gs_unigram *unigram, struct gs_unigram_workspace *work,
                        const char *part, size_t n, double sum)
{
    size_t at = 0;

    work->reach = 0;
    if (!reach(work, 1)) {
        return 0;
    }
    work->steps[0] = (struct step){sum, 0, 0};
    while (at < n && (at < LONG_PART || work->reach > at)) {
        const size_t valid = gs_utf8_valid_len(part + at, n - at);
        const size_t len = valid == 0 ? 1 : valid;
        if (!offer_all(unigram, work, part, n, at, len)) {
            return 0;
        }
        at += len;
    }
    return at;
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

/* The unknown characters that wait: together they may be a piece, or each byte is one, or unknown.
 * False without memory. */
static bool add_unknown(struct sink *sink)
{
    const struct gs_unigram *unigram = sink->unigram;
    const char *word = sink->text->bytes + sink->from;
    const size_t start = sink->unknown, end = sink->unknown_end;
    int32_t id = unigram->unk_id;

    if (start == end) {
        return true;
    }
    sink->unknown = sink->unknown_end;
    bool all = !gs_trie_find(&unigram->trie, (struct gs_str){word + start, end - start}, &id) &&
               unigram->byte_fallback;
    for (size_t i = start; i < end && all; i++) {
        all = unigram->byte_ids[(unsigned char)word[i]] >= 0;
    }
    if (!gs_pieces_reserve(sink->out, all ? end - start : 1)) {
        return false;
    }
    if (!all) {
        add_piece(sink, start, end, id);
        return true;
    }
    for (size_t i = start; i < end; i++) {
        add_piece(sink, start, end, unigram->byte_ids[(unsigned char)word[i]]);
    }
    return true;
}

/* The pieces of a part of n bytes that begins at base in the word. False without memory. */
static bool add_path(struct step *steps, size_t n, size_t base, struct sink *sink)
{
    size_t left = turn_round(steps, n);
    bool ok = true;

    for (size_t at = 0; at < n && ok; at = steps[at].start, left--) {
        const size_t start = base + at, end = base + steps[at].start;
        if (steps[at].id == sink->unigram->unk_id) {
            sink->unknown = sink->unknown == sink->unknown_end ? start : sink->unknown;
            sink->unknown_end = end;
            continue;
        }
        ok = add_unknown(sink) && gs_pieces_reserve(sink->out, left);
        if (ok) {
            add_piece(sink, start, end, steps[at].id);
        }
    }
    return ok;
}

/* Part by part, as long as more pieces are wanted. */
static enum gs_status encode(struct gs_unigram_workspace *work, struct sink *sink, size_t n,
                             struct gs_error *err)
{
    double sum = 0;

    for (size_t at = 0; at < n;) {
        const size_t len =
            find_best(sink->unigram, work, sink->text->bytes + sink->from + at, n - at, sum);
        if (len == 0) {
            return gs_fail(err, GS_NO_MEMORY, "a word of %zu bytes", n);
        }
        sum = work->steps[len].score;
        if (!add_path(work->steps, len, at, sink)) {
            return gs_fail(err, GS_NO_MEMORY, "the pieces of a word of %zu bytes", n);
        }
        at += len;
        if (at < n && sink->out->limit > 0 && sink->out->n >= sink->out->limit) {
            return GS_OK;
        }
    }
    if (!add_unknown(sink)) {
        return gs_fail(err, GS_NO_MEMORY, "the pieces of a word of %zu bytes", n);
    }
    return GS_OK;
}

enum gs_status gs_unigram_encode(const struct gs_unigram *unigram,
                                 struct gs_unigram_workspace *work, const struct gs_aligned *text,
                                 size_t from, size_t to, struct gs_pieces *out,
                                 struct gs_error *err)
{
    const size_t n = to - from;
    struct sink sink = {unigram, text, from, out, NULL, 0, 0};

    if (n == 0) {
        return GS_OK;
    }
    if (n > GS_CACHE_WORD) {
        return encode(work, &sink, n, err);
    }
    if (!gs_pieces_reserve(out, GS_CACHE_PIECES)) {
        return gs_fail(err, GS_NO_MEMORY, "the pieces of a word of %zu bytes", n);
    }
    if (gs_word_cache_find(work->cache, unigram->number, text->bytes + from, n, &sink.slot)) {
        gs_word_cache_put(sink.slot, text, from, out);
        return GS_OK;
    }
    const enum gs_status status = encode(work, &sink, n, err);
    if (status == GS_OK) {
        gs_word_cache_keep(sink.slot, unigram->number);
    }
    return status;
}
