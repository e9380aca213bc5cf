/* The table of how NFKC treats each code point, filled from utf8proc at first use, and the steps of a
 * segment: decompose, order the marks, compose. */
#include "ingest/text/clean/nfkc_class.h"

#include <pthread.h>
#include <stdlib.h>
#include <utf8proc.h>

static const utf8proc_option_t nfkc =
    (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);

uint8_t gs_nfkc_table[GS_NFKC_TABLE_SIZE];

/* Compatibility characters that feeds are full of. Their texts are asserted against utf8proc. */
static const struct {
    uint32_t cp;
    const char *text;
} mapped[] = {
    {0x2026, "..."}, {0x2025, ".."}, {0x00AA, "a"}, {0x00BA, "o"},
    {0xFE30, ".."},  {0xFE55, ":"},  {0xFE59, "("}, {0xFE5A, ")"},
};

const char *gs_nfkc_mapped(uint8_t cls)
{
    return mapped[cls - GS_NFKC_MAPPED].text;
}

void gs_cps_done(struct gs_cps *cps)
{
    free(cps->cps);
    free(cps->spare);
    *cps = (struct gs_cps){0};
}

static enum gs_status grow(struct gs_cps *cps, struct gs_error *err)
{
    const size_t want = cps->capacity == 0 ? 256 : cps->capacity * 2;
    int32_t *bigger = realloc(cps->cps, want * sizeof *bigger);
    if (bigger == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu code points", want);
    }
    cps->cps = bigger;
    bigger = realloc(cps->spare, want * sizeof *bigger);
    if (bigger == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu code points", want);
    }
    cps->spare = bigger;
    cps->capacity = want;
    return GS_OK;
}

enum gs_status gs_cps_decompose(struct gs_cps *cps, int32_t cp, struct gs_error *err)
{
    enum { LONGEST = 18 }; /* of all decompositions: U+FDFA */

    if (cps->capacity - cps->len < LONGEST) {
        const enum gs_status status = grow(cps, err);
        if (status != GS_OK) {
            return status;
        }
    }
    if (gs_nfkc_is_trade_mark((uint32_t)cp)) {
        cps->cps[cps->len++] = cp;
        return GS_OK;
    }
    const utf8proc_ssize_t n = utf8proc_decompose_char(
        cp, cps->cps + cps->len, (utf8proc_ssize_t)(cps->capacity - cps->len), nfkc, NULL);
    if (n < 0 || (size_t)n > cps->capacity - cps->len) {
        return gs_fail(err, GS_BAD_FORMAT, "utf8proc: %s", utf8proc_errmsg(n));
    }
    cps->len += (size_t)n;
    return GS_OK;
}

static int ccc(int32_t cp)
{
    return utf8proc_get_property(cp)->combining_class;
}

/* Stable, by combining class. Short runs by insertion; hostile long ones by counting, since
 * utf8proc's own sort takes quadratic time on them. */
static void sort_marks(int32_t *cps, int32_t *spare, size_t n)
{
    if (n <= 32) {
        for (size_t i = 1; i < n; i++) {
            const int32_t cp = cps[i];
            size_t at = i;
            for (; at > 0 && ccc(cps[at - 1]) > ccc(cp); at--) {
                cps[at] = cps[at - 1];
            }
            cps[at] = cp;
        }
        return;
    }
    size_t begin[257] = {0};
    for (size_t i = 0; i < n; i++) {
        begin[ccc(cps[i]) + 1]++;
    }
    for (size_t c = 1; c < 257; c++) {
        begin[c] += begin[c - 1];
    }
    for (size_t i = 0; i < n; i++) {
        spare[begin[ccc(cps[i])]++] = cps[i];
    }
    memcpy(cps, spare, n * sizeof *cps);
}

void gs_cps_compose(struct gs_cps *cps)
{
    for (size_t i = 0; i < cps->len;) {
        size_t end = i;
        while (end < cps->len && ccc(cps->cps[end]) != 0) {
            end++;
        }
        if (end - i > 1) {
            sort_marks(cps->cps + i, cps->spare, end - i);
        }
        i = end + 1;
    }
    const utf8proc_ssize_t n = utf8proc_normalize_utf32(cps->cps, (utf8proc_ssize_t)cps->len, nfkc);
    cps->len = n < 0 ? cps->len : (size_t)n; /* < 0 only for wrong options */
}

static bool is_dropped(uint32_t cp)
{
    static const uint32_t ranges[][2] = {
        {0x00, 0x08},       {0x0E, 0x1F},     {0x7F, 0x84},       {0x86, 0x9F},
        {0xAD, 0xAD},       {0x034F, 0x034F}, {0x061C, 0x061C},   {0x115F, 0x1160},
        {0x17B4, 0x17B5},   {0x180B, 0x180F}, {0x200B, 0x200F},   {0x202A, 0x202E},
        {0x2060, 0x206F},   {0x3164, 0x3164}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
        {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
        {0xE0000, 0xE0FFF},
    };

    for (size_t i = 0; i < GS_COUNT(ranges); i++) {
        if (cp >= ranges[i][0] && cp <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

static bool is_blank(uint32_t cp)
{
    return (cp >= 0x09 && cp <= 0x0D) || cp == 0x20 || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

/* Says whether a decomposed code point may join with what is before it. Every mark counts, though not
 * every one composes: asking utf8proc once too often is harmless. */
static bool joins(int32_t cp)
{
    const utf8proc_category_t category = utf8proc_category(cp);

    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME || ccc(cp) != 0 || (cp >= 0x1160 && cp <= 0x11FF) ||
           (cp >= 0xD7B0 && cp <= 0xD7FF);
}

static uint8_t classify(uint32_t cp)
{
    int32_t room[64];
    int32_t spare[64];
    struct gs_cps cps = {room, spare, 0, GS_COUNT(room)};

    if (cp == 0x200D) {
        return GS_NFKC_ZWJ;
    }
    if (is_dropped(cp)) {
        return GS_NFKC_DROP;
    }
    if (is_blank(cp)) {
        return GS_NFKC_BLANK;
    }
    if (gs_nfkc_is_sign(cp)) {
        return GS_NFKC_SIGN;
    }
    if ((cp >= 0xD800 && cp <= 0xDFFF) || gs_cps_decompose(&cps, (int32_t)cp, NULL) != GS_OK ||
        cps.len == 0) {
        return GS_NFKC_SLOW; /* surrogates are never asked for */
    }
    if (joins(cps.cps[0])) {
        return GS_NFKC_JOIN;
    }
    gs_cps_compose(&cps);
    if (cps.len == 1 && cps.cps[0] == (int32_t)cp) {
        return GS_NFKC_STABLE;
    }
    return cp >= 0xFF01 && cp <= 0xFF5E ? GS_NFKC_WIDE : GS_NFKC_SLOW;
}

uint8_t gs_nfkc_high(uint32_t cp)
{
    if (cp >= 0x2F800 && cp <= 0x2FA1F) { /* CJK compatibility ideographs supplement */
        return GS_NFKC_SLOW;
    }
    return is_dropped(cp) ? GS_NFKC_DROP : GS_NFKC_STABLE;
}

static void fill_table(void)
{
    for (uint32_t cp = 0; cp < GS_NFKC_TABLE_SIZE; cp++) {
        gs_nfkc_table[cp] = classify(cp);
    }
    for (size_t i = 0; i < GS_COUNT(mapped); i++) {
        gs_nfkc_table[mapped[i].cp] = (uint8_t)(GS_NFKC_MAPPED + i);
    }
}

void gs_nfkc_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, fill_table);
}
