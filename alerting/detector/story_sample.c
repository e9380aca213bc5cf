/* Which stories an alert is about, as a sample that two keys can be compared by.
 *
 * Source: Broder 1997, doi:10.1109/SEQUEN.1997.666900: the smallest hashes of two sets, taken under
 * one limit, are a sample of their union, so that the shared part of the sample estimates the
 * shared part of the sets.
 *
 * An excerpt's priority is the hash of its story (of its message, where that stands alone). A bin
 * that had to let excerpts go kept those under 2^(64 - shift): the sample's limit is at most that.
 * Like the excerpts themselves it does not depend on the order of arrival. */
#include "alerting/detector/events.h"
#include "alerting/detector/watch_internal.h"

static uint64_t limit_of(uint32_t shift)
{
    return shift == 0 ? UINT64_MAX : shift >= 64 ? 1 : UINT64_C(1) << (64 - shift);
}

/* Keeps the smallest in order, each once. */
static void insert(struct gs_story_sample *sample, uint64_t hash)
{
    size_t i = sample->n;

    while (i > 0 && sample->hashes[i - 1] > hash) {
        i--;
    }
    if (i > 0 && sample->hashes[i - 1] == hash) {
        return;
    }
    if (sample->n == GS_STORY_SAMPLE) {
        sample->limit = sample->hashes[GS_STORY_SAMPLE - 1]; /* this one is not in it any more */
        if (i == GS_STORY_SAMPLE) {
            sample->limit = hash < sample->limit ? hash : sample->limit;
            return;
        }
        sample->n--;
    }
    memmove(sample->hashes + i + 1, sample->hashes + i, (sample->n - i) * sizeof hash);
    sample->hashes[i] = hash;
    sample->n++;
}

void gs_excerpts_sample(const struct gs_watch *watch, uint32_t key, int32_t from, int32_t bin,
                        struct gs_story_sample *ret)
{
    const int32_t hour = bin - (gs_is_event(watch, key) ? GS_DELAY_BINS : GS_HOUR_BINS) + 1;

    *ret = (struct gs_story_sample){.limit = UINT64_MAX};
    for (size_t at = gs_bin_position(watch, from > hour ? from : hour); at < watch->now.n_bins;
         at++) {
        const struct gs_bin *of = gs_pool_at(&watch->bins, watch->bin_order[at]);
        if (of->bin > bin) {
            break;
        }
        const uint64_t limit = limit_of(gs_excerpt_shift(watch, of, key));
        ret->limit = limit < ret->limit ? limit : ret->limit;
        for (uint32_t i = of->excerpts; i != GS_NONE;) {
            const struct gs_excerpt *excerpt = gs_pool_at(&watch->excerpts, i);
            if (excerpt->key == key && excerpt->priority < ret->limit) {
                insert(ret, excerpt->priority);
            }
            i = excerpt->at.next;
        }
    }
    while (ret->n > 0 && ret->hashes[ret->n - 1] >= ret->limit) {
        ret->n--; /* of a bin before the one that lowered the limit */
    }
}
