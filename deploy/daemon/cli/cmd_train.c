/* groundswell train: labelled lines into the trainer (classifier/train), and what comes out of it
 * into a folder: model, manifest with its provenance, log, report. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/model_name.h"
#include "deploy/daemon/cli/train_encoder_options.h"
#include "deploy/daemon/workbench/progress_line.h"
#include "deploy/daemon/workbench/train_data.h"
#include "deploy/daemon/workbench/train_report.h"
#include "ingest/base/clock.h"
#include "ingest/base/escape.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SPECS = 64, MAX_REPORT = 64 << 20 };

struct options {
    const char *out, *labels;
    const char *specs[MAX_SPECS];
    size_t n_specs;
    char name[GS_MODEL_NAME_SIZE]; /* without --name */
    struct gs_train_options train;
    const char *rejects; /* NULL: no file */
    bool quiet;
    int argc;
    char **argv; /* for the report */
};

static void take_rows(struct gs_args *args, struct gs_train_options *train)
{
    char *end = NULL;
    const long long en = strtoll(args->value, &end, 10);
    const bool two = *end == ',';
    const long long zh = two ? strtoll(end + 1, &end, 10) : 0;

    if (!two || *end != '\0' || en < 0 || zh < 0 || en > 1 << 22 || zh > 1 << 22) {
        (void)gs_args_wrong(args, "--rows is two whole numbers EN,ZH, not %s", args->value);
        return;
    }
    train->max_rows[0] = (size_t)en;
    train->max_rows[1] = (size_t)zh;
}

/* Options whose value is one number. */
static void take_number(struct gs_args *args, struct gs_train_options *train)
{
    unsigned long long count = 0;
    double value = 0;

    switch (args->flag) {
    case GS_FLAG_SEED:
        if (gs_args_count(args, 0, 9007199254740992, &count)) {
            train->seed = count;
        }
        return;
    case GS_FLAG_EPOCHS:
        if (gs_args_count(args, 1, 256, &count)) {
            train->max_passes = (size_t)count;
        }
        return;
    case GS_FLAG_MIN_DF:
        if (gs_args_count(args, 1, 1000000, &count)) {
            train->min_df = (size_t)count;
        }
        return;
    default:
        break;
    }
    float *to = args->flag == GS_FLAG_SHARE         ? &train->share
                : args->flag == GS_FLAG_WORD_WEIGHT ? &train->word_weight
                : args->flag == GS_FLAG_HOLDOUT     ? &train->holdout
                                                    : &train->tolerance;
    const double most = args->flag == GS_FLAG_WORD_WEIGHT ? 10.0
                        : args->flag == GS_FLAG_HOLDOUT   ? 0.8
                                                          : 1.0;
    if (gs_args_number(args, args->flag == GS_FLAG_SHARE ? 0.0 : 1e-4, most, &value)) {
        *to = (float)value;
    }
}

static void take_kind(struct gs_args *args)
{
    if (strcmp(args->value, "ngram") != 0) { /* encoder went another way */
        (void)gs_args_wrong(args, "--kind is ngram or encoder, not %s", args->value);
    }
}

static void take(struct gs_args *args, struct options *options)
{
    switch (args->flag) {
    case GS_FLAG_KIND:
        take_kind(args);
        break;
    case GS_FLAG_DATA:
        if (options->n_specs == MAX_SPECS) {
            (void)gs_args_wrong(args, "--data %s: more than %d", args->value, MAX_SPECS);
        } else {
            options->specs[options->n_specs++] = args->value;
        }
        break;
    case GS_FLAG_OUT:
        options->out = args->value;
        break;
    case GS_FLAG_LABELS:
        options->labels = args->value;
        break;
    case GS_FLAG_NAME:
        options->train.name = args->value;
        break;
    case GS_FLAG_VERSION:
        options->train.version = args->value;
        break;
    case GS_FLAG_ROWS:
        take_rows(args, &options->train);
        break;
    default:
        take_number(args, &options->train);
        break;
    }
}

/* ---- the training ---- */

struct session {
    const struct options *options;
    struct gs_trainer *trainer;
    struct gs_train_labels *labels;
    struct gs_model *model;
    struct gs_buf notes, sets, log, metrics;
    struct gs_refusals refusals;
    size_t n_rows;
    struct gs_progress_line line;
    int64_t start_ns; /* the first problem was solved; 0: not yet */
    double done_at_start;
};

/* Writes a line of the trainer's, JSON, for whoever runs the command; what a problem came to is in
 * the progress and in train.jsonl. */
static void say_event(const struct session *s, const char *json)
{
    static const char warned[] = "{\"event\":\"warning\",\"text\":\"";
    const size_t len = strlen(json);

    if (strncmp(json, warned, sizeof warned - 1) == 0) { /* {"event":"warning","text":"…"} */
        gs_progress_line_clear(&s->line);
        gs_print_line(stderr, "groundswell train: warning: %.*s",
                      (int)(len - (sizeof warned - 1) - 2), json + sizeof warned - 1);
    } else if (!s->options->quiet && strstr(json, "\"problem\"") == NULL &&
               strstr(json, "\"threshold\"") == NULL) {
        gs_progress_line_clear(&s->line);
        gs_print_line(stderr, "%s", json);
    }
}

static void on_log(void *arg, const char *json)
{
    struct session *s = arg;
    gs_buf_puts(&s->log, json);
    gs_buf_putc(&s->log, '\n');
    if (strstr(json, "\"held_out\"") != NULL || strstr(json, "\"thresholds\"") != NULL) {
        gs_buf_puts(&s->metrics, s->metrics.len > 0 ? ",\n    " : "\n    ");
        gs_buf_puts(&s->metrics, json);
    }
    say_event(s, json);
}

/* The pace is taken from the end of the first problem on: before that the vocabularies were built. */
static void on_progress(void *arg, const struct gs_train_progress *progress)
{
    struct session *s = arg;
    const int64_t now_ns = gs_clock_monotonic_ns();

    if (s->start_ns == 0) {
        s->start_ns = now_ns;
        s->done_at_start = progress->done;
        return;
    }
    const double elapsed_s = (double)(now_ns - s->start_ns) / 1e9;
    if (gs_progress_line_due(&s->line, elapsed_s)) {
        const double left = (1.0 - progress->done) / (progress->done - s->done_at_start);
        gs_progress_line_write(&s->line, elapsed_s, elapsed_s * left,
                               "%s  problem %zu/%zu  loss %.4f", progress->phase, progress->problem,
                               progress->problems, progress->loss);
    }
}

static enum gs_status write_reports(struct session *s, struct gs_error *err)
{
    const struct gs_train_report report = {.name = s->options->train.name,
                                           .version = s->options->train.version,
                                           .argc = s->options->argc,
                                           .argv = s->options->argv,
                                           .log = gs_buf_str(&s->log),
                                           .sets = gs_buf_str(&s->sets),
                                           .trainer = s->trainer,
                                           .model = gs_model_info(s->model)};
    return gs_train_report_write(&report, s->options->out, err);
}

static enum gs_status read_data(struct session *s, struct gs_error *err)
{
    const struct gs_train_options *train = &s->options->train;
    enum gs_status status = gs_trainer_new(train, &s->trainer, err);
    if (status == GS_OK) {
        status = gs_train_labels_load(s->options->labels, s->trainer, &s->labels, err);
    }
    gs_buf_printf(&s->notes, "\"provenance\": {\n    \"kind\": \"ngram\", \"seed\": %llu,",
                  (unsigned long long)train->seed);
    gs_buf_printf(&s->notes,
                  " \"share\": %.4g, \"word_weight\": %.4g, \"min_df\": %zu, \"holdout\": %.4g,\n"
                  "    \"sets\": ",
                  (double)train->share, (double)train->word_weight, train->min_df,
                  (double)train->holdout);
    for (size_t i = 0; i < s->options->n_specs && status == GS_OK; i++) {
        gs_buf_puts(&s->sets, i > 0 ? ",\n      " : "[\n      ");
        status = gs_train_data_read(s->options->specs[i], s->trainer, s->labels, &s->refusals,
                                    &s->sets, &s->n_rows, err);
    }
    gs_buf_puts(&s->sets, "\n    ]");
    gs_buf_put(&s->notes, gs_buf_str(&s->sets));
    gs_buf_puts(&s->notes, "\n  }");
    return status;
}

static enum gs_status train(struct session *s, struct gs_error *err)
{
    const char *out = s->options->out;
    assert(out != NULL); /* --out is needed */
    enum gs_status status = gs_refusals_open(&s->refusals, "train", s->options->rejects, err);
    if (status == GS_OK) {
        status = read_data(s, err);
    }
    status = gs_refusals_close(&s->refusals, status, err);
    if (status == GS_OK && mkdir(out, 0777) != 0 && errno != EEXIST) {
        status = gs_fail_errno(err, errno, "%s", out);
    }
    if (status == GS_OK) {
        const struct gs_train_listener listener = {on_log, on_progress, s};
        status = gs_trainer_run(s->trainer, &listener, &s->model, err);
    }
    gs_buf_puts(&s->notes, ",\n  \"metrics\": [");
    gs_buf_put(&s->notes, gs_buf_str(&s->metrics));
    gs_buf_puts(&s->notes, "\n  ]");
    if (status == GS_OK) {
        status = gs_trainer_write(s->model, out, gs_buf_str(&s->notes), err);
    }
    return status == GS_OK ? write_reports(s, err) : status;
}

/* args->ends: the command ends here, with args->code. */
static void read_options(struct gs_args *args, struct options *options)
{
    gs_args_init(args, GS_CMD_TRAIN, options->argc, options->argv);
    while (gs_args_next(args)) {
        take(args, options);
    }
    gs_args_done(args);
    if (args->ends) {
        return;
    }
    options->quiet = args->quiet;
    options->rejects = args->rejects;
    if (options->train.name == NULL) {
        gs_model_name_after(options->out, "model", options->name);
        options->train.name = options->name;
    }
}

static void session_done(struct session *s)
{
    gs_model_free(s->model);
    gs_train_labels_free(s->labels);
    gs_trainer_free(s->trainer);
    gs_buf_done(&s->notes);
    gs_buf_done(&s->sets);
    gs_buf_done(&s->log);
    gs_buf_done(&s->metrics);
}

int gs_cmd_train(int argc, char **argv)
{
    if (gs_train_encoder_asked(argc, argv)) {
        return gs_train_encoder(argc, argv);
    }
    struct options options = {.train = gs_train_defaults(), .argc = argc, .argv = argv};
    struct gs_args args;
    struct gs_error err = {0};

    options.train.name = NULL;
    read_options(&args, &options);
    if (args.ends) {
        return args.code;
    }
    struct session s = {.options = &options,
                        .line = {.quiet = options.quiet, .terminal = isatty(STDERR_FILENO) == 1},
                        .notes = {.max = 2 << 20},
                        .sets = {.max = 1 << 20},
                        .log = {.max = MAX_REPORT},
                        .metrics = {.max = 1 << 20}};
    const enum gs_status status = train(&s, &err);
    gs_progress_line_clear(&s.line);
    if (status != GS_OK) {
        gs_command_say("train", "%s", err.message);
    } else if (!options.quiet) {
        gs_print_line(stderr, "%zu rows, %zu refused: %s", s.n_rows, s.refusals.n, options.out);
    }
    session_done(&s);
    if (status != GS_OK) {
        return status == GS_BAD_CONFIG ? GS_EXIT_USAGE : GS_EXIT_FAILURE;
    }
    return s.refusals.n > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}
