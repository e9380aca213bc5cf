/* The demo from the broker's start to the verdict.
 *
 *     feeder thread ──► raw topic ──► service (tag, watch) ──► alerts ──► this thread: screen,
 * verdict */
#include "deploy/daemon/demo/session.h"

#include "deploy/daemon/demo/setup.h"
#include "deploy/daemon/demo/view.h"
#include "deploy/daemon/exit_code.h"
#include "deploy/daemon/service/signals.h"
#include "ingest/base/clock.h"
#include "ingest/base/escape.h"
#include "ingest/base/log.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ; /* NOLINT(readability-redundant-declaration): POSIX has no header for it */

enum {
    DAY_MS = 60000, /* how long the day takes when there is time */
    LEAST_DAY_MS = 10000,
    TAIL_MS = 4000,   /* kept of --for, so that the pipeline can finish before the end */
    GRACE_MS = 60000, /* a slow machine may take this much longer, once all is sent */
    FRAME_MS = 200,
    TICK_MS = 40, /* how often the feeder hears how far the pipeline is */
    MAX_ROWS = 64,
    SUMMARY_WIDTH = 100
};

struct run {
    const struct gs_demo_session *session;
    struct gs_demo_setup made;
    struct gs_demo_view view;
    int64_t began_ns, day_began_ns, all_sent_ns, frame_ns;
    bool whole; /* the stream ran to its end */
    /* of the last frame */
    struct gs_demo_row rows[MAX_ROWS];
    size_t n_rows;
    struct gs_service_totals totals;
    uint64_t rate_consumed;
    int64_t rate_ns;
    double per_second;
};

static int64_t elapsed_ms(int64_t since_ns)
{
    return (gs_clock_monotonic_ns() - since_ns) / 1000000;
}

/* ---- watching it run ---- */

/* Opens the status page for who sits before a desktop; failure is no loss. */
static void open_browser(int port)
{
    char opener[] = "xdg-open", url[64];
    char *argv[] = {opener, url, NULL};
    pid_t pid;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets variables
    if (getenv("DISPLAY") == NULL && getenv("WAYLAND_DISPLAY") == NULL) {
        return;
    }
    posix_spawn_file_actions_t quiet;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    if (posix_spawn_file_actions_init(&quiet) == 0) {
        (void)posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        (void)posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        (void)posix_spawnp(&pid, opener, &quiet, NULL, argv, environ);
        (void)posix_spawn_file_actions_destroy(&quiet);
    }
}

static void take_rows(struct run *run)
{
    static struct gs_board_row board[4 * MAX_ROWS];
    const size_t n = gs_service_rows(run->made.service, board, GS_COUNT(board));
    run->n_rows = 0;
    for (size_t i = 0; i < n && run->n_rows < MAX_ROWS; i++) {
        struct gs_demo_row *row = &run->rows[run->n_rows];
        if (strncmp(board[i].key, "topic:", 6) != 0) {
            continue;
        }
        (void)snprintf(row->key, sizeof row->key, "%.63s", board[i].key);
        row->messages = board[i].messages;
        row->n_hour = board[i].n_hour;
        row->observed = board[i].observed;
        row->expected = board[i].expected;
        row->log10_evidence = board[i].log10_evidence;
        row->firing = board[i].firing;
        row->detectable = board[i].detectable;
        run->n_rows++;
    }
}

/* Messages a second over the last second or so. */
static void take_rate(struct run *run)
{
    const int64_t now_ns = gs_clock_monotonic_ns();
    if (run->rate_ns == 0 || now_ns - run->rate_ns >= INT64_C(1000000000)) {
        if (run->rate_ns != 0) {
            run->per_second = (double)(run->totals.consumed - run->rate_consumed) * 1e9 /
                              (double)(now_ns - run->rate_ns);
        }
        run->rate_ns = now_ns;
        run->rate_consumed = run->totals.consumed;
    }
}

static const char *phase_of(const struct run *run, char *text, size_t size)
{
    switch (gs_demo_feeder_stage(run->made.feeder)) {
    case GS_DEMO_SENDING_HISTORY:
    case GS_DEMO_HISTORY_SENT:
        return "half a day of history, as fast as it goes";
    case GS_DEMO_SENDING_DAY:
        return "a day, sped up";
    case GS_DEMO_FEED_FAILED:
        return "the feed failed";
    case GS_DEMO_ALL_SENT:
        break;
    }
    if (!run->whole) {
        return "finishing";
    }
    (void)snprintf(text, size, "the day is over%s", run->session->for_s > 0 ? "" : "; Ctrl-C ends");
    return text;
}

static void frame(struct run *run)
{
    char phase[64];
    take_rows(run);
    take_rate(run);
    const struct gs_demo_screen screen = {.phase = phase_of(run, phase, sizeof phase),
                                          .port = gs_service_port(run->made.service),
                                          .consumed = run->totals.consumed,
                                          .total = run->session->stream.n_messages,
                                          .per_second = run->per_second,
                                          .clock_ms = run->totals.watermark_ms,
                                          .rows = run->rows,
                                          .n_rows = run->n_rows,
                                          .alerts = run->made.alerts,
                                          .color = run->view.color};
    gs_demo_view_show(&run->view, &screen);
}

/* Gives the time that the day may take, of what --for leaves. */
static int64_t day_ms(const struct run *run)
{
    if (run->session->for_s == 0) {
        return DAY_MS;
    }
    const int64_t left_ms =
        run->session->for_s * INT64_C(1000) - elapsed_ms(run->began_ns) - TAIL_MS;
    return left_ms < LEAST_DAY_MS ? LEAST_DAY_MS : left_ms > DAY_MS ? DAY_MS : left_ms;
}

/* Tells whether all messages went through and event time passed the last planted event by
 * enough. */
static bool all_done(const struct run *run)
{
    const int64_t end_ms = run->session->stream.start_ms + GS_DEMO_SPAN_MS;
    return run->totals.consumed >= gs_demo_feeder_sent(run->made.feeder) &&
           run->totals.watermark_ms >= end_ms - 30 * INT64_C(60000);
}

/* One step; false when it is time to end. */
static bool step(struct run *run, struct gs_error *err)
{
    gs_service_totals(run->made.service, &run->totals);
    gs_demo_feeder_progress(run->made.feeder, run->totals.consumed, run->totals.watermark_ms);
    if (elapsed_ms(run->frame_ns) >= FRAME_MS) {
        run->frame_ns = gs_clock_monotonic_ns();
        frame(run);
    }
    if (gs_service_failed(run->made.service, err)) {
        return false;
    }
    if (run->session->for_s > 0 && !run->whole &&
        elapsed_ms(run->began_ns) > run->session->for_s * INT64_C(1000) + GRACE_MS) {
        return false;
    }
    switch (gs_demo_feeder_stage(run->made.feeder)) {
    case GS_DEMO_HISTORY_SENT:
        if (run->day_began_ns == 0 &&
            run->totals.consumed >= gs_demo_feeder_sent(run->made.feeder)) {
            run->day_began_ns = gs_clock_monotonic_ns();
            gs_demo_feeder_begin_day(run->made.feeder, day_ms(run));
        }
        break;
    case GS_DEMO_ALL_SENT:
        run->all_sent_ns = run->all_sent_ns == 0 ? gs_clock_monotonic_ns() : run->all_sent_ns;
        run->whole = run->whole || all_done(run);
        break;
    case GS_DEMO_FEED_FAILED:
        err->status = gs_demo_feeder_stop(run->made.feeder, err);
        run->made.feeder = NULL;
        return false;
    case GS_DEMO_SENDING_HISTORY:
    case GS_DEMO_SENDING_DAY:
        break;
    }
    if (run->session->for_s > 0 && run->whole) {
        return elapsed_ms(run->began_ns) < run->session->for_s * INT64_C(1000);
    }
    return run->all_sent_ns == 0 || run->whole || elapsed_ms(run->all_sent_ns) < GRACE_MS;
}

/* ---- what came of it ---- */

static bool print_summary(struct run *run)
{
    struct gs_demo_verdict verdicts[GS_DEMO_MAX_EVENTS];
    struct gs_buf *out = &run->view.out;
    const int64_t until_ms = run->whole ? INT64_MAX : run->totals.watermark_ms;
    const size_t n = gs_demo_judge(run->made.alerts, until_ms, verdicts);
    bool passed = true;

    gs_buf_putc(out, '\n');
    (void)gs_demo_draw_rows(run->rows, run->n_rows, SUMMARY_WIDTH, MAX_ROWS, run->view.color, out);
    gs_buf_printf(out,
                  "\n%llu of %zu messages in %.1f s: %llu tagged, %llu refused, %llu observations, "
                  "%zu alerts\n",
                  (unsigned long long)run->totals.consumed, run->session->stream.n_messages,
                  (double)elapsed_ms(run->began_ns) / 1000, (unsigned long long)run->totals.tagged,
                  (unsigned long long)run->totals.rejected,
                  (unsigned long long)run->totals.observations,
                  gs_demo_alerts_fired(run->made.alerts));
    gs_demo_draw_verdicts(verdicts, n, run->made.alerts, run->view.color, out);
    gs_buf_putc(out, '\n');
    const bool once = gs_demo_incidents_draw(run->made.incidents, SUMMARY_WIDTH, out);
    gs_demo_view_flush(&run->view);
    if (!once) {
        (void)fputs("groundswell demo: an incident was told to begin or to end twice\n", stderr);
        passed = false;
    }
    for (size_t i = 0; i < n; i++) {
        passed = passed && verdicts[i].passed;
        if (!verdicts[i].passed) {
            gs_print_line(stderr, "groundswell demo: %s: %s", verdicts[i].event.what,
                          verdicts[i].event.must_alert ? "this surge raised no alert of its own"
                                                       : "this must not raise an alert, and did");
        }
    }
    return passed;
}

/* The screen is gone with its alerts; lines stay. */
static void print_alerts(struct run *run)
{
    struct gs_demo_alert alert;
    for (size_t i = 0; gs_demo_alerts_get(run->made.alerts, i, &alert); i++) {
        alert.state = GS_ALERT_FIRING; /* told as it fired */
        (void)gs_demo_draw_alert(&alert, SUMMARY_WIDTH, 2, run->view.color, &run->view.out);
    }
    gs_demo_view_flush(&run->view);
}

static int conclude(struct run *run, bool asked, const struct gs_error *err)
{
    if (run->view.terminal) {
        gs_demo_view_leave(&run->view);
        print_alerts(run);
    }
    if (err->status != GS_OK) {
        gs_print_line(stderr, "groundswell demo: %s", err->message);
        return GS_EXIT_FAILURE;
    }
    const bool passed = print_summary(run);
    if (!run->whole && !asked) {
        (void)fprintf(
            stderr,
            "groundswell demo: the pipeline did not keep up: %llu of %zu messages after %lld s\n",
            (unsigned long long)run->totals.consumed, run->session->stream.n_messages,
            (long long)elapsed_ms(run->began_ns) / 1000);
        return GS_EXIT_FAILURE;
    }
    if (asked && !run->whole) {
        (void)fputs("stopped before the day was over\n", stdout);
    }
    return passed ? GS_EXIT_OK : GS_EXIT_FAILURE;
}

int gs_demo_run(const struct gs_demo_session *session)
{
    static struct run run; /* too large for some stacks; a command runs once */
    struct gs_error err = {0};
    int code = GS_EXIT_FAILURE;

    run = (struct run){.session = session, .began_ns = gs_clock_monotonic_ns()};
    gs_log_configure(GS_LOG_ERROR, false);
    gs_signals_catch();
    if (gs_demo_setup_start(session, &run.made, &err) != GS_OK) {
        gs_print_line(stderr, "groundswell demo: %s", err.message);
        goto done;
    }
    const int port = gs_service_port(run.made.service);
    (void)printf("status page  http://127.0.0.1:%d/\nmetrics      http://127.0.0.1:%d/metrics\n",
                 port, port);
    (void)fflush(stdout);
    gs_demo_view_open(&run.view);
    if (session->browser && run.view.terminal) {
        open_browser(port);
    }
    bool asked = false;
    while (!asked && step(&run, &err)) {
        asked = gs_signals_wait(TICK_MS);
    }
    code = conclude(&run, asked, &err);

done:
    gs_demo_setup_stop(&run.made);
    gs_demo_view_close(&run.view);
    gs_demo_setup_done(&run.made);
    return code;
}
