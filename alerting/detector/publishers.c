/* Counts the publishers that wrote about a key within the last hour.
 *
 * A conclusion from few publishers is worth little, so their number gates every alert, and it has
 * to be right where it is small. Two structures share the work:
 *
 *     the list      the eight publishers that were seen last, with the bin of each. Whatever was
 *                   seen within the hour is among those seen last, so while fewer than eight are
 *                   recent the list is exact, also after busier hours.
 *     the sketch    256 cells, made when a ninth recent publisher appears. A publisher belongs to
 *                   one cell: level j with a chance of 2^-(j+1) (the last: of 2^-7), and one of
 *                   the level's 32 cells.
 *                   A cell holds the age in bins of the latest publisher in it, so that an hour
 *                   later it counts as empty: sketches of bins merge by taking the younger age, and
 *                   the union slides.
 *
 *     level     0         1         2         …    7
 *     cells    [32]      [32]      [32]           [32]
 *     chance    1/2       1/4       1/8            1/128
 *
 * The estimate takes the lowest level that is not too full, counts it and those above it linearly
 * (n = -32 ln(share of empty cells), Whang et al. 1990) and scales by what those levels sample (the
 * multiresolution bitmap of Estan, Varghese and Fisk 2003). Its standard error is about an eighth
 * from nine to four thousand publishers, and the most it can say is about 14,000.
 *
 * A publisher is 16 bits of a hash, its low byte for the level and its high five bits for the cell;
 * two that share all 16 count as one. What is kept must not depend on the order of arrival within a
 * bin: an open bin's list keeps the smallest hashes, and a key's list, of those seen in one bin,
 * too.
 *
 * Memory: 20 bytes in an open bin (eight hashes and the sketch's number) and 32 in a key (and their
 * ages); 264 more in each that has had over eight publishers, in the bin or within the hour. A
 * sketch is given back when the list is enough again, or when its bin closes. */
#include "alerting/detector/watch_internal.h"

#include <math.h>

enum { LEVELS = 8, CELLS = GS_SKETCH_CELLS / LEVELS, FULL_CELLS = 25 };

void gs_pubs_add(uint16_t *pubs, size_t n_pubs, uint16_t pub)
{
    size_t largest = 0;

    for (size_t i = 0; i < n_pubs; i++) {
        if (pubs[i] == pub) {
            return;
        }
        if (pubs[i] == 0) {
            pubs[i] = pub;
            return;
        }
        largest = pubs[i] > pubs[largest] ? i : largest;
    }
    if (pub < pubs[largest]) {
        pubs[largest] = pub;
    }
}

/* ---- the sketch ---- */

static void sketch_add(struct gs_sketch *sketch, uint16_t pub, uint8_t age)
{
    const unsigned level = (unsigned)__builtin_ctz((pub & 0xFFU) | 1U << (LEVELS - 1));
    uint8_t *cell = &sketch->age[level * CELLS + (pub >> 11)];

    if (*cell == 0 || age < *cell) {
        *cell = age;
    }
}

/* Makes every cell older by so many bins; what is past the hour is empty. */
static void sketch_grow_older(struct gs_sketch *sketch, int64_t bins)
{
    const unsigned step = bins < GS_HOUR_BINS ? (unsigned)bins : GS_HOUR_BINS;

    for (size_t i = 0; i < GS_SKETCH_CELLS; i++) {
        const unsigned older = sketch->age[i] + step;
        sketch->age[i] = (uint8_t)(sketch->age[i] == 0 || older > GS_HOUR_BINS ? 0 : older);
    }
}

static double sketch_count(const struct gs_sketch *sketch, int64_t bins_since)
{
    double sum = 0.0;
    double scale = 1.0;

    for (size_t level = 0; level < LEVELS; level++) {
        int n = 0;
        for (size_t i = 0; i < CELLS; i++) {
            const uint8_t age = sketch->age[level * CELLS + i];
            n += age != 0 && age + bins_since <= GS_HOUR_BINS;
        }
        if (n > FULL_CELLS && level + 1 < LEVELS) { /* the levels above it are more accurate */
            sum = 0.0;
            scale = (double)(2U << level);
        } else {
            sum += -(double)CELLS * log1p(-fmin(n, CELLS - 0.5) / CELLS);
        }
    }
    return sum * scale;
}

static struct gs_sketch *sketch_of(struct gs_watch *watch, uint32_t *at)
{
    if (*at != GS_NONE) {
        return gs_pool_save(&watch->sketches, &watch->undo, *at);
    }
    *at = gs_pool_alloc(&watch->sketches, &watch->undo);
    return *at == GS_NONE ? NULL : gs_pool_at(&watch->sketches, *at);
}

/* ---- an open bin ---- */

void gs_open_note_pub(struct gs_watch *watch, struct gs_open_bin *open, uint16_t pub)
{
    size_t i = 0;

    while (i < GS_PUBS && open->pub[i] != pub && open->pub[i] != 0) {
        i++;
    }
    if (i < GS_PUBS) {
        open->pub[i] = pub;
        if (open->sketch == GS_NONE) {
            return;
        }
    }
    const bool first = open->sketch == GS_NONE;
    struct gs_sketch *sketch = sketch_of(watch, &open->sketch);
    if (sketch == NULL) {
        return; /* no memory: the list's eight are counted */
    }
    for (size_t j = 0; first && j < GS_PUBS; j++) {
        sketch_add(sketch, open->pub[j], 1);
    }
    sketch_add(sketch, pub, 1);
    if (i == GS_PUBS) {
        gs_pubs_add(open->pub, GS_PUBS, pub); /* the smallest, in any order of arrival */
    }
}

/* ---- a key ---- */

/* Bins since the entry's publisher was seen, at key->last; an empty entry: GS_LISTED_BINS. */
static int64_t age_of(const struct gs_key *key, size_t i)
{
    return key->pub[i] == 0 ? GS_LISTED_BINS : key->pub_age[i] + (int64_t)key->last - key->seen;
}

static void list_grow_older(struct gs_key *key)
{
    for (size_t i = 0; i < GS_PUBS; i++) {
        const int64_t age = age_of(key, i);
        key->pub_age[i] = (uint8_t)(age < GS_LISTED_BINS ? age : 0);
        key->pub[i] = age < GS_LISTED_BINS ? key->pub[i] : 0;
    }
    key->seen = key->last;
}

/* Puts a publisher in the place of the one that was seen longest ago (of two, the larger); returns
 * the hash of a recent one that had to go, or 0. */
static uint16_t list_add(struct gs_key *key, uint16_t pub, uint8_t *ret_age)
{
    size_t oldest = 0;

    for (size_t i = 0; i < GS_PUBS; i++) {
        if (key->pub[i] == pub) {
            key->pub_age[i] = 0;
            return 0;
        }
        const int64_t age = age_of(key, i);
        const int64_t most = age_of(key, oldest);
        if (age > most || (age == most && key->pub[i] > key->pub[oldest])) {
            oldest = i;
        }
    }
    const uint16_t gone = key->pub[oldest];
    *ret_age = key->pub_age[oldest];
    if (gone != 0 && *ret_age == 0 && gone < pub) {
        return pub; /* all eight are of this bin, and smaller */
    }
    key->pub[oldest] = pub;
    key->pub_age[oldest] = 0;
    return *ret_age < GS_HOUR_BINS ? gone : 0;
}

static void key_to_sketch(struct gs_watch *watch, struct gs_key *key, uint16_t pub, uint8_t age)
{
    const bool first = key->sketch == GS_NONE;
    struct gs_sketch *sketch = sketch_of(watch, &key->sketch);

    if (sketch == NULL) {
        return;
    }
    for (size_t i = 0; first && i < GS_PUBS; i++) {
        if (key->pub[i] != 0 && key->pub_age[i] < GS_HOUR_BINS) {
            sketch_add(sketch, key->pub[i], (uint8_t)(key->pub_age[i] + 1));
        }
    }
    sketch_add(sketch, pub, (uint8_t)(age + 1));
}

static void merge_sketch(struct gs_watch *watch, struct gs_key *key, uint32_t from)
{
    const struct gs_sketch *bins = gs_pool_at(&watch->sketches, from);

    key_to_sketch(watch, key, key->pub[0], key->pub_age[0]);
    if (key->sketch == GS_NONE) {
        return;
    }
    struct gs_sketch *sketch = gs_pool_save(&watch->sketches, &watch->undo, key->sketch);
    for (size_t i = 0; i < GS_SKETCH_CELLS; i++) {
        sketch->age[i] = bins->age[i] != 0 ? bins->age[i] : sketch->age[i];
    }
}

void gs_key_absorb_pubs(struct gs_watch *watch, struct gs_key *key, const struct gs_open_bin *bin)
{
    const int64_t moved = (int64_t)key->last - key->seen;

    list_grow_older(key);
    if (key->sketch != GS_NONE) {
        sketch_grow_older(gs_pool_save(&watch->sketches, &watch->undo, key->sketch), moved);
    }
    for (size_t i = 0; i < GS_PUBS && bin->pub[i] != 0; i++) {
        uint8_t age = 0;
        const uint16_t gone = list_add(key, bin->pub[i], &age);
        if (gone != 0) {
            key_to_sketch(watch, key, gone, age);
        }
        if (key->sketch != GS_NONE) {
            key_to_sketch(watch, key, bin->pub[i], 0);
        }
    }
    if (bin->sketch != GS_NONE) {
        merge_sketch(watch, key, bin->sketch);
    }
    if (key->sketch != GS_NONE && gs_key_listed(key, GS_HOUR_BINS) < GS_PUBS) {
        gs_pool_release(&watch->sketches, &watch->undo, key->sketch);
        key->sketch = GS_NONE;
    }
}

size_t gs_key_listed(const struct gs_key *key, int32_t bins)
{
    size_t n = 0;

    for (size_t i = 0; i < GS_PUBS; i++) {
        n += age_of(key, i) < bins;
    }
    return n;
}

int32_t gs_key_listed_since(const struct gs_key *key, int32_t bins)
{
    int64_t oldest = 0;

    for (size_t i = 0; i < GS_PUBS; i++) {
        const int64_t age = age_of(key, i);
        oldest = age < bins && age > oldest ? age : oldest;
    }
    return (int32_t)oldest;
}

double gs_key_publishers(const struct gs_watch *watch, const struct gs_key *key)
{
    const size_t listed = gs_key_listed(key, GS_HOUR_BINS);

    if (listed < GS_PUBS || key->sketch == GS_NONE) {
        return (double)listed;
    }
    return fmax((double)listed, sketch_count(gs_pool_at(&watch->sketches, key->sketch),
                                             (int64_t)key->last - key->seen));
}
