/* Byte-level BPE: the pair of lowest rank is joined first, the left one of equals, until none is
 * left. A heap of pairs over a linked list of symbols: n log n also in the longest word. */
#include "tokenizer/models/bpe.h"
#include "tokenizer/models/word_cache.h"

#include <stdlib.h>

struct symbol {
    int32_t id;
    uint32_t len; /* bytes in the printable spelling; 0: joined to the one on its left */
    uint32_t prev, next;
};

#define NOWHERE UINT32_MAX

struct gs_bpe_workspace {
    struct symbol *symbols;
    uint64_t *heap; /* rank << 32 | place of the left symbol: the least is next */
    size_t n_symbols, n_heap;
    size_t capacity; /* symbols; the heap has three times as many */
    struct gs_word_cache *cache;
};

enum gs_status gs_bpe_workspace_new(struct gs_bpe_workspace **ret, struct gs_error *err)
{
    struct gs_bpe_workspace *work = calloc(1, sizeof *work);

    if (work != NULL) {
        work->cache = gs_word_cache_new();
    }
    if (work == NULL || work->cache == NULL) {
        free(work);
        return gs_fail(err, GS_NO_MEMORY, "BPE's work");
    }
    *ret = work;
    return GS_OK;
}

void gs_bpe_workspace_free(struct gs_bpe_workspace *work)
{
    if (work != NULL) {
        free(work->symbols);
        free(work->heap);
        free(work->cache);
        free(work);
    }
}

/* A word of n bytes has at most n - 1 pairs, and each of at most n - 1 joins brings two more. */
static bool reserve(struct gs_bpe_workspace *work, size_t n)
{
    if (n <= work->capacity) {
        return true;
    }
    const size_t capacity = n < 64 ? 64 : n + n / 2;
    free(work->symbols);
    free(work->heap);
    work->symbols = malloc(capacity * sizeof *work->symbols);
    work->heap = malloc(3 * capacity * sizeof *work->heap);
    work->capacity = work->symbols == NULL || work->heap == NULL ? 0 : capacity;
    return work->capacity != 0;
}

static void heap_push(struct gs_bpe_workspace *work, uint64_t key)
{
    size_t at = work->n_heap++;

    for (; at > 0 && work->heap[(at - 1) / 2] > key; at = (at - 1) / 2) {
        work->heap[at] = work->heap[(at - 1) / 2];
    }
    work->heap[at] = key;
}

static uint64_t heap_pop(struct gs_bpe_workspace *work)
{
    const uint64_t top = work->heap[0], key = work->heap[--work->n_heap];
    size_t at = 0;

    for (size_t child = 1; child < work->n_heap; child = 2 * at + 1) {
        if (child + 1 < work->n_heap && work->heap[child + 1] < work->heap[child]) {
            child++;
        }
        if (work->heap[child] >= key) {
            break;
        }
        work->heap[at] = work->heap[child];
        at = child;
    }
    work->heap[at] = key;
    return top;
}

static void add_symbol(struct gs_bpe_workspace *work, int32_t id, size_t len)
{
    const size_t n = work->n_symbols++;

    work->symbols[n] =
        (struct symbol){id, (uint32_t)len, n == 0 ? NOWHERE : (uint32_t)n - 1, NOWHERE};
    if (n > 0) {
        work->symbols[n - 1].next = (uint32_t)n;
    }
}

/* One symbol a byte; bytes that are no piece are unknown, or left out where nothing is unknown. */
static void add_symbols(const struct gs_bpe *bpe, struct gs_bpe_workspace *work, const char *word,
                        size_t n)
{
    size_t unknown = 0; /* printable bytes that wait to be an unknown symbol */

    work->n_symbols = 0;
    for (size_t i = 0; i < n; i++) {
        const unsigned char byte = (unsigned char)word[i];
        const int32_t id = bpe->byte_ids[byte];
        const size_t len = gs_bpe_printable_len(byte);
        if (id < 0 && bpe->unk_id < 0) {
            continue;
        }
        if (unknown > 0 && (id >= 0 || !bpe->fuse_unk)) {
            add_symbol(work, bpe->unk_id, unknown);
            unknown = 0;
        }
        if (id >= 0) {
            add_symbol(work, id, len);
        } else {
            unknown += len;
        }
    }
    if (unknown > 0) {
        add_symbol(work, bpe->unk_id, unknown);
    }
}

/* Notes the pair down whose left symbol is at this place, if it is one. */
static void push_pair(const struct gs_bpe *bpe, struct gs_bpe_workspace *work, uint32_t left)
{
    const struct symbol *symbol = &work->symbols[left];

    if (symbol->next == NOWHERE) {
        return;
    }
    const struct gs_bpe_merge *merge =
        gs_bpe_merge(bpe, symbol->id, work->symbols[symbol->next].id);
    if (merge != NULL) {
        heap_push(work, (uint64_t)merge->rank << 32 | left);
    }
}

static void join(const struct gs_bpe *bpe, struct gs_bpe_workspace *work, uint32_t at, int32_t id)
{
    struct symbol *left = &work->symbols[at], *right = &work->symbols[left->next];

    left->id = id;
    left->len += right->len;
    left->next = right->next;
    right->len = 0;
    if (left->next != NOWHERE) {
        work->symbols[left->next].prev = at;
    }
    if (left->prev != NOWHERE) {
        push_pair(bpe, work, left->prev);
    }
    push_pair(bpe, work, at);
}

static void join_all(const struct gs_bpe *bpe, struct gs_bpe_workspace *work)
{
    work->n_heap = 0;
    for (uint32_t i = 0; i < work->n_symbols; i++) {
        push_pair(bpe, work, i);
    }
    while (work->n_heap > 0) {
        const uint64_t key = heap_pop(work);
        const uint32_t at = (uint32_t)key;
        const struct symbol *left = &work->symbols[at];
        if (left->len == 0 || left->next == NOWHERE) {
            continue;
        }
        /* A stale pair is skipped. The reference goes by what the pair becomes, not by its rank: a
         * younger pair at this place that becomes the same is joined now, before its turn. */
        const struct gs_bpe_merge *merge =
            gs_bpe_merge(bpe, left->id, work->symbols[left->next].id);
        const int32_t id = bpe->ids_by_rank[key >> 32];
        if (merge != NULL && merge->id == id) {
            join(bpe, work, at, id);
        }
    }
}

/* The symbols as pieces. Their lengths are in the printable spelling; where a byte was left out,
 * what follows is counted from too far left, as the reference counts. */
static void add_pieces(const struct gs_bpe_workspace *work, const struct gs_aligned *text,
                       size_t from, size_t to, struct gs_word_slot *slot, struct gs_pieces *out)
{
    size_t byte = from; /* covers the printable bytes [before, before + its length) */
    size_t before = 0, end = 0;

    for (uint32_t i = 0; i < work->n_symbols; i = work->symbols[i].next) {
        const size_t start = end;
        end += work->symbols[i].len;
        while (before + gs_bpe_printable_len((unsigned char)text->bytes[byte]) <= start) {
            before += gs_bpe_printable_len((unsigned char)text->bytes[byte++]);
        }
        const size_t first = byte;
        while (byte + 1 < to &&
               before + gs_bpe_printable_len((unsigned char)text->bytes[byte]) < end) {
            before += gs_bpe_printable_len((unsigned char)text->bytes[byte++]);
        }
        out->ids[out->n] = work->symbols[i].id;
        out->starts[out->n] = text->starts[first];
        out->ends[out->n] = text->ends[byte];
        out->n++;
        if (slot != NULL) {
            gs_word_cache_note(slot, first - from, byte + 1 - from, work->symbols[i].id);
        }
    }
}

/* The pieces of a word that the cache has not. */
static void encode(const struct gs_bpe *bpe, struct gs_bpe_workspace *work,
                   const struct gs_aligned *text, size_t from, size_t to, struct gs_word_slot *slot,
                   struct gs_pieces *out)
{
    const struct gs_str word = {text->bytes + from, to - from};
    uint64_t whole = 0;

    if (bpe->ignore_merges && gs_map_get(bpe->pieces, word, &whole)) {
        out->ids[out->n] = (int32_t)whole;
        out->starts[out->n] = text->starts[from];
        out->ends[out->n] = text->ends[to - 1];
        out->n++;
        if (slot != NULL) {
            gs_word_cache_note(slot, 0, word.len, (int32_t)whole);
        }
        return;
    }
    add_symbols(bpe, work, word.bytes, word.len);
    join_all(bpe, work);
    add_pieces(work, text, from, to, slot, out);
}

enum gs_status gs_bpe_encode(const struct gs_bpe *bpe, struct gs_bpe_workspace *work,
                             const struct gs_aligned *text, size_t from, size_t to,
                             struct gs_pieces *out, struct gs_error *err)
{
    const size_t n = to - from;
    struct gs_word_slot *slot = NULL;

    if (n == 0) {
        return GS_OK;
    }
    if (!gs_pieces_reserve(out, n < GS_CACHE_PIECES ? GS_CACHE_PIECES : n) || !reserve(work, n)) {
        return gs_fail(err, GS_NO_MEMORY, "a word of %zu bytes", n);
    }
    if (n <= GS_CACHE_WORD &&
        gs_word_cache_find(work->cache, bpe->number, text->bytes + from, n, &slot)) {
        gs_word_cache_put(slot, text, from, out);
        return GS_OK;
    }
    encode(bpe, work, text, from, to, slot, out);
    if (slot != NULL) {
        gs_word_cache_keep(slot, bpe->number);
    }
    return GS_OK;
}
