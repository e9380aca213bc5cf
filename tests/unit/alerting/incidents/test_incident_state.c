/* Incidents over a restart: what is saved and loaded goes on, of one origin or of two, and bytes that
 * are cut or changed are refused. */
#include "tests/unit/gs_test.h"

#include "alerting/incidents/incidents_internal.h"

#include <stdlib.h>

#define MIN INT64_C(60000)
static const int64_t t0 = 1767571200000;

static struct gs_incidents *make(void)
{
    const struct gs_incident_options options = {
        .hold_ms = 30 * MIN, .gap_ms = 15 * MIN, .max_open = 8, .n_feeds = 1};
    struct gs_incidents *incidents = NULL;

    assert_int_equal(gs_incidents_new(&options, &incidents, NULL), GS_OK);
    return incidents;
}

/* An alert of a key about ten stories that all keys share. */
static void give(struct gs_incidents *incidents, uint64_t origin, const char *key, int minute,
                 enum gs_alert_state state)
{
    struct gs_story_sample sample = {.limit = UINT64_MAX, .n = 10};
    const struct gs_evidence_item first = {.id = gs_str("m1"),
                                           .source = gs_str("wire"),
                                           .excerpt = gs_str("Regulator opens a probe"),
                                           .url = gs_str("https://news.example/1"),
                                           .ts_ms = t0,
                                           .weight = 0.5};
    struct gs_alert alert = {.id = "0123456789abcdef",
                             .key = gs_str(key),
                             .name = gs_str("Acme"),
                             .severity = GS_SEVERITY_WARNING,
                             .state = state,
                             .starts_at_ms = t0,
                             .fired_at_ms = t0 + 5 * MIN,
                             .updated_at_ms = t0 + minute * MIN,
                             .ends_at_ms = state == GS_ALERT_RESOLVED ? t0 + minute * MIN : -1,
                             .observed = 0.8,
                             .expected = 0.2,
                             .n = 12,
                             .evidence = &first,
                             .n_evidence = state == GS_ALERT_RESOLVED ? 0 : 1,
                             .sample = state == GS_ALERT_RESOLVED ? NULL : &sample};

    for (uint64_t i = 0; i < sample.n; i++) {
        sample.hashes[i] = 1000 * (i + 1);
    }
    alert.id[0] = key[0] == 'e' ? 'a' : 'b';
    assert_true(gs_incidents_add(incidents, 0, origin, &alert));
}

/* "minute notice keys", a change a line. */
static const char *collect(struct gs_incidents *incidents, int minute)
{
    static char text[4096];
    const struct gs_incident *change = NULL;
    struct gs_buf out = {.max = sizeof text - 1};

    gs_incidents_reached(incidents, 0, t0 + minute * MIN);
    while (gs_incidents_next(incidents, &change)) {
        gs_buf_printf(&out, "%d %s", (int)((change->updated_at_ms - t0) / MIN),
                      gs_incident_notice_name((enum gs_incident_notice)change->notice));
        for (uint32_t i = 0; i < change->n_keys; i++) {
            gs_buf_printf(&out, " %s%s", change->keys[i].key, change->keys[i].firing ? "" : "-");
        }
        gs_buf_puts(&out, "\n");
    }
    memcpy(text, gs_buf_str(&out).bytes, out.len);
    text[out.len] = '\0';
    gs_buf_done(&out);
    return text;
}

struct saved {
    uint64_t origin;
    char id[17];
    struct gs_buf bytes;
};

static void save_one(void *arg, const struct gs_incident *incident)
{
    struct saved *saved = arg;

    assert_int_equal(saved->bytes.len, 0); /* there is one */
    memcpy(saved->id, incident->id, sizeof saved->id);
    assert_true(gs_incident_save(incident, saved->origin, &saved->bytes));
    assert_true(gs_buf_ok(&saved->bytes));
}

static struct saved save(const struct gs_incidents *incidents, uint64_t origin)
{
    struct saved saved = {.origin = origin, .bytes = {.max = 1U << 20}};

    gs_incidents_each(incidents, save_one, &saved);
    return saved;
}

static void load(struct gs_incidents *incidents, const struct saved *saved)
{
    const struct gs_incident *incident = NULL;

    assert_int_equal(gs_incidents_load(incidents, saved->origin, gs_str(saved->id),
                                       gs_buf_str(&saved->bytes), &incident, NULL),
                     GS_OK);
    assert_non_null(incident);
}

static void encode(void *arg, const struct gs_incident *incident)
{
    gs_incident_encode(incident, arg);
}

/* Two keys of two partitions, which are loaded one after the other. */
static void it_goes_on(void **state)
{
    struct gs_buf want = {.max = 1U << 16};
    struct gs_buf got = {.max = 1U << 16};
    struct gs_incidents *first = make();
    struct gs_incidents *second = make();

    (void)state;
    give(first, 1, "entity:A", 5, GS_ALERT_FIRING);
    give(first, 2, "topic:legal", 10, GS_ALERT_FIRING);
    assert_string_equal(collect(first, 20), "5 opened entity:A\n10 none entity:A topic:legal\n");
    struct saved one = save(first, 1);
    struct saved two = save(first, 2);
    gs_incidents_each(first, encode, &want);
    load(second, &one);
    give(second, 1, "entity:A", 20, GS_ALERT_UPDATED); /* as the windows say */
    gs_incidents_loaded(second, 0, 1, t0 + 20 * MIN);
    load(second, &two);
    give(second, 2, "topic:legal", 20, GS_ALERT_UPDATED);
    gs_incidents_loaded(second, 0, 2, t0 + 20 * MIN);
    gs_incidents_each(second, encode, &got);
    assert_true(want.len > 0 && gs_str_equal(gs_buf_str(&want), gs_buf_str(&got)));
    assert_string_equal(collect(second, 20), ""); /* nobody is told of anything */
    give(second, 1, "entity:A", 60, GS_ALERT_RESOLVED);
    give(second, 2, "topic:legal", 70, GS_ALERT_RESOLVED);
    assert_string_equal(collect(second, 110), "60 none entity:A- topic:legal\n"
                                              "70 none entity:A- topic:legal-\n"
                                              "100 ended entity:A- topic:legal-\n");
    gs_buf_done(&one.bytes);
    gs_buf_done(&two.bytes);
    gs_buf_done(&want);
    gs_buf_done(&got);
    gs_incidents_free(first);
    gs_incidents_free(second);
}

/* The windows are a batch ahead of what is kept of incidents: an alert of theirs is over, or has
 * come. */
static void the_windows_have_the_last_word(void **state)
{
    struct gs_incidents *first = make();
    struct gs_incidents *second = make();

    (void)state;
    give(first, 1, "entity:A", 5, GS_ALERT_FIRING);
    assert_string_equal(collect(first, 20), "5 opened entity:A\n");
    struct saved saved = save(first, 1);
    load(second, &saved);
    give(second, 1, "topic:legal", 25, GS_ALERT_UPDATED);
    gs_incidents_loaded(second, 0, 1, t0 + 25 * MIN); /* of entity:A they say nothing */
    assert_string_equal(collect(second, 25), "25 none entity:A- topic:legal\n");
    gs_buf_done(&saved.bytes);
    gs_incidents_free(first);
    gs_incidents_free(second);
}

/* Cut anywhere: refused. A byte changed: refused, or taken and still whole. */
static void damaged_bytes_are_refused(void **state)
{
    struct gs_incidents *first = make();
    struct gs_error err = {0};

    (void)state;
    give(first, 1, "entity:A", 5, GS_ALERT_FIRING);
    assert_string_equal(collect(first, 20), "5 opened entity:A\n");
    struct saved saved = save(first, 1);
    for (size_t len = 0; len < saved.bytes.len; len++) {
        struct gs_incidents *second = make();
        const struct gs_incident *incident = NULL;
        char *exact = malloc(len + 1);
        assert_non_null(exact);
        memcpy(exact, saved.bytes.bytes, len);
        assert_int_equal(gs_incidents_load(second, 1, gs_str(saved.id), (struct gs_str){exact, len},
                                           &incident, &err),
                         GS_BAD_FORMAT);
        assert_non_null(strstr(err.message, "damaged"));
        assert_null(incident);
        free(exact);
        gs_incidents_free(second);
    }
    for (size_t at = 0; at < saved.bytes.len; at++) {
        struct gs_incidents *second = make();
        const struct gs_incident *incident = NULL;
        saved.bytes.bytes[at] = (char)~(unsigned char)saved.bytes.bytes[at];
        if (gs_incidents_load(second, 1, gs_str(saved.id), gs_buf_str(&saved.bytes), &incident,
                              &err) == GS_OK) {
            assert_in_range(incident->n_keys, 1, GS_INCIDENT_KEYS);
            (void)collect(second, 200);
        }
        saved.bytes.bytes[at] = (char)~(unsigned char)saved.bytes.bytes[at];
        gs_incidents_free(second);
    }
    struct gs_incidents *second = make();
    const struct gs_incident *incident = NULL;
    assert_int_equal(
        gs_incidents_load(second, 1, gs_str("no id"), gs_buf_str(&saved.bytes), &incident, &err),
        GS_BAD_FORMAT);
    gs_incidents_free(second);
    gs_buf_done(&saved.bytes);
    gs_incidents_free(first);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(it_goes_on),
        cmocka_unit_test(the_windows_have_the_last_word),
        cmocka_unit_test(damaged_bytes_are_refused),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}
