/* Loading of what all lanes share, and its reload: everything is loaded and checked before the slot
 * is touched, so what is wrong changes nothing. */
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

/* ---- a set ---- */

static enum gs_status load_set(const struct gs_config *config, bool vectors,
                               struct gs_asset_set **ret, struct gs_error *err)
{
    if (config->model.path == NULL) {
        return gs_fail(err, GS_BAD_CONFIG, "model.path: no model folder is set");
    }
    struct gs_asset_set *set = calloc(1, sizeof *set);
    if (set == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "rules, watchlist and model");
    }
    atomic_store(&set->n_users, 1);
    enum gs_status status = gs_config_compile_rules(config, &set->rules, err);
    if (status == GS_OK) {
        gs_rules_warn(set->rules, config->text.jit);
    }
    if (status == GS_OK && config->entities.watchlist != NULL) {
        status = gs_watchlist_load(config->entities.watchlist, &set->watchlist, err);
    }
    if (status == GS_OK) {
        status = load_model(config, vectors, &set->folder, err);
    }
    if (status == GS_OK) {
        *ret = set;
    } else {
        gs_asset_set_drop(set);
    }
    return status;
}

enum gs_status gs_asset_set_load(const struct gs_config *config, struct gs_asset_set **ret,
                                 struct gs_error *err)
{
    return load_set(config, false, ret, err);
}

struct gs_asset_set *gs_asset_set_take(struct gs_asset_set *set)
{
    atomic_fetch_add(&set->n_users, 1);
    return set;
}

void gs_asset_set_drop(struct gs_asset_set *set)
{
    if (set != NULL && atomic_fetch_sub(&set->n_users, 1) == 1) {
        gs_model_folder_drop(set->folder);
        gs_watchlist_free(set->watchlist);
        gs_rules_free(set->rules);
        free(set);
    }
}

/* ---- the slot ---- */

static enum gs_status load_assets(const struct gs_config *config, bool vectors,
                                  struct gs_assets *ret, struct gs_error *err)
{
    struct gs_asset_slot *slot = calloc(1, sizeof *slot);

    if (slot == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "rules, watchlist and model");
    }
    const enum gs_status status = load_set(config, vectors, &slot->set, err);
    if (status != GS_OK) {
        free(slot);
        return status;
    }
    (void)pthread_mutex_init(&slot->lock, NULL);
    atomic_store(&slot->generation, 1);
    ret->slot = slot;
    return GS_OK;
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
    struct gs_asset_set *set = NULL;
    const enum gs_status status = load_set(config, false, &set, err);

    if (status == GS_OK) {
        gs_assets_put(assets, set);
    }
    return status;
}

void gs_assets_put(struct gs_assets *assets, struct gs_asset_set *set)
{
    struct gs_asset_slot *slot = assets->slot;

    (void)pthread_mutex_lock(&slot->lock);
    struct gs_asset_set *old = slot->set;
    slot->set = set;
    atomic_fetch_add(&slot->generation, 1);
    (void)pthread_mutex_unlock(&slot->lock);
    gs_asset_set_drop(old);
}

struct gs_asset_set *gs_assets_take(const struct gs_assets *assets, uint64_t *ret_generation)
{
    struct gs_asset_slot *slot = assets->slot;

    (void)pthread_mutex_lock(&slot->lock);
    struct gs_asset_set *set = gs_asset_set_take(slot->set);
    if (ret_generation != NULL) {
        *ret_generation = atomic_load(&slot->generation);
    }
    (void)pthread_mutex_unlock(&slot->lock);
    return set;
}

struct gs_model_folder *gs_assets_folder(const struct gs_assets *assets)
{
    struct gs_asset_set *set = gs_assets_take(assets, NULL);
    struct gs_model_folder *folder = gs_model_folder_take(set->folder);

    gs_asset_set_drop(set);
    return folder;
}

void gs_assets_done(struct gs_assets *assets)
{
    if (assets->slot != NULL) {
        gs_asset_set_drop(assets->slot->set);
        (void)pthread_mutex_destroy(&assets->slot->lock);
        free(assets->slot);
        assets->slot = NULL;
    }
}
