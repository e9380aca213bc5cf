/* A dead letter read back, and the record that goes back. */
#include "deploy/daemon/pipeline/dead_letter.h"

#include "tests/unit/gs_test.h"

#include <stdio.h>

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }
#define HEADER(name, value)                                                                        \
    {                                                                                              \
        TEXT(name), TEXT(value)                                                                    \
    }

static const struct gs_header letter_headers[] = {
    HEADER("trace", "1"),
    {TEXT("empty"), {NULL, 0}},
    HEADER("groundswell.previous.error.code", "too_deep"),
    HEADER("groundswell.redrive.count", "1"),
    HEADER("groundswell.error.code", "bad_json"),
    HEADER("groundswell.error.message", "why"),
    HEADER("groundswell.error.stage", "tag"),
    HEADER("groundswell.error.topic", "raw"),
    HEADER("groundswell.error.partition", "3"),
    HEADER("groundswell.error.offset", "42"),
};

static struct gs_record record_of(const struct gs_header *headers, size_t n)
{
    return (struct gs_record){.topic = gs_str("dlq"),
                              .partition = 1,
                              .offset = 7,
                              .timestamp_ms = 1000,
                              .key = gs_str("k"),
                              .value = gs_str("v"),
                              .headers = headers,
                              .n_headers = n};
}

static void put_code(void *arg, struct gs_str code)
{
    char *all = arg;

    (void)snprintf(all + strlen(all), 64 - strlen(all), "%.*s,", GS_STR_ARGS(code));
}

static void a_letter_is_read(void **state)
{
    const struct gs_record record = record_of(letter_headers, GS_COUNT(letter_headers));
    struct gs_dead_letter letter;
    char history[64] = "";

    (void)state;
    gs_dead_letter_read(&record, &letter);
    assert_true(gs_str_equal(letter.code, gs_str("bad_json")));
    assert_true(gs_str_equal(letter.message, gs_str("why")));
    assert_true(gs_str_equal(letter.stage, gs_str("tag")));
    assert_true(gs_str_equal(letter.topic, gs_str("raw")));
    assert_int_equal(letter.partition, 3);
    assert_int_equal(letter.offset, 42);
    assert_int_equal(letter.timestamp_ms, 1000);
    assert_int_equal(letter.redrives, 1);
    assert_false(letter.cut);
    gs_dead_letter_history(&letter, put_code, history);
    assert_string_equal(history, "too_deep,");
}

static const struct {
    const char *shows;
    struct gs_header header;
    int32_t partition;
    int64_t timestamp_ms;
    unsigned redrives;
    bool cut;
} odd[] = {
    {"a partition that is no number", HEADER("groundswell.error.partition", "x"), -1, 1000, 1,
     false},
    {"a partition that none can be", HEADER("groundswell.error.partition", "2147483648"), -1, 1000,
     1, false},
    {"a negative one", HEADER("groundswell.error.partition", "-1"), -1, 1000, 1, false},
    {"an empty one", HEADER("groundswell.error.partition", ""), -1, 1000, 1, false},
    {"the last counts", HEADER("groundswell.error.partition", "4"), 4, 1000, 1, false},
    {"the record's own time", HEADER("groundswell.error.timestamp", "5"), 3, 5, 1, false},
    {"a time beyond time", HEADER("groundswell.error.timestamp", "99999999999999999999"), 3, 1000,
     1, false},
    {"a count of one's own", HEADER("groundswell.redrive.count", "0"), 3, 1000, 1, false},
    {"a larger one counts", HEADER("groundswell.redrive.count", "9"), 3, 1000, 9, false},
    {"no count", HEADER("groundswell.redrive.count", "many"), 3, 1000, 1, false},
    {"a cut one", HEADER("groundswell.error.size", "100"), 3, 1000, 1, true},
    {"a cut one by its hash", HEADER("groundswell.error.sha256", "00"), 3, 1000, 1, true},
};

static void headers_that_others_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(odd); i++) {
        struct gs_header headers[GS_COUNT(letter_headers) + 1];
        struct gs_dead_letter letter;
        print_message("  %s\n", odd[i].shows);
        memcpy(headers, letter_headers, sizeof letter_headers);
        headers[GS_COUNT(letter_headers)] = odd[i].header;
        const struct gs_record record = record_of(headers, GS_COUNT(headers));
        gs_dead_letter_read(&record, &letter);
        assert_int_equal(letter.partition, odd[i].partition);
        assert_int_equal(letter.timestamp_ms, odd[i].timestamp_ms);
        assert_int_equal(letter.redrives, odd[i].redrives);
        assert_int_equal(letter.cut, odd[i].cut);
    }
}

static void no_letter_of_ours(void **state)
{
    const struct gs_record record = record_of(NULL, 0);
    struct gs_dead_letter letter;

    (void)state;
    gs_dead_letter_read(&record, &letter);
    assert_null(letter.code.bytes);
    assert_null(letter.topic.bytes);
    assert_int_equal(letter.partition, -1);
    assert_int_equal(letter.offset, -1);
}

static void it_goes_back_as_it_came(void **state)
{
    const struct gs_record record = record_of(letter_headers, GS_COUNT(letter_headers));
    struct gs_dead_letter letter;
    struct gs_redrive redrive;
    char seen[1024] = "";

    (void)state;
    gs_dead_letter_read(&record, &letter);
    assert_int_equal(gs_redrive_make(&letter, &redrive, NULL), GS_OK);
    const struct gs_output *output = &redrive.output;
    assert_true(gs_str_equal(output->key, record.key) && gs_str_equal(output->value, record.value));
    assert_int_equal(output->timestamp_ms, 1000);
    assert_int_equal(output->partition, 3);
    for (size_t i = 0; i < output->n_headers; i++) {
        const struct gs_header *header = &output->headers[i];
        const size_t n = strlen(seen);
        (void)snprintf(seen + n, sizeof seen - n, "%.*s=%.*s\n", GS_STR_ARGS(header->name),
                       GS_STR_ARGS(header->value));
    }
    assert_string_equal(seen, "trace=1\nempty=\n"
                              "groundswell.previous.error.code=too_deep\n"
                              "groundswell.previous.error.code=bad_json\n"
                              "groundswell.previous.error.message=why\n"
                              "groundswell.previous.error.stage=tag\n"
                              "groundswell.previous.error.topic=raw\n"
                              "groundswell.previous.error.partition=3\n"
                              "groundswell.previous.error.offset=42\n"
                              "groundswell.redrive.count=2\n");
    assert_null(output->headers[1].value.bytes); /* null stays null */
    gs_redrive_done(&redrive);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_letter_is_read),
        cmocka_unit_test(headers_that_others_write),
        cmocka_unit_test(no_letter_of_ours),
        cmocka_unit_test(it_goes_back_as_it_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
