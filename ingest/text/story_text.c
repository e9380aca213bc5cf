/* Links, mentions and letters, as they are told apart when texts are compared. */
#include "ingest/text/story_text.h"

#include <utf8proc.h>

bool gs_story_is_han(uint32_t cp)
{
    return (cp >= 0x3400 && cp <= 0x9FFF) || (cp >= 0x20000 && cp <= 0x3FFFF);
}

bool gs_story_is_kept(uint32_t cp)
{
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);

    return gs_story_is_han(cp) ||
           (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_ME) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

bool gs_story_is_name(struct gs_str text, const char *name)
{
    const size_t n = strlen(name);
    size_t i = 0;

    while (i < n && i < text.len && gs_story_lower(text.bytes[i]) == name[i]) {
        i++;
    }
    return i == n && (i == text.len || !gs_story_is_word(text.bytes[i]));
}

size_t gs_story_url_len(struct gs_str text)
{
    size_t n = gs_story_is_name(text, "http") ? 4 : gs_story_is_name(text, "https") ? 5 : 0;

    if (n > 0 && n + 2 < text.len && memcmp(text.bytes + n, "://", 3) == 0) {
        while (n < text.len && text.bytes[n] > ' ' && text.bytes[n] < 0x7F &&
               strchr("<>\"", text.bytes[n]) == NULL) {
            n++;
        }
    }
    return n;
}

size_t gs_story_mention_len(struct gs_str text)
{
    size_t n = 1;

    if (text.len > 1 && gs_story_is_digit(text.bytes[1])) {
        return 0;
    }
    while (n < text.len && (gs_story_is_word(text.bytes[n]) || text.bytes[n] == '_')) {
        n++;
    }
    return n > 1 ? n : 0;
}
