/* How names and texts are made comparable: one pass, a character at a time.
 *
 *   letters        lower case, where that has the same length
 *   Han            traditional as simplified (base/han.h)
 *   apostrophes    ' ` ´ ‘ ’ ‛ ʹ ʻ ʼ ʽ ˈ ′  are all '
 *   hyphens        - ‐ ‑ ‒ – −              are all -   (a dash — parts names and stays)
 *   middle dots    · • ‧ ・ ･                are all ·
 *   ™ ® ℠ ©        are not there at all
 *
 * A fold never makes a text longer, but it makes some shorter: what the automaton has read is
 * counted in folded bytes, and gs_fold_back() finds the byte of the text that it began at. */
#ifndef GS_INGEST_WATCHLIST_FOLD_H
#define GS_INGEST_WATCHLIST_FOLD_H

#include "ingest/base/han.h"
#include "ingest/base/utf8.h"

#include <stdbool.h>

struct gs_folds {
    const uint16_t *han;
    uint8_t ascii[128];
};

void gs_folds_init(struct gs_folds *folds);

/* The characters above that are neither ASCII nor Han, and two-byte letters. len is 2 or 3, or 1
 * for a byte that is not UTF-8. Returns how many bytes were written, at most len; 0 for a sign that
 * is left out. */
size_t gs_fold_other(const char *bytes, size_t len, uint8_t out[4]);

/* Folds the character at bytes (n > 0 left): *ret_n bytes of out. Returns how many bytes of the
 * text it has; a byte that is not UTF-8 is a character of its own. */
static inline size_t gs_fold_char(const struct gs_folds *folds, const char *bytes, size_t n,
                                  uint8_t out[4], size_t *ret_n)
{
    const uint8_t c = (uint8_t)bytes[0];

    *ret_n = 1;
    if (c < 0x80) {
        out[0] = folds->ascii[c];
        return 1;
    }
    const size_t len = gs_utf8_valid_len(bytes, n);
    if (len == 3 && c >= 0xE4 && c <= 0xE9) {
        (void)gs_utf8_encode(gs_han_fold(folds->han, gs_utf8_decode(bytes, 3)), (char *)out);
        *ret_n = 3;
        return 3;
    }
    *ret_n = gs_fold_other(bytes, len == 0 ? 1 : len, out);
    return len == 0 ? 1 : len;
}

/* Where the character begins that ends at end (> 0). Reads a text backwards as gs_fold_char() reads
 * it forwards: valid sequences never overlap. */
static inline size_t gs_fold_char_before(struct gs_str text, size_t end)
{
    for (size_t len = 1; len <= 4 && len <= end; len++) {
        if (gs_utf8_valid_len(text.bytes + end - len, len) == len) {
            return end - len;
        }
    }
    return end - 1;
}

/* Where the text begins that ends at end and has n folded bytes. Signs that are left out and stand
 * in front of it are not taken in. */
size_t gs_fold_back(const struct gs_folds *folds, struct gs_str text, size_t end, size_t n);

#endif
