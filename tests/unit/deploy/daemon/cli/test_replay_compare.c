/* Which alerts and incidents of two replays are counterparts, and what is counted of each day. */
#include "deploy/daemon/cli/replay_compare.h"

#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <string.h>

enum { MAX_ROWS = 4 };
static const int64_t hour_ms = 3600000;

/* Hours since the epoch; ends -1: on to the end. */
struct alert_case {
    const char *key;
    int starts, ends;
    enum gs_severity severity;
    size_t counterpart;
};

static const struct {
    const char *shows;
    struct alert_case before[MAX_ROWS], after[MAX_ROWS];
} cases[] = {
    {"the same",
     {{"topic:legal", 5, 9, GS_SEVERITY_INFO, 0}},
     {{"topic:legal", 5, 9, GS_SEVERITY_INFO, 0}}},
    {"a start that has moved",
     {{"topic:legal", 5, 9, GS_SEVERITY_INFO, 0}},
     {{"topic:legal", 7, 12, GS_SEVERITY_WARNING, 0}}},
    {"another key",
     {{"topic:legal", 5, 9, GS_SEVERITY_INFO, GS_REPLAY_ALONE}},
     {{"topic:results", 5, 9, GS_SEVERITY_INFO, GS_REPLAY_ALONE}}},
    {"another time",
     {{"topic:legal", 5, 9, GS_SEVERITY_INFO, GS_REPLAY_ALONE}},
     {{"topic:legal", 10, 12, GS_SEVERITY_INFO, GS_REPLAY_ALONE}}},
    {"one that does not end",
     {{"topic:legal", 5, -1, GS_SEVERITY_INFO, 0}},
     {{"topic:legal", 900, 901, GS_SEVERITY_INFO, 0}}},
    {"one that became two",
     {{"topic:legal", 5, 20, GS_SEVERITY_INFO, 0}},
     {{"topic:legal", 5, 8, GS_SEVERITY_INFO, 0},
      {"topic:legal", 12, 15, GS_SEVERITY_INFO, GS_REPLAY_ALONE}}},
    {"keys in another order",
     {{"topic:legal", 5, 9, GS_SEVERITY_INFO, 1}, {"entity:A", 6, 9, GS_SEVERITY_INFO, 0}},
     {{"entity:A", 5, 9, GS_SEVERITY_INFO, 1}, {"topic:legal", 6, 9, GS_SEVERITY_INFO, 0}}},
    {"nothing before", {{0}}, {{"topic:legal", 5, 9, GS_SEVERITY_INFO, GS_REPLAY_ALONE}}},
};

static void take(struct gs_replay_side *side, const struct alert_case *rows)
{
    for (size_t i = 0; i < MAX_ROWS && rows[i].key != NULL; i++) {
        struct gs_alert alert = {.rule = "negative_share",
                                 .key = gs_str(rows[i].key),
                                 .severity = rows[i].severity,
                                 .starts_at_ms = rows[i].starts * hour_ms,
                                 .fired_at_ms = rows[i].starts * hour_ms,
                                 .ends_at_ms = -1};
        (void)snprintf(alert.id, sizeof alert.id, "%016zx", i);
        gs_replay_alerts_take(&side->alerts, &alert);
        if (rows[i].ends >= 0) {
            alert.state = GS_ALERT_RESOLVED;
            alert.ends_at_ms = rows[i].ends * hour_ms;
            gs_replay_alerts_take(&side->alerts, &alert);
        }
    }
}

static void alerts_of_one_key_and_time_are_counterparts(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_replay_side sides[2] = {{.path = "a"}, {.path = "b"}};
        struct gs_replay_compared compared;
        print_message("  %s\n", cases[i].shows);
        take(&sides[0], cases[i].before);
        take(&sides[1], cases[i].after);
        assert_int_equal(gs_replay_compare(sides, &compared, NULL), GS_OK);
        for (size_t k = 0; k < sides[0].alerts.n; k++) {
            assert_int_equal(compared.alerts[0][k], cases[i].before[k].counterpart);
        }
        for (size_t k = 0; k < sides[1].alerts.n; k++) {
            assert_int_equal(compared.alerts[1][k], cases[i].after[k].counterpart);
        }
        gs_replay_compared_done(&compared);
        gs_replay_alerts_done(&sides[0].alerts);
        gs_replay_alerts_done(&sides[1].alerts);
    }
}

static void incident(struct gs_replay_side *side, const char *id, const char *key, int opened,
                     int ended)
{
    static struct gs_incident from; /* large */

    from = (struct gs_incident){.notice = GS_NOTICE_OPENED,
                                .severity = GS_SEVERITY_WARNING,
                                .opened_at_ms = opened * hour_ms,
                                .ends_at_ms = ended * hour_ms,
                                .n_keys = 1};
    (void)snprintf(from.id, sizeof from.id, "%s", id);
    (void)snprintf(from.keys[0].key, sizeof from.keys[0].key, "%s", key);
    gs_replay_incidents_take(&side->incidents, &from);
}

static void incidents_meet_by_a_key_and_a_time(void **state)
{
    (void)state;
    struct gs_replay_side sides[2] = {{.path = "a"}, {.path = "b"}};
    struct gs_replay_compared compared;

    incident(&sides[0], "a1", "entity:A", 1, 5);
    incident(&sides[0], "a2", "entity:A", 30, 35);
    incident(&sides[0], "a3", "entity:B", 30, 35);
    incident(&sides[1], "b1", "entity:A", 3, 4);
    incident(&sides[1], "b2", "entity:B", 31, 40);
    incident(&sides[1], "b3", "entity:A", 50, 55);
    assert_int_equal(gs_replay_compare(sides, &compared, NULL), GS_OK);
    assert_int_equal(compared.incidents[0][0], 0);
    assert_int_equal(compared.incidents[0][1], GS_REPLAY_ALONE);
    assert_int_equal(compared.incidents[0][2], 1);
    assert_int_equal(compared.incidents[1][2], GS_REPLAY_ALONE);

    /* One on day 0, three on day 1 of which one is alone, one on day 2. */
    assert_int_equal(compared.n_days, 3);
    assert_int_equal(compared.days[0].n[0][GS_SEVERITY_WARNING], 1);
    assert_int_equal(compared.days[1].n[0][GS_SEVERITY_WARNING], 2);
    assert_int_equal(compared.days[1].n[1][GS_SEVERITY_WARNING], 1);
    assert_int_equal(compared.days[2].n[0][GS_SEVERITY_WARNING], 0);
    assert_int_equal(compared.days[2].n[1][GS_SEVERITY_WARNING], 1);
    assert_null(compared.days[2].rule);
    gs_replay_compared_done(&compared);
    gs_replay_incidents_done(&sides[0].incidents);
    gs_replay_incidents_done(&sides[1].incidents);
}

static void days_are_counted_by_rule_and_kind(void **state)
{
    (void)state;
    static const struct alert_case before[] = {{"topic:legal", 1, 2, GS_SEVERITY_INFO, 0},
                                               {"topic:results", 3, 4, GS_SEVERITY_CRITICAL, 0},
                                               {"entity:A", 5, 6, GS_SEVERITY_INFO, 0},
                                               {NULL, 0, 0, GS_SEVERITY_INFO, 0}};
    static const struct alert_case after[] = {{"topic:legal", 25, 26, GS_SEVERITY_INFO, 0},
                                              {NULL, 0, 0, GS_SEVERITY_INFO, 0}};
    struct gs_replay_side sides[2] = {{.path = "a"}, {.path = "b"}};
    struct gs_replay_compared compared;

    take(&sides[0], before);
    take(&sides[1], after);
    assert_int_equal(gs_replay_compare(sides, &compared, NULL), GS_OK);
    assert_int_equal(compared.n_days, 3);
    assert_string_equal(compared.days[0].kind, "entity");
    assert_string_equal(compared.days[1].kind, "topic");
    assert_int_equal(compared.days[1].n[0][GS_SEVERITY_INFO], 1);
    assert_int_equal(compared.days[1].n[0][GS_SEVERITY_CRITICAL], 1);
    assert_int_equal(compared.days[2].day_ms, 24 * hour_ms);
    assert_int_equal(compared.days[2].n[1][GS_SEVERITY_INFO], 1);
    gs_replay_compared_done(&compared);
    gs_replay_alerts_done(&sides[0].alerts);
    gs_replay_alerts_done(&sides[1].alerts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alerts_of_one_key_and_time_are_counterparts),
        cmocka_unit_test(incidents_meet_by_a_key_and_a_time),
        cmocka_unit_test(days_are_counted_by_rule_and_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
