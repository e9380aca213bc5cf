/* What every lane shares and nobody changes: the model, the rules, the watchlist.
 *
 * Threads: constant after loading. */
#ifndef GS_DEPLOY_ASSETS_H
#define GS_DEPLOY_ASSETS_H

#include "classifier/model.h"
#include "ingest/text/normalise.h"
#include "ingest/text/watchlist.h"

struct gs_config;

struct gs_assets {
    struct gs_rules *rules;
    struct gs_watchlist *watchlist; /* NULL: none configured */
    struct gs_model *model;
};

/* Loads what the configuration names. On failure *ret is untouched: the loaders' statuses. */
GS_MUST_CHECK
enum gs_status gs_assets_load(const struct gs_config *config, struct gs_assets *ret,
                              struct gs_error *err);
void gs_assets_done(struct gs_assets *assets);

#endif
