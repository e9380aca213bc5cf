/* Looking at a watch from outside: the state of each key for gauges and tables, and counts.
 *
 * Keys are brought up to date only when they have messages, so a view moves a copy of the key to
 * the last closed bin, with a teach that has no receivers: nothing in the watch changes. */
#include "alerting/detector/episodes.h"
#include "alerting/detector/watch_internal.h"
#include "alerting/detector/watch_state.h"

#include <math.h>

/* Log odds; a rise that a desk would not want to miss. */
static const double yardstick = 1.2;

static void view_key(const struct gs_watch *watch, const struct gs_key *from,
                     void (*visit)(void *arg, const struct gs_key_view *view), void *arg)
{
    struct gs_key key = *from;
    struct gs_key_view view = {.key = gs_key_text(watch, from),
                               .name = gs_key_name(watch, from),
                               .n_total = from->n_total};
    const struct gs_kind *kind = &watch->now.kinds[key.kind];
    struct gs_hour hour = {0};

    if (key.born) {
        const struct gs_teach teach = gs_key_teach(watch, &key);
        const struct gs_habit *habit = gs_key_habit(watch, from);
        gs_key_idle(&key, (int64_t)watch->now.next_bin - 1 - key.last);
        gs_key_advance(&watch->params, kind, &teach, &key, watch->now.next_bin - 1);
        gs_key_hour(&watch->params, kind, habit, &key, &hour);
        view.n_hour = hour.n;
        view.observed = hour.n > 0.0 ? hour.k / hour.n : 0.0;
        view.expected = gs_key_expected(&watch->params, kind, habit, &key);
        view.expected_sd = gs_key_expected_sd(&key, view.expected);
        view.log10_evidence = log10(fmax(gs_key_m(&key), 1e-9));
        const double threshold = gs_peers_threshold(watch, &key, GS_SEVERITY_INFO);
        view.log10_threshold = log10(threshold);
        view.detectable_rise = gs_key_detectable_rise(&watch->params, kind, habit, &key, threshold);
        view.detectable = view.detectable_rise <= yardstick;
        view.learning = gs_key_learning(kind, &key);
        if (key.episode != GS_NONE) {
            const struct gs_episode *episode = gs_pool_at(&watch->episodes, key.episode);
            view.firing = episode->state == GS_EPISODE_FIRING;
        }
    } else {
        view.learning = true;
        view.log10_evidence = -9.0;
        view.detectable_rise = (double)INFINITY;
    }
    visit(arg, &view);
}

static void view_all(const struct gs_watch *watch, int32_t heard_since,
                     void (*visit)(void *arg, const struct gs_key_view *view), void *arg)
{
    for (uint32_t i = 0; i < watch->keys.now.n; i++) {
        const struct gs_key *key = gs_pool_at(&watch->keys, i);
        if (key->text_len > 0 && !key->event && /* else it is gone, or has no share */
            key->seen >= heard_since) {
            view_key(watch, key, visit, arg);
        }
    }
}

void gs_watch_each(const struct gs_watch *watch,
                   void (*visit)(void *arg, const struct gs_key_view *view), void *arg)
{
    view_all(watch, INT32_MIN, visit, arg);
}

void gs_watch_each_heard(const struct gs_watch *watch,
                         void (*visit)(void *arg, const struct gs_key_view *view), void *arg)
{
    view_all(watch, watch->now.next_bin - GS_HOUR_BINS, visit, arg);
}

/* ---- one key ---- */

static const struct gs_key *find(const struct gs_watch *watch, struct gs_str text)
{
    const uint32_t at = gs_table_find_text(watch, text);

    return at == GS_NONE ? NULL : gs_pool_at(&watch->keys, at);
}

static void keep_view(void *arg, const struct gs_key_view *view)
{
    *(struct gs_key_view *)arg = *view;
}

static uint32_t open_of(const struct gs_watch *watch, const struct gs_key *key, int32_t bin)
{
    uint32_t at = key->at.next;

    while (at != GS_NONE &&
           ((const struct gs_open_bin *)gs_pool_at(&watch->open_bins, at))->bin != bin) {
        at = ((const struct gs_open_bin *)gs_pool_at(&watch->open_bins, at))->at.next;
    }
    return at;
}

/* Of a closed bin that is still in the ring; false: it had no messages. */
static bool look_at_closed(const struct gs_watch *watch, const struct gs_key *key, int32_t bin,
                           struct gs_bin_look *ret)
{
    const int32_t at = gs_bin_mod(bin, GS_DELAY_BINS);
    const double n = gs_unpack(key->n[at]);

    *ret = (struct gs_bin_look){.from_ms = gs_bin_to_ms(&watch->params, bin),
                                .n = n,
                                .negative = n * key->share[at] / GS_SHARE_ONE};
    if (key->last - bin < GS_HOUR_BINS) {
        ret->reach = gs_unpack(key->reach[gs_bin_mod(bin, GS_HOUR_BINS)]);
    }
    return n > 0.0;
}

void gs_watch_look_bins(const struct gs_watch *watch, struct gs_str text,
                        void (*visit)(void *arg, const struct gs_bin_look *bin), void *arg)
{
    const struct gs_key *key = find(watch, text);
    struct gs_bin_look look;

    for (int32_t i = GS_DELAY_BINS - 1; key != NULL && i >= 0; i--) {
        if (look_at_closed(watch, key, key->last - i, &look)) {
            visit(arg, &look);
        }
    }
    for (size_t i = 0; key != NULL && i < watch->now.n_bins; i++) {
        const struct gs_bin *bin = gs_pool_at(&watch->bins, watch->bin_order[i]);
        const uint32_t at = open_of(watch, key, bin->bin);
        if (at != GS_NONE) {
            const struct gs_open_bin *open = gs_pool_at(&watch->open_bins, at);
            look = (struct gs_bin_look){.from_ms = gs_bin_to_ms(&watch->params, open->bin),
                                        .n = (double)open->n / GS_WEIGHT_ONE,
                                        .negative = (double)open->k / GS_WEIGHT_ONE / GS_P_ONE,
                                        .reach = open->reach,
                                        .open = true};
            visit(arg, &look);
        }
    }
}

static void note_bin(void *arg, const struct gs_bin_look *bin)
{
    int64_t *const seen_ms = arg;

    *seen_ms = bin->from_ms > *seen_ms ? bin->from_ms : *seen_ms;
}

bool gs_watch_look(const struct gs_watch *watch, struct gs_str text, struct gs_key_look *ret)
{
    const struct gs_key *key = find(watch, text);

    if (key == NULL) {
        return false;
    }
    *ret = (struct gs_key_look){.event = key->event, .seen_ms = INT64_MIN};
    view_key(watch, key, keep_view, &ret->view);
    if (key->born) {
        ret->baseline = (double)key->b;
        ret->deviation = sqrt(fmax((double)key->v, 0.0));
        ret->seen_ms = gs_bin_to_ms(&watch->params, key->seen);
    }
    if (key->event && key->episode != GS_NONE) {
        const struct gs_episode *episode = gs_pool_at(&watch->episodes, key->episode);
        ret->view.firing = episode->state == GS_EPISODE_FIRING;
    }
    gs_watch_look_bins(watch, text, note_bin, &ret->seen_ms);
    return true;
}

bool gs_watch_nearest(const struct gs_watch *watch, struct gs_near_miss *ret)
{
    const struct gs_near *near = &watch->now.near;

    if (near->m <= 0.0) {
        return false;
    }
    const struct gs_key *key = gs_pool_at(&watch->keys, near->key);
    *ret = (struct gs_near_miss){.key = gs_key_text(watch, key),
                                 .name = gs_key_name(watch, key),
                                 .at_ms = gs_bin_to_ms(&watch->params, near->bin + 1),
                                 .log10_evidence = log10(near->m),
                                 .log10_threshold = log10(near->threshold),
                                 .observed = near->hour.n > 0.0 ? near->hour.k / near->hour.n : 0.0,
                                 .expected =
                                     near->hour.n > 0.0 ? near->hour.expected / near->hour.n : 0.0,
                                 .n = near->hour.n,
                                 .publishers = (uint32_t)(near->hour.publishers + 0.5),
                                 .stories = (uint32_t)(near->hour.stories + 0.5)};
    return true;
}

static size_t seen_bytes(const struct gs_seen_set *set)
{
    return set->capacity * sizeof(uint64_t) * set->words;
}

void gs_watch_counts(const struct gs_watch *watch, struct gs_watch_counts *ret)
{
    *ret = (struct gs_watch_counts){.keys = watch->keys.now.live,
                                    .refused_keys = watch->now.refused_keys,
                                    .evicted_keys = watch->now.evicted_keys,
                                    .forgotten = watch->now.forgotten};
    for (uint32_t i = watch->now.episodes; i != GS_NONE;) {
        const struct gs_episode *episode = gs_pool_at(&watch->episodes, i);
        ret->firing += episode->state == GS_EPISODE_FIRING;
        i = episode->at.next;
    }
    ret->key_bytes = gs_pool_bytes(&watch->keys) + gs_pool_bytes(&watch->open_bins) +
                     gs_pool_bytes(&watch->bins) + gs_pool_bytes(&watch->episodes) +
                     gs_pool_bytes(&watch->sketches) + gs_pool_bytes(&watch->habits) +
                     gs_pool_bytes(&watch->votes) + watch->n_slots * sizeof *watch->slots +
                     watch->max_texts + watch->max_bin_order * sizeof *watch->bin_order;
    ret->total_bytes = sizeof *watch + ret->key_bytes + gs_pool_bytes(&watch->excerpts) +
                       gs_pool_bytes(&watch->pendings) + seen_bytes(&watch->ids) +
                       seen_bytes(&watch->stories) + seen_bytes(&watch->bands) +
                       seen_bytes(&watch->leaders) + watch->undo.capacity +
                       watch->max_ranked * sizeof *watch->ranked;
}

int64_t gs_watch_watermark(const struct gs_watch *watch)
{
    return watch->now.started ? watch->now.watermark_ms : INT64_MIN;
}

bool gs_watch_starved(const struct gs_watch *watch)
{
    return watch->undo.starved;
}

bool gs_watch_emptied(const struct gs_watch *watch)
{
    return watch->emptied;
}

void gs_watch_each_firing(struct gs_watch *watch,
                          void (*visit)(void *arg, const struct gs_alert *alert), void *arg)
{
    struct gs_alert alert;

    for (uint32_t i = watch->now.episodes; i != GS_NONE;) {
        const struct gs_episode *episode = gs_pool_at(&watch->episodes, i);
        if (episode->state == GS_EPISODE_FIRING) {
            gs_alert_make(watch, i, watch->now.next_bin - 1, &alert);
            alert.routine = false; /* to who is told now it is new */
            visit(arg, &alert);
        }
        i = episode->at.next;
    }
}
