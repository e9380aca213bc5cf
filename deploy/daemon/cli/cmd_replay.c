/* groundswell replay: kept data through both stages in event time (service/local.c), alerts on
 * stdout, and on stderr a table of alerts per day and key; or what another configuration would have
 * made of it (replay_against.c), or each of several values of a setting (replay_sweep.c), or one
 * alert with all that it rests on (replay_alert.c). The exit code also says whether the times in the
 * data let the answer be trusted. */
#include "deploy/daemon/cli/replay_command.h"
#include "deploy/daemon/cli/replay_counts.h"
#include "ingest/base/escape.h"
#include "ingest/base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void gs_replay_print_tables(const struct gs_replay_side *side)
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

/* ---- scores ---- */

struct scores {
    FILE *file;    /* NULL: none */
    int why_errno; /* why a row could not be written; 0: all could */
};

static void write_score(void *arg, int64_t watermark_ms, const struct gs_key_view *view)
{
    struct scores *scores = arg;
    struct gs_buf time = {.max = 64};

    (void)gs_buf_time(&time, watermark_ms);
    (void)fprintf(scores->file, "%.*s,", GS_STR_ARGS(gs_buf_str(&time)));
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

static void take(struct gs_replay_options *options)
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
    case GS_FLAG_SWEEP:
        options->sweep = value;
        break;
    case GS_FLAG_ALERT:
        options->alert = value;
        break;
    case GS_FLAG_RECORD:
        options->record = value;
        break;
    case GS_FLAG_HTML:
        options->html = value;
        break;
    case GS_FLAG_JSON:
        options->json = true;
        break;
    default:
        (void)gs_args_number(&options->args, 1e-6, 1e9, &options->speed);
        break;
    }
}

static int replay(const struct gs_replay_options *options, const struct gs_config *config,
                  struct gs_replay_input *input)
{
    struct gs_replay_side side = {.path = options->args.config, .config = config};
    struct scores scores = {.file = NULL};
    struct gs_local_options local;
    struct gs_error err = {0};

    gs_replay_set_hooks(&local, &side, input);
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
        gs_replay_print_tables(&side);
    }
    gs_replay_side_done(&side);
    if (status != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    const bool doubtful = gs_replay_warn_of_times(&side.totals);
    return doubtful || side.totals.rejected > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

static int score_counts(const struct gs_replay_options *options)
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

static void check_alert(struct gs_replay_options *options)
{
    struct gs_args *args = &options->args;
    const char *id = options->alert;

    if (strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16) {
        (void)gs_args_wrong(args, "--alert: %s is no id: 16 digits of 0-9 and a-f, as in a record",
                            id);
    } else if (options->against != NULL || options->state != NULL || options->scores != NULL ||
               options->counts != NULL) {
        (void)gs_args_wrong(args, "--alert ID goes with none of --against, --counts, --scores, "
                                  "--state");
    }
    for (size_t i = 0; i < args->n_operands && !args->ends; i++) {
        if (strcmp(args->operands[i], "-") == 0) {
            (void)gs_args_wrong(args,
                                "--alert ID needs files: standard input cannot be shown again");
        }
    }
}

/* What goes with what. */
static void check_flags(struct gs_replay_options *options)
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
    } else if (options->sweep != NULL &&
               (options->state != NULL || options->scores != NULL || options->against != NULL ||
                options->alert != NULL || options->html != NULL || options->counts != NULL)) {
        (void)gs_args_wrong(args, "--sweep goes with none of --against, --alert, --counts, --html, "
                                  "--scores, --state");
    } else if (options->json && options->against == NULL && options->sweep == NULL &&
               options->alert == NULL) {
        (void)gs_args_wrong(
            args, "--json is a form of --against, --sweep and --alert; alerts are JSON anyway");
    } else if (options->html != NULL && (options->against != NULL || options->alert != NULL ||
                                         options->counts != NULL || options->scores != NULL)) {
        (void)gs_args_wrong(args,
                            "--html FILE goes with none of --against, --alert, --counts, --scores");
    } else if (options->record != NULL && options->alert == NULL) {
        (void)gs_args_wrong(args, "--record FILE is what --alert ID is held against");
    } else if (options->alert != NULL) {
        check_alert(options);
    }
}

int gs_cmd_replay(int argc, char **argv)
{
    static const char *const standard_input = "-";
    struct gs_replay_options options = {.scores = NULL};
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

    struct gs_replay_input input = {.files = args->operands, .n_files = args->n_operands};
    if (input.n_files == 0) {
        input.files = config->input.files.n > 0 ? config->input.files.items : &standard_input;
        input.n_files = config->input.files.n > 0 ? config->input.files.n : 1;
    }
    if (options.alert != NULL) {
        code = gs_replay_alert(&options, config, &input);
    } else if (options.against != NULL) {
        code = gs_replay_against(&options, config, &input);
    } else if (options.sweep != NULL) {
        code = gs_replay_sweep(&options, &input);
    } else if (options.html != NULL) {
        code = gs_replay_html(&options, config, &input);
    } else {
        code = replay(&options, config, &input);
    }

done:
    gs_config_free(config);
    gs_args_done(args);
    return code;
}
