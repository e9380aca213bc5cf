/* What a chart is made of: the day before an alert, the alert, and three hours after it. */
#include "deploy/daemon/cli/replay_series.h"

#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <string.h>

static const int64_t bin_ms = 300000, t0 = 1700006400000; /* the end of a bin */

static struct gs_replay_series *series_new(void)
{
    struct gs_replay_series *series = NULL;

    assert_int_equal(gs_replay_series_new(bin_ms, &series, NULL), GS_OK);
    return series;
}

static void take(struct gs_replay_series *series, const char *key, int64_t bin, bool firing)
{
    const struct gs_key_view view = {.key = gs_str(key),
                                     .n_hour = 10,
                                     .observed = (double)(bin % 100) / 100.0,
                                     .firing = firing};

    gs_replay_series_take(series, t0 + bin * bin_ms, &view);
}

static void a_chart_begins_a_day_before_and_ends_three_hours_after(void **state)
{
    struct gs_replay_series *series = series_new();
    (void)state;

    for (int64_t bin = 0; bin < 1000; bin++) {
        take(series, "topic:a", bin, bin >= 600 && bin < 620);
        take(series, "topic:b", bin, false);
    }
    const struct gs_series *chart = gs_replay_series_find(series, "topic:a", t0 + 600 * bin_ms);
    assert_non_null(chart);
    assert_int_equal(chart->points[0].at_ms,
                     t0 + 313 * bin_ms); /* 288 bins, the first firing one too */
    assert_int_equal(chart->points[chart->n - 1].at_ms, t0 + (619 + 36) * bin_ms);
    assert_int_equal(chart->n, 288 + 19 + 36);
    for (size_t i = 1; i < chart->n; i++) {
        assert_int_equal(chart->points[i].at_ms - chart->points[i - 1].at_ms, bin_ms);
    }
    assert_null(gs_replay_series_find(series, "topic:b", t0 + 600 * bin_ms));
    assert_null(gs_replay_series_find(series, "topic:a", t0 + 900 * bin_ms));
    assert_int_equal(gs_replay_series_missed(series), 0);
    gs_replay_series_free(series);
}

static void an_alert_soon_after_is_on_the_same_chart_and_a_later_one_is_not(void **state)
{
    struct gs_replay_series *series = series_new();
    (void)state;

    for (int64_t bin = 0; bin < 500; bin++) {
        take(series, "topic:a", bin,
             (bin >= 100 && bin < 110) || (bin >= 130 && bin < 140) || (bin >= 300 && bin < 310));
    }
    const struct gs_series *first = gs_replay_series_find(series, "topic:a", t0 + 100 * bin_ms);
    assert_non_null(first);
    assert_ptr_equal(gs_replay_series_find(series, "topic:a", t0 + 130 * bin_ms), first);
    const struct gs_series *second = gs_replay_series_find(series, "topic:a", t0 + 305 * bin_ms);
    assert_non_null(second);
    assert_ptr_not_equal(second, first);
    gs_replay_series_free(series);
}

static void a_bin_that_is_looked_at_twice_is_one_point(void **state)
{
    struct gs_replay_series *series = series_new();
    const struct gs_key_view view = {.key = gs_str("topic:a"), .firing = true, .observed = 0.75};
    (void)state;

    take(series, "topic:a", 0, true);
    gs_replay_series_take(series, t0 + bin_ms - 1, &view);
    const struct gs_series *chart = gs_replay_series_find(series, "topic:a", t0);
    assert_non_null(chart);
    assert_int_equal(chart->n, 1);
    assert_true(chart->points[0].observed == 0.75F);
    gs_replay_series_free(series);
}

/* A day of silence before the alert: what lies further back is not drawn. */
static void points_older_than_a_day_are_left_out(void **state)
{
    struct gs_replay_series *series = series_new();
    (void)state;

    take(series, "topic:a", 0, false);
    take(series, "topic:a", 400, false);
    take(series, "topic:a", 600, true);
    const struct gs_series *chart = gs_replay_series_find(series, "topic:a", t0 + 600 * bin_ms);
    assert_non_null(chart);
    assert_int_equal(chart->n, 2);
    gs_replay_series_free(series);
}

static void keys_are_bounded(void **state)
{
    struct gs_replay_series *series = series_new();
    char key[32];
    (void)state;

    for (int i = 0; i < GS_SERIES_KEYS + 10; i++) {
        (void)snprintf(key, sizeof key, "topic:%d", i);
        take(series, key, 0, false);
    }
    assert_int_equal(gs_replay_series_missed(series), 10);
    gs_replay_series_free(series);
}

static void points_and_charts_are_bounded(void **state)
{
    struct gs_replay_series *series = series_new();
    char key[32];
    (void)state;

    for (int64_t bin = 0; bin < 3LL * GS_SERIES_POINTS; bin++) {
        take(series, "topic:a", bin, true);
    }
    assert_int_equal(gs_replay_series_find(series, "topic:a", t0)->n, GS_SERIES_POINTS);
    for (int i = 0; i < GS_SERIES + 10; i++) {
        (void)snprintf(key, sizeof key, "topic:%d", i);
        take(series, key, 0, true);
    }
    assert_int_equal(gs_replay_series_missed(series), 11);
    gs_replay_series_free(series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chart_begins_a_day_before_and_ends_three_hours_after),
        cmocka_unit_test(an_alert_soon_after_is_on_the_same_chart_and_a_later_one_is_not),
        cmocka_unit_test(a_bin_that_is_looked_at_twice_is_one_point),
        cmocka_unit_test(points_older_than_a_day_are_left_out),
        cmocka_unit_test(keys_are_bounded),
        cmocka_unit_test(points_and_charts_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
