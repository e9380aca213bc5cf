/* Incidents out of invented alerts: a story is a number, a key's sample is a range of them. */
#include "tests/unit/gs_test.h"

#include "alerting/incidents/incidents_internal.h"
#include "ingest/base/buf.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#define MIN INT64_C(60000)
static const int64_t t0 = 1767571200000;

/* An alert of a key about the stories [from, from + n); excess_part of its messages is excess. */
struct told {
    const char *key, *name;
    int minute;
    enum gs_alert_state state;
    enum gs_severity severity;
    int from, n;
    double excess_part; /* 0: 1, nothing is expected */
    bool routine;
};

static struct gs_incidents *make(struct gs_incident_options options)
{
    struct gs_incidents *incidents = NULL;

    options.hold_ms = options.hold_ms == 0 ? 30 * MIN : options.hold_ms;
    options.max_open = options.max_open == 0 ? 256 : options.max_open;
    options.n_feeds = options.n_feeds == 0 ? 1 : options.n_feeds;
    assert_int_equal(gs_incidents_new(&options, &incidents, NULL), GS_OK);
    return incidents;
}

static uint64_t story_hash(int story)
{
    return (uint64_t)(story + 1) * 1000003U;
}

static void give_at(struct gs_incidents *incidents, size_t feed, const struct told *told,
                    const char *headline)
{
    struct gs_story_sample sample = {.limit = UINT64_MAX, .n = (uint32_t)told->n};
    const double part = told->excess_part > 0 ? told->excess_part : 1.0;
    const struct gs_evidence_item first = {.id = gs_str("m1"),
                                           .source = gs_str("wire"),
                                           .excerpt = gs_str(headline),
                                           .url = gs_str("https://news.example/1"),
                                           .ts_ms = t0,
                                           .weight = 0.5};
    struct gs_alert alert = {.rule = "negative_share",
                             .key = gs_str(told->key),
                             .name = told->name == NULL ? gs_str("") : gs_str(told->name),
                             .severity = told->severity,
                             .state = told->state,
                             .routine = told->routine,
                             .starts_at_ms = t0,
                             .fired_at_ms = t0 + told->minute * MIN,
                             .updated_at_ms = t0 + told->minute * MIN,
                             .ends_at_ms = -1,
                             .observed = 0.8,
                             .expected = 0.8 * (1.0 - part),
                             .n = told->n,
                             .evidence = &first,
                             .n_evidence = 1,
                             .sample = &sample,
                             .reason = "",
                             .summary = ""};

    assert_true(told->n <= GS_STORY_SAMPLE);
    for (int i = 0; i < told->n; i++) {
        sample.hashes[i] = story_hash(told->from + i);
    }
    (void)snprintf(alert.id, sizeof alert.id, "%016x",
                   (unsigned)XXH3_64bits(told->key, strlen(told->key)));
    if (told->state == GS_ALERT_RESOLVED) {
        alert.ends_at_ms = alert.updated_at_ms;
        alert.n_evidence = 0;
        alert.sample = NULL;
    }
    while (!gs_incidents_add(incidents, feed, feed, &alert)) {
        const struct gs_incident *change = NULL;
        while (gs_incidents_next(incidents, &change)) {
        }
    }
}

static void give(struct gs_incidents *incidents, const struct told *told)
{
    give_at(incidents, 0, told, "Regulator opens a probe");
}

/* What came out, one change a line: minute, notice, severity, keys. */
static void collect(struct gs_incidents *incidents, int minute, struct gs_buf *out)
{
    const struct gs_incident *change = NULL;

    gs_incidents_reached(incidents, 0, t0 + minute * MIN);
    while (gs_incidents_next(incidents, &change)) {
        gs_buf_printf(out, "%d %s %s", (int)((change->updated_at_ms - t0) / MIN),
                      gs_incident_notice_name((enum gs_incident_notice)change->notice),
                      gs_severity_name((enum gs_severity)change->severity));
        for (uint32_t i = 0; i < change->n_keys; i++) {
            gs_buf_printf(out, " %s%s", change->keys[i].key, change->keys[i].firing ? "" : "-");
        }
        gs_buf_puts(out, "\n");
    }
}

#define FIRES GS_ALERT_FIRING
#define MORE GS_ALERT_UPDATED
#define OVER GS_ALERT_RESOLVED
#define INFO GS_SEVERITY_INFO
#define WARN GS_SEVERITY_WARNING
#define CRIT GS_SEVERITY_CRITICAL

/* ---- which alerts are one incident ---- */

static const struct {
    const char *shows;
    struct told told[8];
    const char *changes;
} rows[] = {
    {"one event on four keys at once is one incident, told once",
     {{"source:board", NULL, 5, FIRES, INFO, 0, 20, 0, false},
      {"topic:legal", NULL, 5, FIRES, INFO, 0, 20, 0, false},
      {"entity:A", "Acme", 5, FIRES, INFO, 0, 18, 0, false},
      {"risk:fraud", NULL, 5, FIRES, INFO, 0, 15, 0, false}},
     "5 opened info entity:A risk:fraud topic:legal source:board\n"},
    {"a topic that follows joins without a word to people",
     {{"entity:A", "Acme", 5, FIRES, INFO, 0, 18, 0, false},
      {"topic:legal", NULL, 10, FIRES, INFO, 0, 20, 0, false}},
     "5 opened info entity:A\n10 none info entity:A topic:legal\n"},
    {"two companies that fall on one day are two; the topic goes to the one that explains most",
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 12, 0, false},
      {"entity:B", NULL, 5, FIRES, INFO, 100, 8, 0, false},
      {"topic:legal", NULL, 10, FIRES, INFO, 0, 12, 0, false}},
     "5 opened info entity:A\n5 opened info entity:B\n10 none info entity:A topic:legal\n"},
    {"a second company does not come in through the topic between them",
     {{"topic:legal", NULL, 5, FIRES, INFO, 0, 30, 0.8, false},
      {"entity:A", NULL, 10, FIRES, INFO, 0, 16, 0, false},
      {"entity:B", NULL, 15, FIRES, INFO, 16, 14, 0, false}},
     "5 opened info topic:legal\n10 none info topic:legal entity:A\n15 opened info entity:B\n"
     "20 worse info topic:legal entity:A\n"},
    {"two companies in the same stories are one",
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 12, 0, false},
      {"entity:B", NULL, 30, FIRES, INFO, 4, 10, 0, false}},
     "5 opened info entity:A\n30 worse info entity:A entity:B\n"},
    {"one round-up that names both does not join them",
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 1, 0, false},
      {"entity:B", NULL, 5, FIRES, INFO, 0, 1, 0, false}},
     "5 opened info entity:A\n5 opened info entity:B\n"},
    {"a third of the stories in common is not enough for companies",
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 12, 0, false},
      {"entity:B", NULL, 5, FIRES, INFO, 8, 12, 0, false}},
     "5 opened info entity:A\n5 opened info entity:B\n"},
    {"a topic whose usual bad news goes on beside the event joins by its excess",
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 10, 0, false},
      {"topic:legal", NULL, 5, FIRES, INFO, 0, 40, 0.4, false}},
     "5 opened info entity:A topic:legal\n"},
    {"a topic that rose for other reasons stays alone",
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 6, 0, false},
      {"topic:legal", NULL, 5, FIRES, INFO, 0, 40, 0, false}},
     "5 opened info entity:A\n5 opened info topic:legal\n"},
    {"nothing in common, two incidents",
     {{"topic:legal", NULL, 5, FIRES, INFO, 0, 20, 0, false},
      {"topic:macro", NULL, 5, FIRES, INFO, 50, 20, 0, false}},
     "5 opened info topic:legal\n5 opened info topic:macro\n"},
    {"a key that fires again within the hold goes on with its incident",
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 10, 0, false},
      {"entity:A", NULL, 60, OVER, INFO, 0, 10, 0, false},
      {"entity:A", NULL, 80, FIRES, INFO, 90, 10, 0, false}},
     "5 opened info entity:A\n60 none info entity:A-\n80 none info entity:A\n"},
    {"it ends half an hour after its last alert",
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 10, 0, false},
      {"topic:legal", NULL, 5, FIRES, INFO, 0, 10, 0, false},
      {"entity:A", NULL, 60, OVER, INFO, 0, 10, 0, false},
      {"topic:legal", NULL, 70, OVER, INFO, 0, 10, 0, false}},
     "5 opened info entity:A topic:legal\n60 none info entity:A- topic:legal\n"
     "70 none info entity:A- topic:legal-\n100 ended info entity:A- topic:legal-\n"},
    {"the end of an alert that nobody knows of is none",
     {{"entity:A", NULL, 5, OVER, INFO, 0, 10, 0, false}},
     ""},
    {"a routine look at an alert that nobody knows of opens its incident",
     {{"entity:A", NULL, 5, MORE, WARN, 0, 10, 0, true}},
     "5 opened warning entity:A\n"},
};

static void test_joins(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_incidents *incidents = make((struct gs_incident_options){.gap_ms = 15 * MIN});
        struct gs_buf out = {.max = 65536};

        for (size_t j = 0; j < GS_COUNT(rows[i].told) && rows[i].told[j].key != NULL; j++) {
            give(incidents, &rows[i].told[j]);
        }
        collect(incidents, 101, &out);
        gs_buf_putc(&out, '\0');
        if (strcmp(out.bytes, rows[i].changes) != 0) {
            fail_msg("%s:\n%s", rows[i].shows, out.bytes);
        }
        gs_buf_done(&out);
        gs_incidents_free(incidents);
    }
}

/* A topic that no company explains alone, but two do together. */
static void test_topic_of_two_companies(void **state)
{
    (void)state;
    struct gs_incidents *incidents = make((struct gs_incident_options){.gap_ms = 15 * MIN});
    struct gs_buf out = {.max = 65536};
    const struct told told[] = {{"entity:A", NULL, 5, FIRES, INFO, 0, 9, 0, false},
                                {"entity:B", NULL, 5, FIRES, INFO, 9, 8, 0, false},
                                {"topic:legal", NULL, 10, FIRES, INFO, 0, 24, 0, false}};

    for (size_t i = 0; i < GS_COUNT(told); i++) {
        give(incidents, &told[i]);
    }
    collect(incidents, 20, &out);
    gs_buf_putc(&out, '\0');
    assert_string_equal(out.bytes, "5 opened info entity:A\n5 opened info entity:B\n"
                                   "10 none info entity:A topic:legal\n");
    gs_buf_done(&out);
    gs_incidents_free(incidents);
}

/* ---- when people are told ---- */

static const struct {
    const char *shows;
    int gap_minutes, repeat_minutes;
    struct told told[6];
    const char *changes;
} notices[] = {
    {"a higher severity is told, after the gap",
     15,
     0,
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 9, 0, false},
      {"entity:A", NULL, 10, MORE, WARN, 0, 9, 0, false}},
     "5 opened info entity:A\n20 worse warning entity:A\n"},
    {"critical is told at once",
     15,
     0,
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 9, 0, false},
      {"entity:A", NULL, 10, MORE, CRIT, 0, 9, 0, false}},
     "5 opened info entity:A\n10 worse critical entity:A\n"},
    {"what got worse within the gap is told together",
     15,
     0,
     {{"entity:A", NULL, 5, FIRES, INFO, 0, 9, 0, false},
      {"risk:fraud", NULL, 10, FIRES, INFO, 0, 9, 0, false},
      {"risk:default", NULL, 15, FIRES, WARN, 0, 9, 0, false}},
     "5 opened info entity:A\n10 none info entity:A risk:fraud\n"
     "15 none warning entity:A risk:fraud risk:default\n"
     "20 worse warning entity:A risk:fraud risk:default\n"},
    {"a reminder every hour while it is on, none while it eases",
     15,
     60,
     {{"entity:A", NULL, 0, FIRES, INFO, 0, 9, 0, false},
      {"entity:A", NULL, 125, OVER, INFO, 0, 9, 0, false}},
     "0 opened info entity:A\n60 reminder info entity:A\n120 reminder info entity:A\n"
     "125 none info entity:A-\n155 ended info entity:A-\n"},
    {"numbers that change are no change",
     15,
     0,
     {{"entity:A", NULL, 0, FIRES, INFO, 0, 9, 0, false},
      {"entity:A", NULL, 5, MORE, INFO, 0, 12, 0, true},
      {"entity:A", NULL, 10, MORE, INFO, 0, 20, 0, true}},
     "0 opened info entity:A\n"},
};

static void test_notices(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(notices); i++) {
        struct gs_incidents *incidents = make((struct gs_incident_options){
            .gap_ms = notices[i].gap_minutes * MIN, .repeat_ms = notices[i].repeat_minutes * MIN});
        struct gs_buf out = {.max = 65536};

        for (size_t j = 0; j < GS_COUNT(notices[i].told) && notices[i].told[j].key != NULL; j++) {
            give(incidents, &notices[i].told[j]);
        }
        collect(incidents, 170, &out);
        gs_buf_putc(&out, '\0');
        if (strcmp(out.bytes, notices[i].changes) != 0) {
            fail_msg("%s:\n%s", notices[i].shows, out.bytes);
        }
        gs_buf_done(&out);
        gs_incidents_free(incidents);
    }
}

/* ---- the same alerts, however they come ---- */

static void encode_all(struct gs_incidents *incidents, struct gs_buf *out)
{
    const struct gs_incident *change = NULL;

    while (gs_incidents_next(incidents, &change)) {
        gs_incident_encode(change, out);
        gs_buf_putc(out, '\n');
    }
}

/* A day of four companies, their topics and risks; by n_feeds feeds that run apart. */
static void run_day(size_t n_feeds, unsigned seed, struct gs_buf *out)
{
    struct gs_incidents *incidents =
        make((struct gs_incident_options){.gap_ms = 15 * MIN, .n_feeds = n_feeds});
    char keys[12][24];
    int reached[4] = {0};

    for (int i = 0; i < 12; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "%s:%d",
                       i % 3 == 0   ? "entity"
                       : i % 3 == 1 ? "topic"
                                    : "risk",
                       i);
    }
    for (unsigned step = 0; step < 4000; step++) {
        seed = seed * 1103515245U + 12345U;
        const size_t feed = (seed >> 16) % n_feeds;
        const int minute = reached[feed] += 5;
        for (size_t i = feed; i < 12 && minute <= 600; i += n_feeds) {
            const int event = (int)i / 3;
            const int phase = (minute + 17 * (int)i) % 300;
            const struct told told = {keys[i],
                                      NULL,
                                      minute,
                                      phase < 5     ? FIRES
                                      : phase < 100 ? MORE
                                                    : OVER,
                                      phase > 60 ? WARN : INFO,
                                      100 * event + phase / 5,
                                      12,
                                      0,
                                      phase >= 5 && phase != 60 && phase < 100};
            if (phase < 105) {
                give_at(incidents, feed, &told, "x");
            }
        }
        gs_incidents_reached(incidents, feed, t0 + minute * MIN);
        encode_all(incidents, out);
    }
    gs_incidents_free(incidents);
}

static void test_feeds_do_not_matter(void **state)
{
    (void)state;
    struct gs_buf one = {.max = 64 << 20};
    struct gs_buf four = {.max = 64 << 20};

    run_day(1, 1, &one);
    run_day(4, 7, &four);
    assert_true(gs_buf_ok(&one) && one.len > 2000);
    assert_int_equal(one.len, four.len);
    assert_memory_equal(one.bytes, four.bytes, one.len);
    gs_buf_done(&one);
    gs_buf_done(&four);
}

static void test_waits_for_slow_feed_unless_it_is_away(void **state)
{
    (void)state;
    struct gs_incidents *incidents =
        make((struct gs_incident_options){.gap_ms = 15 * MIN, .n_feeds = 2});
    const struct told told = {"entity:A", NULL, 5, FIRES, INFO, 0, 9, 0, false};
    const struct gs_incident *change = NULL;

    give(incidents, &told);
    gs_incidents_reached(incidents, 0, t0 + 10 * MIN);
    assert_false(gs_incidents_next(incidents, &change));
    gs_incidents_reached(incidents, 1, t0 + 4 * MIN);
    assert_false(gs_incidents_next(incidents, &change));
    gs_incidents_leave(incidents, 1);
    assert_true(gs_incidents_next(incidents, &change));
    assert_false(gs_incidents_next(incidents, &change));
    gs_incidents_free(incidents);
}

/* ---- bounds and bad input ---- */

static void test_bounds(void **state)
{
    (void)state;
    struct gs_incidents *incidents =
        make((struct gs_incident_options){.gap_ms = MIN, .max_open = 3});
    const struct gs_incident *change = NULL;
    struct gs_incident_counts counts;
    char key[32];

    for (int i = 0; i < 5; i++) { /* nothing in common */
        (void)snprintf(key, sizeof key, "entity:%d", i);
        give(incidents, &(struct told){key, NULL, 5, FIRES, INFO, 100 * i, 9, 0, false});
    }
    for (int i = 0; i < 2 * GS_INCIDENT_KEYS; i++) { /* all of the first one's stories */
        (void)snprintf(key, sizeof key, "topic:%d", i);
        give(incidents, &(struct told){key, NULL, 10, FIRES, CRIT, 0, 9, 0, false});
    }
    gs_incidents_reached(incidents, 0, t0 + 60 * MIN);
    while (gs_incidents_next(incidents, &change)) {
        assert_true(change->n_keys <= GS_INCIDENT_KEYS);
        if (strcmp(change->keys[0].key, "entity:0") == 0 && change->n_keys > 1) {
            assert_int_equal(change->severity, CRIT); /* also by keys that are not listed */
            assert_int_equal(change->keys_left_out, GS_INCIDENT_KEYS + 1);
        }
    }
    gs_incidents_counts(incidents, &counts);
    assert_int_equal(counts.open, 3);
    assert_int_equal(counts.refused, 2);
    assert_int_equal(counts.left_out, GS_INCIDENT_KEYS + 1);
    gs_incidents_free(incidents);
}

static void test_feed_that_never_comes_does_not_fill_memory(void **state)
{
    (void)state;
    struct gs_incidents *incidents =
        make((struct gs_incident_options){.gap_ms = MIN, .n_feeds = 2});
    struct gs_incident_counts counts;

    for (int i = 0; i < 3 * GS_INCIDENT_WAITING; i++) {
        give(incidents, &(struct told){"entity:A", NULL, i / 8, MORE, INFO, 0, 9, 0, i > 0});
    }
    assert_true(incidents->n_waiting <= GS_INCIDENT_WAITING);
    gs_incidents_counts(incidents, &counts);
    assert_int_equal(counts.open, 1);
    assert_true(counts.hurried > 0);
    gs_incidents_free(incidents);
}

static void test_forgotten_watch_leaves_without_a_word(void **state)
{
    (void)state;
    struct gs_incidents *incidents =
        make((struct gs_incident_options){.gap_ms = MIN, .n_feeds = 2});
    const struct gs_incident *change = NULL;

    give_at(incidents, 0, &(struct told){"entity:A", NULL, 5, FIRES, INFO, 0, 9, 0, false}, "x");
    give_at(incidents, 1, &(struct told){"topic:b", NULL, 5, FIRES, INFO, 0, 9, 0, false}, "x");
    give_at(incidents, 1, &(struct told){"topic:c", NULL, 5, FIRES, INFO, 90, 9, 0, false}, "x");
    gs_incidents_reached(incidents, 0, t0 + 5 * MIN);
    gs_incidents_reached(incidents, 1, t0 + 5 * MIN);
    assert_true(gs_incidents_next(incidents, &change));
    assert_int_equal(change->n_keys, 2);
    assert_true(gs_incidents_next(incidents, &change));
    assert_false(gs_incidents_next(incidents, &change));
    gs_incidents_forget(incidents, 1);
    gs_incidents_reached(incidents, 0, t0 + 500 * MIN);
    gs_incidents_reached(incidents, 1, t0 + 500 * MIN);
    assert_false(gs_incidents_next(incidents, &change));
    assert_int_equal(incidents->n_open, 1);
    assert_int_equal(incidents->open[0]->n_keys, 1);
    gs_incidents_free(incidents);
}

static void test_json(void **state)
{
    (void)state;
    struct gs_incidents *incidents = make((struct gs_incident_options){.gap_ms = MIN});
    const struct gs_incident *change = NULL;
    struct gs_buf out = {.max = 1 << 20};
    static const char hostile[] = "a \"quote\" </script>\xff\x1b[31m {{ x }} \xe8\xb4\xb5";

    give_at(incidents, 0,
            &(struct told){"entity:A\"\n", "Acme \xe8\xb4\xb5", 5, FIRES, WARN, 0, 9, 0, false},
            hostile);
    gs_incidents_reached(incidents, 0, t0 + 5 * MIN);
    assert_true(gs_incidents_next(incidents, &change));
    gs_incident_encode(change, &out);
    json_error_t why;
    json_t *root = json_loadb(out.bytes, out.len, JSON_REJECT_DUPLICATES, &why);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "state")), "open");
    assert_string_equal(json_string_value(json_object_get(root, "notice")), "opened");
    assert_int_equal(json_string_length(json_object_get(root, "id")), 16);
    assert_true(json_is_null(json_object_get(root, "ends_at")));
    const char *title = json_string_value(json_object_get(root, "title"));
    assert_memory_equal(title, "Acme \xe8\xb4\xb5: a \"quote\"", 19);
    const json_t *key = json_array_get(json_object_get(root, "keys"), 0);
    assert_string_equal(json_string_value(json_object_get(key, "key")), "entity:A\"\n");
    assert_true(json_is_object(json_object_get(key, "story")));
    assert_float_equal(json_real_value(json_object_get(json_object_get(key, "now"), "observed")),
                       0.8, 1e-9);
    json_decref(root);
    gs_buf_done(&out);
    gs_incidents_free(incidents);
}

static void test_overlap_of_samples(void **state)
{
    (void)state;
    struct gs_story_sample a = {.limit = UINT64_MAX, .n = 4, .hashes = {1, 3, 5, 9}};
    struct gs_story_sample b = {.limit = 6, .n = 3, .hashes = {1, 4, 5}};
    struct gs_story_overlap overlap = gs_story_overlap(&a, &b);

    assert_int_equal(overlap.shared, 2);
    assert_int_equal(overlap.of_a, 3); /* 9 lies above what b can tell of */
    assert_int_equal(overlap.of_b, 3);
    b.n = 0;
    overlap = gs_story_overlap(&a, &b);
    assert_int_equal(overlap.shared, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joins),
        cmocka_unit_test(test_topic_of_two_companies),
        cmocka_unit_test(test_notices),
        cmocka_unit_test(test_feeds_do_not_matter),
        cmocka_unit_test(test_waits_for_slow_feed_unless_it_is_away),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_feed_that_never_comes_does_not_fill_memory),
        cmocka_unit_test(test_forgotten_watch_leaves_without_a_word),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_overlap_of_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
