/* Building the automaton: a trie of all patterns, and for each of its nodes where to go on when
 * the next byte does not fit.
 *
 *     patterns: he hers his she          node    a string that some pattern begins with
 *                                        first   its children stand next to each other in the
 *       0 ─h─ 1 ─e─ 3 ─r─ 6 ─s─ 8                numbering, in the order of their bytes
 *       │     └─i─ 4 ─s─ 7               fail    the longest proper end of its string that is a
 *       └─s─ 2 ─h─ 5 ─e─ 9                       node too: 5 "sh" → 1 "h", 9 "she" → 3 "he"
 *                                        dict    the nearest node on the way of fails where a
 *                                                pattern ends: 9 → 3, since "she" ends in "he"
 *
 * The patterns come sorted, so a node is a range of them that share a beginning, and its children
 * are found by splitting the range at the next byte. Working through the nodes in the order of
 * their numbers splits level by level, which makes the children of a node neighbours (one index a
 * node instead of pointers) and has every fail link ready before the deeper nodes need it: the fail
 * of a child is what the fail of its parent steps to with the same byte.
 *
 * A step of the search (ac.h) looks for the byte among the children, by halving, and else follows
 * fail and looks again. Every fail makes the string shorter and every byte makes it longer by one,
 * so that n bytes take at most 2n looks. The root, where most bytes of a text end up, has a table
 * of 256. */
#include "ingest/text/watchlist/ac.h"

#include <assert.h>
#include <stdlib.h>

/* While building, a node is a range of the sorted patterns that share its string. */
struct range {
    uint32_t low;
    uint32_t high;
};

static size_t count_nodes(const struct gs_str *patterns, size_t n)
{
    size_t nodes = 1;

    for (size_t i = 0; i < n; i++) {
        size_t shared = 0;
        while (i > 0 && shared < patterns[i].len && shared < patterns[i - 1].len &&
               patterns[i].bytes[shared] == patterns[i - 1].bytes[shared]) {
            shared++;
        }
        assert(patterns[i].len > shared && patterns[i].len <= UINT16_MAX);
        nodes += patterns[i].len - shared;
    }
    return nodes;
}

static bool take_memory(struct gs_ac *ac, size_t nodes)
{
    ac->first = malloc((nodes + 1) * sizeof *ac->first);
    ac->fail = malloc(nodes * sizeof *ac->fail);
    ac->out = malloc(nodes * sizeof *ac->out);
    ac->dict = malloc(nodes * sizeof *ac->dict);
    ac->depth = malloc(nodes * sizeof *ac->depth);
    ac->label = malloc(nodes * sizeof *ac->label);
    return ac->first != NULL && ac->fail != NULL && ac->out != NULL && ac->dict != NULL &&
           ac->depth != NULL && ac->label != NULL;
}

/* Splits node's range by the next byte; its children go to the end of the numbering. */
static void add_children(struct gs_ac *ac, const struct gs_str *patterns, struct range *ranges,
                         uint32_t node)
{
    const size_t depth = ac->depth[node];
    uint32_t i = ranges[node].low;

    ac->out[node] = 0;
    ac->first[node] = (uint32_t)ac->n_nodes;
    if (i < ranges[node].high && patterns[i].len == depth) {
        ac->out[node] = ++i; /* the pattern's number + 1, and on to the longer ones */
    }
    while (i < ranges[node].high) {
        const char byte = patterns[i].bytes[depth];
        const uint32_t low = i;
        while (i < ranges[node].high && patterns[i].bytes[depth] == byte) {
            i++;
        }
        ranges[ac->n_nodes] = (struct range){low, i};
        ac->label[ac->n_nodes] = (uint8_t)byte;
        ac->depth[ac->n_nodes] = (uint16_t)(depth + 1);
        ac->n_nodes++;
    }
    ac->first[node + 1] = (uint32_t)ac->n_nodes;
}

/* Level by level, so that a node's fail link is ready before its children need it. */
static void link_nodes(struct gs_ac *ac)
{
    ac->fail[0] = 0;
    ac->dict[0] = 0;
    for (uint32_t node = 0; node < ac->n_nodes; node++) {
        for (uint32_t child = ac->first[node]; child < ac->first[node + 1]; child++) {
            const uint32_t fail = node == 0 ? 0 : gs_ac_step(ac, ac->fail[node], ac->label[child]);
            ac->fail[child] = fail;
            ac->dict[child] = ac->out[fail] != 0 ? fail : ac->dict[fail];
        }
    }
}

enum gs_status gs_ac_build(const struct gs_str *patterns, size_t n, struct gs_ac *ret,
                           struct gs_error *err)
{
    struct gs_ac ac = {0};
    const size_t nodes = count_nodes(patterns, n);

    if (nodes > GS_AC_MAX_NODES) {
        return gs_fail(err, GS_BAD_CONFIG, "names need %zu nodes, but at most %d are allowed",
                       nodes, GS_AC_MAX_NODES);
    }
    struct range *ranges = malloc(nodes * sizeof *ranges);
    if (!take_memory(&ac, nodes) || ranges == NULL) {
        free(ranges);
        gs_ac_done(&ac);
        return gs_fail(err, GS_NO_MEMORY, "%zu nodes of names", nodes);
    }
    ranges[0] = (struct range){0, (uint32_t)n};
    ac.label[0] = 0;
    ac.depth[0] = 0;
    ac.n_nodes = 1;
    for (uint32_t node = 0; node < ac.n_nodes; node++) {
        add_children(&ac, patterns, ranges, node);
    }
    free(ranges);
    for (uint32_t child = ac.first[0]; child < ac.first[1]; child++) {
        ac.root[ac.label[child]] = child;
    }
    link_nodes(&ac);
    *ret = ac;
    return GS_OK;
}

void gs_ac_done(struct gs_ac *ac)
{
    free(ac->first);
    free(ac->fail);
    free(ac->out);
    free(ac->dict);
    free(ac->depth);
    free(ac->label);
    *ac = (struct gs_ac){0};
}
