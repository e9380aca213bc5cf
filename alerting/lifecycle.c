/* From evidence to alerts: when one fires, how severe it is, when it is over.
 *
 *     quiet ── M >= c, and the hour agrees ──► firing ── calm for clear_after, or new_normal ──►
 * over ▲                                                                                         │
 *       └──────────────────────────── cool-down over ─────────────────────────────────────────────┘
 *
 * Critical is e-BH (Wang and Ramdas 2022, doi:10.1111/rssb.12489) over the live keys: it needs no
 * independence. Keys whose hour does not agree count as no evidence, which is an e-value still. */
#include "alerting/betabin.h"
#include "alerting/watch_parts.h"

#include <math.h>
#include <stdlib.h>

static const double calm_excess = 0.05;
static const double mature_v = 0.1;

bool gs_episode_gates(const struct gs_watch_options *options, const struct gs_hour *hour)
{
    const double excess = hour->k - hour->expected;

    return hour->n > 0.0 && excess >= options->min_excess_count &&
           excess >= options->min_excess_share * hour->n &&
           hour->publishers >= options->min_publishers && hour->stories >= options->min_stories;
}

/* An hour without messages is calm whatever M remembers: it only forgets in days. */
bool gs_episode_calm(const struct gs_hour *hour, double m)
{
    if (hour->n <= 0.0) {
        return true;
    }
    return m < 1.0 && (hour->k - hour->expected) < calm_excess * hour->n;
}

static bool room_for_work(struct gs_watch *watch)
{
    const size_t need = watch->episodes.now.live + 1;

    if (need <= watch->max_work) {
        return true;
    }
    struct gs_work *bigger = realloc(watch->work, (need + 64) * 2 * sizeof *bigger);
    if (bigger == NULL) {
        return false;
    }
    watch->work = bigger;
    watch->max_work = (need + 64) * 2;
    return true;
}

/* Takes an episode off the list, and from its key if it still is the key's. */
static void retire(struct gs_watch *watch, uint32_t at)
{
    const struct gs_episode *episode = gs_slab_at(&watch->episodes, at);
    struct gs_key *key = gs_slab_touch(&watch->keys, &watch->undo, episode->key);

    key->episode = GS_NONE;
    if (watch->now.episodes == at) {
        watch->now.episodes = episode->at.next;
    } else {
        uint32_t i = watch->now.episodes;
        while (((struct gs_episode *)gs_slab_at(&watch->episodes, i))->at.next != at) {
            i = ((struct gs_episode *)gs_slab_at(&watch->episodes, i))->at.next;
        }
        struct gs_episode *before = gs_slab_touch(&watch->episodes, &watch->undo, i);
        before->at.next = episode->at.next;
    }
    gs_slab_give(&watch->episodes, &watch->undo, at);
}

static void fire(struct gs_watch *watch, uint32_t key_at, struct gs_key *key)
{
    int32_t frozen_from = (double)key->v <= mature_v ? key->excess_from : INT32_MAX;

    if (key->episode !=
        GS_NONE) { /* an earlier one, over; its bins may still wait in the delay line */
        const struct gs_episode *old = gs_slab_at(&watch->episodes, key->episode);
        frozen_from = old->frozen_from < frozen_from ? old->frozen_from : frozen_from;
        retire(watch, key->episode);
    }
    const uint32_t at =
        room_for_work(watch) ? gs_undo_slab_take(&watch->episodes, &watch->undo) : GS_NONE;
    if (at == GS_NONE) {
        return; /* no memory: the next bin tries again */
    }
    struct gs_episode *episode = gs_slab_at(&watch->episodes, at);
    episode->key = key_at;
    episode->starts = key->excess_from;
    episode->fired = key->last;
    episode->frozen_from = frozen_from;
    episode->state = GS_EPISODE_FIRING;
    episode->fresh = true;
    episode->changed = true;
    episode->threshold = watch->model.options.info_evidence;
    episode->at.next = watch->now.episodes;
    watch->now.episodes = at;
    key->episode = at;
}

/* The level of the last three hours is what is normal from now on. */
static void take_new_normal(const struct gs_kind *kind, const struct gs_model *model,
                            struct gs_key *key)
{
    double n = 0.0;
    double k = 0.0;

    for (size_t i = 0; i < GS_DELAY_BINS; i++) {
        n += gs_unpack(key->n[i]);
        k += gs_unpack(key->n[i]) * key->share[i] / 65535.0;
    }
    if (n > 0.0) {
        const double share = (k + 0.5) / (n + 1.0);
        key->b = (float)(gs_logit(share) - (double)kind->s[gs_bin_cell(model, key->last)]);
    }
    key->v = 0.5F;
}

static void end(struct gs_episode *episode, struct gs_key *key, enum gs_end why)
{
    episode->state = GS_EPISODE_OVER;
    episode->ended = key->last;
    episode->why = (uint8_t)why;
    episode->changed = true;
    memset(key->m, 0, sizeof key->m);
    key->cusum = 0.0F;
}

static void step_firing(struct gs_watch *watch, struct gs_key *key, const struct gs_hour *hour)
{
    const struct gs_model *model = &watch->model;
    struct gs_episode *episode = gs_slab_touch(&watch->episodes, &watch->undo, key->episode);

    if (key->last - episode->fired >= model->new_normal_bins) {
        end(episode, key, GS_END_NEW_NORMAL);
        take_new_normal(&watch->now.kinds[key->kind], model, key);
        return;
    }
    episode->calm = gs_episode_calm(hour, gs_key_m(key)) ? episode->calm + 1 : 0;
    if (episode->calm > 0 && episode->calm >= model->clear_bins) {
        end(episode, key, hour->n > 0.0 ? GS_END_CALM : GS_END_SILENT);
    }
}

void gs_episode_step(struct gs_watch *watch, uint32_t key_at, bool traffic)
{
    struct gs_key *key = gs_slab_touch(&watch->keys, &watch->undo, key_at);
    const struct gs_episode *episode =
        key->episode == GS_NONE ? NULL : gs_slab_at(&watch->episodes, key->episode);
    const bool firing = episode != NULL && episode->state == GS_EPISODE_FIRING;
    struct gs_hour hour;

    if (!firing &&
        (!traffic || gs_key_m(key) < watch->model.options.info_evidence ||
         (episode != NULL && (int64_t)key->last - episode->ended < watch->model.cooldown_bins))) {
        return;
    }
    gs_key_hour(&watch->model, &watch->now.kinds[key->kind], key, &hour);
    if (firing) {
        step_firing(watch, key, &hour);
    } else if (gs_episode_gates(&watch->model.options, &hour)) {
        fire(watch, key_at, key);
    }
}

static int by_m(const void *a, const void *b)
{
    const double x = ((const struct gs_work *)a)->m;
    const double y = ((const struct gs_work *)b)->m;
    return x > y ? -1 : x < y;
}

static int by_key(const void *a, const void *b)
{
    const struct gs_str x = ((const struct gs_work *)a)->key;
    const struct gs_str y = ((const struct gs_work *)b)->key;
    const int order = memcmp(x.bytes, y.bytes, x.len < y.len ? x.len : y.len);
    return order != 0 ? order : x.len < y.len ? -1 : x.len > y.len;
}

size_t gs_e_bh(const struct gs_work *descending, size_t n, double n_live, double q)
{
    for (size_t i = n; i > 0; i--) {
        if (descending[i - 1].m * q * (double)i >= n_live) {
            return i;
        }
    }
    return 0;
}

static void raise(struct gs_watch *watch, uint32_t at, enum gs_severity severity, double threshold)
{
    const struct gs_episode *look = gs_slab_at(&watch->episodes, at);

    if (look->severity < (int)severity) {
        struct gs_episode *episode = gs_slab_touch(&watch->episodes, &watch->undo, at);
        episode->severity = (uint8_t)severity;
        episode->threshold = threshold;
        episode->changed = true;
    }
}

static size_t gather(struct gs_watch *watch, bool changed)
{
    size_t n = 0;

    for (uint32_t i = watch->now.episodes; i != GS_NONE;) {
        const struct gs_episode *episode = gs_slab_at(&watch->episodes, i);
        if (changed ? episode->changed : episode->state == GS_EPISODE_FIRING) {
            const struct gs_key *key = gs_slab_at(&watch->keys, episode->key);
            watch->work[n++] = (struct gs_work){gs_key_m(key), i, gs_key_text(watch, key)};
        }
        i = episode->at.next;
    }
    return n;
}

static void settle_severities(struct gs_watch *watch)
{
    const struct gs_watch_options *options = &watch->model.options;
    const double n_live = (double)watch->now.n_live;
    const size_t n = gather(watch, false);

    qsort(watch->work, n, sizeof *watch->work, by_m);
    const size_t critical = gs_e_bh(watch->work, n, n_live, options->fdr_q);
    for (size_t i = 0; i < n && watch->work[i].m >= options->warning_evidence; i++) {
        const double needed =
            fmax(options->warning_evidence,
                 n_live / (options->fdr_q * (double)(critical > 0 ? critical : 1)));
        if (i < critical) {
            raise(watch, watch->work[i].episode, GS_SEVERITY_CRITICAL, needed);
        } else {
            raise(watch, watch->work[i].episode, GS_SEVERITY_WARNING, options->warning_evidence);
        }
    }
}

static void retire_old(struct gs_watch *watch, int32_t bin)
{
    const int32_t least =
        watch->model.cooldown_bins > GS_DELAY_BINS ? watch->model.cooldown_bins : GS_DELAY_BINS;
    for (uint32_t i = watch->now.episodes; i != GS_NONE;) {
        const struct gs_episode *episode = gs_slab_at(&watch->episodes, i);
        const uint32_t next = episode->at.next;
        if (episode->state == GS_EPISODE_OVER && (int64_t)bin - episode->ended > least) {
            retire(watch, i);
        }
        i = next;
    }
}

void gs_episodes_close(struct gs_watch *watch, int32_t bin, gs_alert_fn *emit, void *arg)
{
    if (watch->now.episodes == GS_NONE) {
        return;
    }
    settle_severities(watch);
    const size_t n = gather(watch, true);
    qsort(watch->work, n, sizeof *watch->work, by_key);
    for (size_t i = 0; i < n; i++) {
        gs_alert_emit(watch, watch->work[i].episode, bin, emit, arg);
        struct gs_episode *episode =
            gs_slab_touch(&watch->episodes, &watch->undo, watch->work[i].episode);
        episode->changed = false;
        episode->fresh = false;
    }
    retire_old(watch, bin);
}
