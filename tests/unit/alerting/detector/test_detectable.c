/* What a key could show at its volume is what it does show: a rise of that size, for as long as the
 * horizon is, is found in half of the runs at least, and a much smaller one in fewer. */
#include "tests/unit/alerting/detector/watch_helper.h"

enum { RUNS = 12 };
static const double share = 0.2;

static void keep_rise(void *arg, const struct gs_key_view *view)
{
    *(double *)arg = view->detectable_rise;
    assert_true(view->detectable == (view->detectable_rise <= 1.2));
    assert_false(view->learning);
}

/* The share is that of what the model says, so that it says it for certain here. */
static void fill(struct stream *stream, int64_t from, int64_t to, int n, double negative)
{
    stream_fill(stream, "entity:A", from, to, n, negative);
    for (size_t i = 0; i < stream->n; i++) {
        stream->messages[i].p = stream->messages[i].p > 0.5 ? 1.0 : 0.0;
    }
}

/* Three quiet days of a key, each run other ones, then three hours with the rise; false: no alert fired
 * for it by their end. *ret_rise: what the key said before. */
static bool finds(int an_hour, double rise, uint64_t seed, double *ret_rise)
{
    const int64_t from = t0 + 72 * HOUR_MS;
    const double odds = log(share / (1.0 - share)) + rise;
    struct stream stream = {.rng = {seed * 977 + 13}};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);
    bool found = false;

    fill(&stream, t0, from, 72 * an_hour, share);
    stream_sort(&stream);
    play(watch, &stream, 200, records);
    finish(watch, from, records);
    gs_watch_each(watch, keep_rise, ret_rise);
    records->n = 0;
    stream.n = 0;
    fill(&stream, from, from + 3 * HOUR_MS, 3 * an_hour, 1.0 / (1.0 + exp(-odds)));
    for (size_t i = 0; i < stream.n; i++) { /* ids of the days before would be repetitions */
        stream.messages[i].id[0] = 'r';
    }
    stream_sort(&stream);
    play(watch, &stream, 200, records);
    finish(watch, from + 3 * HOUR_MS, records);
    found = count_state(records, NULL, GS_ALERT_FIRING) > 0;
    gs_watch_free(watch);
    records_free(records);
    stream_done(&stream);
    return found;
}

static int count_found(int an_hour, double rise)
{
    double said = 0.0;
    int n = 0;

    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        n += finds(an_hour, rise, seed, &said);
    }
    return n;
}

static void test_what_it_says_is_found(void **state)
{
    static const int volumes[] = {16, 40, 120};
    double last = (double)INFINITY;
    (void)state;

    for (size_t i = 0; i < GS_COUNT(volumes); i++) {
        double said = 0.0;
        assert_false(finds(volumes[i], 0.0, 0, &said));
        assert_true(isfinite(said));
        const int found = count_found(volumes[i], said);
        const int smaller = count_found(volumes[i], said / 2.0);
        print_message("  %d messages an hour: a rise of %.1f in %d of %d, half of it in %d\n",
                      volumes[i], said, found, RUNS, smaller);
        assert_true(found * 2 >= RUNS);
        assert_true(smaller * 2 < RUNS);
        assert_true(said < last); /* more messages show smaller rises */
        last = said;
    }
}

/* So few messages that nothing would be found, of whatever size. */
static void test_what_nothing_shows(void **state)
{
    (void)state;
    struct stream stream = {.rng = {9}};
    struct gs_watch *watch = watch_new(NULL);
    double said = 0.0;

    stream_fill(&stream, "entity:A", t0, t0 + 72 * HOUR_MS, 72, share);
    stream_sort(&stream);
    play(watch, &stream, 10, NULL);
    finish(watch, t0 + 72 * HOUR_MS, NULL);
    gs_watch_each(watch, keep_rise, &said);
    assert_true(isinf(said));
    gs_watch_free(watch);
    stream_done(&stream);
}

/* An alert carries it too. */
static void test_an_alert_says_it(void **state)
{
    (void)state;
    struct stream stream = {.rng = {10}};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);

    stream_fill(&stream, "entity:A", t0, t0 + 24 * HOUR_MS, 24 * 60, share);
    stream_fill(&stream, "entity:A", t0 + 24 * HOUR_MS, t0 + 26 * HOUR_MS, 200, 0.9);
    stream_sort(&stream);
    play(watch, &stream, 50, records);
    assert_true(records->n > 0);
    assert_true(records->rows[0].alert.detectable_rise > 0.3 &&
                records->rows[0].alert.detectable_rise < 2.0);
    gs_watch_free(watch);
    records_free(records);
    stream_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_says_is_found),
        cmocka_unit_test(test_what_nothing_shows),
        cmocka_unit_test(test_an_alert_says_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
