#include "alerting/watch.h"

#include "alerting/watch_parts.h"

#include <assert.h>
#include <stdlib.h>

enum { KEYS, OPEN_BINS, BINS, EXCERPTS, EPISODES, N_SLABS };
enum { IDS, STORIES };

void gs_watch_options_default(struct gs_watch_options *ret)
{
    *ret = (struct gs_watch_options){
        .bin_ms = 300000,
        .lateness_ms = 600000,
        .drop_after_ms = 86400000,
        .dup_weight = 0.0,
        .tolerance_logit = 0.4,
        .info_evidence = 10.0,
        .warning_evidence = 120.0,
        .fdr_q = 0.1,
        .min_excess_share = 0.10,
        .min_excess_count = 5.0,
        .min_publishers = 2,
        .min_stories = 3,
        .clear_after_ms = 1800000,
        .cooldown_ms = 7200000,
        .new_normal_after_ms = 172800000,
        .max_keys = 1000000,
        .prior_negative_share = 0.25,
        .max_ids = 1000000,
        .max_excerpts = 32768,
    };
}

static enum gs_status check_options(const struct gs_watch_options *o, struct gs_error *err)
{
    const double century_ms = 3.2e12;
    const struct {
        const char *name;
        double value, least, most;
    } rows[] = {
        {"bin_ms", (double)o->bin_ms, 60000, 3600000},
        {"lateness_ms", (double)o->lateness_ms, 0, 604800000},
        {"drop_after_ms", (double)o->drop_after_ms, 0, century_ms},
        {"dup_weight", o->dup_weight, 0, 0.99},
        {"tolerance_logit", o->tolerance_logit, 0, 4},
        {"info_evidence", o->info_evidence, 1, 1e12},
        {"warning_evidence", o->warning_evidence, o->info_evidence, 1e12},
        {"fdr_q", o->fdr_q, 1e-6, 1},
        {"min_excess_share", o->min_excess_share, 0, 1},
        {"min_excess_count", o->min_excess_count, 0, 1e9},
        {"min_publishers", o->min_publishers, 0, 1e6},
        {"min_stories", o->min_stories, 0, 1e9},
        {"clear_after_ms", (double)o->clear_after_ms, 0, century_ms},
        {"cooldown_ms", (double)o->cooldown_ms, 0, century_ms},
        {"new_normal_after_ms", (double)o->new_normal_after_ms, 3600000, century_ms},
        {"max_keys", (double)o->max_keys, 1, 100e6},
        {"prior_negative_share", o->prior_negative_share, 0.001, 0.999},
        {"max_ids", (double)o->max_ids, 64, 1e9},
        {"max_excerpts", (double)o->max_excerpts, 16, 4e6},
    };
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        if (!(rows[i].value >= rows[i].least && rows[i].value <= rows[i].most)) {
            return gs_fail(err, GS_BAD_CONFIG, "watch: %s is %g, allowed is %g to %g", rows[i].name,
                           rows[i].value, rows[i].least, rows[i].most);
        }
    }
    return GS_OK;
}

static void init_parts(struct gs_watch *watch)
{
    const struct gs_watch_options *options = &watch->model.options;

    gs_slab_init(&watch->keys, KEYS, sizeof(struct gs_key));
    gs_slab_init(&watch->open_bins, OPEN_BINS, sizeof(struct gs_open_bin));
    gs_slab_init(&watch->bins, BINS, sizeof(struct gs_bin));
    gs_slab_init(&watch->excerpts, EXCERPTS, sizeof(struct gs_excerpt));
    gs_slab_init(&watch->episodes, EPISODES, sizeof(struct gs_episode));
    gs_set_init(&watch->ids, IDS, 2, options->max_ids, watch->model.id_bins);
    gs_set_init(&watch->stories, STORIES, 3, options->max_ids, watch->model.story_bins);
    watch->now = (struct gs_core){.episodes = GS_NONE};
    watch->before = watch->now;
}

enum gs_status gs_watch_new(const struct gs_watch_options *options, struct gs_watch **ret,
                            struct gs_error *err)
{
    const enum gs_status status = check_options(options, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "watch");
    }
    gs_model_init(&watch->model, options);
    init_parts(watch);
    *ret = watch;
    return GS_OK;
}

static void drop_parts(struct gs_watch *watch)
{
    gs_slab_done(&watch->keys);
    gs_slab_done(&watch->open_bins);
    gs_slab_done(&watch->bins);
    gs_slab_done(&watch->excerpts);
    gs_slab_done(&watch->episodes);
    gs_set_done(&watch->ids);
    gs_set_done(&watch->stories);
    free(watch->slots);
    free(watch->texts);
    free(watch->bin_order);
    free(watch->work);
    watch->slots = NULL;
    watch->n_slots = 0;
    watch->texts = NULL;
    watch->max_texts = 0;
    watch->bin_order = NULL;
    watch->max_bin_order = 0;
    watch->work = NULL;
    watch->max_work = 0;
}

void gs_watch_free(struct gs_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    drop_parts(watch);
    free(watch->undo.bytes);
    free(watch);
}

static struct gs_slab *slab_of(struct gs_watch *watch, uint32_t id)
{
    struct gs_slab *slabs[N_SLABS] = {&watch->keys, &watch->open_bins, &watch->bins,
                                      &watch->excerpts, &watch->episodes};
    assert(id < N_SLABS);
    return slabs[id];
}

void gs_watch_begin(struct gs_watch *watch)
{
    assert(!watch->open);
    watch->open = true;
    watch->undo.len = 0;
    watch->undo.failed = false;
    watch->undo.txn = watch->undo.txn == UINT32_MAX ? 1 : watch->undo.txn + 1;
    watch->before = watch->now;
    for (uint32_t i = 0; i < N_SLABS; i++) {
        struct gs_slab *slab = slab_of(watch, i);
        slab->before = slab->now;
    }
}

void gs_watch_commit(struct gs_watch *watch)
{
    const size_t keep = 1 << 20; /* one huge transaction shall not hold its log for ever */

    assert(watch->open);
    watch->open = false;
    gs_bins_prune(watch);
    watch->before = watch->now;
    gs_set_age(watch, &watch->ids);
    gs_set_age(watch, &watch->stories);
    if (watch->undo.capacity > keep && watch->undo.len < watch->undo.capacity / 8) {
        free(watch->undo.bytes);
        watch->undo.bytes = NULL;
        watch->undo.capacity = 0;
    }
    watch->undo.len = 0;
}

static void undo_one(struct gs_watch *watch, const struct gs_undo_entry *entry, const void *payload)
{
    switch ((enum gs_undo_kind)entry->kind) {
    case GS_UNDO_ITEM: {
        const struct gs_slab *slab = slab_of(watch, entry->which);
        memcpy(gs_slab_at(slab, entry->at), payload, slab->item_size);
        break;
    }
    case GS_UNDO_KEY_SLOT:
        gs_table_remove(watch, entry->which, entry->at);
        break;
    case GS_UNDO_SET:
        gs_set_undo(entry->which == IDS ? &watch->ids : &watch->stories, payload);
        break;
    case GS_UNDO_BIN_SLOT:
        gs_bins_undo_insert(watch, entry->at);
        break;
    }
}

void gs_watch_undo(struct gs_watch *watch)
{
    struct gs_undo_entry entry;
    const void *payload = NULL;

    assert(watch->open);
    watch->open = false;
    if (watch->undo.failed) {
        drop_parts(watch);
        init_parts(watch);
        watch->undo.len = 0;
        return;
    }
    while (gs_undo_pop(&watch->undo, &entry, &payload)) {
        undo_one(watch, &entry, payload);
    }
    watch->now = watch->before;
    for (uint32_t i = 0; i < N_SLABS; i++) {
        struct gs_slab *slab = slab_of(watch, i);
        slab->now = slab->before;
    }
}
