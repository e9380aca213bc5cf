/* A double-array trie of scored pieces: one 16-byte node, so one cache line at most, a byte of
 * text.
 *
 *     child of node by byte c = nodes[node].base ^ c, if that node's parent is node
 *
 * The children of a node are in one block of 256 nodes; bases are found by bit sets of free nodes.
 *
 * Source:  Aoe 1989, "An efficient digital search algorithm by using a double-array structure".
 * Threads: constant after building. Internal to the tokenizer. */
#ifndef GS_TOKENIZER_UNIGRAM_TRIE_H
#define GS_TOKENIZER_UNIGRAM_TRIE_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct gs_trie_node {
    uint32_t base;
    uint32_t parent; /* GS_TRIE_NONE: nobody's child */
    double score;    /* NaN: no piece ends here */
};

#define GS_TRIE_NONE UINT32_MAX
enum { GS_TRIE_ROOT = 0 };

struct gs_trie {
    struct gs_trie_node *nodes; /* [n], n a multiple of 256, every base < n */
    int32_t *ids;               /* [n], of the piece that ends at the node */
    size_t n;
};

struct gs_trie_piece {
    struct gs_str text;
    double score;
    int32_t id;
    uint64_t first; /* the builder's: sorting by it is quicker */
};

/* Sorts the pieces; of equal ones the one with the largest id counts. Empty ones are left out. */
GS_MUST_CHECK
enum gs_status gs_trie_build(struct gs_trie_piece *pieces, size_t n, struct gs_trie *ret,
                             struct gs_error *err);
void gs_trie_done(struct gs_trie *trie);

/* The child of node by byte c, or GS_TRIE_NONE. */
static inline uint32_t gs_trie_child(const struct gs_trie *trie, uint32_t node, unsigned char c)
{
    const uint32_t child = trie->nodes[node].base ^ c;

    return trie->nodes[child].parent == node ? child : GS_TRIE_NONE;
}

/* The id of exactly this piece; false when it is none. */
bool gs_trie_find(const struct gs_trie *trie, struct gs_str text, int32_t *ret);

#endif
