/* Chooses the n-grams that the model knows. */
#include "classifier/train/train_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS, MOST_SQUARE = 127 };

static bool learns(const struct gs_trainer *t, size_t row, bool held_too)
{
    return !t->sets[t->rows[row].set].valid && (held_too || !t->rows[row].held);
}

/* Least significant digit first; both arrays are n long, the result is in keys. */
static void radix_sort(uint32_t *keys, uint32_t *other, size_t n)
{
    for (unsigned shift = 0; shift < 33; shift += RADIX_BITS) {
        size_t at[RADIX + 1] = {0};
        for (size_t i = 0; i < n; i++) {
            at[((keys[i] >> shift) & (RADIX - 1)) + 1]++;
        }
        for (size_t d = 0; d < RADIX; d++) {
            at[d + 1] += at[d];
        }
        for (size_t i = 0; i < n; i++) {
            other[at[(keys[i] >> shift) & (RADIX - 1)]++] = keys[i];
        }
        uint32_t *swap = keys;
        keys = other;
        other = swap;
    } /* three passes: the result is in what was other */
    memcpy(other, keys, n * sizeof *keys);
}

static enum gs_status count(const struct gs_trainer *t, size_t profile, bool held_too,
                            struct gs_vocabulary *v, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    uint32_t *all = malloc((t->n_hashes + 1) * sizeof *all);
    uint32_t *other = malloc((t->n_hashes + 1) * sizeof *other);
    size_t n = 0;

    if (all == NULL || other == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "vocabulary of %zu n-grams", t->n_hashes);
        goto done;
    }
    for (size_t r = 0; r < t->n_rows; r++) {
        if (t->rows[r].profile == profile && learns(t, r, held_too)) {
            memcpy(all + n, t->hashes + t->at[r], (t->at[r + 1] - t->at[r]) * sizeof *all);
            n += t->at[r + 1] - t->at[r];
        }
    }
    radix_sort(all, other, n);
    v->n = 0;
    for (size_t i = 0, j = 0; i < n; i = j) { /* all is reused for the keys, other for the counts */
        const uint32_t hash = all[i];
        for (j = i; j < n && all[j] == hash; j++) {
        }
        if (j - i >= t->options.min_df) {
            all[v->n] = hash;
            other[v->n++] = (uint32_t)(j - i);
        }
    }
    v->hashes = all;
    v->df = other;
    all = NULL;
    other = NULL;

done:
    free(all);
    free(other);
    return status;
}

/* Squared values: what an n-gram weighs in the text's norm. Whole numbers, so that a model's norm
 * column holds exactly what training used. */
static enum gs_status weigh(const struct gs_trainer *t, size_t profile, bool held_too,
                            struct gs_vocabulary *v, struct gs_error *err)
{
    size_t n_rows = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        n_rows += t->rows[r].profile == profile && learns(t, r, held_too);
    }
    for (size_t kind = 0; kind < 2; kind++) {
        v->squares[kind] = malloc(v->n + 1);
        if (v->squares[kind] == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "vocabulary of %zu n-grams", v->n);
        }
        for (size_t j = 0; j < v->n; j++) {
            const double idf = log((1.0 + (double)n_rows) / (1.0 + (double)v->df[j])) + 1.0;
            const double word =
                (v->hashes[j] & GS_HASH_WORD) != 0
                    ? (double)t->options.word_weight * (double)t->options.word_weight
                    : 1.0;
            const double square = word * (kind == 1 && t->options.idf[profile] ? idf * idf : 1.0);
            const double whole = floor(square + 0.5);
            v->squares[kind][j] = (uint8_t)(whole < 1.0           ? 1.0
                                            : whole > MOST_SQUARE ? (double)MOST_SQUARE
                                                                  : whole);
        }
    }
    return GS_OK;
}

/* The number of a hash, or v->n. */
static size_t number_of(const struct gs_vocabulary *v, uint32_t hash)
{
    size_t low = 0;
    size_t high = v->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (v->hashes[middle] < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < v->n && v->hashes[low] == hash ? low : v->n;
}

static uint32_t squares_of(const struct gs_trainer *t, size_t kind, size_t row)
{
    const struct gs_vocabulary *v = &t->vocabulary[t->rows[row].profile];
    uint32_t squares = 0;
    for (size_t k = t->id_at[row]; k < t->id_at[row + 1]; k++) {
        squares += v->squares[kind][t->ids[k]];
    }
    return squares;
}

/* The squared norm that all but one in SHORT of a profile's rows reach; 1 without rows. Found by
 * counting, since norms are small whole numbers. */
static uint32_t least_squares_of(const struct gs_trainer *t, size_t profile, size_t kind)
{
    enum { SHORT = 50, MOST = 4096 };
    uint32_t counts[MOST] = {0};
    size_t n = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        const uint32_t squares = t->rows[r].profile == profile ? squares_of(t, kind, r) : 0;
        n += squares > 0;
        counts[squares < MOST ? squares : MOST - 1]++;
    }
    uint32_t least = 1;
    for (size_t below = counts[least]; below * SHORT < n && least + 1 < MOST;
         below += counts[least]) {
        least++;
    }
    return least;
}

static void norm_rows(struct gs_trainer *t)
{
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t p = 0; p < GS_N_PROFILES; p++) {
            t->least_squares[p][kind] = least_squares_of(t, p, kind);
        }
        for (size_t r = 0; r < t->n_rows; r++) {
            const uint32_t squares = squares_of(t, kind, r);
            const uint32_t least = t->least_squares[t->rows[r].profile][kind];
            t->inverse_norm[kind][r] =
                squares > 0 ? 1.0F / sqrtf((float)(squares < least ? least : squares)) : 0.0F;
        }
    }
}

/* Rows in the vocabularies' numbers. */
static void number_rows(struct gs_trainer *t)
{
    size_t n = 0;
    t->id_at[0] = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        const struct gs_vocabulary *v = &t->vocabulary[t->rows[r].profile];
        for (size_t k = t->at[r]; k < t->at[r + 1]; k++) {
            const size_t id = number_of(v, t->hashes[k]);
            if (id < v->n) {
                t->ids[n++] = (uint32_t)id;
            }
        }
        t->id_at[r + 1] = n;
    }
    norm_rows(t);
}

void gs_vocabulary_forget(struct gs_trainer *t)
{
    for (size_t i = 0; i < GS_N_PROFILES; i++) {
        struct gs_vocabulary *v = &t->vocabulary[i];
        free(v->hashes);
        free(v->df);
        free(v->squares[0]);
        free(v->squares[1]);
        *v = (struct gs_vocabulary){0};
    }
    free(t->ids);
    free(t->id_at);
    free(t->inverse_norm[0]);
    free(t->inverse_norm[1]);
    t->ids = NULL;
    t->id_at = NULL;
    t->inverse_norm[0] = NULL;
    t->inverse_norm[1] = NULL;
}

enum gs_status gs_vocabulary_build(struct gs_trainer *t, bool held_too, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    gs_vocabulary_forget(t);
    for (size_t i = 0; i < GS_N_PROFILES && status == GS_OK; i++) {
        status = count(t, i, held_too, &t->vocabulary[i], err);
        if (status == GS_OK) {
            status = weigh(t, i, held_too, &t->vocabulary[i], err);
        }
    }
    t->ids = malloc((t->n_hashes + 1) * sizeof *t->ids);
    t->id_at = malloc((t->n_rows + 1) * sizeof *t->id_at);
    t->inverse_norm[0] = malloc((t->n_rows + 1) * sizeof(float));
    t->inverse_norm[1] = malloc((t->n_rows + 1) * sizeof(float));
    if (status == GS_OK && (t->ids == NULL || t->id_at == NULL || t->inverse_norm[0] == NULL ||
                            t->inverse_norm[1] == NULL)) {
        status = gs_fail(err, GS_NO_MEMORY, "%zu rows", t->n_rows);
    }
    if (status == GS_OK) {
        number_rows(t);
    }
    return status;
}

static int falling(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x < y) - (x > y);
}

enum gs_status gs_vocabulary_prune(struct gs_trainer *t, size_t profile, const double *importance,
                                   size_t max, struct gs_error *err)
{
    struct gs_vocabulary *v = &t->vocabulary[profile];
    if (v->n <= max) {
        return GS_OK;
    }
    double *sorted = malloc(v->n * sizeof *sorted);
    if (sorted == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "vocabulary of %zu n-grams", v->n);
    }
    memcpy(sorted, importance, v->n * sizeof *sorted);
    qsort(sorted, v->n, sizeof *sorted, falling);
    const double least = max > 0 ? sorted[max - 1] : INFINITY;
    free(sorted);
    size_t n = 0;
    for (size_t j = 0; j < v->n && n < max; j++) { /* in order: ties go to the lower hash */
        if (importance[j] >= least) {
            v->hashes[n] = v->hashes[j];
            v->df[n] = v->df[j];
            v->squares[0][n] = v->squares[0][j];
            v->squares[1][n++] = v->squares[1][j];
        }
    }
    v->n = n;
    number_rows(t);
    return GS_OK;
}
