/* Pages of 256 characters. Most of Unicode is pages that are alike (letters that stay, characters
 * for private use), which are kept once. */
#include "tokenizer/models/bert_table.h"

#include "ingest/base/utf8.h"
#include "tokenizer/unicode/unicode.h"

#include <stdlib.h>

/* One character's way: what it is after each step. */
struct way {
    uint32_t cps[GS_MAX_DECOMPOSED * GS_MAX_LOWER];
    size_t n;
    bool spaced; /* there is a space on either side */
    bool slow;
};

static struct way walk(struct gs_bert_flags flags, uint32_t cp)
{
    struct way way = {.n = 0};
    uint32_t parts[GS_MAX_DECOMPOSED];
    size_t n = 1;

    if (flags.clean) {
        if (cp == 0 || cp == 0xFFFD ||
            (cp != '\t' && cp != '\n' && cp != '\r' && gs_char_is(GS_CLASS_OTHER, cp))) {
            return way;
        }
        cp = gs_char_is_space(cp) ? ' ' : cp;
    }
    way.spaced = flags.chinese && gs_char_is_chinese(cp);
    parts[0] = cp;
    if (flags.strip_accents) {
        n = gs_char_decompose(cp, false, parts);
    }
    for (size_t i = 0; i < n; i++) {
        if (flags.strip_accents && gs_char_is(GS_CLASS_NONSPACING, parts[i])) {
            continue;
        }
        way.slow = way.slow || (flags.strip_accents && gs_char_combining_class(parts[i]) != 0);
        way.cps[way.n] = parts[i];
        way.n += flags.lower ? gs_char_lower(parts[i], way.cps + way.n) : 1;
    }
    return way;
}

static bool add_text(struct gs_bert_table *table, const char *bytes, size_t len, size_t n_chars,
                     uint32_t *ret)
{
    if (table->texts_capacity - table->texts_len < len + 2) {
        const size_t capacity = table->texts_capacity == 0 ? 4096 : table->texts_capacity * 2;
        unsigned char *texts = realloc(table->texts, capacity);
        if (texts == NULL) {
            return false;
        }
        table->texts = texts;
        table->texts_capacity = capacity;
    }
    *ret = (uint32_t)table->texts_len << GS_FATE_BITS | GS_FATE_WORD;
    table->texts[table->texts_len] = (unsigned char)len;
    table->texts[table->texts_len + 1] = (unsigned char)n_chars;
    memcpy(table->texts + table->texts_len + 2, bytes, len);
    table->texts_len += len + 2;
    return true;
}

static bool find_fate(struct gs_bert_table *table, struct gs_bert_flags flags,
                      const struct gs_wordpiece *wordpiece, uint32_t cp, uint32_t *ret)
{
    const struct way way = walk(flags, cp);
    char bytes[4 * GS_MAX_DECOMPOSED * GS_MAX_LOWER];
    size_t len = 0, n_spaces = 0, n_alone = 0;

    for (size_t i = 0; i < way.n; i++) {
        n_spaces += gs_char_is_space(way.cps[i]);
        n_alone += way.spaced || gs_char_is(GS_CLASS_PUNCT, way.cps[i]);
        len += gs_utf8_encode(way.cps[i], bytes + len);
    }
    const bool is_mixed = n_spaces + n_alone > 0 && way.n > 1 && n_spaces < way.n;
    if (way.slow || is_mixed) {
        *ret = GS_FATE_SLOW;
    } else if (way.n == 0) {
        *ret = way.spaced ? GS_FATE_SPACE : GS_FATE_GONE;
    } else if (n_spaces == way.n) {
        *ret = GS_FATE_SPACE;
    } else if (n_alone == 1) {
        *ret = (uint32_t)gs_wordpiece_char(wordpiece, bytes, len) << GS_FATE_BITS | GS_FATE_ALONE;
    } else if (way.n == 1 && way.cps[0] == cp) {
        *ret = GS_FATE_SELF;
    } else {
        return add_text(table, bytes, len, way.n, ret);
    }
    return true;
}

static bool page_has_lower(uint32_t first)
{
    size_t i = 0;

    while (i < gs_n_lower_runs && gs_lower_runs[i].last < first) {
        i++;
    }
    return (i < gs_n_lower_runs && gs_lower_runs[i].first <= first + 0xFF) ||
           first == 0x100; /* the dotted I is not in the runs */
}

/* What a character can be that is not in any word as it is. */
static const uint16_t special = 1U << GS_CLASS_SPACE | 1U << GS_CLASS_OTHER | 1U << GS_CLASS_PUNCT |
                                1U << GS_CLASS_NONSPACING | 1U << GS_CLASS_ORDERED |
                                1U << GS_CLASS_NFD;

/* Says whether one fate is that of the whole page. */
static bool is_uniform(uint32_t first, const uint16_t *classes)
{
    const uint16_t class = classes[0] & special;

    if (page_has_lower(first) || gs_char_is_chinese(first) || gs_char_is_chinese(first + 0xFF) ||
        (class != 0 && class != 1U << GS_CLASS_OTHER)) {
        return false;
    }
    for (size_t i = 1; i < 256; i++) {
        if ((classes[i] & special) != class) {
            return false;
        }
    }
    return first != 0xFF00; /* has U+FFFD */
}

static bool add_page(struct gs_bert_table *table, uint32_t **ret)
{
    if (table->n_pages == table->pages_capacity) {
        const size_t capacity = table->pages_capacity == 0 ? 128 : table->pages_capacity * 2;
        uint32_t *fates = realloc(table->fates, capacity * 256 * sizeof *fates);
        if (fates == NULL) {
            return false;
        }
        table->fates = fates;
        table->pages_capacity = capacity;
    }
    *ret = table->fates + table->n_pages * 256;
    table->n_pages++;
    return true;
}

static bool fill_page(struct gs_bert_table *table, struct gs_bert_flags flags,
                      const struct gs_wordpiece *wordpiece, uint32_t first, const uint16_t *classes)
{
    const bool plain = !page_has_lower(first) && first != 0 && first != 0xFF00;
    uint32_t *fates = NULL;

    if (!add_page(table, &fates)) {
        return false;
    }
    for (uint32_t i = 0; i < 256; i++) {
        if (plain && (classes[i] & special) == 0 && !gs_char_is_chinese(first + i)) {
            fates[i] = GS_FATE_SELF; /* most are */
            continue;
        }
        if (!find_fate(table, flags, wordpiece, first + i, &fates[i])) {
            return false;
        }
    }
    /* A page like the one before (rare ideographs that no vocabulary has) is that one. */
    if (table->n_pages > 1 && memcmp(fates, fates - 256, 256 * sizeof *fates) == 0) {
        table->n_pages--;
    }
    table->pages[first >> 8] = (uint16_t)(table->n_pages - 1);
    return true;
}

bool gs_bert_table_fill(struct gs_bert_table *table, struct gs_bert_flags flags,
                        const struct gs_wordpiece *wordpiece)
{
    int uniform[1 << GS_FATE_BITS] = {-1, -1, -1, -1, -1, -1, -1, -1}; /* page of each plain fate */
    uint16_t classes[256];

    for (uint32_t first = 0; first < 0x110000; first += 256) {
        uint32_t fate = GS_FATE_SLOW;
        gs_char_page(first, classes);
        if (is_uniform(first, classes) && !find_fate(table, flags, wordpiece, first, &fate)) {
            return false;
        }
        if (fate != GS_FATE_SELF && fate != GS_FATE_GONE) {
            if (!fill_page(table, flags, wordpiece, first, classes)) {
                return false;
            }
            continue;
        }
        if (uniform[fate] < 0) {
            uint32_t *fates = NULL;
            if (!add_page(table, &fates)) {
                return false;
            }
            for (size_t i = 0; i < 256; i++) {
                fates[i] = fate;
            }
            uniform[fate] = (int)table->n_pages - 1;
        }
        table->pages[first >> 8] = (uint16_t)uniform[fate];
    }
    for (uint32_t c = 1; c < 0x80; c++) {
        const uint32_t found = gs_bert_table_get(table, c);
        if (found == GS_FATE_SELF) {
            table->ascii[c] = (uint8_t)c;
        } else if ((found & GS_FATE_MASK) == GS_FATE_WORD &&
                   table->texts[found >> GS_FATE_BITS] == 1) {
            table->ascii[c] = table->texts[(found >> GS_FATE_BITS) + 2];
        }
    }
    return true;
}

void gs_bert_table_done(struct gs_bert_table *table)
{
    free(table->fates);
    free(table->texts);
    *table = (struct gs_bert_table){.fates = NULL};
}

size_t gs_bert_table_memory(const struct gs_bert_table *table)
{
    return table->pages_capacity * 256 * sizeof *table->fates + table->texts_capacity;
}
