/* groundswell eval: the report on labelled lines, as text, JSON or a page, and its gates: with --min
 * and --max a metric that misses its bound makes the exit code 1, for use in a pipeline. */
#include "classifier/eval/report_page.h"
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/workbench/eval_files.h"
#include "deploy/daemon/workbench/refusals.h"
#include "ingest/base/buf.h"
#include "ingest/base/file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_FILES = 64, MAX_GATES = 32, MAX_OUT = 16 << 20 };
struct gate {
    char metric[96];
    double value;
    bool most;
};

struct options {
    struct gs_args args;
    const char *model, *html;
    const char *files[MAX_FILES];
    size_t n_files;
    enum gs_head task;
    struct gs_model_choice choice;
    bool json;
    struct gate gates[MAX_GATES];
    size_t n_gates;
};

static void add_gate(struct options *options, bool most)
{
    struct gs_args *args = &options->args;
    const char *text = args->value;
    const char *equals = strchr(text, '=');
    struct gate *gate = &options->gates[options->n_gates];
    char *end = NULL;

    if (options->n_gates == MAX_GATES) {
        (void)gs_args_wrong(args, "%s: more than %d gates", text, MAX_GATES);
        return;
    }
    if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof gate->metric) {
        (void)gs_args_wrong(args, "%s: a gate is METRIC=VALUE", text);
        return;
    }
    memcpy(gate->metric, text, (size_t)(equals - text));
    gate->metric[equals - text] = '\0';
    gate->value = strtod(equals + 1, &end);
    gate->most = most;
    if (end == equals + 1 || *end != '\0' || !isfinite(gate->value)) {
        (void)gs_args_wrong(args, "%s: a gate's value is a number", text);
        return;
    }
    options->n_gates++;
}

static void add_file(struct options *options, const char *file)
{
    if (options->n_files == MAX_FILES) {
        (void)gs_args_wrong(&options->args, "%s: more than %d files", file, MAX_FILES);
        return;
    }
    options->files[options->n_files++] = file;
}

static void take(struct options *options)
{
    struct gs_args *args = &options->args;
    size_t task = 0;

    switch (args->flag) {
    case GS_FLAG_MODEL:
        options->model = args->value;
        break;
    case GS_FLAG_DATA:
        add_file(options, args->value);
        break;
    case GS_FLAG_TASK:
        if (gs_args_choice(args, gs_head_names, GS_N_HEADS, &task)) {
            options->task = (enum gs_head)task;
        }
        break;
    case GS_FLAG_TIER:
        (void)gs_args_tier(args, &options->choice);
        break;
    case GS_FLAG_ARITHMETIC:
        (void)gs_args_arithmetic(args, &options->choice);
        break;
    case GS_FLAG_JSON:
        options->json = true;
        break;
    case GS_FLAG_HTML:
        options->html = args->value;
        break;
    default:
        add_gate(options, args->flag == GS_FLAG_MAX);
        break;
    }
}

/* --data takes several files: what stands behind them. */
static void take_operands(struct options *options)
{
    for (size_t i = 0; i < options->args.n_operands && !options->args.ends; i++) {
        add_file(options, options->args.operands[i]);
    }
    if (!options->args.ends && options->n_files == 0) {
        (void)gs_args_wrong(&options->args, "--data FILE is missing");
    }
}

static enum gs_status write_html(const char *path, const struct gs_eval_report *report,
                                 struct gs_error *err)
{
    struct gs_buf out = {.max = MAX_OUT};
    gs_page_begin(&out, "Evaluation");
    gs_eval_put_html(report, &out);
    gs_page_end(&out);
    const enum gs_status status =
        gs_buf_ok(&out) ? gs_file_write(path, gs_buf_str(&out), GS_FILE_FOR_ALL, err)
                        : gs_fail(err, GS_NO_MEMORY, "%s: the page is too long", path);
    gs_buf_done(&out);
    return status;
}

static int check_gates(const struct options *options, const struct gs_eval_report *report)
{
    int code = GS_EXIT_OK;
    for (size_t i = 0; i < options->n_gates; i++) {
        const struct gate *gate = &options->gates[i];
        double value = 0.0;
        if (!gs_eval_metric(report, gate->metric, &value)) {
            gs_command_say("eval", "there is no metric %s ('groundswell eval --help' explains)",
                           gate->metric);
            return GS_EXIT_USAGE;
        }
        if (gate->most ? value > gate->value : value < gate->value) {
            gs_command_say("eval", "%s is %.4f, not %s %.4f", gate->metric, value,
                           gate->most ? "at most" : "at least", gate->value);
            code = GS_EXIT_FINDINGS;
        }
    }
    return code;
}

static int report_all(const struct options *options, size_t n_refused,
                      const struct gs_eval_totals *totals, const struct gs_eval_report *report)
{
    struct gs_error err = {0};
    struct gs_buf out = {.max = MAX_OUT};
    if (options->json) {
        gs_eval_put_json(report, &out);
        gs_buf_putc(&out, '\n');
    } else {
        gs_eval_put_text(report, &out);
    }
    const bool written =
        gs_buf_ok(&out) && fwrite(out.bytes, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    gs_buf_done(&out);
    if (!written) {
        gs_command_say("eval", "stdout: cannot write");
        return GS_EXIT_FAILURE;
    }
    if (!options->args.quiet && totals->n_without + totals->n_unknown > 0) {
        (void)fprintf(stderr,
                      "%zu lines without a label of the task, %zu labels the model does not know\n",
                      totals->n_without, totals->n_unknown);
    }
    if (options->html != NULL && write_html(options->html, report, &err) != GS_OK) {
        gs_command_say("eval", "%s", err.message);
        return GS_EXIT_FAILURE;
    }
    const int code = check_gates(options, report);
    return code == GS_EXIT_OK && n_refused > 0 ? GS_EXIT_FINDINGS : code;
}

int gs_cmd_eval(int argc, char **argv)
{
    struct options options = {.task = GS_HEAD_SENTIMENT};
    struct gs_eval_report report = {0};
    struct gs_eval_totals totals = {0};
    struct gs_eval_result result = {0};
    struct gs_refusals refusals;
    struct gs_error err = {0};

    int code = GS_EXIT_OK;

    gs_args_init(&options.args, GS_CMD_EVAL, argc, argv);
    while (gs_args_next(&options.args)) {
        take(&options);
    }
    if (!options.args.ends) {
        take_operands(&options);
    }
    gs_args_done(&options.args);
    if (options.args.ends) {
        return options.args.code;
    }
    const struct gs_eval_files files = {.model = options.model,
                                        .choice = options.choice,
                                        .task = options.task,
                                        .files = options.files,
                                        .quiet = options.args.quiet,
                                        .refusals = &refusals,
                                        .n_files = options.n_files};
    enum gs_status status = gs_refusals_open(&refusals, "eval", options.args.rejects, &err);
    if (status == GS_OK) {
        status = gs_eval_files(&files, &totals, &report, &result, &err);
    }
    if (gs_refusals_close(&refusals, status, &err) != GS_OK) {
        gs_command_say("eval", "%s", err.message);
        code = GS_EXIT_FAILURE;
    } else if (report.n == 0) {
        gs_command_say("eval", "no line has a label of the task");
        code = GS_EXIT_FAILURE;
    } else {
        code = report_all(&options, refusals.n, &totals, &report);
    }
    gs_eval_result_done(&result);
    return code;
}
