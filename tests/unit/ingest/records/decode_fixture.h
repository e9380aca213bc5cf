/* One decoding with all that it needs, for the tests of decoding. */
#ifndef GS_TEST_DECODE_FIXTURE_H
#define GS_TEST_DECODE_FIXTURE_H

#include "tests/unit/gs_test.h"
#include "tests/unit/ingest/records/decode_options.h"

#include <stdlib.h>
#include <string.h>

/* A constant value, which may hold NUL bytes. */
#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

/* 2026-11-21T09:30:00Z */
static const int64_t now_ms = 1795253400000;

static inline struct gs_record record_of(struct gs_str value)
{
    return (struct gs_record){
        .topic = gs_str("news"), .offset = 7, .timestamp_ms = -1, .value = value};
}

/* Everything that one decoding needs. The value is on the heap at its exact size, so that ASan sees
 * a byte read too far. */
struct fixture {
    struct gs_decoder *decoder;
    struct gs_arena *arena;
    char *value;
    struct gs_message message;
    struct gs_error err;
};

static inline enum gs_reject run(struct fixture *f, const struct gs_decode_options *options,
                                 struct gs_record record)
{
    assert_int_equal(gs_decoder_new(options, &f->decoder, &f->err), GS_OK);
    assert_int_equal(gs_arena_new(1 << 20, &f->arena, &f->err), GS_OK);
    f->err = (struct gs_error){0};
    f->value = NULL;
    if (record.value.bytes != NULL) {
        f->value = malloc(record.value.len + (record.value.len == 0));
        assert_non_null(f->value);
        memcpy(f->value, record.value.bytes, record.value.len);
        record.value.bytes = f->value;
    }
    return gs_decode(f->decoder, &record, now_ms, f->arena, &f->message, &f->err);
}

static inline void done(struct fixture *f)
{
    gs_decoder_free(f->decoder);
    gs_arena_free(f->arena);
    free(f->value);
}

static inline void assert_str(struct gs_str got, const char *want)
{
    if (want == NULL) {
        assert_null(got.bytes);
        return;
    }
    if (!gs_str_equal(got, gs_str(want))) {
        fail_msg("got \"%.*s\", want \"%s\"", GS_STR_ARGS(got), want);
    }
}

#endif
