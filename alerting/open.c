/* Bins of event time that are still open, by time and by key. */
#include "alerting/watch_parts.h"

#include <stdlib.h>

static struct gs_bin *bin_at(const struct gs_watch *watch, size_t position)
{
    return gs_slab_at(&watch->bins, watch->bin_order[position]);
}

/* The first position whose bin is at or after bin. Most calls are for one of the last few. */
size_t gs_bin_position(const struct gs_watch *watch, int32_t bin)
{
    size_t low = 0;
    size_t high = watch->now.n_bins;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (bin_at(watch, middle)->bin < bin) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool room_for_bin(struct gs_watch *watch)
{
    if (watch->now.n_bins < watch->max_bin_order) {
        return true;
    }
    const size_t want = watch->max_bin_order * 2 + 64;
    uint32_t *bigger = realloc(watch->bin_order, want * sizeof *bigger);
    if (bigger == NULL) {
        return false;
    }
    watch->bin_order = bigger;
    watch->max_bin_order = want;
    return true;
}

struct gs_bin *gs_bin_get(struct gs_watch *watch, int32_t bin, bool make)
{
    const size_t at = gs_bin_position(watch, bin);
    const size_t n = watch->now.n_bins;

    if (at < n && bin_at(watch, at)->bin == bin) {
        return bin_at(watch, at);
    }
    if (!make || !room_for_bin(watch)) {
        return NULL;
    }
    const uint32_t i = gs_undo_slab_take(&watch->bins, &watch->undo);
    if (i == GS_NONE) {
        return NULL;
    }
    struct gs_bin *made = gs_slab_at(&watch->bins, i);
    made->at.next = GS_NONE;
    made->excerpts = GS_NONE;
    made->bin = bin;
    memmove(watch->bin_order + at + 1, watch->bin_order + at, (n - at) * sizeof *watch->bin_order);
    watch->bin_order[at] = i;
    watch->now.n_bins++;
    (void)gs_undo_push(&watch->undo,
                       (struct gs_undo_entry){.kind = GS_UNDO_BIN_SLOT, .at = (uint32_t)at});
    return made;
}

void gs_bins_undo_insert(struct gs_watch *watch, size_t position)
{
    watch->now.n_bins--;
    memmove(watch->bin_order + position, watch->bin_order + position + 1,
            (watch->now.n_bins - position) * sizeof *watch->bin_order);
}

bool gs_bins_next(const struct gs_watch *watch, int32_t from, int32_t *ret)
{
    for (size_t i = gs_bin_position(watch, from); i < watch->now.n_bins; i++) {
        if (bin_at(watch, i)->at.next != GS_NONE) {
            *ret = bin_at(watch, i)->bin;
            return true;
        }
    }
    return false;
}

uint32_t gs_open_get(struct gs_watch *watch, uint32_t key_at, int32_t bin, bool make)
{
    const struct gs_key *key = gs_slab_at(&watch->keys, key_at);

    for (uint32_t i = key->at.next; i != GS_NONE;) {
        const struct gs_open_bin *open = gs_slab_at(&watch->open_bins, i);
        if (open->bin == bin) {
            return i;
        }
        i = open->at.next;
    }
    if (!make || watch->open_bins.now.live >= 1024 + 16 * watch->model.options.max_keys ||
        gs_bin_get(watch, bin, true) == NULL) {
        return GS_NONE;
    }
    const uint32_t i = gs_undo_slab_take(&watch->open_bins, &watch->undo);
    if (i == GS_NONE) {
        return GS_NONE;
    }
    struct gs_bin *in =
        gs_slab_touch(&watch->bins, &watch->undo, watch->bin_order[gs_bin_position(watch, bin)]);
    struct gs_key *owner = gs_slab_touch(&watch->keys, &watch->undo, key_at);
    struct gs_open_bin *open = gs_slab_at(&watch->open_bins, i);
    open->bin = bin;
    open->key = key_at;
    open->at.next = owner->at.next;
    open->next_in_bin = in->at.next;
    owner->at.next = i;
    in->at.next = i;
    return i;
}

/* Takes an open bin out of its key's list and gives it back; its bin's list is being walked. */
void gs_open_close(struct gs_watch *watch, struct gs_key *key, uint32_t i)
{
    const struct gs_open_bin *open = gs_slab_at(&watch->open_bins, i);
    const uint32_t next = open->at.next;

    if (key->at.next == i) {
        key->at.next = next;
    } else {
        uint32_t before = key->at.next;
        for (;;) {
            const struct gs_open_bin *other = gs_slab_at(&watch->open_bins, before);
            if (other->at.next == i) {
                break;
            }
            before = other->at.next;
        }
        ((struct gs_open_bin *)gs_slab_touch(&watch->open_bins, &watch->undo, before))->at.next =
            next;
    }
    gs_slab_give(&watch->open_bins, &watch->undo, i);
}

/* Closed bins whose excerpts no alert can show any more. */
void gs_bins_prune(struct gs_watch *watch)
{
    size_t n = 0;

    while (watch->now.started && n < watch->now.n_bins &&
           (int64_t)bin_at(watch, n)->bin + GS_HOUR_BINS < watch->now.next_bin) {
        const struct gs_bin *bin = bin_at(watch, n);
        for (uint32_t i = bin->excerpts; i != GS_NONE;) {
            const uint32_t next = ((struct gs_excerpt *)gs_slab_at(&watch->excerpts, i))->at.next;
            gs_slab_give(&watch->excerpts, NULL, i);
            i = next;
        }
        gs_slab_give(&watch->bins, NULL, watch->bin_order[n++]);
    }
    if (n == 0) {
        return;
    }
    watch->now.n_bins -= n;
    memmove(watch->bin_order, watch->bin_order + n, watch->now.n_bins * sizeof *watch->bin_order);
}
