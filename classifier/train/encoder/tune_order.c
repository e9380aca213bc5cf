/* An epoch takes from each set its weight times its rows: whole rounds, and the rest by chance. All
 * are shuffled; then runs of some batches are sorted by length, so that rows of a batch are about as
 * long as each other, and the batches of a run are put in a random order again. */
#include "classifier/train/encoder/tune_order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* SplitMix64. */
struct chance {
    uint64_t state;
};

static uint64_t next(struct chance *chance)
{
    uint64_t x = chance->state += 0x9E3779B97F4A7C15U;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
    x = (x ^ x >> 27) * 0x94D049BB133111EBU;
    return x ^ x >> 31;
}

static size_t below(struct chance *chance, size_t n)
{
    return (size_t)(next(chance) % n);
}

static void shuffle(struct chance *chance, uint32_t *rows, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        const size_t other = below(chance, i);
        const uint32_t row = rows[i - 1];
        rows[i - 1] = rows[other];
        rows[other] = row;
    }
}

/* Rows of a set in an epoch: weight times those that are there, to the nearest. */
static size_t share(const struct gs_tune_data *data, size_t set, size_t n)
{
    return (size_t)(data->sets[set].weight * (double)n + 0.5);
}

size_t gs_tune_order_most(const struct gs_tune_data *data)
{
    size_t all = 0;
    for (size_t set = 0; set < data->n_sets; set++) {
        all += share(data, set, data->sets[set].n_rows) + data->sets[set].n_rows;
    }
    return all + 1;
}

/* share() rows of the set from *ret on: whole rounds, then some by chance. */
static size_t take_set(const struct gs_tune_data *data, size_t set, struct chance *chance,
                       uint32_t *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < data->n_rows; i++) {
        if (data->rows[i].set == set && !data->rows[i].valid) {
            ret[n++] = (uint32_t)i;
        }
    }
    const size_t wanted = share(data, set, n);
    shuffle(chance, ret, n);
    for (size_t i = n; i < wanted; i++) {
        ret[i] = ret[i - n];
    }
    return n == 0 ? 0 : wanted;
}

struct by_length {
    uint32_t row, n;
};

static int compare(const void *a, const void *b)
{
    const struct by_length *x = a;
    const struct by_length *y = b;
    if (x->n != y->n) {
        return x->n < y->n ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

enum { MAX_RUN = 1 << 16 };

/* One run of batches. What memory is short of stays as it was shuffled. */
static void bucket_run(const struct gs_tune_data *data, struct chance *chance, uint32_t *rows,
                       size_t n, size_t batch)
{
    struct by_length *list = malloc(n * sizeof *list);
    const size_t batches = n / batch;

    if (list == NULL) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        list[i] = (struct by_length){rows[i], data->rows[rows[i]].n};
    }
    qsort(list, n, sizeof *list, compare);
    for (size_t i = 0; i < n; i++) {
        rows[i] = list[i].row;
    }
    free(list);
    for (size_t b = batches; b > 1; b--) {
        const size_t other = below(chance, b);
        for (size_t i = 0; i < batch && other != b - 1; i++) {
            const uint32_t row = rows[(b - 1) * batch + i];
            rows[(b - 1) * batch + i] = rows[other * batch + i];
            rows[other * batch + i] = row;
        }
    }
}

size_t gs_tune_order(const struct gs_tune_data *data, uint64_t seed, size_t epoch, size_t batch,
                     size_t bucket, uint32_t *ret)
{
    struct chance chance = {seed * 0x2545F4914F6CDD1DU + epoch};
    size_t n = 0;

    for (size_t set = 0; set < data->n_sets; set++) {
        n += take_set(data, set, &chance, ret + n);
    }
    shuffle(&chance, ret, n);
    const size_t run = bucket * batch < (size_t)MAX_RUN ? bucket * batch : (size_t)MAX_RUN;
    for (size_t at = 0; run > 0 && at < n; at += run) {
        bucket_run(data, &chance, ret + at, n - at < run ? n - at : run, batch);
    }
    return n;
}
