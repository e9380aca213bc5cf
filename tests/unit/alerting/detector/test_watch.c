/* The watch as a whole: what fires, what does not, and what an alert says. */
#include "tests/unit/alerting/detector/watch_helper.h"

#include "alerting/detector/betabin.h"

static void test_surge_fires_and_resolves(void **state)
{
    (void)state;
    struct stream stream = {.rng = {1}};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);
    const int64_t surge = t0 + 30 * HOUR_MS;

    stream_fill(&stream, "topic:legal", t0, surge, 30 * 120, 0.2);
    stream_fill(&stream, "topic:legal", surge, surge + 2 * HOUR_MS, 240, 0.6);
    stream_fill(&stream, "topic:legal", surge + 2 * HOUR_MS, surge + 14 * HOUR_MS, 12 * 120, 0.2);
    stream_fill(&stream, "topic:results", t0, surge + 14 * HOUR_MS, 44 * 120, 0.25);
    stream_sort(&stream);
    play(watch, &stream, 100, records);

    print_message("%.*s\n", GS_STR_ARGS(gs_buf_str(&records->json)));
    assert_int_equal(count_state(records, "topic:legal", GS_ALERT_FIRING), 1);
    assert_int_equal(count_state(records, "topic:legal", GS_ALERT_RESOLVED), 1);
    assert_int_equal(count_state(records, "topic:results", GS_ALERT_FIRING), 0);
    const struct record *first = &records->rows[0];
    assert_string_equal(first->key, "topic:legal");
    assert_int_equal(first->state, GS_ALERT_FIRING);
    print_message("start %+.0f min, fired %+.0f min\n",
                  (double)(first->starts_at_ms - surge) / 60000,
                  (double)(first->fired_at_ms - surge) / 60000);
    assert_true(llabs(first->starts_at_ms - surge) <= 2 * BIN_MS);
    assert_true(first->fired_at_ms > surge && first->fired_at_ms <= surge + HOUR_MS);
    assert_int_equal(first->n_evidence, GS_MAX_EVIDENCE);
    const struct record *last = &records->rows[records->n - 1];
    assert_int_equal(last->state, GS_ALERT_RESOLVED);
    assert_string_equal(last->id, first->id);
    assert_true(last->ends_at_ms > surge + 2 * HOUR_MS);
    assert_true(last->ends_at_ms <= surge + 8 * HOUR_MS);
    assert_true(records->rows[records->n - 2].severity >= GS_SEVERITY_WARNING);
    gs_watch_free(watch);
    stream_done(&stream);
    records_free(records);
}

/* An alert says who, what is off and the heaviest headline, with its link; the same sentence with
 * other numbers stands in its evidence once; an update has its own time. */
static void test_says_why(void **state)
{
    (void)state;
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);
    struct gs_alert alert;
    bool fired = false;

    for (int minute = 0; minute < 20 * 60; minute++) {
        char id[16];
        char text[64];
        char source[8];
        const bool surge = minute >= 18 * 60;
        gs_watch_begin(watch);
        for (int i = 0; i < 3; i++) {
            (void)snprintf(id, sizeof id, "%d-%d", minute, i);
            (void)snprintf(source, sizeof source, "s%d", i);
            (void)snprintf(text, sizeof text, i < 2 ? "Acme falls %d.%d %%!" : "Fraud at Acme",
                           minute, i);
            (void)gs_watch_add(
                watch, &(struct gs_observation){.key = gs_str("entity:ACME"),
                                                .name = gs_str("Acme Holdings"),
                                                .id = gs_str(id),
                                                .ts_ms = t0 + (int64_t)minute * 60000,
                                                .source = gs_str(source),
                                                .p_negative = surge ? 0.9 + i / 100.0 : 0.05,
                                                .excerpt = gs_str(text),
                                                .url = gs_str("https://example.org/a")});
        }
        gs_watch_advance(watch, t0 + (int64_t)minute * 60000 - 600000);
        while (gs_watch_next(watch, &alert)) {
            print_message("%s\n", alert.summary);
            fired = true;
            assert_true(gs_str_equal(alert.name, gs_str("Acme Holdings")));
            assert_int_equal(alert.n_evidence, 2);
            assert_true(gs_str_equal(alert.evidence[0].excerpt, gs_str("Fraud at Acme")));
            assert_true(gs_str_equal(alert.evidence[0].url, gs_str("https://example.org/a")));
            assert_non_null(strstr(alert.summary, "Acme Holdings (entity:ACME): "));
            assert_non_null(strstr(alert.summary, "\"Fraud at Acme\" (s2)"));
            assert_true(
                alert.updated_at_ms == alert.fired_at_ms ||
                (alert.state == GS_ALERT_UPDATED && alert.updated_at_ms > alert.fired_at_ms));
        }
        gs_watch_commit(watch);
    }
    assert_true(fired);
    gs_watch_free(watch);
    records_free(records);
}

static void see(void *arg, const struct gs_key_view *view)
{
    struct gs_key_view *found = arg;
    if (found->key.len == 0 || gs_str_equal(found->key, view->key)) {
        *found = *view;
    }
}

static void test_volume_alone_is_no_news(void **state)
{
    (void)state;
    struct stream stream = {.rng = {2}};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);
    const int64_t burst = t0 + 24 * HOUR_MS;

    stream_fill(&stream, "topic:ipo", t0, burst, 24 * 120, 0.2);
    stream_fill(&stream, "topic:ipo", burst, burst + 3 * HOUR_MS, 3600, 0.2);
    stream_fill(&stream, "topic:ipo", burst + 3 * HOUR_MS, burst + 6 * HOUR_MS, 360, 0.2);
    stream_sort(&stream);
    play(watch, &stream, 64, records);
    assert_int_equal(records->n, 0);
    gs_watch_free(watch);
    stream_done(&stream);
    records_free(records);
}

/* One story told 50 times (and once more as 50 stories, which must fire: the test could else not
 * fail). */
static void play_copies(bool copies, struct records *records)
{
    struct stream stream = {.rng = {3}};
    struct gs_watch *watch = watch_new(NULL);
    const int64_t at = t0 + 24 * HOUR_MS;

    stream_fill(&stream, "entity:X", t0, at + 3 * HOUR_MS, 27 * 60, 0.2);
    for (int i = 0; i < 50; i++) {
        struct message *m = stream_add(&stream, "entity:X", at + i * INT64_C(30000), 0.95);
        m->dup = copies ? 77 : (uint64_t)(1000 + i);
    }
    stream_sort(&stream);
    play(watch, &stream, 50, records);
    gs_watch_free(watch);
    stream_done(&stream);
}

static void test_copies_are_one_story(void **state)
{
    (void)state;
    struct records *records = records_new();

    play_copies(true, records);
    assert_int_equal(records->n, 0);
    play_copies(false, records);
    assert_int_equal(count_state(records, "entity:X", GS_ALERT_FIRING), 1);
    records_free(records);
}

static void test_sparse_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *shows;
        int an_hour;
        bool detectable;
    } rows[] = {
        {"one message an hour", 1, false},
        {"two messages in five minutes", 24, false},
        {"ten messages in five minutes", 120, true},
    };

    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct stream stream = {.rng = {4}};
        struct records *records = records_new();
        struct gs_watch *watch = watch_new(NULL);
        struct gs_key_view view = {0};
        print_message("  %s\n", rows[i].shows);
        stream_fill(&stream, "topic:x", t0, t0 + 48 * HOUR_MS, 48 * rows[i].an_hour, 0.2);
        play(watch, &stream, 10, records);
        gs_watch_each(watch, see, &view);
        assert_false(view.learning);
        assert_int_equal(view.detectable, rows[i].detectable);
        gs_watch_free(watch);
        stream_done(&stream);
        records_free(records);
    }
}

/* The first three hours nothing is known, so nothing is said, however negative it is. */
static void test_first_hours_learn(void **state)
{
    (void)state;
    struct stream stream = {.rng = {5}};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);

    stream_fill(&stream, "risk:fraud", t0, t0 + 24 * HOUR_MS, 24 * 120, 0.9);
    play(watch, &stream, 50, records);
    assert_int_equal(records->n, 0);
    struct gs_key_view view = {0};
    gs_watch_each(watch, see, &view);
    assert_true(fabs(view.expected - 0.87) < 0.06);
    assert_int_equal(view.n_total, stream.n - 30); /* all but the last quarter of an hour */
    gs_watch_free(watch);
    stream_done(&stream);
    records_free(records);
}

/* Two standard deviations either way hold most ordinary hours, and no surge. */
static void test_expected_sd_holds_ordinary_hours(void **state)
{
    (void)state;
    struct rng rng = {6};
    struct gs_watch *watch = watch_new(NULL);
    int within = 0;
    enum { LEARN = 72, HOURS = 200 };

    for (int hour = 0; hour <= LEARN + HOURS; hour++) {
        const int64_t from = t0 + hour * HOUR_MS;
        struct stream stream = {.rng = rng};
        struct gs_key_view view = {0};
        stream_fill(&stream, "topic:x", from, from + HOUR_MS, 60,
                    hour == LEARN + HOURS ? 0.7 : 0.25);
        for (size_t i = 0; i < stream.n; i++) { /* else ids of the hours before */
            (void)snprintf(stream.messages[i].id, sizeof stream.messages[i].id, "h%d-%d",
                           hour % 1000, (int)(i % 1000));
        }
        rng = stream.rng;
        stream_sort(&stream);
        play(watch, &stream, 50, NULL);
        finish(watch, from + HOUR_MS, NULL);
        gs_watch_each(watch, see, &view);
        const bool ordinary = fabs(view.observed - view.expected) <= 2.0 * view.expected_sd;
        if (hour == LEARN + HOURS) {
            assert_false(ordinary);
        } else if (hour >= LEARN) {
            within += ordinary;
            assert_true(view.expected_sd > 0.02 && view.expected_sd < 0.12);
        }
        stream_done(&stream);
    }
    print_message("  %d of %d ordinary hours\n", within, HOURS);
    assert_true(within >= HOURS * 9 / 10);
    gs_watch_free(watch);
}

static void count_key(void *arg, const struct gs_key_view *view)
{
    *(int *)arg += 1;
    assert_true(view->key.len > 0);
}

static void test_heard_is_the_last_hour(void **state)
{
    (void)state;
    struct stream stream = {.rng = {7}};
    struct gs_watch *watch = watch_new(NULL);
    int all = 0;
    int heard = 0;

    stream_fill(&stream, "topic:x", t0, t0 + 5 * HOUR_MS, 300, 0.2);
    stream_fill(&stream, "topic:y", t0, t0 + 3 * HOUR_MS, 200, 0.2);
    stream_sort(&stream);
    play(watch, &stream, 10, NULL);
    finish(watch, t0 + 5 * HOUR_MS, NULL);
    gs_watch_each(watch, count_key, &all);
    gs_watch_each_heard(watch, count_key, &heard);
    assert_int_equal(all, 2);
    assert_int_equal(heard, 1);
    gs_watch_free(watch);
    stream_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_surge_fires_and_resolves),
        cmocka_unit_test(test_says_why),
        cmocka_unit_test(test_volume_alone_is_no_news),
        cmocka_unit_test(test_copies_are_one_story),
        cmocka_unit_test(test_sparse_says_so),
        cmocka_unit_test(test_first_hours_learn),
        cmocka_unit_test(test_expected_sd_holds_ordinary_hours),
        cmocka_unit_test(test_heard_is_the_last_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
