/* groundswell tag: lines in, tagged records out. Flags that a configuration has too become its
 * settings, so that there is one place where they are checked and read; tag_lines.c does the work. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/progress.h"
#include "deploy/daemon/cli/tag_lines.h"
#include "deploy/daemon/service/signals.h"
#include "deploy/daemon/workbench/rejects.h"
#include "ingest/base/log.h"

enum { MAX_THREADS = 256 };

struct tag_options {
    struct gs_args args;
    const char *file;
    struct gs_tag_output output; /* the explainer comes when the model is known */
    bool explain;
    enum gs_line_format format;
    int n_threads;
};

static void take_format(struct tag_options *options)
{
    static const char *const names[] = {"json", "text"};
    size_t format = 0;

    if (gs_args_choice(&options->args, names, GS_COUNT(names), &format)) {
        options->format = format == 0 ? GS_LINES_JSON : GS_LINES_TEXT;
    }
}

static void take_threads(struct tag_options *options)
{
    unsigned long long n = 0;

    if (gs_args_count(&options->args, 1, MAX_THREADS, &n)) {
        options->n_threads = (int)n;
    }
}

/* Choices that a configuration has too become its settings; they are looked at here, so that what
 * is wrong is said of the flag. */
static void take(struct tag_options *options)
{
    struct gs_args *args = &options->args;
    struct gs_model_choice ignored;

    switch (args->flag) {
    case GS_FLAG_MODEL:
        (void)gs_args_set(args, "model.path", args->value);
        break;
    case GS_FLAG_WATCHLIST:
        (void)gs_args_set(args, "entities.watchlist", args->value);
        break;
    case GS_FLAG_TIER:
        if (gs_args_tier(args, &ignored)) {
            (void)gs_args_set(args, "model.tier", args->value);
        }
        break;
    case GS_FLAG_ARITHMETIC:
        if (gs_args_arithmetic(args, &ignored)) {
            (void)gs_args_set(args, "model.arithmetic", args->value);
        }
        break;
    case GS_FLAG_THREADS:
        take_threads(options);
        break;
    case GS_FLAG_FORMAT:
        take_format(options);
        break;
    case GS_FLAG_ALL_LABELS:
        options->output.all_labels = true;
        break;
    case GS_FLAG_LOGITS:
        options->output.logits = true;
        break;
    default:
        options->explain = true;
        break;
    }
}

/* --explain: the tiers that answer say why as well. */
static enum gs_status open_explainer(const struct gs_config *config,
                                     struct gs_tag_explainer *explainer, struct gs_error *err)
{
    struct gs_model_choice choice;

    gs_config_model_choice(config, &choice);
    return gs_explainer_new(config->model.path, &choice, GS_ATTRIBUTION_INTEGRATED,
                            &explainer->explainer, err);
}

static int tag(const struct tag_options *options, const struct gs_config *config)
{
    struct gs_assets assets = {0};
    struct gs_tag_lines_totals totals = {0};
    struct gs_tag_explainer explainer = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct gs_tag_output output = options->output;
    struct gs_rejects rejects;
    struct gs_progress progress;
    struct gs_error err = {0};
    enum gs_status status = gs_rejects_open(&rejects, "tag", options->args.rejects, &err);

    output.explainer = options->explain ? &explainer : NULL;
    gs_progress_start(&progress, &options->args, &options->file, 1);
    const struct gs_tag_lines_options lines = {.config = config,
                                               .assets = &assets,
                                               .output = output,
                                               .format = options->format,
                                               .n_threads = options->n_threads,
                                               .file = options->file,
                                               .rejects = &rejects,
                                               .progress = &progress};
    if (status == GS_OK) {
        status = gs_assets_load(config, &assets, &err);
    }
    if (status == GS_OK) {
        status = options->explain ? open_explainer(config, &explainer, &err) : GS_OK;
    }
    if (status == GS_OK) {
        status = gs_tag_lines(&lines, &totals, &err);
    }
    gs_progress_end(&progress);
    struct gs_error closing;
    if (gs_rejects_close(&rejects, &closing) != GS_OK && status == GS_OK) {
        err = closing;
        status = closing.status;
    }
    gs_explainer_free(explainer.explainer);
    gs_assets_done(&assets);
    if (status != GS_OK) {
        return gs_command_failed("tag", &err);
    }
    if (totals.refused == 0) {
        return GS_EXIT_OK;
    }
    gs_command_say("tag", "%llu of %llu lines refused", (unsigned long long)totals.refused,
                   (unsigned long long)totals.lines);
    return GS_EXIT_FINDINGS;
}

int gs_cmd_tag(int argc, char **argv)
{
    struct tag_options options = {.n_threads = 1};
    struct gs_args *args = &options.args;
    struct gs_config *config = NULL;
    int code = GS_EXIT_OK;

    gs_args_init(args, GS_CMD_TAG, argc, argv);
    while (gs_args_next(args)) {
        take(&options);
    }
    options.file = args->n_operands > 0 ? args->operands[0] : "-";
    code = args->ends ? args->code : gs_command_configure(args, &config);
    if (config == NULL) {
        goto done;
    }
    if (config->model.path == NULL) {
        (void)gs_args_wrong(args, "--model DIR is missing, or a configuration with model.path");
        code = args->code;
        goto done;
    }
    code = tag(&options, config);

done:
    gs_config_free(config);
    gs_args_done(args);
    return code;
}
