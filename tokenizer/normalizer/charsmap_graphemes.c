/* Extended grapheme clusters by UAX #29: a character joins the cluster before it or begins a new one, by its
 * class and by what came before. `struct before` holds as much of the past as the rules look back at;
 * joins() has the rules in the annex's order and note() moves the past on. */
#include "tokenizer/normalizer/charsmap_graphemes.h"

#include "ingest/base/utf8.h"
#include "tokenizer/unicode/ranges.h"

#include <stdbool.h>

enum {
    SYLLABLE_FIRST = 0xAC00,
    SYLLABLE_LAST = 0xD7A3,
    SYLLABLE_TAILS = 28, /* a syllable of every 28 has no tail */
    HAN_FIRST = 0x3400,
    HAN_LAST = 0x9FFF,
};

/* What came before, as far as rules look back. */
struct before {
    uint8_t class;
    bool pictographic; /* a pictographic character and extenders (GB11) */
    bool consonant;    /* a consonant, extenders, linkers (GB9c) */
    bool linked;       /* a linker among them */
    bool odd;          /* an odd number of regional indicators (GB12, GB13) */
};

static uint8_t class_of(uint32_t cp)
{
    if (cp >= 0x20 && cp < 0x7F) {
        return GS_GRAPHEME_OTHER;
    }
    if (cp >= HAN_FIRST && cp <= HAN_LAST) {
        return GS_GRAPHEME_OTHER;
    }
    if (cp >= SYLLABLE_FIRST && cp <= SYLLABLE_LAST) {
        return (cp - SYLLABLE_FIRST) % SYLLABLE_TAILS == 0 ? GS_GRAPHEME_LV : GS_GRAPHEME_LVT;
    }
    return gs_range_class(gs_grapheme_ranges, gs_grapheme_ranges_n, cp);
}

static bool is_control(uint8_t class)
{
    return class == GS_GRAPHEME_CONTROL || class == GS_GRAPHEME_CR || class == GS_GRAPHEME_LF;
}

/* EXTEND, EXTEND_APART and LINKER: Grapheme_Cluster_Break=Extend */
static bool is_extend(uint8_t class)
{
    return class >= GS_GRAPHEME_EXTEND && class <= GS_GRAPHEME_LINKER;
}

/* GB6 to GB8 */
static bool joins_hangul(uint8_t a, uint8_t b)
{
    switch (a) {
    case GS_GRAPHEME_L:
        return b == GS_GRAPHEME_L || b == GS_GRAPHEME_V || b == GS_GRAPHEME_LV ||
               b == GS_GRAPHEME_LVT;
    case GS_GRAPHEME_LV:
    case GS_GRAPHEME_V:
        return b == GS_GRAPHEME_V || b == GS_GRAPHEME_T;
    case GS_GRAPHEME_LVT:
    case GS_GRAPHEME_T:
        return b == GS_GRAPHEME_T;
    default:
        return false;
    }
}

/* Does a character of this class belong to the cluster that is there? */
static bool joins(const struct before *before, uint8_t class)
{
    if (before->class == GS_GRAPHEME_CR && class == GS_GRAPHEME_LF) {
        return true;
    }
    if (is_control(before->class) || is_control(class)) {
        return false;
    }
    if (is_extend(class) || class == GS_GRAPHEME_ZWJ || class == GS_GRAPHEME_SPACING ||
        before->class == GS_GRAPHEME_PREPEND || joins_hangul(before->class, class)) {
        return true;
    }
    if (class == GS_GRAPHEME_CONSONANT) {
        return before->consonant && before->linked;
    }
    if (class == GS_GRAPHEME_PICTOGRAPHIC) {
        return before->class == GS_GRAPHEME_ZWJ && before->pictographic;
    }
    return class == GS_GRAPHEME_REGIONAL && before->class == GS_GRAPHEME_REGIONAL && before->odd;
}

static void note(struct before *before, uint8_t class)
{
    const bool in_conjunct =
        class == GS_GRAPHEME_EXTEND || class == GS_GRAPHEME_LINKER || class == GS_GRAPHEME_ZWJ;

    /* extenders, then one joiner: what comes behind that looks at the joiner's class */
    if (class == GS_GRAPHEME_PICTOGRAPHIC) {
        before->pictographic = true;
    } else if (before->class == GS_GRAPHEME_ZWJ ||
               !(is_extend(class) || class == GS_GRAPHEME_ZWJ)) {
        before->pictographic = false;
    }
    if (class == GS_GRAPHEME_CONSONANT) {
        before->consonant = true;
        before->linked = false;
    } else if (in_conjunct) {
        before->linked = before->linked || class == GS_GRAPHEME_LINKER;
    } else {
        before->consonant = false;
        before->linked = false;
    }
    before->odd = class == GS_GRAPHEME_REGIONAL && !before->odd;
    before->class = class;
}

size_t gs_grapheme_end(const char *bytes, size_t from, size_t to)
{
    struct before before = {GS_GRAPHEME_OTHER, false, false, false, false};
    size_t at = from;

    while (at < to) {
        const size_t len = gs_utf8_valid_len(bytes + at, to - at);
        if (len == 0) {
            return at == from ? from + 1 : at;
        }
        const uint8_t class = class_of(gs_utf8_decode(bytes + at, len));
        if (at > from && !joins(&before, class)) {
            break;
        }
        note(&before, class);
        at += len;
    }
    return at;
}
