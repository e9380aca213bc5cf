/* Looking at a watch from outside. */
#include "alerting/watch_parts.h"

#include <math.h>

static void view_key(const struct gs_watch *watch, const struct gs_key *from,
                     void (*see)(void *arg, const struct gs_key_view *view), void *arg)
{
    struct gs_key key = *from;
    struct gs_key_view view = {.key = gs_key_text(watch, from), .n_total = from->n_total};
    const struct gs_kind *kind = &watch->now.kinds[key.kind];
    struct gs_hour hour = {0};

    if (key.born) {
        const struct gs_teach teach = gs_key_teach(watch, &key);
        gs_key_idle(&key, (int64_t)watch->now.next_bin - 1 - key.last);
        gs_key_advance(&watch->model, kind, &teach, &key, watch->now.next_bin - 1);
        gs_key_hour(&watch->model, kind, &key, &hour);
        view.n_hour = hour.n;
        view.observed = hour.n > 0.0 ? hour.k / hour.n : 0.0;
        view.expected = gs_key_expected(&watch->model, kind, &key);
        view.log10_evidence = log10(fmax(gs_key_m(&key), 1e-9));
        view.detectable = gs_key_detectable(&watch->model, kind, &key);
        view.learning = gs_key_learning(kind, &key);
        if (key.episode != GS_NONE) {
            const struct gs_episode *episode = gs_slab_at(&watch->episodes, key.episode);
            view.firing = episode->state == GS_EPISODE_FIRING;
        }
    } else {
        view.learning = true;
        view.log10_evidence = -9.0;
    }
    see(arg, &view);
}

void gs_watch_each(const struct gs_watch *watch,
                   void (*see)(void *arg, const struct gs_key_view *view), void *arg)
{
    for (uint32_t i = 0; i < watch->keys.now.n; i++) {
        view_key(watch, gs_slab_at(&watch->keys, i), see, arg);
    }
}

void gs_watch_counts(const struct gs_watch *watch, struct gs_watch_counts *ret)
{
    *ret = (struct gs_watch_counts){.keys = watch->keys.now.live,
                                    .refused_keys = watch->now.refused_keys,
                                    .forgotten = watch->now.forgotten};
    for (uint32_t i = watch->now.episodes; i != GS_NONE;) {
        const struct gs_episode *episode = gs_slab_at(&watch->episodes, i);
        ret->firing += episode->state == GS_EPISODE_FIRING;
        i = episode->at.next;
    }
    ret->key_bytes = gs_slab_bytes(&watch->keys) + gs_slab_bytes(&watch->open_bins) +
                     gs_slab_bytes(&watch->bins) + gs_slab_bytes(&watch->episodes) +
                     watch->n_slots * sizeof *watch->slots + watch->max_texts +
                     watch->max_bin_order * sizeof *watch->bin_order;
    ret->total_bytes = sizeof *watch + ret->key_bytes + gs_slab_bytes(&watch->excerpts) +
                       watch->ids.capacity * sizeof(uint64_t) * watch->ids.words +
                       watch->stories.capacity * sizeof(uint64_t) * watch->stories.words +
                       watch->undo.capacity + watch->max_work * sizeof *watch->work;
}
