/* Classes are runs that unicode_tables.py asked huggingface/tokenizers for. What a character
 * decomposes to, and its combining class, never change once it has them, so utf8proc's answer
 * stands wherever the runs say that there is one. */
#include "tokenizer/unicode/unicode.h"

#include <string.h>
#include <utf8proc.h>

/* The first run that does not end before cp. */
static size_t find_run(enum gs_class class, uint32_t cp)
{
    const uint32_t *runs = gs_char_runs[class].runs;
    size_t low = 0, high = gs_char_runs[class].n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (runs[2 * middle + 1] < cp) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool gs_char_is(enum gs_class class, uint32_t cp)
{
    const size_t run = find_run(class, cp);

    return run < gs_char_runs[class].n && gs_char_runs[class].runs[2 * run] <= cp;
}

void gs_char_page(uint32_t first, uint16_t *ret_classes)
{
    memset(ret_classes, 0, 256 * sizeof *ret_classes);
    for (int class = 0; class < GS_N_CLASSES; class ++) {
        const uint32_t *runs = gs_char_runs[class].runs;
        size_t run = find_run((enum gs_class) class, first);
        for (; run < gs_char_runs[class].n && runs[2 * run] <= first + 0xFF; run++) {
            const uint32_t from = runs[2 * run] < first ? first : runs[2 * run];
            const uint32_t to = runs[2 * run + 1] > first + 0xFF ? first + 0xFF : runs[2 * run + 1];
            for (uint32_t cp = from; cp <= to; cp++) {
                ret_classes[cp - first] |= (uint16_t)(1U << class);
            }
        }
    }
}

bool gs_char_is_chinese(uint32_t cp)
{
    return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3400 && cp <= 0x4DBF) ||
           (cp >= 0x20000 && cp <= 0x2A6DF) || (cp >= 0x2A700 && cp <= 0x2B81F) ||
           (cp >= 0x2B920 && cp <= 0x2CEAF) || (cp >= 0xF900 && cp <= 0xFAFF) ||
           (cp >= 0x2F800 && cp <= 0x2FA1F);
}

size_t gs_char_lower(uint32_t cp, uint32_t *out)
{
    size_t low = 0, high = gs_n_lower_runs;

    out[0] = cp;
    if (cp < 0x80) {
        out[0] = cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
        return 1;
    }
    if (cp == 0x130) { /* the only one that becomes two: i and a dot above */
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (gs_lower_runs[middle].last < cp) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < gs_n_lower_runs && gs_lower_runs[low].first <= cp &&
        (cp - gs_lower_runs[low].first) % gs_lower_runs[low].step == 0) {
        out[0] = (uint32_t)((int32_t)cp - gs_lower_runs[low].delta);
    }
    return 1;
}

size_t gs_char_decompose(uint32_t cp, bool compatible, uint32_t *out)
{
    utf8proc_int32_t found[GS_MAX_DECOMPOSED];
    int boundary = 0;

    out[0] = cp;
    if (cp < 0xA0 || !gs_char_is(compatible ? GS_CLASS_NFKD : GS_CLASS_NFD, cp)) {
        return 1;
    }
    const utf8proc_option_t options = (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                                          (compatible ? UTF8PROC_COMPAT : 0));
    const utf8proc_ssize_t n =
        utf8proc_decompose_char((utf8proc_int32_t)cp, found, GS_MAX_DECOMPOSED, options, &boundary);
    if (n <= 0 || n > GS_MAX_DECOMPOSED) {
        return 1;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        out[i] = (uint32_t)found[i];
    }
    return (size_t)n;
}

uint8_t gs_char_combining_class(uint32_t cp)
{
    if (cp < 0x300 || !gs_char_is(GS_CLASS_ORDERED, cp)) {
        return 0;
    }
    return (uint8_t)utf8proc_get_property((utf8proc_int32_t)cp)->combining_class;
}

uint32_t gs_char_compose(uint32_t first, uint32_t second)
{
    utf8proc_int32_t pair[2] = {(utf8proc_int32_t)first, (utf8proc_int32_t)second};

    if (second < 0x300 || second == 0x11A7) { /* utf8proc takes this one for a trailing jamo */
        return 0;
    }
    const utf8proc_ssize_t n =
        utf8proc_normalize_utf32(pair, 2, (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    /* A composite that is newer than the tables is none. */
    return n == 1 && gs_char_is(GS_CLASS_NFD, (uint32_t)pair[0]) ? (uint32_t)pair[0] : 0;
}
