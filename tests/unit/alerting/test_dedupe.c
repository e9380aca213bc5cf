#include "tests/unit/alerting/watch_helper.h"

/* Against a plain array: random ids and stories over weeks, half of the transactions undone. */
static void test_sets_against_an_array(void **state)
{
    (void)state;
    enum { IDS = 400, TTL = 15 }; /* 12 + 1 + 2 bins */
    struct rng rng = {4};
    struct gs_watch *watch = watch_new(NULL);
    int32_t last[IDS];
    int32_t saved[IDS];

    assert_int_equal(watch->ids.ttl, TTL);
    for (int i = 0; i < IDS; i++) {
        last[i] = INT32_MIN;
    }
    watch->now.started = true;
    watch->now.next_bin = 5890000;
    for (int txn = 0; txn < 4000; txn++) {
        gs_watch_begin(watch);
        memcpy(saved, last, sizeof last);
        for (int i = 0; i < 20; i++) {
            const size_t id = rng_below(&rng, IDS);
            const uint64_t hash = hash_of(&id, sizeof id);
            const bool known = last[id] != INT32_MIN && last[id] + TTL >= watch->now.next_bin;
            assert_int_equal(gs_ids_has(watch, hash), known);
            if (!known) {
                last[id] = watch->now.next_bin + (int32_t)rng_below(&rng, 3);
                gs_ids_add(watch, hash, last[id]);
            }
            watch->now.next_bin += rng_below(&rng, 6) == 0;
        }
        if (rng_below(&rng, 2) == 0) {
            memcpy(last, saved, sizeof last);
            gs_watch_undo(watch);
        } else {
            gs_watch_commit(watch);
        }
    }
    assert_true(watch->ids.capacity <= 2048);
    gs_watch_free(watch);
}

/* An id that comes again after its time is new, however long after: the number of its bin must not
 * come round. */
static void test_ids_do_not_come_back(void **state)
{
    (void)state;
    static const int32_t gaps[] = {16,      65536,   2097152,  4194304,  8388607,
                                   8388609, 9000000, 16777210, 16777216, 16777225};

    for (size_t i = 0; i < GS_COUNT(gaps); i++) {
        for (int steps = 1; steps <= 10; steps += 9) {
            struct gs_watch *watch = watch_new(NULL);
            gs_watch_begin(watch);
            gs_watch_advance(watch, t0, NULL, NULL);
            gs_ids_add(watch, 123456789012345678, watch->now.next_bin);
            gs_watch_commit(watch);
            for (int step = 1; step <= steps; step++) {
                gs_watch_begin(watch);
                gs_watch_advance(watch, t0 + (int64_t)gaps[i] * step / steps * BIN_MS, NULL, NULL);
                gs_watch_commit(watch);
            }
            assert_false(gs_ids_has(watch, 123456789012345678));
            gs_watch_free(watch);
        }
    }
}

static void test_story_keeps_what_it_was_given(void **state)
{
    (void)state;
    struct gs_watch *watch = watch_new(NULL);
    struct gs_story got;
    const struct gs_story rows[] = {
        {.bin = 5890000, .offset_ms = 299999, .id_hash = UINT32_MAX, .p = GS_P_ONE, .copies = 255},
        {.bin = 5890001, .offset_ms = 0, .id_hash = 0, .p = 0, .copies = 1},
        {.bin = -7, .offset_ms = 3599999, .id_hash = 9, .p = 77, .copies = 2},
    };

    gs_watch_begin(watch);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        watch->now.next_bin = rows[i].bin - 100;
        assert_false(gs_stories_get(watch, i << 60 | 12345, &got));
        gs_stories_put(watch, i << 60 | 12345, &rows[i]);
        assert_true(gs_stories_get(watch, i << 60 | 12345, &got));
        assert_int_equal(got.bin, rows[i].bin);
        assert_int_equal(got.offset_ms, rows[i].offset_ms);
        assert_true(got.id_hash == rows[i].id_hash);
        assert_int_equal(got.p, rows[i].p);
        assert_int_equal(got.copies, rows[i].copies);
    }
    gs_watch_commit(watch);
    gs_watch_free(watch);
}

/* dup_weight 0.5: the k-th copy weighs 1, 0.5, 0.25, ...; the earliest is the whole one. */
static void test_copies_weigh_less(void **state)
{
    (void)state;
    struct gs_watch_options options;
    gs_watch_options_default(&options);
    options.dup_weight = 0.5;
    struct gs_watch *watch = watch_new(&options);
    static const int64_t order[] = {40, 20, 30, 10}; /* seconds: not in order of time */
    char id[8];

    gs_watch_begin(watch);
    for (size_t i = 0; i < GS_COUNT(order); i++) {
        (void)snprintf(id, sizeof id, "%zu", i);
        const enum gs_sighting_result result =
            gs_watch_add(watch, &(struct gs_sighting){.key = gs_str("topic:a"),
                                                      .id = gs_str(id),
                                                      .ts_ms = t0 + order[i] * 1000,
                                                      .p_negative = (double)order[i] / 100.0,
                                                      .dup_group = 9});
        assert_int_equal(result, i == 0 ? GS_SIGHTING_COUNTED : GS_SIGHTING_COPY);
    }
    const struct gs_open_bin *open = gs_slab_at(&watch->open_bins, 0);
    assert_int_equal(open->n, GS_WEIGHT_ONE * 15 / 8);
    /* 40 s became the second when 20 s came; 30 s is the third; 20 s the fourth when 10 s came. */
    const double want = 0.10 + 0.40 / 2 + 0.30 / 4 + 0.20 / 8;
    assert_true(fabs((double)open->k / ((double)GS_WEIGHT_ONE * GS_P_ONE) - want) < 1e-6);
    gs_watch_commit(watch);
    gs_watch_free(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_against_an_array),
        cmocka_unit_test(test_ids_do_not_come_back),
        cmocka_unit_test(test_story_keeps_what_it_was_given),
        cmocka_unit_test(test_copies_weigh_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
