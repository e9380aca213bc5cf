/* The prediction cache: entries in a ring, their texts in a ring of bytes, chains of entries by hash.
 *
 *     entries   [ oldest … newest ]      first, n
 *     texts     [ …bytes of the same… ]  end, n_bytes; a text is in one piece: what does not fit
 *                                        before the end begins at 0, and the gap is its padding
 *
 * So dropping the oldest entry frees the oldest bytes, and nothing is allocated after the start. */
#include "deploy/daemon/inference/batcher_cache.h"

#include "ingest/base/hash.h"

#include <stdlib.h>

enum { NONE = -1, LARGEST_SHARE = 16 };

/* Entries are used in a ring, and so are the bytes of their texts: the oldest entry's text is the
 * oldest in the ring of bytes. */
struct entry {
    uint64_t hash;
    size_t lang, at, len; /* of the text */
    size_t taken;         /* bytes of the ring that go free with it: padding at the end included */
    int64_t next;         /* in its chain; NONE: the last */
};

struct gs_prediction_cache {
    size_t max_entries, max_bytes, n_logits, mask;
    size_t first, n;       /* the oldest entry, and how many */
    size_t end, n_bytes;   /* where the next text goes; bytes in use */
    struct entry *entries; /* [max_entries] */
    int64_t *chains;       /* [mask + 1] */
    float *logits;         /* [max_entries][n_logits] */
    char *texts;           /* [max_bytes] */
};

enum gs_status gs_prediction_cache_new(size_t max_entries, size_t max_bytes, size_t n_logits,
                                       struct gs_prediction_cache **ret, struct gs_error *err)
{
    size_t n_chains = 16;
    while (n_chains < max_entries) {
        n_chains *= 2;
    }
    struct gs_prediction_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "prediction cache");
    }
    *cache =
        (struct gs_prediction_cache){.max_entries = max_entries,
                                     .max_bytes = max_bytes,
                                     .n_logits = n_logits,
                                     .mask = n_chains - 1,
                                     .entries = calloc(max_entries, sizeof(struct entry)),
                                     .chains = malloc(n_chains * sizeof(int64_t)),
                                     .logits = malloc((max_entries * n_logits + 1) * sizeof(float)),
                                     .texts = malloc(max_bytes + 1)};
    if (cache->entries == NULL || cache->chains == NULL || cache->logits == NULL ||
        cache->texts == NULL) {
        gs_prediction_cache_free(cache);
        return gs_fail(err, GS_NO_MEMORY, "cache of %zu predictions, %zu bytes", max_entries,
                       max_bytes);
    }
    for (size_t i = 0; i < n_chains; i++) {
        cache->chains[i] = NONE;
    }
    *ret = cache;
    return GS_OK;
}

void gs_prediction_cache_free(struct gs_prediction_cache *cache)
{
    if (cache != NULL) {
        free(cache->entries);
        free(cache->chains);
        free(cache->logits);
        free(cache->texts);
        free(cache);
    }
}

uint64_t gs_prediction_hash(struct gs_str text, size_t lang)
{
    return gs_hash_seeded(text, gs_hash_seed() + lang);
}

const float *gs_prediction_cache_find(const struct gs_prediction_cache *cache, uint64_t hash,
                                      struct gs_str text, size_t lang)
{
    for (int64_t i = cache->chains[hash & cache->mask]; i != NONE; i = cache->entries[i].next) {
        const struct entry *entry = &cache->entries[i];
        if (entry->hash == hash && entry->lang == lang &&
            gs_str_equal((struct gs_str){cache->texts + entry->at, entry->len}, text)) {
            return cache->logits + (size_t)i * cache->n_logits;
        }
    }
    return NULL;
}

static void drop_oldest(struct gs_prediction_cache *cache)
{
    const int64_t oldest = (int64_t)cache->first;
    struct entry *entry = &cache->entries[oldest];
    int64_t *link = &cache->chains[entry->hash & cache->mask];

    while (*link != oldest) {
        link = &cache->entries[*link].next;
    }
    *link = entry->next;
    cache->n_bytes -= entry->taken;
    cache->first = (cache->first + 1) % cache->max_entries;
    cache->n--;
}

size_t gs_prediction_cache_put(struct gs_prediction_cache *cache, uint64_t hash, struct gs_str text,
                               size_t lang, const float *logits)
{
    size_t dropped = 0;

    if (cache->max_entries == 0 || text.len > cache->max_bytes / LARGEST_SHARE) {
        return 0;
    }
    const bool wraps = text.len > cache->max_bytes - cache->end;
    const size_t padding = wraps ? cache->max_bytes - cache->end : 0;
    const size_t taken = padding + text.len;
    while (cache->n == cache->max_entries || taken > cache->max_bytes - cache->n_bytes) {
        drop_oldest(cache);
        dropped++;
    }
    const size_t at = wraps ? 0 : cache->end;
    const size_t i = (cache->first + cache->n) % cache->max_entries;
    int64_t *chain = &cache->chains[hash & cache->mask];

    cache->entries[i] = (struct entry){
        .hash = hash, .lang = lang, .at = at, .len = text.len, .taken = taken, .next = *chain};
    *chain = (int64_t)i;
    if (text.len > 0) {
        memcpy(cache->texts + at, text.bytes, text.len);
    }
    memcpy(cache->logits + i * cache->n_logits, logits, cache->n_logits * sizeof *logits);
    cache->end = at + text.len;
    cache->n_bytes += taken;
    cache->n++;
    return dropped;
}
