#include "deploy/daemon/pipeline/stage_watch.h"

#include "deploy/daemon/pipeline/stage_watch_internal.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/log.h"
#include "tests/unit/deploy/daemon/fake_io.h"
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
    struct gs_incident_desk *desk;
    struct gs_lane *lane;
    char (*lines)[MAX_LINE];
    size_t n_told;
};

static void count_told(void *arg, const struct gs_alert *alert)
{
    struct fixture *f = arg;

    assert_true(alert->key.len > 0 && alert->reason != NULL);
    /* Copies of all that an alert points at: the detector's own are gone by the time of a commit. */
    assert_true(gs_str_equal(alert->name, gs_str("Lawsuits")));
    assert_memory_equal(alert->summary, "Lawsuits (topic:legal): ", 24);
    for (size_t i = 0; i < alert->n_evidence; i++) {
        assert_memory_equal(alert->evidence[i].id.bytes, "m", 1);
        assert_memory_equal(alert->evidence[i].source.bytes, "s", 1);
        assert_true(gs_str_equal(alert->evidence[i].excerpt, gs_str("a story")));
        assert_true(gs_str_equal(alert->evidence[i].url, gs_str("https://news.example/1")));
    }
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
                                           .max_step_ms = 3600000,
                                           .idle_timeout_ms = 30000,
                                           .max_gauge_keys = 10,
                                           .shard = shard,
                                           .alert = count_told,
                                           .alert_arg = f};
    gs_watch_options_default(&watch.watch);
    const struct gs_incident_desk_options desk = {
        .incidents = {.hold_ms = 1800000, .gap_ms = 900000, .max_open = 16, .n_feeds = 1},
        .idle_timeout_ms = 30000,
        .records = true};
    struct gs_incident_desk_options own = desk;
    if (gs_shard_new(f->metrics, &own.shard, NULL) != GS_OK ||
        gs_incident_desk_new(&own, &f->desk, NULL) != GS_OK) {
        return -1;
    }
    watch.desk = f->desk;
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
    gs_incident_desk_free(f->desk);
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
                   ",\"source\":\"s%d\",\"p\":%s,\"dup\":\"%016zx\",\"text\":\"a story\","
                   "\"name\":\"Lawsuits\",\"url\":\"https://news.example/1\"}",
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

static size_t copy_stream(const struct fixture *f, enum gs_stream stream, char *to, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < f->io.n_outputs; i++) {
        if (f->io.outputs[i].stream == stream) {
            len += (size_t)snprintf(to + len, size - len, "%s\n", f->io.outputs[i].value);
            assert_true(len < size);
        }
    }
    return len;
}

static size_t copy_alerts(const struct fixture *f, char *to, size_t size)
{
    return copy_stream(f, GS_STREAM_ALERTS, to, size);
}

static void add_value(void *arg, const struct gs_sample *sample)
{
    double *sums = arg;

    if (sample->values != NULL) {
        sums[sample->def - gs_metric_table] += sample->value;
    }
}

/* The metrics tell of the run what the records do. */
static void check_metrics(const struct fixture *f)
{
    double sums[GS_N_METRICS] = {0};

    assert_int_equal(gs_metrics_visit(f->metrics, add_value, sums, NULL), GS_OK);
    assert_true(sums[GS_M_WATERMARK] > START_MS / 1000.0 + 35 * 3600); /* seconds */
    assert_true(sums[GS_M_WATERMARK] < START_MS / 1000.0 + 37 * 3600);
    assert_int_equal(sums[GS_M_OBSERVATIONS], 36 * 60 * 3);
    assert_int_equal(sums[GS_M_ALERTS], fake_count(&f->io, GS_STREAM_ALERTS));
    assert_int_equal(sums[GS_M_RECORDS_PRODUCED], f->io.n_outputs);
    assert_int_equal(sums[GS_M_ALERTS_FIRING], 0); /* resolved, and so its series are gone */
    assert_int_equal(sums[GS_M_ALERT_ACTIVE], 0);
    assert_int_equal(sums[GS_M_ALERT_INFO], 0);
    assert_int_equal(sums[GS_M_INCIDENT_ACTIVE], 0);
    assert_int_equal(sums[GS_M_INCIDENT_INFO], 0);
    assert_int_equal(sums[GS_M_INCIDENTS_OPEN], 0);
    assert_int_equal(sums[GS_M_INCIDENT_LIMITS], 0);
    assert_in_range(sums[GS_M_INCIDENT_NOTICES], 2, 4); /* opened, ended, and what got worse */
    assert_int_equal(sums[GS_M_TIME_JUMPS], 0);
    assert_int_equal(sums[GS_M_KEYS], 1);
    assert_int_equal(sums[GS_M_KEYS_DETECTABLE], 1); /* in one class */
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
    assert_true(copy_stream(f, GS_STREAM_INCIDENTS, alerts, sizeof alerts) > 0);
    assert_non_null(strstr(alerts, "\"notice\":\"opened\""));
    assert_non_null(strstr(alerts, "\"notice\":\"ended\""));
    assert_int_equal(fake_count(&f->io, GS_STREAM_DLQ), 0);
    assert_int_equal(fake_count(&f->io, GS_STREAM_LATE), 0);
    check_metrics(f);
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
    assert_int_equal(copy_stream(f, GS_STREAM_INCIDENTS, want, sizeof want),
                     copy_stream(g, GS_STREAM_INCIDENTS, got, sizeof got));
    assert_string_equal(got, want);
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

    for (int i = 0; i < 3; i++) { /* event time is known when three agree */
        add_line(f, START_MS + i, "a", "0.1", i);
    }
    for (int i = 0; i < 3; i++) {
        add_line(f, START_MS + 3 * 86400000LL, "b", "0.1", i);
    }
    add_line(f, START_MS + 1000, "c", "0.1", 1); /* three days late */
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_int_equal(fake_count(&f->io, GS_STREAM_LATE), 1);
    assert_non_null(strstr(f->io.outputs[0].value, "\"id\":\"c\""));
    double sums[GS_N_METRICS] = {0};
    assert_int_equal(gs_metrics_visit(f->metrics, add_value, sums, NULL), GS_OK);
    assert_int_equal(sums[GS_M_TIME_JUMPS], 1); /* the three days; the first agreement is none */
    assert_int_equal(sums[GS_M_LATE], 1);
}

/* The surge and one observation that claims to be of a week later, at the first, a middle and the
 * last place before it: the same alerts, and nothing is late. */
static void one_wrong_time_blinds_nobody(void **state)
{
    static const size_t places[] = {0, 1, 2000};
    struct fixture *f = *state;
    struct gs_error err = {0};
    static char want[1 << 20];
    static char got[1 << 20];

    add_surge(f);
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    const size_t want_len = copy_alerts(f, want, sizeof want);
    for (size_t i = 0; i < GS_COUNT(places); i++) {
        void *other = NULL;
        assert_int_equal(set_up(&other), 0);
        struct fixture *g = other;
        add_line(g, START_MS + 7 * 86400000LL, "odd", "0.9", 9);
        add_surge(g);
        const char *odd = g->io.values[0];
        memmove(g->io.values, g->io.values + 1, places[i] * sizeof *g->io.values);
        g->io.values[places[i]] = odd;
        assert_int_equal(gs_lane_run(g->lane, &err), GS_OK);
        assert_int_equal(fake_count(&g->io, GS_STREAM_LATE), 0);
        assert_int_equal(copy_alerts(g, got, sizeof got), want_len);
        assert_string_equal(got, want);
        struct gs_watch_oddities odd_times;
        gs_stage_watch_oddities(g->stage, &odd_times);
        assert_int_equal(odd_times.ahead, 1);
        assert_string_equal(odd_times.worst.name, "s9");
        assert_int_equal(tear_down(&other), 0);
    }
}

/* A backlog: records written in 2023 and read now. What they may claim is bounded by when they were
 * written. */
static void records_are_not_ahead_of_their_own_time(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.timestamp_ms = START_MS;
    add_line(f, START_MS, "a", "0.1", 1);
    add_line(f, START_MS + 600000, "b", "0.1", 1); /* as far as max_future allows */
    add_line(f, START_MS + 600001, "c", "0.1", 1);
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_int_equal(f->io.n_outputs, 1);
    assert_string_equal(f->io.outputs[0].code, "future_time");
}

/* An input that ends where its last bins are the first that fire: what came of the last batch is
 * written too. */
static void records_of_the_last_batch_are_written(void **state)
{
    (void)state;
    bool fired = false;

    for (size_t minutes = 1690; minutes < 1770 && !fired; minutes += 6) {
        void *other = NULL;
        struct gs_error err = {0};
        assert_int_equal(set_up(&other), 0);
        struct fixture *f = other;
        add_surge(f);
        f->io.n_values = minutes * 3;
        assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
        fired = fake_count(&f->io, GS_STREAM_ALERTS) > 0;
        assert_int_equal(fake_count(&f->io, GS_STREAM_INCIDENTS) > 0, fired);
        assert_false(gs_incident_desk_pending(f->desk));
        assert_int_equal(tear_down(&other), 0);
    }
    assert_true(fired);
}

/* Two lanes and one queue of records: in order, each once, whoever writes. */
static void one_lane_at_a_time_writes_records(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};
    const struct gs_evidence_item first = {.excerpt = gs_str("x")};
    struct gs_alert alert = {.id = "00000000000000aa",
                             .key = gs_str("topic:legal"),
                             .updated_at_ms = START_MS,
                             .ends_at_ms = -1,
                             .evidence = &first,
                             .n_evidence = 1};

    gs_incident_desk_alert(f->desk, 0, 1, &alert);
    gs_incident_desk_reached(f->desk, 0, START_MS);
    assert_true(gs_incident_desk_pending(f->desk));
    assert_int_equal(gs_incident_desk_write(f->desk, 0, &f->io.sink, &err), GS_OK);
    assert_false(gs_incident_desk_pending(f->desk));
    alert.key = gs_str("topic:macro");
    alert.id[15] = 'b';
    alert.updated_at_ms = START_MS + 1;
    gs_incident_desk_alert(f->desk, 0, 1, &alert);
    gs_incident_desk_reached(f->desk, 0, START_MS + 1);
    assert_int_equal(gs_incident_desk_write(f->desk, 1, &f->io.sink, &err), GS_OK);
    assert_int_equal(f->io.n_pending, 1);
    gs_incident_desk_written(f->desk, 1); /* not the writer: nothing of it is */
    assert_false(gs_incident_desk_pending(f->desk));
    gs_incident_desk_unwritten(f->desk, 0);
    assert_true(gs_incident_desk_pending(f->desk));
    assert_int_equal(gs_incident_desk_write(f->desk, 1, &f->io.sink, &err), GS_OK);
    gs_incident_desk_written(f->desk, 1);
    assert_false(gs_incident_desk_pending(f->desk));
    double sums[GS_N_METRICS] = {0};
    assert_int_equal(gs_metrics_visit(f->metrics, add_value, sums, NULL), GS_OK);
    assert_int_equal(sums[GS_M_INCIDENT_ACTIVE], 2);
    gs_incident_desk_forget(f->desk, 0, 1);
    memset(sums, 0, sizeof sums);
    assert_int_equal(gs_metrics_visit(f->metrics, add_value, sums, NULL), GS_OK);
    assert_int_equal(sums[GS_M_INCIDENT_ACTIVE], 0);
    assert_int_equal(sums[GS_M_INCIDENTS_OPEN], 0);
}

static enum gs_status count_kept(void *arg, struct gs_str key, struct gs_str value,
                                 struct gs_error *err)
{
    int *n = arg;

    (void)err;
    assert_int_equal(key.bytes[0], 'N');
    n[value.bytes == NULL]++;
    return GS_OK;
}

/* Were the end kept before its record is written, a process that is killed in between would come
 * back without the incident, and nobody would be told of its end. */
static void what_is_kept_of_an_incident_waits_for_its_record(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};
    struct gs_incident_marks marks = {.at = NULL};
    int kept[2] = {0}; /* records, tombstones */
    const struct gs_evidence_item first = {.excerpt = gs_str("x")};
    struct gs_alert alert = {.id = "00000000000000aa",
                             .key = gs_str("topic:legal"),
                             .updated_at_ms = START_MS,
                             .ends_at_ms = -1,
                             .evidence = &first,
                             .n_evidence = 1};

#define SAVE()                                                                                     \
    assert_int_equal(gs_incident_desk_save(f->desk, 0, 1, &marks, count_kept, kept, &err), GS_OK); \
    gs_incident_marks_end(&marks, true)

    gs_incident_desk_alert(f->desk, 0, 1, &alert);
    gs_incident_desk_reached(f->desk, 0, START_MS);
    assert_int_equal(gs_incident_desk_write(f->desk, 0, &f->io.sink, &err), GS_OK);
    SAVE(); /* in one batch with its record */
    assert_int_equal(kept[0], 1);
    gs_incident_desk_written(f->desk, 0);

    alert.state = GS_ALERT_RESOLVED;
    alert.updated_at_ms = alert.ends_at_ms = START_MS + 1;
    gs_incident_desk_alert(f->desk, 0, 1, &alert);
    gs_incident_desk_reached(f->desk, 0, START_MS + 7200000);
    assert_true(gs_incident_desk_pending(f->desk));
    SAVE(); /* no record of the end is written */
    assert_int_equal(gs_incident_desk_write(f->desk, 1, &f->io.sink, &err), GS_OK);
    SAVE(); /* another lane has it in its batch */
    assert_int_equal(kept[0], 1);
    assert_int_equal(kept[1], 0);
    assert_true(gs_incident_desk_unsaved(f->desk, &marks));
    gs_incident_desk_written(f->desk, 1);
    SAVE();
    assert_int_equal(kept[1], 1);
    assert_false(gs_incident_desk_unsaved(f->desk, &marks));
#undef SAVE
    gs_incident_marks_done(&marks);
}

static const struct {
    const char *shows;
    int64_t came_ms, advanced_ms;
    bool empty, idle;
} idle_rows[] = {
    {"it moved event time just now", 99000, 99000, true, false},
    {"empty for a while", 60000, 60000, true, true},
    {"nothing came, but the broker has not said that it is empty", 60000, 60000, false, false},
    {"only junk or old records since", 99500, 60000, false, true},
    {"one old record, then a broker that is slow", 60010, 60000, false, false},
};

static void a_partition_that_brings_nothing_is_idle(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(idle_rows); i++) {
        const struct gs_part part = {.came_ms = idle_rows[i].came_ms,
                                     .advanced_ms = idle_rows[i].advanced_ms};
        print_message("  %s\n", idle_rows[i].shows);
        assert_true(gs_part_idle(&part, 100000, 30000, idle_rows[i].empty) == idle_rows[i].idle);
    }
}

static void add_messages(void *arg, const struct gs_key_view *view)
{
    *(uint64_t *)arg += view->n_total;
}

static void run_batch(struct fixture *f, int first, int n)
{
    const struct gs_stage_ops *ops = &gs_stage_watch_ops;
    struct gs_error err = {0};

    ops->begin(f->stage);
    for (int i = first; i < first + n; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "m%d", i);
        add_line(f, START_MS + i * 60000LL, id, "0.1", i % 3);
        const struct gs_record record = {
            .topic = gs_str("in"), .offset = i, .timestamp_ms = -1, .value = gs_str(f->lines[i])};
        assert_int_equal(ops->record(f->stage, &record, false, &f->io.sink, &err), GS_OK);
    }
    assert_int_equal(ops->finish(f->stage, &f->io.source, &f->io.sink, &err), GS_OK);
    ops->committed(f->stage);
}

static uint64_t shown(struct fixture *f)
{
    struct gs_board_row row = {0};

    assert_int_equal(gs_board_rows(f->stage->board, &row, 1), 1);
    return row.messages;
}

/* The board is posted once a second at most: what came within the second before a pause has to be
 * seen all the same. */
static void a_pause_shows_what_came_before_it(void **state)
{
    struct fixture *f = *state;
    uint64_t messages = 0;

    gs_stage_watch_ops.assigned(f->stage, gs_str("in"), 0);
    run_batch(f, 0, 100);
    const uint64_t before = shown(f);
    f->stage->board_ms += 3600000; /* so that it is not due, however slow the machine is */
    run_batch(f, 100, 100);
    gs_stage_watch_each(f->stage, add_messages, &messages);
    assert_true(messages > before);
    gs_stage_watch_ops.idle(f->stage, &f->io.source);
    assert_int_equal(shown(f), before);
    f->stage->board_ms = 0;
    gs_stage_watch_ops.idle(f->stage, &f->io.source);
    assert_int_equal(shown(f), messages);
}

int main(void)
{
    gs_log_configure(GS_LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_surge_fires_and_resolves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rolled_back_batches_leave_no_trace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_of_the_last_batch_are_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_lane_at_a_time_writes_records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_kept_of_an_incident_waits_for_its_record, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_goes_to_the_dlq, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_late_goes_to_the_late_stream, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_wrong_time_blinds_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_are_not_ahead_of_their_own_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pause_shows_what_came_before_it, set_up, tear_down),
        cmocka_unit_test(a_partition_that_brings_nothing_is_idle),
    };
    return cmocka_run_group_tests_name("daemon/stage_watch", tests, NULL, NULL);
}
