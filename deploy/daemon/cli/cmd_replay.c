/* groundswell replay: kept data through both stages in event time (service/local.c), alerts on
 * stdout, and on stderr a table of alerts per day and key; or what another configuration would have
 * made of it (replay_compare.h). The exit code also says whether the times in the data let the
 * answer be trusted. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/progress.h"
#include "deploy/daemon/cli/replay_compare.h"
#include "deploy/daemon/cli/replay_counts.h"
#include "deploy/daemon/service/service.h"
#include "deploy/daemon/service/signals.h"
#include "ingest/base/escape.h"
#include "ingest/base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_JSON = 256 << 20 };

static void print_tables(const struct gs_replay_side *side)
{
    const struct gs_local_totals *totals = &side->totals;

    gs_replay_incidents_print(&side->incidents, stderr);
    gs_replay_alerts_print(&side->alerts, stderr);
    if (side->alerts.n == 0 && side->nearest.there) {
        struct gs_buf line = {.max = 2048};
        gs_replay_nearest_write(&side->nearest, &side->config->watch.options, &line);
        gs_print_line(stderr, "no alert; nearest: %.*s", GS_STR_ARGS(gs_buf_str(&line)));
        gs_buf_done(&line);
    }
    (void)fprintf(stderr,
                  "%" PRIu64 " lines, %" PRIu64 " refused, %" PRIu64 " observations, %" PRIu64
                  " late, %" PRIu64 " too late to count, %" PRIu64
                  " ahead of the others, %zu alerts in %zu incidents\n",
                  totals->lines, totals->rejected, totals->observations, totals->late,
                  totals->too_late, totals->odd.ahead, side->alerts.n + side->alerts.n_more,
                  side->incidents.n + side->incidents.n_more);
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

struct scores {
    FILE *file;    /* NULL: none */
    int why_errno; /* why a row could not be written; 0: all could */
};

static void write_score(void *arg, int64_t watermark_ms, const struct gs_key_view *view)
{
    struct scores *scores = arg;
    struct gs_buf time = {.max = 64};

    gs_buf_json_time(&time, watermark_ms);
    (void)fprintf(scores->file, "%.*s,", time.len > 2 ? (int)time.len - 2 : 0,
                  time.len > 2 ? time.bytes + 1 : "");
    struct gs_buf key = {.max = 4096};
    gs_buf_csv(&key, view->key);
    (void)fwrite(key.bytes, 1, key.len, scores->file);
    gs_buf_done(&key);
    (void)fprintf(scores->file, ",%.6g,%.6g,%.6g,%.6g,%d\n", view->n_hour, view->observed,
                  view->expected, view->log10_evidence, view->firing ? 1 : 0);
    if (ferror(scores->file) != 0 && scores->why_errno == 0) {
        scores->why_errno = errno;
    }
    gs_buf_done(&time);
}

static enum gs_status open_scores(struct scores *scores, const char *path, struct gs_error *err)
{
    if (path == NULL) {
        return GS_OK;
    }
    const enum gs_status status = gs_file_create(path, NULL, GS_FILE_FOR_ALL, &scores->file, err);
    if (status != GS_OK) {
        return status;
    }
    (void)fputs("time,key,n,observed,expected,log10_evidence,firing\n", scores->file);
    return GS_OK;
}

static enum gs_status close_scores(const struct scores *scores, const char *path,
                                   enum gs_status status, struct gs_error *err)
{
    struct gs_error closing;

    if (scores->file == NULL ||
        gs_file_close(scores->file, path, scores->why_errno, &closing) == GS_OK ||
        status != GS_OK) {
        return status;
    }
    *err = closing;
    return closing.status;
}

/* ---- the command ---- */

struct replay_options {
    struct gs_args args;
    const char *scores, *state, *counts, *against;
    double speed;
    bool json;
};

static void take(struct replay_options *options)
{
    const char *value = options->args.value;

    switch ((int)options->args.flag) {
    case GS_FLAG_SCORES:
        options->scores = value;
        break;
    case GS_FLAG_STATE:
        options->state = value;
        break;
    case GS_FLAG_COUNTS:
        options->counts = value;
        break;
    case GS_FLAG_AGAINST:
        options->against = value;
        break;
    case GS_FLAG_JSON:
        options->json = true;
        break;
    default:
        (void)gs_args_number(&options->args, 1e-6, 1e9, &options->speed);
        break;
    }
}

static void count_line(void *arg, size_t bytes)
{
    gs_progress_add(arg, 1, bytes + 1);
}

/* What is read, and by which configuration. */
struct input {
    const char *const *files;
    size_t n_files;
    struct gs_progress progress;
};

static void set_hooks(struct gs_local_options *local, struct gs_replay_side *side,
                      struct input *input)
{
    *local = (struct gs_local_options){.config = side->config,
                                       .files = input->files,
                                       .n_files = input->n_files,
                                       .stages = GS_STAGE_TAG | GS_STAGE_WATCH,
                                       .kept = true,
                                       .alert = gs_replay_alerts_take,
                                       .alert_arg = &side->alerts,
                                       .incident = gs_replay_incidents_take,
                                       .incident_arg = &side->incidents,
                                       .nearest = gs_replay_nearest_take,
                                       .nearest_arg = &side->nearest,
                                       .started = gs_signals_lane,
                                       .line = count_line,
                                       .line_arg = &input->progress};
}

static void side_done(struct gs_replay_side *side)
{
    gs_replay_alerts_done(&side->alerts);
    gs_replay_incidents_done(&side->incidents);
}

static int replay(const struct replay_options *options, const struct gs_config *config,
                  struct input *input)
{
    struct gs_replay_side side = {.path = options->args.config, .config = config};
    struct scores scores = {.file = NULL};
    struct gs_local_options local;
    struct gs_error err = {0};

    set_hooks(&local, &side, input);
    local.speed = options->speed;
    local.score = options->scores == NULL ? NULL : write_score;
    local.score_arg = &scores;
    enum gs_status status = open_scores(&scores, options->scores, &err);
    if (status == GS_OK) {
        gs_progress_start(&input->progress, &options->args, input->files, input->n_files);
        status = gs_local_run(&local, &side.totals, &err);
        gs_progress_end(&input->progress);
    }
    status = close_scores(&scores, options->scores, status, &err);
    if ((status == GS_OK || side.totals.lines > 0) && !options->args.quiet) {
        print_tables(&side);
    }
    side_done(&side);
    if (status != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    const bool doubtful = warn_of_times(&side.totals);
    return doubtful || side.totals.rejected > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

static enum gs_status write_comparison(const struct gs_replay_side sides[2], bool json,
                                       struct gs_error *err)
{
    struct gs_replay_compared compared;
    struct gs_buf out = {.max = MAX_JSON};
    enum gs_status status = gs_replay_compare(sides, &compared, err);

    if (status == GS_OK && !json) {
        gs_replay_compared_print(&compared, stdout);
    } else if (status == GS_OK) {
        gs_replay_compared_json(&compared, &out);
        gs_buf_putc(&out, '\n');
        status = gs_buf_ok(&out) ? GS_OK : gs_fail(err, GS_NO_MEMORY, "comparison");
        (void)fwrite(out.bytes, 1, status == GS_OK ? out.len : 0, stdout);
    }
    gs_buf_done(&out);
    gs_replay_compared_done(&compared);
    return status;
}

/* The same data by both configurations. Outputs that the first names are written, but for the
 * alerts on stdout, where the comparison goes; of the second nothing is. */
static int replay_against(const struct replay_options *options, struct gs_config *config,
                          struct input *input)
{
    struct gs_replay_side sides[2] = {{.path = options->args.config, .config = config},
                                      {.path = options->against}};
    struct gs_local_options locals[2];
    struct gs_local_totals totals[2] = {{0}, {0}};
    struct gs_config *other = NULL;
    struct gs_error err = {0};

    const int code = gs_command_load(&options->args, options->against, &other);
    if (code != GS_EXIT_OK) {
        return code;
    }
    config->output.files[GS_STREAM_ALERTS] = NULL;
    config->state.path = NULL; /* a what-if begins from nothing, and leaves nothing */
    other->state.path = NULL;
    sides[1].config = other;
    set_hooks(&locals[0], &sides[0], input);
    set_hooks(&locals[1], &sides[1], input);
    locals[0].speed = options->speed;
    gs_progress_start(&input->progress, &options->args, input->files, input->n_files);
    enum gs_status status = gs_local_run_both(locals, totals, &err);
    gs_progress_end(&input->progress);
    sides[0].totals = totals[0];
    sides[1].totals = totals[1];
    if (status == GS_OK) {
        status = write_comparison(sides, options->json, &err);
    }
    side_done(&sides[0]);
    side_done(&sides[1]);
    gs_config_free(other);
    if (status != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    const bool doubtful = warn_of_times(&totals[0]) || warn_of_times(&totals[1]);
    return doubtful || totals[0].rejected > 0 || totals[1].rejected > 0 ? GS_EXIT_FINDINGS
                                                                        : GS_EXIT_OK;
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
    } else if (options->counts != NULL &&
               (options->state != NULL || options->against != NULL || args->n_operands > 0)) {
        (void)gs_args_wrong(args, "--counts FILE is all that is read: no messages, no state");
    } else if (options->against != NULL && (options->state != NULL || options->scores != NULL)) {
        (void)gs_args_wrong(args, "--against FILE goes with neither --state nor --scores");
    } else if (options->json && options->against == NULL) {
        (void)gs_args_wrong(args, "--json is the form of --against FILE; alerts are JSON anyway");
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

    struct input input = {.files = args->operands, .n_files = args->n_operands};
    if (input.n_files == 0) {
        input.files = config->input.files.n > 0 ? config->input.files.items : &standard_input;
        input.n_files = config->input.files.n > 0 ? config->input.files.n : 1;
    }
    code = options.against != NULL ? replay_against(&options, config, &input)
                                   : replay(&options, config, &input);

done:
    gs_config_free(config);
    gs_args_done(args);
    return code;
}
