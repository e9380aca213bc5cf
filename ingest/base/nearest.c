/* Levenshtein's distance with one row of the matrix on the stack: row[j] is the distance from the
 * part of a that was read to the first j bytes of b. Names of more than 63 bytes are
 * not compared. Of names at the same distance the first one offered wins. */
#include "ingest/base/nearest.h"

#include <stdint.h>
#include <string.h>

size_t gs_edit_distance(const char *a, const char *b)
{
    size_t row[64];
    const size_t len = strlen(b);

    if (len > 63 || strlen(a) > 63) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < len; j++) {
            size_t best = diagonal + (a[i] == b[j] ? 0 : 1);
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j + 1] + 1 < best ? row[j + 1] + 1 : best;
            diagonal = row[j + 1];
            row[j + 1] = best;
        }
    }
    return row[len];
}

struct gs_nearest gs_nearest(const char *name)
{
    const size_t third = strlen(name) / 3 + 1;

    return (struct gs_nearest){.name = name, .distance = third > 4 ? 4 : third};
}

void gs_nearest_offer_at(struct gs_nearest *nearest, const char *known, size_t distance)
{
    if (distance < nearest->distance || (distance == nearest->distance && nearest->best == NULL)) {
        nearest->distance = distance;
        nearest->best = known;
    }
}

void gs_nearest_offer(struct gs_nearest *nearest, const char *known)
{
    gs_nearest_offer_at(nearest, known, gs_edit_distance(nearest->name, known));
}
