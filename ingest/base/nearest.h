/* Finds the name that somebody may have meant: Levenshtein's distance, bounded, over names that the
 * caller offers one after the other.
 *
 *     struct gs_nearest nearest = gs_nearest("tpoics");
 *     for each known name: gs_nearest_offer(&nearest, name);
 *     nearest.best                                            "topics", or NULL: none is near */
#ifndef GS_BASE_NEAREST_H
#define GS_BASE_NEAREST_H

#include <stddef.h>

struct gs_nearest {
    const char *name; /* as it was written */
    const char *best; /* borrowed from who offered it; NULL: none is near */
    size_t distance;  /* of best, or the farthest that still counts as near */
};

/* Edits from a to b; SIZE_MAX where one of them is longer than 63 bytes. */
size_t gs_edit_distance(const char *a, const char *b);

/* A third of the name may be wrong, and at most four letters. */
struct gs_nearest gs_nearest(const char *name);
void gs_nearest_offer(struct gs_nearest *nearest, const char *known);
/* The same with a distance that the caller knows better. */
void gs_nearest_offer_at(struct gs_nearest *nearest, const char *known, size_t distance);

#endif
