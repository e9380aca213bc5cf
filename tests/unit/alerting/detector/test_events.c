/* Risk events: so many publishers within so long is an alert, copies say nothing, one affair is one
 * alert, in any order of arrival and over restarts. */
#include "tests/unit/alerting/detector/watch_helper.h"

#include "alerting/detector/state_log.h"
#include "alerting/detector/watch_state.h"

#define KEY "risk:default@3333.HK"
#define MINUTE_MS INT64_C(60000)

static void event_options(struct gs_watch_options *ret)
{
    constant_options(ret);
    ret->event_window_ms = HOUR_MS;
}

static struct message *tell(struct stream *stream, int64_t minute, const char *source,
                            uint64_t story)
{
    struct message *m = stream_add(stream, KEY, t0 + minute * MINUTE_MS, 0.9);

    (void)snprintf(m->source, sizeof m->source, "%s", source);
    m->dup = story;
    return m;
}

/* What a stream gives, closed a week later. */
static struct records *records_of(struct stream *stream, const struct gs_watch_options *options)
{
    struct records *records = records_new();
    struct gs_watch_options defaults;

    event_options(&defaults);
    struct gs_watch *watch = watch_new(options == NULL ? &defaults : options);
    stream_sort(stream);
    play(watch, stream, 5, records);
    finish(watch, t0 + 168 * HOUR_MS, records);
    assert_int_equal(watch->votes.now.live, 0);
    gs_watch_free(watch);
    return records;
}

struct told {
    int64_t minute;
    const char *source;
    uint64_t story;
    double p;
};
static const struct row {
    const char *shows;
    struct told told[8];
    size_t alerts;
} rows[] = {
    {"three publishers, three stories", {{0, "a", 1, .9}, {9, "b", 2, .9}, {20, "c", 3, .9}}, 1},
    {"messages that stand alone", {{0, "a", 0, .9}, {9, "b", 0, .9}, {20, "c", 0, .9}}, 1},
    {"two publishers", {{0, "a", 1, .9}, {9, "b", 2, .9}, {20, "b", 3, .9}, {21, "a", 4, .9}}, 0},
    {"copies of one story",
     {{0, "a", 1, .9}, {9, "b", 1, .9}, {20, "c", 1, .9}, {30, "d", 1, .9}},
     0},
    {"a copy, and two stories of one publisher",
     {{0, "a", 1, .9}, {1, "b", 1, .9}, {2, "c", 1, .9}, {9, "a", 2, .9}, {20, "a", 3, .9}},
     0},
    {"one that is not negative", {{0, "a", 1, .9}, {9, "b", 2, .4}, {20, "c", 3, .9}}, 0},
    {"over more than an hour", {{0, "a", 1, .9}, {50, "b", 2, .9}, {70, "c", 3, .9}}, 0},
    {"the third within an hour of the first",
     {{0, "a", 1, .9}, {50, "b", 2, .9}, {59, "c", 3, .9}},
     1},
    {"without a publisher", {{0, "", 1, .9}, {9, "b", 2, .9}, {20, "c", 3, .9}}, 0},
};

static void make(const struct row *row, struct stream *stream)
{
    *stream = (struct stream){.rng = {3}};
    for (size_t i = 0; i < GS_COUNT(row->told) && row->told[i].source != NULL; i++) {
        tell(stream, row->told[i].minute, row->told[i].source, row->told[i].story)->p =
            row->told[i].p;
    }
}

/* Three publishers that tell one story in their own words have told one. */
static void test_near_copies_are_one_story(void **state)
{
    (void)state;
    static const char *const sources[] = {"a", "b", "c"};

    for (uint64_t edited = 0; edited < 2; edited++) {
        struct stream stream = {.rng = {3}};
        for (size_t i = 0; i < 3; i++) {
            struct message *m = tell(&stream, 9 * (int64_t)i, sources[i], i + 1);
            m->outline = outline_like(edited == 1 ? 5 : i + 1, 2, &stream.rng);
        }
        struct records *records = records_of(&stream, NULL);
        assert_int_equal(count_state(records, NULL, GS_ALERT_FIRING), 1 - edited);
        records_free(records);
        stream_done(&stream);
    }
}

static void test_who_says_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct stream stream;
        print_message("  %s\n", rows[i].shows);
        make(&rows[i], &stream);
        struct records *records = records_of(&stream, NULL);
        assert_int_equal(count_state(records, KEY, GS_ALERT_FIRING), rows[i].alerts);
        assert_int_equal(count_state(records, KEY, GS_ALERT_RESOLVED), rows[i].alerts);
        records_free(records);
        stream_done(&stream);
    }
}

static void test_the_options(void **state)
{
    static const struct {
        const char *shows;
        uint32_t publishers;
        int64_t window_ms;
        size_t alerts;
    } cases[] = {{"as they are", 3, HOUR_MS, 1},
                 {"four publishers", 4, HOUR_MS, 0},
                 {"one", 1, HOUR_MS, 1},
                 {"ten minutes", 3, 10 * MINUTE_MS, 0},
                 {"none", 0, HOUR_MS, 0}};
    (void)state;

    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_watch_options options;
        struct stream stream;
        print_message("  %s\n", cases[i].shows);
        event_options(&options);
        options.event_publishers = cases[i].publishers;
        options.event_window_ms = cases[i].window_ms;
        make(&rows[0], &stream);
        struct records *records = records_of(&stream, &options);
        assert_int_equal(count_state(records, KEY, GS_ALERT_FIRING), cases[i].alerts);
        records_free(records);
        stream_done(&stream);
    }
}

static void test_what_the_alert_says(void **state)
{
    (void)state;
    struct stream stream;
    make(&rows[0], &stream);
    stream.messages[1].source[0] = 'z';
    tell(&stream, 22, "copyist", 3);
    struct records *records = records_of(&stream, NULL);
    const struct gs_alert *alert = &records->rows[0].alert;

    assert_string_equal(alert->rule, "risk_event");
    assert_true(alert->event);
    assert_int_equal(alert->publishers, 3);
    assert_int_equal(alert->stories, 3);
    assert_int_equal(alert->reach, 4);
    assert_int_equal(records->rows[0].n_evidence, 3);
    assert_int_equal(alert->window_s, 3600);
    assert_int_equal(records->rows[0].starts_at_ms, t0);
    assert_int_equal(records->rows[0].fired_at_ms, t0 + 5 * BIN_MS);
    assert_string_equal(records->rows[0].reason,
                        "default: said by 3 publishers within 60 minutes, 3 stories");
    assert_string_equal(records->rows[1].reason, "default: no new story for 60 minutes");
    assert_int_equal(records->rows[1].ends_at_ms, t0 + 17 * BIN_MS);
    assert_string_equal(records->rows[0].id, records->rows[1].id);
    assert_non_null(strstr(records->json.bytes, "\"expected\":null"));
    assert_non_null(strstr(records->json.bytes, "\"false_alarm\":null"));
    records_free(records);
    stream_done(&stream);
}

/* An affair of three days with nights between is one alert; what comes after a quiet day is another. */
static void test_one_affair_is_one_alert(void **state)
{
    (void)state;
    struct stream stream = {.rng = {4}};
    for (int day = 0; day < 3; day++) {
        for (int i = 0; i < 12; i++) {
            char source[16];
            (void)snprintf(source, sizeof source, "p%d", i % 5);
            (void)tell(&stream, day * 1440 + i * 15, source, 0);
        }
    }
    struct records *records = records_of(&stream, NULL);
    assert_int_equal(count_state(records, KEY, GS_ALERT_FIRING), 1);
    records_free(records);

    for (int i = 0; i < 3; i++) {
        char source[16];
        (void)snprintf(source, sizeof source, "p%d", i);
        (void)tell(&stream, 2 * 1440 + 165 + 1440 + 70 + i, source, 0);
    }
    records = records_of(&stream, NULL);
    assert_int_equal(count_state(records, KEY, GS_ALERT_FIRING), 2);
    assert_int_equal(count_state(records, KEY, GS_ALERT_RESOLVED), 2);
    records_free(records);
    stream_done(&stream);
}

/* No share of such a key is looked at, it has no view, and its kind teaches no risk. */
static void count_view(void *arg, const struct gs_key_view *view)
{
    (void)view;
    ++*(size_t *)arg;
}
static void test_no_share_is_tested(void **state)
{
    (void)state;
    struct stream stream = {.rng = {5}};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);
    size_t views = 0;

    stream_fill(&stream, KEY, t0, t0 + 24 * HOUR_MS, 2400, 0.02);
    stream_fill(&stream, KEY, t0 + 24 * HOUR_MS, t0 + 27 * HOUR_MS, 600, 0.95);
    for (size_t i = 0; i < stream.n; i++) {
        stream.messages[i].source[1] = '\0'; /* one publisher */
    }
    stream_sort(&stream);
    play(watch, &stream, 100, records);
    gs_watch_each(watch, count_view, &views);
    assert_int_equal(records->n, 0);
    assert_int_equal(views, 0);
    assert_int_equal(watch->now.n_live, 0);
    assert_true(watch->now.kinds[0].last == 0 || watch->now.kinds[0].v == 0.5F);
    gs_watch_free(watch);
    records_free(records);
    stream_done(&stream);
}

/* ---- order, undo, restarts ---- */

/* Two companies in trouble for a day: copies before their stories, ties in time, late ones. */
static void make_day(struct stream *stream, uint64_t seed)
{
    *stream = (struct stream){.rng = {seed}};
    for (int i = 0; i < 520; i++) {
        const int64_t at = (int64_t)rng_below(&stream->rng, 1440) * MINUTE_MS;
        struct message *m =
            stream_add(stream, rng_below(&stream->rng, 2) == 0 ? KEY : "risk:fraud@AAPL", t0 + at,
                       rng_below(&stream->rng, 4) == 0 ? 0.3 : 0.9);
        (void)snprintf(m->source, sizeof m->source, "p%d", (int)rng_below(&stream->rng, 7));
        m->dup = rng_below(&stream->rng, 3) == 0 ? 0 : 1 + rng_below(&stream->rng, 90);
        if (m->dup != 0) { /* copies lie within some minutes */
            m->ts_ms = t0 + (int64_t)(m->dup / 6 * 96 + rng_below(&stream->rng, 9)) * MINUTE_MS;
        }
    }
    stream_sort(stream);
}

/* Each up to eight minutes from its place, as in test_order.c. */
static int by_arrival(const void *a, const void *b)
{
    const struct message *x = a;
    const struct message *y = b;
    const int64_t at_x = x->ts_ms + (int64_t)(hash_of(x->id, strlen(x->id)) % 480000);
    const int64_t at_y = y->ts_ms + (int64_t)(hash_of(y->id, strlen(y->id)) % 480000);
    return at_x < at_y ? -1 : at_x > at_y ? 1 : strcmp(x->id, y->id);
}

static enum gs_status to_log(void *arg, struct gs_str key, struct gs_str value,
                             struct gs_error *err)
{
    return gs_state_log_add(arg, key, value, err);
}

static struct gs_watch *restarted(struct gs_watch *watch, struct gs_state_log *changes)
{
    struct gs_watch_load load = {.watch = watch_new(NULL)};
    struct gs_state_log whole = {0};
    struct gs_state_log *log = changes;
    struct gs_error err = {0};

    if (changes == NULL) {
        log = &whole;
        assert_int_equal(gs_watch_save(watch, to_log, log, NULL), GS_OK);
    }
    gs_watch_free(watch);
    gs_state_log_settle(log);
    for (size_t i = 0; i < log->n; i++) {
        const struct gs_state_record record = gs_state_log_at(log, i);
        if (gs_watch_load_record(&load, record.key, record.value, &err) != GS_OK) {
            fail_msg("%s", err.message);
        }
    }
    assert_int_equal(gs_watch_load_end(&load, &err), GS_OK);
    gs_state_log_done(&whole);
    return load.watch;
}

enum course { PLAIN, UNDONE, WHOLE_STATES, CHANGELOG };

static struct records *play_course(const struct stream *stream, enum course course)
{
    struct records *records = records_new();
    struct records *trash = records_new();
    struct gs_state_log changes = {0};
    struct gs_watch *watch = watch_new(NULL);
    int64_t latest = INT64_MIN;

    for (size_t i = 0; i < stream->n;) {
        const size_t to = i + 7 < stream->n ? i + 7 : stream->n;
        if (course == UNDONE) {
            const uint64_t before = digest(watch);
            gs_watch_begin(watch);
            for (size_t j = i; j < to + 20 && j < stream->n; j++) {
                (void)add_message(watch, &stream->messages[j]);
            }
            advance(watch, stream->messages[to - 1].ts_ms + HOUR_MS, trash);
            gs_watch_undo(watch);
            assert_true(digest(watch) == before);
        }
        gs_watch_begin(watch);
        for (; i < to; i++) {
            (void)add_message(watch, &stream->messages[i]);
            latest = stream->messages[i].ts_ms > latest ? stream->messages[i].ts_ms : latest;
        }
        advance(watch, latest - 600000, records);
        if (course == CHANGELOG) {
            assert_int_equal(gs_watch_save_changes(watch, to_log, &changes, NULL), GS_OK);
        }
        gs_watch_commit(watch);
        if (course >= WHOLE_STATES) {
            watch = restarted(watch, course == CHANGELOG ? &changes : NULL);
        }
    }
    finish(watch, t0 + 168 * HOUR_MS, records);
    gs_watch_free(watch);
    gs_state_log_done(&changes);
    records_free(trash);
    return records;
}

/* Every course of a stream gives the same records. */
static void compare_courses(const struct stream *stream, const struct records *want,
                            const char *shows)
{
    for (enum course course = PLAIN; course <= CHANGELOG; course++) {
        struct records *got = play_course(stream, course);
        if (got->json.len != want->json.len ||
            memcmp(got->json.bytes, want->json.bytes, want->json.len) != 0) {
            fail_msg("%s, course %d: other alerts\n%.*s\n---\n%.*s", shows, (int)course,
                     GS_STR_ARGS(gs_buf_str(&want->json)), GS_STR_ARGS(gs_buf_str(&got->json)));
        }
        records_free(got);
    }
}

static void test_the_same_in_any_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct stream stream;
        make_day(&stream, seed);
        struct records *want = play_course(&stream, PLAIN);
        assert_true(count_state(want, NULL, GS_ALERT_FIRING) >= 2);
        compare_courses(&stream, want, "in order");
        qsort(stream.messages, stream.n, sizeof *stream.messages, by_arrival);
        compare_courses(&stream, want, "shuffled");
        records_free(want);
        stream_done(&stream);
    }
}

/* On a busy stream, of whose negative messages bins keep a sample, an event still shows its stories. */
static void test_evidence_beside_a_flood(void **state)
{
    (void)state;
    struct gs_watch_options options;
    struct stream stream;
    event_options(&options);
    options.max_excerpts = 640; /* ten a bin */
    make(&rows[0], &stream);
    stream_fill(&stream, "topic:all", t0, t0 + 30 * MINUTE_MS, 2000, 1.0);
    struct records *records = records_of(&stream, &options);
    assert_int_equal(count_state(records, KEY, GS_ALERT_FIRING), 1);
    assert_int_equal(records->rows[0].n_evidence, 3);
    records_free(records);
    stream_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_says_it),
        cmocka_unit_test(test_near_copies_are_one_story),
        cmocka_unit_test(test_the_options),
        cmocka_unit_test(test_what_the_alert_says),
        cmocka_unit_test(test_one_affair_is_one_alert),
        cmocka_unit_test(test_no_share_is_tested),
        cmocka_unit_test(test_the_same_in_any_order),
        cmocka_unit_test(test_evidence_beside_a_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
