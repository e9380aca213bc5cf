/* What is kept of partitions is read back before their first record, each from the partition of its
 * own number and to its end; a changelog that cannot hold it stops the lane. The mock cluster has no
 * aborted records: that those are passed over is shown on real Kafka (tests/e2e/test_restart.py). */
#include "ingest/kafka/kafka_internal.h"
#include "tests/integration/mock.h"

#include <stdio.h>
#include <stdlib.h>

enum { N_KEPT = 300 };

struct seen {
    unsigned kept[4], restored[4];
    bool records_first; /* a record came before the restore of its partition */
    bool wrong_partition;
    int64_t offset[4];
    enum gs_status fail_with;
    bool overtaken; /* the group moves on meanwhile */
};

static struct seen seen;

static enum gs_status on_kept(void *arg, struct gs_str topic, int32_t partition, struct gs_str key,
                              struct gs_str value, struct gs_error *err)
{
    const struct lane *lane = arg;
    char number[16];

    (void)err;
    assert_true(gs_str_equal(topic, gs_str("in")) && partition >= 0 && partition < 4);
    assert_int_equal(lane->copied, 0);
    (void)snprintf(number, sizeof number, "%.*s", GS_STR_ARGS(key));
    seen.wrong_partition |= (int)strtol(number, NULL, 10) % 4 != partition;
    assert_true(value.len > 0);
    seen.kept[partition]++;
    return GS_OK;
}

/* As the partition's owner of today does, of whom a member that has slept knows nothing. The mock
 * takes commits of members alone, so it is done by the lane's own. */
static void move_on(const struct lane *lane, int32_t partition, int64_t offset)
{
    const struct gs_kafka_source *source = (const struct gs_kafka_source *)lane->source;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, "in", partition)->offset = offset;
    assert_int_equal(rd_kafka_commit(source->client.rk, list, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
}

static enum gs_status on_restore(void *arg, struct gs_str topic, int32_t partition, int64_t offset,
                                 struct gs_error *err)
{
    struct lane *lane = arg;
    bool holds = false;

    seen.restored[partition]++;
    seen.offset[partition] = offset;
    seen.records_first |= lane->copied > 0;
    if (seen.overtaken) {
        move_on(lane, partition, 5);
    }
    if (seen.fail_with != GS_OK) {
        return gs_fail(err, seen.fail_with, "the owner does not take it");
    }
    assert_int_equal(gs_source_holds(lane->source, topic, partition, offset, offset, &holds, err),
                     GS_OK);
    assert_false(holds);
    if (partition == 0) { /* records 0, 4, 8 … of "in" */
        assert_int_equal(
            gs_source_holds(lane->source, topic, partition, offset, offset + 3, &holds, err),
            GS_OK);
        assert_true(holds);
    }
    return GS_OK;
}

/* Numbers to the partitions that they belong to. */
static void fill_each(const struct mock *mock, const char *topic, int n)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[200], text[16];

    assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", mock->brokers, why, sizeof why),
                     RD_KAFKA_CONF_OK);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    assert_non_null(rk);
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    for (int i = 0; i < n; i++) {
        const int len = snprintf(text, sizeof text, "%d", i);
        assert_int_equal(rd_kafka_produce(rkt, i % 4, RD_KAFKA_MSG_F_COPY, text, (size_t)len, text,
                                          (size_t)len, NULL),
                         0);
    }
    assert_int_equal(rd_kafka_flush(rk, 30000), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_destroy(rkt);
    rd_kafka_destroy(rk);
}

static void start(struct mock *mock, struct lane *lane, int n_state)
{
    seen = (struct seen){.fail_with = GS_OK};
    mock_start(mock, 1);
    mock_topic(mock, "in", 4);
    mock_topic(mock, "out", 4);
    mock_topic(mock, "state", n_state);
    fill_each(mock, "in", 40);
    lane_init(lane, mock, GS_EXACTLY_ONCE);
    lane->options.output[GS_STREAM_STATE] = "state";
    lane->kept = on_kept;
    lane->restore = on_restore;
}

static void what_is_kept_comes_first(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    start(&mock, &lane, 4);
    fill_each(&mock, "state", N_KEPT);
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(lane_copy(&lane, 40), GS_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(seen.kept[i], N_KEPT / 4);
        assert_int_equal(seen.restored[i], 1);
        assert_int_equal(seen.offset[i], 0);
    }
    assert_false(seen.records_first);
    assert_false(seen.wrong_partition);
    lane_close(&lane);
    mock_stop(&mock);
}

static void an_empty_changelog_is_none(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    start(&mock, &lane, 4);
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(lane_copy(&lane, 40), GS_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(seen.kept[i], 0);
        assert_int_equal(seen.restored[i], 1);
    }
    lane_close(&lane);
    mock_stop(&mock);
}

static void a_changelog_with_fewer_partitions_stops_the_lane(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    start(&mock, &lane, 2);
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(lane_copy(&lane, 1), GS_IO);
    assert_non_null(strstr(lane.err.message, "topic \"state\" has 2 partitions"));
    assert_int_equal(lane.copied, 0);
    lane_close(&lane);
    mock_stop(&mock);
}

static void an_owner_that_does_not_take_it_gets_no_record(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    start(&mock, &lane, 4);
    seen.fail_with = GS_IO;
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(lane_copy(&lane, 1), GS_IO);
    assert_string_equal(lane.err.message, "the owner does not take it");
    assert_int_equal(lane.copied, 0);
    lane_close(&lane);
    mock_stop(&mock);
}

/* What the owner of today writes makes no sense to a member of the past: it has to join anew, and is
 * not to stop. */
static void an_owner_that_was_overtaken_joins_anew(void **state)
{
    struct mock mock;
    struct lane lane;

    (void)state;
    start(&mock, &lane, 4);
    seen.fail_with = GS_IO;
    seen.overtaken = true;
    assert_int_equal(lane_open(&lane), GS_OK);
    assert_int_equal(lane_copy(&lane, 1), GS_FENCED);
    assert_non_null(strstr(lane.err.message, "another member"));
    assert_int_equal(lane.copied, 0);
    lane_close(&lane);
    mock_stop(&mock);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(what_is_kept_comes_first),
    cmocka_unit_test(an_empty_changelog_is_none),
    cmocka_unit_test(a_changelog_with_fewer_partitions_stops_the_lane),
    cmocka_unit_test(an_owner_that_does_not_take_it_gets_no_record),
    cmocka_unit_test(an_owner_that_was_overtaken_joins_anew),
};

MOCK_MAIN(cases)
