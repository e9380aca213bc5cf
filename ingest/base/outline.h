/* The outline of a text: what near-copies of it are told by, in 80 bytes.
 *
 *     bands    eight hashes. Texts that are alike share one of them nearly always, others hardly ever;
 *              texts with other numbers never do. So a table finds what may be a copy.
 *     cells    a sample of the text's pairs of words, by which two texts are compared.
 *
 * Made by ingest/text/story_outline.h, carried by observations, compared by alerting: a header of plain
 * values, so that these need not know each other. Both parts depend on the text alone, so they are
 * the same in every process.
 *
 * Source: Broder 1997, "On the resemblance and containment of documents" (bands: the smallest hash
 *         of a set); Li, Owen and Zhang 2012, arXiv:1208.1259 (cells: one hash, divided). */
#ifndef GS_BASE_OUTLINE_H
#define GS_BASE_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GS_OUTLINE_BANDS = 8, GS_OUTLINE_CELLS = 96, GS_OUTLINE_CELL_BYTES = GS_OUTLINE_CELLS / 2 };

struct gs_outline {
    uint32_t bands[GS_OUTLINE_BANDS];
    uint8_t cells[GS_OUTLINE_CELL_BYTES]; /* two a byte, of 4 bits; 0: no pair fell into it */
};

/* A text too short to be compared has no outline: all 0. */
static inline bool gs_outline_is_empty(const struct gs_outline *outline)
{
    uint32_t any = 0;

    for (size_t i = 0; i < GS_OUTLINE_CELL_BYTES; i++) {
        any |= outline->cells[i];
    }
    return any == 0;
}

/* Whether two texts that share a band are copies of each other: of the cells that either fills, 45 %
 * and one more at least are the same. */
bool gs_cells_agree(const uint8_t a[GS_OUTLINE_CELL_BYTES], const uint8_t b[GS_OUTLINE_CELL_BYTES]);

/* Both: a band in common, and cells that agree. */
bool gs_outlines_agree(const struct gs_outline *a, const struct gs_outline *b);

#endif
