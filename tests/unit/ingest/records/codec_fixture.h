/* What the tests of the encoded records share. */
#ifndef GS_TEST_CODEC_FIXTURE_H
#define GS_TEST_CODEC_FIXTURE_H

#include "ingest/records/record.h"
#include "tests/unit/gs_test.h"

#include <string.h>

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static struct gs_arena *arena;

static inline int make_arena(void **state)
{
    (void)state;
    return gs_arena_new(4 << 20, &arena, NULL) == GS_OK ? 0 : -1;
}

static inline int drop_arena(void **state)
{
    (void)state;
    gs_arena_free(arena);
    return 0;
}

static inline void assert_text(struct gs_str got, const char *want)
{
    if (!gs_str_equal(got, gs_str(want))) {
        fail_msg("got  %.*s\nwant %s", GS_STR_ARGS(got), want);
    }
}

#endif
