/* Most words are one piece: the vocabulary's hash table answers at once. The others go through a
 * trie of bytes whose edges lie in one hash table: it holds the whole vocabulary as it is spelt, so
 * that pieces that continue a word begin at the node of "##". */
#include "tokenizer/models/wordpiece.h"

#include "ingest/base/hash.h"
#include "ingest/base/utf8.h"

#include <stdlib.h>

struct edge {
    uint32_t node; /* where it leads; 0: free */
    uint32_t key;  /* its parent << 8 | byte */
};

enum { MAX_NODES = 1 << 24 };

struct gs_wordpiece {
    const struct gs_vocab *vocab;
    struct edge *edges;
    size_t n_edges; /* a power of two */
    int32_t *ids;   /* [n_nodes]: of the piece that ends here, or -1 */
    size_t n_nodes, capacity;
    uint32_t continuing; /* node; 0: nothing continues a word */
    bool continues;
    int32_t unknown;
    size_t max_chars;
};

static inline size_t edge_slot(const struct gs_wordpiece *wordpiece, uint32_t key)
{
    return (size_t)((key * 0x9E3779B97F4A7C15U) >> 40) & (wordpiece->n_edges - 1);
}

/* The child of node by byte; 0 when there is none. */
static inline uint32_t child(const struct gs_wordpiece *wordpiece, uint32_t node, char byte)
{
    const uint32_t key = (node << 8) | (unsigned char)byte;

    for (size_t i = edge_slot(wordpiece, key);; i = (i + 1) & (wordpiece->n_edges - 1)) {
        if (wordpiece->edges[i].node == 0) {
            return 0;
        }
        if (wordpiece->edges[i].key == key) {
            return wordpiece->edges[i].node;
        }
    }
}

static bool is_taken(const void *wordpiece, size_t slot)
{
    return ((const struct gs_wordpiece *)wordpiece)->edges[slot].node != 0;
}

/* Where the edge went. */
static size_t put_edge(struct gs_wordpiece *wordpiece, struct edge edge)
{
    size_t i = edge_slot(wordpiece, edge.key);

    while (wordpiece->edges[i].node != 0) {
        i = (i + 1) & (wordpiece->n_edges - 1);
    }
    wordpiece->edges[i] = edge;
    return i;
}

static bool reserve_nodes(struct gs_wordpiece *wordpiece)
{
    if (wordpiece->n_nodes < wordpiece->capacity) {
        return true;
    }
    const size_t capacity = wordpiece->capacity == 0 ? 4096 : wordpiece->capacity * 2;
    if (capacity > MAX_NODES) {
        return false;
    }
    int32_t *ids = realloc(wordpiece->ids, capacity * sizeof *ids);
    if (ids == NULL) {
        return false;
    }
    wordpiece->ids = ids;
    wordpiece->capacity = capacity;
    struct edge *old = wordpiece->edges;
    const size_t n_old = wordpiece->n_edges;
    wordpiece->n_edges = capacity * 2;
    wordpiece->edges = calloc(wordpiece->n_edges, sizeof *wordpiece->edges);
    if (wordpiece->edges == NULL) {
        wordpiece->edges = old;
        wordpiece->n_edges = n_old;
        return false;
    }
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].node != 0) {
            (void)put_edge(wordpiece, old[i]);
        }
    }
    free(old);
    return true;
}

static enum gs_status add_piece(struct gs_wordpiece *wordpiece, struct gs_str piece, int32_t id,
                                struct gs_error *err)
{
    uint32_t node = 0;

    for (size_t i = 0; i < piece.len; i++) {
        uint32_t next = child(wordpiece, node, piece.bytes[i]);
        if (next == 0) {
            if (!reserve_nodes(wordpiece)) {
                return gs_fail(err, GS_NO_MEMORY, "no memory for the trie of pieces");
            }
            next = (uint32_t)wordpiece->n_nodes++;
            wordpiece->ids[next] = -1;
            const size_t slot = put_edge(
                wordpiece, (struct edge){next, (node << 8) | (unsigned char)piece.bytes[i]});
            if (gs_hash_in_long_run(is_taken, wordpiece, wordpiece->n_edges - 1, slot)) {
                return gs_fail(err, GS_BAD_FORMAT,
                               "the vocabulary is made so that its pieces' letters collide: more "
                               "than %d of them",
                               GS_HASH_MAX_RUN);
            }
        }
        node = next;
    }
    wordpiece->ids[node] = id;
    return GS_OK;
}

enum gs_status gs_wordpiece_new(const struct gs_vocab *vocab, struct gs_str continuing,
                                int32_t unknown, size_t max_chars, struct gs_wordpiece **ret,
                                struct gs_error *err)
{
    struct gs_wordpiece *wordpiece = calloc(1, sizeof *wordpiece);
    enum gs_status status = GS_OK;

    if (wordpiece == NULL || !reserve_nodes(wordpiece)) {
        status = gs_fail(err, GS_NO_MEMORY, "no memory for the trie of pieces");
        goto done;
    }
    wordpiece->vocab = vocab;
    wordpiece->unknown = unknown;
    wordpiece->max_chars = max_chars;
    wordpiece->ids[0] = -1;
    wordpiece->n_nodes = 1;
    for (int32_t id = 0; (size_t)id < gs_vocab_n_ids(vocab); id++) {
        const struct gs_str piece = gs_vocab_piece(vocab, id);
        if (piece.len > 0) {
            status = add_piece(wordpiece, piece, id, err);
        }
        if (status != GS_OK) {
            goto done;
        }
    }
    wordpiece->continues = true;
    for (size_t i = 0; i < continuing.len && wordpiece->continues; i++) {
        wordpiece->continuing = child(wordpiece, wordpiece->continuing, continuing.bytes[i]);
        wordpiece->continues = wordpiece->continuing != 0;
    }
    *ret = wordpiece;
    wordpiece = NULL;

done:
    gs_wordpiece_free(wordpiece);
    return status;
}

void gs_wordpiece_free(struct gs_wordpiece *wordpiece)
{
    if (wordpiece != NULL) {
        free(wordpiece->edges);
        free(wordpiece->ids);
        free(wordpiece);
    }
}

size_t gs_wordpiece_memory(const struct gs_wordpiece *wordpiece)
{
    return sizeof *wordpiece + wordpiece->n_edges * sizeof *wordpiece->edges +
           wordpiece->capacity * sizeof *wordpiece->ids;
}

size_t gs_wordpiece_max_chars(const struct gs_wordpiece *wordpiece)
{
    return wordpiece->max_chars;
}

int32_t gs_wordpiece_unknown(const struct gs_wordpiece *wordpiece)
{
    return wordpiece->unknown;
}

int32_t gs_wordpiece_char(const struct gs_wordpiece *wordpiece, const char *bytes, size_t len)
{
    const int32_t id = wordpiece->max_chars == 0 ? -1 : gs_vocab_find(wordpiece->vocab, bytes, len);
    return id < 0 ? wordpiece->unknown : id;
}

static inline void put(struct gs_pieces *out, int32_t id, size_t start, size_t end)
{
    out->ids[out->n] = id;
    out->starts[out->n] = (uint32_t)start;
    out->ends[out->n] = (uint32_t)end;
    out->n++;
}

void gs_wordpiece_cut(const struct gs_wordpiece *wordpiece, const char *bytes, size_t len,
                      size_t n_chars, struct gs_pieces *out)
{
    const size_t before = out->n;
    const int32_t whole = n_chars > wordpiece->max_chars
                              ? wordpiece->unknown
                              : gs_vocab_find(wordpiece->vocab, bytes, len);

    if (whole >= 0) {
        put(out, whole, 0, len);
        return;
    }
    for (size_t start = 0; start < len;) {
        uint32_t node = start == 0 ? 0 : wordpiece->continuing;
        int32_t id = -1;
        size_t end = start;
        for (size_t i = start; i < len && (start == 0 || wordpiece->continues); i++) {
            node = child(wordpiece, node, bytes[i]);
            if (node == 0) {
                break;
            }
            if (wordpiece->ids[node] >= 0) {
                id = wordpiece->ids[node];
                end = i + 1;
            }
        }
        if (id < 0) {
            out->n = before;
            put(out, wordpiece->unknown, 0, len);
            return;
        }
        put(out, id, start, end);
        start = end;
    }
}

static size_t count_chars(const char *bytes, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        n += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    }
    return n;
}

enum gs_status gs_wordpiece_encode(const struct gs_wordpiece *wordpiece,
                                   const struct gs_aligned *text, size_t from, size_t to,
                                   struct gs_pieces *out, struct gs_error *err)
{
    const size_t n_chars = count_chars(text->bytes + from, to - from);
    const size_t most = n_chars > wordpiece->max_chars ? 1 : n_chars;
    const size_t before = out->n;

    if (!gs_pieces_reserve(out, most + 1)) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the pieces of a text");
    }
    gs_wordpiece_cut(wordpiece, text->bytes + from, to - from, n_chars, out);
    for (size_t i = before; i < out->n; i++) {
        out->starts[i] = text->starts[from + out->starts[i]];
        out->ends[i] = text->ends[from + out->ends[i] - 1];
    }
    return GS_OK;
}
