/* Loading of what all lanes share, and the reload of the model: everything is loaded and checked
 * before the slot is touched, so a folder that is wrong changes nothing. */
#include "deploy/daemon/pipeline/assets.h"

#include "deploy/daemon/config/config.h"
#include "ingest/base/log.h"

#include <stdlib.h>

void gs_config_model_choice(const struct gs_config *config, struct gs_model_choice *ret)
{
    *ret = (struct gs_model_choice){.tier = config->model.tier,
                                    .arithmetic = config->model.arithmetic};
}

static enum gs_status load_model(const struct gs_config *config, bool vectors,
                                 struct gs_model_folder **ret, struct gs_error *err)
{
    struct gs_model_choice choice;

    gs_config_model_choice(config, &choice);
    choice.vectors = vectors;
    enum gs_status status = gs_model_folder_load(config->model.path, &choice, ret, err);
    if (status ==
        GS_BAD_CONFIG) { /* a folder without the tier: what every command fails of alike */
        status = GS_BAD_FORMAT;
        err->status = status;
    }
    if (status == GS_OK && !vectors &&
        gs_model_info((*ret)->model)->n_labels[GS_HEAD_SENTIMENT] == 0) {
        gs_log(GS_LOG_WARNING, "model",
               "%s says nothing of sentiment: messages are tagged, but no observation is made and "
               "nothing alerts",
               config->model.path);
    }
    if (status == GS_OK) {
        const struct gs_model_info *info = gs_model_info((*ret)->model);
        const struct gs_encoder_info *encoder = info->encodes ? info->encoders[0].info : NULL;
        if (encoder != NULL && encoder->arithmetic == GS_ARITH_INT8 &&
            strcmp(encoder->kernels, "scalar") == 0) {
            gs_log(GS_LOG_WARNING, "model",
                   "the encoder runs on scalar kernels: slow; this CPU is older than AVX2, or "
                   "GS_KERNELS asks for it");
        }
    }
    return status;
}

static enum gs_status load_slot(const struct gs_config *config, bool vectors,
                                struct gs_model_slot **ret, struct gs_error *err)
{
    struct gs_model_folder *folder = NULL;
    struct gs_model_slot *slot = calloc(1, sizeof *slot);
    enum gs_status status = slot == NULL ? gs_fail(err, GS_NO_MEMORY, "model")
                                         : load_model(config, vectors, &folder, err);

    if (status == GS_OK) {
        gs_model_slot_init(slot, folder);
        *ret = slot;
        slot = NULL;
    }
    free(slot);
    return status;
}

static enum gs_status load_assets(const struct gs_config *config, bool vectors,
                                  struct gs_assets *ret, struct gs_error *err)
{
    struct gs_assets assets = {0};
    enum gs_status status = GS_OK;

    if (config->model.path == NULL) {
        return gs_fail(err, GS_BAD_CONFIG, "model.path: no model folder is set");
    }
    status = gs_config_compile_rules(config, &assets.rules, err);
    if (status == GS_OK) {
        gs_rules_warn(assets.rules, config->text.jit);
    }
    if (status == GS_OK && config->entities.watchlist != NULL) {
        status = gs_watchlist_load(config->entities.watchlist, &assets.watchlist, err);
    }
    if (status == GS_OK) {
        status = load_slot(config, vectors, &assets.models, err);
    }
    if (status == GS_OK) {
        *ret = assets;
    } else {
        gs_assets_done(&assets);
    }
    return status;
}

enum gs_status gs_assets_load(const struct gs_config *config, struct gs_assets *ret,
                              struct gs_error *err)
{
    return load_assets(config, false, ret, err);
}

enum gs_status gs_assets_load_vectors(const struct gs_config *config, struct gs_assets *ret,
                                      struct gs_error *err)
{
    return load_assets(config, true, ret, err);
}

enum gs_status gs_assets_reload(const struct gs_config *config, struct gs_assets *assets,
                                struct gs_error *err)
{
    struct gs_model_folder *folder = NULL;
    const enum gs_status status = load_model(config, false, &folder, err);

    if (status == GS_OK) {
        gs_model_slot_put(assets->models, folder);
    }
    return status;
}

void gs_assets_done(struct gs_assets *assets)
{
    if (assets->models != NULL) {
        gs_model_slot_done(assets->models);
        free(assets->models);
    }
    gs_watchlist_free(assets->watchlist);
    gs_rules_free(assets->rules);
    *assets = (struct gs_assets){0};
}
