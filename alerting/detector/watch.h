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

#include "ingest/base/error.h"
#include "ingest/base/observation.h"
#include "ingest/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct gs_watch_options {
    int64_t bin_ms; /* 300,000, from 60,000 to 3,600,000. The window is 12 bins, the delay 36. */
    int64_t lateness_ms;      /* 600,000: older data goes to the open bin and is counted late */
    int64_t drop_after_ms;    /* 86,400,000: older data is refused (the late topic) */
    double dup_weight;        /* rho_dup in [0, 0.99]: the k-th copy weighs dup_weight^(k-1); 0 */
    double tolerance_logit;   /* 0.4 */
    double info_false_alarms; /* the budget of info: at most so many a key-day; 0.1 */
    double warning_false_alarms; /* 0.01; not above that of info */
    double info_evidence;        /* c of info where it is to be constant; 0: from the budget */
    double warning_evidence;     /* the same for warning; not below that of info */
    double fdr_q;                /* critical: e-BH level over the live keys, 0.1 */
    double min_excess_share;     /* 0.10 over the window */
    double min_excess_count;     /* 3 */
    double max_expected_share;   /* 0.75: where more is negative as it is, the share says nothing */
    uint32_t min_publishers;     /* 2 */
    uint32_t min_stories;        /* 3 */
    int64_t clear_after_ms;      /* 1,800,000 */
    int64_t cooldown_ms;         /* 7,200,000 */
    int64_t new_normal_after_ms; /* 172,800,000 */
    /* Risk events: a key "risk:<label>@<company>" fires when so many publishers have said it within
     * the window, each with a story that it was the first to tell. 0 (none fires) to
     * GS_MAX_EVENT_PUBLISHERS; 3 */
    uint32_t event_publishers;
    int64_t event_window_ms;   /* 10,800,000; at most GS_MAX_EVENT_BINS bins */
    int64_t event_cooldown_ms; /* 86,400,000 without such a story, until it is news again */
    /* Severity by consequence: one step up or down from what the evidence says. Labels of keys; the
     * lists are borrowed for as long as the watch lives. */
    const char *const *grave_risks, *const *mild_topics; /* up, down; none */
    size_t n_grave_risks, n_mild_topics;
    uint32_t tier_raises;  /* companies of this tier or a lower number go up; 0: none; 1 */
    uint32_t tier_lowers;  /* those of this tier or a higher number go down; 0: none; 3 */
    uint32_t reach_raises; /* so many messages of an hour, copies included: up; 0: none; 1,000 */
    size_t max_keys;       /* past it new keys are refused and counted; 1,000,000 */
    double reserved_share; /* part of max_keys that only topics, risks and companies may use: 0.5 */
    size_t max_new_keys;   /* a bin, of other kinds; 10,000 */
    double prior_negative_share; /* global prior before anything is learnt: 0.25 */
    size_t max_ids;      /* ids, and as many stories, remembered at most; past it the memory gets
                            shorter; 1,000,000 */
    size_t max_excerpts; /* messages kept as evidence, all keys together; 32,768 */
    bool
        routine; /* the alerts that are on are given at the close of every bin too: gs_alert; false */
};
void gs_watch_options_default(struct gs_watch_options *ret);

enum { GS_MAX_KEY_LEN = 512, GS_MAX_EVENT_PUBLISHERS = 8, GS_MAX_EVENT_BINS = 240 };

/* The results of gs_watch_add(). */
enum gs_observation_result {
    GS_OBSERVATION_COUNTED,
    GS_OBSERVATION_REPEATED, /* this id was counted for this key already */
    GS_OBSERVATION_COPY,     /* counted for reach; its weight is the copy's (0 by default) */
    GS_OBSERVATION_LATE,     /* counted in the open bin */
    GS_OBSERVATION_TOO_LATE, /* older than drop_after: not counted; the caller sends it to the late
                             stream */
    GS_OBSERVATION_REFUSED,  /* p out of range, key empty or over GS_MAX_KEY_LEN, time outside the
                             years 0 to 6000, max_keys reached, or no memory */
    GS_N_OBSERVATION_RESULTS
};

/* "counted", "repeated", "copy", "late", "too_late", "refused" */
const char *gs_observation_result_name(enum gs_observation_result result);

enum gs_severity { GS_SEVERITY_INFO, GS_SEVERITY_WARNING, GS_SEVERITY_CRITICAL, GS_N_SEVERITIES };
const char *gs_severity_name(enum gs_severity severity); /* "info", "warning", "critical" */
enum gs_alert_state { GS_ALERT_FIRING, GS_ALERT_UPDATED, GS_ALERT_RESOLVED, GS_N_ALERT_STATES };
const char *gs_alert_state_name(enum gs_alert_state state); /* "firing", "updated", "resolved" */
enum { GS_MAX_EVIDENCE = 10 };

/* One of the messages that an alert is about. The same sentence with other numbers is one story and
 * stands here once. */
struct gs_evidence_item {
    struct gs_str id, source, excerpt; /* cut at 96, 48 and 200 bytes, at a character */
    struct gs_str url;                 /* empty: none, or longer than 256 bytes */
    int64_t ts_ms;
    double weight; /* its share of the excess, in (0, 1] */
};

/* The stories behind an alert as a sample that can be held against another key's: of the negative
 * messages of its last hour the stories whose hash is under `limit`, ascending, each once; all of
 * them when limit is UINT64_MAX. A story has one hash in every key, so that the parts of two
 * samples under the lower limit say how far the keys are about the same stories. */
enum { GS_STORY_SAMPLE = 256 };
struct gs_story_sample {
    uint64_t limit;
    uint32_t n;
    uint64_t hashes[GS_STORY_SAMPLE];
};

/* One change of state of an alert; with gs_watch_options.routine also what it looks like at the
 * close of a bin in which it did not change. */
struct gs_alert {
    char id[17];                 /* 16 hex digits: XXH3-64 of rule, key and starts_at */
    const char *rule;            /* "negative_share" or "risk_event" */
    bool event;                  /* risk_event: nothing is expected, there is no evidence and no
                                  false_alarm (0); window_s is the event window */
    struct gs_str key, name;     /* name: what people call the key; empty: as the key says */
    enum gs_severity severity;   /* by evidence and consequence; only rises, as updated */
    const char *severity_reason; /* a sentence; NULL: not known */
    enum gs_alert_state state;
    bool routine; /* nothing has changed but the numbers; state is updated */
    int64_t starts_at_ms, fired_at_ms, ends_at_ms; /* event time; ends_at -1 until resolved */
    int64_t updated_at_ms;                         /* of this change; at first fired_at */
    int64_t window_s;
    double observed, expected; /* negative share over the window, and what the baseline says */
    double n;                  /* weighted messages in the window */
    uint32_t stories, publishers,
        reach; /* reach: messages of the last hour, copies included, and at least n (estimates where
                                            sketched) */
    double log10_evidence;
    double log10_threshold; /* what its severity needed when it got it */
    double detectable_rise; /* what this key could show at the volume of its last three hours: as in
                                struct gs_key_view; infinite: nothing, or a risk event */
    double false_alarm_days; /* mean days between false alarms per key that the threshold means, at
                                least: 1 / false_alarms_promised */
    /* False alarms a key-day (a day on which a key has messages): what the budget promises, and how
     * many runs of evidence got over this threshold among keys alike, real surges included, over
     * so many key-days. */
    double false_alarms_promised, false_alarms_measured, measured_key_days;
    const struct gs_evidence_item *evidence; /* heaviest first */
    size_t n_evidence;
    const struct gs_story_sample *sample; /* NULL: not known (resolved) */
    /* "negative share 0.62 against 0.21 expected …", a sentence; or "new_normal". */
    const char *reason;
    const char *summary; /* who, what is off, and the heaviest headline, in one line for people */
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

/* Counts one observation. Needs an open transaction (asserted). */
enum gs_observation_result gs_watch_add(struct gs_watch *watch,
                                        const struct gs_observation *observation);

/* Event time has reached watermark_ms (never goes back; an earlier one is ignored):
 *
 *     gs_watch_advance(watch, watermark_ms);
 *     while (gs_watch_next(watch, &alert)) { ... }
 *
 * The calls of next close the bins, update baselines and evidence, and give every change of an
 * alert, in order of event time, then key; what an alert points at lives until the next call. They
 * have to be made until there is none before anything else is done with the watch but undo
 * (asserted). Need an open transaction (asserted). */
void gs_watch_advance(struct gs_watch *watch, int64_t watermark_ms);
bool gs_watch_next(struct gs_watch *watch, struct gs_alert *ret);

/* The last closed state of one key, for gauges and tables. */
struct gs_key_view {
    struct gs_str key, name;           /* name: what people call the key; may be empty */
    double n_hour, observed, expected; /* over the last hour */
    double expected_sd; /* of the share of an ordinary hour of so many messages: chance, messages
                           that are not independent, and a baseline that is not known better */
    double log10_evidence, log10_threshold; /* threshold: for info */
    bool firing;
    bool detectable; /* a rise of 1.2 log odds would be found within 3 h at the present volume */
    double detectable_rise; /* the smallest that would, in log odds; infinite: none, or learning */
    uint64_t n_total;
    bool learning; /* not judged yet: neither this key nor its kind has a baseline */
};
/* Calls visit for every key; in no order. */
void gs_watch_each(const struct gs_watch *watch,
                   void (*visit)(void *arg, const struct gs_key_view *view), void *arg);

/* Only for those with messages in the last hour. */
void gs_watch_each_heard(const struct gs_watch *watch,
                         void (*visit)(void *arg, const struct gs_key_view *view), void *arg);

/* All that is known of one key, for people who look at it. */
struct gs_key_look {
    struct gs_key_view
        view; /* of a risk event, of which no share is judged: key, name, n_total, firing */
    bool event;
    int64_t seen_ms; /* the start of the latest bin with messages; INT64_MIN: none */
    double baseline,
        deviation; /* log odds of the negative share without the hour's part, and how well
                                   it is known; 0 while learning without any */
};
/* One bin of a key: those of the last three hours that had messages, and those that are open. */
struct gs_bin_look {
    int64_t from_ms;
    double n, negative; /* weighted messages, and how many of them are negative */
    double reach;       /* with copies; 0: not known, since it is over an hour old */
    bool open;
};
/* text: the key. False: there is no such key. */
bool gs_watch_look(const struct gs_watch *watch, struct gs_str text, struct gs_key_look *ret);
/* In order of time. */
void gs_watch_look_bins(const struct gs_watch *watch, struct gs_str text,
                        void (*visit)(void *arg, const struct gs_bin_look *bin), void *arg);

/* The nearest miss: of the bins after which no alert was on, the one that left the most
 * evidence. */
struct gs_near_miss {
    struct gs_str key, name;
    int64_t at_ms; /* the end of its bin */
    double log10_evidence, log10_threshold;
    double observed, expected, n; /* over the window before it */
    uint32_t publishers, stories;
};
/* False: none had any. What it points at lives as long as nothing is added. */
bool gs_watch_nearest(const struct gs_watch *watch, struct gs_near_miss *ret);

struct gs_watch_counts {
    size_t keys, firing;
    size_t key_bytes; /* memory of key state, hash table included, without the duplicate sets */
    size_t total_bytes;
    uint64_t refused_keys, evicted_keys;
    uint64_t forgotten; /* ids, stories and votes dropped early, or not remembered, because of
                           max_ids and max_excerpts */
};
void gs_watch_counts(const struct gs_watch *watch, struct gs_watch_counts *ret);

/* What alerts cost by the history, over all keys; forgotten with a half-life of 180 days. */
struct gs_watch_cost {
    double budget;   /* alarms a key-day that the options allow; of a constant threshold what theory
                        says of it */
    double alarms;   /* runs of evidence that reached the threshold which keys alike have today,
                        surges among them */
    double key_days; /* over which; of all severities the same */
};
/* severity: info or warning. */
void gs_watch_cost(const struct gs_watch *watch, enum gs_severity severity,
                   struct gs_watch_cost *ret);

#endif
