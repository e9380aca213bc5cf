/* Event time moves on: bins close, one after the other. */
#include "alerting/watch_parts.h"

#include <assert.h>
#include <math.h>

struct gs_teach gs_key_teach(const struct gs_watch *watch, const struct gs_key *key)
{
    struct gs_teach teach = {.frozen_from = 1, .frozen_to = 0};

    if (key->episode != GS_NONE) {
        const struct gs_episode *episode = gs_slab_at(&watch->episodes, key->episode);
        teach.frozen_from = episode->frozen_from;
        teach.frozen_to = episode->state == GS_EPISODE_OVER ? episode->ended : INT32_MAX;
        if (episode->frozen_from == INT32_MAX) {
            teach.frozen_to = 0; /* its baseline was not known well enough to be kept */
        }
    }
    return teach;
}

/* M needs no more than this for any tier; the ceiling lets it come down again in hours. */
double gs_max_m(const struct gs_watch *watch)
{
    const struct gs_watch_options *options = &watch->model.options;
    return 10.0 * fmax(options->warning_evidence, (double)watch->now.n_live / options->fdr_q);
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

void gs_live_note(struct gs_core *core, struct gs_key *key, int32_t bin, bool newborn)
{
    if (!newborn && (int64_t)bin - key->seen < GS_LIVE_BINS) {
        core->live[gs_bin_mod(key->seen, GS_LIVE_BINS)]--;
        core->n_live--;
    }
    core->live[gs_bin_mod(bin, GS_LIVE_BINS)]++;
    core->n_live++;
    key->seen = bin;
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
    gs_key_advance(&watch->model, kind, &teach, key, bin);
}

static void close_open_bin(struct gs_watch *watch, uint32_t at, double max_m)
{
    const struct gs_open_bin *open = gs_slab_at(&watch->open_bins, at);
    const uint32_t key_at = open->key;
    const int32_t bin = open->bin;
    struct gs_key *key = gs_slab_touch(&watch->keys, &watch->undo, key_at);
    const bool newborn = !key->born;

    if (!newborn) {
        gs_key_idle(key, (int64_t)bin - key->last - 1);
    }
    move_key(watch, key, bin);
    gs_key_absorb(key, open);
    gs_key_judge(&watch->model, &watch->now.kinds[key->kind], key, open, max_m);
    gs_live_note(&watch->now, key, bin, newborn);
    gs_open_close(watch, key, at);
    gs_episode_step(watch, key_at, true);
}

/* Keys with an alert are looked at in every bin, messages or not. */
static void step_quiet_keys(struct gs_watch *watch, int32_t bin)
{
    for (uint32_t i = watch->now.episodes; i != GS_NONE;) {
        const struct gs_episode *episode = gs_slab_at(&watch->episodes, i);
        const uint32_t next = episode->at.next;
        const uint32_t key_at = episode->key;
        const struct gs_key *look = gs_slab_at(&watch->keys, key_at);
        if (episode->state == GS_EPISODE_FIRING && look->last < bin) {
            struct gs_key *key = gs_slab_touch(&watch->keys, &watch->undo, key_at);
            gs_key_idle(key, (int64_t)bin - key->last);
            move_key(watch, key, bin);
            gs_episode_step(watch, key_at, false);
        }
        i = next;
    }
}

static void close_bin(struct gs_watch *watch, int32_t bin, gs_alert_fn *emit, void *arg)
{
    const size_t position = gs_bin_position(watch, bin);

    live_advance(&watch->now, bin);
    if (position < watch->now.n_bins) {
        const uint32_t at = watch->bin_order[position];
        if (((struct gs_bin *)gs_slab_at(&watch->bins, at))->bin == bin) {
            struct gs_bin *closing = gs_slab_touch(&watch->bins, &watch->undo, at);
            const double max_m = gs_max_m(watch);
            uint32_t i = closing->at.next;
            closing->at.next = GS_NONE;
            while (i != GS_NONE) {
                const uint32_t next =
                    ((struct gs_open_bin *)gs_slab_at(&watch->open_bins, i))->next_in_bin;
                close_open_bin(watch, i, max_m);
                i = next;
            }
        }
    }
    step_quiet_keys(watch, bin);
    for (uint32_t i = 0; i < watch->now.n_kinds; i++) {
        gs_kind_settle(&watch->model, &watch->now.kinds[i], bin);
    }
    gs_episodes_close(watch, bin, emit, arg);
}

void gs_watch_advance(struct gs_watch *watch, int64_t watermark_ms, gs_alert_fn *emit, void *arg)
{
    assert(watch->open);
    struct gs_core *now = &watch->now;
    const int64_t bounded = gs_bound_ms(watermark_ms);

    if (now->started && bounded <= now->watermark_ms) {
        return;
    }
    const int32_t to = gs_ms_to_bin(&watch->model, bounded);
    int32_t bin = INT32_MIN;
    if (now->started) {
        bin = now->next_bin;
    } else if (!gs_bins_next(watch, INT32_MIN, &bin)) {
        bin = to;
    }
    while (bin < to) {
        /* Without alerts nothing happens until the next message. */
        if (now->episodes == GS_NONE && (!gs_bins_next(watch, bin, &bin) || bin >= to)) {
            break;
        }
        close_bin(watch, bin, emit, arg);
        bin++;
    }
    now->started = true;
    now->watermark_ms = bounded;
    now->next_bin = to;
}
