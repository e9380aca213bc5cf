/* Looking at one key of a watch, as it runs and as it was loaded. */
#include "tests/unit/alerting/detector/state_fixture.h"

struct bins {
    struct gs_bin_look at[GS_DELAY_BINS + 16];
    size_t n;
};

static void keep_bin(void *arg, const struct gs_bin_look *bin)
{
    struct bins *bins = arg;

    assert_true(bins->n < GS_COUNT(bins->at));
    assert_true(bins->n == 0 || bin->from_ms > bins->at[bins->n - 1].from_ms);
    bins->at[bins->n++] = *bin;
}

static void sum_hour(const struct bins *bins, int64_t from_ms, struct gs_bin_look *ret)
{
    for (size_t i = 0; i < bins->n; i++) {
        if (!bins->at[i].open && bins->at[i].from_ms >= from_ms) {
            ret->n += bins->at[i].n;
            ret->negative += bins->at[i].negative;
        }
    }
}

static void test_a_key_is_looked_at(void **state)
{
    struct stream stream = {.rng = {5}};
    struct gs_key_look look;
    struct bins bins = {.n = 0};
    struct bins same = {.n = 0};
    struct gs_bin_look hour = {.n = 0};
    const struct gs_str key = gs_str("entity:AAA");

    (void)state;
    stream_fill(&stream, "entity:AAA", t0, t0 + 30 * HOUR_MS, 3000, 0.15);
    stream_sort(&stream);
    struct gs_watch *watch = watch_new(NULL);
    assert_false(gs_watch_look(watch, key, &look));
    play(watch, &stream, 500, NULL);
    assert_false(gs_watch_look(watch, gs_str("entity:AAB"), &look));
    assert_true(gs_watch_look(watch, key, &look));
    gs_watch_look_bins(watch, key, keep_bin, &bins);
    assert_true(bins.n > 0 && bins.at[bins.n - 1].open);
    assert_int_equal(look.seen_ms, bins.at[bins.n - 1].from_ms);
    sum_hour(&bins, gs_watch_watermark(watch) / BIN_MS * BIN_MS - HOUR_MS, &hour);
    assert_true(fabs(hour.n - look.view.n_hour) < 1e-9);
    assert_true(fabs(hour.negative / hour.n - look.view.observed) < 1e-9);
    assert_true(look.view.observed > 0.05 && look.view.observed < 0.4 && look.deviation > 0.0);

    watch = saved_and_loaded(watch, NULL);
    gs_watch_look_bins(watch, key, keep_bin, &same);
    assert_int_equal(same.n, bins.n);
    assert_memory_equal(same.at, bins.at, bins.n * sizeof bins.at[0]);
    gs_watch_free(watch);
    stream_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_is_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
