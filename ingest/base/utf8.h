/* UTF-8 as Unicode 15 table 3-7 defines it: no overlong forms, no surrogates, nothing above
 * U+10FFFF. */
#ifndef GS_BASE_UTF8_H
#define GS_BASE_UTF8_H

#include "ingest/base/str.h"

#include <stdint.h>

/* The place of the first byte that does not belong to valid UTF-8; text.len when all of it is
 * valid. Runs of ASCII go eight bytes at a time. */
size_t gs_utf8_check(struct gs_str text);

/* A copy of text in which each byte that gs_utf8_check() would stop at is U+FFFD; out holds
 * 3 * text.len bytes. Returns the length. */
size_t gs_utf8_repair(struct gs_str text, char *out);

/* text, cut to at most max bytes and never inside a valid character. */
struct gs_str gs_utf8_cut(struct gs_str text, size_t max);

/* Length (1 to 4) of the valid sequence at bytes, 0 when there is none in n bytes. */
static inline size_t gs_utf8_valid_len(const char *bytes, size_t n)
{
    const unsigned char *b = (const unsigned char *)bytes;

    if (n == 0) {
        return 0;
    }
    if (b[0] < 0x80) {
        return 1;
    }
    if (b[0] < 0xC2 || b[0] > 0xF4 || n < 2 || (b[1] & 0xC0) != 0x80) {
        return 0;
    }
    if (b[0] < 0xE0) {
        return 2;
    }
    if ((b[0] == 0xE0 && b[1] < 0xA0) || (b[0] == 0xED && b[1] > 0x9F) ||
        (b[0] == 0xF0 && b[1] < 0x90) || (b[0] == 0xF4 && b[1] > 0x8F) || n < 3 ||
        (b[2] & 0xC0) != 0x80) {
        return 0;
    }
    if (b[0] < 0xF0) {
        return 3;
    }
    return n >= 4 && (b[3] & 0xC0) == 0x80 ? 4 : 0;
}

/* The code point of a valid sequence of len bytes (gs_utf8_valid_len() gave len). */
static inline uint32_t gs_utf8_decode(const char *bytes, size_t len)
{
    const unsigned char *b = (const unsigned char *)bytes;

    switch (len) {
    case 1:
        return b[0];
    case 2:
        return ((b[0] & 0x1FU) << 6) | (b[1] & 0x3FU);
    case 3:
        return ((b[0] & 0x0FU) << 12) | ((b[1] & 0x3FU) << 6) | (b[2] & 0x3FU);
    default:
        return ((b[0] & 0x07U) << 18) | ((b[1] & 0x3FU) << 12) | ((b[2] & 0x3FU) << 6) |
               (b[3] & 0x3FU);
    }
}

/* Writes a code point (<= U+10FFFF, no surrogate) to out[4]; returns its length. */
static inline size_t gs_utf8_encode(uint32_t cp, char *out)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0U | (cp >> 6));
        out[1] = (char)(0x80U | (cp & 0x3FU));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0U | (cp >> 12));
        out[1] = (char)(0x80U | ((cp >> 6) & 0x3FU));
        out[2] = (char)(0x80U | (cp & 0x3FU));
        return 3;
    }
    out[0] = (char)(0xF0U | (cp >> 18));
    out[1] = (char)(0x80U | ((cp >> 12) & 0x3FU));
    out[2] = (char)(0x80U | ((cp >> 6) & 0x3FU));
    out[3] = (char)(0x80U | (cp & 0x3FU));
    return 4;
}

#endif
