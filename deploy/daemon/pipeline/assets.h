/* Shared by all lanes: the rules, the watchlist, the model. They are loaded together, and a reload
 * replaces them together, while lanes work with them:
 *
 *     reload ──► slot ── generation ──► lane, at its next batch: takes the new set, drops the old
 *
 * Threads: a set is constant after loading and counted by those who use it; every call but load and
 * done from any thread, one reload at a time. A lane that asks for the generation takes no lock. */
#ifndef GS_DEPLOY_ASSETS_H
#define GS_DEPLOY_ASSETS_H

#include "deploy/daemon/inference/model_folder.h"
#include "ingest/text/clean/normalize.h"
#include "ingest/text/watchlist/watchlist.h"

#include <pthread.h>
#include <stdatomic.h>

struct gs_config;

/* model.tier and model.arithmetic. */
void gs_config_model_choice(const struct gs_config *config, struct gs_model_choice *ret);

/* What messages are read with. */
struct gs_asset_set {
    struct gs_rules *rules;
    struct gs_watchlist *watchlist; /* NULL: none configured */
    struct gs_model_folder *folder;
    _Atomic unsigned n_users;
};

/* The place that holds the set in use. */
struct gs_asset_slot {
    pthread_mutex_t lock;
    struct gs_asset_set *set;    /* guarded by lock */
    _Atomic uint64_t generation; /* changes with the set */
};

struct gs_assets {
    struct gs_asset_slot *slot;
};

/* Loads what the configuration names; the user is the caller. The loaders' statuses. */
GS_MUST_CHECK
enum gs_status gs_asset_set_load(const struct gs_config *config, struct gs_asset_set **ret,
                                 struct gs_error *err);
struct gs_asset_set *gs_asset_set_take(struct gs_asset_set *set);
void gs_asset_set_drop(struct gs_asset_set *set); /* the last one frees; NULL is fine */

/* A slot with a set in it. On failure *ret is untouched. */
GS_MUST_CHECK
enum gs_status gs_assets_load(const struct gs_config *config, struct gs_assets *ret,
                              struct gs_error *err);
/* The same for who wants only vectors: an encoder without a head will do. */
GS_MUST_CHECK
enum gs_status gs_assets_load_vectors(const struct gs_config *config, struct gs_assets *ret,
                                      struct gs_error *err);
/* Loads all of it again and puts it into the slot; whatever is wrong with any, the old set stays. */
GS_MUST_CHECK
enum gs_status gs_assets_reload(const struct gs_config *config, struct gs_assets *assets,
                                struct gs_error *err);
void gs_assets_put(struct gs_assets *assets, struct gs_asset_set *set); /* moved in */

/* The caller drops it. *ret_generation may be NULL. */
struct gs_asset_set *gs_assets_take(const struct gs_assets *assets, uint64_t *ret_generation);
/* The folder alone; the caller drops it (gs_model_folder_drop()). */
struct gs_model_folder *gs_assets_folder(const struct gs_assets *assets);
static inline uint64_t gs_assets_generation(const struct gs_assets *assets)
{
    return atomic_load_explicit(&assets->slot->generation, memory_order_acquire);
}
void gs_assets_done(struct gs_assets *assets);

#endif
