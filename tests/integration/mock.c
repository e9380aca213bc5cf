#include "tests/integration/mock.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_PROPERTIES = 16 };

/* ---- cluster ---- */

void mock_start(struct mock *mock, int n_brokers)
{
    char why[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    mock->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    assert_non_null(mock->rk);
    mock->cluster = rd_kafka_mock_cluster_new(mock->rk, n_brokers);
    assert_non_null(mock->cluster);
    mock->brokers = rd_kafka_mock_cluster_bootstraps(mock->cluster);
}

void mock_stop(struct mock *mock)
{
    rd_kafka_mock_cluster_destroy(mock->cluster);
    rd_kafka_destroy(mock->rk);
}

void mock_topic(struct mock *mock, const char *topic, int n_partitions)
{
    assert_int_equal(rd_kafka_mock_topic_create(mock->cluster, topic, n_partitions, 1),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* ---- records ---- */

void mock_fill(const struct mock *mock, const char *topic, int from, int n, size_t size)
{
    struct gs_error err;
    struct gs_feed *feed = NULL;
    char key[16];
    char *value = calloc(1, size + 16);

    assert_non_null(value);
    memset(value, 'x', size);
    assert_int_equal(gs_feed_open(mock->brokers, topic, NULL, 0, &feed, &err), GS_OK);
    for (int i = from; i < from + n; i++) {
        (void)snprintf(key, sizeof key, "%d", i);
        const struct gs_output output = {.key = gs_str(key),
                                         .value = {value, size},
                                         .timestamp_ms = 1700000000000 + i,
                                         .partition = -1};
        assert_int_equal(gs_feed_put(feed, &output, &err), GS_OK);
    }
    assert_int_equal(gs_feed_flush(feed, &err), GS_OK);
    gs_feed_close(feed);
    free(value);
}

static int partitions_of(rd_kafka_t *rk, const char *topic)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);

    assert_int_equal(rd_kafka_metadata(rk, 0, rkt, &metadata, 5000), RD_KAFKA_RESP_ERR_NO_ERROR);
    const int n = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(rkt);
    return n;
}

static rd_kafka_t *reader(const struct mock *mock)
{
    static const char *const settings[][2] = {{"group.id", "reader"},
                                              {"enable.partition.eof", "true"},
                                              {"isolation.level", "read_uncommitted"},
                                              {"enable.auto.commit", "false"}};
    char why[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    for (size_t i = 0; i < GS_COUNT(settings); i++) {
        assert_int_equal(rd_kafka_conf_set(conf, settings[i][0], settings[i][1], why, sizeof why),
                         RD_KAFKA_CONF_OK);
    }
    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", mock->brokers, why, sizeof why),
                     RD_KAFKA_CONF_OK);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    assert_non_null(rk);
    return rk;
}

static void count(const rd_kafka_message_t *message, unsigned counts[MAX_IDS])
{
    char key[16] = "";

    assert_true(message->key_len < sizeof key);
    memcpy(key, message->key, message->key_len);
    const long id = strtol(key, NULL, 10);
    assert_in_range(id, 0, MAX_IDS - 1);
    counts[id]++;
}

size_t mock_read(const struct mock *mock, const char *topic, unsigned ret_counts[MAX_IDS])
{
    rd_kafka_t *rk = reader(mock);
    const int n_partitions = partitions_of(rk, topic);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n_partitions);
    const int64_t until = gs_clock_monotonic_ns() + LIMIT_S * INT64_C(1000000000);
    size_t n = 0;

    memset(ret_counts, 0, MAX_IDS * sizeof *ret_counts);
    for (int i = 0; i < n_partitions; i++) {
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    assert_int_equal(rd_kafka_assign(rk, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    for (int ends = 0; ends < n_partitions;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 500);
        assert_true(gs_clock_monotonic_ns() < until); /* or it hangs */
        if (message == NULL) {
            continue;
        }
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            count(message, ret_counts);
            n++;
        }
        ends += message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        rd_kafka_message_destroy(message);
    }
    (void)rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return n;
}

void mock_check_all(const struct mock *mock, const char *topic, int n, bool once)
{
    unsigned counts[MAX_IDS];

    const size_t n_read = mock_read(mock, topic, counts);
    for (int i = 0; i < n; i++) {
        if (counts[i] == 0 || (once && counts[i] != 1)) {
            fail_msg("record %d is %u times in %s", i, counts[i], topic);
        }
    }
    assert_true(n_read >= (size_t)n);
}

/* ---- lane ---- */

static void on_assigned(void *arg, struct gs_str topic, int32_t partition)
{
    struct lane *lane = arg;

    (void)topic, (void)partition;
    lane->assigned++;
}

static void end_batch(struct lane *lane, enum gs_status status)
{
    lane->open = false;
    lane->copied += status == GS_OK ? lane->in_batch : 0;
    lane->batches += status == GS_OK && lane->in_batch > 0;
    lane->aborted += status == GS_ABORTED;
    lane->in_batch = 0;
}

static void on_revoking(void *arg, bool lost)
{
    struct lane *lane = arg;

    if (!lane->open || lane->keep_open) {
        return;
    }
    lane->revoked_with = lost ? gs_sink_abort(lane->sink, lane->source, &lane->err)
                              : gs_sink_commit(lane->sink, lane->source, &lane->err);
    end_batch(lane, lost ? GS_ABORTED : lane->revoked_with);
}

static void on_revoked(void *arg, struct gs_str topic, int32_t partition)
{
    struct lane *lane = arg;

    (void)topic, (void)partition;
    lane->revoked++;
}

static void on_log(void *arg, int level, const char *message)
{
    struct lane *lane = arg;

    (void)level;
    if (strstr(message, "in time") != NULL) {
        atomic_store(&lane->overdue, true);
    }
    if (getenv("GS_TEST_LOG") != NULL) { /* NOLINT(concurrency-mt-unsafe): nobody sets it */
        (void)fprintf(stderr, "%s\n", message);
    }
}

void lane_init(struct lane *lane, const struct mock *mock, enum gs_delivery delivery)
{
    static const char *const topics[] = {"in"};

    *lane = (struct lane){.max_batch = 50, .batch_ms = 100, .stream = GS_STREAM_TAGGED};
    atomic_init(&lane->overdue, false);
    lane->options =
        (struct gs_kafka_options){.brokers = mock->brokers,
                                  .group = "group",
                                  .instance = delivery == GS_EXACTLY_ONCE ? "lane-0" : NULL,
                                  .topics = topics,
                                  .n_topics = 1,
                                  .delivery = delivery,
                                  .start = GS_START_EARLIEST,
                                  .log = on_log,
                                  .log_arg = lane};
    lane->options.output[GS_STREAM_TAGGED] = "out";
    lane->options.properties = calloc(MAX_PROPERTIES, sizeof *lane->options.properties);
    assert_non_null(lane->options.properties);
    /* Long enough for a machine that does something else meanwhile: a session that times out aborts
     * batches and reads records again. */
    lane_set(lane, "session.timeout.ms", "60000");
    lane_set(lane, "heartbeat.interval.ms", "300");
}

void lane_set(struct lane *lane, const char *name, const char *value)
{
    union {
        const struct gs_property *in;
        struct gs_property *ours;
    } properties = {lane->options.properties};

    assert_true(lane->options.n_properties < MAX_PROPERTIES);
    properties.ours[lane->options.n_properties++] = (struct gs_property){name, value};
}

void lane_rejoins(struct lane *lane, const char *session_ms)
{
    lane_set(lane, "session.timeout.ms", session_ms);
}

enum gs_status lane_open(struct lane *lane)
{
    const struct gs_source_events events = {.arg = lane,
                                            .assigned = on_assigned,
                                            .revoking = on_revoking,
                                            .revoked = on_revoked,
                                            .kept = lane->kept,
                                            .restore = lane->restore};

    return gs_kafka_open(&lane->options, &events, &lane->source, &lane->sink, &lane->err);
}

void lane_close(struct lane *lane)
{
    union {
        const struct gs_property *in;
        struct gs_property *ours;
    } properties = {lane->options.properties};

    gs_source_close(lane->source);
    gs_sink_close(lane->sink);
    free(properties.ours);
    lane->source = NULL;
    lane->sink = NULL;
    lane->options.properties = NULL;
}

static enum gs_status copy_one(struct lane *lane, const struct gs_record *record)
{
    const struct gs_output output = {.key = record->key,
                                     .value = record->value,
                                     .headers = record->headers,
                                     .n_headers = record->n_headers,
                                     .timestamp_ms = record->timestamp_ms,
                                     .partition = -1};

    if (lane->in_batch++ == 0) {
        lane->first_offset = record->offset;
        if (lane->copied == 0) {
            lane->began_at = record->offset;
        }
    }
    return gs_sink_put(lane->sink, lane->stream, &output, &lane->err);
}

enum gs_status lane_batch(struct lane *lane)
{
    const int64_t until = gs_clock_monotonic_ns() + lane->batch_ms * INT64_C(1000000);
    struct gs_record record;
    enum gs_status status = gs_sink_begin(lane->sink, &lane->err);

    lane->open = status == GS_OK;
    lane->revoked_with = GS_OK;
    while (lane->open && lane->in_batch < lane->max_batch && gs_clock_monotonic_ns() < until) {
        status = gs_source_poll(lane->source, 20, &record, &lane->err);
        if (status == GS_OK && !lane->open) { /* a revocation ended the batch */
            status = gs_sink_begin(lane->sink, &lane->err);
            lane->open = status == GS_OK;
        }
        if (status == GS_OK) {
            status = copy_one(lane, &record);
        }
        if (status != GS_OK && status != GS_AGAIN) {
            end_batch(lane, status);
            return status;
        }
    }
    if (!lane->open) {
        return lane->revoked_with;
    }
    if (lane->before_commit != NULL && lane->in_batch > 0) {
        lane->before_commit(lane);
    }
    status = gs_sink_commit(lane->sink, lane->source, &lane->err);
    end_batch(lane, status);
    return status;
}

enum gs_status lane_copy(struct lane *lane, unsigned n)
{
    const int64_t until = gs_clock_monotonic_ns() + LIMIT_S * INT64_C(1000000000);

    while (lane->copied < n) {
        const enum gs_status status = lane_batch(lane);
        if (status != GS_OK && status != GS_ABORTED) {
            print_message("  the lane ended: %s: %s\n", gs_status_name(status), lane->err.message);
            return status;
        }
        if (gs_clock_monotonic_ns() > until) {
            fail_msg("only %u of %u records in %d s; last: %s", lane->copied, n, LIMIT_S,
                     lane->err.message);
        }
    }
    return GS_OK;
}

void lane_next(struct lane *lane, struct gs_record *ret)
{
    const int64_t until = gs_clock_monotonic_ns() + LIMIT_S * INT64_C(1000000000);
    enum gs_status status = GS_AGAIN;

    while (status == GS_AGAIN && gs_clock_monotonic_ns() < until) {
        status = gs_source_poll(lane->source, 50, ret, &lane->err);
    }
    assert_int_equal(status, GS_OK);
}

struct gs_kafka_stats lane_stats(const struct lane *lane)
{
    struct gs_kafka_stats stats;

    gs_kafka_stats(lane->source, lane->sink, &stats);
    return stats;
}
