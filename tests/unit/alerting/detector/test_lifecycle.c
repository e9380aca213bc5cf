#include "tests/unit/alerting/detector/watch_helper.h"

/* constant_options() asks for two publishers, three stories, five messages and ten in a hundred more
 * than expected, and that no more than three in four are expected. */
static void test_gates(void **state)
{
    (void)state;
    struct gs_watch_options options;
    static const struct {
        const char *shows;
        struct gs_hour hour;
        bool open;
    } rows[] = {
        {"all of them", {.n = 50, .k = 20, .expected = 10, .stories = 3, .publishers = 2}, true},
        {"one publisher",
         {.n = 50, .k = 20, .expected = 10, .stories = 50, .publishers = 1},
         false},
        {"two stories", {.n = 50, .k = 20, .expected = 10, .stories = 2, .publishers = 9}, false},
        {"four messages too many",
         {.n = 10, .k = 6, .expected = 2, .stories = 9, .publishers = 9},
         false},
        {"nine in a hundred too many",
         {.n = 100, .k = 19, .expected = 10, .stories = 9, .publishers = 9},
         false},
        {"three of four are as it is",
         {.n = 100, .k = 95, .expected = 75, .stories = 9, .publishers = 9},
         true},
        {"more are as it is",
         {.n = 100, .k = 99, .expected = 76, .stories = 9, .publishers = 9},
         false},
        {"no messages", {.stories = 9, .publishers = 9}, false},
    };

    constant_options(&options);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(gs_episode_gates(&options, &rows[i].hour), rows[i].open);
    }
}

static void test_calm(void **state)
{
    (void)state;
    static const struct {
        const char *shows;
        struct gs_hour hour;
        double m;
        bool calm;
    } rows[] = {
        {"as expected, no evidence", {.n = 100, .k = 24, .expected = 20}, 0.5, true},
        {"as expected, but evidence", {.n = 100, .k = 24, .expected = 20}, 1.5, false},
        {"no evidence, but 6 in 100 too many", {.n = 100, .k = 26, .expected = 20}, 0.5, false},
        {"nobody says anything any more", {.n = 0}, 1e6, true},
    };
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(gs_episode_calm(&rows[i].hour, rows[i].m), rows[i].calm);
    }
}

static void test_e_bh(void **state)
{
    (void)state;
    static const struct {
        const char *shows;
        double m[4];
        size_t n;
        double n_live;
        size_t want;
    } rows[] = {
        {"one needs K/q", {1000, 0, 0, 0}, 1, 100, 1},
        {"and not less", {999, 0, 0, 0}, 1, 100, 0},
        {"four help each other: K/(4 q)", {250, 250, 250, 250}, 4, 100, 4},
        {"the third pulls the first two along", {400, 350, 340, 20}, 4, 100, 3},
        {"none", {5, 4, 3, 2}, 4, 100, 0},
    };
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_ranked_episode work[4];
        for (size_t j = 0; j < 4; j++) {
            work[j] = (struct gs_ranked_episode){.m = rows[i].m[j]};
        }
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(gs_e_bh(work, rows[i].n, rows[i].n_live, 0.1), rows[i].want);
    }
}

enum { DAY = 24 };

static int64_t hour(int h)
{
    return t0 + (int64_t)h * HOUR_MS;
}

static struct records *play_share(struct stream *stream, const struct gs_watch_options *options,
                                  int64_t end)
{
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(options);
    stream_sort(stream);
    play(watch, stream, 100, records);
    finish(watch, end, records);
    gs_watch_free(watch);
    stream_done(stream);
    return records;
}

/* A level that stays for two days is the new normal, once; after it the key is quiet. */
static void test_new_normal(void **state)
{
    (void)state;
    struct stream stream = {.rng = {21}};
    stream_fill(&stream, "topic:a", hour(0), hour(DAY), DAY * 120, 0.2);
    stream_fill(&stream, "topic:a", hour(DAY), hour(5 * DAY), 4 * DAY * 120, 0.6);
    struct records *records = play_share(&stream, NULL, hour(5 * DAY));

    assert_int_equal(count_state(records, NULL, GS_ALERT_FIRING), 1);
    assert_int_equal(count_state(records, NULL, GS_ALERT_RESOLVED), 1);
    const struct record *last = &records->rows[records->n - 1];
    assert_string_equal(last->reason, "new_normal");
    assert_int_equal(last->ends_at_ms - last->fired_at_ms, 48 * HOUR_MS);
    records_free(records);
}

/* After a surge nobody writes any more: the alert ends within two hours, not when M has decayed. */
static void test_silence_ends_it(void **state)
{
    (void)state;
    struct stream stream = {.rng = {22}};
    stream_fill(&stream, "topic:a", hour(0), hour(DAY), DAY * 120, 0.2);
    stream_fill(&stream, "topic:a", hour(DAY), hour(DAY + 2), 240, 0.8);
    struct records *records = play_share(&stream, NULL, hour(5 * DAY));
    const struct record *last = &records->rows[records->n - 1];

    assert_int_equal(last->state, GS_ALERT_RESOLVED);
    assert_string_equal(last->reason, "no messages for 60 minutes");
    assert_true(last->ends_at_ms <= hour(DAY + 4));
    records_free(records);
}

/* A second surge inside the cool-down is not announced; one after it is, with an id of its own. */
static void test_cool_down(void **state)
{
    (void)state;
    for (int pause = 0; pause < 2; pause++) {
        struct gs_watch_options options;
        struct stream stream = {.rng = {23}};
        const int again = pause == 0 ? 7 : 30;
        constant_options(&options);
        options.cooldown_ms = 20 * HOUR_MS;
        stream_fill(&stream, "topic:a", hour(0), hour(DAY), DAY * 120, 0.2);
        stream_fill(&stream, "topic:a", hour(DAY), hour(DAY + 2), 240, 0.7);
        stream_fill(&stream, "topic:a", hour(DAY + 2), hour(DAY + again), (again - 2) * 120, 0.2);
        stream_fill(&stream, "topic:a", hour(DAY + again), hour(DAY + again + 2), 240, 0.7);
        stream_fill(&stream, "topic:a", hour(DAY + again + 2), hour(DAY + again + 9), 840, 0.2);
        struct records *records = play_share(&stream, &options, hour(DAY + again + 9));
        assert_int_equal(count_state(records, NULL, GS_ALERT_FIRING), pause + 1);
        if (pause == 1) {
            assert_string_not_equal(records->rows[0].id, records->rows[records->n - 1].id);
        }
        records_free(records);
    }
}

/* Severity only rises, by updates, under one id; the threshold's meaning rises with it. */
static void test_severity_rises(void **state)
{
    (void)state;
    struct stream stream = {.rng = {24}};
    stream_fill(&stream, "topic:a", hour(0), hour(DAY), DAY * 240, 0.2);
    stream_fill(&stream, "topic:a", hour(DAY), hour(DAY + 3), 720, 0.45);
    struct records *records = play_share(&stream, NULL, hour(DAY + 3));

    for (size_t i = 0; i < records->n; i++) {
        print_message("  state %d severity %d log10 evidence %.2f\n", (int)records->rows[i].state,
                      (int)records->rows[i].severity, records->rows[i].alert.log10_evidence);
    }
    assert_true(records->n >= 2);
    assert_int_equal(records->rows[0].state, GS_ALERT_FIRING);
    for (size_t i = 1; i < records->n && records->rows[i].state == GS_ALERT_UPDATED; i++) {
        assert_true(records->rows[i].severity > records->rows[i - 1].severity);
        assert_true(records->rows[i].alert.false_alarm_days >=
                    records->rows[i - 1].alert.false_alarm_days);
        assert_string_equal(records->rows[i].id, records->rows[0].id);
    }
    /* One live key: critical needs M >= 120 and >= 1/q, so it comes with warning. */
    assert_int_equal(records->rows[1].severity, GS_SEVERITY_CRITICAL);
    /* By what theory says of a constant threshold: 120 / 6.916 starts a day. */
    assert_true(fabs(records->rows[1].alert.false_alarm_days - 17.35) < 0.01);
    records_free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gates),          cmocka_unit_test(test_calm),
        cmocka_unit_test(test_e_bh),           cmocka_unit_test(test_new_normal),
        cmocka_unit_test(test_cool_down),      cmocka_unit_test(test_silence_ends_it),
        cmocka_unit_test(test_severity_rises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
