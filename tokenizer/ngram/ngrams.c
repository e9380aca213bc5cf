/* Two profiles, told apart by bit 31 of every hash of a text:
 *
 *   alphabetic   per chunk between white space:  character 2..5-grams of "_chunk_"
 *                per token of the chunk:         the word, and the pair with the word before it;
 *                                                words under a negation are other words ("~good")
 *   Han          character 1..4-grams of "_text_", white space runs being one character
 *
 * Where the model wants it, traditional Han is hashed as simplified: 虧損 has the features of 亏损.
 *
 * A hash is a running 64-bit product over code points, finished once per n-gram. */
#include "tokenizer/ngram/ngrams.h"

#include "ingest/base/han.h"
#include "tokenizer/ngram/chars.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    MIN_GRAM = 2,
    MAX_GRAM = 5,
    MAX_HAN_GRAM = 4,
    NEGATION_SCOPE = 4, /* tokens, unless punctuation ends it sooner */
    HAN_WEIGHT = 4,     /* a Han character says as much as this many letters */
    EDGE = 0x120000,    /* stands at both ends of a chunk; no code point, no stray byte */
    MAX_TEXT_CHARS = 1 << 20
};

static const uint64_t seed_chars = 0x9E3779B97F4A7C15U;
static const uint64_t seed_word = 0xC2B2AE3D27D4EB4FU;
static const uint64_t seed_negated = 0x165667B19E3779F9U;
static const uint64_t seed_pair = 0x27D4EB2F165667C5U;
static const uint64_t step_factor = 0xD6E8FEB86659FD93U;

struct word {
    uint64_t hash; /* 0: none */
    uint32_t start;
};

struct gs_ngrams {
    size_t max_features;
    size_t max_chars;
    struct gs_feature *features;
    struct gs_char *chars;
    const uint16_t *folds; /* NULL: Han is read as it is written */
    size_t n;              /* features of the text at hand */
    uint32_t profile;
    struct word last;
    int negated; /* tokens still under the negation */
};

enum gs_status gs_ngrams_new(size_t max_features, struct gs_ngrams **ret, struct gs_error *err)
{
    struct gs_ngrams *ngrams = calloc(1, sizeof *ngrams);
    if (ngrams == NULL || max_features == 0 || max_features > MAX_TEXT_CHARS) {
        free(ngrams);
        return gs_fail(err, GS_NO_MEMORY, "n-grams: no room for %zu features", max_features);
    }
    ngrams->max_features = max_features;
    ngrams->max_chars = 2 * max_features; /* every other character may be white space */
    ngrams->features = malloc(max_features * sizeof *ngrams->features);
    ngrams->chars = malloc((ngrams->max_chars + 1) * sizeof *ngrams->chars);
    if (ngrams->features == NULL || ngrams->chars == NULL) {
        gs_ngrams_free(ngrams);
        return gs_fail(err, GS_NO_MEMORY, "n-grams: no room for %zu features", max_features);
    }
    *ret = ngrams;
    return GS_OK;
}

void gs_ngrams_free(struct gs_ngrams *ngrams)
{
    if (ngrams != NULL) {
        free(ngrams->features);
        free(ngrams->chars);
        free(ngrams);
    }
}

void gs_ngrams_read_simplified(struct gs_ngrams *ngrams, bool on)
{
    ngrams->folds = on ? gs_han_folds() : NULL;
}

static uint64_t step(uint64_t h, uint32_t cp)
{
    h = (h ^ cp) * step_factor;
    return h ^ (h >> 32);
}

static bool emit(struct gs_ngrams *ngrams, uint64_t h, uint32_t kind, uint32_t start, uint32_t end)
{
    if (ngrams->n == ngrams->max_features) {
        return false;
    }
    h *= seed_pair;
    ngrams->features[ngrams->n++] =
        (struct gs_feature){(uint32_t)(h >> 34) | kind | ngrams->profile, start, end};
    return true;
}

/* Character n-grams of chars[0..n) with an edge before and behind it. */
static bool emit_chars(struct gs_ngrams *ngrams, const struct gs_char *chars, size_t n,
                       size_t min_gram, size_t max_gram)
{
    for (size_t i = 0; i <= n; i++) { /* i == 0 is the edge before, j == n the edge behind */
        const size_t first = i == 0 ? 0 : i - 1;
        uint64_t h = i == 0 ? step(seed_chars, EDGE) : seed_chars;
        size_t length = i == 0;
        for (size_t j = first; j <= n && length < max_gram; j++) {
            h = step(h, j == n ? (uint32_t)EDGE : chars[j].cp);
            length++;
            const size_t end = j == n ? n : j + 1;
            if (length >= min_gram && !emit(ngrams, h, 0, chars[first].start, chars[end].start)) {
                return false;
            }
        }
    }
    return true;
}

static bool is_ascii_word(const struct gs_char *chars, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        if (word[i] == '\0' || chars[i].cp != (uint32_t)(unsigned char)word[i]) {
            return false;
        }
    }
    return word[n] == '\0';
}

static bool is_negation(const struct gs_char *chars, size_t n)
{
    static const char *const words[] = {"not", "no",      "never",  "without",
                                        "nor", "neither", "cannot", "hardly"};
    if (n >= 3 && is_ascii_word(chars + n - 3, 3, "n't")) {
        return true;
    }
    for (size_t i = 0; i < GS_COUNT(words); i++) {
        if (n > 1 && words[i][0] == (char)(chars[0].cp & 0x7F) &&
            is_ascii_word(chars, n, words[i])) {
            return true;
        }
    }
    return false;
}

static bool ends_scope(uint32_t cp)
{
    return cp == '.' || cp == ',' || cp == ';' || cp == ':' || cp == '!' || cp == '?';
}

/* One token: the word as it stands under negation, and its pair with the word before. */
static bool emit_token(struct gs_ngrams *ngrams, const struct gs_char *chars, size_t n)
{
    const bool is_word = chars[0].class == GS_CHAR_WORD;
    const uint32_t end = chars[n].start;

    if (!is_word && ends_scope(chars[0].cp)) {
        ngrams->negated = 0;
    }
    uint64_t h = ngrams->negated > 0 ? seed_negated : seed_word;
    for (size_t i = 0; i < n; i++) {
        h = step(h, chars[i].cp);
    }
    const struct word last = ngrams->last;
    ngrams->last = (struct word){h, chars[0].start};
    ngrams->negated -= ngrams->negated > 0;
    if (is_word && is_negation(chars, n)) {
        ngrams->negated = NEGATION_SCOPE;
    }
    if (!emit(ngrams, h, GS_NGRAMS_WORD, chars[0].start, end)) {
        return false;
    }
    return last.hash == 0 ||
           emit(ngrams, (last.hash ^ seed_pair) * step_factor + h, GS_NGRAMS_WORD, last.start, end);
}

static bool emit_tokens(struct gs_ngrams *ngrams, const struct gs_char *chars, size_t n)
{
    size_t i = 0;
    while (i < n) {
        size_t end = i + 1;
        if (chars[i].class == GS_CHAR_WORD) {
            while (end < n && chars[end].class == GS_CHAR_WORD) {
                end++;
            }
        }
        if (!emit_token(ngrams, chars + i, end - i)) {
            return false;
        }
        i = end;
    }
    return true;
}

static void extract_alphabetic(struct gs_ngrams *ngrams, size_t n)
{
    const struct gs_char *chars = ngrams->chars;
    size_t i = 0;
    while (i < n) {
        if (chars[i].class == GS_CHAR_SPACE) {
            i++;
            continue;
        }
        size_t end = i + 1;
        while (end < n && chars[end].class != GS_CHAR_SPACE) {
            end++;
        }
        if (!emit_chars(ngrams, chars + i, end - i, MIN_GRAM, MAX_GRAM) ||
            !emit_tokens(ngrams, chars + i, end - i)) {
            return;
        }
        i = end;
    }
}

size_t gs_ngrams_extract(struct gs_ngrams *ngrams, struct gs_str text,
                         const struct gs_feature **ret)
{
    size_t han = 0;
    size_t latin = 0;
    if (text.len > UINT32_MAX / 2) {
        text.len = UINT32_MAX / 2;
    }
    size_t n = gs_chars_decode(text, ngrams->folds, ngrams->chars, ngrams->max_chars, &han, &latin);
    size_t skip = 0;
    while (skip < n && ngrams->chars[skip].class == GS_CHAR_SPACE) {
        skip++;
    }
    if (n > skip && ngrams->chars[n - 1].class == GS_CHAR_SPACE) {
        n--;
    }
    ngrams->n = 0;
    ngrams->last = (struct word){0};
    ngrams->negated = 0;
    if (han > 0 && han * HAN_WEIGHT >= latin) {
        ngrams->profile = GS_NGRAMS_HAN;
        (void)emit_chars(ngrams, ngrams->chars + skip, n - skip, 1, MAX_HAN_GRAM);
    } else {
        ngrams->profile = 0;
        extract_alphabetic(ngrams, n);
    }
    *ret = ngrams->features;
    return ngrams->n;
}
