/* The transaction's error paths, by injection. The mock stores no transactional offsets and hides
 * no aborted records: that exactly-once holds is shown on a real broker only (tests/e2e). */
#include "tests/integration/mock.h"

#include <time.h>

struct setup {
    struct mock mock;
    struct lane lane;
};

/* Injected by before_commit into the first batch that has records, or before it. */
static struct {
    int api;
    rd_kafka_resp_err_t code;
    int n;
} inject;

static void inject_once(struct lane *lane)
{
    const struct mock *mock = lane->arg;

    for (; inject.n > 0; inject.n--) {
        MOCK_FAIL(mock, inject.api, 1, inject.code);
    }
}

static void set_up(struct setup *setup)
{
    mock_start(&setup->mock, 1);
    mock_topic(&setup->mock, "in", 1);
    mock_topic(&setup->mock, "out", 2);
    mock_fill(&setup->mock, "in", 0, 60, 50);
    lane_init(&setup->lane, &setup->mock, GS_EXACTLY_ONCE);
    setup->lane.arg = &setup->mock;
    setup->lane.max_batch = 20;
    setup->lane.before_commit = inject_once;
}

static void tear_down(struct setup *setup)
{
    lane_close(&setup->lane);
    mock_stop(&setup->mock);
}

static void run_with(struct setup *setup, int api, rd_kafka_resp_err_t code, int n,
                     enum gs_status expected)
{
    set_up(setup);
    if (code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
        code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH) {
        lane_rejoins(&setup->lane, "3000");
    }
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        setup->lane.batch_ms = 30000; /* it is full: a record refused alone is known to be so */
    }
    inject.api = api;
    inject.code = code;
    inject.n = n;
    assert_int_equal(lane_open(&setup->lane), GS_OK);
    if (api == API_PRODUCE || api == API_ADD_PARTITIONS) {
        inject_once(&setup->lane); /* the client sends these by itself, maybe before the commit */
    }
    assert_int_equal(lane_copy(&setup->lane, 60), expected);
}

static void commits_batches(void **state)
{
    struct setup setup;

    (void)state;
    run_with(&setup, 0, RD_KAFKA_RESP_ERR_NO_ERROR, 0, GS_OK);
    assert_int_equal(setup.lane.aborted, 0);
    const struct gs_kafka_stats stats = lane_stats(&setup.lane);
    assert_int_equal(stats.produced, 60);
    assert_true(stats.commits >= 3);
    assert_int_equal(stats.fences, 0);
    tear_down(&setup);
}

/* Each of them passes without the batch being made again. */
static void errors_that_pass(void **state)
{
    struct setup setup;

    (void)state;
    run_with(&setup, API_END_TXN, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 2, GS_OK);
    assert_int_equal(setup.lane.aborted, 0);
    setup.lane.copied = 0;
    mock_fill(&setup.mock, "in", 60, 60, 50);
    MOCK_FAIL(&setup.mock, API_ADD_PARTITIONS, 2, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
              RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    MOCK_FAIL(&setup.mock, API_ADD_OFFSETS, 1, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS);
    MOCK_FAIL(&setup.mock, API_TXN_OFFSET_COMMIT, 2, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
              RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    assert_int_equal(lane_copy(&setup.lane, 60), GS_OK);
    assert_int_equal(setup.lane.aborted, 0);
    tear_down(&setup);
}

/* Aborted, taken back to its first record, and made again: nothing is skipped. */
static void a_lost_membership_aborts(void **state)
{
    struct setup setup;

    (void)state;
    run_with(&setup, API_TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 1, GS_OK);
    assert_true(setup.lane.aborted >= 1);
    assert_true(lane_stats(&setup.lane).aborts >= 1);
    assert_true(lane_stats(&setup.lane).consumed > 60);
    assert_int_equal(setup.lane.copied, 60);
    mock_check_all(&setup.mock, "out", 60, false);
    tear_down(&setup);
}

static void a_failed_record_aborts(void **state)
{
    struct setup setup;

    (void)state;
    run_with(&setup, API_PRODUCE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1, GS_OK);
    assert_true(setup.lane.aborted >= 1);
    assert_true(lane_stats(&setup.lane).delivery_failures > 0);
    mock_check_all(&setup.mock, "out", 60, false);
    tear_down(&setup);
}

/* A topic that refuses is not repeated for ever: the transaction is aborted and the lane stops. On
 * a slow machine the first abort may come before the delivery report that says why, so it refuses
 * more than once. */
static void a_refusing_topic_stops_the_lane(void **state)
{
    struct setup setup;

    (void)state;
    run_with(&setup, API_ADD_PARTITIONS, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 20, GS_IO);
    tear_down(&setup);
    run_with(&setup, API_PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 20, GS_IO);
    assert_non_null(strstr(setup.lane.err.message, "\"out\""));
    tear_down(&setup);
}

/* The same when it shows while the batch is still being made: put knows only that the transaction
 * has failed. */
static void a_refusing_topic_shows_in_put(void **state)
{
    struct setup setup;
    struct lane *lane = &setup.lane;
    const struct gs_output output = {.key = {"0", 1}, .timestamp_ms = -1, .partition = -1};
    enum gs_status status = GS_OK;

    (void)state;
    set_up(&setup);
    inject.n = 0;
    assert_int_equal(lane_open(lane), GS_OK);
    MOCK_FAIL(&setup.mock, API_ADD_PARTITIONS, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(gs_sink_begin(lane->sink, &lane->err), GS_OK);
    for (int i = 0; i < 200 && status == GS_OK; i++) {
        const struct timespec pause = {0, 20000000};
        status = gs_sink_put(lane->sink, GS_STREAM_TAGGED, &output, &lane->err);
        (void)nanosleep(&pause, NULL);
    }
    assert_int_equal(status, GS_IO);
    assert_non_null(strstr(lane->err.message, "uthorization"));
    assert_int_equal(lane_stats(lane).aborts, 1);
    tear_down(&setup);
}

static void a_fenced_producer_is_replaced(void **state)
{
    struct setup setup;

    (void)state;
    run_with(&setup, API_END_TXN, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, 1, GS_FENCED);
    assert_int_equal(lane_stats(&setup.lane).fences, 1);
    assert_true(setup.lane.copied < 60);
    const unsigned before = setup.lane.copied;
    gs_source_close(setup.lane.source);
    gs_sink_close(setup.lane.sink);
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    /* The mock keeps no transactional offsets, so the new life begins from the start. */
    assert_int_equal(lane_copy(&setup.lane, before + 60), GS_OK);
    mock_check_all(&setup.mock, "out", 60, false);
    tear_down(&setup);
}

static void the_transactional_id_is_not_allowed(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup);
    inject.n = 0;
    MOCK_FAIL(&setup.mock, API_INIT_PRODUCER_ID, 1,
              RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    assert_int_equal(lane_open(&setup.lane), GS_IO);
    assert_non_null(strstr(setup.lane.err.message, "init_transactions"));
    tear_down(&setup);
}

/* The owner's own abort: the source goes back, and an empty batch costs no transaction. */
static void the_owner_aborts(void **state)
{
    struct setup setup;
    struct lane *lane = &setup.lane;
    struct gs_record record = {0};
    const struct gs_output output = {.key = {"0", 1}, .timestamp_ms = -1, .partition = -1};

    (void)state;
    set_up(&setup);
    inject.n = 0;
    assert_int_equal(lane_open(lane), GS_OK);
    assert_int_equal(lane_copy(lane, 20), GS_OK);
    const int64_t next = lane->first_offset + 20;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gs_sink_begin(lane->sink, &lane->err), GS_OK);
        lane_next(lane, &record);
        assert_int_equal(record.offset, next);
        if (i > 0) {
            assert_int_equal(gs_sink_put(lane->sink, GS_STREAM_TAGGED, &output, &lane->err), GS_OK);
        }
        assert_int_equal(gs_sink_abort(lane->sink, lane->source, &lane->err), GS_OK);
    }
    assert_int_equal(lane_stats(lane).aborts, 2);
    assert_int_equal(lane_copy(lane, 60), GS_OK);
    tear_down(&setup);
}

/* Strict: a request of the protocol that had no answer in time is hidden by the client, and
 * nevertheless makes a new producer before the next batch. */
static void a_hidden_time_out_renews_the_producer(void **state)
{
    struct setup setup;

    (void)state;
    set_up(&setup);
    inject.n = 0;
    setup.lane.options.strict = true;
    lane_set(&setup.lane, "socket.timeout.ms", "1500");
    lane_set(&setup.lane, "fetch.wait.max.ms", "100");
    assert_int_equal(lane_open(&setup.lane), GS_OK);
    assert_int_equal(rd_kafka_mock_broker_push_request_error_rtts(
                         setup.mock.cluster, 1, API_END_TXN, 1, RD_KAFKA_RESP_ERR_NO_ERROR, 8000),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    assert_int_equal(lane_copy(&setup.lane, 60), GS_OK);
    assert_int_equal(setup.lane.aborted, 0);
    assert_true(lane_stats(&setup.lane).fences >= 1);
    tear_down(&setup);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(commits_batches),
    cmocka_unit_test(errors_that_pass),
    cmocka_unit_test(a_lost_membership_aborts),
    cmocka_unit_test(a_failed_record_aborts),
    cmocka_unit_test(a_refusing_topic_stops_the_lane),
    cmocka_unit_test(a_refusing_topic_shows_in_put),
    cmocka_unit_test(a_fenced_producer_is_replaced),
    cmocka_unit_test(the_transactional_id_is_not_allowed),
    cmocka_unit_test(the_owner_aborts),
    cmocka_unit_test(a_hidden_time_out_renews_the_producer),
};

MOCK_MAIN(cases)
