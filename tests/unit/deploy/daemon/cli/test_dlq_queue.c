/* Which letters a command means, and which may go back. */
#include "deploy/daemon/cli/dlq_queue.h"

#include "tests/unit/gs_test.h"

enum { NOW = 2000000000 };

static const struct {
    const char *text;
    bool is_time;
    int64_t ms;
} times[] = {
    {"90s", true, NOW - 90000},
    {"15m", true, NOW - 900000},
    {"2h", true, NOW - 7200000},
    {"3d", true, NOW - 259200000},
    {"0s", true, NOW},
    {"2026-01-05T08:00:00Z", true, 1767600000000},
    {"", false, 0},
    {"h", false, 0},
    {"-2h", false, 0},
    {"2hh", false, 0},
    {"99999999999999d", false, 0},
    {"2026-01-05", false, 0},
    {"yesterday", false, 0},
};

static void times_of_the_command_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(times); i++) {
        int64_t ms = -1;
        print_message("  '%s'\n", times[i].text);
        assert_int_equal(gs_dlq_time(times[i].text, NOW, &ms), times[i].is_time);
        assert_int_equal(ms, times[i].is_time ? times[i].ms : -1);
    }
}

static void a_filter_picks_by_reason_and_time(void **state)
{
    struct gs_dlq_filter filter = {.since_ms = INT64_MIN, .until_ms = INT64_MAX};
    struct gs_dead_letter letter = {.code = gs_str("bad_json"), .timestamp_ms = 100};

    (void)state;
    assert_true(gs_dlq_matches(&filter, &letter));
    filter.picks = true;
    filter.reasons[GS_REJECT_TOO_DEEP] = true;
    assert_false(gs_dlq_matches(&filter, &letter));
    filter.reasons[GS_REJECT_BAD_JSON] = true;
    assert_true(gs_dlq_matches(&filter, &letter));
    filter.since_ms = 101;
    assert_false(gs_dlq_matches(&filter, &letter));
    filter.since_ms = 100;
    filter.until_ms = 100;
    assert_false(gs_dlq_matches(&filter, &letter));
    filter.until_ms = 101;
    assert_true(gs_dlq_matches(&filter, &letter));
    letter.code = (struct gs_str){NULL, 0};
    assert_false(gs_dlq_matches(&filter, &letter));
}

static const struct {
    const char *shows, *topic;
    unsigned redrives;
    bool cut;
    const char *why; /* NULL: it may go */
} rows[] = {
    {"an input topic", "raw", 0, false, NULL},
    {"one of a pattern", "news-7", 0, false, NULL},
    {"the second stage's input", "groundswell.observations", 0, false, NULL},
    {"sent again before, but not too often", "raw", 1, false, NULL},
    {"one that came back too often", "raw", 2, false, "2 times"},
    {"a cut one", "raw", 0, true, "is in raw [3] at offset 42"},
    {"a topic that a header made up", "payments", 0, false, "payments is no input topic"},
    {"a pattern is not a name", "^news-", 0, false, "no input topic"},
    {"our own outputs are no inputs", "groundswell.tagged", 0, false, "no input topic"},
    {"a topic without a name", "", 0, false, "no input topic"},
    {"no letter of ours", NULL, 0, false, "no headers"},
};

static void which_may_go(void **state)
{
    struct gs_diagnostics diagnostics = {0};
    struct gs_config *config = NULL;
    const struct gs_config_input input = {
        .yaml = gs_str("input: {kind: kafka, topics: [raw]}\nkafka: {brokers: 'a:1'}\n"
                       "output: {kind: kafka}\n"),
        .name = "test",
        .dir = "."};
    static const char *const topics[] = {"raw", "^news-"};
    const struct gs_dlq_filter filter = {.max_redrives = 2};
    struct gs_dlq_queue queue;

    (void)state;
    assert_int_equal(gs_config_parse(&input, &config, &diagnostics, NULL), GS_OK);
    config->input.topics = (struct gs_strings){topics, 2};
    assert_int_equal(gs_dlq_queue_init(config, &filter, &queue, NULL), GS_OK);
    assert_string_equal(queue.name, "groundswell-redrive");
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_error why = {GS_OK, ""};
        const struct gs_dead_letter letter = {
            .code = gs_str("bad_json"),
            .topic = rows[i].topic == NULL ? (struct gs_str){NULL, 0} : gs_str(rows[i].topic),
            .partition = 3,
            .offset = 42,
            .redrives = rows[i].redrives,
            .cut = rows[i].cut};
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(gs_dlq_may_go(&queue, &letter, &why),
                         rows[i].why == NULL ? GS_OK : GS_BAD_FORMAT);
        assert_true(rows[i].why == NULL || strstr(why.message, rows[i].why) != NULL);
    }
    config->output.kind = GS_OUTPUT_FILE;
    assert_int_equal(gs_dlq_queue_init(config, &filter, &queue, NULL), GS_BAD_CONFIG);
    gs_config_free(config);
    gs_diagnostics_done(&diagnostics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_the_command_line),
        cmocka_unit_test(a_filter_picks_by_reason_and_time),
        cmocka_unit_test(which_may_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
