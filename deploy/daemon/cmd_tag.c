#include "base/log.h"
#include "deploy/daemon/command.h"
#include "deploy/daemon/signals.h"
#include "deploy/daemon/tag_lines.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_THREADS = 256, MAX_SETS = 128 };

static const char usage[] =
    "usage: groundswell tag --model DIR [options] [FILE]\n"
    "\n"
    "Tags messages: topics, sentiment, risks, entities. One JSON record on stdout for each good "
    "line,\n"
    "in input order. FILE may be gzip; without it, or as \"-\", stdin is read.\n"
    "\n"
    "  -m, --model DIR      model folder, such as classifier/models/finance-zh-en-fast\n"
    "      --tier T         auto: all that the folder has, its gates deciding (default); fast: "
    "the\n"
    "                       n-grams; encoder: the encoder for every message\n"
    "      --arithmetic A   of an encoder: auto (default), fp32 or int8\n"
    "      --threads N      1 to 256 (1)\n"
    "      --format F       json or text; not given: a line that begins with '{' is JSON\n"
    "      --all-labels     adds topics_all and risks_all: every label's probability\n"
    "      --logits         adds logits, in label order; null: a label that the model does not "
    "know\n"
    "      --explain        adds the n-grams that weigh most for the sentiment (fast tier)\n"
    "      --watchlist FILE entities to look for (CSV)\n"
    "      --rejects FILE   refused lines as JSON records; else one message each on stderr\n"
    "  -c, --config FILE    input pointers, text rules and watchlist of a configuration\n"
    "      --set KEY=VALUE  overrides a setting\n"
    "      --quiet          no progress line\n"
    "\n"
    "Exit codes: 0 all lines tagged, 1 some were refused, 2 usage, 3 a failure.\n"
    "\n"
    "examples:\n"
    "  groundswell tag --model classifier/models/finance-zh-en-fast < messages.jsonl\n"
    "  echo 'Profit warning sends shares down 20%' | groundswell tag -m "
    "classifier/models/finance-zh-en-fast\n";

struct tag_options {
    const char *config, *rejects, *file;
    const char *sets[MAX_SETS];
    size_t n_sets;
    char model_set[4200], watchlist_set[4200];
    struct gs_tag_output output;
    enum gs_line_format format;
    int n_threads;
    bool quiet;
};

enum {
    OPT_TIER = 256,
    OPT_THREADS,
    OPT_FORMAT,
    OPT_ALL,
    OPT_LOGITS,
    OPT_EXPLAIN,
    OPT_WATCHLIST,
    OPT_REJECTS,
    OPT_SET,
    OPT_QUIET,
    OPT_LOG_FORMAT,
    OPT_ARITHMETIC
};

static const struct option longs[] = {{"model", required_argument, NULL, 'm'},
                                      {"config", required_argument, NULL, 'c'},
                                      {"tier", required_argument, NULL, OPT_TIER},
                                      {"arithmetic", required_argument, NULL, OPT_ARITHMETIC},
                                      {"threads", required_argument, NULL, OPT_THREADS},
                                      {"format", required_argument, NULL, OPT_FORMAT},
                                      {"all-labels", no_argument, NULL, OPT_ALL},
                                      {"logits", no_argument, NULL, OPT_LOGITS},
                                      {"explain", no_argument, NULL, OPT_EXPLAIN},
                                      {"watchlist", required_argument, NULL, OPT_WATCHLIST},
                                      {"rejects", required_argument, NULL, OPT_REJECTS},
                                      {"set", required_argument, NULL, OPT_SET},
                                      {"quiet", no_argument, NULL, OPT_QUIET},
                                      {"log-format", required_argument, NULL, OPT_LOG_FORMAT},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "groundswell tag: %s: %s\n", what, value);
    return GS_EXIT_USAGE;
}

static int add_set(struct tag_options *options, const char *set)
{
    if (options->n_sets == MAX_SETS) {
        return wrong("too many settings", set);
    }
    options->sets[options->n_sets++] = set;
    return GS_EXIT_OK;
}

/* A path given here is relative to where we are, unlike one in a configuration. */
static int add_path(struct tag_options *options, char *set, size_t size, const char *name,
                    const char *path)
{
    const int n = snprintf(set, size, "%s=%s", name, path);

    return n < 0 || (size_t)n >= size ? wrong("path too long", path) : add_set(options, set);
}

static int set_threads(struct tag_options *options, const char *text)
{
    char *end = NULL;
    const long n = strtol(text, &end, 10);

    if (end == text || *end != '\0' || n < 1 || n > MAX_THREADS) {
        return wrong("--threads takes 1 to 256, not", text);
    }
    options->n_threads = (int)n;
    return GS_EXIT_OK;
}

static int set_format(struct tag_options *options, const char *text)
{
    if (strcmp(text, "json") != 0 && strcmp(text, "text") != 0) {
        return wrong("--format takes json or text, not", text);
    }
    options->format = strcmp(text, "json") == 0 ? GS_LINES_JSON : GS_LINES_TEXT;
    return GS_EXIT_OK;
}

static int set_tier(struct tag_options *options, const char *text)
{
    return strcmp(text, "auto") == 0      ? add_set(options, "model.tier=auto")
           : strcmp(text, "fast") == 0    ? add_set(options, "model.tier=fast")
           : strcmp(text, "encoder") == 0 ? add_set(options, "model.tier=encoder")
                                          : wrong("--tier takes auto, fast or encoder, not", text);
}

static int set_arithmetic(struct tag_options *options, const char *text)
{
    return strcmp(text, "auto") == 0   ? add_set(options, "model.arithmetic=auto")
           : strcmp(text, "fp32") == 0 ? add_set(options, "model.arithmetic=fp32")
           : strcmp(text, "int8") == 0 ? add_set(options, "model.arithmetic=int8")
                                       : wrong("--arithmetic takes auto, fp32 or int8, not", text);
}

static int take(struct tag_options *options, int c)
{
    switch (c) {
    case 'm':
        return add_path(options, options->model_set, sizeof options->model_set, "model.path",
                        optarg);
    case OPT_WATCHLIST:
        return add_path(options, options->watchlist_set, sizeof options->watchlist_set,
                        "entities.watchlist", optarg);
    case 'c':
        options->config = optarg;
        return GS_EXIT_OK;
    case OPT_TIER:
        return set_tier(options, optarg);
    case OPT_ARITHMETIC:
        return set_arithmetic(options, optarg);
    case OPT_THREADS:
        return set_threads(options, optarg);
    case OPT_FORMAT:
        return set_format(options, optarg);
    case OPT_ALL:
        options->output.all_labels = true;
        return GS_EXIT_OK;
    case OPT_LOGITS:
        options->output.logits = true;
        return GS_EXIT_OK;
    case OPT_EXPLAIN:
        options->output.explain = true;
        return GS_EXIT_OK;
    case OPT_REJECTS:
        options->rejects = optarg;
        return GS_EXIT_OK;
    case OPT_SET:
        return add_set(options, optarg);
    case OPT_QUIET:
        options->quiet = true;
        return GS_EXIT_OK;
    case OPT_LOG_FORMAT:
        return add_set(options,
                       strcmp(optarg, "json") == 0 ? "log.format=json" : "log.format=text");
    default:
        (void)fputs(usage, stderr);
        return GS_EXIT_USAGE;
    }
}

static int parse(int argc, char **argv, struct tag_options *ret)
{
    int c = 0;

    *ret = (struct tag_options){.n_threads = 1, .file = "-"};
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((c = getopt_long(argc, argv, "m:c:h", longs, NULL)) != -1) {
        if (c == 'h') {
            (void)fputs(usage, stdout);
            return -1;
        }
        const int code = take(ret, c);
        if (code != GS_EXIT_OK) {
            return code;
        }
    }
    if (argc - optind > 1) {
        (void)fputs(usage, stderr);
        return GS_EXIT_USAGE;
    }
    ret->file = optind < argc ? argv[optind] : "-";
    return GS_EXIT_OK;
}

/* The weights of n-grams are the fast tier's; an encoder's answer has none. */
static enum gs_status can_explain(const struct tag_options *options, const struct gs_assets *assets,
                                  struct gs_error *err)
{
    struct gs_model_folder *folder = gs_model_slot_take(assets->models, NULL);
    const bool encodes = gs_model_info(folder->model)->encodes;

    gs_model_folder_drop(folder);
    return options->output.explain && encodes
               ? gs_fail(err, GS_IO,
                         "--explain: the encoder's answers are not explained; the fast "
                         "tier's are, with --tier fast where the folder has one")
               : GS_OK;
}

static int tag(const struct tag_options *options, const struct gs_config *config)
{
    struct gs_assets assets = {0};
    struct gs_tag_lines_totals totals;
    struct gs_error err = {0};
    int code = GS_EXIT_OK;
    FILE *rejects = NULL;

    if (options->rejects != NULL && (rejects = fopen(options->rejects, "w")) == NULL) {
        (void)gs_fail_errno(&err, errno, "%s", options->rejects);
        return gs_command_failed("tag", &err);
    }
    const struct gs_tag_lines_options lines = {.config = config,
                                               .assets = &assets,
                                               .output = options->output,
                                               .format = options->format,
                                               .n_threads = options->n_threads,
                                               .file = options->file,
                                               .rejects = rejects,
                                               .progress = !options->quiet && isatty(2) == 1 &&
                                                           isatty(1) != 1};
    if (gs_assets_load(config, &assets, &err) != GS_OK ||
        can_explain(options, &assets, &err) != GS_OK ||
        gs_tag_lines(&lines, &totals, &err) != GS_OK) {
        code = gs_command_failed("tag", &err);
    } else if (totals.refused > 0) {
        (void)fprintf(stderr, "groundswell tag: %llu of %llu lines refused\n",
                      (unsigned long long)totals.refused, (unsigned long long)totals.lines);
        code = GS_EXIT_FINDINGS;
    }
    if (rejects != NULL && fclose(rejects) != 0 && code != GS_EXIT_FAILURE) {
        (void)gs_fail_errno(&err, errno, "%s", options->rejects);
        code = gs_command_failed("tag", &err);
    }
    gs_assets_done(&assets);
    return code;
}

int gs_cmd_tag(int argc, char **argv)
{
    struct tag_options options;
    struct gs_config *config = NULL;

    const int parsed = parse(argc, argv, &options);
    if (parsed != GS_EXIT_OK) {
        return parsed < 0 ? GS_EXIT_OK : parsed;
    }
    int code = gs_command_configure("tag", options.config, options.sets, options.n_sets, &config);
    if (code != GS_EXIT_OK) {
        return code;
    }
    code = config->model.path == NULL
               ? wrong("no model", "give --model DIR, or a configuration with model.path")
               : tag(&options, config);
    gs_config_free(config);
    return code;
}
