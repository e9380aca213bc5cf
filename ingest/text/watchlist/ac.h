/* Aho-Corasick automaton over bytes (Aho and Corasick 1975, CACM 18(6)).
 *
 * Nodes are numbered level by level, so that the children of one node are neighbours, in order of
 * their byte: an edge needs no pointer, and 19 bytes a node are all there is. The root's
 * edges are spread out, since most bytes of a text leave from there.
 *
 * Threads: constant after building. */
#ifndef GS_INGEST_AC_H
#define GS_INGEST_AC_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

enum { GS_AC_MAX_NODES = 32 * 1024 * 1024 };

struct gs_ac {
    size_t n_nodes;
    uint32_t *first; /* [n_nodes + 1]: the children of v are first[v] to first[v + 1] */
    uint32_t *fail;  /* [n_nodes]: the longest proper suffix that is a node */
    uint32_t *out;   /* [n_nodes]: pattern + 1 that ends here; 0: none */
    uint32_t *dict;  /* [n_nodes]: nearest node on the fail chain where a pattern ends; 0: none */
    uint16_t *depth; /* [n_nodes] */
    uint8_t *label;  /* [n_nodes]: the byte that leads here */
    uint32_t root[256];
};

/* Builds the automaton of n patterns, sorted by their bytes, all different, none empty, each at
 * most UINT16_MAX bytes (asserted). GS_NO_MEMORY, GS_BAD_CONFIG past GS_AC_MAX_NODES. */
GS_MUST_CHECK
enum gs_status gs_ac_build(const struct gs_str *patterns, size_t n, struct gs_ac *ac,
                           struct gs_error *err);
void gs_ac_done(struct gs_ac *ac); /* {0} is fine */

static inline uint32_t gs_ac_child(const struct gs_ac *ac, uint32_t node, uint8_t byte)
{
    if (node == 0) {
        return ac->root[byte];
    }
    uint32_t low = ac->first[node];
    uint32_t high = ac->first[node + 1];
    while (low < high) {
        const uint32_t mid = low + (high - low) / 2;
        if (ac->label[mid] == byte) {
            return mid;
        }
        if (ac->label[mid] < byte) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return 0;
}

static inline uint32_t gs_ac_step(const struct gs_ac *ac, uint32_t node, uint8_t byte)
{
    for (;;) {
        const uint32_t child = gs_ac_child(ac, node, byte);
        if (child != 0 || node == 0) {
            return child;
        }
        node = ac->fail[node];
    }
}

#endif
