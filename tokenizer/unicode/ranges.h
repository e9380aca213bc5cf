/* Which class a character is of, by sorted ranges that are generated from the reference (see
 * tests/tools/make_tokenizer_ranges.py). Internal to the tokenizer. Threads: constant. */
#ifndef GS_TOKENIZER_RANGES_H
#define GS_TOKENIZER_RANGES_H

#include <stddef.h>
#include <stdint.h>

/* [first, last] are of a class; in order, without overlap. */
struct gs_range {
    uint32_t first, last;
    uint8_t class;
};

/* What GPT-2's pattern tells apart; 0 is everything else. */
enum { GS_GPT2_OTHER, GS_GPT2_LETTER, GS_GPT2_NUMBER, GS_GPT2_SPACE };

/* Unicode's Grapheme_Cluster_Break, and Indic_Conjunct_Break folded in. */
enum {
    GS_GRAPHEME_OTHER,
    GS_GRAPHEME_CR,
    GS_GRAPHEME_LF,
    GS_GRAPHEME_CONTROL,
    GS_GRAPHEME_EXTEND,
    GS_GRAPHEME_EXTEND_APART, /* an extender that ends a conjunct */
    GS_GRAPHEME_LINKER,       /* an extender that links consonants to a conjunct */
    GS_GRAPHEME_ZWJ,
    GS_GRAPHEME_SPACING,
    GS_GRAPHEME_PREPEND,
    GS_GRAPHEME_REGIONAL,
    GS_GRAPHEME_L,
    GS_GRAPHEME_V,
    GS_GRAPHEME_T,
    GS_GRAPHEME_LV,
    GS_GRAPHEME_LVT,
    GS_GRAPHEME_PICTOGRAPHIC,
    GS_GRAPHEME_CONSONANT,
};

extern const struct gs_range gs_gpt2_ranges[], gs_grapheme_ranges[];
extern const size_t gs_gpt2_ranges_n, gs_grapheme_ranges_n;

/* The class of a code point; 0 when it is in no range. */
static inline uint8_t gs_range_class(const struct gs_range *ranges, size_t n, uint32_t cp)
{
    size_t low = 0;

    /* the last range that begins at cp or before is at low, if there is one */
    for (size_t step = n; step > 1;) {
        const size_t half = step / 2;
        low += ranges[low + half].first <= cp ? half : 0;
        step -= half;
    }
    return n > 0 && ranges[low].first <= cp && cp <= ranges[low].last ? ranges[low].class : 0;
}

#endif
