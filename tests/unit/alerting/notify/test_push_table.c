/* What every Alertmanager is to know, by a clock of the test's. */
#include "tests/unit/gs_test.h"

#include "alerting/notify/push_table.h"

#include <stdio.h>
#include <string.h>

enum { RESEND = 60000 };

static struct gs_push_table *make(size_t n_peers, size_t max)
{
    struct gs_push_table *table = NULL;

    assert_int_equal(gs_push_new(n_peers, max, RESEND, &table, NULL), GS_OK);
    return table;
}

static struct gs_push_alert alert(const char *incident, enum gs_severity severity, bool ended)
{
    struct gs_push_alert ret = {.severity = (uint8_t)severity,
                                .at_ms = 2000000,
                                .starts_at_ms = 1000000,
                                .ended_at_ms = ended ? 2000000 : -1};

    (void)snprintf(ret.incident, sizeof ret.incident, "%s", incident);
    (void)snprintf(ret.key, sizeof ret.key, "entity:%s", incident);
    return ret;
}

static bool put(struct gs_push_table *table, const char *incident, enum gs_severity severity,
                bool told, int64_t now_ms)
{
    const struct gs_push_alert one = alert(incident, severity, false);
    return gs_push_put(table, &one, told, now_ms);
}

static void end(struct gs_push_table *table, const char *incident, int64_t now_ms)
{
    const struct gs_push_alert one = alert(incident, GS_SEVERITY_WARNING, true);
    assert_true(gs_push_put(table, &one, true, now_ms));
}

/* The next request of a peer: how many alerts; text holds its body. */
static size_t ask(struct gs_push_table *table, size_t peer, int64_t now_ms,
                  struct gs_push_batch *ret, char text[8192])
{
    struct gs_buf body = {.max = 65536};

    const bool some = gs_push_batch(table, peer, now_ms, 9000000, ret, &body);
    assert_int_equal(some, body.len > 0);
    (void)snprintf(text, 8192, "%.*s", (int)body.len, body.len > 0 ? body.bytes : "");
    gs_buf_done(&body);
    return some ? ret->n : 0;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        n++;
    }
    return n;
}

#define ON "\"endsAt\":\"1970-01-01T02:30:00.000Z\""
#define OVER "\"endsAt\":\"1970-01-01T00:33:20.000Z\""

static void an_alert_is_told_at_once_and_again(void **state)
{
    struct gs_push_table *table = make(2, 16);
    struct gs_push_batch batch;
    char text[8192];

    (void)state;
    assert_int_equal(gs_push_due(table, 0), INT64_MAX);
    assert_true(put(table, "a", GS_SEVERITY_WARNING, true, 100));
    for (size_t peer = 0; peer < 2; peer++) { /* every peer, each by itself */
        assert_int_equal(gs_push_due(table, peer), 100);
        assert_int_equal(gs_push_waiting(table, peer, 100), 1);
        assert_int_equal(ask(table, peer, 100, &batch, text), 1);
        assert_int_equal(count(text, ON), 1);
        gs_push_accepted(table, peer, &batch, 150);
        assert_int_equal(gs_push_waiting(table, peer, 150), 0);
        assert_int_equal(ask(table, peer, 151, &batch, text), 0);
        assert_int_equal(gs_push_due(table, peer), 150 + RESEND);
        assert_int_equal(ask(table, peer, 150 + RESEND, &batch, text), 1);
    }
    gs_push_free(table);
}

static void what_changes_without_a_notice_waits(void **state)
{
    struct gs_push_table *table = make(1, 16);
    struct gs_push_batch batch;
    char text[8192];

    (void)state;
    assert_true(put(table, "a", GS_SEVERITY_WARNING, true, 0));
    assert_int_equal(ask(table, 0, 0, &batch, text), 1);
    gs_push_accepted(table, 0, &batch, 0);
    struct gs_push_alert changed = alert("a", GS_SEVERITY_CRITICAL, false);
    (void)snprintf(changed.summary, sizeof changed.summary, "more of it");
    assert_true(gs_push_put(table, &changed, false, 1000));
    assert_int_equal(gs_push_due(table, 0), RESEND);
    assert_int_equal(ask(table, 0, RESEND, &batch, text), 1);
    assert_int_equal(count(text, "more of it"), 1);
    assert_int_equal(count(text, "critical"), 0); /* a label: only with a notice */
    gs_push_free(table);
}

/* Other labels are another alert: the one before has to end, or it would stay. */
static void a_graver_alert_ends_the_milder_one(void **state)
{
    struct gs_push_table *table = make(1, 16);
    struct gs_push_batch batch;
    char text[8192];

    (void)state;
    assert_true(put(table, "a", GS_SEVERITY_WARNING, true, 0));
    assert_int_equal(ask(table, 0, 0, &batch, text), 1);
    gs_push_accepted(table, 0, &batch, 0);
    assert_true(put(table, "a", GS_SEVERITY_CRITICAL, true, 1000));
    assert_int_equal(ask(table, 0, 1000, &batch, text), 2);
    assert_int_equal(count(text, "\"severity\":\"warning\""), 1);
    assert_int_equal(count(text, "\"severity\":\"critical\""), 1);
    assert_true(strstr(text, OVER) < strstr(text, "\"severity\":\"critical\""));
    assert_int_equal(count(text, ON), 1);
    gs_push_accepted(table, 0, &batch, 1000);
    end(table, "a", 2000); /* the one that is on, and only that */
    assert_int_equal(ask(table, 0, 2000, &batch, text), 1);
    assert_int_equal(count(text, "\"severity\":\"critical\""), 1);
    assert_int_equal(count(text, OVER), 1);
    gs_push_free(table);
}

static void an_end_is_told_for_some_minutes(void **state)
{
    struct gs_push_table *table = make(1, 16);
    struct gs_push_batch batch;
    char text[8192];
    size_t n = 0;

    (void)state;
    assert_true(put(table, "a", GS_SEVERITY_WARNING, true, 0));
    assert_int_equal(ask(table, 0, 0, &batch, text), 1);
    gs_push_accepted(table, 0, &batch, 0);
    end(table, "a", 1000);
    for (int64_t now_ms = 1000; now_ms < 3600000; now_ms += 1000) {
        if (ask(table, 0, now_ms, &batch, text) > 0) {
            assert_int_equal(count(text, OVER), 1);
            gs_push_accepted(table, 0, &batch, now_ms);
            n++;
        }
        gs_push_sweep(table, now_ms);
    }
    assert_in_range(n, 5, 7);
    assert_int_equal(gs_push_count(table), 0);
    gs_push_free(table);
}

/* Of two peers one is away: it is told of the end when it is back, within a day. */
static void an_end_waits_for_a_peer_that_is_away(void **state)
{
    struct gs_push_table *table = make(2, 16);
    struct gs_push_batch batch;
    char text[8192];

    (void)state;
    assert_true(put(table, "a", GS_SEVERITY_WARNING, true, 0));
    end(table, "a", 1000);
    assert_int_equal(ask(table, 0, 1000, &batch, text), 1);
    gs_push_accepted(table, 0, &batch, 1000);
    gs_push_sweep(table, 3600000);
    assert_int_equal(ask(table, 1, 3600000, &batch, text), 1);
    assert_int_equal(count(text, OVER), 1);
    gs_push_accepted(table, 1, &batch, 3600000);
    gs_push_sweep(table, 3600000);
    assert_int_equal(gs_push_count(table), 0);

    assert_true(put(table, "b", GS_SEVERITY_WARNING, true, 0));
    end(table, "b", 1000);
    gs_push_sweep(table, GS_PUSH_GIVE_UP_MS);
    assert_int_equal(gs_push_count(table), 1);
    gs_push_sweep(table, GS_PUSH_GIVE_UP_MS + 1000);
    assert_int_equal(gs_push_count(table), 0);
    gs_push_free(table);
}

static void what_changes_on_its_way_is_told_again(void **state)
{
    struct gs_push_table *table = make(1, 16);
    struct gs_push_batch batch;
    char text[8192];

    (void)state;
    assert_true(put(table, "a", GS_SEVERITY_WARNING, true, 0));
    assert_int_equal(ask(table, 0, 0, &batch, text), 1);
    end(table, "a", 10); /* while the request is on its way */
    gs_push_accepted(table, 0, &batch, 20);
    assert_int_equal(gs_push_due(table, 0), 20);
    assert_int_equal(ask(table, 0, 20, &batch, text), 1);
    assert_int_equal(count(text, OVER), 1);
    gs_push_free(table);
}

/* A 400 says that some were refused, and not which. */
static void a_refused_request_is_sent_in_single_alerts(void **state)
{
    struct gs_push_table *table = make(1, 16);
    struct gs_push_batch batch;
    char text[8192];
    char name[8];
    size_t n_alone = 0;

    (void)state;
    for (int i = 0; i < 5; i++) {
        (void)snprintf(name, sizeof name, "i%d", i);
        assert_true(put(table, name, GS_SEVERITY_WARNING, true, 0));
    }
    assert_int_equal(ask(table, 0, 0, &batch, text), 5);
    assert_null(gs_push_refused(table, 0, &batch, 10));
    while (ask(table, 0, 20, &batch, text) > 0) {
        assert_int_equal(batch.n, 1);
        n_alone++;
        if (strstr(text, "\"i3\"") != NULL) {
            assert_string_equal(gs_push_refused(table, 0, &batch, 20), "i3");
        } else {
            gs_push_accepted(table, 0, &batch, 20);
        }
    }
    assert_int_equal(n_alone, 5);
    assert_int_equal(ask(table, 0, 20 + RESEND, &batch, text), 4); /* together again, without it */
    gs_push_accepted(table, 0, &batch, 20 + RESEND);
    assert_true(put(table, "i3", GS_SEVERITY_CRITICAL, true, 30 + RESEND)); /* another alert */
    assert_true(ask(table, 0, 30 + RESEND, &batch, text) > 0);
    gs_push_free(table);
}

static void muted_and_forgotten_ones_are_not_kept_up(void **state)
{
    struct gs_push_table *table = make(1, 16);
    struct gs_push_batch batch;
    char text[8192];

    (void)state;
    assert_true(put(table, "a", GS_SEVERITY_WARNING, true, 0));
    assert_true(put(table, "b", GS_SEVERITY_WARNING, true, 0));
    assert_int_equal(ask(table, 0, 0, &batch, text), 2);
    gs_push_drop(table, "a");
    gs_push_accepted(table, 0, &batch, 10);
    assert_int_equal(ask(table, 0, 10 + RESEND, &batch, text), 1);
    gs_push_accepted(table, 0, &batch, 10 + RESEND);
    gs_push_leave(table, "b", 20 + RESEND);
    assert_int_equal(ask(table, 0, 20 + RESEND, &batch, text), 1); /* once more, and it is on */
    assert_int_equal(count(text, ON), 1);
    gs_push_accepted(table, 0, &batch, 20 + RESEND);
    assert_int_equal(gs_push_due(table, 0), INT64_MAX);
    gs_push_sweep(table, 20 + RESEND);
    assert_int_equal(gs_push_count(table), 0);
    gs_push_free(table);
}

static void the_table_is_bounded(void **state)
{
    struct gs_push_table *table = make(1, 4);
    struct gs_push_batch batch;
    char text[8192];

    (void)state;
    assert_true(put(table, "a", GS_SEVERITY_WARNING, true, 0));
    assert_true(put(table, "b", GS_SEVERITY_WARNING, true, 0));
    assert_true(put(table, "c", GS_SEVERITY_WARNING, true, 0));
    assert_true(put(table, "d", GS_SEVERITY_WARNING, true, 0));
    assert_false(put(table, "e", GS_SEVERITY_WARNING, true, 0)); /* all are on */
    assert_int_equal(ask(table, 0, 0, &batch, text), 4);
    gs_push_accepted(table, 0, &batch, 0);
    end(table, "b", 1000);
    end(table, "a", 2000);
    assert_int_equal(ask(table, 0, 2000, &batch, text), 2);
    gs_push_accepted(table, 0, &batch, 2000);
    assert_true(put(table, "e", GS_SEVERITY_WARNING, true, 3000)); /* in place of b */
    end(table, "c", 3000);
    assert_true(put(table, "f", GS_SEVERITY_WARNING, true, 3000));  /* in place of a */
    assert_false(put(table, "g", GS_SEVERITY_WARNING, true, 3000)); /* c ended untold, and went */
    assert_int_equal(gs_push_count(table), 4);
    assert_int_equal(ask(table, 0, 4000, &batch, text), 3);
    gs_push_free(table);
}

/* More than fit into a request: in several, and none twice. */
static void many_alerts_are_several_requests(void **state)
{
    struct gs_push_table *table = make(1, 300);
    struct gs_push_batch batch;
    char name[8];
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 150; i++) {
        (void)snprintf(name, sizeof name, "i%d", i);
        assert_true(put(table, name, GS_SEVERITY_INFO, true, 0));
    }
    struct gs_buf body = {.max = 1048576};
    for (int i = 0; i < 3; i++) {
        gs_buf_reset(&body);
        assert_true(gs_push_batch(table, 0, 10, 9000000, &batch, &body));
        gs_push_accepted(table, 0, &batch, 10);
        n += batch.n;
    }
    assert_int_equal(n, 150);
    assert_true(gs_push_due(table, 0) > 10);
    gs_buf_done(&body);
    gs_push_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_is_told_at_once_and_again),
        cmocka_unit_test(what_changes_without_a_notice_waits),
        cmocka_unit_test(a_graver_alert_ends_the_milder_one),
        cmocka_unit_test(an_end_is_told_for_some_minutes),
        cmocka_unit_test(an_end_waits_for_a_peer_that_is_away),
        cmocka_unit_test(what_changes_on_its_way_is_told_again),
        cmocka_unit_test(a_refused_request_is_sent_in_single_alerts),
        cmocka_unit_test(muted_and_forgotten_ones_are_not_kept_up),
        cmocka_unit_test(the_table_is_bounded),
        cmocka_unit_test(many_alerts_are_several_requests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
