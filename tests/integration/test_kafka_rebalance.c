/* Lanes that come and go in one group, each on its own thread: nothing is lost. */
#include "tests/integration/mock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { N_RECORDS = 600, N_PARTITIONS = 4 };

static atomic_uint copied_by_all;

struct worker {
    struct lane lane;
    atomic_bool stop;
    enum gs_status status;
};

static void sleep_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

    (void)nanosleep(&pause, NULL);
}

/* The lane is opened and closed by its own thread. */
static void *work(void *arg)
{
    struct worker *worker = arg;
    struct lane *lane = &worker->lane;
    unsigned counted = 0;

    worker->status = lane_open(lane);
    while (worker->status == GS_OK && !atomic_load(&worker->stop)) {
        worker->status = lane_batch(lane);
        worker->status = worker->status == GS_ABORTED ? GS_OK : worker->status;
        atomic_fetch_add(&copied_by_all, lane->copied - counted);
        counted = lane->copied;
    }
    gs_source_close(lane->source);
    gs_sink_close(lane->sink);
    lane->source = NULL;
    lane->sink = NULL;
    return NULL;
}

static void start(struct worker *worker, const struct mock *mock, pthread_t *thread)
{
    atomic_init(&worker->stop, false);
    lane_init(&worker->lane, mock, GS_AT_LEAST_ONCE);
    worker->lane.max_batch = 10;
    lane_rejoins(&worker->lane, "3000");
    assert_int_equal(pthread_create(thread, NULL, work, worker), 0);
}

static void finish(struct worker *worker, pthread_t thread)
{
    atomic_store(&worker->stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    print_message("  copied %u, aborted %u, assigned %u, revoked %u\n", worker->lane.copied,
                  worker->lane.aborted, worker->lane.assigned, worker->lane.revoked);
    assert_int_equal(worker->status, GS_OK);
    lane_close(&worker->lane);
}

static void wait_for(unsigned n)
{
    const int64_t until = gs_clock_monotonic_ns() + LIMIT_S * INT64_C(1000000000);

    while (atomic_load(&copied_by_all) < n) {
        if (gs_clock_monotonic_ns() > until) {
            fail_msg("only %u of %u records", atomic_load(&copied_by_all), n);
        }
        sleep_ms(20);
    }
}

static void a_second_lane_comes_and_the_first_goes(void **state)
{
    struct mock mock;
    static struct worker first;
    static struct worker second;
    pthread_t threads[2];

    (void)state;
    atomic_store(&copied_by_all, 0);
    mock_start(&mock, 1);
    mock_topic(&mock, "in", N_PARTITIONS);
    mock_topic(&mock, "out", N_PARTITIONS);
    mock_fill(&mock, "in", 0, N_RECORDS / 3, 20);
    start(&first, &mock, &threads[0]);
    wait_for(N_RECORDS / 6);
    start(&second, &mock, &threads[1]); /* joins while the first is at work */
    mock_fill(&mock, "in", N_RECORDS / 3, N_RECORDS / 3, 20);
    wait_for(N_RECORDS * 2 / 3);
    sleep_ms(500);
    mock_fill(&mock, "in", N_RECORDS * 2 / 3, N_RECORDS / 3, 20);
    finish(&first, threads[0]); /* leaves while records wait */
    wait_for(N_RECORDS);
    finish(&second, threads[1]);
    mock_check_all(&mock, "out", N_RECORDS, false);
    mock_stop(&mock);
}

/* An owner that does not end its batch when its partitions go: we do, and say so at its next call;
 * the records are read again by who gets the partitions. */
static void a_batch_left_open_is_voided(void **state)
{
    struct mock mock;
    struct lane lane;
    struct gs_record record;
    const struct gs_output output = {.key = {"0", 1}, .timestamp_ms = -1, .partition = -1};
    static struct worker second;
    pthread_t thread;

    (void)state;
    atomic_store(&copied_by_all, 0);
    mock_start(&mock, 1);
    mock_topic(&mock, "in", 1);
    mock_topic(&mock, "out", 1);
    mock_fill(&mock, "in", 0, 30, 20);
    lane_init(&lane, &mock, GS_AT_LEAST_ONCE);
    lane.keep_open = true;
    lane_rejoins(&lane, "3000");
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(gs_sink_begin(lane.sink, &lane.err), GS_OK);
    lane_next(&lane, &record);
    assert_int_equal(gs_sink_put(lane.sink, GS_STREAM_TAGGED, &output, &lane.err), GS_OK);
    start(&second, &mock, &thread);
    for (const int64_t until = gs_clock_monotonic_ns() + LIMIT_S * INT64_C(1000000000);
         lane.revoked == 0 && gs_clock_monotonic_ns() < until;) {
        (void)gs_source_poll(lane.source, 20, &record, &lane.err);
    }
    assert_int_equal(lane.revoked, 1);
    assert_int_equal(gs_sink_put(lane.sink, GS_STREAM_TAGGED, &output, &lane.err), GS_ABORTED);
    assert_int_equal(gs_sink_begin(lane.sink, &lane.err), GS_OK);
    assert_int_equal(gs_sink_commit(lane.sink, lane.source, &lane.err), GS_OK);
    lane_close(&lane);
    wait_for(30);
    finish(&second, thread);
    mock_check_all(&mock, "out", 30, false);
    mock_stop(&mock);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_second_lane_comes_and_the_first_goes),
    cmocka_unit_test(a_batch_left_open_is_voided),
};

MOCK_MAIN(cases)
