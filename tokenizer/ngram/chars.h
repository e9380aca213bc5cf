/* The characters of a text as features see them: folded, classed, with the byte each begins at.
 *
 * Threads: stateless. */
#ifndef GS_TOKENIZER_CHARS_H
#define GS_TOKENIZER_CHARS_H

#include "ingest/base/str.h"

#include <stdint.h>

enum gs_char_class { GS_CHAR_SPACE, GS_CHAR_WORD, GS_CHAR_HAN, GS_CHAR_PUNCT };

struct gs_char {
    uint32_t cp;    /* lower case; every digit is '0'; white space is ' ' */
    uint32_t start; /* byte of the text */
    uint8_t class;  /* enum gs_char_class */
};

/* Decodes at most max characters of text into chars and returns how many. A run of white space is
 * one character; a byte that is not UTF-8 becomes a character of its own. chars[n].start is the
 * byte behind the last, so chars has room for max + 1. *ret_han and *ret_latin count Han characters
 * and letters. folds: NULL, or base/han.h's table: traditional Han as simplified. */
size_t gs_chars_decode(struct gs_str text, const uint16_t *folds, struct gs_char *chars, size_t max,
                       size_t *ret_han, size_t *ret_latin);

#endif
