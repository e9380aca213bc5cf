/* Counts the copies of each story in a hash table of fixed size, with two places for each
 * fingerprint.
 *
 *     fingerprint ─┬─ low bits  ─► place a ─┐
 *                  └─ high bits ─► place b ─┴─► the one that holds it, else a free one, else the
 *                                               one counted longest ago, which is given up
 *
 * The table never grows and a look-up costs two places, whatever comes in. A batch that is rolled
 * back is undone by a log of what the places were, read backwards. */
#include "ingest/text/duplicates.h"

#include <stdlib.h>

enum { MAX_UNDO = 65536 };

struct place {
    uint64_t group;
    uint32_t copies;
    uint32_t
        last; /* the count at which it was last seen; wraps, which only costs a poorer choice */
};

struct undo {
    size_t at;
    struct place was;
};

struct gs_duplicates {
    struct place *places;
    size_t mask;
    uint32_t now;
    struct undo *log; /* [MAX_UNDO] */
    size_t n_log;
};

enum gs_status gs_duplicates_new(size_t n_places, struct gs_duplicates **ret, struct gs_error *err)
{
    size_t size = 2;

    while (size < n_places) {
        size *= 2;
    }
    struct gs_duplicates *duplicates = calloc(1, sizeof *duplicates);
    if (duplicates == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "duplicate table");
    }
    duplicates->mask = size - 1;
    duplicates->places = calloc(size, sizeof *duplicates->places);
    duplicates->log = calloc(MAX_UNDO, sizeof *duplicates->log);
    if (duplicates->places == NULL || duplicates->log == NULL) {
        gs_duplicates_free(duplicates);
        return gs_fail(err, GS_NO_MEMORY, "duplicate table of %zu places", size);
    }
    *ret = duplicates;
    return GS_OK;
}

void gs_duplicates_free(struct gs_duplicates *duplicates)
{
    if (duplicates == NULL) {
        return;
    }
    free(duplicates->places);
    free(duplicates->log);
    free(duplicates);
}

/* Where this group is, or where it goes. */
static size_t find_place(const struct gs_duplicates *duplicates, uint64_t group)
{
    const size_t a = (size_t)group & duplicates->mask;
    const size_t b = (size_t)(group >> 32) & duplicates->mask;
    const struct place *at_a = &duplicates->places[a];
    const struct place *at_b = &duplicates->places[b];

    if (at_a->group == group) {
        return a;
    }
    if (at_b->group == group) {
        return b;
    }
    const uint32_t age_a = duplicates->now - at_a->last;
    const uint32_t age_b = duplicates->now - at_b->last;
    return at_a->copies == 0 || (at_b->copies != 0 && age_a >= age_b) ? a : b;
}

uint32_t gs_duplicates_count(struct gs_duplicates *duplicates, uint64_t group)
{
    if (group == 0) {
        return 0;
    }
    const size_t at = find_place(duplicates, group);
    struct place *place = &duplicates->places[at];

    if (duplicates->n_log < MAX_UNDO) {
        duplicates->log[duplicates->n_log++] = (struct undo){at, *place};
    }
    if (place->group != group) {
        *place = (struct place){.group = group};
    }
    place->copies += place->copies < UINT32_MAX;
    place->last = ++duplicates->now;
    return place->copies;
}

void gs_duplicates_begin(struct gs_duplicates *duplicates)
{
    duplicates->n_log = 0;
}

void gs_duplicates_undo(struct gs_duplicates *duplicates)
{
    while (duplicates->n_log > 0) {
        const struct undo *entry = &duplicates->log[--duplicates->n_log];
        duplicates->places[entry->at] = entry->was;
    }
}
