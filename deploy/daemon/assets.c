#include "deploy/daemon/assets.h"

#include "deploy/daemon/config.h"

enum gs_status gs_assets_load(const struct gs_config *config, struct gs_assets *ret,
                              struct gs_error *err)
{
    struct gs_assets assets = {0};
    enum gs_status status = GS_OK;

    if (config->model.path == NULL) {
        return gs_fail(err, GS_BAD_CONFIG, "model.path: no model folder is set");
    }
    status = gs_config_compile_rules(config, &assets.rules, err);
    if (status == GS_OK && config->entities.watchlist != NULL) {
        status = gs_watchlist_load(config->entities.watchlist, &assets.watchlist, err);
    }
    if (status == GS_OK) {
        status = gs_model_load(config->model.path, &assets.model, err);
    }
    if (status == GS_OK) {
        *ret = assets;
    } else {
        gs_assets_done(&assets);
    }
    return status;
}

void gs_assets_done(struct gs_assets *assets)
{
    gs_model_free(assets->model);
    gs_watchlist_free(assets->watchlist);
    gs_rules_free(assets->rules);
    *assets = (struct gs_assets){0};
}
