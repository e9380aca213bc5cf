/* What does not count when texts are compared: links, mentions, a leading "RT". Private to
 * ingest/text: fingerprint.c and story_outline.c read texts alike. */
#ifndef GS_INGEST_STORY_TEXT_H
#define GS_INGEST_STORY_TEXT_H

#include "ingest/base/str.h"

#include <stdint.h>

/* A letter or digit of ASCII. */
static inline bool gs_story_is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool gs_story_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ASCII in lower case; other bytes as they are. */
static inline char gs_story_lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c | 0x20);
    }
    return c;
}

bool gs_story_is_han(uint32_t cp);
/* Letters, marks and digits of any script. */
bool gs_story_is_kept(uint32_t cp);

/* Whether the word at the front of text is name, in whatever case. */
bool gs_story_is_name(struct gs_str text, const char *name);
/* Length of the link at the front of text: "http", as the rules leave it, or written out. 0: none. */
size_t gs_story_url_len(struct gs_str text);
/* Length of the mention at the front of text, which begins with '@'; a price ("@150") is none. */
size_t gs_story_mention_len(struct gs_str text);

#endif
