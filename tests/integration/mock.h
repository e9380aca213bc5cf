/* What the tests on librdkafka's mock cluster share: the cluster, a lane that copies, and reading a
 * topic back. */
#ifndef GS_TESTS_MOCK_H
#define GS_TESTS_MOCK_H

#include "ingest/base/clock.h"
#include "ingest/kafka/kafka.h"
#include "tests/unit/gs_test.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdatomic.h>
#include <string.h>

/* Protocol numbers of requests, for error injection. */
enum {
    API_PRODUCE = 0,
    API_OFFSET_COMMIT = 8,
    API_OFFSET_FETCH = 9,
    API_INIT_PRODUCER_ID = 22,
    API_ADD_PARTITIONS = 24,
    API_ADD_OFFSETS = 25,
    API_END_TXN = 26,
    API_TXN_OFFSET_COMMIT = 28,
};

/* LIMIT_S: what takes longer hangs. It only says when a test that fails does so, and has to be more
 * than a sanitizer on a busy machine may need. */
enum { LIMIT_S = 120, MAX_IDS = 4096 };

struct mock {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
    const char *brokers;
};

void mock_start(struct mock *mock, int n_brokers);
void mock_stop(struct mock *mock);
void mock_topic(struct mock *mock, const char *topic, int n_partitions);

/* Records from..from+n-1: the number is the key, and the value with x up to size. */
void mock_fill(const struct mock *mock, const char *topic, int from, int n, size_t size);

/* How often each number below MAX_IDS is in the topic, as its key. Returns how many records there
 * are. */
size_t mock_read(const struct mock *mock, const char *topic, unsigned ret_counts[MAX_IDS]);
/* Every number from 0 to n-1 is there; once when `once`. */
void mock_check_all(const struct mock *mock, const char *topic, int n, bool once);

/* The next n requests of this kind are answered with code. */
#define MOCK_FAIL(mock, api, n, ...)                                                               \
    rd_kafka_mock_push_request_errors((mock)->cluster, (int16_t)(api), (n), __VA_ARGS__)

/* A lane that copies topic "in" to "out" with options that suit the mock. */
struct lane {
    struct gs_kafka_options options;
    struct gs_source *source;
    struct gs_sink *sink;
    struct gs_error err;
    bool open;
    atomic_bool overdue; /* the log says that something did not end in time */
    bool keep_open;      /* revoking does not end the batch: a careless owner */
    enum gs_status revoked_with;
    unsigned in_batch, copied, aborted, batches, assigned, revoked;
    int64_t first_offset; /* of the batch */
    int64_t began_at;     /* the first record of the first batch that held */
    size_t max_batch;
    int64_t batch_ms;
    enum gs_stream stream;                    /* that "out" is for */
    void (*before_commit)(struct lane *lane); /* at the end of each batch */
    enum gs_status (*kept)(void *arg, struct gs_str topic, int32_t partition, struct gs_str key,
                           struct gs_str value, struct gs_error *err); /* NULL: nothing is kept */
    enum gs_status (*restore)(void *arg, struct gs_str topic, int32_t partition, int64_t offset,
                              struct gs_error *err);
    void *arg;
};

void lane_init(struct lane *lane, const struct mock *mock, enum gs_delivery delivery);
/* Adds a librdkafka property; at most 16, and the last one of a name counts. */
void lane_set(struct lane *lane, const char *name, const char *value);
/* For a group that forms more than once: the mock waits a session (less 1 s) for a member that is
 * known to it, so sessions are short here. What such a test expects must hold too when the session
 * times out on a busy machine: no exact number of aborts or of records read. */
void lane_rejoins(struct lane *lane, const char *session_ms);
enum gs_status lane_open(struct lane *lane);
void lane_close(struct lane *lane);
/* One batch of at most max_batch records (50) or batch_ms (100). */
enum gs_status lane_batch(struct lane *lane);
/* Batches until n records are copied (GS_OK), or one ends otherwise than GS_OK or GS_ABORTED. Fails
 * the test after LIMIT_S. */
enum gs_status lane_copy(struct lane *lane, unsigned n);
/* Polls without a batch, of which no record may come, until `what` holds. */
#define LANE_POLL_UNTIL(lane, what)                                                                \
    for (const int64_t until = gs_clock_monotonic_ns() + LIMIT_S * INT64_C(1000000000);            \
         !(what);) {                                                                               \
        struct gs_record none;                                                                     \
        assert_int_equal(gs_source_poll((lane)->source, 50, &none, &(lane)->err), GS_AGAIN);       \
        assert_true(gs_clock_monotonic_ns() < until);                                              \
    }
/* The next record, within LIMIT_S. */
void lane_next(struct lane *lane, struct gs_record *ret);
struct gs_kafka_stats lane_stats(const struct lane *lane);

/* Runs the cases, or only the one that argv[1] names. */
#define MOCK_MAIN(cases)                                                                           \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        if (argc > 1) {                                                                            \
            cmocka_set_test_filter(argv[1]);                                                       \
        }                                                                                          \
        return cmocka_run_group_tests(cases, NULL, NULL);                                          \
    }

#endif
