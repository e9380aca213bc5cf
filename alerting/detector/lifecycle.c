/* From evidence to alerts: when one fires, how severe it is, when it is over.
 *
 *     quiet ────────────────────► firing ────────────────────► over
 *       ▲   M >= c in a bin with         calm for clear_after,  │
 *       │   messages, and the            or new normal          │
 *       │   hour agrees                                         │
 *       └───────────────── the cool-down has passed ────────────┘
 *
 * Evidence alone does not fire. Over the last hour, three hours or day, whichever is the first, the
 * excess must be large enough to matter, as a share and in messages, and come from several
 * publishers and stories; and the key must not be one of which nearly all is negative at any time, as
 * of a risk (gs_episode_gates()). These gates can only prevent alerts, so the bound on
 * false alarms stays. c is what the budget says (peers.c), or a constant.
 *
 * An alert ends when the key was calm (M < 1, excess under 0.05) for clear_after, over the hour or,
 * where a longer window fired, over three. Such a time without messages is calm whatever M is, since
 * M forgets only slowly. After new_normal_after it ends in
 * any case: the level of the last three hours becomes the baseline, with the variance of a key that
 * is new. At the end M becomes 0, so that the same evidence cannot fire twice.
 *
 * Severity starts at info and only rises. Warning is a higher threshold of the same M. Critical is
 * e-BH over the live keys, the K keys that within 288 bins had as many messages as an alert needs: of the keys that reach
 * warning, the i with the largest M are critical if the i-th M is at least K / (q i), which bounds
 * the expected share of false ones among them by q under any dependence between keys. Keys that are
 * not firing count as no evidence, which is an e-value still.
 *
 * While an alert is on, its bins do not teach the baseline, if that was known well (v <= 0.1) when
 * it fired: frozen_from is the first bin of the run of evidence. A poorly known baseline goes on
 * learning, or it would never be known. The episode is kept until the cool-down is over and its
 * bins have left the delay line, and a new alert of the key before that takes over its frozen_from.
 *
 * What has to stay as it is: episodes are settled once a bin, after all of its keys were closed,
 * and given in order of keys, so that alerts do not depend on the order in which observations came.
 * fire() reserves the workspace of gs_episodes_settle(), which therefore cannot fail. All changes
 * go through gs_pool_save(), or an undo would miss them.
 *
 * Source: Wang and Ramdas 2022, doi:10.1111/rssb.12489, for e-BH. */
#include "alerting/detector/betabin.h"
#include "alerting/detector/episodes.h"
#include "alerting/detector/events.h"
#include "alerting/detector/watch_internal.h"

#include <math.h>
#include <stdlib.h>

static const double calm_excess = 0.05;
static const double mature_v = 0.1;
static const double run_over = 1.25; /* evidence at which a run of it is over */

bool gs_episode_gates(const struct gs_watch_options *options, const struct gs_hour *hour)
{
    const double excess = hour->k - hour->expected;

    return hour->n > 0.0 && excess >= options->min_excess_count &&
           excess >= options->min_excess_share * hour->n &&
           hour->expected <= options->max_expected_share * hour->n &&
           hour->publishers >= options->min_publishers && hour->stories >= options->min_stories;
}

bool gs_episode_window(const struct gs_watch *watch, const struct gs_key *key, struct gs_hour *ret)
{
    static const int32_t windows[] = {GS_DELAY_BINS, GS_DAY_BINS};
    struct gs_hour hour;

    gs_watch_hour(watch, key, ret);
    if (gs_episode_gates(&watch->params.options, ret)) {
        return true;
    }
    for (size_t i = 0; i < GS_COUNT(windows); i++) {
        gs_watch_window(watch, key, windows[i], &hour);
        if (gs_episode_gates(&watch->params.options, &hour)) {
            *ret = hour;
            return true;
        }
    }
    return false;
}

/* An hour without messages is calm whatever M is, since M forgets only slowly. */
bool gs_episode_calm(const struct gs_hour *hour, double m)
{
    if (hour->n <= 0.0) {
        return true;
    }
    return m < 1.0 && (hour->k - hour->expected) < calm_excess * hour->n;
}

bool gs_episodes_reserve(struct gs_watch *watch)
{
    const size_t need = watch->episodes.now.live + 1;

    if (need <= watch->max_ranked) {
        return true;
    }
    struct gs_ranked_episode *bigger = realloc(watch->ranked, (need + 64) * 2 * sizeof *bigger);
    if (bigger == NULL) {
        watch->undo.starved = true;
        return false;
    }
    watch->ranked = bigger;
    watch->max_ranked = (need + 64) * 2;
    return true;
}

/* Removes an episode from the list and from its key. */
static void retire(struct gs_watch *watch, uint32_t at)
{
    const struct gs_episode *episode = gs_pool_at(&watch->episodes, at);
    struct gs_key *key = gs_pool_save(&watch->keys, &watch->undo, episode->key);

    key->episode = GS_NONE;
    if (watch->now.episodes == at) {
        watch->now.episodes = episode->at.next;
    } else {
        uint32_t i = watch->now.episodes;
        while (((struct gs_episode *)gs_pool_at(&watch->episodes, i))->at.next != at) {
            i = ((struct gs_episode *)gs_pool_at(&watch->episodes, i))->at.next;
        }
        struct gs_episode *before = gs_pool_save(&watch->episodes, &watch->undo, i);
        before->at.next = episode->at.next;
    }
    gs_pool_release(&watch->episodes, &watch->undo, at);
}

struct gs_episode *gs_episode_open(struct gs_watch *watch, uint32_t key_at, int32_t starts,
                                   double threshold)
{
    struct gs_key *key = gs_pool_save(&watch->keys, &watch->undo, key_at);

    if (key->episode != GS_NONE) {
        retire(watch, key->episode);
    }
    const uint32_t at =
        gs_episodes_reserve(watch) ? gs_pool_alloc(&watch->episodes, &watch->undo) : GS_NONE;
    if (at == GS_NONE) {
        return NULL;
    }
    struct gs_episode *episode = gs_pool_at(&watch->episodes, at);
    episode->key = key_at;
    episode->starts = starts;
    episode->fired = key->last;
    episode->state = GS_EPISODE_FIRING;
    episode->fresh = true;
    episode->changed = true;
    episode->threshold = threshold;
    episode->at.next = watch->now.episodes;
    watch->now.episodes = at;
    key->episode = at;
    return episode;
}

static void fire(struct gs_watch *watch, uint32_t key_at, struct gs_key *key, double threshold,
                 int32_t window)
{
    int32_t frozen_from = (double)key->v <= mature_v ? key->excess_from : INT32_MAX;

    /* An earlier episode that is over: its bins may still wait in the delay line. */
    if (key->episode != GS_NONE) {
        const struct gs_episode *old = gs_pool_at(&watch->episodes, key->episode);
        frozen_from = old->frozen_from < frozen_from ? old->frozen_from : frozen_from;
    }
    struct gs_episode *episode = gs_episode_open(watch, key_at, key->excess_from, threshold);
    if (episode == NULL) {
        return; /* no memory: the next bin tries again */
    }
    episode->frozen_from = frozen_from;
    episode->window = window;
    if (key->habit == GS_NONE) { /* without memory it learns none */
        key->habit = gs_pool_alloc(&watch->habits, &watch->undo);
    }
}

/* Makes the level of the last three hours the baseline. */
static void adopt_new_normal(const struct gs_kind *kind, const struct gs_habit *habit,
                             const struct gs_detector_params *params, struct gs_key *key)
{
    double n = 0.0;
    double k = 0.0;

    for (size_t i = 0; i < GS_DELAY_BINS; i++) {
        n += gs_unpack(key->n[i]);
        k += gs_unpack(key->n[i]) * key->share[i] / GS_SHARE_ONE;
    }
    if (n > 0.0) {
        const double share = (k + 0.5) / (n + 1.0);
        key->b = (float)(gs_logit(share) - gs_season(kind, habit, gs_bin_cell(params, key->last)));
    }
    key->v = 0.5F;
}

void gs_episode_end(struct gs_episode *episode, struct gs_key *key, enum gs_end why)
{
    episode->state = GS_EPISODE_OVER;
    episode->ended = key->last;
    episode->why = (uint8_t)why;
    episode->changed = true;
    memset(key->m, 0, sizeof key->m);
    key->cusum = 0.0F;
    key->own.peak = 0;
    key->long_n = 0.0F;
    key->long_k = 0.0F;
    key->long_e = 0.0F;
}

static void step_firing(struct gs_watch *watch, struct gs_key *key, const struct gs_hour *hour)
{
    const struct gs_detector_params *params = &watch->params;
    struct gs_episode *episode = gs_pool_save(&watch->episodes, &watch->undo, key->episode);

    if (key->last - episode->fired >= params->new_normal_bins) {
        gs_episode_end(episode, key, GS_END_NEW_NORMAL);
        adopt_new_normal(&watch->now.kinds[key->kind], gs_key_habit(watch, key), params, key);
        return;
    }
    episode->calm = gs_episode_calm(hour, gs_key_m(key)) ? episode->calm + 1 : 0;
    if (episode->calm > 0 && episode->calm >= params->clear_bins) {
        gs_episode_end(episode, key, hour->n > 0.0 ? GS_END_CALM : GS_END_SILENT);
    }
}

static void note_near(struct gs_watch *watch, uint32_t key_at, const struct gs_key *key,
                      double threshold, const struct gs_hour *hour)
{
    struct gs_near *near = &watch->now.near;
    const double m = gs_key_m(key);

    if (m <= 1.0 || (near->m > 0.0 && m / threshold <= near->m / near->threshold)) {
        return;
    }
    *near = (struct gs_near){.m = m, .threshold = threshold, .key = key_at, .bin = key->last};
    if (hour == NULL) {
        gs_watch_hour(watch, key, &near->hour);
    } else {
        near->hour = *hour;
    }
}

static void step_quiet(struct gs_watch *watch, uint32_t key_at, struct gs_key *key)
{
    const double m = gs_key_m(key);
    const double threshold = gs_peers_threshold(watch, key, GS_SEVERITY_INFO);
    struct gs_hour hour;

    if (m < run_over) {
        key->own.peak = 0;
    }
    if (m < fmin(threshold, gs_peers_level(0))) {
        note_near(watch, key_at, key, threshold, NULL);
        return;
    }
    if (!gs_episode_window(watch, key, &hour)) {
        note_near(watch, key_at, key, threshold, &hour);
        return;
    }
    gs_peers_note_run(watch, key, m);
    if (m >= threshold) {
        fire(watch, key_at, key, threshold, hour.bins);
    } else {
        note_near(watch, key_at, key, threshold, &hour);
    }
}

void gs_episode_step(struct gs_watch *watch, uint32_t key_at, bool traffic)
{
    struct gs_key *key = gs_pool_save(&watch->keys, &watch->undo, key_at);
    const struct gs_episode *episode =
        key->episode == GS_NONE ? NULL : gs_pool_at(&watch->episodes, key->episode);
    const bool cooling = episode != NULL && episode->state == GS_EPISODE_OVER &&
                         (int64_t)key->last - episode->ended < watch->params.cooldown_bins;
    struct gs_hour hour;

    if (episode != NULL && episode->state == GS_EPISODE_FIRING) {
        if (gs_episode_window(watch, key, &hour)) {
            gs_peers_note_run(watch, key, gs_key_m(key));
        }
        gs_watch_window(watch, key,
                        episode->window < GS_DELAY_BINS ? episode->window : GS_DELAY_BINS, &hour);
        step_firing(watch, key, &hour);
    } else if (traffic && !cooling) {
        step_quiet(watch, key_at, key);
    }
}

static int by_m(const void *a, const void *b)
{
    const double x = ((const struct gs_ranked_episode *)a)->m;
    const double y = ((const struct gs_ranked_episode *)b)->m;
    return x > y ? -1 : x < y;
}

static int by_key(const void *a, const void *b)
{
    const struct gs_str x = ((const struct gs_ranked_episode *)a)->key;
    const struct gs_str y = ((const struct gs_ranked_episode *)b)->key;
    const int order = memcmp(x.bytes, y.bytes, x.len < y.len ? x.len : y.len);
    return order != 0 ? order : x.len < y.len ? -1 : x.len > y.len;
}

size_t gs_e_bh(const struct gs_ranked_episode *descending, size_t n, double n_live, double q)
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
    const struct gs_episode *look = gs_pool_at(&watch->episodes, at);

    if (look->severity < (int)severity) {
        struct gs_episode *episode = gs_pool_save(&watch->episodes, &watch->undo, at);
        episode->severity = (uint8_t)severity;
        episode->threshold = threshold;
    }
}

static size_t gather(struct gs_watch *watch, bool changed)
{
    const bool routine = watch->params.options.routine;
    size_t n = 0;

    for (uint32_t i = watch->now.episodes; i != GS_NONE;) {
        const struct gs_episode *episode = gs_pool_at(&watch->episodes, i);
        const bool on = episode->state == GS_EPISODE_FIRING;
        if (changed ? episode->changed || (on && routine) : on) {
            const struct gs_key *key = gs_pool_at(&watch->keys, episode->key);
            watch->ranked[n++] =
                (struct gs_ranked_episode){gs_key_m(key), i, gs_key_text(watch, key)};
        }
        i = episode->at.next;
    }
    return n;
}

static void settle_severities(struct gs_watch *watch)
{
    const double q = watch->params.options.fdr_q;
    const size_t n = gather(watch, false);
    const double n_live = fmax((double)watch->now.n_live, (double)n);

    qsort(watch->ranked, n, sizeof *watch->ranked, by_m);
    const size_t critical = gs_e_bh(watch->ranked, n, n_live, q);
    for (size_t i = 0; i < n; i++) {
        const uint32_t at = watch->ranked[i].episode;
        const struct gs_episode *episode = gs_pool_at(&watch->episodes, at);
        const double warning =
            gs_peers_threshold(watch, gs_pool_at(&watch->keys, episode->key), GS_SEVERITY_WARNING);
        if (watch->ranked[i].m < warning) {
            continue;
        }
        if (i < critical) {
            raise(watch, at, GS_SEVERITY_CRITICAL, fmax(warning, n_live / (q * (double)critical)));
        } else {
            raise(watch, at, GS_SEVERITY_WARNING, warning);
        }
    }
}

void gs_episodes_retire(struct gs_watch *watch, int32_t bin)
{
    const int32_t least =
        watch->params.cooldown_bins > GS_DELAY_BINS ? watch->params.cooldown_bins : GS_DELAY_BINS;
    for (uint32_t i = watch->now.episodes; i != GS_NONE;) {
        const struct gs_episode *episode = gs_pool_at(&watch->episodes, i);
        const uint32_t next = episode->at.next;
        const bool event = gs_is_event(watch, episode->key);
        const int32_t kept = event ? watch->params.event_cooldown_bins : least;
        if (episode->state == GS_EPISODE_OVER && (int64_t)bin - episode->ended > kept) {
            retire(watch, i);
        }
        i = next;
    }
}

size_t gs_episodes_settle(struct gs_watch *watch)
{
    if (watch->now.episodes == GS_NONE) {
        return 0;
    }
    settle_severities(watch);
    gs_consequences_settle(watch);
    const size_t n = gather(watch, true);
    qsort(watch->ranked, n, sizeof *watch->ranked, by_key);
    return n;
}
