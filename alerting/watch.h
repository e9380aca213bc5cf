/* Watching keys: observations in, alerts out (deploy/docs/detector.md says what is computed and
 * why).
 *
 * One gs_watch holds the windows of one input partition's keys, so that a revoked partition drops
 * exactly its own state.
 *
 * Transactions: between gs_watch_begin() and commit or undo every change is logged; undo puts every
 * key back as it was, bit for bit. Should memory run out for the log itself, an undo cannot restore
 * and empties the watch instead, as after a start. (Writing state to a changelog hooks in at
 * commit.)
 *
 * Time is event time. The watermark is the caller's; bins that end at or before it close in order
 * of time, and the statistic of a bin does not depend on the order in which its observations came.
 * (With dup_weight above 0 it does for copies of one story: the k-th copy to arrive gets the k-th
 * weight.)
 *
 * Threads: owned by one thread. */
#ifndef GS_ALERTING_WATCH_H
#define GS_ALERTING_WATCH_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct gs_watch_options {
    int64_t bin_ms; /* 300,000, from 60,000 to 3,600,000. The window is 12 bins, the delay 36. */
    int64_t lateness_ms;     /* 600,000: older data goes to the open bin and is counted late */
    int64_t drop_after_ms;   /* 86,400,000: older data is refused (the late topic) */
    double dup_weight;       /* rho_dup in [0, 0.99]: the k-th copy weighs dup_weight^(k-1); 0 */
    double tolerance_logit;  /* 0.4 */
    double info_evidence;    /* c of tier info: 10 */
    double warning_evidence; /* 120 */
    double fdr_q;            /* critical: e-BH level over the live keys, 0.1 */
    double min_excess_share; /* 0.10 over the last hour */
    double min_excess_count; /* 5 */
    uint32_t min_publishers; /* 2 */
    uint32_t min_stories;    /* 3 duplicate groups */
    int64_t clear_after_ms;  /* 1,800,000 */
    int64_t cooldown_ms;     /* 7,200,000 */
    int64_t new_normal_after_ms; /* 172,800,000 */
    size_t max_keys;             /* past it new keys are refused and counted; 1,000,000 */
    double prior_negative_share; /* global prior before anything is learnt: 0.25 */
    size_t max_ids;      /* ids, and as many stories, remembered at most; past it the memory gets
                            shorter; 1,000,000 */
    size_t max_excerpts; /* messages kept as evidence, all keys together; 32,768 */
};
void gs_watch_options_default(struct gs_watch_options *ret);

enum { GS_MAX_KEY_LEN = 512 };

/* One message counted for one key: the alerting side of an observation (plain values). */
struct gs_sighting {
    struct gs_str key;
    struct gs_str id; /* empty: never taken for a repetition */
    int64_t ts_ms;
    struct gs_str source;
    double p_negative;  /* in [0, 1]; anything else is refused */
    uint64_t dup_group; /* 0: stands alone */
    struct gs_str excerpt;
};

enum gs_sighting_result {
    GS_SIGHTING_COUNTED,
    GS_SIGHTING_REPEATED, /* this id was counted for this key already */
    GS_SIGHTING_COPY,     /* counted for reach; its weight is the copy's (0 by default) */
    GS_SIGHTING_LATE,     /* counted in the open bin */
    GS_SIGHTING_TOO_LATE, /* older than drop_after: not counted; the caller sends it to the late
                             stream */
    GS_SIGHTING_REFUSED, /* p out of range, key empty or over GS_MAX_KEY_LEN, time outside the years
                            0 to 6000, max_keys reached, or no memory */
};

enum gs_severity { GS_SEVERITY_INFO, GS_SEVERITY_WARNING, GS_SEVERITY_CRITICAL };
enum gs_alert_state { GS_ALERT_FIRING, GS_ALERT_UPDATED, GS_ALERT_RESOLVED };
enum { GS_MAX_EVIDENCE = 10 };

struct gs_evidence_item {
    struct gs_str id, source, excerpt; /* cut at 96, 48 and 200 bytes, at a character */
    int64_t ts_ms;
    double weight; /* its share of the excess, in (0, 1] */
};

/* One change of state of an alert. Borrowed for the call of emit. */
struct gs_alert {
    char id[17];      /* 16 hex digits: XXH3-64 of rule, key and starts_at */
    const char *rule; /* "negative_share" */
    struct gs_str key;
    enum gs_severity severity; /* fixed at firing; a rise emits updated with the new severity */
    enum gs_alert_state state;
    int64_t starts_at_ms, fired_at_ms, ends_at_ms; /* event time; ends_at -1 until resolved */
    int64_t window_s;
    double observed, expected; /* negative share over the window, and what the baseline says */
    double n;                  /* weighted messages in the window */
    uint32_t stories, publishers, reach; /* duplicate groups, publishers, messages copies included
                                            (estimates where sketched) */
    double log10_evidence;
    double false_alarm_days; /* mean days between false alarms per key that the threshold means, at
                                least */
    const struct gs_evidence_item *evidence; /* heaviest first */
    size_t n_evidence;
    const char
        *reason; /* "negative share 0.62 against 0.21 expected …", a sentence; or "new_normal" */
};

/* JSON of one alert as in deploy/docs/records.md, no newline. */
struct gs_buf;
void gs_alert_encode(const struct gs_alert *alert, struct gs_buf *out);

struct gs_watch; /* opaque */

/* GS_BAD_CONFIG names the option that is out of range; GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_watch_new(const struct gs_watch_options *options, struct gs_watch **ret,
                            struct gs_error *err);
void gs_watch_free(struct gs_watch *watch); /* NULL is fine */

void gs_watch_begin(struct gs_watch *watch);
void gs_watch_commit(struct gs_watch *watch);
void gs_watch_undo(struct gs_watch *watch);

/* Counts one sighting. Needs an open transaction (asserted). */
enum gs_sighting_result gs_watch_add(struct gs_watch *watch, const struct gs_sighting *sighting);

typedef void gs_alert_fn(void *arg, const struct gs_alert *alert);

/* Event time has reached watermark_ms (never goes back; an earlier one is ignored): closes bins,
 * updates baseline and evidence, calls emit for every change of an alert, in order of event time,
 * then key. Needs an open transaction (asserted). */
void gs_watch_advance(struct gs_watch *watch, int64_t watermark_ms, gs_alert_fn *emit, void *arg);

/* The last closed state of one key, for gauges and tables. */
struct gs_key_view {
    struct gs_str key;
    double n_hour, observed, expected; /* over the last hour */
    double log10_evidence;
    bool firing;
    bool detectable; /* false: not enough messages an hour to detect anything within 3 h */
    uint64_t n_total;
    bool learning; /* not judged yet: neither this key nor its kind has a baseline */
};
/* Calls see for every key; in no order. */
void gs_watch_each(const struct gs_watch *watch,
                   void (*see)(void *arg, const struct gs_key_view *view), void *arg);

struct gs_watch_counts {
    size_t keys, firing;
    size_t key_bytes; /* memory of key state, hash table included, without the duplicate sets */
    size_t total_bytes;
    uint64_t refused_keys;
    uint64_t forgotten; /* ids and stories dropped early, or not remembered, because of max_ids */
};
void gs_watch_counts(const struct gs_watch *watch, struct gs_watch_counts *ret);

#endif
