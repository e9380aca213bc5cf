/* The structs that metrics.c (counting) and metrics_visit.c (scraping) share. */
#ifndef GS_BASE_METRICS_INTERNAL_H
#define GS_BASE_METRICS_INTERNAL_H

#include "ingest/base/metrics.h"

#include <pthread.h>
#include <stdatomic.h>

/* One metric with label values in one shard. Written by the shard's owner alone, so that a load and
 * a store make an addition; atomic because a scrape reads meanwhile. */
struct gs_series {
    size_t def; /* number of the metric */
    const struct gs_metric_def *row;
    struct gs_series *next; /* of the same hash slot; guarded by the shard's lock for readers */
    uint64_t hash;
    _Atomic uint64_t bits; /* the double: counter, gauge, sum of a histogram */
    _Atomic bool shown;    /* false: an overflow series that was never given out */
    bool overflow;
    struct gs_str values[GS_METRIC_MAX_LABELS]; /* in text, behind counts */
    _Atomic uint64_t counts[];                  /* histogram: n_buckets + 1; then the label bytes */
};

struct gs_shard {
    struct gs_shard *next;
    const struct gs_metrics *metrics;
    /* Guards slots, n_slots and every next against scrapes; the owner reads without it. */
    pthread_mutex_t lock;
    struct gs_series **slots; /* [n_slots], a power of two */
    size_t n_slots, n_series;
    size_t *n_of_def;            /* [n_defs] series of each metric, overflow not counted */
    struct gs_series **overflow; /* [n_defs], made with the shard so that there always is one */
};

struct gs_metrics {
    const struct gs_metric_def *defs;
    size_t n_defs;
    pthread_mutex_t lock; /* shards */
    struct gs_shard *shards;
};

size_t gs_metric_n_labels(const struct gs_metric_def *def);
double gs_series_load(const struct gs_series *series);

#endif
