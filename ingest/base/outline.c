/* Compares outlines. The bound was chosen on labelled pairs (tests/golden/near_copies): the one cell
 * more makes it stricter for short texts, where a word is much. */
#include "ingest/base/outline.h"

static void compare_cell(unsigned a, unsigned b, size_t *filled, size_t *same)
{
    *filled += (a | b) != 0;
    *same += a == b && a != 0;
}

bool gs_cells_agree(const uint8_t a[GS_OUTLINE_CELL_BYTES], const uint8_t b[GS_OUTLINE_CELL_BYTES])
{
    size_t same = 0;
    size_t filled = 0;

    for (size_t i = 0; i < GS_OUTLINE_CELL_BYTES; i++) {
        compare_cell(a[i] & 15U, b[i] & 15U, &filled, &same);
        compare_cell(a[i] >> 4, b[i] >> 4, &filled, &same);
    }
    return same * 20 >= filled * 9 + 20;
}

bool gs_outlines_agree(const struct gs_outline *a, const struct gs_outline *b)
{
    for (size_t i = 0; i < GS_OUTLINE_BANDS; i++) {
        if (a->bands[i] == b->bands[i]) {
            return gs_cells_agree(a->cells, b->cells);
        }
    }
    return false;
}
