/* The watch as a whole: its options, its parts, and the transactions over all of them.
 *
 *     struct gs_watch
 *       params                options as the loops need them; constant
 *       keys                  pool; found by `slots` and `texts` (table.c)
 *       open_bins, bins       pools; a key's messages of one bin, and the bins by time (open.c)
 *       excerpts, episodes    pools; messages to show (excerpts.c), alerts (lifecycle.c)
 *       sketches, habits      pools; publishers beyond eight (publishers.c), recurrence (habits.c)
 *       votes                 pool; who told a company's risk first (events.c)
 *       pendings              pool; stories that wait for the close of their bin (near.c)
 *       ids, stories,         sets of what was seen (dedupe.c)
 *       bands, leaders
 *       now, before           everything else that changes, and what it was at begin
 *       undo                  what a transaction has changed (undo.c)
 *       ranked, closing,      workspace of the calls; not saved
 *       parts
 *
 *     gs_watch_begin ─► add, …, advance, next, … ─┬─► gs_watch_commit   the log is dropped
 *                                                 └─► gs_watch_undo     it is read backwards
 *
 * There is one watch for each input partition, and nothing is shared between watches but the seed
 * of the hash tables, so a revoked partition is dropped by freeing one struct.
 *
 * What has to hold: all that a transaction can change is in a pool, in one of the sets, in the
 * key table, in bin_order, or in `now`; only these are taken back. Changes that cannot be taken
 * back are made at commit: old bins and their excerpts are dropped and the sets are aged, after
 * which nothing may refer to them. A watch that could not log a change for want of memory is
 * emptied by an undo: it starts again as after a restart, which loses what it has learnt, but is
 * consistent. */
#include "alerting/detector/watch.h"

#include "alerting/detector/events.h"
#include "alerting/detector/near.h"
#include "alerting/detector/watch_internal.h"

#include <assert.h>
#include <stdlib.h>

enum { KEYS, OPEN_BINS, BINS, EXCERPTS, EPISODES, SKETCHES, HABITS, VOTES, PENDINGS, N_POOLS };

void gs_watch_options_default(struct gs_watch_options *ret)
{
    *ret = (struct gs_watch_options){
        .bin_ms = 300000,
        .lateness_ms = 600000,
        .drop_after_ms = 86400000,
        .dup_weight = 0.0,
        .tolerance_logit = 0.4,
        .info_false_alarms = 0.1,
        .warning_false_alarms = 0.01,
        .fdr_q = 0.1,
        .min_excess_share = 0.10,
        .min_excess_count = 3.0,
        .max_expected_share = 0.75,
        .min_publishers = 2,
        .min_stories = 3,
        .clear_after_ms = 1800000,
        .cooldown_ms = 7200000,
        .new_normal_after_ms = 172800000,
        .event_publishers = 3,
        .event_window_ms = 10800000,
        .event_cooldown_ms = 86400000,
        .tier_raises = 1,
        .tier_lowers = 3,
        .reach_raises = 1000,
        .max_keys = 1000000,
        .reserved_share = 0.5,
        .max_new_keys = 10000,
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
        {"info_false_alarms", o->info_false_alarms, 1e-6, 10},
        {"warning_false_alarms", o->warning_false_alarms, 1e-6, o->info_false_alarms},
        {"info_evidence", o->info_evidence, o->info_evidence == 0.0 ? 0 : 1, 1e12},
        {"warning_evidence", o->warning_evidence, o->info_evidence, 1e12},
        {"fdr_q", o->fdr_q, 1e-6, 1},
        {"min_excess_share", o->min_excess_share, 0, 1},
        {"min_excess_count", o->min_excess_count, 0, 1e9},
        {"max_expected_share", o->max_expected_share, 0, 1},
        {"min_publishers", o->min_publishers, 0, 1e6},
        {"min_stories", o->min_stories, 0, 1e6},
        {"clear_after_ms", (double)o->clear_after_ms, 0, century_ms},
        {"cooldown_ms", (double)o->cooldown_ms, 0, century_ms},
        {"new_normal_after_ms", (double)o->new_normal_after_ms, 3600000, century_ms},
        {"event_publishers", o->event_publishers, 0, GS_MAX_EVENT_PUBLISHERS},
        {"event_window_ms", (double)o->event_window_ms, 1, (double)o->bin_ms * GS_MAX_EVENT_BINS},
        {"event_cooldown_ms", (double)o->event_cooldown_ms, 0, century_ms},
        {"tier_raises", o->tier_raises, 0, 9},
        {"tier_lowers", o->tier_lowers, 0, 9},
        {"max_keys", (double)o->max_keys, 1, 100e6},
        {"reserved_share", o->reserved_share, 0, 0.99},
        {"max_new_keys", (double)o->max_new_keys, 1, 100e6},
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
    const struct gs_watch_options *options = &watch->params.options;

    watch->seed = gs_place_seed_of_process();
    gs_pool_init(&watch->keys, KEYS, sizeof(struct gs_key));
    gs_pool_init(&watch->open_bins, OPEN_BINS, sizeof(struct gs_open_bin));
    gs_pool_init(&watch->bins, BINS, sizeof(struct gs_bin));
    gs_pool_init(&watch->excerpts, EXCERPTS, sizeof(struct gs_excerpt));
    gs_pool_init(&watch->episodes, EPISODES, sizeof(struct gs_episode));
    gs_pool_init(&watch->sketches, SKETCHES, sizeof(struct gs_sketch));
    gs_pool_init(&watch->habits, HABITS, sizeof(struct gs_habit));
    gs_pool_init(&watch->votes, VOTES, sizeof(struct gs_vote));
    gs_pool_init(&watch->pendings, PENDINGS, sizeof(struct gs_pending));
    gs_seen_set_init(&watch->ids, GS_SEEN_IDS, 2, options->max_ids, watch->params.id_bins);
    gs_seen_set_init(&watch->stories, GS_SEEN_STORIES, 3, options->max_ids,
                     watch->params.story_bins);
    gs_seen_set_init(&watch->bands, GS_SEEN_BANDS, 2, options->max_ids, watch->params.story_bins);
    gs_seen_set_init(&watch->leaders, GS_SEEN_LEADERS, GS_SEEN_WORDS, options->max_ids,
                     watch->params.story_bins);
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
    gs_detector_params_init(&watch->params, options);
    init_parts(watch);
    *ret = watch;
    return GS_OK;
}

static void drop_parts(struct gs_watch *watch)
{
    gs_pool_done(&watch->keys);
    gs_pool_done(&watch->open_bins);
    gs_pool_done(&watch->bins);
    gs_pool_done(&watch->excerpts);
    gs_pool_done(&watch->episodes);
    gs_pool_done(&watch->sketches);
    gs_pool_done(&watch->habits);
    gs_pool_done(&watch->votes);
    gs_pool_done(&watch->pendings);
    for (size_t i = 0; i < GS_N_SEEN; i++) {
        gs_seen_set_done(gs_seen_set_of(watch, (enum gs_seen)i));
    }
    free(watch->waiting);
    free(watch->slots);
    free(watch->texts);
    free(watch->bin_order);
    free(watch->ranked);
    watch->slots = NULL;
    watch->n_slots = 0;
    watch->texts = NULL;
    watch->max_texts = 0;
    watch->bin_order = NULL;
    watch->max_bin_order = 0;
    watch->ranked = NULL;
    watch->max_ranked = 0;
    watch->waiting = NULL;
    watch->max_waiting = 0;
}

void gs_watch_free(struct gs_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    drop_parts(watch);
    free(watch->undo.bytes);
    free(watch->state.dirty);
    gs_buf_done(&watch->state.record);
    for (size_t i = 0; i < GS_N_SEEN; i++) {
        gs_buf_done(&watch->state.chunks[i]);
    }
    free(watch);
}

static struct gs_pool *pool_of(struct gs_watch *watch, uint32_t id)
{
    struct gs_pool *pools[N_POOLS] = {&watch->keys,     &watch->open_bins, &watch->bins,
                                      &watch->excerpts, &watch->episodes,  &watch->sketches,
                                      &watch->habits,   &watch->votes,     &watch->pendings};
    assert(id < N_POOLS);
    return pools[id];
}

void gs_watch_begin(struct gs_watch *watch)
{
    assert(!watch->open);
    watch->open = true;
    watch->state.chunks_written = false;
    watch->undo.len = 0;
    watch->undo.failed = false;
    watch->undo.starved = false;
    watch->undo.txn = watch->undo.txn == UINT32_MAX ? 1 : watch->undo.txn + 1;
    watch->before = watch->now;
    for (uint32_t i = 0; i < N_POOLS; i++) {
        struct gs_pool *pool = pool_of(watch, i);
        pool->before = pool->now;
    }
}

void gs_watch_commit(struct gs_watch *watch)
{
    const size_t keep = 1 << 20; /* the log of one huge transaction is not kept */

    assert(watch->open && !watch->closing.active);
    watch->open = false;
    gs_bins_prune(watch);
    gs_texts_compact(watch);
    watch->before = watch->now;
    for (size_t i = 0; i < GS_N_SEEN; i++) {
        gs_seen_set_age(watch, gs_seen_set_of(watch, (enum gs_seen)i));
    }
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
        const struct gs_pool *pool = pool_of(watch, entry->which);
        memcpy(gs_pool_at(pool, entry->at), payload, pool->item_size);
        break;
    }
    case GS_UNDO_KEY_SLOT:
        gs_table_remove(watch, entry->which, entry->at);
        break;
    case GS_UNDO_KEY_GONE:
        gs_table_put(watch, entry->which, entry->at);
        break;
    case GS_UNDO_SET:
        gs_seen_set_undo(gs_seen_set_of(watch, (enum gs_seen)entry->which), payload);
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
    watch->closing = (struct gs_closing){0};
    if (watch->undo.failed) {
        drop_parts(watch);
        init_parts(watch);
        watch->undo.len = 0;
        watch->emptied = true;
        return;
    }
    while (gs_undo_pop(&watch->undo, &entry, &payload)) {
        undo_one(watch, &entry, payload);
    }
    watch->now = watch->before;
    for (uint32_t i = 0; i < N_POOLS; i++) {
        struct gs_pool *pool = pool_of(watch, i);
        pool->now = pool->before;
    }
    gs_chunks_undo(watch);
}
