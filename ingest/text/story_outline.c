/* From a text to its outline.
 *
 *     text ─► words ─┬─► pairs of neighbours ─┬─► 16 smallest hashes ─┐
 *                    │   and each $TICKER     └─► 96 cells            ├─► 8 bands
 *                    └─► numbers ─────────────────────────────────────┘
 *
 * Words are runs of letters and digits in lower case; a number keeps its point ("3.5", "4,000"), a
 * Han character is a word. Left out are links, mentions, "RT", the tags behind a link, which say
 * where a text is shown and not what it says, the last word before "..." at the end, which is cut
 * off mostly, and what somebody set before a text that he passes on: "Wow! RT @user: …", "“@user: …",
 * "…//@user: …".
 *
 * Numbers go into every band, as a set: "up 3%" and "up 4%" are two stories, however alike. A copy
 * that was cut before a number is another story by that, which costs less than the other way
 * round.
 *
 * Two words that stand side by side are one element of the set that is sampled, and a ticker is
 * four more, so that headlines that differ in the company are less alike. The smallest of a set's
 * hashes under one function is the same in two sets with a chance of their similarity; a band is
 * two of these. For the cells each element is hashed once, its low bits name a cell, and the cell
 * keeps the smallest: for the dozen pairs of a short text that is nearly the set itself. */
#include "ingest/text/story_outline.h"

#include "ingest/base/utf8.h"
#include "ingest/text/story_text.h"

#include <string.h>

enum {
    MAX_WORDS = 64,
    MIN_WORDS = 5,
    TICKER_WEIGHT = 4,
    N_MINIMA = 2 * GS_OUTLINE_BANDS,
    MAX_ELEMENTS = (1 + TICKER_WEIGHT) * MAX_WORDS
};

struct word {
    uint64_t hash;
    bool number;
    bool ticker;
};

/* Where the reading of a text stands. */
struct reader {
    struct word words[MAX_WORDS];
    size_t n;
    size_t quoted;    /* words before the last text that is passed on */
    bool behind_rt;   /* or behind a quotation mark or a slash, with nothing since */
    bool behind_link; /* only tags since the last link */
    bool cut;         /* "..." since the last word */
};

/* splitmix64's finish (Steele, Lea and Flood 2014). */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xBF58476D1CE4E5B9U;
    x ^= x >> 27;
    x *= 0x94D049BB133111EBU;
    return x ^ x >> 31;
}

static void add_word(struct reader *to, uint64_t hash, char sign, bool number)
{
    const bool tag = sign != 0 && !number;

    if (tag && to->behind_link) {
        return;
    }
    to->behind_link = to->behind_link && tag;
    to->behind_rt = false;
    to->cut = false;
    to->words[to->n++] =
        (struct word){.hash = mix(hash), .number = number, .ticker = tag && sign == '$'};
}

/* Takes the letters and digits at the front; returns their length. A point, comma or colon between
 * digits belongs to a number. */
static size_t take_run(struct gs_str text, uint64_t *ret_hash)
{
    const bool number = gs_story_is_digit(text.bytes[0]);
    uint64_t hash = 0xCBF29CE484222325U; /* FNV-1a */
    size_t i = 0;

    while (i < text.len) {
        const char c = text.bytes[i];
        size_t n = 1;
        if ((unsigned char)c >= 0x80) {
            n = gs_utf8_valid_len(text.bytes + i, text.len - i);
            const uint32_t cp = n == 0 ? 0 : gs_utf8_decode(text.bytes + i, n);
            if (n == 0 || gs_story_is_han(cp) || !gs_story_is_kept(cp)) {
                break;
            }
        } else if (!gs_story_is_word(c) &&
                   !(number && (c == '.' || c == ',' || c == ':') && i + 1 < text.len &&
                     gs_story_is_digit(text.bytes[i - 1]) &&
                     gs_story_is_digit(text.bytes[i + 1]))) {
            break;
        }
        for (size_t end = i + n; i < end; i++) {
            hash = (hash ^ (unsigned char)gs_story_lower(text.bytes[i])) * 0x100000001B3U;
        }
    }
    *ret_hash = hash;
    return i;
}

/* Length of what is left out at the front of text, which begins a word; 0: nothing. */
static size_t skip(struct reader *reader, struct gs_str text)
{
    if (text.bytes[0] == '@') {
        const size_t mention = gs_story_mention_len(text);
        if (mention > 0 && reader->behind_rt) {
            reader->quoted = reader->n;
        }
        return mention;
    }
    const char first = gs_story_lower(text.bytes[0]);
    if (first == 'r' && gs_story_is_name(text, "rt")) {
        reader->behind_rt = true;
        return 2;
    }
    if (text.bytes[0] == '"' || text.bytes[0] == '/') {
        reader->behind_rt = true;
        return 1;
    }
    const size_t link = first == 'h' ? gs_story_url_len(text) : 0;
    reader->behind_link = reader->behind_link || link > 0;
    return link;
}

/* Takes one word, sign or byte off the front; returns its length. */
static size_t take(struct reader *reader, struct gs_str text)
{
    uint64_t hash = 0;
    size_t n = skip(reader, text);

    if (n > 0) {
        return n;
    }
    if (text.len >= 3 && memcmp(text.bytes, "...", 3) == 0) {
        reader->cut = true;
        return 3;
    }
    const char sign = (char)(text.bytes[0] == '$' || text.bytes[0] == '#' ? text.bytes[0] : 0);
    const size_t at = sign != 0 ? 1 : 0;
    if (at == text.len) {
        return at;
    }
    n = take_run((struct gs_str){text.bytes + at, text.len - at}, &hash);
    if (n > 0) {
        add_word(reader, hash, sign, gs_story_is_digit(text.bytes[at]));
        return at + n;
    }
    if (at > 0) {
        return at;
    }
    n = gs_utf8_valid_len(text.bytes, text.len);
    if (n > 1) {
        const uint32_t cp = gs_utf8_decode(text.bytes, n);
        if (gs_story_is_han(cp)) {
            add_word(reader, cp, 0, false);
        }
        reader->behind_rt = reader->behind_rt || cp == 0x201C; /* an opening quotation mark */
    }
    return n > 0 ? n : 1;
}

static void read_words(struct gs_str text, struct reader *reader)
{
    for (size_t i = 0; i < text.len && reader->n < MAX_WORDS;) {
        i += take(reader, (struct gs_str){text.bytes + i, text.len - i});
    }
}

/* What shows only when all words are there. */
static void drop_words(struct reader *reader)
{
    if (reader->cut && reader->n > 0 && reader->n < MAX_WORDS) {
        reader->n--;
    }
    if (reader->quoted > 0 && reader->n >= reader->quoted + MIN_WORDS) {
        reader->n -= reader->quoted;
        memmove(reader->words, reader->words + reader->quoted, reader->n * sizeof *reader->words);
    }
}

/* A hash of the set of numbers. */
static uint64_t hash_numbers(const struct reader *reader)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < reader->n; i++) {
        bool again = !reader->words[i].number;
        for (size_t j = 0; j < i && !again; j++) {
            again = reader->words[j].number && reader->words[j].hash == reader->words[i].hash;
        }
        sum += again ? 0 : mix(reader->words[i].hash);
    }
    return sum;
}

static size_t list_elements(const struct reader *reader, uint64_t ret[MAX_ELEMENTS])
{
    size_t n = 0;

    for (size_t i = 0; i < reader->n; i++) {
        const struct word *word = &reader->words[i];
        if (i + 1 < reader->n) {
            ret[n++] = mix(word->hash * 3 + reader->words[i + 1].hash);
        }
        for (uint64_t j = 1; word->ticker && j <= TICKER_WEIGHT; j++) {
            ret[n++] = mix(word->hash + j);
        }
    }
    return n;
}

static void fill_cells(const uint64_t *elements, size_t n, uint8_t ret[GS_OUTLINE_CELL_BYTES])
{
    uint32_t least[GS_OUTLINE_CELLS];

    memset(least, 0xFF, sizeof least);
    for (size_t i = 0; i < n; i++) {
        uint32_t *cell = &least[(uint32_t)elements[i] % GS_OUTLINE_CELLS];
        const uint32_t value = (uint32_t)(elements[i] >> 32);
        *cell = value < *cell ? value : *cell;
    }
    for (size_t i = 0; i < GS_OUTLINE_CELLS; i++) {
        const unsigned value = least[i] == UINT32_MAX ? 0 : least[i] % 15 + 1;
        ret[i / 2] = (uint8_t)(ret[i / 2] | value << (i % 2 * 4));
    }
}

static void fill_bands(const uint64_t *elements, size_t n, uint64_t numbers,
                       uint32_t ret[GS_OUTLINE_BANDS])
{
    /* A hash function is one of these factors: odd, from splitmix64's sequence. */
    uint64_t factors[N_MINIMA];
    uint64_t least[N_MINIMA];

    for (uint64_t j = 0; j < N_MINIMA; j++) {
        factors[j] = mix((j + 1) * 0x9E3779B97F4A7C15U) | 1;
    }
    memset(least, 0xFF, sizeof least);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < N_MINIMA; j++) {
            const uint64_t value = elements[i] * factors[j];
            least[j] = value < least[j] ? value : least[j];
        }
    }
    for (size_t i = 0; i < GS_OUTLINE_BANDS; i++) {
        ret[i] = (uint32_t)mix(least[2 * i] + mix(least[2 * i + 1] + i) + numbers);
    }
}

void gs_outline(struct gs_str title, struct gs_str text, struct gs_outline *ret)
{
    struct reader reader = {.n = 0};
    uint64_t elements[MAX_ELEMENTS];

    memset(ret, 0, sizeof *ret);
    read_words(title, &reader);
    read_words(text, &reader);
    drop_words(&reader);
    if (reader.n < MIN_WORDS) {
        return;
    }
    const size_t n = list_elements(&reader, elements);
    fill_cells(elements, n, ret->cells);
    fill_bands(elements, n, hash_numbers(&reader), ret->bands);
}
