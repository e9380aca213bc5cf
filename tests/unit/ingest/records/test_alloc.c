/* Every allocation fails once: what is made, read and written then says GS_NO_MEMORY, leaks
 * nothing and can be asked again. The linker sends malloc, calloc and realloc through here. */
#include "ingest/files/files.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker's names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* The allocation, from 0, that fails; -1: none. */
static int fails_at = -1;
static int n_seen;

static bool fails(void)
{
    return fails_at >= 0 && n_seen++ == fails_at;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

/* NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming) */

static char in_path[64];
static char out_path[80];

static const char text[] =
    "{\"id\":\"1\",\"ts\":1700000000,\"text\":\"a\\nb\",\"x\":[1]}\n{\"text\":\"b\"}\n";

static enum gs_status decode_all(struct gs_source *source, struct gs_sink *sink,
                                 struct gs_error *err)
{
    static const struct gs_decode_options options = {.id = "/id",
                                                     .ts = "/ts",
                                                     .text = "/a~1b/text",
                                                     .title = "/text",
                                                     .default_source = "s",
                                                     .keep_extra = true,
                                                     .max_record_bytes = 1000,
                                                     .max_future_ms = 1};
    struct gs_decoder *decoder = NULL;
    struct gs_arena *arena = NULL;
    struct gs_buf out = {.max = 1 << 20};
    struct gs_record record;

    enum gs_status status = gs_decoder_new(&options, &decoder, err);
    if (status == GS_OK) {
        status = gs_arena_new(1 << 20, &arena, err);
    }
    while (status == GS_OK && (status = gs_source_poll(source, 0, &record, err)) == GS_OK) {
        struct gs_message message;
        struct gs_tagged tagged = {.message = &message, .tier = "fast"};
        if (gs_decode(decoder, &record, 1795253400000, arena, &message, err) != GS_REJECT_NONE) {
            status = err->status;
            break;
        }
        gs_buf_reset(&out);
        tagged.title = message.title;
        gs_tagged_encode(&tagged, &out);
        if (!gs_buf_ok(&out)) {
            status = GS_NO_MEMORY;
            break;
        }
        status = gs_tagged_decode(gs_buf_str(&out), arena, &tagged, err);
        const struct gs_output output = {.value = gs_buf_str(&out), .timestamp_ms = -1};
        if (status == GS_OK) {
            status = gs_sink_put(sink, GS_STREAM_TAGGED, &output, err);
        }
        if (status == GS_OK) {
            status = gs_sink_put(sink, GS_STREAM_DLQ, &output, err);
        }
    }
    gs_buf_done(&out);
    gs_arena_free(arena);
    gs_decoder_free(decoder);
    return status;
}

/* Reads, decodes, encodes and writes; GS_CLOSED when all went well. */
static enum gs_status whole_path(struct gs_error *err)
{
    const char *const inputs[] = {in_path};
    const char *const outputs[GS_N_STREAMS] = {
        [GS_STREAM_TAGGED] = out_path, [GS_STREAM_DLQ] = "/dev/null"};
    struct gs_source *source = NULL;
    struct gs_sink *sink = NULL;

    enum gs_status status = gs_file_source_new(inputs, 1, 1000, &source, err);
    if (status == GS_OK) {
        status = gs_file_sink_new(outputs, false, &sink, err);
    }
    if (status == GS_OK) {
        status = gs_sink_begin(sink, err);
    }
    if (status == GS_OK) {
        status = decode_all(source, sink, err);
    }
    if (status == GS_CLOSED && sink != NULL) {
        const enum gs_status committed = gs_sink_commit(sink, source, err);
        status = committed == GS_OK ? status : committed;
    }
    gs_sink_close(sink);
    gs_source_close(source);
    return status;
}

static void every_allocation_fails_once(void **state)
{
    struct gs_error err = {0};

    (void)state;
    fails_at = 1 << 30;
    n_seen = 0;
    assert_int_equal(whole_path(&err), GS_CLOSED);
    const int n = n_seen;
    assert_true(n > 20);
    for (int at = 0; at < n; at++) {
        fails_at = at;
        n_seen = 0;
        err = (struct gs_error){0};
        const enum gs_status status = whole_path(&err);
        fails_at = -1;
        if (status != GS_NO_MEMORY) {
            fail_msg("allocation %d of %d: %s (%s)", at, n, gs_status_name(status), err.message);
        }
    }
    fails_at = -1;
    assert_int_equal(whole_path(&err), GS_CLOSED);
}

static void *fail_next(struct gs_arena *arena, struct gs_buf *buf, size_t size)
{
    fails_at = 0;
    n_seen = 0;
    void *got = arena != NULL ? gs_arena_alloc(arena, size) : gs_buf_reserve(buf, size);
    fails_at = -1;
    return got;
}

/* What is larger than its bound is the data's fault, want of memory is not. */
static void short_memory_is_told_from_a_bound(void **state)
{
    struct gs_arena *arena = NULL;
    struct gs_buf buf = {.max = 1000};

    (void)state;
    assert_int_equal(gs_arena_new(1 << 20, &arena, NULL), GS_OK);
    assert_null(fail_next(arena, NULL, 128 << 10));
    assert_true(gs_arena_starved(arena));
    gs_arena_reset(arena);
    assert_false(gs_arena_starved(arena));
    assert_null(gs_arena_alloc(arena, 2 << 20));
    assert_false(gs_arena_starved(arena));
    gs_arena_free(arena);

    assert_null(fail_next(NULL, &buf, 10));
    assert_true(buf.broken && buf.starved);
    gs_buf_reset(&buf);
    assert_null(gs_buf_reserve(&buf, 1001));
    assert_true(buf.broken && !buf.starved);
    gs_buf_done(&buf);
}

/* A good record for which there was no memory is not called too large. */
static void a_good_record_is_not_too_large(void **state)
{
    static const struct gs_decode_options options = {
        .text = "/text", .default_source = "s", .max_record_bytes = 1 << 20};
    static char value[100000];
    struct gs_decoder *decoder = NULL;
    struct gs_arena *arena = NULL;
    struct gs_message message;
    struct gs_error err;

    (void)state;
    const int n = snprintf(value, sizeof value, "{\"text\":\"\\n%090000d\"}", 1);
    const struct gs_record record = {
        .topic = gs_str("t"), .timestamp_ms = -1, .value = {value, (size_t)n}};
    assert_int_equal(gs_decoder_new(&options, &decoder, &err), GS_OK);
    assert_int_equal(gs_arena_new(1 << 20, &arena, &err), GS_OK);
    fails_at = 0;
    n_seen = 0;
    (void)gs_decode(decoder, &record, 1795253400000, arena, &message, &err);
    fails_at = -1;
    assert_int_equal(err.status, GS_NO_MEMORY);
    gs_arena_reset(arena);
    assert_int_equal(gs_decode(decoder, &record, 1795253400000, arena, &message, &err),
                     GS_REJECT_NONE);
    gs_arena_free(arena);
    gs_decoder_free(decoder);
}

static int make_files(void **state)
{
    (void)state;
    (void)strcpy(in_path, "/tmp/gs_alloc_XXXXXX");
    const int fd = mkstemp(in_path);
    if (fd < 0 || write(fd, text, sizeof text - 1) != (ssize_t)(sizeof text - 1)) {
        return -1;
    }
    (void)snprintf(out_path, sizeof out_path, "%s.out.gz", in_path);
    return close(fd);
}

static int drop_files(void **state)
{
    (void)state;
    return unlink(in_path) + unlink(out_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation_fails_once, make_files, drop_files),
        cmocka_unit_test(short_memory_is_told_from_a_bound),
        cmocka_unit_test(a_good_record_is_not_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
