#ifndef GS_BASE_STR_H
#define GS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
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

/* For printf("%.*s", GS_STR_ARGS(s)); the text is cut at INT_MAX by nature of the format. */
#define GS_STR_ARGS(s) (int)(s).len, (s).bytes

#endif
