/* Counting: shards, series, and additions. Scraping is in metrics_visit.c.
 *
 * A shard keeps its series in a chained hash table that only its owner changes. The owner therefore
 * looks up without the lock and takes it only to change the table; a scrape takes it to read. */
#include "ingest/base/metrics_internal.h"

#include "ingest/base/utf8.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum { MAX_SERIES = 4096, MAX_VALUE = 256, FIRST_SLOTS = 64, CACHE_LINE = 64 };

size_t gs_metric_n_labels(const struct gs_metric_def *def)
{
    size_t n = 0;

    while (n < GS_METRIC_MAX_LABELS && def->labels[n] != NULL) {
        n++;
    }
    return n;
}

static uint64_t bits_of(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

double gs_series_load(const struct gs_series *series)
{
    const uint64_t bits = atomic_load_explicit(&series->bits, memory_order_relaxed);
    double value = 0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void store(struct gs_series *series, double value)
{
    atomic_store_explicit(&series->bits, bits_of(value), memory_order_relaxed);
}

/* At most MAX_VALUE bytes, cut before a character that does not fit. */
static struct gs_str cut(struct gs_str value)
{
    size_t len = 0;

    if (value.bytes == NULL || value.len <= MAX_VALUE) {
        return value.bytes == NULL ? (struct gs_str){"", 0} : value;
    }
    while (len < MAX_VALUE) {
        const size_t step = gs_utf8_valid_len(value.bytes + len, value.len - len);
        const size_t n = step == 0 ? 1 : step;
        if (len + n > MAX_VALUE) {
            break;
        }
        len += n;
    }
    return (struct gs_str){value.bytes, len};
}

/* FNV-1a over the metric's number and the values, each ended by a byte that UTF-8 does not have. */
static uint64_t hash_of(size_t def, const struct gs_str *values, size_t n)
{
    uint64_t hash = 14695981039346656037U ^ def;

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < values[i].len; j++) {
            hash = (hash ^ (unsigned char)values[i].bytes[j]) * 1099511628211U;
        }
        hash = (hash ^ 0xFFU) * 1099511628211U;
    }
    return hash ^ (hash >> 29);
}

/* One block for the series, its buckets and its label bytes, on cache lines of its own: counts of
 * two threads never share one. */
static struct gs_series *series_new(const struct gs_metric_def *row, size_t def,
                                    const struct gs_str *values, uint64_t hash)
{
    const size_t n_counts = row->type == GS_METRIC_HISTOGRAM ? row->n_buckets + 1 : 0;
    const size_t n_labels = gs_metric_n_labels(row);
    size_t size = sizeof(struct gs_series) + n_counts * sizeof(uint64_t);

    for (size_t i = 0; i < n_labels; i++) {
        size += values[i].len;
    }
    size = (size + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
    struct gs_series *series = aligned_alloc(CACHE_LINE, size);
    if (series == NULL) {
        return NULL;
    }
    memset(series, 0, size);
    series->def = def;
    series->row = row;
    series->hash = hash;
    atomic_init(&series->bits, 0);
    atomic_init(&series->shown, true);
    for (size_t i = 0; i < n_counts; i++) {
        atomic_init(&series->counts[i], 0);
    }
    char *text = (char *)series + sizeof *series + n_counts * sizeof(uint64_t);
    for (size_t i = 0; i < n_labels; i++) {
        if (values[i].len > 0) {
            memcpy(text, values[i].bytes, values[i].len);
        }
        series->values[i] = (struct gs_str){text, values[i].len};
        text += values[i].len;
    }
    return series;
}

enum gs_status gs_metrics_new(const struct gs_metric_def *defs, size_t n_defs,
                              struct gs_metrics **ret, struct gs_error *err)
{
    struct gs_metrics *metrics = calloc(1, sizeof *metrics);

    if (metrics == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "metrics");
    }
    if (pthread_mutex_init(&metrics->lock, NULL) != 0) {
        free(metrics);
        return gs_fail(err, GS_NO_MEMORY, "metrics: lock");
    }
    for (size_t i = 0; i < n_defs; i++) {
        assert(defs[i].n_buckets <= GS_METRIC_MAX_BUCKETS);
    }
    metrics->defs = defs;
    metrics->n_defs = n_defs;
    *ret = metrics;
    return GS_OK;
}

static void shard_free(struct gs_shard *shard)
{
    for (size_t i = 0; shard->slots != NULL && i < shard->n_slots; i++) {
        for (struct gs_series *series = shard->slots[i]; series != NULL;) {
            struct gs_series *next = series->next;
            free(series);
            series = next;
        }
    }
    for (size_t i = 0; shard->overflow != NULL && i < shard->metrics->n_defs; i++) {
        free(shard->overflow[i]);
    }
    free(shard->overflow);
    free(shard->n_of_def);
    free(shard->slots);
    free(shard);
}

void gs_metrics_free(struct gs_metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    for (struct gs_shard *shard = metrics->shards; shard != NULL;) {
        struct gs_shard *next = shard->next;
        (void)pthread_mutex_destroy(&shard->lock);
        shard_free(shard);
        shard = next;
    }
    (void)pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

static bool make_overflow(struct gs_shard *shard)
{
    const struct gs_metrics *metrics = shard->metrics;
    const struct gs_str other[GS_METRIC_MAX_LABELS] = {
        {"other", 5}, {"other", 5}, {"other", 5}, {"other", 5}};

    for (size_t i = 0; i < metrics->n_defs; i++) {
        const uint64_t hash = hash_of(i, other, gs_metric_n_labels(&metrics->defs[i]));
        struct gs_series *series = series_new(&metrics->defs[i], i, other, hash);
        if (series == NULL) {
            return false;
        }
        series->overflow = true;
        atomic_init(&series->shown, false);
        shard->overflow[i] = series;
    }
    return true;
}

/* An array of n pointers, all NULL. */
static struct gs_series **pointers(size_t n)
{
    return calloc(n, sizeof(void *));
}

enum gs_status gs_shard_new(struct gs_metrics *metrics, struct gs_shard **ret, struct gs_error *err)
{
    const size_t n_defs = metrics->n_defs;
    struct gs_shard *shard = calloc(1, sizeof *shard);

    if (shard == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "metrics shard");
    }
    shard->metrics = metrics;
    shard->n_slots = FIRST_SLOTS;
    shard->slots = pointers(FIRST_SLOTS);
    shard->n_of_def = calloc(n_defs + 1, sizeof *shard->n_of_def);
    shard->overflow = pointers(n_defs + 1);
    if (shard->slots == NULL || shard->n_of_def == NULL || shard->overflow == NULL ||
        !make_overflow(shard) || pthread_mutex_init(&shard->lock, NULL) != 0) {
        shard_free(shard);
        return gs_fail(err, GS_NO_MEMORY, "metrics shard");
    }
    (void)pthread_mutex_lock(&metrics->lock);
    shard->next = metrics->shards;
    metrics->shards = shard;
    (void)pthread_mutex_unlock(&metrics->lock);
    *ret = shard;
    return GS_OK;
}

/* Doubles the table; when there is no memory the chains just get longer. */
static void grow(struct gs_shard *shard)
{
    const size_t n_slots = shard->n_slots * 2;
    struct gs_series **slots = pointers(n_slots);

    if (slots == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&shard->lock);
    for (size_t i = 0; i < shard->n_slots; i++) {
        for (struct gs_series *series = shard->slots[i]; series != NULL;) {
            struct gs_series *next = series->next;
            struct gs_series **slot = &slots[series->hash & (n_slots - 1)];
            series->next = *slot;
            *slot = series;
            series = next;
        }
    }
    free(shard->slots);
    shard->slots = slots;
    shard->n_slots = n_slots;
    (void)pthread_mutex_unlock(&shard->lock);
}

static bool same_values(const struct gs_series *series, const struct gs_str *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!gs_str_equal(series->values[i], values[i])) {
            return false;
        }
    }
    return true;
}

struct gs_series *gs_series(struct gs_shard *shard, size_t def, const struct gs_str *values)
{
    assert(def < shard->metrics->n_defs);
    const struct gs_metric_def *row = &shard->metrics->defs[def];
    const size_t n_labels = gs_metric_n_labels(row);
    struct gs_str kept[GS_METRIC_MAX_LABELS] = {{NULL, 0}};

    for (size_t i = 0; i < n_labels; i++) {
        kept[i] = cut(values[i]);
    }
    const uint64_t hash = hash_of(def, kept, n_labels);
    struct gs_series *series = shard->slots[hash & (shard->n_slots - 1)];
    while (series != NULL &&
           (series->hash != hash || series->def != def || !same_values(series, kept, n_labels))) {
        series = series->next;
    }
    if (series != NULL) {
        return series;
    }
    if (shard->n_of_def[def] < MAX_SERIES) {
        series = series_new(row, def, kept, hash);
    }
    if (series == NULL) {
        atomic_store_explicit(&shard->overflow[def]->shown, true, memory_order_relaxed);
        return shard->overflow[def];
    }
    if (shard->n_series >= shard->n_slots) {
        grow(shard);
    }
    struct gs_series **slot = &shard->slots[hash & (shard->n_slots - 1)];
    (void)pthread_mutex_lock(&shard->lock);
    series->next = *slot;
    *slot = series;
    (void)pthread_mutex_unlock(&shard->lock);
    shard->n_series++;
    shard->n_of_def[def]++;
    return series;
}

void gs_series_drop(struct gs_shard *shard, struct gs_series *series)
{
    assert(series->row->type == GS_METRIC_GAUGE);
    if (series->overflow) { /* others may hold it too */
        return;
    }
    struct gs_series **link = &shard->slots[series->hash & (shard->n_slots - 1)];
    while (*link != series) {
        assert(*link != NULL); /* not a series of this shard */
        link = &(*link)->next;
    }
    (void)pthread_mutex_lock(&shard->lock);
    *link = series->next;
    (void)pthread_mutex_unlock(&shard->lock);
    shard->n_series--;
    shard->n_of_def[series->def]--;
    free(series);
}

void gs_series_add(struct gs_series *series, double amount)
{
    assert(series->row->type != GS_METRIC_HISTOGRAM);
    assert(series->row->type == GS_METRIC_GAUGE || amount >= 0);
    store(series, gs_series_load(series) + amount);
}

void gs_series_set(struct gs_series *series, double value)
{
    assert(series->row->type == GS_METRIC_GAUGE);
    store(series, value);
}

void gs_series_observe(struct gs_series *series, double value)
{
    const struct gs_metric_def *row = series->row;
    size_t bucket = 0;

    assert(row->type == GS_METRIC_HISTOGRAM && !isnan(value));
    while (bucket < row->n_buckets && value > row->buckets[bucket]) {
        bucket++;
    }
    const uint64_t count = atomic_load_explicit(&series->counts[bucket], memory_order_relaxed);
    atomic_store_explicit(&series->counts[bucket], count + 1, memory_order_relaxed);
    store(series, gs_series_load(series) + value);
}

double gs_series_value(const struct gs_series *series)
{
    return gs_series_load(series);
}
