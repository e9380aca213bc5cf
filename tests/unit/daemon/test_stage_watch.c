#include "deploy/daemon/stage_watch.h"

#include "base/log.h"
#include "deploy/daemon/metric_table.h"
#include "tests/unit/daemon/fake_io.h"
#include "tests/unit/gs_test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LINE = 256 };
#define START_MS 1700000000000LL

struct fixture {
    struct fake_io io;
    struct gs_metrics *metrics;
    struct gs_stage_watch *stage;
    struct gs_lane *lane;
    char (*lines)[MAX_LINE];
    size_t n_told;
};

static void count_told(void *arg, const struct gs_alert *alert)
{
    struct fixture *f = arg;

    assert_true(alert->key.len > 0 && alert->reason != NULL);
    f->n_told++;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct gs_shard *shard = NULL;

    *state = f;
    if (f == NULL || (f->lines = calloc(FAKE_MAX_RECORDS, sizeof *f->lines)) == NULL ||
        gs_metrics_new(gs_metric_table, GS_N_METRICS, &f->metrics, NULL) != GS_OK ||
        gs_shard_new(f->metrics, &shard, NULL) != GS_OK) {
        return -1;
    }
    struct gs_stage_watch_options watch = {.max_future_ms = 600000,
                                           .idle_timeout_ms = 30000,
                                           .max_gauge_keys = 10,
                                           .shard = shard,
                                           .alert = count_told,
                                           .alert_arg = f};
    gs_watch_options_default(&watch.watch);
    if (gs_stage_watch_new(&watch, &f->stage, NULL) != GS_OK) {
        return -1;
    }
    fake_io_init(&f->io);
    f->io.end = true;
    const struct gs_lane_options lane = {.name = "watch 0",
                                         .stage = "watch",
                                         .ops = &gs_stage_watch_ops,
                                         .self = f->stage,
                                         .max_messages = 97,
                                         .max_time_ms = 10000,
                                         .open = fake_open,
                                         .open_arg = &f->io,
                                         .shard = shard};
    return gs_lane_new(&lane, &f->lane, NULL) == GS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    gs_lane_free(f->lane);
    gs_stage_watch_free(f->stage);
    gs_metrics_free(f->metrics);
    free(f->lines);
    free(f);
    return 0;
}

static void add_line(struct fixture *f, int64_t ts_ms, const char *id, const char *p, int source)
{
    char *line = f->lines[f->io.n_values];

    (void)snprintf(line, MAX_LINE,
                   "{\"v\":1,\"key\":\"topic:legal\",\"id\":\"%s\",\"ts\":%" PRId64
                   ",\"source\":\"s%d\",\"p\":%s,\"dup\":\"%016zx\",\"text\":\"a story\"}",
                   id, ts_ms, source, p, f->io.n_values + 1);
    f->io.values[f->io.n_values++] = line;
}

/* A day and a half at three messages a minute; from hour 28 on most are negative for three hours.
 * One in sixteen comes up to 25 minutes late, so that when bins close matters. */
static void add_surge(struct fixture *f)
{
    uint32_t random = 7;

    for (int minute = 0; minute < 36 * 60; minute++) {
        for (int i = 0; i < 3; i++) {
            char id[32];
            random = random * 1664525U + 1013904223U;
            const int share = minute >= 1680 && minute < 1860 ? 85 : 20;
            (void)snprintf(id, sizeof id, "m%d-%d", minute, i);
            const int late = (random >> 8) % 16 == 0 ? (int)((random >> 12) % 25) : 0;
            add_line(f, START_MS + (minute - late) * 60000LL + i, id,
                     (int)((random >> 16) % 100) < share ? "0.9" : "0.05", i);
        }
    }
}

static size_t copy_alerts(const struct fixture *f, char *to, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < f->io.n_outputs; i++) {
        if (f->io.outputs[i].stream == GS_STREAM_ALERTS) {
            len += (size_t)snprintf(to + len, size - len, "%s\n", f->io.outputs[i].value);
            assert_true(len < size);
        }
    }
    return len;
}

static void a_surge_fires_and_resolves(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};
    static char alerts[1 << 20];

    add_surge(f);
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_true(copy_alerts(f, alerts, sizeof alerts) > 0);
    assert_non_null(strstr(alerts, "\"state\":\"firing\""));
    assert_non_null(strstr(alerts, "\"state\":\"resolved\""));
    assert_int_equal(f->n_told, fake_count(&f->io, GS_STREAM_ALERTS));
    assert_int_equal(fake_count(&f->io, GS_STREAM_DLQ), 0);
    assert_int_equal(fake_count(&f->io, GS_STREAM_LATE), 0);
}

/* Every few commits fail: what is undone and read again must end in the same alerts, to the byte.
 */
static void rolled_back_batches_leave_no_trace(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};
    static char want[1 << 20];
    static char got[1 << 20];
    void *other = NULL;

    add_surge(f);
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    const size_t want_len = copy_alerts(f, want, sizeof want);

    assert_int_equal(set_up(&other), 0);
    struct fixture *g = other;
    if (g == NULL) {
        fail_msg("no second fixture");
        return;
    }
    add_surge(g);
    for (size_t i = 0; i < FAKE_MAX_FAILURES; i++) {
        g->io.commit_status[i] = i % 5 == 3 ? GS_ABORTED : GS_OK;
    }
    g->io.n_commit_status = FAKE_MAX_FAILURES;
    assert_int_equal(gs_lane_run(g->lane, &err), GS_OK);
    assert_int_equal(copy_alerts(g, got, sizeof got), want_len);
    assert_string_equal(got, want);
    assert_int_equal(g->n_told, f->n_told);
    assert_int_equal(tear_down(&other), 0);
}

static void what_cannot_be_read_goes_to_the_dlq(void **state)
{
    static const struct {
        const char *shows;
        const char *value;
        const char *code;
    } cases[] = {
        {"a null value", NULL, "null_value"},
        {"no JSON", "{\"v\":1,", "bad_json"},
        {"no key", "{\"v\":1,\"id\":\"a\",\"ts\":1700000000000,\"p\":0.5}", "bad_json"},
        {"a probability over 1",
         "{\"v\":1,\"key\":\"topic:a\",\"id\":\"a\",\"ts\":1700000000000,\"source\":\"s\",\"p\":2}",
         "bad_json"},
        {"a time far ahead",
         "{\"v\":1,\"key\":\"topic:a\",\"id\":\"a\",\"ts\":32503680000000,\"source\":\"s\",\"p\":0."
         "5}",
         "future_time"},
    };
    struct fixture *f = *state;
    struct gs_error err = {0};

    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        f->io.values[f->io.n_values++] = cases[i].value;
    }
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_int_equal(f->io.n_outputs, GS_COUNT(cases));
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].shows);
        assert_int_equal(f->io.outputs[i].stream, GS_STREAM_DLQ);
        assert_string_equal(f->io.outputs[i].code, cases[i].code);
    }
}

static void what_is_too_late_goes_to_the_late_stream(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    add_line(f, START_MS, "a", "0.1", 1);
    add_line(f, START_MS + 3 * 86400000LL, "b", "0.1", 1);
    add_line(f, START_MS + 1000, "c", "0.1", 1); /* three days late */
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_int_equal(fake_count(&f->io, GS_STREAM_LATE), 1);
    assert_non_null(strstr(f->io.outputs[0].value, "\"id\":\"c\""));
}

int main(void)
{
    gs_log_configure(GS_LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_surge_fires_and_resolves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rolled_back_batches_leave_no_trace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_goes_to_the_dlq, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_late_goes_to_the_late_stream, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("daemon/stage_watch", tests, NULL, NULL);
}
