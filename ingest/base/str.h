/* Text as pointer and length: the type in which all text is passed on.
 *
 * It owns nothing and is not NUL-terminated, so that a field of a record is a part of the record's
 * bytes and costs no copy. Whoever keeps a text longer than a call copies it. */
#ifndef GS_BASE_STR_H
#define GS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A borrowed run of bytes, not NUL-terminated. Pass it by value. {NULL, 0} means absent. */
struct gs_str {
    const char *bytes;
    size_t len;
};

static inline struct gs_str gs_str(const char *text)
{
    return (struct gs_str){text, strlen(text)};
}

static inline bool gs_str_equal(struct gs_str a, struct gs_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

/* A copy of one's own with a NUL behind it, for free(); NULL: no memory. */
static inline char *gs_str_copy(struct gs_str text)
{
    char *copy = malloc(text.len + 1);

    if (copy != NULL) {
        if (text.len > 0) {
            memcpy(copy, text.bytes, text.len);
        }
        copy[text.len] = '\0';
    }
    return copy;
}

/* For printf("%.*s", GS_STR_ARGS(s)); the text is cut at INT_MAX by nature of the format. */
#define GS_STR_ARGS(s) (int)(s).len, (s).bytes

#endif
