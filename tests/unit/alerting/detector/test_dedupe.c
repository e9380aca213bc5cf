#include "tests/unit/alerting/detector/watch_helper.h"

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
            advance(watch, t0, NULL);
            gs_ids_add(watch, 123456789012345678, watch->now.next_bin);
            gs_watch_commit(watch);
            for (int step = 1; step <= steps; step++) {
                gs_watch_begin(watch);
                advance(watch, t0 + (int64_t)gaps[i] * step / steps * BIN_MS, NULL);
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
    constant_options(&options);
    options.dup_weight = 0.5;
    struct gs_watch *watch = watch_new(&options);
    static const int64_t order[] = {40, 20, 30, 10}; /* seconds: not in order of time */
    char id[8];

    gs_watch_begin(watch);
    for (size_t i = 0; i < GS_COUNT(order); i++) {
        (void)snprintf(id, sizeof id, "%zu", i);
        const enum gs_observation_result result =
            gs_watch_add(watch, &(struct gs_observation){.key = gs_str("topic:a"),
                                                         .id = gs_str(id),
                                                         .ts_ms = t0 + order[i] * 1000,
                                                         .p_negative = (double)order[i] / 100.0,
                                                         .story = 9});
        assert_int_equal(result, i == 0 ? GS_OBSERVATION_COUNTED : GS_OBSERVATION_COPY);
    }
    const struct gs_open_bin *open = gs_pool_at(&watch->open_bins, 0);
    assert_int_equal(open->n, GS_WEIGHT_ONE * 15 / 8);
    /* 40 s became the second when 20 s came; 30 s is the third; 20 s the fourth when 10 s came. */
    const double want = 0.10 + 0.40 / 2 + 0.30 / 4 + 0.20 / 8;
    assert_true(fabs((double)open->k / ((double)GS_WEIGHT_ONE * GS_P_ONE) - want) < 1e-6);
    gs_watch_commit(watch);
    gs_watch_free(watch);
}

/* The longest run of slots that are taken: what a look-up may have to walk through. */
static size_t longest_run(const struct gs_watch *watch, bool of_ids)
{
    const size_t n = of_ids ? watch->ids.capacity : watch->n_slots;
    size_t run = 0;
    size_t longest = 0;

    for (size_t i = 0; i < n; i++) {
        const bool taken =
            of_ids ? watch->ids.slots[i * watch->ids.words] != 0 : watch->slots[i].key != 0;
        run = taken ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

/* Ids, and keys, whose hashes without a seed agree in the bits that used to be their place. */
static void test_chosen_ids_do_not_crowd(void **state)
{
    (void)state;
    struct gs_watch *watch = watch_new(NULL);
    const uint64_t key_hash = hash_of("entity:K", 8);
    char text[32];
    size_t n_ids = 0;
    size_t n_keys = 0;

    gs_watch_begin(watch);
    for (int i = 0; n_ids < 2000 || n_keys < 2000; i++) {
        const size_t len = (size_t)snprintf(text, sizeof text, "entity:%d", i);
        struct gs_observation one = {
            .key = gs_str("entity:K"), .id = {text, len}, .ts_ms = t0, .source = gs_str("s")};
        if (n_ids < 2000 && (XXH3_64bits_withSeed(text, len, key_hash) >> 24 & 0x7F) == 0) {
            n_ids++;
            (void)gs_watch_add(watch, &one);
        }
        if (n_keys < 2000 && (XXH3_64bits(text, len) & 0x7F) == 0) {
            n_keys++;
            one.key = one.id;
            one.id = (struct gs_str){NULL, 0};
            (void)gs_watch_add(watch, &one);
        }
    }
    gs_watch_commit(watch);
    print_message("  longest runs: %zu ids, %zu keys\n", longest_run(watch, true),
                  longest_run(watch, false));
    assert_int_equal(watch->keys.now.live, 2001);
    assert_in_range(longest_run(watch, true), 1, 100);
    assert_in_range(longest_run(watch, false), 1, 100);
    gs_watch_free(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chosen_ids_do_not_crowd),
        cmocka_unit_test(test_sets_against_an_array),
        cmocka_unit_test(test_ids_do_not_come_back),
        cmocka_unit_test(test_story_keeps_what_it_was_given),
        cmocka_unit_test(test_copies_weigh_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
