/* The budget: thresholds start at what theory gives, come down with a history without alarms, never
 * by a surge, and keep to what was promised. */
#include "tests/unit/alerting/detector/watch_helper.h"

#define DAY_MS INT64_C(86400000)

static const double starts = 6.9; /* a day, about */

/* N runs at every level up to `reached`, on different days unless together. */
static struct gs_peers history(double key_days, double runs, int reached, double together)
{
    struct gs_peers ret = {.key_days = (float)key_days, .days = (float)(key_days / 10.0)};

    for (int i = 0; i < reached; i++) {
        ret.events[i] = (float)runs;
    }
    ret.squares = (float)(runs * together);
    return ret;
}

static void test_thresholds(void **state)
{
    (void)state;
    static const struct {
        const char *shows;
        double key_days, runs;
        int reached;
        double together, least, most;
    } rows[] = {
        {"nothing is known: the bound", 0, 0, 0, 1, 690, 690},
        {"ten quiet key-days are little", 10, 0, 0, 1, 50, 60},
        {"a hundred say more", 100, 0, 0, 1, 5, 6},
        {"a thousand: the lowest level", 1000, 0, 0, 1, 2, 2},
        {"two runs in a hundred key-days, up to 12: above it", 1000, 20, 7, 1, 16, 17},
        {"rarer runs than the budget may alarm", 10000, 30, 24, 1, 2, 2},
        {"as many, but all on one day: less is known", 10000, 30, 24, 30, 2.0, 6},
        {"a short history with one large run stays near the bound", 20, 1, 24, 1, 600, 810},
        {"where the bound itself is crossed too often, above it", 1000, 100, 22, 1, 800, 810},
    };

    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const struct gs_peers peers =
            history(rows[i].key_days, rows[i].runs, rows[i].reached, rows[i].together);
        double up[GS_LEVELS];
        gs_peers_rates(&peers, NULL, starts, up);
        const double c = gs_peers_solve(&peers, up, 0.01, starts / 0.01);
        print_message("  %s: %.3g\n", rows[i].shows, c);
        assert_true(c >= rows[i].least - 1e-9 && c <= rows[i].most + 1e-9);
    }
}

/* More runs never make a threshold lower, and more budget never makes it higher. */
static void test_monotone(void **state)
{
    (void)state;
    for (int reached = 1; reached <= GS_LEVELS; reached++) {
        double before = 0.0;
        for (int runs = 0; runs < 200; runs++) {
            const struct gs_peers peers = history(500.0, runs, reached, 1.0);
            double up[GS_LEVELS];
            gs_peers_rates(&peers, NULL, starts, up);
            const double c = gs_peers_solve(&peers, up, 0.01, starts / 0.01);
            assert_true(c >= before);
            assert_true(gs_peers_solve(&peers, up, 0.1, starts / 0.1) <= c);
            before = c;
        }
    }
}

/* Days of one key, by about so many messages an hour, with this share of negatives. */
static void days(struct stream *stream, const char *key, int from, int to, int an_hour,
                 double share)
{
    stream_fill(stream, key, t0 + from * DAY_MS, t0 + to * DAY_MS, (to - from) * 24 * an_hour,
                share);
}

static double threshold_of(const struct gs_watch *watch, const char *name)
{
    for (uint32_t i = 0; i < watch->keys.now.n; i++) {
        const struct gs_key *key = gs_pool_at(&watch->keys, i);
        if (gs_str_equal(gs_key_text(watch, key), gs_str(name))) {
            return gs_peers_threshold(watch, key, GS_SEVERITY_INFO);
        }
    }
    fail();
    return 0.0;
}

/* The thresholds of two keys alike after forty days; surges: how many days of b were bad. */
static void forty_days(int surges, double *ret_a, double *ret_b, struct gs_watch_cost *ret_cost)
{
    struct stream stream = {.rng = {41}};
    struct gs_watch_options options;
    struct records *records = records_new();

    gs_watch_options_default(&options);
    struct gs_watch *watch = watch_new(&options);
    days(&stream, "topic:a", 0, 40, 12, 0.2);
    days(&stream, "topic:b", 0, 40, 12, 0.2);
    for (int i = 0; i < surges; i++) {
        const int64_t at = t0 + (10 + 3 * i) * DAY_MS;
        stream_fill(&stream, "topic:b", at, at + 6 * HOUR_MS, 400, 0.95);
    }
    stream_sort(&stream);
    play(watch, &stream, 200, records);
    *ret_a = threshold_of(watch, "topic:a");
    *ret_b = threshold_of(watch, "topic:b");
    gs_watch_cost(watch, GS_SEVERITY_INFO, ret_cost);
    print_message("  %d surges: %.3g and %.3g, %zu alerts\n", surges, *ret_a, *ret_b,
                  count_state(records, NULL, GS_ALERT_FIRING));
    assert_true(count_state(records, "topic:b", GS_ALERT_FIRING) >= (size_t)(surges > 0));
    records_free(records);
    stream_done(&stream);
    gs_watch_free(watch);
}

/* A surge makes thresholds higher, its own first of all, and its neighbours' not by as much. */
static void test_a_surge_loosens_nothing(void **state)
{
    (void)state;
    double a[3];
    double b[3];

    struct gs_watch_cost cost[3];

    forty_days(0, &a[0], &b[0], &cost[0]);
    forty_days(1, &a[1], &b[1], &cost[1]);
    forty_days(9, &a[2], &b[2], &cost[2]);
    assert_true(a[0] < starts / 0.1); /* forty quiet days have brought it down */
    assert_true(a[1] >= a[0] && a[2] >= a[1]);
    assert_true(b[1] >= b[0] && b[2] > b[1]);
    assert_true(b[2] > a[2]);
    for (int i = 0; i < 3; i++) { /* what it cost, over both keys: half-life 180 days */
        assert_true(cost[i].budget == 0.1);
        assert_true(cost[i].key_days > 65.0 && cost[i].key_days < 80.0);
    }
    assert_true(cost[0].alarms <= 0.1 * cost[0].key_days);
    assert_true(cost[2].alarms > cost[0].alarms && cost[2].alarms < 12.0);
}

/* What was promised, what was measured and what was needed stand on the alert. */
static void test_on_the_alert(void **state)
{
    (void)state;
    struct stream stream = {.rng = {42}};
    struct gs_watch_options options;
    struct records *records = records_new();

    gs_watch_options_default(&options);
    struct gs_watch *watch = watch_new(&options);
    days(&stream, "topic:a", 0, 20, 20, 0.2);
    stream_fill(&stream, "topic:a", t0 + 20 * DAY_MS, t0 + 20 * DAY_MS + 3 * HOUR_MS, 120, 0.8);
    stream_sort(&stream);
    play(watch, &stream, 200, records);
    assert_true(count_state(records, NULL, GS_ALERT_FIRING) >= 1);
    const struct gs_alert *alert = &records->rows[0].alert;
    assert_true(alert->severity != GS_SEVERITY_INFO || alert->false_alarms_promised == 0.1);
    assert_true(alert->false_alarm_days == 1.0 / alert->false_alarms_promised);
    assert_true(alert->log10_threshold <= alert->log10_evidence);
    assert_true(alert->log10_threshold < log10(starts / alert->false_alarms_promised));
    assert_true(alert->measured_key_days > 15.0 && alert->measured_key_days < 21.0);
    assert_true(alert->false_alarms_measured >= 0.0 && alert->false_alarms_measured < 0.2);
    records_free(records);
    stream_done(&stream);
    gs_watch_free(watch);
}

/* A month of sixteen keys on which nothing happens, quiet and busy ones: the alarms stay within
 * the budget, from the first day on. The batches do not matter, to the last bit. */
static void test_the_budget_is_kept(void **state)
{
    (void)state;
    enum { KEYS = 16, DAYS = 30 };
    struct stream stream = {.rng = {43}};
    struct records *records[2] = {records_new(), records_new()};
    struct gs_watch_options options;

    gs_watch_options_default(&options);
    for (int i = 0; i < KEYS; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%s:%d", i % 2 == 0 ? "topic" : "entity", i);
        days(&stream, name, 0, DAYS, 1 + i % 5, 0.15 + 0.02 * (i % 10));
    }
    stream_sort(&stream);
    for (size_t i = 0; i < 2; i++) {
        struct gs_watch *watch = watch_new(&options);
        play(watch, &stream, i == 0 ? 500 : 37, records[i]);
        finish(watch, t0 + DAYS * DAY_MS, records[i]);
        gs_watch_free(watch);
    }
    const size_t alarms = count_state(records[0], NULL, GS_ALERT_FIRING);
    print_message("  %zu alarms in %d key-days\n", alarms, KEYS * DAYS);
    assert_true((double)alarms <= options.info_false_alarms * KEYS * DAYS);
    assert_int_equal(records[0]->json.len, records[1]->json.len);
    assert_memory_equal(records[0]->json.bytes, records[1]->json.bytes, records[0]->json.len);
    records_free(records[0]);
    records_free(records[1]);
    stream_done(&stream);
}

/* Three messages an hour, and a day on which most are complaints: no hour of it has enough of them,
 * the day has. */
static void test_a_slow_key(void **state)
{
    (void)state;
    struct stream stream = {.rng = {44}};
    struct gs_watch_options options;
    struct records *records = records_new();

    gs_watch_options_default(&options);
    options.min_excess_count = 5.0;
    struct gs_watch *watch = watch_new(&options);
    days(&stream, "topic:a", 0, 30, 20, 0.2);
    days(&stream, "topic:slow", 0, 30, 3, 0.2);
    days(&stream, "topic:slow", 30, 31, 3, 0.8);
    stream_sort(&stream);
    play(watch, &stream, 200, records);
    assert_int_equal(count_state(records, "topic:slow", GS_ALERT_FIRING), 1);
    for (size_t i = 0; i < records->n; i++) {
        if (strcmp(records->rows[i].key, "topic:slow") == 0) {
            print_message("  after %.1f h, over %lld s\n",
                          (double)(records->rows[i].fired_at_ms - t0 - 30 * DAY_MS) / HOUR_MS,
                          (long long)records->rows[i].alert.window_s);
            assert_true(records->rows[i].fired_at_ms >= t0 + 30 * DAY_MS);
            assert_true(records->rows[i].alert.window_s > 3600);
            assert_true(records->rows[i].alert.observed > records->rows[i].alert.expected + 0.1);
            break;
        }
    }
    records_free(records);
    stream_done(&stream);
    gs_watch_free(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thresholds),
        cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_a_surge_loosens_nothing),
        cmocka_unit_test(test_on_the_alert),
        cmocka_unit_test(test_the_budget_is_kept),
        cmocka_unit_test(test_a_slow_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
