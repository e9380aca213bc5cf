/* At-least-once delivery while brokers, leaders, coordinators and requests fail. */
#include "tests/integration/mock.h"

#include <pthread.h>
#include <time.h>

struct setup {
    struct mock mock;
    struct lane lane;
};

/* A cluster with "in" (two partitions, n records) and "out". */
static void set_up(struct setup *setup, int n_brokers, int n_records)
{
    mock_start(&setup->mock, n_brokers);
    mock_topic(&setup->mock, "in", 2);
    mock_topic(&setup->mock, "out", 2);
    mock_fill(&setup->mock, "in", 0, n_records, 50);
    lane_init(&setup->lane, &setup->mock, GS_AT_LEAST_ONCE);
    setup->lane.arg = &setup->mock;
}

static void tear_down(struct setup *setup)
{
    lane_close(&setup->lane);
    mock_stop(&setup->mock);
}

static void copy_all(struct setup *setup, unsigned n)
{
    assert_int_equal(lane_open(&setup->lane), GS_OK);
    assert_int_equal(lane_copy(&setup->lane, n), GS_OK);
    lane_close(&setup->lane);
    mock_check_all(&setup->mock, "out", (int)n, false);
    mock_stop(&setup->mock);
}

static void sleep_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

    (void)nanosleep(&pause, NULL);
}

/* ---- brokers ---- */

static void *down_and_up(void *arg)
{
    struct mock *mock = arg;

    assert_int_equal(rd_kafka_mock_broker_set_down(mock->cluster, 1), 0);
    sleep_ms(1500);
    assert_int_equal(rd_kafka_mock_broker_set_up(mock->cluster, 1), 0);
    return NULL;
}

static pthread_t breaker;

static void break_broker_in_second_batch(struct lane *lane)
{
    if (lane->batches == 1) {
        assert_int_equal(pthread_create(&breaker, NULL, down_and_up, lane->arg), 0);
        sleep_ms(100);
    }
}

static void a_broker_goes_down_and_comes_back(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 1, 200);
    setup.lane.before_commit = break_broker_in_second_batch;
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    assert_int_equal(lane_copy(&setup.lane, 200), GS_OK);
    assert_int_equal(pthread_join(breaker, NULL), 0);
    lane_close(&setup.lane);
    mock_check_all(&setup.mock, "out", 200, false);
    mock_stop(&setup.mock);
}

static void move_leaders(struct lane *lane)
{
    struct mock *mock = lane->arg;
    const int to = 1 + (int)lane->batches % 3;

    for (int partition = 0; partition < 2; partition++) {
        (void)rd_kafka_mock_partition_set_leader(mock->cluster, "out", partition, to);
        (void)rd_kafka_mock_partition_set_leader(mock->cluster, "in", partition, 1 + to % 3);
    }
}

static void leaders_move(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 3, 300);
    setup.lane.before_commit = move_leaders;
    copy_all(&setup, 300);
}

static void move_coordinator(struct lane *lane)
{
    struct mock *mock = lane->arg;

    (void)rd_kafka_mock_coordinator_set(mock->cluster, "group", "group",
                                        1 + (int)lane->batches % 3);
}

static void the_coordinator_moves(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 3, 300);
    setup.lane.before_commit = move_coordinator;
    copy_all(&setup, 300);
}

/* ---- produce ---- */

static void produce_errors_that_pass(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 1, 100);
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    MOCK_FAIL(&setup.mock, API_PRODUCE, 4, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
              RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
              RD_KAFKA_RESP_ERR__TRANSPORT);
    assert_int_equal(lane_copy(&setup.lane, 100), GS_OK);
    assert_int_equal(lane_stats(&setup.lane).delivery_failures, 0);
    lane_close(&setup.lane);
    mock_check_all(&setup.mock, "out", 100, true);
    mock_stop(&setup.mock);
}

/* Repeating does not help: the lane stops, and nothing is committed. */
static void produce_errors_that_stay(void **state)
{
    static const struct {
        const char *shows;
        rd_kafka_resp_err_t code;
        enum gs_stream stream;
    } rows[] = {
        {"not authorised", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, GS_STREAM_TAGGED},
        {"a dead-letter queue that wants a key", RD_KAFKA_RESP_ERR_INVALID_RECORD, GS_STREAM_DLQ},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct setup setup;
        print_message("  %s\n", rows[i].shows);
        set_up(&setup, 1, 10);
        setup.lane.options.output[GS_STREAM_TAGGED] = NULL;
        setup.lane.options.output[rows[i].stream] = "out";
        setup.lane.stream = rows[i].stream;
        assert_int_equal(lane_open(&setup.lane), GS_OK);
        MOCK_FAIL(&setup.mock, API_PRODUCE, 2, rows[i].code, rows[i].code);
        assert_int_equal(lane_copy(&setup.lane, 10), GS_IO);
        assert_non_null(strstr(setup.lane.err.message, "\"out\""));
        assert_true(lane_stats(&setup.lane).delivery_failures > 0);
        assert_int_equal(lane_stats(&setup.lane).produced, 0);
        assert_int_equal(setup.lane.copied, 0);
        tear_down(&setup);
    }
}

/* A record that a broker refuses takes its batch back, so that the owner can find it by smaller
 * batches. */
static void a_refused_record_takes_the_batch_back(void **state)
{
    struct setup setup;

    (void)state;
    for (int dlq = 0; dlq < 2; dlq++) { /* the dead-letter queue too: it may be made to fit there */
        set_up(&setup, 1, 50);
        if (dlq == 1) {
            setup.lane.options.output[GS_STREAM_TAGGED] = NULL;
            setup.lane.options.output[GS_STREAM_DLQ] = "out";
            setup.lane.stream = GS_STREAM_DLQ;
        }
        setup.lane.batch_ms = 30000; /* it is full: one record alone is another case (below) */
        assert_int_equal(lane_open(&setup.lane), GS_OK);
        MOCK_FAIL(&setup.mock, API_PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
        assert_int_equal(lane_copy(&setup.lane, 50), GS_OK);
        assert_true(setup.lane.aborted >= 1);
        lane_close(&setup.lane);
        mock_check_all(&setup.mock, "out", 50, false);
        mock_stop(&setup.mock);
    }
}

/* Of one that was refused alone it is known which it was: it is not sent again, and its owner is
 * told. */
static void a_record_refused_alone_is_known(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 1, 50);
    setup.lane.max_batch = 1;
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    MOCK_FAIL(&setup.mock, API_PRODUCE, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_int_equal(lane_copy(&setup.lane, 50), GS_BAD_FORMAT);
    assert_non_null(strstr(setup.lane.err.message, "too large for topic \"out\""));
    assert_int_equal(setup.lane.aborted, 1);
    assert_int_equal(setup.lane.copied, 0);
    tear_down(&setup);
}

static void *down_for_long(void *arg)
{
    struct mock *mock = arg;

    assert_int_equal(rd_kafka_mock_broker_set_down(mock->cluster, 2), 0);
    sleep_ms(2500);
    assert_int_equal(rd_kafka_mock_broker_set_up(mock->cluster, 2), 0);
    return NULL;
}

static void break_leader_in_second_batch(struct lane *lane)
{
    if (lane->batches == 1 && lane->aborted == 0) {
        assert_int_equal(pthread_create(&breaker, NULL, down_for_long, lane->arg), 0);
        sleep_ms(100);
    }
}

/* Deliveries time out: the batch is made again from its first record, none is skipped. */
static void deliveries_time_out(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 2, 200);
    for (int i = 0; i < 2; i++) {
        (void)rd_kafka_mock_partition_set_leader(setup.mock.cluster, "in", i, 1);
        (void)rd_kafka_mock_partition_set_leader(setup.mock.cluster, "out", i, 2);
    }
    (void)rd_kafka_mock_coordinator_set(setup.mock.cluster, "group", "group", 1);
    lane_set(&setup.lane, "message.timeout.ms", "1000");
    setup.lane.before_commit = break_leader_in_second_batch;
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    assert_int_equal(lane_copy(&setup.lane, 200), GS_OK);
    assert_int_equal(pthread_join(breaker, NULL), 0);
    assert_true(setup.lane.aborted > 0);
    assert_true(lane_stats(&setup.lane).delivery_failures > 0);
    lane_close(&setup.lane);
    mock_check_all(&setup.mock, "out", 200, false);
    mock_stop(&setup.mock);
}

static void a_full_queue_is_waited_for(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 1, 500);
    lane_set(&setup.lane, "queue.buffering.max.messages", "10");
    setup.lane.max_batch = 500;
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    assert_int_equal(lane_copy(&setup.lane, 500), GS_OK);
    lane_close(&setup.lane);
    mock_check_all(&setup.mock, "out", 500, true);
    mock_stop(&setup.mock);
}

/* The record is refused, the batch goes on. */
static void an_oversized_record_is_refused(void **state)
{
    static char large[4000];
    struct setup setup;
    struct lane *lane = &setup.lane;
    const struct gs_output output = {
        .key = {"0", 1}, .value = {large, sizeof large}, .timestamp_ms = -1, .partition = -1};

    (void)state;
    set_up(&setup, 1, 10);
    lane_set(lane, "message.max.bytes", "3000");
    assert_int_equal(lane_open(lane), GS_OK);
    assert_int_equal(gs_sink_begin(lane->sink, &lane->err), GS_OK);
    assert_int_equal(gs_sink_put(lane->sink, GS_STREAM_TAGGED, &output, &lane->err), GS_BAD_FORMAT);
    assert_non_null(strstr(lane->err.message, "too large"));
    assert_int_equal(gs_sink_commit(lane->sink, lane->source, &lane->err), GS_OK);
    assert_int_equal(lane_copy(lane, 10), GS_OK);
    lane_close(lane);
    mock_check_all(&setup.mock, "out", 10, true);
    mock_stop(&setup.mock);
}

static void streams_without_a_place_are_refused(void **state)
{
    struct setup setup;
    struct lane *lane = &setup.lane;
    struct gs_output output = {.value = {"x", 1}, .timestamp_ms = -1, .partition = -1};

    (void)state;
    set_up(&setup, 1, 1);
    assert_int_equal(lane_open(lane), GS_OK);
    assert_int_equal(gs_sink_begin(lane->sink, &lane->err), GS_OK);
    assert_int_equal(gs_sink_put(lane->sink, GS_STREAM_ALERTS, &output, &lane->err), GS_IO);
    assert_non_null(strstr(lane->err.message, "alerts"));
    output.partition = 2; /* "out" has 0 and 1 */
    assert_int_equal(gs_sink_put(lane->sink, GS_STREAM_TAGGED, &output, &lane->err), GS_IO);
    assert_non_null(strstr(lane->err.message, "\"out\""));
    output.partition = 1;
    assert_int_equal(gs_sink_put(lane->sink, GS_STREAM_TAGGED, &output, &lane->err), GS_OK);
    assert_int_equal(gs_sink_commit(lane->sink, lane->source, &lane->err), GS_OK);
    tear_down(&setup);
}

/* ---- offset commits ---- */

static void commit_errors_that_pass(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 1, 100);
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    MOCK_FAIL(&setup.mock, API_OFFSET_COMMIT, 3, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
              RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    assert_int_equal(lane_copy(&setup.lane, 100), GS_OK);
    assert_int_equal(setup.lane.aborted, 0);
    lane_close(&setup.lane);
    mock_check_all(&setup.mock, "out", 100, true);
    mock_stop(&setup.mock);
}

static void refuse_first_commit(struct lane *lane)
{
    const struct mock *mock = lane->arg;

    if (lane->batches == 0 && lane->aborted == 0) {
        MOCK_FAIL(mock, API_OFFSET_COMMIT, 1, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    }
}

/* The batch is taken back to its first record when the commit says that we are no member. */
static void a_lost_membership_takes_the_batch_back(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 1, 50);
    setup.lane.before_commit = refuse_first_commit;
    lane_rejoins(&setup.lane, "3000");
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    assert_int_equal(lane_copy(&setup.lane, 50), GS_OK);
    assert_true(setup.lane.aborted > 0);
    assert_int_equal(lane_stats(&setup.lane).aborts, setup.lane.aborted);
    assert_true(lane_stats(&setup.lane).consumed > 50);
    lane_close(&setup.lane);
    mock_check_all(&setup.mock, "out", 50, false);
    mock_stop(&setup.mock);
}

static void a_commit_that_is_not_allowed_stops_the_lane(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 1, 10);
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    MOCK_FAIL(&setup.mock, API_OFFSET_COMMIT, 1, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    assert_int_equal(lane_copy(&setup.lane, 10), GS_IO);
    tear_down(&setup);
}

/* ---- offsets at the start ---- */

static void offsets_at_the_start_are_asked_for_again(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup, 1, 50);
    lane_rejoins(&setup.lane, "8000");
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    assert_int_equal(lane_copy(&setup.lane, 50), GS_OK);
    lane_close(&setup.lane);
    /* A second life whose first questions are not answered must not begin from the start. */
    lane_init(&setup.lane, &setup.mock, GS_AT_LEAST_ONCE);
    lane_rejoins(&setup.lane, "8000");
    mock_fill(&setup.mock, "in", 50, 10, 50);
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    MOCK_FAIL(&setup.mock, API_OFFSET_FETCH, 3, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
              RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT);
    assert_int_equal(lane_copy(&setup.lane, 10), GS_OK);
    assert_int_equal(lane_stats(&setup.lane).consumed, 10);
    tear_down(&setup);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_broker_goes_down_and_comes_back),
    cmocka_unit_test(leaders_move),
    cmocka_unit_test(the_coordinator_moves),
    cmocka_unit_test(produce_errors_that_pass),
    cmocka_unit_test(produce_errors_that_stay),
    cmocka_unit_test(a_refused_record_takes_the_batch_back),
    cmocka_unit_test(a_record_refused_alone_is_known),
    cmocka_unit_test(deliveries_time_out),
    cmocka_unit_test(a_full_queue_is_waited_for),
    cmocka_unit_test(an_oversized_record_is_refused),
    cmocka_unit_test(streams_without_a_place_are_refused),
    cmocka_unit_test(commit_errors_that_pass),
    cmocka_unit_test(a_lost_membership_takes_the_batch_back),
    cmocka_unit_test(a_commit_that_is_not_allowed_stops_the_lane),
    cmocka_unit_test(offsets_at_the_start_are_asked_for_again),
};

MOCK_MAIN(cases)
