/* What is kept of the windows in a changelog: a watch stage that is stopped, killed or rolled back
 * again and again tells the same alerts, to the byte, and one incident once. */
#include "deploy/daemon/pipeline/stage_watch.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/log.h"
#include "tests/unit/deploy/daemon/fake_io.h"
#include "tests/unit/gs_test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LINE = 256, N_HOURS = 36, MAX_TEXT = 1 << 20 };
#define START_MS 1700000000000LL

/* One life of the process: all but what the brokers have. */
struct life {
    struct gs_metrics *metrics;
    struct gs_incident_desk *desk;
    struct gs_stage_watch *stage;
    struct gs_lane *lane;
};

struct fixture {
    struct fake_io io;
    struct life life;
    char (*lines)[MAX_LINE];
    size_t n_lines;
    bool off; /* nothing is kept */
    const char *group;
    enum gs_on_mismatch on_mismatch;
};

static void begin_life(struct fixture *f)
{
    struct life *life = &f->life;
    struct gs_shard *shard = NULL;
    struct gs_incident_desk_options desk = {
        .incidents = {.hold_ms = 1800000, .gap_ms = 900000, .max_open = 16, .n_feeds = 1},
        .idle_timeout_ms = 30000,
        .records = true};

    *life = (struct life){.lane = NULL};
    assert_int_equal(gs_metrics_new(gs_metric_table, GS_N_METRICS, &life->metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(life->metrics, &shard, NULL), GS_OK);
    assert_int_equal(gs_shard_new(life->metrics, &desk.shard, NULL), GS_OK);
    assert_int_equal(gs_incident_desk_new(&desk, &life->desk, NULL), GS_OK);
    struct gs_stage_watch_options watch = {.max_future_ms = 600000,
                                           .max_step_ms = 3600000,
                                           .idle_timeout_ms = 30000,
                                           .max_gauge_keys = 10,
                                           .shard = shard,
                                           .desk = life->desk,
                                           .changelog_group = f->off ? NULL : f->group,
                                           .on_mismatch = f->on_mismatch};
    gs_watch_options_default(&watch.watch);
    assert_int_equal(gs_stage_watch_new(&watch, &life->stage, NULL), GS_OK);
    const struct gs_lane_options lane = {.name = "watch 0",
                                         .stage = "watch",
                                         .ops = &gs_stage_watch_ops,
                                         .self = life->stage,
                                         .max_messages = 97,
                                         .max_time_ms = 10000,
                                         .open = fake_open,
                                         .open_arg = &f->io,
                                         .shard = shard};
    assert_int_equal(gs_lane_new(&lane, &life->lane, NULL), GS_OK);
    f->io.stop_when_dry = life->lane;
}

static void end_life(struct fixture *f)
{
    gs_lane_free(f->life.lane);
    gs_stage_watch_free(f->life.stage);
    gs_incident_desk_free(f->life.desk);
    gs_metrics_free(f->life.metrics);
    f->life = (struct life){.lane = NULL};
}

/* From what the brokers have up to record n; a stop, unless a commit fails. */
static enum gs_status live_to(struct fixture *f, size_t n, struct gs_error *err)
{
    begin_life(f);
    f->io.n_values = n;
    const enum gs_status status = gs_lane_run(f->life.lane, err);
    return status;
}

static void add_line(struct fixture *f, int64_t ts_ms, const char *id, bool negative, int source)
{
    char *line = f->lines[f->n_lines];
    const char *key = source % 2 == 0 ? "topic:legal" : "entity:A";

    (void)snprintf(line, MAX_LINE,
                   "{\"v\":1,\"key\":\"%s\",\"id\":\"%s\",\"ts\":%" PRId64
                   ",\"source\":\"s%d\",\"p\":%s,\"dup\":\"%016zx\",\"text\":\"a story\"}",
                   f->n_lines == 5 ? "topic:once" : key, id, ts_ms, source,
                   negative ? "0.9" : "0.05", f->n_lines / 2 + 1);
    f->io.values[f->n_lines++] = line;
}

/* A day and a half of two keys, and a third that comes once; from hour 28 on most are negative for three hours. Some come late,
 * some come twice. */
static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    uint32_t random = 7;

    *state = f;
    if (f == NULL || (f->lines = calloc(FAKE_MAX_RECORDS, sizeof *f->lines)) == NULL) {
        return -1;
    }
    fake_io_init(&f->io);
    f->io.holds = true; /* a gap would be noticed */
    f->group = "gs-watch";
    for (int minute = 0; minute < N_HOURS * 60; minute++) {
        for (int i = 0; i < 3; i++) {
            char id[32];
            random = random * 1664525U + 1013904223U;
            const int share = minute >= 1680 && minute < 1860 ? 85 : 20;
            const int late = (random >> 8) % 16 == 0 ? (int)((random >> 12) % 25) : 0;
            (void)snprintf(id, sizeof id, "m%d-%d", minute - (minute % 7 == 0 && i == 2), i);
            add_line(f, START_MS + (minute - late) * 60000LL + i, id,
                     (int)((random >> 16) % 100) < share, (int)(random >> 20) % 5);
        }
    }
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    end_life(f);
    fake_io_done(&f->io);
    free(f->lines);
    free(f);
    return 0;
}

static void copy_stream(const struct fixture *f, enum gs_stream stream, char *to)
{
    size_t len = 0;

    to[0] = '\0';
    for (size_t i = 0; i < f->io.n_outputs; i++) {
        if (f->io.outputs[i].stream == stream) {
            len += (size_t)snprintf(to + len, MAX_TEXT - len, "%s\n", f->io.outputs[i].value);
            assert_true(len < MAX_TEXT);
        }
    }
}

static size_t count_text(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        n++;
    }
    return n;
}

static void add_value(void *arg, const struct gs_sample *sample)
{
    double *sums = arg;

    if (sample->values != NULL) {
        sums[sample->def - gs_metric_table] += sample->value;
    }
}

static double metric(const struct fixture *f, size_t id)
{
    double sums[GS_N_METRICS] = {0};

    assert_int_equal(gs_metrics_visit(f->life.metrics, add_value, sums, NULL), GS_OK);
    return sums[id];
}

/* The alerts, and the ids of the incidents, of a run that is never stopped. */
static const char *never_stopped(void)
{
    static char alerts[MAX_TEXT];
    struct gs_error err = {0};
    void *other = NULL;

    assert_int_equal(set_up(&other), 0);
    struct fixture *f = other;
    assert_int_equal(live_to(f, f->n_lines, &err), GS_OK);
    copy_stream(f, GS_STREAM_ALERTS, alerts);
    assert_non_null(strstr(alerts, "\"state\":\"firing\""));
    assert_non_null(strstr(alerts, "\"state\":\"resolved\""));
    assert_int_equal(tear_down(&other), 0);
    return alerts;
}

/* ---- the same as if nothing had happened ---- */

static const struct {
    const char *shows;
    size_t every;       /* a stop behind so many records */
    size_t kill_commit; /* every so many commits one fails, and the process with it; 0: none */
    size_t abort_commit;
} courses[] = {
    {"stopped now and then", 997, 0, 0},
    {"stopped behind every batch", 97, 0, 0},
    {"stopped within bins, batches of other sizes", 61, 0, 0},
    {"killed in every third commit", 0, 3, 0},
    {"killed in every fourth commit", 0, 4, 0},
    {"killed in every seventh commit", 0, 7, 0},
    {"rolled back in every third commit, stopped now and then", 997, 0, 3},
};

static void nothing_is_seen_of_restarts(void **state)
{
    static char got[MAX_TEXT];
    const char *want = never_stopped();

    (void)state;
    for (size_t c = 0; c < GS_COUNT(courses); c++) {
        void *other = NULL;
        struct gs_error err = {0};
        unsigned lives = 0;
        print_message("  %s\n", courses[c].shows);
        assert_int_equal(set_up(&other), 0);
        struct fixture *f = other;
        for (size_t to = 0; f->io.committed < f->n_lines;) {
            to = courses[c].every == 0 ? f->n_lines : f->io.committed + courses[c].every;
            to = to < f->n_lines ? to : f->n_lines;
            f->io.n_commits = 0;
            f->io.n_commit_status = FAKE_MAX_FAILURES;
            for (size_t i = 0; i < FAKE_MAX_FAILURES; i++) {
                const bool kills = courses[c].kill_commit > 0 &&
                                   i % courses[c].kill_commit == courses[c].kill_commit - 1;
                const bool aborts = courses[c].abort_commit > 0 && i % courses[c].abort_commit == 1;
                f->io.commit_status[i] = kills ? GS_IO : aborts ? GS_ABORTED : GS_OK;
            }
            (void)live_to(f, to, &err);
            end_life(f);
            assert_true(++lives < 500);
        }
        assert_true(lives > 5);
        copy_stream(f, GS_STREAM_ALERTS, got);
        assert_string_equal(got, want);
        copy_stream(f, GS_STREAM_INCIDENTS, got);
        assert_int_equal(count_text(got, "\"notice\":\"opened\""), 1);
        assert_int_equal(count_text(got, "\"notice\":\"ended\""), 1);
        assert_int_equal(tear_down(&other), 0);
    }
}

/* A rebalance that takes the partition away and gives it back, with a changelog and without: nothing
 * is seen of it. When somebody else has read in between, windows that were parked are not his. */
static void a_rebalance_leaves_windows_that_come_back(void **state)
{
    static const struct {
        const char *shows;
        bool off, lost;
    } rows[] = {{"with a changelog", false, false},
                {"without", true, false},
                {"without, and the batch is lost", true, true}};
    static char got[MAX_TEXT];
    const char *want = never_stopped();

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_error err = {0};
        void *other = NULL;
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(set_up(&other), 0);
        struct fixture *f = other;
        f->off = rows[i].off;
        f->io.revoke_at = 5400;
        f->io.revoke_lost = rows[i].lost;
        assert_int_equal(live_to(f, f->n_lines, &err), GS_OK);
        assert_true(f->io.revoked_once);
        copy_stream(f, GS_STREAM_ALERTS, got);
        assert_string_equal(got, want);
        copy_stream(f, GS_STREAM_INCIDENTS, got);
        assert_int_equal(count_text(got, "\"notice\":\"opened\""), 1);
        assert_int_equal(count_text(got, "\"notice\":\"ended\""), 1);
        assert_int_equal(tear_down(&other), 0);
    }
}

static void windows_that_another_has_read_past_are_dropped(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};
    struct gs_source *source = NULL;
    struct gs_sink *sink = NULL;
    const struct gs_stage_ops *ops = &gs_stage_watch_ops;

    f->off = true;
    begin_life(f);
    struct gs_stage_watch *stage = f->life.stage;
    struct gs_source_events events = {.arg = stage, .assigned = ops->assigned};
    assert_int_equal(fake_open(&f->io, &events, &source, &sink, &err), GS_OK);
    ops->begin(stage);
    for (int i = 0; i < 30; i++) {
        const struct gs_record record = {
            .topic = gs_str("in"), .offset = i, .value = gs_str(f->io.values[i])};
        assert_int_equal(ops->record(stage, &record, false, sink, &err), GS_OK);
    }
    ops->committed(stage);
    const int64_t stands[] = {30, 31, 29, 30};
    const double keys[] = {3, 0, 0, 0}; /* the last: nothing is parked any more */
    for (size_t i = 0; i < GS_COUNT(stands); i++) {
        ops->revoked(stage, gs_str("in"), 0);
        assert_int_equal(metric(f, GS_M_KEYS), 0);
        ops->assigned(stage, gs_str("in"), 0);
        assert_int_equal(ops->restore(stage, source, gs_str("in"), 0, stands[i], &err), GS_OK);
        assert_int_equal(metric(f, GS_M_KEYS), keys[i]);
    }
}

/* In mid-incident: shown at once, counted and told by nobody. */
static void what_is_on_is_shown_and_not_told(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};
    static char before[MAX_TEXT];
    struct gs_buf json = {.max = MAX_TEXT};

    assert_int_equal(live_to(f, 5400, &err), GS_OK);
    end_life(f);
    copy_stream(f, GS_STREAM_ALERTS, before);
    const size_t firing = count_text(before, "\"state\":\"firing\"");
    assert_int_equal(count_text(before, "\"state\":\"resolved\""), 0);
    copy_stream(f, GS_STREAM_INCIDENTS, before);
    const size_t n_outputs = f->io.n_outputs;
    assert_int_equal(live_to(f, 5400, &err), GS_OK);
    assert_int_equal(f->io.n_outputs, n_outputs);
    assert_int_equal(metric(f, GS_M_ALERTS), 0);
    assert_int_equal(metric(f, GS_M_INCIDENT_NOTICES), 0);
    end_life(f);

    begin_life(f); /* and what it shows while it runs */
    f->io.n_values = 5400;
    struct gs_source *source = NULL;
    struct gs_sink *sink = NULL;
    const struct gs_stage_ops *ops = &gs_stage_watch_ops;
    struct gs_source_events events = {
        .arg = f->life.stage, .assigned = ops->assigned, .kept = ops->kept};
    assert_int_equal(fake_open(&f->io, &events, &source, &sink, &err), GS_OK);
    assert_int_equal(
        ops->restore(f->life.stage, source, gs_str("in"), 0, (int64_t)f->io.committed, &err),
        GS_OK);
    assert_true(firing > 0);
    assert_int_equal(metric(f, GS_M_ALERTS_FIRING), firing);
    assert_int_equal(metric(f, GS_M_INCIDENTS_OPEN), 1);
    assert_int_equal(metric(f, GS_M_KEYS), 3);
    gs_incident_desk_json(f->life.desk, 10, &json);
    gs_buf_putc(&json, '\0');
    char id[40];
    assert_non_null(strstr(json.bytes, "\"id\":\""));
    (void)snprintf(id, sizeof id, "%.23s", strstr(json.bytes, "\"id\":\""));
    assert_non_null(strstr(before, id));
    gs_buf_done(&json);
}

/* ---- what does not fit ---- */

static void a_moved_group_is_noticed(void **state)
{
    static const struct {
        const char *shows, *group, *message;
        enum gs_on_mismatch on_mismatch;
        enum gs_status status;
        int moved; /* records, the group's offset, behind the program's back */
        bool holds;
    } rows[] = {
        {"back", "gs-watch", "the group stands before that", GS_MISMATCH_STOP, GS_IO, -100, false},
        {"on, over records", "gs-watch", "records in between", GS_MISMATCH_STOP, GS_IO, 100, true},
        {"on, over ends of transactions", "gs-watch", "", GS_MISMATCH_STOP, GS_OK, 100, false},
        {"another group's", "other", "it is of group gs-watch", GS_MISMATCH_STOP, GS_IO, 0, false},
        {"back, kept", "gs-watch", "", GS_MISMATCH_KEEP, GS_OK, -100, false},
        {"back, discarded", "gs-watch", "", GS_MISMATCH_DISCARD, GS_OK, -100, false},
        {"another group's, discarded", "other", "", GS_MISMATCH_DISCARD, GS_OK, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_error err = {0};
        void *other = NULL;
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(set_up(&other), 0);
        struct fixture *f = other;
        assert_int_equal(live_to(f, 5400, &err), GS_OK);
        assert_int_equal(metric(f, GS_M_KEYS), 3);
        end_life(f);
        f->io.committed += (size_t)rows[i].moved;
        f->io.holds = rows[i].holds;
        f->on_mismatch = rows[i].on_mismatch;
        f->group = rows[i].group;
        assert_int_equal(live_to(f, 5550, &err), rows[i].status);
        if (rows[i].status != GS_OK) {
            assert_non_null(strstr(err.message, rows[i].message));
            assert_non_null(strstr(err.message, "state.on_mismatch"));
        }
        end_life(f);
        /* What has been written since is whole. */
        f->on_mismatch = GS_MISMATCH_STOP;
        assert_int_equal(live_to(f, 5700, &err), rows[i].status);
        const bool anew = rows[i].on_mismatch == GS_MISMATCH_DISCARD;
        assert_true(rows[i].status != GS_OK || metric(f, GS_M_KEYS) == (anew ? 2 : 3));
        assert_int_equal(tear_down(&other), 0);
    }
}

static void what_is_damaged_is_refused(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    assert_int_equal(live_to(f, 600, &err), GS_OK);
    end_life(f);
    for (size_t i = 0; i < f->io.n_kept; i++) {
        struct fake_kept *kept = &f->io.kept[i];
        if (kept->bytes[0] == 'k' && !kept->gone) {
            kept->value_len--; /* cut */
        }
    }
    assert_int_equal(live_to(f, 700, &err), GS_IO);
    assert_non_null(strstr(err.message, "damaged"));
    end_life(f);
    f->on_mismatch = GS_MISMATCH_KEEP; /* is not about that */
    assert_int_equal(live_to(f, 700, &err), GS_IO);
    end_life(f);
    f->on_mismatch = GS_MISMATCH_DISCARD;
    assert_int_equal(live_to(f, 700, &err), GS_OK);
    end_life(f);
    f->on_mismatch = GS_MISMATCH_STOP;
    assert_int_equal(live_to(f, 800, &err), GS_OK);
}

static void nothing_is_kept_when_it_is_off(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->off = true;
    assert_int_equal(live_to(f, 600, &err), GS_OK);
    assert_int_equal(f->io.n_kept, 0);
    assert_int_equal(metric(f, GS_M_KEYS), 3);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(nothing_is_seen_of_restarts),
        cmocka_unit_test_setup_teardown(what_is_on_is_shown_and_not_told, set_up, tear_down),
        cmocka_unit_test(a_rebalance_leaves_windows_that_come_back),
        cmocka_unit_test_setup_teardown(windows_that_another_has_read_past_are_dropped, set_up,
                                        tear_down),
        cmocka_unit_test(a_moved_group_is_noticed),
        cmocka_unit_test_setup_teardown(what_is_damaged_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_kept_when_it_is_off, set_up, tear_down),
    };

    gs_log_configure(GS_LOG_ERROR, false);
    return cmocka_run_group_tests(cases, NULL, NULL);
}
