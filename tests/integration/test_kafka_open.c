/* What gs_kafka_open() refuses, and that it says what to do; the embedded broker and the feed. */
#include "tests/integration/mock.h"

static double seconds_since(int64_t from_ns)
{
    return (double)(gs_clock_monotonic_ns() - from_ns) / 1e9;
}

static void a_missing_topic_is_named(void **state)
{
    static const struct {
        const char *shows;
        const char *topic;
        const char *says;
    } rows[] = {{"the dead-letter queue", "gone-dlq", "stream dlq"},
                {"an input", "gone-in", "input"}};
    static const char *const in[] = {"gone-in"};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct mock mock;
        struct lane lane;
        print_message("  %s\n", rows[i].shows);
        mock_start(&mock, 1);
        mock_topic(&mock, "in", 1);
        mock_topic(&mock, "out", 1);
        rd_kafka_mock_topic_set_error(mock.cluster, rows[i].topic,
                                      RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
        lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
        if (i == 0) {
            lane.options.output[GS_STREAM_DLQ] = rows[i].topic;
        } else {
            lane.options.topics = in;
        }
        assert_int_equal(lane_open(&lane), GS_IO);
        assert_non_null(strstr(lane.err.message, rows[i].topic));
        assert_non_null(strstr(lane.err.message, rows[i].says));
        assert_non_null(strstr(lane.err.message, "create it"));
        lane_close(&lane);
        mock_stop(&mock);
    }
}

static void a_topic_that_may_not_be_written_is_named(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    mock_topic(&mock, "out", 1);
    rd_kafka_mock_topic_set_error(mock.cluster, "out",
                                  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    assert_int_equal(lane_open(&lane), GS_IO);
    assert_non_null(strstr(lane.err.message, "stream tagged"));
    assert_non_null(strstr(lane.err.message, "\"out\""));
    lane_close(&lane);
    mock_stop(&mock);
}

static void no_broker_is_waited_for_so_long(void **state)
{
    const struct mock nowhere = {.brokers = "127.0.0.1:1"};
    const int64_t from = gs_clock_monotonic_ns();
    struct lane lane;

    (void)state;
    for (int i = 0; i < 2; i++) {
        lane_init(&lane, &nowhere, i == 0 ? GS_AT_LEAST_ONCE : GS_EXACTLY_ONCE);
        lane.options.open_timeout_ms = 1500;
        assert_int_equal(lane_open(&lane), GS_AGAIN);
        print_message("  %s\n", lane.err.message);
        assert_string_equal(lane.err.message, "is Kafka at 127.0.0.1:1? Connection refused");
        lane_close(&lane);
    }
    assert_true(seconds_since(from) < 55.0); /* without that limit it is 30 s each */
}

/* A lane that is asked to stop before it has begun waits for nobody. */
static void a_stop_ends_opening(void **state)
{
    const struct mock nowhere = {.brokers = "127.0.0.1:1"};
    _Atomic int64_t stop_ns = gs_clock_monotonic_ns();
    struct lane lane;

    (void)state;
    for (int i = 0; i < 2; i++) {
        lane_init(&lane, &nowhere, i == 0 ? GS_AT_LEAST_ONCE : GS_EXACTLY_ONCE);
        lane.options.open_timeout_ms = 600000;
        lane.options.stop_ns = &stop_ns;
        assert_int_equal(lane_open(&lane), GS_FENCED);
        assert_non_null(strstr(lane.err.message, "asked to stop"));
        lane_close(&lane);
    }
}

/* The broker goes while a batch is open: its commit gives up, and so does the end of the clients. */
static void a_stop_ends_a_commit(void **state)
{
    struct mock mock;
    struct lane lane;
    struct gs_error err = {GS_OK, ""};
    const struct gs_output output = {.value = gs_str("x"), .timestamp_ms = -1, .partition = -1};

    (void)state;
    for (int i = 0; i < 2; i++) {
        _Atomic int64_t stop_ns = 0;
        mock_start(&mock, 1);
        mock_topic(&mock, "in", 1);
        mock_topic(&mock, "out", 1);
        lane_init(&lane, &mock, i == 0 ? GS_AT_LEAST_ONCE : GS_EXACTLY_ONCE);
        lane.options.stop_ns = &stop_ns;
        assert_int_equal(lane_open(&lane), GS_OK);
        assert_int_equal(gs_sink_begin(lane.sink, &err), GS_OK);
        assert_int_equal(gs_sink_put(lane.sink, GS_STREAM_TAGGED, &output, &err), GS_OK);
        rd_kafka_mock_broker_set_down(mock.cluster, 1);
        atomic_store(&stop_ns, gs_clock_monotonic_ns());
        const int64_t from = gs_clock_monotonic_ns();
        assert_int_not_equal(gs_sink_commit(lane.sink, lane.source, &err), GS_OK);
        print_message("  %s\n", err.message);
        lane_close(&lane);
        assert_true(seconds_since(from) < 25.0); /* without the stop it is a minute */
        mock_stop(&mock);
    }
}

/* A broker that comes up while a lane opens is no fault. */
static void a_late_broker_is_found(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    mock_topic(&mock, "out", 1);
    rd_kafka_mock_topic_set_error(mock.cluster, "out", RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane.options.open_timeout_ms = 1000;
    assert_int_equal(lane_open(&lane), GS_AGAIN);
    rd_kafka_mock_topic_set_error(mock.cluster, "out", RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(lane_open(&lane), GS_OK);
    lane_close(&lane);
    mock_stop(&mock);
}

/* Closed before it ever had an assignment, in either order. */
static void opens_and_closes(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    mock_topic(&mock, "out", 1);
    for (int i = 0; i < 4; i++) {
        lane_init(&lane, &mock, i % 2 == 0 ? GS_AT_LEAST_ONCE : GS_EXACTLY_ONCE);
        assert_int_equal(lane_open(&lane), GS_OK);
        assert_int_equal(gs_source_lag(lane.source), -1);
        if (i >= 2) {
            gs_sink_close(lane.sink);
            lane.sink = NULL;
        }
        lane_close(&lane);
        assert_false(atomic_load(&lane.overdue));
    }
    gs_source_close(NULL);
    gs_sink_close(NULL);
    mock_stop(&mock);
}

static void the_embedded_broker_serves_a_lane(void **state)
{
    static const char *const topics[] = {"in", "out"};
    struct gs_broker *broker = NULL;
    struct mock mock = {0};
    struct lane lane;
    struct gs_error err;

    (void)state;
    assert_int_equal(gs_broker_start(topics, 2, 0, &broker, &err), GS_BAD_CONFIG);
    assert_int_equal(gs_broker_start(topics, 2, 2, &broker, &err), GS_OK);
    mock.brokers = gs_broker_address(broker);
    assert_non_null(strstr(mock.brokers, "127.0.0.1:"));
    mock_fill(&mock, "in", 0, 100, 20);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(lane_copy(&lane, 100), GS_OK);
    lane_close(&lane);
    mock_check_all(&mock, "out", 100, true);
    gs_broker_stop(broker);
    gs_broker_stop(NULL);
}

static void a_feed_tells_what_was_not_delivered(void **state)
{
    const struct gs_property limit = {"message.max.bytes", "1500"};
    static char large[2000];
    struct gs_output output = {.value = {large, sizeof large}, .timestamp_ms = -1, .partition = -1};
    struct mock mock;
    struct gs_feed *feed = NULL;
    struct gs_error err;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    assert_int_equal(gs_feed_open(mock.brokers, "in", &limit, 1, &feed, &err), GS_OK);
    assert_int_equal(gs_feed_put(feed, &output, &err), GS_BAD_FORMAT);
    output.value.len = 10;
    assert_int_equal(gs_feed_put(feed, &output, &err), GS_OK);
    MOCK_FAIL(&mock, API_PRODUCE, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(gs_feed_flush(feed, &err), GS_IO);
    assert_non_null(strstr(err.message, "\"in\""));
    assert_int_equal(gs_feed_flush(feed, &err), GS_OK);
    gs_feed_close(feed);
    gs_feed_close(NULL);
    mock_stop(&mock);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_missing_topic_is_named),
    cmocka_unit_test(a_topic_that_may_not_be_written_is_named),
    cmocka_unit_test(no_broker_is_waited_for_so_long),
    cmocka_unit_test(a_stop_ends_opening),
    cmocka_unit_test(a_stop_ends_a_commit),
    cmocka_unit_test(a_late_broker_is_found),
    cmocka_unit_test(opens_and_closes),
    cmocka_unit_test(the_embedded_broker_serves_a_lane),
    cmocka_unit_test(a_feed_tells_what_was_not_delivered),
};

MOCK_MAIN(cases)
