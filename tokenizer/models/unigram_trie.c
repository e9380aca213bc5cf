/* Builds the double array of unigram_trie.h from a list of pieces.
 *
 * The pieces are sorted, so that those with the same first bytes lie together. A stack holds the nodes
 * whose children are still to be placed, each with its range of pieces. Placing a node means finding a
 * base such that base ^ c is free for each first byte c of its children: the free nodes of a block of 256
 * are a bit set, and "free at base ^ c for all c" is an intersection of that set with its bits permuted by
 * each c (swap_bits()), so 64 bases are tried at once. Nodes with one child take any free place. */
#include "tokenizer/models/unigram_trie.h"

#include <math.h>
#include <stdlib.h>

enum {
    BLOCK = 256,
    WORDS = BLOCK / 64,
    TRIED = 16,           /* newest blocks that a node with several children is tried in */
    MAX_BLOCKS = 1 << 20, /* 2^28 nodes, 4 GiB */
};

/* Which nodes of a block are free: bit i of free[i / 64]. */
struct block {
    uint64_t free[WORDS];
    uint32_t n_free;
};

/* A node whose children are still to be placed: pieces [from, to) share its depth first bytes. */
struct todo {
    uint32_t node;
    uint32_t from, to;
    uint32_t depth;
};

struct build {
    struct gs_trie trie;
    struct block *blocks;
    size_t n_blocks, capacity; /* capacity in blocks, of trie and blocks */
    size_t low;                /* blocks below are full */
    struct todo *stack;
    size_t n_stack, stack_capacity;
    const struct gs_trie_piece *pieces;
};

static int by_text(const void *a, const void *b)
{
    const struct gs_trie_piece *x = a, *y = b;

    if (x->first != y->first) {
        return x->first < y->first ? -1 : 1;
    }
    const size_t n = x->text.len < y->text.len ? x->text.len : y->text.len;
    const int order = n == 0 ? 0 : memcmp(x->text.bytes, y->text.bytes, n);

    if (order != 0) {
        return order;
    }
    if (x->text.len != y->text.len) {
        return x->text.len < y->text.len ? -1 : 1;
    }
    return x->id < y->id ? -1 : x->id > y->id;
}

/* The first 8 bytes as a number that compares as they do. */
static uint64_t first_bytes(struct gs_str text)
{
    uint64_t first = 0;

    for (size_t i = 0; i < 8; i++) {
        first = first << 8 | (i < text.len ? (unsigned char)text.bytes[i] : 0U);
    }
    return first;
}

static bool grow_blocks(struct build *b)
{
    const size_t capacity = b->capacity == 0 ? 16 : b->capacity + b->capacity / 2;
    void *nodes = realloc(b->trie.nodes, capacity * BLOCK * sizeof *b->trie.nodes);
    b->trie.nodes = nodes == NULL ? b->trie.nodes : nodes;
    void *ids = realloc(b->trie.ids, capacity * BLOCK * sizeof *b->trie.ids);
    b->trie.ids = ids == NULL ? b->trie.ids : ids;
    void *blocks = realloc(b->blocks, capacity * sizeof *b->blocks);
    b->blocks = blocks == NULL ? b->blocks : blocks;
    if (nodes == NULL || ids == NULL || blocks == NULL) {
        return false;
    }
    b->capacity = capacity;
    return true;
}

/* Gives back what was reserved too much; where that fails it just stays. */
static void shrink(struct build *b)
{
    void *nodes = realloc(b->trie.nodes, b->trie.n * sizeof *b->trie.nodes);
    b->trie.nodes = nodes == NULL ? b->trie.nodes : nodes;
    void *ids = realloc(b->trie.ids, b->trie.n * sizeof *b->trie.ids);
    b->trie.ids = ids == NULL ? b->trie.ids : ids;
}

static bool add_block(struct build *b)
{
    if (b->n_blocks == MAX_BLOCKS || (b->n_blocks == b->capacity && !grow_blocks(b))) {
        return false;
    }
    struct block *block = &b->blocks[b->n_blocks];
    for (size_t w = 0; w < WORDS; w++) {
        block->free[w] = UINT64_MAX;
    }
    block->n_free = BLOCK;
    for (size_t i = b->n_blocks * BLOCK; i < (b->n_blocks + 1) * BLOCK; i++) {
        b->trie.nodes[i] = (struct gs_trie_node){0, GS_TRIE_NONE, (double)NAN};
        b->trie.ids[i] = -1;
    }
    b->n_blocks++;
    return true;
}

static void take(struct build *b, uint32_t node, uint32_t parent)
{
    struct block *block = &b->blocks[node / BLOCK];

    block->free[(node % BLOCK) / 64] &= ~(1ULL << (node % 64));
    block->n_free--;
    b->trie.nodes[node].parent = parent;
}

/* Bit i of the result is bit i ^ x of word; x < 64. */
static uint64_t swap_bits(uint64_t word, unsigned x)
{
    static const uint64_t masks[6] = {
        0x5555555555555555U, 0x3333333333333333U, 0x0F0F0F0F0F0F0F0FU,
        0x00FF00FF00FF00FFU, 0x0000FFFF0000FFFFU, 0x00000000FFFFFFFFU,
    };

    for (unsigned i = 0; i < 6; i++) {
        if ((x >> i & 1U) != 0) {
            const unsigned shift = 1U << i;
            word = ((word >> shift) & masks[i]) | ((word & masks[i]) << shift);
        }
    }
    return word;
}

/* A base in the block whose children by all labels are free, or GS_TRIE_NONE. */
static uint32_t base_in(const struct build *b, size_t at, const unsigned char *labels, size_t n)
{
    const struct block *block = &b->blocks[at];
    uint64_t can[WORDS] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};

    if (block->n_free < n) {
        return GS_TRIE_NONE;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t w = 0; w < WORDS; w++) {
            can[w] &= swap_bits(block->free[w ^ (size_t)(labels[i] / 64)], labels[i] % 64);
        }
    }
    for (size_t w = 0; w < WORDS; w++) {
        if (can[w] != 0) {
            return (uint32_t)(at * BLOCK + w * 64) + (uint32_t)__builtin_ctzll(can[w]);
        }
    }
    return GS_TRIE_NONE;
}

/* Where children by these labels fit; only chains fill the gaps of old blocks. */
static uint32_t find_base(struct build *b, const unsigned char *labels, size_t n)
{
    while (b->low < b->n_blocks && b->blocks[b->low].n_free == 0) {
        b->low++;
    }
    if (n == 1 && b->low < b->n_blocks) {
        return base_in(b, b->low, labels, n);
    }
    size_t at = b->n_blocks > TRIED ? b->n_blocks - TRIED : 0;
    for (at = at < b->low ? b->low : at; at < b->n_blocks; at++) {
        const uint32_t base = base_in(b, at, labels, n);
        if (base != GS_TRIE_NONE) {
            return base;
        }
    }
    return add_block(b) ? base_in(b, b->n_blocks - 1, labels, n) : GS_TRIE_NONE;
}

static bool push(struct build *b, struct todo todo)
{
    if (b->n_stack == b->stack_capacity) {
        const size_t capacity = b->stack_capacity == 0 ? 1024 : 2 * b->stack_capacity;
        struct todo *bigger = realloc(b->stack, capacity * sizeof *bigger);
        if (bigger == NULL) {
            return false;
        }
        b->stack = bigger;
        b->stack_capacity = capacity;
    }
    b->stack[b->n_stack++] = todo;
    return true;
}

/* Places the children of one node and notes them down. */
static bool place(struct build *b, struct todo todo)
{
    unsigned char labels[BLOCK];
    uint32_t begins[BLOCK + 1];
    size_t n = 0;

    /* pieces that end here come first; of equal ones the last counts */
    while (todo.from < todo.to && b->pieces[todo.from].text.len == todo.depth) {
        b->trie.nodes[todo.node].score = b->pieces[todo.from].score;
        b->trie.ids[todo.node] = b->pieces[todo.from].id;
        todo.from++;
    }
    for (uint32_t i = todo.from; i < todo.to; i++) {
        const unsigned char c = (unsigned char)b->pieces[i].text.bytes[todo.depth];
        if (n == 0 || labels[n - 1] != c) {
            labels[n] = c;
            begins[n++] = i;
        }
    }
    begins[n] = todo.to;
    if (n == 0) {
        return true;
    }
    const uint32_t base = find_base(b, labels, n);
    if (base == GS_TRIE_NONE) {
        return false;
    }
    b->trie.nodes[todo.node].base = base;
    for (size_t i = 0; i < n; i++) {
        take(b, base ^ labels[i], todo.node);
    }
    for (size_t i = n; i-- > 0;) {
        if (!push(b, (struct todo){base ^ labels[i], begins[i], begins[i + 1], todo.depth + 1})) {
            return false;
        }
    }
    return true;
}

enum gs_status gs_trie_build(struct gs_trie_piece *pieces, size_t n, struct gs_trie *ret,
                             struct gs_error *err)
{
    struct build b = {.pieces = pieces};
    enum gs_status status = GS_OK;
    uint32_t first = 0;

    if (n > INT32_MAX) {
        return gs_fail(err, GS_BAD_FORMAT, "a vocabulary of %zu pieces is too large", n);
    }
    for (size_t i = 0; i < n; i++) {
        pieces[i].first = first_bytes(pieces[i].text);
    }
    if (n > 0) {
        qsort(pieces, n, sizeof *pieces, by_text);
    }
    while (first < n && pieces[first].text.len == 0) {
        first++;
    }
    bool ok = add_block(&b);
    if (ok) {
        take(&b, GS_TRIE_ROOT, GS_TRIE_NONE);
        ok = push(&b, (struct todo){GS_TRIE_ROOT, first, (uint32_t)n, 0});
    }
    while (ok && b.n_stack > 0) {
        ok = place(&b, b.stack[--b.n_stack]);
    }
    if (ok) {
        b.trie.n = b.n_blocks * BLOCK;
        shrink(&b);
        *ret = b.trie;
        b.trie = (struct gs_trie){0};
    } else {
        status = gs_fail(err, GS_NO_MEMORY, "the trie of %zu pieces", n);
    }
    gs_trie_done(&b.trie);
    free(b.blocks);
    free(b.stack);
    return status;
}

void gs_trie_done(struct gs_trie *trie)
{
    free(trie->nodes);
    free(trie->ids);
    *trie = (struct gs_trie){0};
}

bool gs_trie_find(const struct gs_trie *trie, struct gs_str text, int32_t *ret)
{
    uint32_t node = GS_TRIE_ROOT;

    for (size_t i = 0; i < text.len && node != GS_TRIE_NONE; i++) {
        node = gs_trie_child(trie, node, (unsigned char)text.bytes[i]);
    }
    if (node == GS_TRIE_NONE || isnan(trie->nodes[node].score)) {
        return false;
    }
    *ret = trie->ids[node];
    return true;
}
