/* Bins of event time and the open bins in them: a sparse matrix of keys and times, linked both
 * ways.
 *
 *     bin_order    12:00      12:05      12:10        sorted; binary search
 *                    │          │          │
 *     key A ───────────────── open ───── open         a key's list: few, searched from its front
 *     key B ─────── open ──────────────── open        a bin's list: walked once, when it closes
 *
 * A bin stays in bin_order after it has closed, as long as an alert may show its excerpts (an
 * hour), and is dropped at a commit. The number of open bins is bounded by that of keys, so that
 * messages spread over many times cannot use up the memory. */
#include "alerting/detector/watch_internal.h"

#include <stdlib.h>

static struct gs_bin *bin_at(const struct gs_watch *watch, size_t position)
{
    return gs_pool_at(&watch->bins, watch->bin_order[position]);
}

/* The first position whose bin is at or after bin. */
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

static bool reserve_bin_order(struct gs_watch *watch)
{
    if (watch->now.n_bins < watch->max_bin_order) {
        return true;
    }
    const size_t want = watch->max_bin_order * 2 + 64;
    uint32_t *bigger = realloc(watch->bin_order, want * sizeof *bigger);
    if (bigger == NULL) {
        watch->undo.starved = true;
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
    if (!make || !reserve_bin_order(watch)) {
        return NULL;
    }
    const uint32_t i = gs_pool_alloc(&watch->bins, &watch->undo);
    if (i == GS_NONE) {
        return NULL;
    }
    struct gs_bin *made = gs_pool_at(&watch->bins, i);
    made->at.next = GS_NONE;
    made->excerpts = GS_NONE;
    made->pending = GS_NONE;
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
    const struct gs_key *key = gs_pool_at(&watch->keys, key_at);

    for (uint32_t i = key->at.next; i != GS_NONE;) {
        const struct gs_open_bin *open = gs_pool_at(&watch->open_bins, i);
        if (open->bin == bin) {
            return i;
        }
        i = open->at.next;
    }
    if (!make || watch->open_bins.now.live >= 1024 + 16 * watch->params.options.max_keys ||
        gs_bin_get(watch, bin, true) == NULL) {
        return GS_NONE;
    }
    const uint32_t i = gs_pool_alloc(&watch->open_bins, &watch->undo);
    if (i == GS_NONE) {
        return GS_NONE;
    }
    struct gs_bin *in =
        gs_pool_save(&watch->bins, &watch->undo, watch->bin_order[gs_bin_position(watch, bin)]);
    struct gs_key *owner = gs_pool_save(&watch->keys, &watch->undo, key_at);
    struct gs_open_bin *open = gs_pool_at(&watch->open_bins, i);
    open->bin = bin;
    open->key = key_at;
    open->sketch = GS_NONE;
    open->at.next = owner->at.next;
    open->next_in_bin = in->at.next;
    owner->at.next = i;
    in->at.next = i;
    return i;
}

/* Takes an open bin out of its key's list and gives it back; its bin's list is being walked. */
void gs_open_close(struct gs_watch *watch, struct gs_key *key, uint32_t i)
{
    const struct gs_open_bin *open = gs_pool_at(&watch->open_bins, i);
    const uint32_t next = open->at.next;

    if (key->at.next == i) {
        key->at.next = next;
    } else {
        uint32_t before = key->at.next;
        for (;;) {
            const struct gs_open_bin *other = gs_pool_at(&watch->open_bins, before);
            if (other->at.next == i) {
                break;
            }
            before = other->at.next;
        }
        ((struct gs_open_bin *)gs_pool_save(&watch->open_bins, &watch->undo, before))->at.next =
            next;
    }
    if (open->sketch != GS_NONE) {
        gs_pool_release(&watch->sketches, &watch->undo, open->sketch);
    }
    gs_pool_release(&watch->open_bins, &watch->undo, i);
}

/* Drops closed bins whose excerpts no alert can show any more. */
void gs_bins_prune(struct gs_watch *watch)
{
    size_t n = 0;

    while (watch->now.started && n < watch->now.n_bins &&
           (int64_t)bin_at(watch, n)->bin + GS_DELAY_BINS < watch->now.next_bin) {
        const struct gs_bin *bin = bin_at(watch, n);
        for (uint32_t i = bin->excerpts; i != GS_NONE;) {
            struct gs_excerpt *excerpt = gs_pool_at(&watch->excerpts, i);
            const uint32_t next = excerpt->at.next;
            excerpt->kept = 0;
            gs_pool_release(&watch->excerpts, NULL, i);
            i = next;
        }
        gs_pool_release(&watch->bins, NULL, watch->bin_order[n++]);
    }
    if (n == 0) {
        return;
    }
    watch->now.n_bins -= n;
    memmove(watch->bin_order, watch->bin_order + n, watch->now.n_bins * sizeof *watch->bin_order);
}
