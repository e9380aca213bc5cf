/* The headers of a dead letter: the record's own, then ours, each of our names once. */
#include "deploy/daemon/pipeline/dlq.h"

#include "tests/unit/gs_test.h"

#include <stdio.h>

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static char seen[2048]; /* "name=value\n" of each header of the last record put */
static struct gs_output last;
static enum gs_status verdict; /* the queue's */
static size_t room = SIZE_MAX; /* bytes that it takes of one record */
static const struct gs_rejection why = {GS_REJECT_BAD_JSON, "why", "tag", false};

static enum gs_status put(struct gs_sink *sink, enum gs_stream stream,
                          const struct gs_output *output, struct gs_error *err)
{
    size_t n = 0;
    size_t size = output->key.len + output->value.len;

    (void)sink;
    assert_int_equal(stream, GS_STREAM_DLQ);
    for (size_t i = 0; i < output->n_headers; i++) {
        size += output->headers[i].name.len + output->headers[i].value.len;
    }
    if (size > room) {
        return gs_fail(err, GS_BAD_FORMAT, "over 1 MB");
    }
    last = *output;
    for (size_t i = 0; i < output->n_headers; i++) {
        n += (size_t)snprintf(seen + n, sizeof seen - n, "%.*s=%.*s\n",
                              GS_STR_ARGS(output->headers[i].name),
                              GS_STR_ARGS(output->headers[i].value));
    }
    return verdict == GS_OK ? GS_OK : gs_fail(err, verdict, "over 1 MB");
}

static const struct gs_sink_ops ops = {.put = put};
static struct gs_sink sink = {&ops};

#define OURS                                                                                       \
    "groundswell.error.code=bad_json\ngroundswell.error.message=why\n"                             \
    "groundswell.error.stage=tag\ngroundswell.error.topic=raw\n"                                   \
    "groundswell.error.partition=3\ngroundswell.error.offset=42\n"

static const struct {
    const char *shows;
    struct gs_header headers[4];
    size_t n;
    const char *want; /* before ours */
} rows[] = {
    {"no headers", {{{NULL, 0}, {NULL, 0}}}, 0, ""},
    {"others stay as they are",
     {{TEXT("trace"), TEXT("1")}, {TEXT("groundswell.errors"), TEXT("2")}},
     2,
     "trace=1\ngroundswell.errors=2\n"},
    {"one that is named like ours gets another name",
     {{TEXT("groundswell.error.code"), TEXT("forged")}, {TEXT("a"), TEXT("1")}},
     2,
     "groundswell.previous.error.code=forged\na=1\n"},
    {"any of that prefix",
     {{TEXT("groundswell.error."), TEXT("x")}},
     1,
     "groundswell.previous.error.=x\n"},
    {"the history stays in order",
     {{TEXT("groundswell.previous.error.code"), TEXT("first")},
      {TEXT("groundswell.error.code"), TEXT("second")},
      {TEXT("groundswell.error.code"), TEXT("third")}},
     3,
     "groundswell.previous.error.code=first\ngroundswell.previous.error.code=second\n"
     "groundswell.previous.error.code=third\n"},
};

static void ours_are_there_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const struct gs_record record = {.topic = TEXT("raw"),
                                         .partition = 3,
                                         .offset = 42,
                                         .timestamp_ms = -1,
                                         .value = TEXT("{"),
                                         .headers = rows[i].headers,
                                         .n_headers = rows[i].n};
        char want[1024];
        print_message("  %s\n", rows[i].shows);
        (void)snprintf(want, sizeof want, "%s" OURS, rows[i].want);
        assert_int_equal(gs_dlq_put(&sink, &record, &why, NULL), GS_OK);
        assert_string_equal(seen, want);
    }
}

static void many_headers(void **state)
{
    struct gs_header headers[40];
    const struct gs_record record = {
        .topic = TEXT("raw"), .timestamp_ms = -1, .headers = headers, .n_headers = 40};

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        headers[i] =
            (struct gs_header){gs_str(i == 39 ? "groundswell.error.code" : "h"), gs_str("v")};
    }
    assert_int_equal(gs_dlq_put(&sink, &record, &why, NULL), GS_OK);
    assert_non_null(strstr(seen, "groundswell.previous.error.code=v\n"));
    assert_non_null(strstr(seen, "groundswell.error.code=bad_json\n"));
}

static void key_value_and_time_are_passed_on_as_they_came(void **state)
{
    static const char value[] = "{\"text\":\"\xFF\0\"";
    const struct gs_record record = {.topic = TEXT("raw"),
                                     .key = TEXT("k\0y"),
                                     .value = {value, sizeof value},
                                     .timestamp_ms = 1795253400123};

    (void)state;
    assert_int_equal(gs_dlq_put(&sink, &record, &why, NULL), GS_OK);
    assert_true(gs_str_equal(last.key, record.key));
    assert_true(gs_str_equal(last.value, record.value));
    assert_int_equal(last.timestamp_ms, 1795253400123);
    assert_int_equal(last.partition, -1);

    const struct gs_record no_value = {.topic = TEXT("raw"), .timestamp_ms = -1};
    assert_int_equal(gs_dlq_put(&sink, &no_value, &why, NULL), GS_OK);
    assert_null(last.value.bytes); /* null stays null, and is not the empty value */
    assert_int_equal(last.timestamp_ms, -1);
}

/* A record that not even the queue takes must stop the lane: GS_BAD_FORMAT would be skipped. */
static void a_queue_that_refuses_is_a_failure_that_names_the_record(void **state)
{
    static const struct {
        const char *shows;
        enum gs_status verdict, want;
    } cases[] = {
        {"the record is refused", GS_BAD_FORMAT, GS_IO},
        {"the broker is gone", GS_IO, GS_IO},
        {"no memory", GS_NO_MEMORY, GS_NO_MEMORY},
    };
    const struct gs_record record = {.topic = TEXT("raw"), .partition = 3, .offset = 42};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_error err = {0};
        print_message("  %s\n", cases[i].shows);
        verdict = cases[i].verdict;
        assert_int_equal(gs_dlq_put(&sink, &record, &why, &err), cases[i].want);
        assert_non_null(strstr(err.message, "over 1 MB"));
        assert_int_equal(strstr(err.message, "raw[3] offset 42") != NULL, i == 0);
    }
    verdict = GS_OK;
}

/* What is too large for the queue is cut to what fits; nothing stops for it. */
static void what_does_not_fit_is_cut(void **state)
{
    enum { LEN = 100000, ROOM = 1000 };
    static char value[LEN];
    static char large[ROOM];
    const struct gs_header own[] = {{TEXT("trace"), TEXT("1")}};
    const struct gs_header heavy[] = {{TEXT("heavy"), {large, sizeof large}}};
    const struct {
        const char *shows;
        const struct gs_header *headers;
        struct gs_str key;
        size_t len, least;
        bool keeps_headers, keeps_key;
    } cuts[] = {
        {"a long value", own, TEXT("k"), LEN, ROOM / 2, true, true},
        {"a value that fits but for our headers", own, TEXT("k"), ROOM - 10, ROOM / 2, true, true},
        {"heavy headers", heavy, TEXT("k"), 100, 100, false, true},
        {"a long key", own, {large, sizeof large}, 100, 100, false, false},
    };

    (void)state;
    room = ROOM;
    for (size_t i = 0; i < GS_COUNT(cuts); i++) {
        const struct gs_record record = {.topic = TEXT("raw"),
                                         .partition = 3,
                                         .offset = 42,
                                         .timestamp_ms = 7,
                                         .key = cuts[i].key,
                                         .value = {value, cuts[i].len},
                                         .headers = cuts[i].headers,
                                         .n_headers = 1};
        char size[64];
        print_message("  %s\n", cuts[i].shows);
        assert_int_equal(gs_dlq_put(&sink, &record, &why, NULL), GS_OK);
        assert_in_range(last.value.len, cuts[i].least, cuts[i].len);
        assert_ptr_equal(last.value.bytes, value);
        assert_int_equal(strstr(seen, "trace=1\n") != NULL, cuts[i].keeps_headers);
        assert_int_equal(last.key.len > 0, cuts[i].keeps_key);
        assert_non_null(strstr(seen, OURS));
        (void)snprintf(size, sizeof size, "groundswell.error.size=%zu\n", cuts[i].len);
        assert_non_null(strstr(seen, size));
        assert_non_null(strstr(seen, "groundswell.error.sha256="));
    }
    /* sha256sum of 100 zero bytes */
    assert_non_null(
        strstr(seen, "sha256=cd00e292c5970d3c5e2f0ffa5171e555bc46bfc4faddfb4a418b6840b86e79a3\n"));
    room = 10;
    const struct gs_record record = {.topic = TEXT("raw"), .value = {value, 5}};
    assert_int_equal(gs_dlq_put(&sink, &record, &why, NULL), GS_IO);
    room = SIZE_MAX;
}

/* A broker that refused the record may have refused its time. */
static void a_suspect_record_has_the_time_of_its_writing(void **state)
{
    const struct gs_rejection suspect = {GS_REJECT_OUTPUT_TOO_LARGE, "why", "tag", true};
    const struct gs_record record = {
        .topic = TEXT("raw"), .value = TEXT("{"), .timestamp_ms = 1795253400123};

    (void)state;
    assert_int_equal(gs_dlq_put(&sink, &record, &suspect, NULL), GS_OK);
    assert_int_equal(last.timestamp_ms, -1);
    assert_non_null(strstr(seen, "groundswell.error.timestamp=1795253400123\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_are_there_once),
        cmocka_unit_test(many_headers),
        cmocka_unit_test(key_value_and_time_are_passed_on_as_they_came),
        cmocka_unit_test(what_does_not_fit_is_cut),
        cmocka_unit_test(a_suspect_record_has_the_time_of_its_writing),
        cmocka_unit_test(a_queue_that_refuses_is_a_failure_that_names_the_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
