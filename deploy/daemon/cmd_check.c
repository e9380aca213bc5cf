#include "deploy/daemon/command.h"
#include "deploy/daemon/config.h"

#include "alerting/watch.h"
#include "deploy/daemon/assets.h"
#include "ingest/text/watchlist.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { MAX_SETS = 128 };

static const char usage[] =
    "usage: groundswell check -c FILE [--set KEY=VALUE]...\n"
    "\n"
    "Reads a configuration and all that it names: compiles the rules, loads the watchlist and the "
    "model.\n"
    "Everything that is wrong comes on stdout, one line each: \"file:line: setting: what, and what "
    "is allowed\".\n"
    "\n"
    "  -c, --config FILE    the configuration\n"
    "      --set KEY=VALUE  overrides a setting\n"
    "      --quiet          no summary on stderr\n"
    "\n"
    "Exit codes: 0 nothing found, 1 findings, 2 usage, 3 the file cannot be read.\n"
    "\n"
    "example:\n"
    "  groundswell check -c deploy/config/groundswell.yaml\n";

struct check_options {
    const char *config;
    const char *sets[MAX_SETS];
    size_t n_sets;
    bool quiet;
};

/* GS_EXIT_OK: go on; -1: help was shown; else the exit code. */
static int parse(int argc, char **argv, struct check_options *ret)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"set", required_argument, NULL, 'S'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int c = 0;

    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        if (c == 'c') {
            ret->config = optarg;
        } else if (c == 'S' && ret->n_sets < MAX_SETS) {
            ret->sets[ret->n_sets++] = optarg;
        } else if (c == 'q') {
            ret->quiet = true;
        } else if (c == 'h') {
            (void)fputs(usage, stdout);
            return -1;
        } else {
            (void)fputs(usage, stderr);
            return GS_EXIT_USAGE;
        }
    }
    if (ret->config == NULL || optind < argc) {
        (void)fputs(usage, stderr);
        return GS_EXIT_USAGE;
    }
    return GS_EXIT_OK;
}

static void add(const struct gs_config *config, const char *setting, const char *what,
                struct gs_findings *findings)
{
    const char *place = NULL;
    int line = 0;

    gs_config_origin(config, setting, &place, &line);
    gs_findings_add(findings, place, line, "%s: %s", setting, what);
}

/* Each rule alone, so that one bad rule does not hide the next; then all, for what only all can
 * break. */
static void check_rules(const struct gs_config *config, struct gs_findings *findings)
{
    struct gs_error err = {.status = GS_OK};
    struct gs_rules *rules = NULL;
    bool ok = true;

    for (size_t i = 0; i < config->text.rules.n; i++) {
        rules = NULL;
        if (gs_rules_compile(&config->text.rules.items[i], 1, &rules, &err) != GS_OK) {
            add(config, "text.rules", err.message, findings);
            ok = false;
        }
        gs_rules_free(rules);
    }
    rules = NULL;
    if (ok && gs_config_compile_rules(config, &rules, &err) != GS_OK) {
        add(config, "text.rules", err.message, findings);
    }
    gs_rules_free(rules);
}

static void check_watchlist(const struct gs_config *config, bool quiet,
                            struct gs_findings *findings)
{
    struct gs_error err = {.status = GS_OK};
    struct gs_watchlist *list = NULL;

    if (config->entities.watchlist == NULL) {
        return;
    }
    if (gs_watchlist_load(config->entities.watchlist, &list, &err) != GS_OK) {
        add(config, "entities.watchlist", err.message, findings);
    } else if (!quiet) {
        (void)fprintf(stderr, "watchlist: %zu companies\n", gs_watchlist_size(list));
    }
    gs_watchlist_free(list);
}

/* The tiers, and how the encoder would run here. */
static void show_model(const struct gs_model_info *info)
{
    (void)fprintf(stderr, "model: %s %s, %zu topics, %zu risks\n", info->name, info->version,
                  info->n_labels[GS_HEAD_TOPICS], info->n_labels[GS_HEAD_RISKS]);
    if (info->fast) {
        (void)fprintf(stderr, "model: fast tier%s\n",
                      info->cascades ? ", asked first: gates decide whether the encoder is" : "");
    }
    if (info->encodes) {
        const struct gs_encoder_info *encoder = info->encoder;
        (void)fprintf(
            stderr,
            "model: encoder %s, %zu layers of %zu, %.1f M parameters, %s on %s, reads %zu "
            "tokens, answers%s%s%s\n",
            encoder->config->model_type, encoder->config->layers, encoder->config->hidden,
            (double)encoder->n_parameters / 1e6,
            encoder->arithmetic == GS_ARITH_INT8 ? "int8" : "fp32", encoder->kernels,
            info->max_tokens, info->of_encoder[GS_HEAD_SENTIMENT] ? " sentiment" : "",
            info->of_encoder[GS_HEAD_TOPICS] ? " topics" : "",
            info->of_encoder[GS_HEAD_RISKS] ? " risks" : "");
    }
    if (info->n_labels[GS_HEAD_SENTIMENT] == 0) {
        (void)fputs("model: no sentiment: every message will be neutral and abstained\n", stderr);
    }
}

static void check_model(const struct gs_config *config, bool quiet, struct gs_findings *findings)
{
    struct gs_error err = {.status = GS_OK};
    struct gs_model_folder *folder = NULL;
    struct gs_model_choice choice;

    if (config->model.path == NULL) {
        add(config, "model.path", "is not set: name a model's folder", findings);
        return;
    }
    gs_config_model_choice(config, &choice);
    const enum gs_status status = gs_model_folder_load(config->model.path, &choice, &folder, &err);
    if (status != GS_OK) {
        add(config, status == GS_BAD_CONFIG ? "model.tier" : "model.path", err.message, findings);
        return;
    }
    const struct gs_model_info *info = gs_model_info(folder->model);
    if (config->model.encoder.deadline_ms > 0 && info->encodes && !info->fast) {
        add(config, "model.encoder.deadline",
            "the folder has no fast tier to fall back to: it does nothing", findings);
    }
    if (!quiet) {
        show_model(info);
    }
    gs_model_folder_drop(folder);
}

static void check_watch(const struct gs_config *config, struct gs_findings *findings)
{
    struct gs_error err = {.status = GS_OK};
    struct gs_watch *watch = NULL;

    if (gs_watch_new(&config->watch.options, &watch, &err) != GS_OK) {
        add(config, "watch.bin", err.message, findings);
    }
    gs_watch_free(watch);
}

int gs_cmd_check(int argc, char **argv)
{
    struct check_options options = {.config = NULL};
    struct gs_findings findings = {.n = 0};
    struct gs_config *config = NULL;
    struct gs_error err = {.status = GS_OK};

    const int parsed = parse(argc, argv, &options);
    if (parsed != GS_EXIT_OK) {
        return parsed < 0 ? GS_EXIT_OK : parsed;
    }
    if (gs_config_examine(options.config, options.sets, options.n_sets, &config, &findings, &err) !=
        GS_OK) {
        (void)fprintf(stderr, "groundswell check: %s\n", err.message);
        gs_findings_done(&findings);
        return GS_EXIT_FAILURE;
    }
    check_rules(config, &findings);
    check_watchlist(config, options.quiet, &findings);
    check_model(config, options.quiet, &findings);
    check_watch(config, &findings);
    const size_t n = gs_findings_count(&findings);
    gs_findings_print(&findings, stdout);
    if (!options.quiet) {
        (void)fprintf(stderr, "%s: %zu finding%s\n", options.config, n, n == 1 ? "" : "s");
    }
    gs_findings_done(&findings);
    gs_config_free(config);
    return n > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}
