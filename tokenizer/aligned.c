/* Growing of the two arrays that everything in the tokenizer writes into: an aligned text (bytes, each
 * with the place in the original text that it stands for) and a list of pieces (ids with their places).
 *
 * Each is three parallel arrays that grow together, at least by doubling, up to MAX_BYTES. What a worker
 * has grown it keeps, so that a worker that has seen its longest text allocates no more. */
#include "tokenizer/models/pieces.h"

#include <stdlib.h>

enum { MAX_BYTES = 64 << 20 };

/* Makes *array hold capacity elements of the given size; the old ones stay. */
static bool grow(void *array, size_t capacity, size_t size)
{
    void *bigger = realloc(*(void **)array, capacity * size);

    if (bigger == NULL) {
        return false;
    }
    *(void **)array = bigger;
    return true;
}

/* The next capacity that holds need elements; at least doubles, so that growing is seldom. */
static size_t bigger_capacity(size_t capacity, size_t need)
{
    const size_t doubled = capacity < 32 ? 64 : 2 * capacity;

    return doubled < need ? need : doubled;
}

bool gs_aligned_reserve(struct gs_aligned *text, size_t n)
{
    if (n > MAX_BYTES || text->len > MAX_BYTES - n) {
        return false;
    }
    if (text->capacity - text->len >= n) {
        return true;
    }
    const size_t capacity = bigger_capacity(text->capacity, text->len + n);
    /* capacity is only what all three have */
    if (!grow(&text->bytes, capacity, sizeof *text->bytes) ||
        !grow(&text->starts, capacity, sizeof *text->starts) ||
        !grow(&text->ends, capacity, sizeof *text->ends)) {
        return false;
    }
    text->capacity = capacity;
    return true;
}

void gs_aligned_done(struct gs_aligned *text)
{
    free(text->bytes);
    free(text->starts);
    free(text->ends);
    *text = (struct gs_aligned){0};
}

bool gs_pieces_reserve(struct gs_pieces *pieces, size_t n)
{
    if (n > MAX_BYTES || pieces->n > MAX_BYTES - n) {
        return false;
    }
    if (pieces->capacity - pieces->n >= n) {
        return true;
    }
    const size_t capacity = bigger_capacity(pieces->capacity, pieces->n + n);
    if (!grow(&pieces->ids, capacity, sizeof *pieces->ids) ||
        !grow(&pieces->starts, capacity, sizeof *pieces->starts) ||
        !grow(&pieces->ends, capacity, sizeof *pieces->ends)) {
        return false;
    }
    pieces->capacity = capacity;
    return true;
}

void gs_pieces_done(struct gs_pieces *pieces)
{
    free(pieces->ids);
    free(pieces->starts);
    free(pieces->ends);
    *pieces = (struct gs_pieces){0};
}
