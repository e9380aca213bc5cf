#include "deploy/daemon/command.h"
#include "deploy/daemon/train_data.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: groundswell train --kind ngram --data SPEC [--data SPEC]... --out DIR [options]\n"
    "\n"
    "Trains the fast tier from labelled JSON lines: text (and title), sentiment, topics, risks.\n"
    "Writes the model folder: groundswell.json, model.safetensors.gz, train.jsonl, report.html.\n"
    "The same data, options and seed give the same model. A training takes seconds to minutes and\n"
    "is not resumable.\n"
    "\n"
    "  SPEC                 "
    "PATH[,register=NAME][,c=X][,knows=HEAD/LABEL+...][,name=NAME][,valid][,body]\n"
    "                         register  texts of one kind (tweets, headlines) share an expert\n"
    "                         c         how closely to fit this set (0.5)\n"
    "                         knows     labels that a row of this set would carry if they applied: "
    "one\n"
    "                                   that does not carry them is an example of their absence\n"
    "                         name      for the provenance (PATH)\n"
    "                         valid     not trained on: calibration only\n"
    "                         body      the member \"body\" is one more row\n"
    "      --labels FILE    ids and Chinese names of topics and risks, in order (JSON)\n"
    "      --name NAME      of the model (the folder's)\n"
    "      --version V      of the model (1)\n"
    "      --seed N         (1)\n"
    "      --epochs N       most passes over a problem's rows, 1 to 256 (60)\n"
    "      --rows EN,ZH     n-grams kept: of alphabetic and of Han texts (130000,150000)\n"
    "      --min-df N       rows that an n-gram must be in (2)\n"
    "      --share X        how much registers learn from each other, 0 to 1 (0.6)\n"
    "      --word-weight X  of words against runs of letters (3)\n"
    "      --tolerance X    where a problem counts as solved (0.02)\n"
    "      --holdout X      part of the rows that calibration is fitted on (0.15)\n"
    "      --quiet          nothing on stderr but errors\n"
    "\n"
    "Exit codes: 0 done, 1 done but some lines were refused, 2 usage, 3 a failure.\n"
    "\n"
    "example:\n"
    "  groundswell train --kind ngram --data tweets.jsonl,register=tweet --data posts.jsonl --out "
    "mine\n";

enum { MAX_SPECS = 64, MAX_REPORT = 64 << 20 };
enum {
    OPT_KIND = 256,
    OPT_DATA,
    OPT_OUT,
    OPT_LABELS,
    OPT_NAME,
    OPT_VERSION,
    OPT_SEED,
    OPT_EPOCHS,
    OPT_ROWS,
    OPT_MIN_DF,
    OPT_SHARE,
    OPT_WORD,
    OPT_TOLERANCE,
    OPT_HOLDOUT,
    OPT_QUIET,
    OPT_LOG
};

static const struct option longs[] = {{"kind", required_argument, NULL, OPT_KIND},
                                      {"data", required_argument, NULL, OPT_DATA},
                                      {"out", required_argument, NULL, OPT_OUT},
                                      {"labels", required_argument, NULL, OPT_LABELS},
                                      {"name", required_argument, NULL, OPT_NAME},
                                      {"version", required_argument, NULL, OPT_VERSION},
                                      {"seed", required_argument, NULL, OPT_SEED},
                                      {"epochs", required_argument, NULL, OPT_EPOCHS},
                                      {"rows", required_argument, NULL, OPT_ROWS},
                                      {"min-df", required_argument, NULL, OPT_MIN_DF},
                                      {"share", required_argument, NULL, OPT_SHARE},
                                      {"word-weight", required_argument, NULL, OPT_WORD},
                                      {"tolerance", required_argument, NULL, OPT_TOLERANCE},
                                      {"holdout", required_argument, NULL, OPT_HOLDOUT},
                                      {"quiet", no_argument, NULL, OPT_QUIET},
                                      {"log-format", required_argument, NULL, OPT_LOG},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

struct options {
    const char *kind, *out, *labels;
    const char *specs[MAX_SPECS];
    size_t n_specs;
    char name[64];
    struct gs_train_options train;
    bool quiet;
};

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "groundswell train: %s: %s (--help shows how)\n", what, value);
    return GS_EXIT_USAGE;
}

static bool number(const char *text, double least, double most, double *ret)
{
    char *end = NULL;
    errno = 0;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !(value >= least && value <= most)) {
        return false;
    }
    *ret = value;
    return true;
}

static bool set_rows(const char *text, struct gs_train_options *train)
{
    char *end = NULL;
    const long long en = strtoll(text, &end, 10);
    if (*end != ',') {
        return false;
    }
    const long long zh = strtoll(end + 1, &end, 10);
    if (*end != '\0' || en < 0 || zh < 0 || en > 1 << 22 || zh > 1 << 22) {
        return false;
    }
    train->max_rows[0] = (size_t)en;
    train->max_rows[1] = (size_t)zh;
    return true;
}

/* Options whose value is one number. */
static bool set_number(struct gs_train_options *train, int option, const char *text)
{
    double value = 0;
    switch (option) {
    case OPT_SEED:
        if (!number(text, 0, 9007199254740992.0, &value)) {
            return false;
        }
        train->seed = (uint64_t)value;
        return true;
    case OPT_EPOCHS:
        if (!number(text, 1, 256, &value)) {
            return false;
        }
        train->max_passes = (size_t)value;
        return true;
    case OPT_MIN_DF:
        if (!number(text, 1, 1e6, &value)) {
            return false;
        }
        train->min_df = (size_t)value;
        return true;
    default:
        break;
    }
    float *to = option == OPT_SHARE     ? &train->share
                : option == OPT_WORD    ? &train->word_weight
                : option == OPT_HOLDOUT ? &train->holdout
                                        : &train->tolerance;
    const double most = option == OPT_WORD ? 10.0 : option == OPT_HOLDOUT ? 0.8 : 1.0;
    const double least = option == OPT_SHARE ? 0.0 : 1e-4;
    if (!number(text, least, most, &value)) {
        return false;
    }
    *to = (float)value;
    return true;
}

static int set_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case OPT_KIND:
        options->kind = value;
        return GS_EXIT_OK;
    case OPT_DATA:
        if (options->n_specs == MAX_SPECS) {
            return wrong("more --data than 64", value);
        }
        options->specs[options->n_specs++] = value;
        return GS_EXIT_OK;
    case OPT_OUT:
        options->out = value;
        return GS_EXIT_OK;
    case OPT_LABELS:
        options->labels = value;
        return GS_EXIT_OK;
    case OPT_NAME:
        options->train.name = value;
        return GS_EXIT_OK;
    case OPT_VERSION:
        options->train.version = value;
        return GS_EXIT_OK;
    case OPT_QUIET:
        options->quiet = true;
        return GS_EXIT_OK;
    case OPT_LOG:
        return GS_EXIT_OK;
    case OPT_ROWS:
        return set_rows(value, &options->train) ? GS_EXIT_OK : wrong("--rows wants EN,ZH", value);
    default:
        return set_number(&options->train, option, value) ? GS_EXIT_OK
                                                          : wrong("not a number in range", value);
    }
}

/* The folder's last part in the letters a name may have. */
static void name_after(const char *out, char name[64])
{
    size_t len = strlen(out);
    size_t n = 0;
    while (len > 1 && out[len - 1] == '/') {
        len--;
    }
    size_t from = len;
    while (from > 0 && out[from - 1] != '/') {
        from--;
    }
    for (size_t i = from; i < len && n < 63; i++) {
        const int c = out[i] >= 'A' && out[i] <= 'Z' ? out[i] + 32 : out[i];
        const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        name[n++] = (char)(fine ? c : '-');
    }
    name[n] = '\0';
}

/* -1: go on. */
static int parse(int argc, char **argv, struct options *options)
{
    int option = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return GS_EXIT_OK;
        }
        if (option == '?') {
            return GS_EXIT_USAGE;
        }
        const int code = set_option(options, option, optarg);
        if (code != GS_EXIT_OK) {
            return code;
        }
    }
    if (optind < argc) {
        return wrong("not an option", argv[optind]);
    }
    if (options->kind == NULL || strcmp(options->kind, "ngram") != 0) {
        return wrong("--kind", options->kind == NULL ? "missing" : "this build trains ngram only");
    }
    if (options->n_specs == 0 || options->out == NULL) {
        return wrong("--data and --out", "both are needed");
    }
    if (options->train.name == NULL) {
        name_after(options->out, options->name);
        options->train.name = options->name[0] == '\0' ? "model" : options->name;
    }
    return -1;
}

/* ---- the training ---- */

struct session {
    const struct options *options;
    struct gs_trainer *trainer;
    struct gs_train_labels *labels;
    struct gs_model *model;
    struct gs_buf notes, log, metrics;
    struct gs_train_totals totals;
    size_t n_problems;
};

static void on_log(void *arg, const char *json)
{
    struct session *s = arg;
    gs_buf_puts(&s->log, json);
    gs_buf_putc(&s->log, '\n');
    if (strstr(json, "\"held_out\"") != NULL || strstr(json, "\"thresholds\"") != NULL) {
        gs_buf_puts(&s->metrics, s->metrics.len > 0 ? ",\n    " : "\n    ");
        gs_buf_puts(&s->metrics, json);
    }
    s->n_problems += strstr(json, "\"problem\"") != NULL;
    if (!s->options->quiet && strstr(json, "\"problem\"") == NULL) {
        (void)fprintf(stderr, "%s\n", json);
    } else if (!s->options->quiet && s->n_problems % 20 == 0) {
        (void)fprintf(stderr, "%zu problems solved\n", s->n_problems);
    }
}

static enum gs_status write_text(const char *dir, const char *name, const char *before,
                                 struct gs_str text, const char *after, struct gs_error *err)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) {
        return gs_fail(err, GS_IO, "%s: path too long", dir);
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    bool bad = fputs(before, file) < 0;
    bad = fwrite(text.bytes, 1, text.len, file) != text.len || bad;
    bad = fputs(after, file) < 0 || bad;
    bad = fclose(file) != 0 || bad;
    return bad ? gs_fail_errno(err, errno, "%s", path) : GS_OK;
}

extern const char gs_train_report_head[], gs_train_report_tail[];

static enum gs_status load(struct session *s, struct gs_error *err)
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
                  "    \"sets\": [",
                  (double)train->share, (double)train->word_weight, train->min_df,
                  (double)train->holdout);
    for (size_t i = 0; i < s->options->n_specs && status == GS_OK; i++) {
        gs_buf_puts(&s->notes, i > 0 ? ",\n      " : "\n      ");
        status = gs_train_data_read(s->options->specs[i], s->trainer, s->labels, &s->notes,
                                    &s->totals, err);
    }
    gs_buf_puts(&s->notes, "\n    ]\n  }");
    return status;
}

static enum gs_status train(struct session *s, struct gs_error *err)
{
    const char *out = s->options->out;
    enum gs_status status = load(s, err);
    if (status == GS_OK && mkdir(out, 0777) != 0 && errno != EEXIST) {
        status = gs_fail_errno(err, errno, "%s", out);
    }
    if (status == GS_OK) {
        status = gs_trainer_run(s->trainer, on_log, s, &s->model, err);
    }
    gs_buf_puts(&s->notes, ",\n  \"metrics\": [");
    gs_buf_put(&s->notes, gs_buf_str(&s->metrics));
    gs_buf_puts(&s->notes, "\n  ]");
    if (status == GS_OK) {
        status = gs_trainer_write(s->model, out, gs_buf_str(&s->notes), err);
    }
    if (status == GS_OK) {
        status = write_text(out, "train.jsonl", "", gs_buf_str(&s->log), "", err);
    }
    if (status == GS_OK) {
        status = write_text(out, "report.html", gs_train_report_head, gs_buf_str(&s->log),
                            gs_train_report_tail, err);
    }
    return status;
}

int gs_cmd_train(int argc, char **argv)
{
    struct options options = {.train = gs_train_defaults()};
    struct gs_error err = {0};

    options.train.name = NULL;
    const int code = parse(argc, argv, &options);
    if (code >= 0) {
        return code;
    }
    struct session s = {.options = &options,
                        .notes = {.max = 1 << 20},
                        .log = {.max = MAX_REPORT},
                        .metrics = {.max = 1 << 20}};
    const enum gs_status status = train(&s, &err);
    if (status != GS_OK) {
        (void)fprintf(stderr, "groundswell train: %s\n", err.message);
    } else if (!options.quiet) {
        (void)fprintf(stderr, "%zu rows, %zu refused: %s\n", s.totals.rows, s.totals.refused,
                      options.out);
    }
    gs_model_free(s.model);
    gs_train_labels_free(s.labels);
    gs_trainer_free(s.trainer);
    gs_buf_done(&s.notes);
    gs_buf_done(&s.log);
    gs_buf_done(&s.metrics);
    if (status != GS_OK) {
        return status == GS_BAD_CONFIG ? GS_EXIT_USAGE : GS_EXIT_FAILURE;
    }
    return s.totals.refused > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}
