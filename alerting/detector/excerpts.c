/* Messages that are kept so that an alert can show what it is about: negative ones, a sample of
 * each bin.
 *
 * A bin keeps at most its share of max_excerpts: the messages with the smallest priorities, which
 * are hashes. `shift` halves the range of priorities that are kept until they fit:
 *
 *     shift 0: all    shift 1: priority < 2^63    shift 2: priority < 2^62    …
 *
 * So what a bin keeps depends on its messages alone, not on their order, and every message has the
 * same chance. A later message that is over the limit costs one comparison. */
#include "alerting/detector/events.h"
#include "alerting/detector/watch_internal.h"

#include "ingest/base/utf8.h"

#include <stdlib.h>
#include <xxhash.h>

enum { MAX_ID = 96, MAX_SOURCE = 48, MAX_TEXT = 200, MAX_URL = 256 };

static uint32_t share_of_bin(const struct gs_watch *watch)
{
    const uint32_t bins = 64; /* three hours that are closed, what is open or waits for a commit */
    const size_t share = watch->params.options.max_excerpts / bins;
    return share > 0 ? (uint32_t)share : 1;
}

/* Risk events are rare beside all else, and an alert of one without its stories says little. */
uint32_t gs_excerpt_shift(const struct gs_watch *watch, const struct gs_bin *bin, uint32_t key)
{
    const uint32_t spared = gs_is_event(watch, key) ? GS_EVENT_SHIFT : 0;
    return bin->shift > spared ? bin->shift - spared : 0;
}

static bool kept(uint32_t shift, uint64_t priority)
{
    return shift == 0 || (shift < 64 && priority >> (64 - shift) == 0);
}

/* The same sentence with other numbers, signs or capitals is the same story for a reader. Of bytes
 * beyond ASCII all count: they are letters nearly always. 0: no words. */
static uint64_t hash_wording(struct gs_str text)
{
    char words[MAX_TEXT];
    size_t n = 0;

    for (size_t i = 0; i < text.len && n < sizeof words; i++) {
        const unsigned char c = (unsigned char)text.bytes[i];
        const bool letter = c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter) {
            words[n++] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        }
    }
    return n == 0 ? 0 : XXH3_64bits(words, n);
}

static void fill(struct gs_excerpt *excerpt, const struct gs_observation *observation)
{
    char *to = excerpt->bytes;
    const struct gs_str parts[] = {observation->id, observation->source, observation->excerpt,
                                   observation->url};
    const bool linked = observation->url.len <= MAX_URL; /* half a link is of no use */
    const uint16_t lens[] = {(uint16_t)gs_utf8_cut(parts[0], MAX_ID).len,
                             (uint16_t)gs_utf8_cut(parts[1], MAX_SOURCE).len,
                             (uint16_t)gs_utf8_cut(parts[2], MAX_TEXT).len,
                             linked ? (uint16_t)parts[3].len : 0};

    for (size_t i = 0; i < GS_COUNT(parts); i++) {
        if (lens[i] > 0) {
            memcpy(to, parts[i].bytes, lens[i]);
            to += lens[i];
        }
    }
    excerpt->id_len = lens[0];
    excerpt->source_len = lens[1];
    excerpt->text_len = lens[2];
    excerpt->url_len = lens[3];
    excerpt->wording = hash_wording((struct gs_str){parts[2].bytes, lens[2]});
    excerpt->ts_ms = observation->ts_ms;
    excerpt->p = (uint32_t)(observation->p_negative * GS_P_ONE + 0.5);
}

static struct gs_bin *save_bin(struct gs_watch *watch, int32_t at)
{
    struct gs_bin *bin = gs_bin_get(watch, at, false);
    if (bin == NULL) {
        return NULL;
    }
    const size_t position = gs_bin_position(watch, at);
    return gs_pool_save(&watch->bins, &watch->undo, watch->bin_order[position]);
}

/* Removes the excerpts of a bin for which `goes` is true. */
static void sweep(struct gs_watch *watch, struct gs_bin *bin,
                  bool goes(const struct gs_watch *watch, const struct gs_bin *bin,
                            const struct gs_excerpt *excerpt, const struct gs_excerpt *like),
                  const struct gs_excerpt *like)
{
    uint32_t before = GS_NONE;

    for (uint32_t i = bin->excerpts; i != GS_NONE;) {
        const struct gs_excerpt *excerpt = gs_pool_at(&watch->excerpts, i);
        const uint32_t next = excerpt->at.next;
        if (!goes(watch, bin, excerpt, like)) {
            before = i;
        } else {
            if (before == GS_NONE) {
                bin->excerpts = next;
            } else {
                struct gs_excerpt *kept_one = gs_pool_save(&watch->excerpts, &watch->undo, before);
                kept_one->at.next = next;
            }
            ((struct gs_excerpt *)gs_pool_save(&watch->excerpts, &watch->undo, i))->kept = 0;
            gs_pool_release(&watch->excerpts, &watch->undo, i);
            bin->n_excerpts--;
        }
        i = next;
    }
}

static bool over_threshold(const struct gs_watch *watch, const struct gs_bin *bin,
                           const struct gs_excerpt *excerpt, const struct gs_excerpt *like)
{
    (void)like;
    return !kept(gs_excerpt_shift(watch, bin, excerpt->key), excerpt->priority);
}

static bool same_message(const struct gs_watch *watch, const struct gs_bin *bin,
                         const struct gs_excerpt *excerpt, const struct gs_excerpt *like)
{
    (void)watch;
    (void)bin;
    return excerpt->key == like->key && excerpt->priority == like->priority;
}

void gs_excerpt_add(struct gs_watch *watch, uint32_t key, int32_t at, uint64_t priority,
                    const struct gs_observation *observation)
{
    const struct gs_bin *look = gs_bin_get(watch, at, false);

    if (look == NULL || !kept(gs_excerpt_shift(watch, look, key), priority) ||
        watch->excerpts.now.live >= watch->params.options.max_excerpts) {
        return;
    }
    const uint32_t i = gs_pool_alloc(&watch->excerpts, &watch->undo);
    if (i == GS_NONE) {
        return;
    }
    struct gs_bin *bin = save_bin(watch, at);
    struct gs_excerpt *excerpt = gs_pool_at(&watch->excerpts, i);
    fill(excerpt, observation);
    excerpt->key = key;
    excerpt->priority = priority;
    excerpt->bin = at;
    excerpt->kept = 1;
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
    struct gs_bin *bin = save_bin(watch, at);

    if (bin != NULL && kept(gs_excerpt_shift(watch, bin, key), priority)) {
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

/* Keeps the ten heaviest in order, one for each wording. */
static size_t insert(const struct gs_excerpt **best, size_t n, const struct gs_excerpt *excerpt)
{
    for (size_t j = 0; j < n && excerpt->wording != 0; j++) {
        if (best[j]->wording == excerpt->wording) {
            if (by_weight(excerpt, best[j]) >= 0) {
                return n;
            }
            memmove(best + j, best + j + 1, (n - j - 1) * sizeof(struct gs_excerpt *));
            n--;
            break;
        }
    }
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
    const int32_t hour = bin - GS_DELAY_BINS + 1;
    size_t n = 0;

    for (size_t at = gs_bin_position(watch, from > hour ? from : hour); at < watch->now.n_bins;
         at++) {
        const struct gs_bin *of = gs_pool_at(&watch->bins, watch->bin_order[at]);
        if (of->bin > bin) {
            break;
        }
        for (uint32_t i = of->excerpts; i != GS_NONE;) {
            const struct gs_excerpt *excerpt = gs_pool_at(&watch->excerpts, i);
            if (excerpt->key == key) {
                n = insert(ret, n, excerpt);
            }
            i = excerpt->at.next;
        }
    }
    return n;
}
