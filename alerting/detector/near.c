/* Near-copies: of the stories of a bin, those that repeat an earlier one in nearly the same words
 * lose their vote when the bin closes.
 *
 *     gs_watch_add ─► first of its story ─► waits in its bin, with its outline
 *     bin closes   ─► those that wait, key by key, in order of event time:
 *                         shares a band with a leader, and cells agree?   ─► a copy: weight taken back
 *                         else                                           ─► a leader from now on
 *
 *     bands      hash(key, band) ─► leader      of one band the first leader within story_bins
 *     leaders    leader ─► its cells
 *
 * A leader is a story that nothing before it resembled; only leaders are compared with, so a chain of
 * small edits ends where its end no longer resembles its beginning. That verdict depends on what was
 * decided before, and would depend on the order of arrival if it fell when a message arrives. So it falls at the
 * close of the bin, when all of its messages are there, in an order that is theirs: by time, then by
 * id. Exact copies need not wait: the earliest of a story is the earliest in whatever order they
 * come (add.c).
 *
 * Reach and publishers count every message as before. */
#include "alerting/detector/near.h"
#include "alerting/detector/events.h"
#include "alerting/detector/watch_internal.h"

#include <stdlib.h>
#include <xxhash.h>

void gs_pending_add(struct gs_watch *watch, uint32_t open_at, const struct gs_pending *pending)
{
    const struct gs_open_bin *open = gs_pool_at(&watch->open_bins, open_at);

    if (gs_outline_is_empty(&pending->outline)) {
        return;
    }
    const uint32_t i = watch->pendings.now.live >= watch->params.options.max_ids
                           ? GS_NONE
                           : gs_pool_alloc(&watch->pendings, &watch->undo);
    if (i == GS_NONE) {
        watch->now.forgotten++;
        return;
    }
    struct gs_bin *bin = gs_pool_save(&watch->bins, &watch->undo,
                                      watch->bin_order[gs_bin_position(watch, open->bin)]);
    struct gs_pending *made = gs_pool_at(&watch->pendings, i);
    const struct gs_link at = {.stamp = made->at.stamp, .next = bin->pending};
    *made = *pending;
    made->at = at;
    made->waits = 1;
    made->key = open->key;
    made->bin = open->bin;
    bin->pending = i;
}

static void release(struct gs_watch *watch, uint32_t first)
{
    while (first != GS_NONE) {
        struct gs_pending *pending = gs_pool_save(&watch->pendings, &watch->undo, first);
        const uint32_t next = pending->at.next;
        pending->waits = 0;
        gs_pool_release(&watch->pendings, &watch->undo, first);
        first = next;
    }
}

/* Key by key, each by time. */
static int by_key_and_time(const void *a, const void *b)
{
    const struct gs_pending *const *x = a;
    const struct gs_pending *const *y = b;

    if ((*x)->key != (*y)->key) {
        return (*x)->key < (*y)->key ? -1 : 1;
    }
    if ((*x)->offset_ms != (*y)->offset_ms) {
        return (*x)->offset_ms < (*y)->offset_ms ? -1 : 1;
    }
    if ((*x)->id_hash != (*y)->id_hash) {
        return (*x)->id_hash < (*y)->id_hash ? -1 : 1;
    }
    return (*x)->story_hash < (*y)->story_hash ? -1 : (*x)->story_hash > (*y)->story_hash;
}

/* Those that wait in a bin, in order; returns how many: none without memory. */
static size_t in_order(struct gs_watch *watch, uint32_t first)
{
    size_t n = 0;

    for (uint32_t i = first; i != GS_NONE; n++) {
        if (n == watch->max_waiting) {
            const size_t want = watch->max_waiting * 2 + 64;
            const struct gs_pending **bigger = realloc(watch->waiting, want * sizeof(void *));
            if (bigger == NULL) {
                watch->now.forgotten++;
                watch->undo.starved = true;
                return 0;
            }
            watch->waiting = bigger;
            watch->max_waiting = want;
        }
        watch->waiting[n] = gs_pool_at(&watch->pendings, i);
        i = watch->waiting[n]->at.next;
    }
    if (n > 1) {
        qsort(watch->waiting, n, sizeof(void *), by_key_and_time);
    }
    return n;
}

static uint64_t band_hash(const struct gs_outline *outline, size_t i, uint64_t key_hash)
{
    const uint32_t band[] = {outline->bands[i], (uint32_t)i};

    return XXH3_64bits_withSeed(band, sizeof band, key_hash);
}

/* What is known within the time that a story is known, counted from bin. */
static bool known(const struct gs_watch *watch, const struct gs_seen_set *set, uint64_t hash,
                  int32_t bin, uint64_t *ret)
{
    int32_t since = 0;

    return gs_seen_set_get(watch, set, hash, &since, ret) &&
           (int64_t)bin - since <= watch->params.story_bins;
}

/* The places of a story's bands. */
struct places {
    uint64_t hash[GS_OUTLINE_BANDS];
    bool taken[GS_OUTLINE_BANDS];
};

static bool find_leader(const struct gs_watch *watch, const struct gs_pending *pending,
                        uint64_t key_hash, struct places *places, uint64_t *ret)
{
    uint64_t cells[GS_OUTLINE_CELL_BYTES / 8];

    for (size_t i = 0; i < GS_OUTLINE_BANDS; i++) {
        places->hash[i] = band_hash(&pending->outline, i, key_hash);
        gs_seen_set_expect(&watch->bands, places->hash[i]);
    }
    for (size_t i = 0; i < GS_OUTLINE_BANDS; i++) {
        places->taken[i] = known(watch, &watch->bands, places->hash[i], pending->bin, ret);
        if (places->taken[i] && known(watch, &watch->leaders, *ret, pending->bin, cells) &&
            gs_cells_agree((const uint8_t *)cells, pending->outline.cells)) {
            return true;
        }
    }
    return false;
}

static void lead(struct gs_watch *watch, const struct gs_pending *pending,
                 const struct places *places)
{
    uint64_t cells[GS_OUTLINE_CELL_BYTES / 8];

    memcpy(cells, pending->outline.cells, sizeof cells);
    gs_seen_set_put(watch, &watch->leaders, pending->story_hash, pending->bin, cells);
    for (size_t i = 0; i < GS_OUTLINE_BANDS; i++) {
        if (!places->taken[i]) {
            gs_seen_set_put(watch, &watch->bands, places->hash[i], pending->bin,
                            &pending->story_hash);
        }
    }
}

/* Takes the vote of a copy back. With dup_weight above 0 it is one copy more of its leader. */
static void follow(struct gs_watch *watch, const struct gs_pending *pending, uint64_t leader,
                   struct gs_story *story, struct gs_open_bin *open)
{
    struct gs_story of = {.copies = 1};
    const bool found = gs_stories_get(watch, leader, &of);
    const uint32_t weight = watch->params.weight[of.copies];

    if (open->n >= GS_WEIGHT_ONE) {
        open->n -= GS_WEIGHT_ONE - weight;
        open->k -= (uint64_t)(GS_WEIGHT_ONE - weight) * story->p;
    }
    if (weight > 0 && found) {
        of.copies += of.copies < 255;
        gs_stories_put(watch, leader, &of);
        story->copies = of.copies;
        gs_stories_put(watch, pending->story_hash, story);
    }
    if (gs_is_event(watch, pending->key) && story->p >= GS_P_ONE / 2) {
        gs_vote_drop(watch, open, (uint32_t)pending->story_hash);
    }
    if (story->p >= GS_P_ONE / 2) {
        gs_excerpt_drop(watch, pending->key, pending->bin, pending->priority);
    }
}

/* Whether it still stands for its story: an earlier copy may have come since. */
static bool stands(const struct gs_watch *watch, const struct gs_pending *pending,
                   struct gs_story *ret)
{
    return gs_stories_get(watch, pending->story_hash, ret) && ret->bin == pending->bin &&
           ret->offset_ms == pending->offset_ms && ret->id_hash == pending->id_hash;
}

/* Those of one key. */
static void settle_key(struct gs_watch *watch, const struct gs_pending *const *waiting, size_t n)
{
    const uint32_t key_at = waiting[0]->key;
    const uint32_t open_at = gs_open_get(watch, key_at, waiting[0]->bin, false);
    const struct gs_str text = gs_key_text(watch, gs_pool_at(&watch->keys, key_at));
    const uint64_t key_hash = XXH3_64bits(text.bytes, text.len);

    if (open_at == GS_NONE) {
        return;
    }
    struct gs_open_bin *open = gs_pool_save(&watch->open_bins, &watch->undo, open_at);
    for (size_t i = 0; i < n; i++) {
        struct places places;
        struct gs_story story;
        uint64_t leader = 0;
        if (!stands(watch, waiting[i], &story)) {
            continue;
        }
        if (find_leader(watch, waiting[i], key_hash, &places, &leader)) {
            follow(watch, waiting[i], leader, &story, open);
        } else {
            lead(watch, waiting[i], &places);
        }
    }
}

void gs_pendings_settle(struct gs_watch *watch, uint32_t bin_at)
{
    const uint32_t first = ((const struct gs_bin *)gs_pool_at(&watch->bins, bin_at))->pending;
    const size_t n = in_order(watch, first);

    for (size_t i = 0, end = 0; i < n; i = end) {
        while (end < n && watch->waiting[end]->key == watch->waiting[i]->key) {
            end++;
        }
        settle_key(watch, watch->waiting + i, end - i);
    }
    if (first != GS_NONE) {
        ((struct gs_bin *)gs_pool_save(&watch->bins, &watch->undo, bin_at))->pending = GS_NONE;
        release(watch, first);
    }
}
