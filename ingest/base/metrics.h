/* Counters, gauges and histograms that a program counts into and a scrape adds up.
 *
 * One table of rows (struct gs_metric_def) says what exists; /metrics, metrics.md and the HELP
 * lines all come from it. Each thread counts into a shard of its own, so counting is one relaxed
 * atomic addition on a line that nobody else writes; a scrape adds the shards up.
 *
 *     shard lane 0 ──┐
 *     shard lane 1 ──┼── gs_metrics_visit() ──► text exposition
 *     shard http   ──┘
 *
 * Threads: gs_metrics_new/free from one thread. A shard is used by one thread (its owner); visit
 * may run on any thread at any time. */
#ifndef GS_BASE_METRICS_H
#define GS_BASE_METRICS_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

enum gs_metric_type { GS_METRIC_COUNTER, GS_METRIC_GAUGE, GS_METRIC_HISTOGRAM };

/* The way in which shards that hold the same series are joined. Counters and histograms always
 * add. */
enum gs_metric_join { GS_JOIN_SUM, GS_JOIN_MAX };

enum { GS_METRIC_MAX_LABELS = 4, GS_METRIC_MAX_BUCKETS = 16 };

/* One metric. Names as Prometheus wants them: base units, "_total" on counters, "_seconds". */
struct gs_metric_def {
    const char *name; /* "groundswell_messages_total" */
    enum gs_metric_type type;
    enum gs_metric_join join;
    const char *unit; /* "seconds", "bytes", "ratio", or "" */
    const char *help;
    const char *labels[GS_METRIC_MAX_LABELS]; /* label names; NULL behind the last */
    const double *buckets;                    /* upper bounds of a histogram, ascending, no +Inf */
    size_t n_buckets;                         /* <= GS_METRIC_MAX_BUCKETS */
};

struct gs_metrics; /* opaque: the registry */
struct gs_shard;   /* opaque: one thread's counts */
struct gs_series;  /* opaque: one metric with label values, in one shard */

/* defs is borrowed and stays the caller's. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_metrics_new(const struct gs_metric_def *defs, size_t n_defs,
                              struct gs_metrics **ret, struct gs_error *err);
void gs_metrics_free(struct gs_metrics *metrics); /* frees the shards too; NULL is fine */

/* A shard lives as long as the registry (its counts must not vanish when a lane restarts). */
GS_MUST_CHECK
enum gs_status gs_shard_new(struct gs_metrics *metrics, struct gs_shard **ret,
                            struct gs_error *err);

/* The series of metric number def with these label values (as many as def names; copied; cut at
 * 256 bytes, more than any key has), made on the first call with value 0. Never NULL: past 4096
 * series of one metric, or without memory, a shared series with every label value "other" is given.
 * Keep the pointer where it is used often. */
struct gs_series *gs_series(struct gs_shard *shard, size_t def, const struct gs_str *values);

/* Takes a series out of /metrics until it is asked for again (a resolved entity, a revoked
 * partition). The pointer is dead after this. Counters keep their sum: dropping one is only for
 * gauges (asserted). */
void gs_series_drop(struct gs_shard *shard, struct gs_series *series);

void gs_series_add(struct gs_series *series, double amount);    /* counter (amount >= 0), gauge */
void gs_series_set(struct gs_series *series, double value);     /* gauge */
void gs_series_observe(struct gs_series *series, double value); /* histogram */
double gs_series_value(const struct gs_series *series);         /* this shard's counter or gauge */

/* One series as a scrape sees it, shards joined. Borrowed for the visit. */
struct gs_sample {
    const struct gs_metric_def *def;
    const struct gs_str *values;                       /* [number of labels] */
    double value;                                      /* counter, gauge; a histogram's sum */
    uint64_t bucket_counts[GS_METRIC_MAX_BUCKETS + 1]; /* not cumulative; the last is +Inf */
};

/* Calls visit for every series, all of one metric in a row, in table order; within a metric sorted
 * by label values. A metric without series is visited once with values == NULL so that its HELP and
 * TYPE lines can be written. Locks each shard's list for the time of a copy only. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_metrics_visit(struct gs_metrics *metrics,
                                void (*visit)(void *arg, const struct gs_sample *sample), void *arg,
                                struct gs_error *err);

#endif
