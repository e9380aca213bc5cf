#include "tests/unit/gs_test.h"

#include "deploy/daemon/demo/alerts.h"

#include <pthread.h>
#include <stdio.h>

enum { N_MESSAGES = 120000 };

struct fixture {
    struct gs_demo *demo;
    struct gs_demo_alerts *alerts;
    size_t of[GS_DEMO_N_PLANTS][2]; /* numbers of two messages of each plant */
};

static int make(void **state)
{
    static struct fixture fixture;
    const struct gs_demo_options options = {
        .seed = 1, .start_ms = INT64_C(1760000000000), .n_messages = N_MESSAGES};
    size_t found[GS_DEMO_N_PLANTS] = {0};
    struct gs_demo_message message;

    assert_int_equal(gs_demo_new(&options, &fixture.demo, NULL), GS_OK);
    assert_int_equal(gs_demo_alerts_new(fixture.demo, N_MESSAGES, &fixture.alerts, NULL), GS_OK);
    for (size_t i = 0; gs_demo_next(fixture.demo, &message); i++) {
        gs_demo_alerts_sent(fixture.alerts, &message);
        if (found[message.plant] < 2) {
            fixture.of[message.plant][found[message.plant]++] = i;
        }
    }
    *state = &fixture;
    return 0;
}

static int unmake(void **state)
{
    struct fixture *fixture = *state;
    gs_demo_alerts_free(fixture->alerts);
    gs_demo_free(fixture->demo);
    return 0;
}

static const struct gs_demo_event *event_of(const struct fixture *fixture, enum gs_demo_plant plant)
{
    const struct gs_demo_event *events;
    const size_t n = gs_demo_events(fixture->demo, &events);
    for (size_t i = 0; i < n; i++) {
        if (events[i].plant == plant) {
            return &events[i];
        }
    }
    return NULL;
}

/* An alert whose evidence is two messages of plant and one of other, each of the weight given. */
static void raise_alert(const struct fixture *fixture, const char *id, const char *key,
                        int64_t fired_at_ms, enum gs_demo_plant plant, double weight,
                        enum gs_alert_state alert_state)
{
    char ids[3][40];
    snprintf(ids[0], sizeof ids[0], "demo-1-%zu", fixture->of[plant][0]);
    snprintf(ids[1], sizeof ids[1], "demo-1-%zu", fixture->of[plant][1]);
    snprintf(ids[2], sizeof ids[2], "demo-1-%zu", fixture->of[GS_DEMO_ORDINARY][0]);
    const struct gs_evidence_item evidence[] = {
        {.id = gs_str(ids[0]),
         .source = gs_str("wire"),
         .excerpt = gs_str("one"),
         .weight = weight},
        {.id = gs_str(ids[1]),
         .source = gs_str("paper"),
         .excerpt = gs_str("two"),
         .weight = weight},
        {.id = gs_str(ids[2]),
         .source = gs_str("forum"),
         .excerpt = gs_str("three"),
         .weight = 1 - 2 * weight},
    };
    struct gs_alert alert = {.rule = "negative_share",
                             .key = gs_str(key),
                             .severity = GS_SEVERITY_WARNING,
                             .state = alert_state,
                             .starts_at_ms = fired_at_ms,
                             .fired_at_ms = fired_at_ms,
                             .observed = 0.6,
                             .expected = 0.2,
                             .log10_evidence = 3,
                             .evidence = evidence,
                             .n_evidence = GS_COUNT(evidence)};
    snprintf(alert.id, sizeof alert.id, "%016x", (unsigned)(id[0] * 256 + id[1]));
    gs_demo_alerts_take(fixture->alerts, &alert);
}

static const struct gs_demo_verdict *verdict_of(const struct gs_demo_verdict *verdicts, size_t n,
                                                enum gs_demo_plant plant)
{
    for (size_t i = 0; i < n; i++) {
        if (verdicts[i].event.plant == plant) {
            return &verdicts[i];
        }
    }
    return NULL;
}

static void silence_fails_the_surges_and_passes_the_controls(void **state)
{
    const struct fixture *fixture = *state;
    struct gs_demo_verdict verdicts[GS_DEMO_MAX_EVENTS];
    assert_int_equal(gs_demo_judge(fixture->alerts, INT64_MAX, verdicts), 4);
    assert_false(verdict_of(verdicts, 4, GS_DEMO_SURGE_EN)->passed);
    assert_false(verdict_of(verdicts, 4, GS_DEMO_SURGE_ZH)->passed);
    assert_true(verdict_of(verdicts, 4, GS_DEMO_BURST)->passed);
    assert_true(verdict_of(verdicts, 4, GS_DEMO_COPY)->passed);
}

static void events_to_come_are_not_judged(void **state)
{
    const struct fixture *fixture = *state;
    struct gs_demo_verdict verdicts[GS_DEMO_MAX_EVENTS];
    const int64_t end = event_of(fixture, GS_DEMO_BURST)->to_ms;
    assert_int_equal(gs_demo_judge(fixture->alerts, 0, verdicts), 0);
    assert_int_equal(gs_demo_judge(fixture->alerts, end - 1, verdicts), 1);
    assert_int_equal(gs_demo_judge(fixture->alerts, end, verdicts), 2);
}

static void an_alert_belongs_to_what_its_evidence_is(void **state)
{
    const struct fixture *fixture = *state;
    static const struct {
        const char *shows, *key;
        enum gs_demo_plant plant;
        double weight;
        enum gs_demo_plant judged; /* event that is looked at */
        bool passed;
        size_t n_alerts;
    } cases[] = {
        {"the surge's company", "entity:PELLAMERE.DEMO", GS_DEMO_SURGE_EN, 0.4, GS_DEMO_SURGE_EN,
         true, 1},
        {"the surge's topic", "topic:real_estate", GS_DEMO_SURGE_ZH, 0.4, GS_DEMO_SURGE_ZH, true,
         1},
        {"another key of the surge does not find it", "source:wire", GS_DEMO_SURGE_EN, 0.4,
         GS_DEMO_SURGE_EN, false, 1},
        {"the right key for the wrong reason", "entity:PELLAMERE.DEMO", GS_DEMO_SURGE_EN, 0.1,
         GS_DEMO_SURGE_EN, false, 0},
        {"any key fails a control", "topic:macro", GS_DEMO_BURST, 0.4, GS_DEMO_BURST, false, 1},
        {"the copies' company", "entity:FENLARQUE.DEMO", GS_DEMO_COPY, 0.4, GS_DEMO_COPY, false, 1},
        {"a control's key with other evidence", "topic:central_bank", GS_DEMO_SURGE_EN, 0.4,
         GS_DEMO_BURST, true, 0},
    };
    struct fixture fresh = *fixture;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_demo_verdict verdicts[GS_DEMO_MAX_EVENTS];
        struct gs_demo_message message;
        print_message("  %s\n", cases[i].shows);
        assert_int_equal(gs_demo_alerts_new(fixture->demo, N_MESSAGES, &fresh.alerts, NULL), GS_OK);
        for (size_t plant = 0; plant < GS_DEMO_N_PLANTS; plant++) {
            for (size_t k = 0; k < 2; k++) {
                message.plant = (enum gs_demo_plant)plant;
                snprintf(message.id, sizeof message.id, "demo-1-%zu", fixture->of[plant][k]);
                gs_demo_alerts_sent(fresh.alerts, &message);
            }
        }
        const int64_t at = event_of(fixture, cases[i].plant)->from_ms + INT64_C(30) * 60000;
        raise_alert(&fresh, "a1", cases[i].key, at, cases[i].plant, cases[i].weight,
                    GS_ALERT_FIRING);
        const size_t n = gs_demo_judge(fresh.alerts, INT64_MAX, verdicts);
        const struct gs_demo_verdict *verdict = verdict_of(verdicts, n, cases[i].judged);
        assert_int_equal(verdict->passed, cases[i].passed);
        assert_int_equal(verdict->n_alerts, cases[i].n_alerts);
        assert_int_equal(verdict->delay_ms, verdict->key[0] == '\0' ? -1 : INT64_C(30) * 60000);
        gs_demo_alerts_free(fresh.alerts);
    }
}

static void later_states_update_the_same_alert(void **state)
{
    struct fixture fresh = *(struct fixture *)*state;
    struct gs_demo_alert alert;
    assert_int_equal(gs_demo_alerts_new(fresh.demo, N_MESSAGES, &fresh.alerts, NULL), GS_OK);
    raise_alert(&fresh, "b1", "topic:legal", 1000, GS_DEMO_SURGE_EN, 0.4, GS_ALERT_FIRING);
    raise_alert(&fresh, "b2", "topic:macro", 2000, GS_DEMO_BURST, 0.4, GS_ALERT_FIRING);
    raise_alert(&fresh, "b1", "topic:legal", 1000, GS_DEMO_SURGE_EN, 0.4, GS_ALERT_RESOLVED);
    assert_int_equal(gs_demo_alerts_fired(fresh.alerts), 2);
    assert_true(gs_demo_alerts_get(fresh.alerts, 0, &alert));
    assert_string_equal(alert.key, "topic:legal");
    assert_int_equal(alert.state, GS_ALERT_RESOLVED);
    assert_int_equal(alert.n_evidence, 3);
    assert_string_equal(alert.evidence[1].text, "two");
    assert_true(gs_demo_alerts_get(fresh.alerts, 1, &alert));
    assert_false(gs_demo_alerts_get(fresh.alerts, 2, &alert));
    gs_demo_alerts_free(fresh.alerts);
}

static void what_does_not_fit_is_counted(void **state)
{
    struct fixture fresh = *(struct fixture *)*state;
    struct gs_demo_alert alert;
    assert_int_equal(gs_demo_alerts_new(fresh.demo, N_MESSAGES, &fresh.alerts, NULL), GS_OK);
    for (int i = 0; i < GS_DEMO_MAX_ALERTS + 5; i++) {
        const char id[3] = {(char)('0' + i / 64), (char)('0' + i % 64), '\0'};
        raise_alert(&fresh, id, "topic:legal", 1000, GS_DEMO_SURGE_EN, 0.4, GS_ALERT_FIRING);
    }
    assert_int_equal(gs_demo_alerts_fired(fresh.alerts), GS_DEMO_MAX_ALERTS + 5);
    assert_true(gs_demo_alerts_get(fresh.alerts, GS_DEMO_MAX_ALERTS - 1, &alert));
    assert_false(gs_demo_alerts_get(fresh.alerts, GS_DEMO_MAX_ALERTS, &alert));
    gs_demo_alerts_free(fresh.alerts);
}

static void strange_ids_and_long_texts_are_survived(void **state)
{
    struct fixture fresh = *(struct fixture *)*state;
    struct gs_demo_alert kept;
    char key[400], text[400];
    memset(key, 'k', sizeof key);
    for (size_t i = 0; i + 2 < sizeof text; i += 3) {
        // NOLINTNEXTLINE(bugprone-not-null-terminated-result): a length goes with it
        memcpy(text + i, "\xE5\x80\xBA", 3); /* three bytes: the cut must not split it */
    }
    const struct gs_evidence_item evidence[] = {
        {.id = gs_str("demo-1-99999999999999999999"), .excerpt = {text, 399}, .weight = 0.5},
        {.id = {NULL, 0}, .excerpt = {NULL, 0}, .weight = 0.3},
        {.id = gs_str("x"), .weight = 0.2},
    };
    const struct gs_alert alert = {.id = "00000000000000ff",
                                   .key = {key, sizeof key},
                                   .state = GS_ALERT_FIRING,
                                   .evidence = evidence,
                                   .n_evidence = GS_COUNT(evidence)};
    assert_int_equal(gs_demo_alerts_new(fresh.demo, N_MESSAGES, &fresh.alerts, NULL), GS_OK);
    gs_demo_alerts_take(fresh.alerts, &alert);
    assert_true(gs_demo_alerts_get(fresh.alerts, 0, &kept));
    assert_int_equal(kept.plant, GS_DEMO_ORDINARY);
    assert_int_equal(strlen(kept.key), sizeof kept.key - 1);
    assert_int_equal(strlen(kept.evidence[0].text), 189); /* 63 whole characters below 192 bytes */
    gs_demo_alerts_free(fresh.alerts);
}

/* What the feeder and a lane do while the screen reads. */
static void *send_and_raise(void *arg)
{
    const struct fixture *fixture = arg;
    struct gs_demo_message message = {.plant = GS_DEMO_SURGE_EN};
    for (int i = 0; i < 200; i++) {
        const char id[3] = {(char)('0' + i / 64), (char)('0' + i % 64), '\0'};
        snprintf(message.id, sizeof message.id, "demo-1-%zu", fixture->of[GS_DEMO_SURGE_EN][i % 2]);
        gs_demo_alerts_sent(fixture->alerts, &message);
        raise_alert(fixture, id, "topic:legal", 1000, GS_DEMO_SURGE_EN, 0.4, GS_ALERT_FIRING);
    }
    return NULL;
}

static void threads_write_while_another_reads(void **state)
{
    struct fixture fresh = *(struct fixture *)*state;
    struct gs_demo_verdict verdicts[GS_DEMO_MAX_EVENTS];
    struct gs_demo_alert alert;
    pthread_t threads[2];
    size_t seen = 0;
    assert_int_equal(gs_demo_alerts_new(fresh.demo, N_MESSAGES, &fresh.alerts, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, send_and_raise, &fresh), 0);
    }
    while (gs_demo_alerts_fired(fresh.alerts) < 200) { /* both raise the same 200 */
        seen += gs_demo_alerts_get(fresh.alerts, seen, &alert);
        (void)gs_demo_judge(fresh.alerts, INT64_MAX, verdicts);
    }
    for (size_t i = 0; i < GS_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(gs_demo_alerts_fired(fresh.alerts), 200);
    gs_demo_alerts_free(fresh.alerts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_fails_the_surges_and_passes_the_controls),
        cmocka_unit_test(events_to_come_are_not_judged),
        cmocka_unit_test(an_alert_belongs_to_what_its_evidence_is),
        cmocka_unit_test(later_states_update_the_same_alert),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(threads_write_while_another_reads),
        cmocka_unit_test(strange_ids_and_long_texts_are_survived),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
