/* Shared by the commands, beyond the table: how a failure is said, how a configuration is loaded
 * with the flags that override it, and the choices that several of them take. */
#include "deploy/daemon/cli/command.h"

#include "classifier/model.h"
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/service/signals.h"
#include "ingest/base/escape.h"
#include "ingest/base/log.h"

#include <stdio.h>
#include <string.h>

void gs_command_say(const char *command, const char *fmt, ...)
{
    struct gs_buf text = {.max = 1 << 16};
    va_list args;

    va_start(args, fmt);
    gs_buf_vprintf(&text, fmt, args);
    va_end(args);
    gs_buf_putc(&text, '\0');
    const char *said = gs_buf_ok(&text) ? text.bytes : fmt;
    if (gs_log_is_json()) {
        gs_log(GS_LOG_ERROR, command, "%s", said);
    } else {
        gs_print_line(stderr, "groundswell %s: %s", command, said);
    }
    gs_buf_done(&text);
}

int gs_command_failed(const char *command, const struct gs_error *err)
{
    gs_command_say(command, "%s", err->message);
    return err->status == GS_BAD_CONFIG ? GS_EXIT_FINDINGS : GS_EXIT_FAILURE;
}

int gs_command_load(const struct gs_args *args, const char *path, const char *set,
                    struct gs_config **ret)
{
    const char *sets[GS_ARGS_MAX_SETS + 1];
    size_t n_sets = args->n_sets;
    struct gs_diagnostics diagnostics = {0};
    struct gs_error err = {0};

    memcpy(sets, args->sets, n_sets * sizeof *sets);
    if (set != NULL) {
        sets[n_sets++] = set;
    }
    const enum gs_status status = gs_config_load(path, sets, n_sets, ret, &diagnostics, &err);
    gs_diagnostics_print(&diagnostics, stderr);
    gs_diagnostics_done(&diagnostics);
    return status == GS_OK ? GS_EXIT_OK : gs_command_failed(args->command->name, &err);
}

int gs_command_configure(struct gs_args *args, struct gs_config **ret)
{
    struct gs_config *config = NULL;

    if (args->quiet) {
        (void)gs_args_set(args, "log.level", "error");
    }
    if (args->log_format_given) {
        (void)gs_args_set(args, "log.format", gs_log_format_names[args->log_json]);
    }
    if (args->ends) {
        return args->code;
    }
    const int code = gs_command_load(args, args->config, NULL, &config);
    if (code != GS_EXIT_OK) {
        return code;
    }
    gs_log_configure(config->log.level, config->log.json);
    gs_signals_catch();
    *ret = config;
    return GS_EXIT_OK;
}

bool gs_args_tier(struct gs_args *args, struct gs_model_choice *choice)
{
    size_t tier = 0;

    if (!gs_args_choice(args, gs_tier_names, GS_N_TIERS, &tier)) {
        return false;
    }
    choice->tier = (enum gs_tier)tier;
    return true;
}

bool gs_args_arithmetic(struct gs_args *args, struct gs_model_choice *choice)
{
    size_t arithmetic = 0;

    if (!gs_args_choice(args, gs_arithmetic_names, GS_N_ARITHMETICS, &arithmetic)) {
        return false;
    }
    choice->arithmetic = (enum gs_arithmetic)arithmetic;
    return true;
}
