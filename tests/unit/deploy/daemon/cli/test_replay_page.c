/* The page: charts of what was found, nothing that a message could make of it, and bounds. */
#include "deploy/daemon/cli/replay_page.h"

#include "deploy/daemon/cli/replay_chart.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char hostile[] = "\"><script>alert(1)</script><a href=javascript:x>\x1B[2J&";
static const int64_t hour_ms = 3600000, t0 = 1700006400000;

struct fixture {
    struct gs_replay_side side;
    struct gs_config *config;
    struct gs_replay_page page;
    const char *files[1];
    char *text; /* of the page */
};

static struct fixture *fixture_new(void)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    assert_int_equal(gs_config_defaults(&fixture->config, NULL), GS_OK);
    fixture->files[0] = hostile;
    fixture->side = (struct gs_replay_side){.path = hostile, .config = fixture->config};
    fixture->side.totals.from_ms = t0 - 48 * hour_ms;
    fixture->side.totals.to_ms = t0 + 48 * hour_ms;
    fixture->page =
        (struct gs_replay_page){.side = &fixture->side, .files = fixture->files, .n_files = 1};
    assert_int_equal(gs_replay_series_new(300000, &fixture->page.series, NULL), GS_OK);
    return fixture;
}

/* An alert with an incident of its own, and its key's numbers around it. */
static void happens(struct fixture *fixture, const char *key, int64_t at_ms, int64_t window_s,
                    enum gs_severity severity)
{
    static struct gs_incident incident; /* large */
    const struct gs_evidence_item item = {.id = gs_str("m1"),
                                          .source = gs_str(hostile),
                                          .excerpt = gs_str(hostile),
                                          .ts_ms = at_ms,
                                          .weight = 0.5};
    struct gs_alert alert = {.rule = "negative_share",
                             .key = gs_str(key),
                             .name = gs_str(hostile),
                             .severity = severity,
                             .starts_at_ms = at_ms,
                             .fired_at_ms = at_ms,
                             .ends_at_ms = -1,
                             .observed = 0.62,
                             .expected = 0.21,
                             .n = 48,
                             .window_s = window_s,
                             .log10_evidence = 1.2,
                             .evidence = &item,
                             .n_evidence = 1};

    (void)snprintf(alert.id, sizeof alert.id, "%08zx%08x", fixture->side.alerts.n, 0x77U);
    for (int64_t i = -40; i < 10; i++) {
        const struct gs_key_view view = {.key = gs_str(key),
                                         .n_hour = 10,
                                         .observed = i < 0 ? 0.2 : 0.6,
                                         .expected = 0.21,
                                         .expected_sd = 0.05,
                                         .log10_evidence = i < 0 ? -2 : 1.2,
                                         .log10_threshold = 0.7,
                                         .firing = i >= 0};
        gs_replay_series_take(fixture->page.series, at_ms + i * 300000, &view);
    }
    gs_replay_page_alert(&fixture->page, &alert);
    incident = (struct gs_incident){.notice = GS_NOTICE_OPENED,
                                    .severity = (uint8_t)severity,
                                    .opened_at_ms = at_ms,
                                    .ends_at_ms = at_ms + hour_ms,
                                    .n_keys = 1};
    memcpy(incident.id, alert.id, sizeof incident.id);
    (void)snprintf(incident.title, sizeof incident.title, "%s", hostile);
    (void)snprintf(incident.keys[0].key, sizeof incident.keys[0].key, "%s", key);
    incident.keys[0].fired_at_ms = at_ms;
    gs_replay_incidents_take(&fixture->side.incidents, &incident);
}

static const char *write_page(struct fixture *fixture)
{
    struct gs_buf out = {.max = 64 << 20};

    gs_replay_page_write(&fixture->page, &out);
    gs_buf_putc(&out, '\0');
    assert_true(gs_buf_ok(&out));
    fixture->text = out.bytes;
    return fixture->text;
}

static void fixture_free(struct fixture *fixture)
{
    gs_replay_page_done(&fixture->page);
    gs_replay_alerts_done(&fixture->side.alerts);
    gs_replay_incidents_done(&fixture->side.incidents);
    gs_config_free(fixture->config);
    free(fixture->text);
    free(fixture);
}

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        n++;
    }
    return n;
}

static void what_comes_from_messages_is_text(void **state)
{
    struct fixture *fixture = fixture_new();
    (void)state;

    happens(fixture, hostile, t0, 3600, GS_SEVERITY_WARNING);
    const char *text = write_page(fixture);
    assert_int_equal(count_of(text, "<script"), 0);
    assert_int_equal(count_of(text, "<a href=javascript"), 0);
    assert_int_equal(count_of(text, "\x1B"), 0);
    assert_true(count_of(text, "&lt;script&gt;alert(1)&lt;/script&gt;") >= 6);
    assert_non_null(strstr(text, "Content-Security-Policy"));
    assert_int_equal(count_of(text, "http"), 1); /* of http-equiv: nothing from elsewhere */
    fixture_free(fixture);
}

static void an_incident_has_a_card_with_two_charts(void **state)
{
    struct fixture *fixture = fixture_new();
    (void)state;

    happens(fixture, "topic:legal", t0, 3600, GS_SEVERITY_CRITICAL);
    happens(fixture, "entity:A", t0 + 10 * hour_ms, 10800, GS_SEVERITY_INFO);
    const char *text = write_page(fixture);
    assert_non_null(
        strstr(text, "<b>2 incidents</b> in <b>4 days</b>: 1 critical, 0 warning, 1 info."));
    assert_int_equal(count_of(text, "<article id="), 2);
    assert_int_equal(count_of(text, "<figure>"), 4);
    assert_int_equal(count_of(text, "Negative share of the last hour, in %</figcaption>"), 1);
    assert_int_equal(count_of(text, "Negative share of the last three hours, in %</figcaption>"),
                     1);
    assert_int_equal(count_of(text, ">alert "), 4);
    assert_non_null(strstr(text, "<b>62 %</b> of 48 messages within 60 minutes were negative, "
                                 "<b>21 %</b> are usual"));
    assert_non_null(strstr(text, "href=\"#i2\""));
    assert_non_null(strstr(text, "id=\"i2\""));
    assert_int_equal(count_of(text, "nan"), 0);
    fixture_free(fixture);
}

static void nothing_found_is_said(void **state)
{
    struct fixture *fixture = fixture_new();
    const struct gs_near_miss near = {.key = gs_str(hostile), .log10_evidence = 0.2, .n = 3};
    (void)state;

    gs_replay_nearest_take(&fixture->side.nearest, &near);
    const char *text = write_page(fixture);
    assert_non_null(strstr(text, "<b>0 incidents</b> in <b>4 days</b>."));
    assert_non_null(strstr(text, "What came nearest without an alert"));
    assert_int_equal(count_of(text, "<script"), 0);
    fixture_free(fixture);
}

static void the_gravest_have_cards_and_the_others_rows(void **state)
{
    struct fixture *fixture = fixture_new();
    char key[32];
    (void)state;

    for (int i = 0; i < 130; i++) {
        (void)snprintf(key, sizeof key, "topic:%d", i);
        happens(fixture, key, t0 + i * hour_ms / 4, 3600,
                i >= 125 ? GS_SEVERITY_CRITICAL : GS_SEVERITY_INFO);
    }
    const char *text = write_page(fixture);
    assert_int_equal(count_of(text, "<article id="), 100);
    assert_int_equal(count_of(text, "<article id=\"i130\" class=\"critical\">"), 1);
    assert_int_equal(count_of(text, "<tr id="), 30);
    assert_int_equal(count_of(text, "<tr id=\"i96\">"), 1);
    fixture_free(fixture);
}

/* Three hours of 10, 20 and 30 messages: the share of the three is that of their sums. */
static void three_hours_are_added_up(void **state)
{
    static struct gs_series_point points[] = {
        {.at_ms = 0, .n = 10, .observed = 1.0F, .expected = 0.5F},
        {.at_ms = 3600000, .n = 20, .observed = 0.5F, .expected = 0.5F},
        {.at_ms = 7200000, .n = 30, .observed = 0.0F, .expected = 0.5F}};
    const struct gs_series series = {.key = "k", .points = points, .n = GS_COUNT(points)};
    const struct gs_replay_alerts none = {.n = 0};
    struct gs_buf out = {.max = 1 << 20};
    (void)state;

    gs_replay_charts(&out, &series, 3, &none);
    gs_buf_putc(&out, '\0');
    assert_true(gs_buf_ok(&out));
    /* 100 % at the top (16), then 20 of 30, then 20 of 60; the plot is 146 high. */
    assert_non_null(strstr(out.bytes, "<polyline class=\"observed\" points=\"44.0,16.0 227.0,64.7 "
                                      "410.0,113.3 \"/>"));
    gs_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_from_messages_is_text),
        cmocka_unit_test(an_incident_has_a_card_with_two_charts),
        cmocka_unit_test(nothing_found_is_said),
        cmocka_unit_test(the_gravest_have_cards_and_the_others_rows),
        cmocka_unit_test(three_hours_are_added_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
