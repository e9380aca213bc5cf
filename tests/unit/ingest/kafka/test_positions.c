#include "ingest/kafka/positions.h"

#include "tests/unit/gs_test.h"

#include <stdio.h>

static struct gs_kafka_position *added(struct gs_kafka_positions *positions, const char *topic,
                                       int32_t partition, int64_t offset, int64_t stored)
{
    struct gs_error err;

    assert_int_equal(
        gs_kafka_positions_add(positions, gs_str(topic), partition, offset, stored, &err), GS_OK);
    return gs_kafka_positions_find(positions, gs_str(topic), partition);
}

static void finds_what_was_added(void **state)
{
    static const struct {
        const char *topic;
        int32_t partition;
    } rows[] = {{"b", 10}, {"b", 2}, {"a", 7}, {"ab", 0}, {"b", 0}, {"", 3}, {"aa", 1}};
    struct gs_kafka_positions positions = {0};

    (void)state;
    assert_null(gs_kafka_positions_find(&positions, gs_str("a"), 0));
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const struct gs_kafka_position *at =
            added(&positions, rows[i].topic, rows[i].partition, (int64_t)i, -1);
        assert_int_equal(at->next, i);
    }
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const struct gs_kafka_position *at =
            gs_kafka_positions_find(&positions, gs_str(rows[i].topic), rows[i].partition);
        assert_non_null(at);
        assert_int_equal(at->next, i);
        assert_string_equal(at->topic.bytes, rows[i].topic);
    }
    assert_null(gs_kafka_positions_find(&positions, gs_str("a"), 0));
    assert_null(gs_kafka_positions_find(&positions, gs_str("abc"), 0));
    gs_kafka_positions_remove(&positions, gs_str("ab"), 0);
    gs_kafka_positions_remove(&positions, gs_str("ab"), 0); /* not there: nothing */
    assert_null(gs_kafka_positions_find(&positions, gs_str("ab"), 0));
    assert_int_equal(positions.n, GS_COUNT(rows) - 1);
    gs_kafka_positions_done(&positions);
}

static void many_partitions(void **state)
{
    struct gs_kafka_positions positions = {0};
    char topic[16];

    (void)state;
    for (int32_t i = 0; i < 1000; i++) {
        (void)snprintf(topic, sizeof topic, "t%d", (int)(i * 7 % 10));
        (void)added(&positions, topic, i * 37 % 1000, i, i);
    }
    assert_int_equal(positions.n, 1000);
    for (int32_t i = 0; i < 1000; i++) {
        (void)snprintf(topic, sizeof topic, "t%d", (int)(i * 7 % 10));
        assert_int_equal(gs_kafka_positions_find(&positions, gs_str(topic), i * 37 % 1000)->next,
                         i);
    }
    gs_kafka_positions_done(&positions);
}

static void takes_commits_and_rewinds(void **state)
{
    struct gs_kafka_positions positions = {0};
    struct gs_kafka_position *other = NULL;

    (void)state;
    (void)added(&positions, "t", 0, 100, -1);
    (void)added(&positions, "t", 1, 5, 5);
    struct gs_kafka_position *at = gs_kafka_positions_find(&positions, gs_str("t"), 0);
    assert_true(gs_kafka_position_take(at, 100));
    assert_true(gs_kafka_position_take(at, 107)); /* compacted: offsets have gaps */
    assert_false(gs_kafka_position_take(at, 107));
    assert_false(gs_kafka_position_take(at, 3));
    assert_int_equal(at->next, 108);
    assert_int_equal(gs_kafka_positions_rewind(&positions), 1); /* only what has moved */
    assert_int_equal(at->next, 100);
    assert_int_equal(gs_kafka_positions_rewind(&positions), 0);

    assert_true(gs_kafka_position_take(at, 100));
    gs_kafka_positions_commit(&positions);
    assert_int_equal(at->kept, 101);
    assert_int_equal(at->stored, 101);
    other = gs_kafka_positions_find(&positions, gs_str("t"), 1);
    assert_int_equal(other->stored, 5);
    gs_kafka_positions_done(&positions);
}

/* Control records and aborted ones lie between the last record and the end. */
static void the_end_moves_past_what_is_never_handed_out(void **state)
{
    struct gs_kafka_positions positions = {0};
    struct gs_kafka_position *at = added(&positions, "t", 0, 10, 10);

    (void)state;
    assert_false(at->idle);
    assert_true(gs_kafka_position_take(at, 10));
    gs_kafka_position_end(at, 15);
    assert_true(at->idle);
    assert_int_equal(at->next, 15);
    gs_kafka_position_end(at, 12); /* never back */
    assert_int_equal(at->next, 15);
    assert_true(gs_kafka_position_take(at, 15));
    assert_false(at->idle);
    gs_kafka_position_end(at, 16);
    assert_int_equal(gs_kafka_positions_rewind(&positions), 1);
    assert_false(at->idle);
    gs_kafka_positions_done(&positions);
}

/* A partition that comes back begins where the new assignment says. */
static void a_partition_begins_again(void **state)
{
    struct gs_kafka_positions positions = {0};
    struct gs_kafka_position *at = added(&positions, "t", 0, 10, 10);

    (void)state;
    assert_true(gs_kafka_position_take(at, 20));
    gs_kafka_position_end(at, 21);
    at = added(&positions, "t", 0, 15, 15);
    assert_int_equal(positions.n, 1);
    assert_int_equal(at->next, 15);
    assert_int_equal(at->kept, 15);
    assert_false(at->idle);
    gs_kafka_positions_done(&positions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added),
        cmocka_unit_test(many_partitions),
        cmocka_unit_test(takes_commits_and_rewinds),
        cmocka_unit_test(the_end_moves_past_what_is_never_handed_out),
        cmocka_unit_test(a_partition_begins_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
