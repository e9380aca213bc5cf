/* Messages kept so that an alert can show what it is about: negative ones, each bin of time a
 * sample.
 *
 * A bin keeps at most its share of max_excerpts: those with the smallest priorities, which are
 * hashes; its threshold is halved until they fit. What a bin keeps so depends on its messages, not
 * on their order. */
#include "alerting/watch_parts.h"

#include <stdlib.h>

enum { MAX_ID = 96, MAX_SOURCE = 48, MAX_TEXT = 200 };

static uint32_t share_of_bin(const struct gs_watch *watch)
{
    const uint32_t bins = 32; /* an hour that is closed, and what is open or waits for a commit */
    const size_t share = watch->model.options.max_excerpts / bins;
    return share > 0 ? (uint32_t)share : 1;
}

static bool kept(const struct gs_bin *bin, uint64_t priority)
{
    return bin->shift == 0 || (bin->shift < 64 && priority >> (64 - bin->shift) == 0);
}

/* Not in the middle of a character: UTF-8 continues with 10xxxxxx. */
static uint16_t cut(struct gs_str text, size_t max)
{
    size_t len = text.len;
    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)text.bytes[len] & 0xC0U) == 0x80) {
            len--;
        }
    }
    return (uint16_t)len;
}

static void fill(struct gs_excerpt *excerpt, const struct gs_sighting *sighting)
{
    char *to = excerpt->bytes;
    const struct gs_str parts[] = {sighting->id, sighting->source, sighting->excerpt};
    const uint16_t lens[] = {cut(parts[0], MAX_ID), cut(parts[1], MAX_SOURCE),
                             cut(parts[2], MAX_TEXT)};

    for (size_t i = 0; i < GS_COUNT(parts); i++) {
        if (lens[i] > 0) {
            memcpy(to, parts[i].bytes, lens[i]);
            to += lens[i];
        }
    }
    excerpt->id_len = lens[0];
    excerpt->source_len = lens[1];
    excerpt->text_len = lens[2];
    excerpt->ts_ms = sighting->ts_ms;
    excerpt->p = (uint32_t)(sighting->p_negative * GS_P_ONE + 0.5);
}

static struct gs_bin *touch_bin(struct gs_watch *watch, int32_t at)
{
    struct gs_bin *bin = gs_bin_get(watch, at, false);
    if (bin == NULL) {
        return NULL;
    }
    const size_t position = gs_bin_position(watch, at);
    return gs_slab_touch(&watch->bins, &watch->undo, watch->bin_order[position]);
}

/* Takes out of a bin what `goes` says. */
static void sweep(struct gs_watch *watch, struct gs_bin *bin,
                  bool goes(const struct gs_bin *bin, const struct gs_excerpt *excerpt,
                            const struct gs_excerpt *like),
                  const struct gs_excerpt *like)
{
    uint32_t before = GS_NONE;

    for (uint32_t i = bin->excerpts; i != GS_NONE;) {
        const struct gs_excerpt *excerpt = gs_slab_at(&watch->excerpts, i);
        const uint32_t next = excerpt->at.next;
        if (!goes(bin, excerpt, like)) {
            before = i;
        } else {
            if (before == GS_NONE) {
                bin->excerpts = next;
            } else {
                struct gs_excerpt *kept_one = gs_slab_touch(&watch->excerpts, &watch->undo, before);
                kept_one->at.next = next;
            }
            gs_slab_give(&watch->excerpts, &watch->undo, i);
            bin->n_excerpts--;
        }
        i = next;
    }
}

static bool over_threshold(const struct gs_bin *bin, const struct gs_excerpt *excerpt,
                           const struct gs_excerpt *like)
{
    (void)like;
    return !kept(bin, excerpt->priority);
}

static bool same_message(const struct gs_bin *bin, const struct gs_excerpt *excerpt,
                         const struct gs_excerpt *like)
{
    (void)bin;
    return excerpt->key == like->key && excerpt->priority == like->priority;
}

void gs_excerpt_add(struct gs_watch *watch, uint32_t key, int32_t at, uint64_t priority,
                    const struct gs_sighting *sighting)
{
    const struct gs_bin *look = gs_bin_get(watch, at, false);

    if (look == NULL || !kept(look, priority) ||
        watch->excerpts.now.live >= watch->model.options.max_excerpts) {
        return;
    }
    const uint32_t i = gs_undo_slab_take(&watch->excerpts, &watch->undo);
    if (i == GS_NONE) {
        return;
    }
    struct gs_bin *bin = touch_bin(watch, at);
    struct gs_excerpt *excerpt = gs_slab_at(&watch->excerpts, i);
    fill(excerpt, sighting);
    excerpt->key = key;
    excerpt->priority = priority;
    excerpt->at.next = bin->excerpts;
    bin->excerpts = i;
    bin->n_excerpts++;
    while (bin->n_excerpts > share_of_bin(watch) && bin->shift < 64) {
        bin->shift++;
        sweep(watch, bin, over_threshold, NULL);
    }
}

void gs_excerpt_drop(struct gs_watch *watch, uint32_t key, int32_t at, uint64_t priority)
{
    struct gs_bin *bin = touch_bin(watch, at);

    if (bin != NULL && kept(bin, priority)) {
        sweep(watch, bin, same_message, &(struct gs_excerpt){.key = key, .priority = priority});
    }
}

static int by_weight(const struct gs_excerpt *a, const struct gs_excerpt *b)
{
    if (a->p != b->p) {
        return a->p > b->p ? -1 : 1;
    }
    if (a->ts_ms != b->ts_ms) {
        return a->ts_ms < b->ts_ms ? -1 : 1;
    }
    return a->priority < b->priority ? -1 : a->priority > b->priority;
}

/* Keeps the best ten in order. */
static size_t insert(const struct gs_excerpt **best, size_t n, const struct gs_excerpt *excerpt)
{
    size_t i = n;

    if (n == GS_MAX_EVIDENCE) {
        if (by_weight(excerpt, best[n - 1]) >= 0) {
            return n;
        }
        i = n - 1;
    } else {
        n++;
    }
    for (; i > 0 && by_weight(excerpt, best[i - 1]) < 0; i--) {
        best[i] = best[i - 1];
    }
    best[i] = excerpt;
    return n;
}

size_t gs_excerpts_pick(const struct gs_watch *watch, uint32_t key, int32_t from, int32_t bin,
                        const struct gs_excerpt *ret[GS_MAX_EVIDENCE])
{
    const int32_t hour = bin - GS_HOUR_BINS + 1;
    size_t n = 0;

    for (size_t at = gs_bin_position(watch, from > hour ? from : hour); at < watch->now.n_bins;
         at++) {
        const struct gs_bin *of = gs_slab_at(&watch->bins, watch->bin_order[at]);
        if (of->bin > bin) {
            break;
        }
        for (uint32_t i = of->excerpts; i != GS_NONE;) {
            const struct gs_excerpt *excerpt = gs_slab_at(&watch->excerpts, i);
            if (excerpt->key == key) {
                n = insert(ret, n, excerpt);
            }
            i = excerpt->at.next;
        }
    }
    return n;
}
