#include "base/buf.h"
#include "deploy/daemon/command.h"
#include "deploy/daemon/eval_files.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: groundswell eval --model DIR --data FILE... [--task sentiment|topics|risks] [options]\n"
    "\n"
    "How good a model is on labelled JSON lines: per class precision, recall, F1 and support; "
    "accuracy;\n"
    "macro, micro and weighted F1; calibration error (15 bins), Brier score, accuracy of the "
    "surest\n"
    "answers, confusion matrix. Lines without a label of the task are passed over.\n"
    "\n"
    "  -m, --model DIR      model folder\n"
    "  -d, --data FILE      labelled JSON lines; may be given again; \"-\" is stdin\n"
    "      --task T         sentiment (default), topics or risks\n"
    "      --tier T         auto (default), fast or encoder: who answers\n"
    "      --arithmetic A   of an encoder: auto (default), fp32 or int8\n"
    "      --json           the report as one line of JSON\n"
    "      --html FILE      the report as a page\n"
    "      --min M=VALUE    exit 1 when metric M is below VALUE: accuracy, macro_f1, micro_f1, "
    "weighted_f1,\n"
    "                       top1_accuracy, subset_accuracy, coverage_70, f1:LABEL\n"
    "      --max M=VALUE    exit 1 when metric M is above VALUE: ece, brier\n"
    "      --quiet          no note on stderr but errors\n"
    "\n"
    "Topics and risks: accuracy is that of the best label, or none where it is below its "
    "threshold,\n"
    "against the first label or none. Sets without a neutral class (\"labels\": \"binary\") are "
    "judged\n"
    "between negative and positive.\n"
    "\n"
    "Exit codes: 0 done, 1 a gate failed or lines were refused, 2 usage, 3 a failure.\n"
    "\n"
    "example:\n"
    "  groundswell eval --model classifier/models/finance-zh-en-fast --data test.jsonl --min "
    "accuracy=0.8\n";

enum { MAX_FILES = 64, MAX_GATES = 32, MAX_OUT = 16 << 20 };
enum {
    OPT_TASK = 256,
    OPT_JSON,
    OPT_HTML,
    OPT_MIN,
    OPT_MAX,
    OPT_QUIET,
    OPT_LOG,
    OPT_TIER,
    OPT_ARITHMETIC
};

static const struct option longs[] = {{"model", required_argument, NULL, 'm'},
                                      {"data", required_argument, NULL, 'd'},
                                      {"task", required_argument, NULL, OPT_TASK},
                                      {"tier", required_argument, NULL, OPT_TIER},
                                      {"arithmetic", required_argument, NULL, OPT_ARITHMETIC},
                                      {"json", no_argument, NULL, OPT_JSON},
                                      {"html", required_argument, NULL, OPT_HTML},
                                      {"min", required_argument, NULL, OPT_MIN},
                                      {"max", required_argument, NULL, OPT_MAX},
                                      {"quiet", no_argument, NULL, OPT_QUIET},
                                      {"log-format", required_argument, NULL, OPT_LOG},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

struct gate {
    char metric[96];
    double value;
    bool most;
};

struct options {
    const char *model, *html;
    const char *files[MAX_FILES];
    size_t n_files;
    enum gs_head task;
    struct gs_model_choice choice;
    bool json, quiet;
    struct gate gates[MAX_GATES];
    size_t n_gates;
};

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "groundswell eval: %s: %s (--help shows how)\n", what, value);
    return GS_EXIT_USAGE;
}

static int add_gate(struct options *options, const char *text, bool most)
{
    const char *equals = strchr(text, '=');
    struct gate *gate = &options->gates[options->n_gates];
    char *end = NULL;

    if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof gate->metric ||
        options->n_gates == MAX_GATES) {
        return wrong("a gate is METRIC=VALUE", text);
    }
    memcpy(gate->metric, text, (size_t)(equals - text));
    gate->metric[equals - text] = '\0';
    gate->value = strtod(equals + 1, &end);
    gate->most = most;
    if (end == equals + 1 || *end != '\0' || !isfinite(gate->value)) {
        return wrong("a gate's value is a number", text);
    }
    options->n_gates++;
    return GS_EXIT_OK;
}

static int set_task(struct options *options, const char *name)
{
    static const char *const names[GS_N_HEADS] = {"sentiment", "topics", "risks"};
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        if (strcmp(name, names[head]) == 0) {
            options->task = (enum gs_head)head;
            return GS_EXIT_OK;
        }
    }
    return wrong("--task is sentiment, topics or risks", name);
}

static int set_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'm':
        options->model = value;
        return GS_EXIT_OK;
    case 'd':
        if (options->n_files == MAX_FILES) {
            return wrong("more than 64 files", value);
        }
        options->files[options->n_files++] = value;
        return GS_EXIT_OK;
    case OPT_TASK:
        return set_task(options, value);
    case OPT_TIER:
        return gs_choose_tier(value, &options->choice)
                   ? GS_EXIT_OK
                   : wrong("--tier takes auto, fast or encoder, not", value);
    case OPT_ARITHMETIC:
        return gs_choose_arithmetic(value, &options->choice)
                   ? GS_EXIT_OK
                   : wrong("--arithmetic takes auto, fp32 or int8, not", value);
    case OPT_JSON:
        options->json = true;
        return GS_EXIT_OK;
    case OPT_HTML:
        options->html = value;
        return GS_EXIT_OK;
    case OPT_QUIET:
        options->quiet = true;
        return GS_EXIT_OK;
    case OPT_LOG:
        return GS_EXIT_OK;
    default:
        return add_gate(options, value, option == OPT_MAX);
    }
}

/* -1: go on. */
static int parse(int argc, char **argv, struct options *options)
{
    int option = 0;
    optind = 1;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((option = getopt_long(argc, argv, "m:d:h", longs, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return GS_EXIT_OK;
        }
        const int code = option == '?' ? GS_EXIT_USAGE : set_option(options, option, optarg);
        if (code != GS_EXIT_OK) {
            return code;
        }
    }
    for (; optind < argc; optind++) { /* --data takes several files */
        const int code = set_option(options, 'd', argv[optind]);
        if (code != GS_EXIT_OK) {
            return code;
        }
    }
    if (options->model == NULL || options->n_files == 0) {
        return wrong("--model and --data", "both are needed");
    }
    return -1;
}

static enum gs_status write_html(const char *path, const struct gs_eval_report *report,
                                 struct gs_error *err)
{
    struct gs_buf out = {.max = MAX_OUT};
    gs_buf_puts(&out,
                "<!doctype html><html lang=en><meta charset=utf-8><title>Evaluation</title>"
                "<style>body{font:14px system-ui,sans-serif;margin:2em}td,th{padding:.15em .7em;"
                "text-align:right}td:first-child,th:first-child{text-align:left}</style>");
    gs_buf_printf(&out, "<h1>Evaluation</h1><p>%zu rows\n", report->n);
    gs_eval_put_html(report, &out);
    gs_buf_puts(&out, "</html>\n");
    FILE *file = fopen(path, "wb");
    bool bad = file == NULL || !gs_buf_ok(&out) || fwrite(out.bytes, 1, out.len, file) != out.len;
    bad = (file != NULL && fclose(file) != 0) || bad;
    gs_buf_done(&out);
    return bad ? gs_fail_errno(err, errno, "%s", path) : GS_OK;
}

static int check_gates(const struct options *options, const struct gs_eval_report *report)
{
    int code = GS_EXIT_OK;
    for (size_t i = 0; i < options->n_gates; i++) {
        const struct gate *gate = &options->gates[i];
        double value = 0.0;
        if (!gs_eval_metric(report, gate->metric, &value)) {
            return wrong("there is no metric", gate->metric);
        }
        if (gate->most ? value > gate->value : value < gate->value) {
            (void)fprintf(stderr, "groundswell eval: %s is %.4f, not %s %.4f\n", gate->metric,
                          value, gate->most ? "at most" : "at least", gate->value);
            code = GS_EXIT_FINDINGS;
        }
    }
    return code;
}

static int report_all(const struct options *options, const struct gs_eval_totals *totals,
                      const struct gs_eval_report *report)
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
        (void)fprintf(stderr, "groundswell eval: stdout: cannot write\n");
        return GS_EXIT_FAILURE;
    }
    if (!options->quiet && totals->n_without + totals->n_unknown > 0) {
        (void)fprintf(stderr,
                      "%zu lines without a label of the task, %zu labels the model does not know\n",
                      totals->n_without, totals->n_unknown);
    }
    if (options->html != NULL && write_html(options->html, report, &err) != GS_OK) {
        (void)fprintf(stderr, "groundswell eval: %s\n", err.message);
        return GS_EXIT_FAILURE;
    }
    const int code = check_gates(options, report);
    return code == GS_EXIT_OK && totals->n_refused > 0 ? GS_EXIT_FINDINGS : code;
}

int gs_cmd_eval(int argc, char **argv)
{
    struct options options = {.task = GS_HEAD_SENTIMENT};
    struct gs_eval_report report = {0};
    struct gs_eval_totals totals = {0};
    struct gs_eval_result result = {0};
    struct gs_error err = {0};

    int code = parse(argc, argv, &options);
    if (code >= 0) {
        return code;
    }
    const struct gs_eval_files files = {.model = options.model,
                                        .choice = options.choice,
                                        .task = options.task,
                                        .files = options.files,
                                        .n_files = options.n_files};
    if (gs_eval_files(&files, &totals, &report, &result, &err) != GS_OK) {
        (void)fprintf(stderr, "groundswell eval: %s\n", err.message);
        code = GS_EXIT_FAILURE;
    } else if (report.n == 0) {
        (void)fprintf(stderr, "groundswell eval: no line has a label of the task\n");
        code = GS_EXIT_FAILURE;
    } else {
        code = report_all(&options, &totals, &report);
    }
    gs_eval_result_done(&result);
    return code;
}
