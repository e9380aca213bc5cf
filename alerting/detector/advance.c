/* Closes bins when event time moves on, one after the other, and hands out the alerts of each.
 *
 *     gs_watch_advance(watermark)   notes how far to go
 *     gs_watch_next()               closes the next bin, if all alerts of the last one were given:
 *                                     its keys      idle bins, baseline, ring, evidence, alert
 *                                     firing keys   without messages in it: idle, baseline, alert
 *                                     kinds         learn what their keys have taught
 *                                     severities    settled over all keys (lifecycle.c)
 *                                   then gives one alert a call, in order of keys
 *
 * A bin without messages is visited only while some alert exists; otherwise time moves on to the
 * next one with messages, since nothing can change in between that has no closed form. */
#include "alerting/detector/episodes.h"
#include "alerting/detector/events.h"
#include "alerting/detector/near.h"
#include "alerting/detector/watch_internal.h"

#include <assert.h>
#include <math.h>

struct gs_teach gs_key_teach(const struct gs_watch *watch, const struct gs_key *key)
{
    struct gs_teach teach = {.frozen_from = 1, .frozen_to = 0};

    if (key->episode != GS_NONE) {
        const struct gs_episode *episode = gs_pool_at(&watch->episodes, key->episode);
        teach.frozen_from = episode->frozen_from;
        teach.frozen_to = episode->state == GS_EPISODE_OVER ? episode->ended : INT32_MAX;
        if (episode->frozen_from == INT32_MAX) {
            teach.frozen_to = 0; /* its baseline was not known well enough to be kept */
        }
    }
    return teach;
}

/* The ceiling of M. No tier needs more than a tenth of it, and without a ceiling M would take days
 * to come down after a strong rise. */
double gs_max_m(const struct gs_watch *watch)
{
    const struct gs_watch_options *options = &watch->params.options;
    return 10.0 * fmax(gs_peers_most(&watch->params), (double)watch->now.n_live / options->fdr_q);
}

static void live_advance(struct gs_core *core, int32_t bin)
{
    const int64_t gap = (int64_t)bin - core->live_at;
    const int64_t steps = gap < GS_LIVE_BINS ? gap : GS_LIVE_BINS;

    for (int64_t i = 1; i <= steps; i++) {
        uint32_t *n = &core->live[gs_bin_mod((int32_t)(bin - steps + i), GS_LIVE_BINS)];
        core->n_live -= *n;
        *n = 0;
    }
    core->live_at = bin;
}

/* A key with fewer messages than an alert needs cannot be a discovery, so it is no hypothesis either
 * (lifecycle.c). By volume alone: a choice by what the messages say would spoil e-BH. */
bool gs_key_counts(const struct gs_detector_params *params, const struct gs_key *key)
{
    return (double)key->long_n >=
           fmax(params->options.min_excess_count, (double)params->options.min_stories);
}

/* Takes a key out of n_live, where it is counted since the bin was_seen. */
void gs_live_leave(struct gs_core *core, struct gs_key *key, int32_t was_seen, int32_t bin)
{
    if (key->live && (int64_t)bin - was_seen < GS_LIVE_BINS) {
        core->live[gs_bin_mod(was_seen, GS_LIVE_BINS)]--;
        core->n_live--;
    }
    key->live = false;
}

void gs_live_note(struct gs_core *core, struct gs_key *key, int32_t bin)
{
    key->live = true;
    core->live[gs_bin_mod(bin, GS_LIVE_BINS)]++;
    core->n_live++;
}

static void move_key(struct gs_watch *watch, struct gs_key *key, int32_t bin)
{
    struct gs_kind *all = &watch->now.kinds[0];
    struct gs_kind *kind = &watch->now.kinds[key->kind];

    if (!key->born) {
        gs_kind_born(all, kind);
        gs_key_born(all, kind, key, bin);
    }
    struct gs_teach teach = gs_key_teach(watch, key);
    teach.kind = kind == all ? NULL : kind;
    teach.all = all;
    if (key->habit != GS_NONE) {
        teach.habit = gs_pool_save(&watch->habits, &watch->undo, key->habit);
    }
    gs_key_advance(&watch->params, kind, &teach, key, bin);
}

static void close_open_bin(struct gs_watch *watch, uint32_t at, double max_m)
{
    const struct gs_open_bin *open = gs_pool_at(&watch->open_bins, at);
    const uint32_t key_at = open->key;

    if (gs_is_event(watch, key_at)) {
        gs_event_close(watch, at);
        return;
    }
    const int32_t bin = open->bin;
    struct gs_key *key = gs_pool_save(&watch->keys, &watch->undo, key_at);
    const bool newborn = !key->born;
    const int32_t was_seen = key->seen;

    if (!newborn) {
        if ((int64_t)bin - key->last > GS_DELAY_BINS) {
            key->own.peak = 0; /* after so much silence an alert would be over */
        }
        gs_key_idle(key, (int64_t)bin - key->last - 1);
    }
    move_key(watch, key, bin);
    gs_key_absorb(key, open);
    gs_key_absorb_pubs(watch, key, open);
    gs_key_judge(&watch->params, &watch->now.kinds[key->kind], gs_key_habit(watch, key), key, open,
                 max_m);
    if (!gs_key_learning(&watch->now.kinds[key->kind], key)) {
        gs_peers_note_bin(watch, key, (double)open->n / GS_WEIGHT_ONE,
                          gs_bin_day(&watch->params, was_seen), gs_bin_day(&watch->params, bin));
    }
    gs_live_leave(&watch->now, key, was_seen, bin);
    if (gs_key_counts(&watch->params, key)) {
        gs_live_note(&watch->now, key, bin);
    }
    gs_open_close(watch, key, at);
    gs_episode_step(watch, key_at, true);
}

/* Keys with an alert are looked at in every bin, messages or not. */
static void step_quiet_keys(struct gs_watch *watch, int32_t bin)
{
    for (uint32_t i = watch->now.episodes; i != GS_NONE;) {
        const struct gs_episode *episode = gs_pool_at(&watch->episodes, i);
        const uint32_t next = episode->at.next;
        const uint32_t key_at = episode->key;
        const struct gs_key *look = gs_pool_at(&watch->keys, key_at);
        if (episode->state == GS_EPISODE_FIRING && look->last < bin && look->event) {
            gs_event_pass(watch, key_at, bin);
        } else if (episode->state == GS_EPISODE_FIRING && look->last < bin) {
            struct gs_key *key = gs_pool_save(&watch->keys, &watch->undo, key_at);
            gs_key_idle(key, (int64_t)bin - key->last);
            move_key(watch, key, bin);
            gs_episode_step(watch, key_at, false);
        }
        i = next;
    }
}

static void close_bin(struct gs_watch *watch, int32_t bin)
{
    const size_t position = gs_bin_position(watch, bin);

    live_advance(&watch->now, bin);
    gs_peers_turn_day(watch, gs_bin_day(&watch->params, bin));
    if (position < watch->now.n_bins) {
        const uint32_t at = watch->bin_order[position];
        if (((struct gs_bin *)gs_pool_at(&watch->bins, at))->bin == bin) {
            gs_pendings_settle(watch, at);
            struct gs_bin *closing = gs_pool_save(&watch->bins, &watch->undo, at);
            const double max_m = gs_max_m(watch);
            uint32_t i = closing->at.next;
            closing->at.next = GS_NONE;
            while (i != GS_NONE) {
                const uint32_t next =
                    ((struct gs_open_bin *)gs_pool_at(&watch->open_bins, i))->next_in_bin;
                close_open_bin(watch, i, max_m);
                i = next;
            }
        }
    }
    step_quiet_keys(watch, bin);
    for (uint32_t i = 0; i < watch->now.n_kinds; i++) {
        gs_kind_settle(&watch->params, &watch->now.kinds[i], bin);
    }
}

void gs_watch_advance(struct gs_watch *watch, int64_t watermark_ms)
{
    assert(watch->open && !watch->closing.active);
    const struct gs_core *now = &watch->now;
    const int64_t bounded = gs_bound_ms(watermark_ms);

    if (now->started && bounded <= now->watermark_ms) {
        return;
    }
    const int32_t to = gs_ms_to_bin(&watch->params, bounded);
    int32_t bin = now->next_bin;
    if (!now->started && !gs_bins_next(watch, INT32_MIN, &bin)) {
        bin = to;
    }
    watch->closing =
        (struct gs_closing){.active = true, .bin = bin, .to = to, .watermark_ms = bounded};
}

/* The alert of the closed bin that is next in order of keys; false when all were given. */
static bool next_of_bin(struct gs_watch *watch, struct gs_alert *ret)
{
    struct gs_closing *closing = &watch->closing;

    if (closing->given == closing->n) {
        return false;
    }
    const uint32_t at = watch->ranked[closing->given++].episode;
    gs_alert_make(watch, at, closing->bin, ret);
    struct gs_episode *episode = gs_pool_save(&watch->episodes, &watch->undo, at);
    episode->changed = false;
    episode->fresh = false;
    return true;
}

/* While there is no alert, nothing happens until the next message: moves on to its bin. False:
 * there is none before the end. */
static bool find_bin(const struct gs_watch *watch, struct gs_closing *closing)
{
    if (closing->bin < closing->to && watch->now.episodes == GS_NONE &&
        !gs_bins_next(watch, closing->bin, &closing->bin)) {
        return false;
    }
    return closing->bin < closing->to;
}

bool gs_watch_next(struct gs_watch *watch, struct gs_alert *ret)
{
    struct gs_closing *closing = &watch->closing;

    assert(watch->open);
    while (closing->active) {
        if (closing->bin_closed) {
            if (next_of_bin(watch, ret)) {
                return true;
            }
            gs_episodes_retire(watch, closing->bin);
            closing->bin_closed = false;
            closing->bin++;
        }
        if (!find_bin(watch, closing)) {
            closing->active = false;
            watch->now.started = true;
            watch->now.watermark_ms = closing->watermark_ms;
            watch->now.next_bin = closing->to;
            break;
        }
        close_bin(watch, closing->bin);
        closing->n = gs_episodes_settle(watch);
        closing->given = 0;
        closing->bin_closed = true;
    }
    return false;
}
