/* The signs that names and texts share in several spellings; the letters and Han are in the header,
 * where they are the common case. */
#include "ingest/text/watchlist/watchlist_fold.h"

#include <string.h>
#include <utf8proc.h>

void gs_folds_init(struct gs_folds *folds)
{
    folds->han = gs_han_folds();
    for (unsigned c = 0; c < sizeof folds->ascii; c++) {
        folds->ascii[c] = (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c == '`' ? '\'' : c);
    }
}

/* The sign that stands for a character: itself where it is none of those above; 0: left out. */
static uint32_t fold_sign(uint32_t cp)
{
    switch (cp) {
    case 0x00A9: /* © */
    case 0x00AE: /* ® */
    case 0x2120: /* ℠ */
    case 0x2122: /* ™ */
        return 0;
    case 0x00B4: /* ´ */
    case 0x02B9: /* ʹ */
    case 0x02BB: /* ʻ */
    case 0x02BC: /* ʼ */
    case 0x02BD: /* ʽ */
    case 0x02C8: /* ˈ */
    case 0x2018: /* ‘ */
    case 0x2019: /* ’ */
    case 0x201B: /* ‛ */
    case 0x2032: /* ′ */
        return '\'';
    case 0x2010: /* hyphen */
    case 0x2011: /* hyphen that does not break */
    case 0x2012: /* figure dash */
    case 0x2013: /* en dash */
    case 0x2212: /* minus */
        return '-';
    case 0x2022: /* • */
    case 0x2027: /* ‧ */
    case 0x30FB: /* ・ */
    case 0xFF65: /* ･ */
        return 0x00B7;
    default:
        return cp;
    }
}

size_t gs_fold_other(const char *bytes, size_t len, uint8_t out[4])
{
    if (len == 2 || len == 3) {
        uint32_t cp = fold_sign(gs_utf8_decode(bytes, len));
        if (len == 2 && cp >= 0xC0) {
            const int32_t low = utf8proc_tolower((int32_t)cp);
            cp = low >= 0x80 && low < 0x800 ? (uint32_t)low : cp;
        }
        return cp == 0 ? 0 : gs_utf8_encode(cp, (char *)out);
    }
    memcpy(out, bytes, len);
    return len;
}

size_t gs_fold_back(const struct gs_folds *folds, struct gs_str text, size_t end, size_t n)
{
    while (n > 0 && end > 0) {
        uint8_t out[4];
        size_t folded = 0;
        const size_t start = gs_fold_char_before(text, end);
        (void)gs_fold_char(folds, text.bytes + start, end - start, out, &folded);
        n -= folded < n ? folded : n;
        end = start;
    }
    return end;
}
