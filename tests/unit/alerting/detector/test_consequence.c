/* Severity by consequence: a step at most from what the evidence says, with its reason, rising only,
 * and the same in any order and over restarts. */
#include "tests/unit/alerting/detector/watch_helper.h"

static const char *const grave[] = {"default", "accounting_fraud"};
static const char *const mild[] = {"commentary"};

static void options_with(struct gs_watch_options *ret, double warning_evidence, uint32_t reach)
{
    constant_options(ret);
    ret->warning_evidence = warning_evidence;
    ret->grave_risks = grave;
    ret->n_grave_risks = GS_COUNT(grave);
    ret->mild_topics = mild;
    ret->n_mild_topics = GS_COUNT(mild);
    ret->reach_raises = reach;
}

/* A day of a key, then two hours of a surge; of a risk event four publishers. */
static void make(struct stream *stream, const char *key, uint8_t tier)
{
    *stream = (struct stream){.rng = {61}};
    if (gs_key_is_event(gs_str(key))) {
        for (int i = 0; i < 4; i++) {
            struct message *m = stream_add(stream, key, t0 + i * BIN_MS, 0.9);
            (void)snprintf(m->source, sizeof m->source, "p%d", i);
        }
    } else {
        stream_fill(stream, key, t0, t0 + 24 * HOUR_MS, 24 * 40, 0.2);
        stream_fill(stream, key, t0 + 24 * HOUR_MS, t0 + 26 * HOUR_MS, 80, 0.7);
    }
    for (size_t i = 0; i < stream->n; i++) {
        stream->messages[i].tier = tier;
    }
}

/* The highest severity that was told, and the reasons. */
static enum gs_severity highest(const struct records *records)
{
    enum gs_severity most = GS_SEVERITY_INFO;

    for (size_t i = 0; i < records->n; i++) {
        most = records->rows[i].severity > most ? records->rows[i].severity : most;
    }
    return most;
}

#define NEVER 1e12
static const struct {
    const char *shows, *key;
    uint8_t tier;
    double warning_evidence; /* where it is reached, the only key is critical too */
    uint32_t reach;
    enum gs_severity want;
    const char *reason;
} rows[] = {
    {"evidence alone", "entity:A", 0, NEVER, 0, GS_SEVERITY_INFO, "info by evidence"},
    {"a grave risk", "risk:default", 0, NEVER, 0, GS_SEVERITY_WARNING,
     "info by evidence, a step up: a grave risk"},
    {"another risk", "risk:layoffs", 0, NEVER, 0, GS_SEVERITY_INFO, "info by evidence"},
    {"a topic of a grave risk's name", "topic:default", 0, NEVER, 0, GS_SEVERITY_INFO,
     "info by evidence"},
    {"a mild topic", "topic:commentary", 0, 120, 0, GS_SEVERITY_WARNING,
     "critical by evidence, a step down: a mild topic"},
    {"the same in a language", "topic_lang:commentary/zh", 0, 120, 0, GS_SEVERITY_WARNING,
     "critical by evidence, a step down: a mild topic"},
    {"info goes no further down", "topic:commentary", 0, NEVER, 0, GS_SEVERITY_INFO,
     "info by evidence, a step down: a mild topic"},
    {"the first tier", "entity:A", 1, NEVER, 0, GS_SEVERITY_WARNING,
     "info by evidence, a step up: a company of tier 1"},
    {"the second", "entity:A", 2, NEVER, 0, GS_SEVERITY_INFO, "info by evidence"},
    {"the third", "entity:A", 3, 120, 0, GS_SEVERITY_WARNING,
     "critical by evidence, a step down: a company of tier 3"},
    {"critical goes no further up", "entity:A", 1, 120, 0, GS_SEVERITY_CRITICAL,
     "critical by evidence, a step up: a company of tier 1"},
    {"everybody tells it", "entity:A", 0, NEVER, 40, GS_SEVERITY_WARNING,
     "info by evidence, a step up: 40 messages or more"},
    {"a low tier that everybody tells of", "entity:A", 3, NEVER, 20, GS_SEVERITY_INFO,
     "info by evidence"},
    {"two reasons, one step", "risk:default@A", 1, NEVER, 0, GS_SEVERITY_WARNING,
     "info by its publishers, a step up: a grave risk and a company of tier 1"},
    {"a risk event that is not grave", "risk:accident@A", 0, NEVER, 0, GS_SEVERITY_INFO,
     "info by its publishers"},
    {"a grave one of a low tier", "risk:default@A", 4, NEVER, 0, GS_SEVERITY_INFO,
     "info by its publishers"},
};

static void test_a_step_at_most(void **state)
{
    (void)state;

    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_watch_options options;
        struct stream stream;
        struct records *records = records_new();
        char member[160];

        print_message("  %s\n", rows[i].shows);
        options_with(&options, rows[i].warning_evidence, rows[i].reach);
        make(&stream, rows[i].key, rows[i].tier);
        struct gs_watch *watch = watch_new(&options);
        play(watch, &stream, 100, records);
        finish(watch, t0 + 60 * HOUR_MS, records);
        assert_int_equal(count_state(records, NULL, GS_ALERT_FIRING), 1);
        assert_int_equal(highest(records), rows[i].want);
        (void)snprintf(member, sizeof member, "\"severity_reason\":\"%s\"", rows[i].reason);
        gs_buf_putc(&records->json, '\0');
        assert_non_null(strstr(records->json.bytes, member));
        gs_watch_free(watch);
        records_free(records);
        stream_done(&stream);
    }
}

/* What many tell only after it fired is told then; and is as severe when nobody tells it any more. */
static void test_severity_only_rises(void **state)
{
    (void)state;
    struct gs_watch_options options;
    struct stream stream;
    struct records *records = records_new();
    enum gs_severity was = GS_SEVERITY_INFO;

    options_with(&options, 1e12, 200);
    make(&stream, "entity:A", 0);
    stream_fill(&stream, "entity:A", t0 + 25 * HOUR_MS, t0 + 26 * HOUR_MS, 300, 0.25);
    stream_sort(&stream);
    struct gs_watch *watch = watch_new(&options);
    play(watch, &stream, 50, records);
    finish(watch, t0 + 60 * HOUR_MS, records);
    assert_int_equal(records->n, 3);
    assert_int_equal(records->rows[0].severity, GS_SEVERITY_INFO);
    assert_int_equal(records->rows[1].state, GS_ALERT_UPDATED);
    for (size_t i = 0; i < records->n; i++) {
        assert_true(records->rows[i].severity >= was);
        was = records->rows[i].severity;
    }
    assert_int_equal(was, GS_SEVERITY_WARNING);
    gs_watch_free(watch);
    records_free(records);
    stream_done(&stream);
}

/* A tier that changes is undone like all else. */
static void test_an_undo_of_a_tier(void **state)
{
    (void)state;
    struct gs_watch *watch = watch_new(NULL);
    struct gs_observation one = {.key = gs_str("entity:A"),
                                 .ts_ms = t0,
                                 .source = gs_str("s"),
                                 .p_negative = 0.5,
                                 .tier = 2};

    gs_watch_begin(watch);
    assert_int_equal(gs_watch_add(watch, &one), GS_OBSERVATION_COUNTED);
    gs_watch_commit(watch);
    const uint64_t before = digest(watch);
    gs_watch_begin(watch);
    one.tier = 1;
    assert_int_equal(gs_watch_add(watch, &one), GS_OBSERVATION_COUNTED);
    assert_true(digest(watch) != before);
    gs_watch_undo(watch);
    assert_true(digest(watch) == before);
    gs_watch_begin(watch);
    one.tier = 10;
    assert_int_equal(gs_watch_add(watch, &one), GS_OBSERVATION_REFUSED);
    gs_watch_undo(watch);
    gs_watch_free(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_step_at_most),
        cmocka_unit_test(test_severity_only_rises),
        cmocka_unit_test(test_an_undo_of_a_tier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
