/* A pattern of every day is learnt, though each day of it alerted at first; a surge is not. */
#include "tests/unit/alerting/detector/watch_helper.h"

enum { PER_HOUR = 90 };

/* Negative share of an hour (from t0, a Monday at midnight). */
typedef double share_fn(int hour);

static double afternoons(int hour)
{
    const int of_day = hour % 24;
    return of_day >= 13 && of_day < 15 ? .55 : .12;
}

/* From the fifth week on: on one Wednesday the afternoon is far worse than it always is. */
static double worse_afternoon(int hour)
{
    return hour / 24 == 30 && hour % 24 >= 13 && hour % 24 < 15 ? .92 : afternoons(hour);
}

/* Two days with the same surge at the same time, and the same again two weeks later. */
static double one_off(int hour)
{
    const int day = hour / 24;
    const bool surge = day == 8 || day == 9 || day == 24;
    return surge && hour % 24 >= 13 && hour % 24 < 15 ? .55 : .12;
}

/* The calm key beside it, of the same kind. */
static double calm(int hour)
{
    (void)hour;
    return .12;
}

/* Plays days of a key; ret[day] is how many alerts fired in it. */
static void play_days(share_fn *share, int days, const char *kind, int *ret)
{
    struct stream stream = {.rng = {17}};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);
    char key[32];
    char other[32];

    (void)snprintf(key, sizeof key, "%s:moody", kind);
    (void)snprintf(other, sizeof other, "%s:calm", kind);
    for (int hour = 0; hour < days * 24; hour++) {
        const int64_t from = t0 + hour * HOUR_MS;
        stream_fill(&stream, key, from, from + HOUR_MS, PER_HOUR, share(hour));
        stream_fill(&stream, other, from, from + HOUR_MS, PER_HOUR, calm(hour));
    }
    stream_sort(&stream);
    play(watch, &stream, 2000, records);
    memset(ret, 0, (size_t)days * sizeof *ret);
    for (size_t i = 0; i < records->n; i++) {
        if (records->rows[i].state == GS_ALERT_FIRING) {
            assert_string_equal(records->rows[i].key, key);
            ret[(records->rows[i].fired_at_ms - t0 - 1) / (24 * HOUR_MS)]++;
        }
    }
    gs_watch_free(watch);
    records_free(records);
    stream_done(&stream);
}

static int sum(const int *days, int from, int to)
{
    int n = 0;
    for (int i = from; i < to; i++) {
        n += days[i];
    }
    return n;
}

static void test_every_afternoon(void **state)
{
    (void)state;
    static int days[56];

    play_days(afternoons, 56, "entity", days);
    assert_true(days[1] == 1); /* nobody could know it yet */
    assert_true(sum(days, 0, 7) <= 5);
    assert_int_equal(sum(days, 7, 56), 0);
}

static void test_a_rise_on_top(void **state)
{
    (void)state;
    static int days[35];

    play_days(worse_afternoon, 35, "entity", days);
    assert_int_equal(days[30], 1);
    assert_int_equal(sum(days, 7, 35), 1);
}

static void test_a_surge_teaches_nothing(void **state)
{
    (void)state;
    static int days[28];

    play_days(one_off, 28, "topic", days);
    assert_int_equal(days[8], 1);
    assert_int_equal(days[9], 1);
    assert_int_equal(days[24], 1);
    assert_int_equal(sum(days, 0, 28), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_afternoon),
        cmocka_unit_test(test_a_rise_on_top),
        cmocka_unit_test(test_a_surge_teaches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
