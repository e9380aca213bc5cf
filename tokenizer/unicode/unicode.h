/* Characters as huggingface/tokenizers sees them: classes, lower case, decomposition, composition.
 *
 * Threads: stateless. */
#ifndef GS_TOKENIZER_UNICODE_H
#define GS_TOKENIZER_UNICODE_H

#include "tokenizer/unicode/unicode_tables.h"

#include <stdbool.h>

enum { GS_MAX_LOWER = 2, GS_MAX_DECOMPOSED = 18 };

bool gs_char_is(enum gs_class class, uint32_t cp);

/* The classes of 256 characters, 1 << class each, added up. */
void gs_char_page(uint32_t first, uint16_t *ret_classes);

static inline bool gs_char_is_space(uint32_t cp)
{
    return cp < 0x80 ? cp == ' ' || (cp >= '\t' && cp <= '\r') : gs_char_is(GS_CLASS_SPACE, cp);
}

/* What BERT calls a Chinese character: the CJK blocks, without kana and Hangul. */
bool gs_char_is_chinese(uint32_t cp);

/* Writes the lower case of cp to out[GS_MAX_LOWER]; returns how many code points it has. */
size_t gs_char_lower(uint32_t cp, uint32_t *out);

/* Writes the whole decomposition to out[GS_MAX_DECOMPOSED]; returns how many code points. */
size_t gs_char_decompose(uint32_t cp, bool compatible, uint32_t *out);

/* Canonical combining class. */
uint8_t gs_char_combining_class(uint32_t cp);

/* The primary composite of two code points; 0 when there is none. */
uint32_t gs_char_compose(uint32_t first, uint32_t second);

#endif
