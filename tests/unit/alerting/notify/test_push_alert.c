/* An incident as an Alertmanager's alert: labels, texts, bounds. */
#include "tests/unit/alerting/notify/notify_helper.h"
#include "tests/unit/gs_test.h"

#include "alerting/notify/push_alert.h"
#include "ingest/base/utf8.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const int64_t now_ms = 1767573000000; /* 2026-01-05T00:30:00Z */

static json_t *encode(const struct gs_push_alert *alert, int64_t ends_at_ms)
{
    struct gs_buf out = {.max = 65536};
    json_error_t why;

    gs_push_alert_encode(alert, ends_at_ms, &out);
    assert_true(gs_buf_ok(&out));
    json_t *json = json_loadb(out.bytes, out.len, JSON_REJECT_DUPLICATES, &why);
    if (json == NULL) {
        fail_msg("%s: %.*s", why.text, (int)out.len, out.bytes);
    }
    gs_buf_done(&out);
    return json;
}

static const char *at(const json_t *json, const char *group, const char *name)
{
    const json_t *from = group == NULL ? json : json_object_get(json, group);
    const char *text = json_string_value(json_object_get(from, name));

    return text == NULL ? "(none)" : text;
}

static void an_alert_says_what_and_which(void **state)
{
    static struct gs_incident incident;
    struct gs_push_alert alert;

    (void)state;
    make_incident("00112233445566ff", "entity:NRV", GS_SEVERITY_WARNING, &incident);
    gs_push_alert_of(&incident, "https://desk.example/gs/", now_ms, &alert);
    json_t *json = encode(&alert, now_ms + 180000);
    static const char *const labels[][2] = {{"alertname", "NegativeIncident"},
                                            {"category", "opinion"},
                                            {"incident", "00112233445566ff"},
                                            {"kind", "entity"},
                                            {"key", "entity:NRV"},
                                            {"name", "Norvane Holdings"},
                                            {"severity", "warning"}};
    assert_int_equal(json_object_size(json_object_get(json, "labels")), GS_COUNT(labels));
    for (size_t i = 0; i < GS_COUNT(labels); i++) {
        assert_string_equal(at(json, "labels", labels[i][0]), labels[i][1]);
    }
    assert_string_equal(at(json, "annotations", "title"), "Norvane Holdings: shares suspended");
    assert_string_equal(at(json, "annotations", "summary"),
                        "68 % of 120 messages in the last hour are negative, 21 % are expected; 34 "
                        "stories by 12 publishers; entity:NRV");
    assert_string_equal(at(json, "annotations", "link"), "https://news.example/1");
    assert_string_equal(at(json, NULL, "generatorURL"),
                        "https://desk.example/gs/#incident-00112233445566ff");
    assert_string_equal(at(json, NULL, "startsAt"), "2026-01-05T00:00:00.000Z");
    assert_string_equal(at(json, NULL, "endsAt"), "2026-01-05T00:33:00.000Z");
    json_decref(json);
}

static void an_end_is_the_time_of_its_telling(void **state)
{
    static struct gs_incident incident;
    struct gs_push_alert alert;

    (void)state;
    make_incident("00112233445566ff", "entity:NRV", GS_SEVERITY_WARNING, &incident);
    incident.state = GS_INCIDENT_ENDED;
    gs_push_alert_of(&incident, NULL, now_ms, &alert);
    json_t *json = encode(&alert, now_ms + 180000);
    assert_string_equal(at(json, NULL, "endsAt"), "2026-01-05T00:30:00.000Z");
    assert_string_equal(at(json, NULL, "generatorURL"), "(none)");
    json_decref(json);
}

/* An Alertmanager refuses an alert that begins behind its end. */
static void event_time_ahead_of_the_clock_does_not_begin_later(void **state)
{
    static struct gs_incident incident;
    struct gs_push_alert alert;

    (void)state;
    make_incident("00112233445566ff", "entity:NRV", GS_SEVERITY_WARNING, &incident);
    incident.starts_at_ms = now_ms + 600000;
    gs_push_alert_of(&incident, NULL, now_ms, &alert);
    assert_int_equal(alert.starts_at_ms, now_ms);
}

static void fill(char *to, size_t size, const char *with)
{
    size_t len = 0;

    for (const size_t step = strlen(with); len + step < size; len += step) {
        memcpy(to + len, with, step);
    }
    to[len] = '\0';
}

static void texts_are_bounded_utf8_and_links_are_links(void **state)
{
    static struct gs_incident incident;
    static const char *const bad[] = {"javascript:alert(1)", "http://a b",
                                      "https://a/\"onload=", "http://a/\n",
                                      "file:///etc/passwd",  "https://\xe5\x8c\x97"};
    struct gs_push_alert alert;
    struct gs_buf out = {.max = 65536};

    (void)state;
    make_incident("00112233445566ff", "entity:NRV", GS_SEVERITY_WARNING, &incident);
    incident.n_keys = GS_INCIDENT_KEYS;
    incident.keys_left_out = 7;
    fill(incident.title, sizeof incident.title, "\xe5\x8c\x97");
    for (size_t i = 0; i < GS_INCIDENT_KEYS; i++) {
        incident.keys[i] = incident.keys[0];
        fill(incident.keys[i].key, sizeof incident.keys[i].key, "\x01\xff\xe5\x8c\x97");
    }
    for (size_t i = 0; i < GS_COUNT(bad); i++) {
        (void)snprintf(incident.keys[0].story.url, sizeof incident.keys[0].story.url, "%s", bad[i]);
        gs_push_alert_of(&incident, NULL, now_ms, &alert);
        assert_string_equal(alert.link, "");
    }
    assert_true(strlen(alert.summary) > GS_PUSH_SUMMARY_BYTES - 8);
    gs_push_alert_encode(&alert, now_ms, &out);
    assert_true(gs_buf_ok(&out) && out.len < 8192);
    assert_int_equal(gs_utf8_check(gs_buf_str(&out)), out.len);
    gs_buf_done(&out);
    json_decref(encode(&alert, now_ms));
}

static void labels_are_the_identity(void **state)
{
    static struct gs_incident incident;
    struct gs_push_alert first;
    struct gs_push_alert other;

    (void)state;
    make_incident("00112233445566ff", "entity:NRV", GS_SEVERITY_WARNING, &incident);
    gs_push_alert_of(&incident, NULL, now_ms, &first);
    incident.keys[0].now.observed = 0.9;
    incident.title[0] = 'X';
    gs_push_alert_of(&incident, NULL, now_ms, &other);
    assert_true(gs_push_same_labels(&first, &other));
    incident.severity = GS_SEVERITY_CRITICAL; /* not told yet: it waits for its notice */
    gs_push_alert_of(&incident, NULL, now_ms, &other);
    assert_true(gs_push_same_labels(&first, &other));
    incident.told_severity = GS_SEVERITY_CRITICAL;
    gs_push_alert_of(&incident, NULL, now_ms, &other);
    assert_false(gs_push_same_labels(&first, &other));
    gs_push_alert_of(&incident, NULL, now_ms, &first);
    memcpy(incident.answer.route, "desk-eu", sizeof "desk-eu");
    gs_push_alert_of(&incident, NULL, now_ms, &other);
    assert_false(gs_push_same_labels(&first, &other));
    json_t *json = encode(&other, now_ms);
    assert_string_equal(at(json, "labels", "route"), "desk-eu");
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_says_what_and_which),
        cmocka_unit_test(an_end_is_the_time_of_its_telling),
        cmocka_unit_test(event_time_ahead_of_the_clock_does_not_begin_later),
        cmocka_unit_test(texts_are_bounded_utf8_and_links_are_links),
        cmocka_unit_test(labels_are_the_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
