/* groundswell replay: kept data through both stages in event time (service/local.c), alerts on
 * stdout, and on stderr a table of alerts per day and key. The exit code also says whether the times
 * in the data let the answer be trusted. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/progress.h"
#include "deploy/daemon/cli/replay_counts.h"
#include "deploy/daemon/cli/replay_incidents.h"
#include "deploy/daemon/service/local.h"
#include "deploy/daemon/service/service.h"
#include "deploy/daemon/service/signals.h"
#include "ingest/base/escape.h"
#include "ingest/base/file.h"
#include "ingest/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_ALERT_ROWS = 100000, DAY_MS = 86400000 };

/* ---- the table: alerts per day and key ---- */

struct row {     /* an alert */
    int64_t day; /* since the epoch */
    char id[17];
    char key[GS_BOARD_KEY], name[104];
    enum gs_severity severity; /* the highest it reached */
    double rise;               /* detectable_rise when it fired */
};

struct table {
    struct row *rows;
    size_t n, n_more; /* n_more: not kept */
    struct gs_replay_incidents incidents;
    char *nearest; /* a line for people; NULL: nothing came near */
    FILE *scores;
    int scores_errno; /* why a row could not be written; 0: all could */
};

static void raise_severity(struct table *table, const struct gs_alert *alert)
{
    for (size_t i = table->n; i > 0; i--) {
        struct row *row = &table->rows[i - 1];
        if (strcmp(row->id, alert->id) == 0) {
            row->severity = alert->severity > row->severity ? alert->severity : row->severity;
            return;
        }
    }
}

static void count_alert(void *arg, const struct gs_alert *alert)
{
    struct table *table = arg;
    struct row row = {.day = alert->fired_at_ms / DAY_MS,
                      .severity = alert->severity,
                      .rise = alert->detectable_rise};

    if (alert->state != GS_ALERT_FIRING) {
        raise_severity(table, alert);
        return;
    }
    memcpy(row.id, alert->id, sizeof row.id);
    (void)snprintf(row.key, sizeof row.key, "%.*s", GS_STR_ARGS(alert->key));
    (void)snprintf(row.name, sizeof row.name, "%.*s", GS_STR_ARGS(alert->name));
    struct row *bigger =
        table->n < MAX_ALERT_ROWS ? realloc(table->rows, (table->n + 1) * sizeof row) : NULL;
    if (bigger == NULL) {
        table->n_more++;
        return;
    }
    table->rows = bigger;
    table->rows[table->n++] = row;
}

static void keep_nearest(void *arg, const struct gs_near_miss *near)
{
    struct table *table = arg;
    struct gs_buf time = {.max = 64};
    struct gs_buf line = {.max = 2048};

    gs_buf_json_time(&time, near->at_ms);
    gs_buf_printf(&line,
                  "nearest: %.*s%s%.*s at %.*s: evidence 10^%.2f, 10^%.2f is needed; %.0f %% of "
                  "%.0f messages negative where %.0f %% are usual, %u publishers, %u stories",
                  GS_STR_ARGS(near->key), near->name.len > 0 ? ", " : "", GS_STR_ARGS(near->name),
                  time.len > 2 ? (int)time.len - 2 : 0, time.len > 2 ? time.bytes + 1 : "",
                  near->log10_evidence, near->log10_threshold, 100.0 * near->observed, near->n,
                  100.0 * near->expected, near->publishers, near->stories);
    gs_buf_putc(&line, '\0');
    gs_buf_done(&time);
    if (!gs_buf_ok(&line)) {
        gs_buf_done(&line);
        return;
    }
    table->nearest = line.bytes; /* freed with the table */
}

/* Takes the rows of one day, key and severity as one; returns how many alerts they are, 0 for one
 * that was counted with an earlier row. */
static unsigned count_like(const struct table *table, size_t at)
{
    const struct row *row = &table->rows[at];
    unsigned n = 1;

    for (size_t i = at; i > 0 && table->rows[i - 1].day == row->day; i--) {
        const struct row *other = &table->rows[i - 1];
        if (other->severity == row->severity && strcmp(other->key, row->key) == 0) {
            return 0;
        }
    }
    for (size_t i = at + 1; i < table->n && table->rows[i].day == row->day; i++) {
        const struct row *other = &table->rows[i];
        n += other->severity == row->severity && strcmp(other->key, row->key) == 0;
    }
    return n;
}

static void print_table(const struct table *table, const struct gs_local_totals *totals)
{
    gs_replay_incidents_print(&table->incidents, stderr);
    gs_print_line(stderr, "%-10s  %-9s %6s  %4s  %s", "day", "severity", "alerts", "rise", "key");
    for (size_t i = 0; i < table->n; i++) {
        const struct row *row = &table->rows[i];
        const unsigned n = count_like(table, i);
        char rise[8] = "-"; /* no rise of this key would be found within three hours */
        if (isfinite(row->rise)) {
            (void)snprintf(rise, sizeof rise, "%.1f", row->rise);
        }
        struct gs_buf day = {.max = 64};
        gs_buf_json_time(&day, row->day * DAY_MS);
        if (n > 0) {
            gs_print_line(stderr, "%.10s  %-9s %6u  %4s  %s%s%s",
                          day.len > 11 ? day.bytes + 1 : "?", gs_severity_name(row->severity), n,
                          rise, row->key, row->name[0] != '\0' ? "  " : "", row->name);
        }
        gs_buf_done(&day);
    }
    if (table->n_more > 0) {
        (void)fprintf(stderr, "and %zu more\n", table->n_more);
    }
    if (table->n == 0 && table->nearest != NULL) {
        gs_print_line(stderr, "no alert; %s", table->nearest);
    }
    (void)fprintf(stderr,
                  "%" PRIu64 " lines, %" PRIu64 " refused, %" PRIu64 " observations, %" PRIu64
                  " late, %" PRIu64 " too late to count, %" PRIu64
                  " ahead of the others, %zu alerts in %zu incidents\n",
                  totals->lines, totals->rejected, totals->observations, totals->late,
                  totals->too_late, totals->odd.ahead, table->n + table->n_more,
                  table->incidents.n + table->incidents.n_more);
}

/* ---- can the answer be trusted? ---- */

/* A replay stands for what `run` would have seen, record by record. Data out of order, or with
 * wrong times, gives other alerts than it would have: that must not look like "no alerts". */
static bool warn_of_times(const struct gs_local_totals *totals)
{
    const struct gs_clock_lead *worst = &totals->odd.worst;
    const bool unsorted = totals->too_late > 0 || totals->late * 100 > totals->observations;

    if (unsorted) {
        (void)fprintf(stderr,
                      "groundswell replay: warning: of %" PRIu64 " observations %" PRIu64
                      " came too late to be counted and %" PRIu64
                      " late: the data is not in order of time, or some clocks are wrong; sort it "
                      "by time: these alerts are not to be trusted\n",
                      totals->observations, totals->too_late, totals->late);
    }
    if (totals->odd.ahead > 0) {
        gs_print_line(
            stderr,
            "groundswell replay: warning: %" PRIu64
            " observations are ahead of all others and were counted at the time that they "
            "claim; most of source %s (%" PRIu64 ", the last by %.1f h): is its clock or "
            "time zone wrong?",
            totals->odd.ahead, worst->name, worst->n, (double)worst->lead_ms / 3600000.0);
    }
    return unsorted || totals->odd.ahead > 0;
}

/* ---- scores ---- */

static void write_score(void *arg, int64_t watermark_ms, const struct gs_key_view *view)
{
    struct table *table = arg;
    struct gs_buf time = {.max = 64};

    gs_buf_json_time(&time, watermark_ms);
    (void)fprintf(table->scores, "%.*s,", time.len > 2 ? (int)time.len - 2 : 0,
                  time.len > 2 ? time.bytes + 1 : "");
    struct gs_buf key = {.max = 4096};
    gs_buf_csv(&key, view->key);
    (void)fwrite(key.bytes, 1, key.len, table->scores);
    gs_buf_done(&key);
    (void)fprintf(table->scores, ",%.6g,%.6g,%.6g,%.6g,%d\n", view->n_hour, view->observed,
                  view->expected, view->log10_evidence, view->firing ? 1 : 0);
    if (ferror(table->scores) != 0 && table->scores_errno == 0) {
        table->scores_errno = errno;
    }
    gs_buf_done(&time);
}

/* ---- the command ---- */

struct replay_options {
    struct gs_args args;
    const char *scores, *state, *counts;
    double speed;
};

static void take(struct replay_options *options)
{
    if (options->args.flag == GS_FLAG_SCORES) {
        options->scores = options->args.value;
    } else if (options->args.flag == GS_FLAG_STATE) {
        options->state = options->args.value;
    } else if (options->args.flag == GS_FLAG_COUNTS) {
        options->counts = options->args.value;
    } else {
        (void)gs_args_number(&options->args, 1e-6, 1e9, &options->speed);
    }
}

static enum gs_status open_scores(struct table *table, const char *path, struct gs_error *err)
{
    if (path == NULL) {
        return GS_OK;
    }
    const enum gs_status status = gs_file_create(path, NULL, GS_FILE_FOR_ALL, &table->scores, err);
    if (status != GS_OK) {
        return status;
    }
    (void)fputs("time,key,n,observed,expected,log10_evidence,firing\n", table->scores);
    return GS_OK;
}

static void count_line(void *arg, size_t bytes)
{
    gs_progress_add(arg, 1, bytes + 1);
}

static int replay(const struct replay_options *options, const struct gs_config *config,
                  const char *const *files, size_t n_files)
{
    struct table table = {0};
    struct gs_local_totals totals = {0};
    struct gs_progress progress;
    struct gs_error err = {0};
    const struct gs_local_options local = {.config = config,
                                           .files = files,
                                           .n_files = n_files,
                                           .stages = GS_STAGE_TAG | GS_STAGE_WATCH,
                                           .kept = true,
                                           .speed = options->speed,
                                           .alert = count_alert,
                                           .alert_arg = &table,
                                           .incident = gs_replay_incidents_take,
                                           .incident_arg = &table.incidents,
                                           .score = options->scores == NULL ? NULL : write_score,
                                           .score_arg = &table,
                                           .nearest = keep_nearest,
                                           .nearest_arg = &table,
                                           .started = gs_signals_lane,
                                           .line = count_line,
                                           .line_arg = &progress};

    enum gs_status status = open_scores(&table, options->scores, &err);
    if (status == GS_OK) {
        gs_progress_start(&progress, &options->args, files, n_files);
        status = gs_local_run(&local, &totals, &err);
        gs_progress_end(&progress);
    }
    if (table.scores != NULL) {
        struct gs_error closing;
        if (gs_file_close(table.scores, options->scores, table.scores_errno, &closing) != GS_OK &&
            status == GS_OK) {
            err = closing;
            status = closing.status;
        }
    }
    if ((status == GS_OK || totals.lines > 0) && !options->args.quiet) {
        print_table(&table, &totals);
    }
    free(table.rows);
    free(table.nearest);
    gs_replay_incidents_done(&table.incidents);
    if (status != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    const bool doubtful = warn_of_times(&totals);
    return doubtful || totals.rejected > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

static int score_counts(const struct replay_options *options)
{
    struct gs_counts_totals totals = {0};
    struct gs_error err = {0};

    if (gs_replay_counts(options->counts, options->scores, &totals, &err) != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    if (!options->args.quiet) {
        (void)fprintf(stderr, "%zu counts scored, %zu rows refused\n", totals.rows, totals.refused);
    }
    return totals.refused > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

/* What goes with what. */
static void check_flags(struct replay_options *options)
{
    struct gs_args *args = &options->args;

    if (args->ends) {
        return;
    }
    if (options->counts == NULL && args->config == NULL) {
        (void)gs_args_wrong(args, "--config FILE is missing");
    } else if (options->counts != NULL && options->scores == NULL) {
        (void)gs_args_wrong(args, "--counts FILE needs --scores FILE, where its scores go");
    } else if (options->counts != NULL && (options->state != NULL || args->n_operands > 0)) {
        (void)gs_args_wrong(args, "--counts FILE is all that is read: no messages, no state");
    }
}

int gs_cmd_replay(int argc, char **argv)
{
    static const char *const standard_input = "-";
    struct replay_options options = {.scores = NULL};
    struct gs_args *args = &options.args;
    struct gs_config *config = NULL;
    int code = GS_EXIT_OK;

    gs_args_init(args, GS_CMD_REPLAY, argc, argv);
    while (gs_args_next(args)) {
        take(&options);
    }
    check_flags(&options);
    if (!args->ends && options.counts != NULL) {
        code = score_counts(&options);
        goto done;
    }
    if (!args->ends && args->rejects != NULL) {
        (void)gs_args_set(args, "output.files.dlq", args->rejects);
    }
    if (!args->ends && options.state != NULL) {
        (void)gs_args_set(args, "state.path", options.state);
    }
    code = args->ends ? args->code : gs_command_configure(args, &config);
    if (config == NULL) {
        goto done;
    }
    config->output.files[GS_STREAM_ALERTS] = "-"; /* the contract: alerts on stdout */

    const char *const *files = args->operands;
    size_t n_files = args->n_operands;
    if (n_files == 0) {
        files = config->input.files.n > 0 ? config->input.files.items : &standard_input;
        n_files = config->input.files.n > 0 ? config->input.files.n : 1;
    }
    code = replay(&options, config, files, n_files);

done:
    gs_config_free(config);
    gs_args_done(args);
    return code;
}
