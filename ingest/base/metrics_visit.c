/* Scraping: adds the shards up and shows one series after the other.
 *
 *     shard 0 ─┐ copied, each under            sorted by metric     neighbours that     visit()
 *     shard 1 ─┼ its own lock       ─► list ─► and label values ─► are equal: joined ─► in order
 *     shard 2 ─┘
 *
 * A lock is held for the copy of one shard only, and only against changes of its table: counting
 * goes on meanwhile, so the numbers of one scrape may be some messages apart. Label bytes are
 * copied into one buffer, which may move while it grows: entries keep offsets until all are in. */
#include "ingest/base/metrics_internal.h"

#include "ingest/base/buf.h"

#include <stdlib.h>

/* One series of one shard, copied. The label bytes stay in a buffer that may move while it grows,
 * so they are offsets until all are in. */
struct entry {
    size_t def;
    size_t offsets[GS_METRIC_MAX_LABELS];
    struct gs_str values[GS_METRIC_MAX_LABELS];
    double value;
    uint64_t counts[GS_METRIC_MAX_BUCKETS + 1];
};

struct snapshot {
    struct entry *entries;
    size_t n, capacity;
    struct gs_buf text;
};

static bool copy_series(struct snapshot *snapshot, const struct gs_series *series)
{
    if (!atomic_load_explicit(&series->shown, memory_order_relaxed)) {
        return true;
    }
    if (snapshot->n == snapshot->capacity) {
        const size_t capacity = snapshot->capacity == 0 ? 256 : snapshot->capacity * 2;
        struct entry *entries = realloc(snapshot->entries, capacity * sizeof *entries);
        if (entries == NULL) {
            return false;
        }
        snapshot->entries = entries;
        snapshot->capacity = capacity;
    }
    struct entry *entry = &snapshot->entries[snapshot->n++];
    *entry = (struct entry){.def = series->def, .value = gs_series_load(series)};
    for (size_t i = 0; i < gs_metric_n_labels(series->row); i++) {
        entry->offsets[i] = snapshot->text.len;
        entry->values[i].len = series->values[i].len;
        gs_buf_put(&snapshot->text, series->values[i]);
    }
    if (series->row->type == GS_METRIC_HISTOGRAM) {
        for (size_t i = 0; i <= series->row->n_buckets; i++) {
            entry->counts[i] = atomic_load_explicit(&series->counts[i], memory_order_relaxed);
        }
    }
    return gs_buf_ok(&snapshot->text);
}

static bool copy_shard(struct snapshot *snapshot, struct gs_shard *shard, size_t n_defs)
{
    bool ok = true;

    (void)pthread_mutex_lock(&shard->lock);
    for (size_t i = 0; ok && i < shard->n_slots; i++) {
        const struct gs_series *series = shard->slots[i];
        for (; ok && series != NULL; series = series->next) {
            ok = copy_series(snapshot, series);
        }
    }
    for (size_t i = 0; ok && i < n_defs; i++) {
        ok = copy_series(snapshot, shard->overflow[i]);
    }
    (void)pthread_mutex_unlock(&shard->lock);
    return ok;
}

static int compare(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;

    if (a->def != b->def) {
        return a->def < b->def ? -1 : 1;
    }
    for (size_t i = 0; i < GS_METRIC_MAX_LABELS; i++) {
        const size_t len =
            a->values[i].len < b->values[i].len ? a->values[i].len : b->values[i].len;
        const int order = len == 0 ? 0 : memcmp(a->values[i].bytes, b->values[i].bytes, len);
        if (order != 0) {
            return order;
        }
        if (a->values[i].len != b->values[i].len) {
            return a->values[i].len < b->values[i].len ? -1 : 1;
        }
    }
    return 0;
}

static void join(struct entry *into, const struct entry *from, const struct gs_metric_def *row)
{
    if (row->type == GS_METRIC_GAUGE && row->join == GS_JOIN_MAX) {
        into->value = from->value > into->value ? from->value : into->value;
    } else {
        into->value += from->value;
    }
    for (size_t i = 0; i <= row->n_buckets; i++) {
        into->counts[i] += from->counts[i];
    }
}

static void show(const struct snapshot *snapshot, const struct gs_metrics *metrics,
                 void (*visit)(void *arg, const struct gs_sample *sample), void *arg)
{
    size_t next = 0;

    for (size_t def = 0; def < metrics->n_defs; def++) {
        struct gs_sample sample = {.def = &metrics->defs[def]};

        if (next == snapshot->n || snapshot->entries[next].def != def) {
            visit(arg, &sample);
        }
        while (next < snapshot->n && snapshot->entries[next].def == def) {
            struct entry joined = snapshot->entries[next++];
            while (next < snapshot->n && compare(&joined, &snapshot->entries[next]) == 0) {
                join(&joined, &snapshot->entries[next++], sample.def);
            }
            sample.values = joined.values;
            sample.value = joined.value;
            memcpy(sample.bucket_counts, joined.counts, sizeof sample.bucket_counts);
            visit(arg, &sample);
        }
    }
}

enum gs_status gs_metrics_visit(struct gs_metrics *metrics,
                                void (*visit)(void *arg, const struct gs_sample *sample), void *arg,
                                struct gs_error *err)
{
    struct snapshot snapshot = {.text = {.max = SIZE_MAX / 4}};
    enum gs_status status = GS_OK;

    /* Shards are only ever put in front, and live as long as the registry. */
    (void)pthread_mutex_lock(&metrics->lock);
    struct gs_shard *shard = metrics->shards;
    (void)pthread_mutex_unlock(&metrics->lock);
    for (; shard != NULL; shard = shard->next) {
        if (!copy_shard(&snapshot, shard, metrics->n_defs)) {
            status = gs_fail(err, GS_NO_MEMORY, "copying the metrics");
            goto done;
        }
    }
    for (size_t i = 0; i < snapshot.n; i++) {
        for (size_t j = 0; j < GS_METRIC_MAX_LABELS; j++) {
            if (snapshot.entries[i].values[j].len > 0) {
                snapshot.entries[i].values[j].bytes =
                    snapshot.text.bytes + snapshot.entries[i].offsets[j];
            }
        }
    }
    if (snapshot.n > 0) {
        qsort(snapshot.entries, snapshot.n, sizeof *snapshot.entries, compare);
    }
    show(&snapshot, metrics, visit, arg);

done:
    gs_buf_done(&snapshot.text);
    free(snapshot.entries);
    return status;
}
