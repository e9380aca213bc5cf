#include "tests/unit/ingest/files/files_fixture.h"

#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct gs_str read_file(const char *from)
{
    static char bytes[1 << 16];
    FILE *file = fopen(from, "rb");

    assert_non_null(file);
    const size_t n = fread(bytes, 1, sizeof bytes - 1, file);
    bytes[n] = '\0';
    assert_int_equal(fclose(file), 0);
    return (struct gs_str){bytes, n};
}

static struct gs_sink *open_sink(enum gs_stream stream, const char *to)
{
    const char *paths[GS_N_STREAMS] = {NULL};
    struct gs_sink *sink = NULL;
    struct gs_error err = {0};

    paths[stream] = to;
    if (gs_file_sink_new(paths, false, &sink, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    return sink;
}

static enum gs_status put(struct gs_sink *sink, enum gs_stream stream, const char *value)
{
    const struct gs_output output = {.value = gs_str(value), .timestamp_ms = -1, .partition = -1};

    return gs_sink_put(sink, stream, &output, NULL);
}

static void a_batch_is_written_at_commit(void **state)
{
    struct gs_sink *sink = open_sink(GS_STREAM_TAGGED, path);

    (void)state;
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "a"), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "b"), GS_OK);
    assert_int_equal(read_file(path).len, 0);
    assert_int_equal(gs_sink_commit(sink, NULL, NULL), GS_OK);
    assert_string_equal(read_file(path).bytes, "a\nb\n");
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "void"), GS_OK);
    assert_int_equal(gs_sink_abort(sink, NULL, NULL), GS_OK);
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "c"), GS_OK);
    assert_int_equal(gs_sink_commit(sink, NULL, NULL), GS_OK);
    gs_sink_close(sink);
    assert_string_equal(read_file(path).bytes, "a\nb\nc\n");
    sink = open_sink(GS_STREAM_TAGGED, path); /* a restart destroys nothing */
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "d"), GS_OK);
    assert_int_equal(gs_sink_commit(sink, NULL, NULL), GS_OK);
    gs_sink_close(sink);
    assert_string_equal(read_file(path).bytes, "a\nb\nc\nd\n");
}

static void commit_and_abort_reach_the_source(void **state)
{
    char out[160];

    (void)state;
    (void)snprintf(out, sizeof out, "%s/out", dir);
    write_file(path, gs_str("a\nb\n"));
    struct gs_source *source = open_source(path, 100);
    struct gs_sink *sink = open_sink(GS_STREAM_TAGGED, out);
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_string_equal(next(source), "1:a");
    assert_int_equal(gs_sink_commit(sink, source, NULL), GS_OK);
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_string_equal(next(source), "2:b");
    assert_int_equal(gs_sink_abort(sink, source, NULL), GS_OK);
    assert_string_equal(next(source), "2:b");
    gs_sink_close(sink);
    gs_source_close(source);
}

static void streams_without_a_file(void **state)
{
    const char *paths[GS_N_STREAMS] = {NULL};
    struct gs_sink *sink = NULL;
    struct gs_error err = {0};
    const struct gs_output output = {.value = gs_str("a")};

    (void)state;
    paths[GS_STREAM_TAGGED] = path;
    assert_int_equal(gs_file_sink_new(paths, false, &sink, NULL), GS_OK);
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(gs_sink_put(sink, GS_STREAM_DLQ, &output, &err), GS_IO);
    assert_non_null(strstr(err.message, "dlq"));
    gs_sink_close(sink);
    assert_int_equal(gs_file_sink_new(paths, true, &sink, NULL), GS_OK);
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_LATE, "a"), GS_OK);
    assert_int_equal(gs_sink_commit(sink, NULL, NULL), GS_OK);
    gs_sink_close(sink);
    assert_int_equal(read_file(path).len, 0);
}

static void streams_of_one_path_keep_their_order(void **state)
{
    const char *paths[GS_N_STREAMS] = {NULL};
    struct gs_sink *sink = NULL;

    (void)state;
    paths[GS_STREAM_TAGGED] = path;
    paths[GS_STREAM_ALERTS] = path;
    assert_int_equal(gs_file_sink_new(paths, false, &sink, NULL), GS_OK);
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "1"), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_ALERTS, "2"), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "3"), GS_OK);
    assert_int_equal(gs_sink_commit(sink, NULL, NULL), GS_OK);
    gs_sink_close(sink);
    assert_string_equal(read_file(path).bytes, "1\n2\n3\n");
}

static void values_that_are_no_line(void **state)
{
    struct gs_sink *sink = open_sink(GS_STREAM_STATE, path);
    const struct gs_output tombstone = {.key = gs_str("k")};

    (void)state;
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_STATE, "a\nb"), GS_BAD_FORMAT);
    assert_int_equal(gs_sink_put(sink, GS_STREAM_STATE, &tombstone, NULL), GS_OK);
    assert_int_equal(gs_sink_commit(sink, NULL, NULL), GS_OK);
    gs_sink_close(sink);
    assert_string_equal(read_file(path).bytes, "null\n");
}

static const struct {
    const char *shows;
    struct gs_output output;
    struct gs_header headers[2];
    const char *json;
} dead[] = {
    {"text",
     {.key = TEXT("k\""), .value = TEXT("{\"a\":\n1"), .timestamp_ms = 12},
     {{TEXT("groundswell.error.code"), TEXT("bad_json")}, {TEXT("h"), TEXT("")}},
     "{\"timestamp\":12,\"key\":\"k\\\"\",\"value\":\"{\\\"a\\\":\\n1\",\"headers\":[{\"name\":"
     "\"groundswell.error.code\","
     "\"value\":\"bad_json\"},{\"name\":\"h\",\"value\":\"\"}]}\n"},
    {"nulls",
     {.timestamp_ms = -1},
     {{TEXT("a"), {NULL, 0}}, {TEXT("a"), {NULL, 0}}},
     "{\"key\":null,\"value\":null,\"headers\":[{\"name\":\"a\",\"value\":null},{\"name\":\"a\","
     "\"value\":null}]}\n"},
    {"bytes, of every remainder by three",
     {.key = TEXT("\xFF"), .value = TEXT("\xFF\xFE\xFD"), .timestamp_ms = -1},
     {{TEXT("\xFF\x01"), TEXT("\xFF\x00\x01\x02")}, {TEXT("b"), TEXT("c")}},
     "{\"key_base64\":\"/w==\",\"value_base64\":\"//79\",\"headers\":[{\"name_base64\":\"/"
     "wE=\",\"value_base64\":"
     "\"/wABAg==\"},{\"name\":\"b\",\"value\":\"c\"}]}\n"},
};

static void dead_letters_are_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(dead); i++) {
        struct gs_sink *sink = open_sink(GS_STREAM_DLQ, path);
        struct gs_output output = dead[i].output;
        print_message("  %s\n", dead[i].shows);
        output.headers = dead[i].headers;
        output.n_headers = 2;
        assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
        assert_int_equal(gs_sink_put(sink, GS_STREAM_DLQ, &output, NULL), GS_OK);
        assert_int_equal(gs_sink_commit(sink, NULL, NULL), GS_OK);
        gs_sink_close(sink);
        const struct gs_str line = read_file(path);
        assert_string_equal(line.bytes, dead[i].json);
        json_t *json = json_loadb(line.bytes, line.len, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(json);
        json_decref(json);
        assert_int_equal(unlink(path), 0);
    }
}

static void packed_sink_is_whole_after_each_commit(void **state)
{
    char packed[160];

    (void)state;
    (void)snprintf(packed, sizeof packed, "%s/out.gz", dir);
    struct gs_sink *sink = open_sink(GS_STREAM_TAGGED, packed);
    for (int batch = 1; batch <= 3; batch++) {
        char text[16];
        (void)snprintf(text, sizeof text, "line %d", batch);
        assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
        assert_int_equal(put(sink, GS_STREAM_TAGGED, text), GS_OK);
        assert_int_equal(gs_sink_commit(sink, NULL, NULL), GS_OK);
        struct gs_source *source = open_source(packed, 100);
        for (int i = 1; i <= batch; i++) {
            char want[24];
            (void)snprintf(want, sizeof want, "%d:line %d", i, i);
            assert_string_equal(next(source), want);
        }
        assert_string_equal(next(source), "CLOSED");
        gs_source_close(source);
    }
    gs_sink_close(sink);
    const struct gs_str bytes = read_file(packed);
    assert_memory_equal(bytes.bytes, "\x1F\x8B", 2);
}

static void a_full_disk_is_an_error(void **state)
{
    struct gs_error err = {0};

    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        print_message("skipped: no /dev/full here\n");
        skip();
    }
    struct gs_sink *sink = open_sink(GS_STREAM_TAGGED, "/dev/full");
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "a"), GS_OK);
    assert_int_equal(gs_sink_commit(sink, NULL, &err), GS_IO);
    assert_non_null(strstr(err.message, "/dev/full"));
    gs_sink_close(sink);
}

/* A file that may not grow beyond 10 bytes: a batch of 16 is half written, then cut off again. */
static void half_a_batch_is_cut_off(void **state)
{
    struct gs_error err = {0};
    struct rlimit old;
    struct gs_sink *sink = open_sink(GS_STREAM_TAGGED, path);

    (void)state;
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "kept"), GS_OK);
    assert_int_equal(gs_sink_commit(sink, NULL, NULL), GS_OK);
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "0123456789abcde"), GS_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    const struct rlimit low = {10, old.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    const enum gs_status status = gs_sink_commit(sink, NULL, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, GS_IO);
    assert_non_null(strstr(err.message, path));
    assert_string_equal(read_file(path).bytes, "kept\n");
    gs_sink_close(sink);
}

static void a_closed_pipe_is_an_error(void **state)
{
    struct gs_error err = {0};
    int ends[2];
    const int old = dup(STDOUT_FILENO);

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    struct gs_sink *sink = open_sink(GS_STREAM_TAGGED, "-");
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "a"), GS_OK);
    (void)fflush(stdout);
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    assert_true(dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
    const enum gs_status status = gs_sink_commit(sink, NULL, &err);
    assert_true(dup2(old, STDOUT_FILENO) == STDOUT_FILENO);
    (void)close(ends[1]);
    (void)close(old);
    assert_int_equal(status, GS_IO);
    assert_string_equal(err.message, "-: Broken pipe");
    gs_sink_close(sink);
}

static void a_folder_is_no_place_to_write(void **state)
{
    const char *paths[GS_N_STREAMS] = {NULL};
    struct gs_sink *sink = NULL;
    struct gs_error err = {0};

    (void)state;
    paths[GS_STREAM_TAGGED] = path;
    paths[GS_STREAM_ALERTS] = dir;
    assert_int_equal(gs_file_sink_new(paths, false, &sink, &err), GS_IO);
    assert_non_null(strstr(err.message, dir));
    assert_null(sink);
}

static void a_batch_has_a_bound(void **state)
{
    enum { MIB = 1024 * 1024 };
    struct gs_sink *sink = open_sink(GS_STREAM_TAGGED, path);
    char *value = malloc(MIB);
    struct gs_error err = {0};

    (void)state;
    assert_non_null(value);
    memset(value, 'x', MIB);
    const struct gs_output output = {.value = {value, MIB - 1}};
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    for (int i = 0; i < 256; i++) {
        assert_int_equal(gs_sink_put(sink, GS_STREAM_TAGGED, &output, NULL), GS_OK);
    }
    assert_int_equal(put(sink, GS_STREAM_TAGGED, ""), GS_NO_MEMORY);
    assert_int_equal(gs_sink_put(sink, GS_STREAM_TAGGED, &output, &err), GS_NO_MEMORY);
    assert_non_null(strstr(err.message, "256 MiB"));
    assert_int_equal(gs_sink_abort(sink, NULL, NULL), GS_OK);
    assert_int_equal(gs_sink_begin(sink, NULL), GS_OK);
    assert_int_equal(put(sink, GS_STREAM_TAGGED, "a"), GS_OK);
    assert_int_equal(gs_sink_commit(sink, NULL, NULL), GS_OK);
    gs_sink_close(sink);
    free(value);
    assert_string_equal(read_file(path).bytes, "a\n");
}

/* Records hold what people wrote: a file that is made is its owner's alone. */
static void a_new_file_is_its_owners_alone(void **state)
{
    struct stat info;

    (void)state;
    const mode_t old = umask(0);
    gs_sink_close(open_sink(GS_STREAM_TAGGED, path));
    (void)umask(old);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777U, 0600);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(a_batch_is_written_at_commit),
        ROW(commit_and_abort_reach_the_source),
        ROW(streams_without_a_file),
        ROW(streams_of_one_path_keep_their_order),
        ROW(values_that_are_no_line),
        ROW(dead_letters_are_json),
        ROW(packed_sink_is_whole_after_each_commit),
        ROW(a_full_disk_is_an_error),
        ROW(half_a_batch_is_cut_off),
        ROW(a_closed_pipe_is_an_error),
        ROW(a_folder_is_no_place_to_write),
        ROW(a_batch_has_a_bound),
        ROW(a_new_file_is_its_owners_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
