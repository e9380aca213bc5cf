/* Rows of "what a stage makes of a text", shared by the tests of the stages. */
#ifndef GS_TEXT_ROWS_H
#define GS_TEXT_ROWS_H

#include "tests/unit/gs_test.h"

#include "ingest/text/clean/stage.h"

#include <stdlib.h>

struct text_row {
    const char *shows;
    const char *in;
    const char *out;
};

/* Origins 0 to n in a block of their own. */
static inline uint32_t *identity_origins(size_t n)
{
    uint32_t *origin = malloc((n + 1) * sizeof *origin);

    assert_non_null(origin);
    for (size_t i = 0; i <= n; i++) {
        origin[i] = (uint32_t)i;
    }
    return origin;
}

/* An exact-size copy on the heap, so that ASan sees one byte read too far. */
static inline char *heap_copy(const char *bytes, size_t n)
{
    char *copy = malloc(n == 0 ? 1 : n);

    assert_non_null(copy);
    memcpy(copy, bytes, n);
    return copy;
}

static inline void check_text(const char *shows, struct gs_str got, const char *want)
{
    if (!gs_str_equal(got, gs_str(want))) {
        print_error("%s:\n  got  \"%.*s\"\n  want \"%s\"\n", shows, GS_STR_ARGS(got), want);
        fail();
    }
}

static inline void check_origins(const char *shows, const uint32_t *origin, size_t len,
                                 size_t in_len)
{
    for (size_t i = 0; i <= len; i++) {
        if (origin[i] > in_len || (i > 0 && origin[i] < origin[i - 1])) {
            print_error("%s: origin %zu is %u after %u, of %zu\n", shows, i, origin[i],
                        i > 0 ? origin[i - 1] : 0, in_len);
            fail();
        }
    }
    assert_int_equal(origin[len], in_len);
}

#endif
