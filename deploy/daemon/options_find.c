/* Rows by name, and by nearly their name. */
#include "deploy/daemon/options.h"

#include <string.h>

const struct gs_option *gs_option_find(const char *name)
{
    for (size_t i = 0; i < gs_n_options; i++) {
        if (strcmp(gs_options[i].name, name) == 0) {
            return &gs_options[i];
        }
    }
    return NULL;
}

/* Levenshtein's distance, for names of at most 63 bytes; longer ones are far from everything. */
static size_t distance(const char *a, const char *b)
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

/* A name at the wrong place counts as near when its last part is right. */
static size_t name_distance(const char *name, const char *known)
{
    const char *tail = strrchr(name, '.');
    const char *known_tail = strrchr(known, '.');
    size_t best = distance(name, known);

    if (known_tail != NULL && strcmp(tail == NULL ? name : tail + 1, known_tail + 1) == 0) {
        best = best < 2 ? best : 2;
    }
    return best;
}

const char *gs_option_nearest(const char *name)
{
    const char *nearest = NULL;
    size_t best = strlen(name) / 3 + 1;

    best = best > 4 ? 4 : best;
    for (size_t i = 0; i < gs_n_options; i++) {
        const size_t d = name_distance(name, gs_options[i].name);
        if (d <= best && (nearest == NULL || d < best)) {
            best = d;
            nearest = gs_options[i].name;
        }
    }
    for (size_t i = 0; i < gs_n_sections; i++) {
        const size_t d = distance(name, gs_sections[i].name);
        if (d <= best && (nearest == NULL || d < best)) {
            best = d;
            nearest = gs_sections[i].name;
        }
    }
    return nearest;
}
