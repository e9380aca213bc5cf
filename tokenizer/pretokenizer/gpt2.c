/* Where GPT-2's pre-tokenizer pattern ends a word, without a regular expression engine: of the
 * pattern's seven alternatives the first that matches counts, and every character begins one. */
#include "ingest/base/utf8.h"
#include "tokenizer/models/pieces.h"
#include "tokenizer/unicode/ranges.h"

#include <stdbool.h>

enum { HAN_FIRST = 0x4E00, HAN_LAST = 0x9FFF };

/* The class of the character at bytes[at], and its length. A byte that is not UTF-8 is one of its
 * own, neither letter, number nor space. */
static uint8_t class_at(const char *bytes, size_t at, size_t to, size_t *ret_len)
{
    const size_t len = gs_utf8_valid_len(bytes + at, to - at);

    *ret_len = len == 0 ? 1 : len;
    if (len == 0) {
        return GS_GPT2_OTHER;
    }
    const uint32_t cp = gs_utf8_decode(bytes + at, len);
    if (cp < 0x80) {
        const uint32_t lower = cp | 0x20U;
        if (lower >= 'a' && lower <= 'z') {
            return GS_GPT2_LETTER;
        }
        if (cp >= '0' && cp <= '9') {
            return GS_GPT2_NUMBER;
        }
        return cp == ' ' || (cp >= '\t' && cp <= '\r') ? GS_GPT2_SPACE : GS_GPT2_OTHER;
    }
    if (cp >= HAN_FIRST && cp <= HAN_LAST) {
        return GS_GPT2_LETTER;
    }
    return gs_range_class(gs_gpt2_ranges, gs_gpt2_ranges_n, cp);
}

/* 's 't 're 've 'm 'll 'd: how long the one at from is; 0: none. */
static size_t contraction_len(const char *bytes, size_t from, size_t to)
{
    const size_t n = to - from;

    if (n < 2 || bytes[from] != '\'') {
        return 0;
    }
    const char a = bytes[from + 1];
    if (a == 's' || a == 't' || a == 'm' || a == 'd') {
        return 2;
    }
    if (n < 3) {
        return 0;
    }
    const char b = bytes[from + 2];
    return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

/* The end of the run of characters of one class. */
static size_t run_end(const char *bytes, size_t from, size_t to, uint8_t class)
{
    size_t len = 0;

    while (from < to && class_at(bytes, from, to, &len) == class) {
        from += len;
    }
    return from;
}

/* \s+(?!\S)|\s+: all of it at the end of the text; else its last character is left to the word that
 * follows, unless it is the only one. */
static size_t space_end(const char *bytes, size_t from, size_t to)
{
    size_t at = from, last = from, len = 0;

    while (at < to && class_at(bytes, at, to, &len) == GS_GPT2_SPACE) {
        last = at;
        at += len;
    }
    return at == to || last == from ? at : last;
}

size_t gs_gpt2_word_end(const char *bytes, size_t from, size_t to)
{
    if (from >= to) {
        return to;
    }
    const size_t contraction = contraction_len(bytes, from, to);
    if (contraction > 0) {
        return from + contraction;
    }
    size_t len = 0;
    uint8_t class = class_at(bytes, from, to, &len);
    if (class != GS_GPT2_SPACE) {
        return run_end(bytes, from, to, class);
    }
    if (bytes[from] == ' ' && from + 1 < to) {
        class = class_at(bytes, from + 1, to, &len);
        if (class != GS_GPT2_SPACE) {
            return run_end(bytes, from + 1, to, class);
        }
    }
    return space_end(bytes, from, to);
}
