/* What a lane does when nothing is wrong, and how it begins. */
#include "tests/integration/mock.h"

static void copies_everything(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 3);
    mock_topic(&mock, "out", 5);
    mock_fill(&mock, "in", 0, 500, 100);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_false(gs_kafka_assigned(lane.source));
    assert_int_equal(lane_copy(&lane, 500), GS_OK);
    assert_true(gs_kafka_assigned(lane.source));
    assert_int_equal(lane.assigned, 3);

    const struct gs_kafka_stats stats = lane_stats(&lane);
    assert_int_equal(stats.consumed, 500);
    assert_int_equal(stats.produced, 500);
    assert_true(stats.commits >= lane.batches); /* one more where positions moved without records */
    assert_int_equal(stats.aborts, 0);
    assert_int_equal(stats.delivery_failures, 0);
    LANE_POLL_UNTIL(&lane, gs_source_idle(lane.source, gs_str("in"), 2));
    assert_false(gs_source_idle(lane.source, gs_str("in"), 3));
    assert_int_equal(gs_source_lag(lane.source), 0);
    lane_close(&lane);
    assert_int_equal(lane.revoked, 3);
    mock_check_all(&mock, "out", 500, true);
    mock_stop(&mock);
}

/* Keys, values, headers and times arrive as they left, nulls as nulls. */
static void keeps_records_as_they_are(void **state)
{
    static const struct gs_header headers[] = {{{"a", 1}, {"\0x", 2}},
                                               {{"none", 4}, {NULL, 0}},
                                               {{"", 0}, {"", 0}},
                                               {{"a", 1}, {"again", 5}}};
    static const struct gs_output outputs[] = {
        {.key = {"k", 1}, .value = {"\0\xff", 2}, .timestamp_ms = 1234567890123, .partition = 0},
        {.key = {NULL, 0}, .value = {"no key", 6}, .timestamp_ms = 2, .partition = 0},
        {.key = {"tombstone", 9}, .value = {NULL, 0}, .timestamp_ms = 3, .partition = 0},
        {.key = {"", 0}, .value = {"", 0}, .timestamp_ms = 4, .partition = 0},
    };
    struct mock mock;
    struct lane lane;
    struct gs_feed *feed = NULL;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    mock_topic(&mock, "out", 1);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    assert_int_equal(gs_feed_open(mock.brokers, "in", NULL, 0, &feed, &lane.err), GS_OK);
    for (size_t i = 0; i < GS_COUNT(outputs); i++) {
        struct gs_output output = outputs[i];
        output.headers = headers;
        output.n_headers = i == 0 ? GS_COUNT(headers) : 0;
        assert_int_equal(gs_feed_put(feed, &output, &lane.err), GS_OK);
    }
    assert_int_equal(gs_feed_flush(feed, &lane.err), GS_OK);
    gs_feed_close(feed);
    assert_int_equal(lane_open(&lane), GS_OK);

    struct gs_record records[GS_COUNT(outputs)];
    size_t n = 0;
    assert_int_equal(gs_sink_begin(lane.sink, &lane.err), GS_OK);
    for (; n < GS_COUNT(outputs); n++) {
        lane_next(&lane, &records[n]);
    }
    /* All of them are lent until the commit, not only the last. */
    for (size_t i = 0; i < n; i++) {
        assert_true(gs_str_equal(records[i].key, outputs[i].key));
        assert_true(gs_str_equal(records[i].value, outputs[i].value));
        assert_int_equal(records[i].key.bytes == NULL, outputs[i].key.bytes == NULL);
        assert_int_equal(records[i].value.bytes == NULL, outputs[i].value.bytes == NULL);
        assert_int_equal(records[i].timestamp_ms, outputs[i].timestamp_ms);
        assert_int_equal(records[i].offset, i);
        assert_true(gs_str_equal(records[i].topic, gs_str("in")));
    }
    assert_int_equal(records[0].n_headers, GS_COUNT(headers));
    for (size_t i = 0; i < GS_COUNT(headers); i++) {
        assert_true(gs_str_equal(records[0].headers[i].name, headers[i].name));
        assert_true(gs_str_equal(records[0].headers[i].value, headers[i].value));
    }
    assert_null(records[0].headers[1].value.bytes);
    assert_int_equal(records[1].n_headers, 0);
    assert_int_equal(gs_sink_commit(lane.sink, lane.source, &lane.err), GS_OK);
    lane_close(&lane);
    mock_stop(&mock);
}

/* A life begins where the one before it committed. */
static void goes_on_where_it_left(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 2);
    mock_topic(&mock, "out", 2);
    mock_fill(&mock, "in", 0, 100, 10);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane_rejoins(&lane, "8000");
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(lane_copy(&lane, 100), GS_OK);
    lane_close(&lane);

    mock_fill(&mock, "in", 100, 100, 10);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane_rejoins(&lane, "8000");
    lane.options.start = GS_START_COMMITTED_ONLY;
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(lane_copy(&lane, 100), GS_OK);
    assert_int_equal(lane_stats(&lane).consumed, 100);
    lane_close(&lane);
    mock_check_all(&mock, "out", 200, true);
    mock_stop(&mock);
}

static enum gs_status poll_until_fault(struct lane *lane)
{
    struct gs_record record;
    const int64_t until = gs_clock_monotonic_ns() + LIMIT_S * INT64_C(1000000000);
    enum gs_status status = GS_AGAIN;

    while (status == GS_AGAIN && gs_clock_monotonic_ns() < until) {
        status = gs_source_poll(lane->source, 50, &record, &lane->err);
    }
    return status;
}

static void needs_a_start_without_offsets(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    mock_topic(&mock, "out", 1);
    mock_fill(&mock, "in", 0, 10, 10);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane.options.start = GS_START_COMMITTED_ONLY;
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(poll_until_fault(&lane), GS_IO);
    assert_non_null(strstr(lane.err.message, "no committed offset"));
    assert_non_null(strstr(lane.err.message, "start"));
    assert_false(gs_kafka_assigned(lane.source));
    lane_close(&lane);
    mock_stop(&mock);
}

/* "latest" is decided once: a first batch that is aborted goes back to where the group began. */
static void latest_is_decided_once(void **state)
{
    struct mock mock;
    struct lane lane;
    struct gs_record record;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    mock_topic(&mock, "out", 1);
    mock_fill(&mock, "in", 0, 30, 10);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane.options.start = GS_START_LATEST;
    assert_int_equal(lane_open(&lane), GS_OK);
    LANE_POLL_UNTIL(&lane, gs_kafka_assigned(lane.source));
    mock_fill(&mock, "in", 30, 10, 10);
    assert_int_equal(gs_sink_begin(lane.sink, &lane.err), GS_OK);
    lane_next(&lane, &record);
    assert_int_equal(record.offset, 30);
    assert_int_equal(gs_sink_abort(lane.sink, lane.source, &lane.err), GS_OK);
    assert_int_equal(lane_copy(&lane, 10), GS_OK);
    assert_int_equal(lane.began_at, 30);
    lane_close(&lane);
    mock_stop(&mock);
}

/* "latest" and "committed" are for the group's first start: what comes later, here a topic, begins at
 * its first record. Lanes that start together do not take each other's offsets for history. */
static void latest_is_for_the_first_start(void **state)
{
    static const char *const both[] = {"in", "added"};
    static const struct {
        const char *shows;
        int64_t fresh_ago_s; /* -1: no other lane */
        bool reads;
    } rows[] = {{"a topic that comes later", -1, true},
                {"another lane found a new group just now", 1, false},
                {"another lane did so long ago", 1000, true}};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct mock mock;
        struct lane lane;
        _Atomic int64_t fresh_ns = 0;

        print_message("  %s\n", rows[i].shows);
        mock_start(&mock, 1);
        mock_topic(&mock, "in", 1);
        mock_topic(&mock, "out", 1);
        mock_topic(&mock, "added", 1);
        mock_fill(&mock, "in", 0, 10, 10);
        mock_fill(&mock, "added", 10, 10, 10);
        lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
        lane_rejoins(&lane, "8000");
        lane.options.start = GS_START_LATEST;
        assert_int_equal(lane_open(&lane), GS_OK);
        LANE_POLL_UNTIL(&lane, lane_stats(&lane).commits > 0);
        lane_close(&lane);

        lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
        lane_rejoins(&lane, "8000");
        lane.options.start = GS_START_LATEST;
        lane.options.topics = both;
        lane.options.n_topics = 2;
        lane.options.fresh_ns = &fresh_ns;
        if (rows[i].fresh_ago_s >= 0) {
            atomic_store(&fresh_ns,
                         gs_clock_monotonic_ns() - rows[i].fresh_ago_s * INT64_C(1000000000));
        }
        assert_int_equal(lane_open(&lane), GS_OK);
        if (rows[i].reads) {
            assert_int_equal(lane_copy(&lane, 10), GS_OK);
            mock_fill(&mock, "in", 20, 10, 10);
            assert_int_equal(lane_copy(&lane, 20), GS_OK);
        } else {
            LANE_POLL_UNTIL(&lane, lane_stats(&lane).commits > 0);
            mock_fill(&mock, "added", 20, 10, 10);
            assert_int_equal(lane_copy(&lane, 10), GS_OK);
            assert_int_equal(lane.began_at, 10);
        }
        lane_close(&lane);
        mock_stop(&mock);
    }
}

/* An owner that only begins a batch when a record came: where the group begins is committed by
 * itself. */
static void positions_without_records_are_committed(void **state)
{
    struct mock mock;
    struct lane lane;
    struct gs_record record;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    mock_topic(&mock, "out", 1);
    mock_fill(&mock, "in", 0, 30, 10);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane_rejoins(&lane, "8000");
    lane.options.start = GS_START_LATEST;
    assert_int_equal(lane_open(&lane), GS_OK);
    LANE_POLL_UNTIL(&lane, lane_stats(&lane).commits > 0);
    assert_int_equal(lane_stats(&lane).commits, 1);
    for (int i = 0; i < 30; i++) { /* and not again and again */
        assert_int_equal(gs_source_poll(lane.source, 50, &record, &lane.err), GS_AGAIN);
    }
    assert_int_equal(lane_stats(&lane).commits, 1);
    lane_close(&lane);

    mock_fill(&mock, "in", 30, 5, 10); /* while no lane is there */
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane_rejoins(&lane, "8000");
    lane.options.start = GS_START_LATEST;
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(lane_copy(&lane, 5), GS_OK);
    assert_int_equal(lane.began_at, 30);
    lane_close(&lane);
    mock_stop(&mock);
}

/* The partitions of the Java client's murmur2, whoever produces. */
static void partitions_by_key_as_java(void **state)
{
    /* Utils.toPositive(Utils.murmur2(key)) % 7; the hashes are those of Kafka's UtilsTest. */
    static const struct {
        const char *key;
        uint32_t hash;
    } rows[] = {{"21", (uint32_t)-973932308},
                {"foobar", (uint32_t)-790332482},
                {"a-little-bit-long-string", (uint32_t)-985981536},
                {"a-little-bit-longer-string", (uint32_t)-1486304829},
                {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", (uint32_t)-58897971}};
    struct mock mock;
    struct lane lane;
    struct gs_feed *feed = NULL;
    struct gs_record record;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 7);
    mock_topic(&mock, "out", 1);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    assert_int_equal(gs_feed_open(mock.brokers, "in", NULL, 0, &feed, &lane.err), GS_OK);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const struct gs_output output = {
            .key = gs_str(rows[i].key), .timestamp_ms = -1, .partition = -1};
        assert_int_equal(gs_feed_put(feed, &output, &lane.err), GS_OK);
    }
    assert_int_equal(gs_feed_flush(feed, &lane.err), GS_OK);
    gs_feed_close(feed);
    assert_int_equal(lane_open(&lane), GS_OK);
    size_t n = 0;
    for (; n < GS_COUNT(rows); n++) {
        lane_next(&lane, &record);
        for (size_t r = 0; r < GS_COUNT(rows); r++) {
            if (gs_str_equal(record.key, gs_str(rows[r].key))) {
                print_message("  %s\n", rows[r].key);
                assert_int_equal(record.partition, (rows[r].hash & 0x7fffffff) % 7);
            }
        }
    }
    lane_close(&lane);
    mock_stop(&mock);
}

/* A batch is bounded: poll says so instead of growing it. */
static void a_full_batch_waits_for_its_commit(void **state)
{
    struct mock mock;
    struct lane lane;
    struct gs_record record;
    unsigned n = 0;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    mock_topic(&mock, "out", 1);
    mock_fill(&mock, "in", 0, 100, 10);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane.options.max_batch = 7;
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(gs_sink_begin(lane.sink, &lane.err), GS_OK);
    for (; n < 7; n++) {
        lane_next(&lane, &record);
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(gs_source_poll(lane.source, 50, &record, &lane.err), GS_AGAIN);
    }
    assert_int_equal(gs_sink_commit(lane.sink, lane.source, &lane.err), GS_OK);
    assert_int_equal(lane_copy(&lane, 93), GS_OK);
    lane_close(&lane);
    mock_stop(&mock);
}

/* A source without its sink commits by itself. */
static void a_source_alone_commits(void **state)
{
    struct mock mock;
    struct lane lane;
    struct gs_record record;
    unsigned n = 0;

    (void)state;
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    mock_topic(&mock, "out", 1);
    mock_fill(&mock, "in", 0, 20, 10);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane_rejoins(&lane, "8000");
    assert_int_equal(lane_open(&lane), GS_OK);
    for (; n < 10; n++) {
        lane_next(&lane, &record);
    }
    assert_int_equal(gs_source_commit(lane.source, &lane.err), GS_OK);
    lane_next(&lane, &record);
    assert_int_equal(gs_source_rewind(lane.source, &lane.err), GS_OK);
    lane_close(&lane);

    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane_rejoins(&lane, "8000");
    lane.options.start = GS_START_COMMITTED_ONLY;
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(lane_copy(&lane, 10), GS_OK);
    assert_int_equal(lane.began_at, 10);
    lane_close(&lane);
    mock_stop(&mock);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(copies_everything),
    cmocka_unit_test(keeps_records_as_they_are),
    cmocka_unit_test(goes_on_where_it_left),
    cmocka_unit_test(needs_a_start_without_offsets),
    cmocka_unit_test(latest_is_decided_once),
    cmocka_unit_test(latest_is_for_the_first_start),
    cmocka_unit_test(positions_without_records_are_committed),
    cmocka_unit_test(partitions_by_key_as_java),
    cmocka_unit_test(a_full_batch_waits_for_its_commit),
    cmocka_unit_test(a_source_alone_commits),
};

MOCK_MAIN(cases)
