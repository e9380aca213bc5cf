/* Shared by the files of the configuration. */
#ifndef GS_DEPLOY_CONFIG_INTERNAL_H
#define GS_DEPLOY_CONFIG_INTERNAL_H

#include "deploy/daemon/config/config.h"
#include "deploy/daemon/config/options.h"

struct gs_loader {
    struct gs_config *config;
    struct gs_diagnostics *diagnostics;
    const char *name, *dir;
    struct gs_origin *origins; /* [gs_n_options] where each value was set; place NULL: a default */
    bool starved;              /* memory was short for the file's tree */
};

/* Checks what no single row can say: settings that must fit each other. */
void gs_config_check(const struct gs_loader *loader);

#endif
