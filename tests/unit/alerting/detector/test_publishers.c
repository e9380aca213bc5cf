/* How many publishers an hour has: exact while they are few, close when they are many, and right in
 * a window that slides. */
#include "tests/unit/alerting/detector/watch_helper.h"

static void say(struct gs_watch *watch, int64_t ts_ms, uint64_t publisher)
{
    char source[24];

    (void)snprintf(source, sizeof source, "pub%llu", (unsigned long long)publisher);
    (void)gs_watch_add(watch, &(struct gs_observation){.key = gs_str("entity:K"),
                                                       .ts_ms = ts_ms,
                                                       .source = gs_str(source),
                                                       .p_negative = 0.1});
}

/* Publishers of the hour that ends with bin (counted from t0), once that has closed. */
static double publishers_at(struct gs_watch *watch, int bin)
{
    gs_watch_begin(watch);
    advance(watch, t0 + (bin + 1) * BIN_MS, NULL);
    gs_watch_commit(watch);
    struct gs_key key = *(const struct gs_key *)gs_pool_at(&watch->keys, 0);
    key.last = watch->now.next_bin - 1;
    return gs_key_publishers(watch, &key);
}

enum { MAX_POOL = 4000 };

static const struct {
    const char *shows;
    int pool, a_bin;
} pools[] = {
    {"one", 1, 3},
    {"two, each in every bin", 2, 40},
    {"five, each in every bin", 5, 100},
    {"five, one a bin", 5, 1},
    {"six in every bin", 6, 120},
    {"seven in every bin", 7, 140},
    {"nine, one a bin: seven or eight an hour", 9, 1},
    {"nine in every bin", 9, 200},
    {"twenty in every bin", 20, 400},
    {"fifty, most in every bin", 50, 300},
    {"fifty, few in a bin", 50, 40},
    {"two hundred", 200, 200},
    {"a thousand", 1000, 1000},
    {"four thousand", MAX_POOL, 6000},
};

/* How many there are in truth: those whose last bin lies in the hour. */
static int truth(const int *last, int pool, int bin)
{
    int n = 0;
    for (int i = 0; i < pool; i++) {
        n += last[i] > bin - 12;
    }
    return n;
}

static void test_pools(void **state)
{
    (void)state;
    for (size_t row = 0; row < GS_COUNT(pools); row++) {
        static int last[MAX_POOL];
        struct rng rng = {row};
        struct gs_watch *watch = watch_new(NULL);
        print_message("  %s:", pools[row].shows);
        for (int i = 0; i < MAX_POOL; i++) {
            last[i] = -100;
        }
        for (int bin = 0; bin < 20; bin++) {
            gs_watch_begin(watch);
            for (int i = 0; i < pools[row].a_bin; i++) {
                const uint64_t pub = rng_below(&rng, (uint64_t)pools[row].pool);
                last[pub] = bin;
                say(watch, t0 + bin * BIN_MS + i % 1000, pub + 10000 * row);
            }
            gs_watch_commit(watch);
            const double n = publishers_at(watch, bin);
            const int want = truth(last, pools[row].pool, bin);
            if (bin >= 17) {
                print_message(" %.1f of %d", n, want);
            }
            assert_true(want < 8 ? n == want : fabs(n - want) <= want / 3.0);
        }
        print_message("\n");
        gs_watch_free(watch);
    }
}

/* Many at first, then other few: an hour later the many are gone, and the few are exact, though the
 * list was full of others. */
static void test_window_slides(void **state)
{
    (void)state;
    struct gs_watch *watch = watch_new(NULL);

    gs_watch_begin(watch);
    for (uint64_t i = 0; i < 30; i++) {
        say(watch, t0, i);
    }
    for (int bin = 1; bin <= 5; bin++) {
        say(watch, t0 + bin * BIN_MS, 100 + (uint64_t)bin);
    }
    gs_watch_commit(watch);
    const double busy = publishers_at(watch, 11);
    assert_true(busy > 35 * 0.67 && busy < 35 * 1.33);
    for (int bin = 12; bin <= 17; bin++) { /* 5, 4, 3, 2, 1, 0 are left */
        assert_true(publishers_at(watch, bin) == 17.0 - bin);
    }
    gs_watch_begin(watch); /* a day later nothing of it comes round */
    say(watch, t0 + 290 * BIN_MS, 7);
    gs_watch_commit(watch);
    assert_true(publishers_at(watch, 290) == 1.0);
    gs_watch_free(watch);
}

/* A publisher that was last seen 256 bins ago is not seen anew. */
static void test_ages_do_not_come_round(void **state)
{
    (void)state;
    struct gs_watch *watch = watch_new(NULL);

    for (int bin = 0; bin < 600; bin++) {
        gs_watch_begin(watch);
        say(watch, t0 + bin * BIN_MS, bin == 0 ? 2 : 1);
        gs_watch_commit(watch);
        const double n = publishers_at(watch, bin);
        assert_true(n == (bin > 0 && bin < 12 ? 2.0 : 1.0));
    }
    gs_watch_free(watch);
}

static uint64_t count_in_order(uint64_t seed, bool undone)
{
    struct rng rng = {3};
    uint64_t order[60];
    struct gs_watch *watch = watch_new(NULL);
    double sum = 0.0;

    for (int bin = 0; bin < 30; bin++) {
        for (size_t i = 0; i < GS_COUNT(order); i++) {
            order[i] = rng_below(&rng, bin % 7 < 3 ? 6 : 40);
        }
        struct rng shuffle = {seed};
        for (size_t i = GS_COUNT(order); seed != 0 && i > 1; i--) {
            const size_t j = rng_below(&shuffle, i);
            const uint64_t swap = order[j];
            order[j] = order[i - 1];
            order[i - 1] = swap;
        }
        for (int time = undone ? 0 : 1; time < 2; time++) {
            gs_watch_begin(watch);
            for (size_t i = 0; i < GS_COUNT(order); i++) {
                say(watch, t0 + bin * BIN_MS, order[i]);
            }
            if (time == 0) {
                advance(watch, t0 + (bin + 1) * BIN_MS, NULL);
                gs_watch_undo(watch);
            } else {
                gs_watch_commit(watch);
            }
        }
        sum = sum * 1.01 + publishers_at(watch, bin);
    }
    assert_true(watch->sketches.now.live <= 1); /* those of closed bins were given back */
    gs_watch_free(watch);
    return hash_of(&sum, sizeof sum);
}

static void test_order_and_undo_do_not_matter(void **state)
{
    (void)state;
    const uint64_t want = count_in_order(0, false);
    assert_true(count_in_order(1, false) == want);
    assert_true(count_in_order(2, false) == want);
    assert_true(count_in_order(1, true) == want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_window_slides),
        cmocka_unit_test(test_ages_do_not_come_round),
        cmocka_unit_test(test_order_and_undo_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
