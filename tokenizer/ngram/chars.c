/* Folds a text to the characters that n-grams are made of. Classes are ranges of code points that are near
 * enough for features, not Unicode's properties: a table of all of them would cost more than it tells a
 * linear model. What the trainer saw and what the tagger sees is the same function, so that is no loss. */
#include "tokenizer/ngram/chars.h"

#include "ingest/base/han.h"
#include "ingest/base/utf8.h"

enum { NOT_UTF8 = 0x110000 }; /* + the byte: above every code point */

static bool is_han(uint32_t cp)
{
    return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3400 && cp <= 0x4DBF) ||
           (cp >= 0x20000 && cp <= 0x3FFFF) || (cp >= 0xF900 && cp <= 0xFAFF);
}

static bool is_space(uint32_t cp)
{
    return cp == 0x20 || (cp >= 0x09 && cp <= 0x0D) || cp == 0x85 || cp == 0xA0 || cp == 0x3000 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029;
}

/* Letters outside ASCII, near enough for features: what is neither punctuation, symbol nor emoji.
 */
static bool is_letter(uint32_t cp)
{
    if (cp < 0xC0 || cp == 0xD7 || cp == 0xF7) {
        return cp == 0xAA || cp == 0xB5 || cp == 0xBA;
    }
    return cp < 0x2000 || (cp >= 0x2C00 && cp <= 0x2DFF) || (cp >= 0x3040 && cp <= 0x31FF) ||
           (cp >= 0xA000 && cp <= 0xD7FF);
}

static uint32_t lower(uint32_t cp)
{
    if ((cp >= 0xC0 && cp <= 0xDE && cp != 0xD7) || (cp >= 0x391 && cp <= 0x3A9) ||
        (cp >= 0x410 && cp <= 0x42F)) {
        return cp + 32;
    }
    return cp;
}

static struct gs_char classify(uint32_t cp)
{
    if (cp == 0x2019) { /* don’t */
        return (struct gs_char){.cp = '\'', .class = GS_CHAR_WORD};
    }
    if (is_space(cp)) {
        return (struct gs_char){.cp = ' ', .class = GS_CHAR_SPACE};
    }
    if (is_han(cp)) {
        return (struct gs_char){.cp = cp, .class = GS_CHAR_HAN};
    }
    if (is_letter(cp)) {
        return (struct gs_char){.cp = lower(cp), .class = GS_CHAR_WORD};
    }
    return (struct gs_char){.cp = cp, .class = GS_CHAR_PUNCT};
}

static struct gs_char classify_ascii(unsigned char c)
{
    if ((c >= 'a' && c <= 'z') || c == '\'') {
        return (struct gs_char){.cp = c, .class = GS_CHAR_WORD};
    }
    if (c >= 'A' && c <= 'Z') {
        return (struct gs_char){.cp = c + 32U, .class = GS_CHAR_WORD};
    }
    if (c >= '0' && c <= '9') {
        return (struct gs_char){.cp = '0', .class = GS_CHAR_WORD};
    }
    if (c <= ' ' || c == 0x7F) { /* controls part words as well */
        return (struct gs_char){.cp = ' ', .class = GS_CHAR_SPACE};
    }
    return (struct gs_char){.cp = c, .class = GS_CHAR_PUNCT};
}

size_t gs_chars_decode(struct gs_str text, const uint16_t *folds, struct gs_char *chars, size_t max,
                       size_t *ret_han, size_t *ret_latin)
{
    size_t at = 0;
    size_t n = 0;
    size_t han = 0;
    size_t latin = 0;

    while (at < text.len && n < max) {
        const unsigned char first = (unsigned char)text.bytes[at];
        size_t len = 1;
        struct gs_char c;
        if (first < 0x80) {
            c = classify_ascii(first);
        } else {
            len = gs_utf8_valid_len(text.bytes + at, text.len - at);
            c = classify(len == 0 ? (uint32_t)NOT_UTF8 + first
                                  : gs_utf8_decode(text.bytes + at, len));
            len = len == 0 ? 1 : len;
        }
        if (folds != NULL && c.class == GS_CHAR_HAN) {
            c.cp = gs_han_fold(folds, c.cp);
        }
        c.start = (uint32_t)at;
        at += len;
        if (c.class == GS_CHAR_SPACE && n > 0 && chars[n - 1].class == GS_CHAR_SPACE) {
            continue;
        }
        han += c.class == GS_CHAR_HAN;
        latin += c.class == GS_CHAR_WORD && c.cp != '0';
        chars[n++] = c;
    }
    chars[n] = (struct gs_char){.start = (uint32_t)at};
    *ret_han = han;
    *ret_latin = latin;
    return n;
}
