/* The table of keys under a flood: what a desk watches keeps its place. */
#include "tests/unit/alerting/detector/watch_helper.h"

enum { ROOM = 2000 };

static void room_options(struct gs_watch_options *ret)
{
    constant_options(ret);
    ret->max_keys = ROOM;
    ret->max_new_keys = 400;
}

static struct gs_observation one(const char *key, int64_t ts_ms)
{
    return (struct gs_observation){
        .key = gs_str(key), .ts_ms = ts_ms, .source = gs_str("s"), .p_negative = 0.1};
}

/* Keys "kind:<from>" to "kind:<to - 1>", one message each; returns how many were counted. */
static size_t flood(struct gs_watch *watch, const char *kind, int from, int to, int64_t ts_ms)
{
    size_t n = 0;

    for (int i = from; i < to; i++) {
        char key[48];
        (void)snprintf(key, sizeof key, "%s:%d", kind, i);
        const struct gs_observation s = one(key, ts_ms);
        n += gs_watch_add(watch, &s) == GS_OBSERVATION_COUNTED;
    }
    return n;
}

static void test_ranks(void **state)
{
    (void)state;
    static const struct {
        const char *shows, *kind;
        size_t bins, counted; /* of 3000 keys, shared out over so many bins */
    } rows[] = {
        {"topics may fill the table", "topic", 1, ROOM},
        {"so may risks", "risk", 1, ROOM},
        {"companies leave an eighth", "entity", 1, ROOM * 7 / 8},
        {"risks of companies fill a quarter", "risk:default@", 1, ROOM / 4},
        {"of others, so many in a bin", "source", 1, 400},
        {"and half the table in all", "source", 30, ROOM / 2},
    };

    for (size_t r = 0; r < GS_COUNT(rows); r++) {
        struct gs_watch_options options;
        struct gs_watch_counts counts;
        size_t counted = 0;
        room_options(&options);
        struct gs_watch *watch = watch_new(&options);
        const int each = 3000 / (int)rows[r].bins;
        finish(watch, t0, NULL);
        for (int b = 0; b < (int)rows[r].bins; b++) {
            gs_watch_begin(watch);
            counted +=
                flood(watch, rows[r].kind, b * each, (b + 1) * each, t0 + (int64_t)b * BIN_MS);
            advance(watch, t0 + (b + 1) * BIN_MS, NULL);
            gs_watch_commit(watch);
        }
        gs_watch_counts(watch, &counts);
        print_message("  %s: %zu\n", rows[r].shows, counted);
        assert_int_equal(counted, rows[r].counted);
        assert_int_equal(counts.keys, counted);
        assert_int_equal(counts.refused_keys, 3000 - counted);
        gs_watch_free(watch);
    }
}

/* Made-up kinds take neither the place of topics nor their rank. */
static void test_made_up_kinds(void **state)
{
    (void)state;
    struct gs_watch_options options;
    room_options(&options);
    struct gs_watch *watch = watch_new(&options);

    gs_watch_begin(watch);
    for (int i = 0; i < 100; i++) {
        char kind[24];
        (void)snprintf(kind, sizeof kind, "kind%d", i);
        (void)flood(watch, kind, 0, 3, t0);
    }
    assert_int_equal(flood(watch, "topic", 0, 500, t0), 500);
    gs_watch_commit(watch);
    gs_watch_free(watch);
}

/* A company that is named for the first time when a flood of sources has filled its part of the table,
 * and still goes on: its surge alerts as without. */
static void test_a_flood_blinds_nobody(void **state)
{
    (void)state;
    size_t fired[2];

    for (int flooded = 0; flooded < 2; flooded++) {
        struct gs_watch_options options;
        struct stream stream = {.rng = {51}};
        struct records *records = records_new();
        room_options(&options);
        struct gs_watch *watch = watch_new(&options);
        stream_fill(&stream, "topic:a", t0, t0 + 14 * HOUR_MS, 14 * 60, 0.2);
        for (int b = 0; flooded != 0 && b < 45; b++) {
            for (int i = 0; i < ROOM / 4; i++) {
                char key[32];
                (void)snprintf(key, sizeof key, "source:%d-%d", b, i);
                (void)stream_add(&stream, key, t0 + 10 * HOUR_MS + (int64_t)b * BIN_MS + i, 0.9);
            }
        }
        stream_fill(&stream, "entity:AAPL", t0, t0 + 14 * HOUR_MS, 14 * 60, 0.2);
        stream_fill(&stream, "entity:600519.SH", t0 + 12 * HOUR_MS, t0 + 13 * HOUR_MS, 50, 0.2);
        stream_fill(&stream, "entity:600519.SH", t0 + 13 * HOUR_MS, t0 + 14 * HOUR_MS, 150, 0.95);
        stream_sort(&stream);
        play(watch, &stream, 500, records);
        fired[flooded] = count_state(records, "entity:600519.SH", GS_ALERT_FIRING);
        records_free(records);
        stream_done(&stream);
        gs_watch_free(watch);
    }
    assert_int_equal(fired[0], 1);
    assert_int_equal(fired[1], 1);
}

static bool has(const struct gs_watch *watch, const char *key)
{
    const uint64_t hash = XXH3_64bits(key, strlen(key));
    return gs_table_find(watch, gs_table_hash(watch, hash), gs_str(key)) != GS_NONE;
}

/* Idle keys make room, and an undo gives them their place back; keys with an alert, with evidence or
 * with messages of the last four hours stay. */
static void test_eviction(void **state)
{
    (void)state;
    struct gs_watch_options options;
    struct gs_watch_counts counts;
    room_options(&options);
    struct gs_watch *watch = watch_new(&options);

    gs_watch_begin(watch);
    assert_int_equal(flood(watch, "topic", 0, ROOM, t0), ROOM);
    advance(watch, t0 + BIN_MS, NULL);
    gs_watch_commit(watch);

    gs_watch_begin(watch); /* nobody is idle yet */
    assert_int_equal(flood(watch, "topic", ROOM, ROOM + 50, t0 + BIN_MS), 0);
    gs_watch_commit(watch);

    gs_watch_begin(watch); /* half of them go on, the other half falls silent */
    assert_int_equal(flood(watch, "topic", 0, ROOM / 2, t0 + 5 * HOUR_MS), ROOM / 2);
    advance(watch, t0 + 5 * HOUR_MS + BIN_MS, NULL);
    gs_watch_commit(watch);

    const uint64_t before = digest(watch);
    gs_watch_begin(watch);
    assert_int_equal(flood(watch, "risk", 0, 10, t0 + 5 * HOUR_MS + BIN_MS), 10);
    assert_int_equal(flood(watch, "source", 0, 10, t0 + 5 * HOUR_MS + BIN_MS), 0);
    gs_watch_undo(watch);
    assert_true(digest(watch) == before);

    for (int i = 0; i < 2; i++) {
        gs_watch_begin(watch);
        assert_true(flood(watch, "risk", i * 600, (i + 1) * 600, t0 + 5 * HOUR_MS + BIN_MS) > 0);
        gs_watch_commit(watch);
    }
    gs_watch_counts(watch, &counts);
    print_message("  %llu evicted, %llu refused\n", (unsigned long long)counts.evicted_keys,
                  (unsigned long long)counts.refused_keys);
    assert_int_equal(counts.keys, ROOM);
    assert_true(counts.evicted_keys >= ROOM / 4 && counts.evicted_keys <= ROOM / 2);
    for (int i = 0; i < ROOM / 2; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "topic:%d", i);
        assert_true(has(watch, key));
    }
    gs_watch_free(watch);
}

/* A firing key is never evicted, however long it is idle before its alert ends. */
static void test_a_firing_key_stays(void **state)
{
    (void)state;
    struct gs_watch_options options;
    struct stream stream = {.rng = {52}};
    struct records *records = records_new();
    room_options(&options);
    options.max_keys = 3;
    options.clear_after_ms = INT64_C(90) * 24 * HOUR_MS;
    options.new_normal_after_ms = INT64_C(90) * 24 * HOUR_MS;
    struct gs_watch *watch = watch_new(&options);

    stream_fill(&stream, "topic:a", t0, t0 + 24 * HOUR_MS, 24 * 60, 0.2);
    stream_fill(&stream, "topic:a", t0 + 24 * HOUR_MS, t0 + 26 * HOUR_MS, 200, 0.9);
    play(watch, &stream, 100, records);
    assert_int_equal(count_state(records, NULL, GS_ALERT_FIRING), 1);
    watch->now.near.m = 0.0;                     /* or the nearest miss would be spared */
    for (int64_t day = 2; day < 80; day += 15) { /* until its evidence has gone */
        gs_watch_begin(watch);
        (void)flood(watch, "risk", (int)day * 10, (int)day * 10 + 10, t0 + day * 24 * HOUR_MS);
        advance(watch, t0 + day * 24 * HOUR_MS + BIN_MS, records);
        gs_watch_commit(watch);
        assert_true(has(watch, "topic:a"));
    }
    records_free(records);
    stream_done(&stream);
    gs_watch_free(watch);
}

/* A day of ever new keys: the memory of the table stays in its bound, texts included. */
static void test_memory_of_a_flood(void **state)
{
    (void)state;
    struct gs_watch_options options;
    struct gs_watch_counts counts;
    size_t most = 0;
    room_options(&options);
    struct gs_watch *watch = watch_new(&options);

    for (int b = 0; b < 288; b++) {
        gs_watch_begin(watch);
        (void)flood(watch, "source", b * 400, (b + 1) * 400, t0 + (int64_t)b * BIN_MS);
        advance(watch, t0 + (b + 1) * BIN_MS, NULL);
        gs_watch_commit(watch);
        gs_watch_counts(watch, &counts);
        most = counts.key_bytes > most ? counts.key_bytes : most;
        assert_true(counts.keys <= ROOM / 2);
    }
    print_message("  %zu kB, %llu evicted\n", most / 1000, (unsigned long long)counts.evicted_keys);
    assert_true(counts.evicted_keys > 3000);
    assert_true(most < 1200000);
    gs_watch_free(watch);
}

/* Junk keys do not raise what critical needs. */
static void test_junk_does_not_count(void **state)
{
    (void)state;
    struct gs_watch_options options;
    constant_options(&options);
    struct gs_watch *watch = watch_new(&options);

    for (int b = 0; b < 120; b++) {
        gs_watch_begin(watch);
        for (int i = 0; i < 8; i++) {
            (void)flood(watch, "topic", 0, 3, t0 + (int64_t)b * BIN_MS + i);
        }
        (void)flood(watch, "source", b * 50, (b + 1) * 50, t0 + (int64_t)b * BIN_MS);
        advance(watch, t0 + (b + 1) * BIN_MS, NULL);
        gs_watch_commit(watch);
    }
    print_message("  %u live\n", watch->now.n_live);
    assert_int_equal(watch->now.n_live, 3);
    finish(watch, t0 + 480 * HOUR_MS, NULL);
    gs_watch_begin(watch); /* a single message after three weeks */
    (void)flood(watch, "topic", 0, 1, t0 + 480 * HOUR_MS);
    advance(watch, t0 + 480 * HOUR_MS + BIN_MS, NULL);
    gs_watch_commit(watch);
    assert_int_equal(watch->now.n_live, 0);
    gs_watch_free(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_made_up_kinds),
        cmocka_unit_test(test_a_flood_blinds_nobody),
        cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_a_firing_key_stays),
        cmocka_unit_test(test_memory_of_a_flood),
        cmocka_unit_test(test_junk_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
