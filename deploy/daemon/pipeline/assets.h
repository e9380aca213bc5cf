/* Shared by all lanes: the rules, the watchlist, the model.
 *
 * Threads: constant after loading, but for the model, which gs_assets_reload() replaces: who works
 * with it takes it from the slot (deploy/daemon/inference/model_folder.h). */
#ifndef GS_DEPLOY_ASSETS_H
#define GS_DEPLOY_ASSETS_H

#include "deploy/daemon/inference/model_folder.h"
#include "ingest/text/clean/normalize.h"
#include "ingest/text/watchlist/watchlist.h"

struct gs_config;

/* model.tier and model.arithmetic. */
void gs_config_model_choice(const struct gs_config *config, struct gs_model_choice *ret);

struct gs_assets {
    struct gs_rules *rules;
    struct gs_watchlist *watchlist; /* NULL: none configured */
    struct gs_model_slot *models;
};

/* Loads what the configuration names. On failure *ret is untouched: the loaders' statuses. */
GS_MUST_CHECK
enum gs_status gs_assets_load(const struct gs_config *config, struct gs_assets *ret,
                              struct gs_error *err);
/* The same for who wants only vectors: an encoder without a head will do. */
GS_MUST_CHECK
enum gs_status gs_assets_load_vectors(const struct gs_config *config, struct gs_assets *ret,
                                      struct gs_error *err);
/* Loads model.path again and puts it into the slot; whatever is wrong with it, the old one stays.
 * Any thread, one at a time. */
GS_MUST_CHECK
enum gs_status gs_assets_reload(const struct gs_config *config, struct gs_assets *assets,
                                struct gs_error *err);
void gs_assets_done(struct gs_assets *assets);

#endif
