#include "deploy/daemon/command.h"

#include "base/log.h"
#include "classifier/model.h"
#include "deploy/daemon/config.h"
#include "deploy/daemon/signals.h"

#include <stdio.h>

int gs_command_failed(const char *command, const struct gs_error *err)
{
    (void)fprintf(stderr, "groundswell %s: %s\n", command, err->message);
    return err->status == GS_BAD_CONFIG ? GS_EXIT_FINDINGS : GS_EXIT_FAILURE;
}

int gs_command_configure(const char *command, const char *path, const char *const *sets,
                         size_t n_sets, struct gs_config **ret)
{
    struct gs_findings findings = {0};
    struct gs_config *config = NULL;
    struct gs_error err = {0};

    const enum gs_status status = gs_config_load(path, sets, n_sets, &config, &findings, &err);
    gs_findings_print(&findings, stderr);
    gs_findings_done(&findings);
    if (status != GS_OK) {
        return gs_command_failed(command, &err);
    }
    gs_log_configure(config->log.level, config->log.json);
    gs_signals_catch();
    *ret = config;
    return GS_EXIT_OK;
}

bool gs_choose_tier(const char *name, struct gs_model_choice *choice)
{
    static const char *const names[] = {
        [GS_MODEL_AUTO] = "auto", [GS_MODEL_FAST] = "fast", [GS_MODEL_ENCODER] = "encoder"};

    for (size_t i = 0; i < GS_COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            choice->tier = (enum gs_tier)i;
            return true;
        }
    }
    return false;
}

bool gs_choose_arithmetic(const char *name, struct gs_model_choice *choice)
{
    static const char *const names[] = {
        [GS_ARITH_AUTO] = "auto", [GS_ARITH_FP32] = "fp32", [GS_ARITH_INT8] = "int8"};

    for (size_t i = 0; i < GS_COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            choice->arithmetic = (enum gs_arithmetic)i;
            return true;
        }
    }
    return false;
}
