/* groundswell check: everything that is wrong with a configuration, at once and with nothing started.
 *
 * The configuration's own diagnostics come first; then what it names is loaded: each rule alone (so
 * that one bad rule does not hide the next) and all together, the watchlist, the model, a detector
 * with these settings. What only follows from a fault that is said already is not said. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/config/config.h"

#include "alerting/detector/watch.h"
#include "deploy/daemon/pipeline/assets.h"
#include "ingest/base/escape.h"
#include "ingest/text/watchlist/watchlist.h"

#include <stdio.h>
#include <string.h>

static void add(const struct gs_config *config, const char *setting, const char *what,
                struct gs_diagnostics *diagnostics)
{
    const char *place = NULL;
    int line = 0;

    gs_config_origin(config, setting, &place, &line);
    gs_diagnostics_add(diagnostics, place, line, "%s: %s", setting, what);
}

/* Each rule alone, so that one bad rule does not hide the next; then all, for what only all can
 * break. */
static void check_rules(const struct gs_config *config, struct gs_diagnostics *diagnostics)
{
    struct gs_error err = {.status = GS_OK};
    struct gs_rules *rules = NULL;
    bool ok = true;

    for (size_t i = 0; i < config->text.rules.n; i++) {
        rules = NULL;
        if (gs_rules_compile(&config->text.rules.items[i], 1, config->text.jit, &rules, &err) !=
            GS_OK) {
            add(config, "text.rules", err.message, diagnostics);
            ok = false;
        }
        gs_rules_free(rules);
    }
    rules = NULL;
    if (ok && gs_config_compile_rules(config, &rules, &err) != GS_OK) {
        add(config, "text.rules", err.message, diagnostics);
    }
    gs_rules_free(rules);
}

static void check_watchlist(const struct gs_config *config, bool quiet,
                            struct gs_diagnostics *diagnostics)
{
    struct gs_error err = {.status = GS_OK};
    struct gs_watchlist *list = NULL;

    if (config->entities.watchlist == NULL) {
        return;
    }
    if (gs_watchlist_load(config->entities.watchlist, &list, &err) != GS_OK) {
        add(config, "entities.watchlist", err.message, diagnostics);
    } else if (!quiet) {
        (void)fprintf(stderr, "watchlist: %zu companies\n", gs_watchlist_size(list));
    }
    gs_watchlist_free(list);
}

/* How an encoder would run here; of a combined folder, also what it reads. */
static void show_encoder(const struct gs_model_info *info, size_t e)
{
    const struct gs_model_encoder *encoder = &info->encoders[e];
    const struct gs_encoder_config *config = encoder->info->config;

    (void)fprintf(stderr,
                  "model: encoder %s, %zu layers of %zu, %.1f M parameters, %s on %s, reads %zu "
                  "tokens, answers%s%s%s",
                  config->model_type, config->layers, config->hidden,
                  (double)encoder->info->n_parameters / 1e6,
                  gs_arithmetic_name(encoder->info->arithmetic), encoder->info->kernels,
                  encoder->max_tokens, encoder->answers[GS_HEAD_SENTIMENT] ? " sentiment" : "",
                  encoder->answers[GS_HEAD_TOPICS] ? " topics" : "",
                  encoder->answers[GS_HEAD_RISKS] ? " risks" : "");
    for (size_t lang = 0, n = 0; info->combined && lang < GS_N_MODEL_LANGS; lang++) {
        if (info->encoder_of[lang] == e) {
            (void)fprintf(stderr, "%s%s", n++ == 0 ? " of texts in " : ", ", gs_lang_names[lang]);
        }
    }
    (void)fputs(info->combined ? " (added to the fast tier's)\n" : "\n", stderr);
}

static void show_model(const struct gs_model_info *info)
{
    gs_print_line(stderr, "model: %s %s, %zu topics, %zu risks", info->name, info->version,
                  info->n_labels[GS_HEAD_TOPICS], info->n_labels[GS_HEAD_RISKS]);
    if (info->fast) {
        gs_print_line(stderr, "model: fast tier%s",
                      info->cascades ? ", asked first: gates decide whether the encoder is" : "");
    }
    for (size_t e = 0; e < info->n_encoders; e++) {
        show_encoder(info, e);
    }
    if (info->n_labels[GS_HEAD_SENTIMENT] == 0) {
        (void)fputs("model: no sentiment: every message will be neutral and abstained\n", stderr);
    }
}

/* A misspelt risk would just never be an event. The default list may name what another model lacks. */
static void check_event_risks(const struct gs_config *config, const struct gs_model_info *info,
                              struct gs_diagnostics *diagnostics)
{
    char message[320];

    for (size_t i = 0;
         gs_config_is_set(config, "watch.event_risks") && i < config->watch.event_risks.n; i++) {
        const char *name = config->watch.event_risks.items[i];
        bool known = false;
        for (size_t j = 0; j < info->n_labels[GS_HEAD_RISKS] && !known; j++) {
            known = strcmp(info->labels[GS_HEAD_RISKS][j], name) == 0;
        }
        if (!known) {
            (void)snprintf(message, sizeof message, "the model has no risk \"%s\"", name);
            add(config, "watch.event_risks", message, diagnostics);
        }
    }
}

static void check_model(const struct gs_config *config, bool quiet,
                        struct gs_diagnostics *diagnostics)
{
    struct gs_error err = {.status = GS_OK};
    struct gs_model_folder *folder = NULL;
    struct gs_model_choice choice;

    if (gs_config_is_faulty(config, "model")) {
        return;
    }
    if (config->model.path == NULL) {
        add(config, "model.path", "is not set: name a model's folder", diagnostics);
        return;
    }
    gs_config_model_choice(config, &choice);
    const enum gs_status status = gs_model_folder_load(config->model.path, &choice, &folder, &err);
    if (status != GS_OK) {
        add(config, status == GS_BAD_CONFIG ? "model.tier" : "model.path", err.message,
            diagnostics);
        return;
    }
    const struct gs_model_info *info = gs_model_info(folder->model);
    if (config->model.encoder.deadline_ms > 0 && info->encodes && !info->fast) {
        add(config, "model.encoder.deadline",
            "the folder has no fast tier to fall back to: it does nothing", diagnostics);
    }
    check_event_risks(config, info, diagnostics);
    if (!quiet) {
        show_model(info);
    }
    gs_model_folder_drop(folder);
}

static void check_watch(const struct gs_config *config, struct gs_diagnostics *diagnostics)
{
    struct gs_error err = {.status = GS_OK};
    struct gs_watch *watch = NULL;

    if (gs_config_is_faulty(config, "watch")) {
        return;
    }
    if (gs_watch_new(&config->watch.options, &watch, &err) != GS_OK) {
        add(config, "watch.bin", err.message, diagnostics);
    }
    gs_watch_free(watch);
}

/* The files that the receivers need, as they will be read. */
static void check_notify(const struct gs_config *config, struct gs_diagnostics *diagnostics)
{
    const struct gs_notify_login *login = &config->notify.alertmanager.login;
    const struct {
        const char *setting, *path;
    } secrets[] = {
        {"notify.alertmanager.password_file", login->password_file},
        {"notify.alertmanager.bearer_token_file", login->bearer_token_file},
        {"notify.webhook.bearer_token_file", config->notify.webhook.login.bearer_token_file},
        {"notify.webhook.secret_file", config->notify.webhook.secret_file},
    };
    struct gs_error err = {.status = GS_OK};

    for (size_t i = 0; i < GS_COUNT(secrets); i++) {
        if (secrets[i].path != NULL && gs_notify_check_secret(secrets[i].path, &err) != GS_OK) {
            add(config, secrets[i].setting, err.message, diagnostics);
        }
    }
    if (config->notify.ca_file != NULL &&
        gs_notify_check_ca(config->notify.ca_file, &err) != GS_OK) {
        add(config, "notify.ca_file", err.message, diagnostics);
    }
}

int gs_cmd_check(int argc, char **argv)
{
    struct gs_args args;
    struct gs_diagnostics diagnostics = {.n = 0};
    struct gs_config *config = NULL;
    struct gs_error err = {.status = GS_OK};
    int code = GS_EXIT_FAILURE;

    gs_args_init(&args, GS_CMD_CHECK, argc, argv);
    while (gs_args_next(&args)) {
    }
    if (args.ends) {
        code = args.code;
        goto done;
    }
    if (gs_config_examine(args.config, args.sets, args.n_sets, &config, &diagnostics, &err) !=
        GS_OK) {
        gs_command_say("check", "%s", err.message);
        goto done;
    }
    check_rules(config, &diagnostics);
    check_watchlist(config, args.quiet, &diagnostics);
    check_model(config, args.quiet, &diagnostics);
    check_watch(config, &diagnostics);
    check_notify(config, &diagnostics);
    const size_t n = gs_diagnostics_count(&diagnostics);
    gs_diagnostics_print(&diagnostics, stdout);
    if (!args.quiet) {
        gs_print_line(stderr, "%s: %zu finding%s", args.config, n, n == 1 ? "" : "s");
    }
    code = n > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;

done:
    gs_diagnostics_done(&diagnostics);
    gs_config_free(config);
    gs_args_done(&args);
    return code;
}
