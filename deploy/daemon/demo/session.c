/* The demo from the broker's start to the verdict.
 *
 *     feeder thread ──► raw topic ──► service (tag, watch) ──► alerts ──► this thread: screen,
 * verdict
 */
#include "deploy/daemon/demo/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "deploy/daemon/command.h"
#include "deploy/daemon/demo/feeder.h"
#include "deploy/daemon/demo/locate.h"
#include "deploy/daemon/demo/view.h"
#include "deploy/daemon/service.h"
#include "deploy/daemon/signals.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ; /* NOLINT(readability-redundant-declaration): POSIX has no header for it */

enum {
    DAY_MS = 60000, /* how long the day takes when there is time */
    LEAST_DAY_MS = 10000,
    TAIL_MS = 4000,   /* kept of --for, so that the pipeline can finish before the end */
    GRACE_MS = 60000, /* a slow machine may take this much longer, once all is sent */
    FRAME_MS = 200,
    TICK_MS = 40, /* how often the feeder hears how far the pipeline is */
    USUAL_PORT = 9464,
    N_PARTITIONS = 4,
    MAX_ROWS = 64
};

struct run {
    const struct gs_demo_session *session;
    struct gs_demo *demo;
    struct gs_demo_alerts *alerts;
    struct gs_broker *broker;
    struct gs_config *config;
    struct gs_service *service;
    struct gs_demo_feeder *feeder;
    struct gs_demo_view view;
    char watchlist[64]; /* a temporary file; "" when there is none */
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

/* ---- setting up ---- */

/* The watchlist is a file to the pipeline, as everybody's is. */
static enum gs_status put_watchlist(struct run *run, struct gs_error *err)
{
    const char *dir = getenv("TMPDIR");
    struct gs_buf csv = {.max = 1 << 20};
    const int n = snprintf(run->watchlist, sizeof run->watchlist, "%s/groundswell-demo-XXXXXX",
                           dir != NULL && dir[0] == '/' && strlen(dir) < 32 ? dir : "/tmp");
    assert(n > 0 && (size_t)n < sizeof run->watchlist);
    const int fd = mkstemp(run->watchlist);
    if (fd < 0) {
        const int why = errno;
        run->watchlist[0] = '\0';
        return gs_fail_errno(err, why, "a temporary file for the watchlist");
    }
    gs_demo_watchlist(&csv);
    const bool good = gs_buf_ok(&csv) && write(fd, csv.bytes, csv.len) == (ssize_t)csv.len;
    const int why = errno;
    (void)close(fd);
    gs_buf_done(&csv);
    return good ? GS_OK : gs_fail_errno(err, why, "%s", run->watchlist);
}

static bool port_is_free(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        return false;
    }
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool is_free = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd);
    return is_free;
}

static enum gs_status make_config(struct run *run, struct gs_error *err)
{
    const struct gs_demo_session *session = run->session;
    char model[PATH_MAX], sets[5][PATH_MAX + 32];
    const char *models = session->model != NULL ? session->model : getenv("GROUNDSWELL_MODELS");
    const enum gs_status status = gs_demo_locate_model(models, model, sizeof model, err);
    if (status != GS_OK) {
        return status;
    }
    const int port = session->port >= 0 ? session->port : port_is_free(USUAL_PORT) ? USUAL_PORT : 0;
    (void)snprintf(sets[0], sizeof sets[0], "kafka.brokers=%s", gs_broker_address(run->broker));
    (void)snprintf(sets[1], sizeof sets[1], "model.path=%s", model);
    (void)snprintf(sets[2], sizeof sets[2], "entities.watchlist=%s", run->watchlist);
    (void)snprintf(sets[3], sizeof sets[3], "http.port=%d", port);
    (void)snprintf(sets[4], sizeof sets[4], "kafka.instance=demo-%ld", (long)getpid());
    /* The mock broker does not enforce transactions. */
    const char *const overrides[] = {sets[0],
                                     sets[1],
                                     sets[2],
                                     sets[3],
                                     sets[4],
                                     "kafka.delivery=at_least_once",
                                     "kafka.start=earliest"};
    const struct gs_config_input input = {.yaml = gs_str("{}\n"),
                                          .name = "demo",
                                          .overrides = overrides,
                                          .n_overrides = GS_COUNT(overrides)};
    struct gs_findings findings = {0};
    const enum gs_status parsed = gs_config_parse(&input, &run->config, &findings, err);
    gs_findings_print(&findings, stderr);
    gs_findings_done(&findings);
    return parsed;
}

/* The topics by the names that the configuration gives them; the broker must exist first to be in
 * it. */
static enum gs_status start_broker(struct run *run, struct gs_error *err)
{
    struct gs_config *defaults = NULL;
    const char *topics[GS_N_STREAMS + 8];
    size_t n = 0;

    enum gs_status status = gs_config_defaults(&defaults, err);
    if (status != GS_OK) {
        return status;
    }
    for (size_t i = 0; i < defaults->input.topics.n && n < 8; i++) {
        topics[n++] = defaults->input.topics.items[i];
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        topics[n++] = defaults->output.topics[i];
    }
    status = gs_broker_start(topics, n, N_PARTITIONS, &run->broker, err);
    gs_config_free(defaults);
    return status;
}

static enum gs_status start(struct run *run, struct gs_error *err)
{
    struct gs_service_hooks hooks = {.alert = gs_demo_alerts_take};
    const struct gs_demo_options *stream = &run->session->stream;
    enum gs_status status = GS_OK;

    if ((status = gs_demo_new(stream, &run->demo, err)) != GS_OK ||
        (status = gs_demo_alerts_new(run->demo, stream->n_messages, &run->alerts, err)) != GS_OK ||
        (status = put_watchlist(run, err)) != GS_OK || (status = start_broker(run, err)) != GS_OK ||
        (status = make_config(run, err)) != GS_OK) {
        return status;
    }
    hooks.arg = run->alerts;
    status =
        gs_service_start(run->config, GS_STAGE_TAG | GS_STAGE_WATCH, &hooks, &run->service, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_demo_feeder_options feeder = {.brokers = gs_broker_address(run->broker),
                                                  .topic = run->config->input.topics.items[0],
                                                  .demo = run->demo,
                                                  .alerts = run->alerts,
                                                  .start_ms = stream->start_ms,
                                                  .n_messages = stream->n_messages,
                                                  .lateness_ms =
                                                      run->config->watch.options.lateness_ms};
    return gs_demo_feeder_start(&feeder, &run->feeder, err);
}

static void stop(struct run *run)
{
    (void)gs_demo_feeder_stop(run->feeder, NULL);
    run->feeder = NULL;
    gs_service_stop(run->service);
    run->service = NULL;
    gs_broker_stop(run->broker);
    run->broker = NULL;
    if (run->watchlist[0] != '\0') {
        (void)unlink(run->watchlist);
        run->watchlist[0] = '\0';
    }
}

/* ---- watching it run ---- */

/* Opens the status page for who sits before a desktop; failure is no loss. */
static void open_browser(int port)
{
    char opener[] = "xdg-open", url[64];
    char *argv[] = {opener, url, NULL};
    pid_t pid;
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
    const size_t n = gs_service_rows(run->service, board, GS_COUNT(board));
    run->n_rows = 0;
    for (size_t i = 0; i < n && run->n_rows < MAX_ROWS; i++) {
        struct gs_demo_row *row = &run->rows[run->n_rows];
        if (strncmp(board[i].key, "topic:", 6) != 0) {
            continue;
        }
        (void)snprintf(row->key, sizeof row->key, "%.63s", board[i].key);
        row->messages = board[i].messages;
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
    switch (gs_demo_feeder_stage(run->feeder)) {
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
                                          .port = gs_service_port(run->service),
                                          .consumed = run->totals.consumed,
                                          .total = run->session->stream.n_messages,
                                          .per_second = run->per_second,
                                          .clock_ms = run->totals.watermark_ms,
                                          .rows = run->rows,
                                          .n_rows = run->n_rows,
                                          .alerts = run->alerts,
                                          .color = run->view.color};
    gs_demo_view_show(&run->view, &screen);
}

/* How long the day may take, of what --for leaves. */
static int64_t day_ms(const struct run *run)
{
    if (run->session->for_s == 0) {
        return DAY_MS;
    }
    const int64_t left_ms =
        run->session->for_s * INT64_C(1000) - elapsed_ms(run->began_ns) - TAIL_MS;
    return left_ms < LEAST_DAY_MS ? LEAST_DAY_MS : left_ms > DAY_MS ? DAY_MS : left_ms;
}

/* Whether all messages went through and event time passed the last planted event by enough. */
static bool all_done(const struct run *run)
{
    const int64_t end_ms = run->session->stream.start_ms + GS_DEMO_SPAN_MS;
    return run->totals.consumed >= gs_demo_feeder_sent(run->feeder) &&
           run->totals.watermark_ms >= end_ms - 30 * INT64_C(60000);
}

/* One step; false when it is time to end. */
static bool step(struct run *run, struct gs_error *err)
{
    gs_service_totals(run->service, &run->totals);
    gs_demo_feeder_progress(run->feeder, run->totals.consumed, run->totals.watermark_ms);
    if (elapsed_ms(run->frame_ns) >= FRAME_MS) {
        run->frame_ns = gs_clock_monotonic_ns();
        frame(run);
    }
    if (gs_service_failed(run->service, err)) {
        return false;
    }
    if (run->session->for_s > 0 && !run->whole &&
        elapsed_ms(run->began_ns) > run->session->for_s * INT64_C(1000) + GRACE_MS) {
        return false;
    }
    switch (gs_demo_feeder_stage(run->feeder)) {
    case GS_DEMO_HISTORY_SENT:
        if (run->day_began_ns == 0 && run->totals.consumed >= gs_demo_feeder_sent(run->feeder)) {
            run->day_began_ns = gs_clock_monotonic_ns();
            gs_demo_feeder_begin_day(run->feeder, day_ms(run));
        }
        break;
    case GS_DEMO_ALL_SENT:
        run->all_sent_ns = run->all_sent_ns == 0 ? gs_clock_monotonic_ns() : run->all_sent_ns;
        run->whole = run->whole || all_done(run);
        break;
    case GS_DEMO_FEED_FAILED:
        err->status = gs_demo_feeder_stop(run->feeder, err);
        run->feeder = NULL;
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
    const size_t n = gs_demo_judge(run->alerts, until_ms, verdicts);
    bool passed = true;

    gs_buf_putc(out, '\n');
    (void)gs_demo_draw_rows(run->rows, run->n_rows, 100, MAX_ROWS, run->view.color, out);
    gs_buf_printf(out,
                  "\n%llu of %zu messages in %.1f s: %llu tagged, %llu refused, %llu observations, "
                  "%zu alerts\n",
                  (unsigned long long)run->totals.consumed, run->session->stream.n_messages,
                  (double)elapsed_ms(run->began_ns) / 1000, (unsigned long long)run->totals.tagged,
                  (unsigned long long)run->totals.rejected,
                  (unsigned long long)run->totals.observations, gs_demo_alerts_fired(run->alerts));
    gs_demo_draw_verdicts(verdicts, n, run->alerts, run->view.color, out);
    gs_demo_view_flush(&run->view);
    for (size_t i = 0; i < n; i++) {
        passed = passed && verdicts[i].passed;
        if (!verdicts[i].passed) {
            (void)fprintf(stderr, "groundswell demo: %s: %s\n", verdicts[i].event.what,
                          verdicts[i].event.must_alert ? "this surge raised no alert of its own"
                                                       : "this must not raise an alert, and did");
        }
    }
    return passed;
}

static int conclude(struct run *run, bool asked, const struct gs_error *err)
{
    gs_demo_view_leave(&run->view);
    if (err->status != GS_OK) {
        (void)fprintf(stderr, "groundswell demo: %s\n", err->message);
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
    if (start(&run, &err) != GS_OK) {
        (void)fprintf(stderr, "groundswell demo: %s\n", err.message);
        goto done;
    }
    const int port = gs_service_port(run.service);
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
    stop(&run);
    gs_demo_view_close(&run.view);
    gs_demo_alerts_free(run.alerts);
    gs_demo_free(run.demo);
    gs_config_free(run.config);
    return code;
}
