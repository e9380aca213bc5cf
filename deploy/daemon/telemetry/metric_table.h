/* Every metric of the program: the ids that code counts with, and the one table that /metrics, HELP
 * lines and deploy/docs/metrics.md come from. */
#ifndef GS_DEPLOY_METRIC_TABLE_H
#define GS_DEPLOY_METRIC_TABLE_H

#include "ingest/base/buf.h"
#include "ingest/base/metrics.h"

/* What was mended in a text: the values of groundswell_text_repairs_total's label. */
enum gs_repair {
    GS_REPAIR_BAD_BYTES,
    GS_REPAIR_MOJIBAKE,
    GS_REPAIR_CUT,
    GS_REPAIR_RULE_LIMIT,
    GS_REPAIR_MASKED,
    GS_N_REPAIRS
};
const char *gs_repair_name(enum gs_repair repair); /* "bad_bytes", … */

enum { GS_N_DECILES = 10 };                /* of a probability */
const char *gs_decile_name(size_t decile); /* "0", … "9": from .0 to .1, … from .9 */

/* The number of a metric for gs_series(); the labels, in the order of the values to give, behind
 * it. */
enum gs_metric_id {
    /* what the stream says */
    GS_M_MESSAGES,                /* counter {topic, sentiment} */
    GS_M_NEGATIVE_RATIO,          /* gauge {topic, window} */
    GS_M_NEGATIVE_EXPECTED_RATIO, /* gauge {topic} */
    GS_M_EXPECTED_DEVIATION,      /* gauge {topic} */
    GS_M_SPIKE_LOG10_EVIDENCE,    /* gauge {topic} */
    GS_M_SPIKE_LOG10_THRESHOLD,   /* gauge {topic} */
    GS_M_KEY_NEGATIVE_RATIO,      /* gauge {key}: firing or among the top keys that are no topic */
    GS_M_KEY_EXPECTED_RATIO,      /* gauge {key} */
    GS_M_KEY_EXPECTED_DEVIATION,  /* gauge {key} */
    GS_M_KEY_LOG10_EVIDENCE,      /* gauge {key} */
    GS_M_KEY_LOG10_THRESHOLD,     /* gauge {key} */
    GS_M_ALERT_ACTIVE,            /* gauge {key, name, severity}: 1 while firing, dropped after */
    GS_M_ALERT_INFO,              /* gauge {key, headline, url}: as long */
    GS_M_ALERTS_FIRING,           /* gauge {severity} */
    GS_M_ALERTS,                  /* counter {state, severity} */
    GS_M_INCIDENT_ACTIVE, /* gauge {incident, route}: 1 info, 2 warning, 3 critical; dropped when ended */
    GS_M_INCIDENT_INFO,          /* gauge {incident, title, key, url}: as long */
    GS_M_INCIDENTS_OPEN,         /* gauge {severity} */
    GS_M_INCIDENT_NOTICES,       /* counter {notice}: opened, worse, reminder, ended, late */
    GS_M_INCIDENT_LIMITS,        /* counter {limit}: incidents, keys, waiting, records, severity */
    GS_M_INCIDENT_SILENCED,      /* gauge {incident}: 1 while people are not to be told; as long */
    GS_M_INCIDENTS_MUTED,        /* gauge {} */
    GS_M_INCIDENTS_ACKNOWLEDGED, /* gauge {} */
    GS_M_NOTICES_SUPPRESSED,     /* counter {reason}: muted, acknowledged, quiet_hours, untold */
    GS_M_INCIDENT_VERDICTS,      /* gauge {rule, severity, verdict}: right, debatable, wrong */
    GS_M_JOURNAL_PROBLEMS, /* counter {problem}: broken_line, chain, anew, refused, read, write */

    GS_M_NOTIFY_SENT,         /* counter {kind, receiver} */
    GS_M_NOTIFY_FAILED,       /* counter {kind, receiver, reason} */
    GS_M_NOTIFY_DROPPED,      /* counter {kind, receiver, reason} */
    GS_M_NOTIFY_WAITING,      /* gauge {kind, receiver} */
    GS_M_NOTIFY_LAST_SUCCESS, /* gauge {kind, receiver} */

    /* what was done to messages */
    GS_M_REJECTED,         /* counter {code} */
    GS_M_TEXT_REPAIRS,     /* counter {kind}: bad_bytes, mojibake, cut, rule_limit, masked */
    GS_M_LANGUAGES,        /* counter {lang} */
    GS_M_ABSTAINED,        /* counter {lang} */
    GS_M_NEGATIVE_DECILES, /* counter {lang, decile} */
    GS_M_ENTITIES,         /* counter {} */
    GS_M_ENTITIES_NAMED,   /* counter {result}: known, unknown */
    GS_M_ENTITIES_UNREAD,  /* counter {} */
    GS_M_DUPLICATES,       /* counter {} */
    GS_M_OBSERVATIONS,     /* counter {result}: counted, repeated, copy, late, too_late, refused */
    GS_M_LATE,             /* counter {}: sent to the late stream */
    GS_M_AHEAD,            /* counter {}: ahead of event time */
    GS_M_TIME_JUMPS,       /* counter {} */
    GS_M_KEYS,             /* gauge {} */
    GS_M_KEYS_DETECTABLE,  /* gauge {detectable}: yes, no, learning */
    GS_M_KEYS_REFUSED,     /* counter {} */
    GS_M_KEYS_EVICTED,     /* counter {} */
    GS_M_FORGOTTEN,        /* counter {} */
    GS_M_ALARM_RUNS,       /* gauge {severity}: info, warning */
    GS_M_KEY_DAYS,         /* gauge {} */
    GS_M_ALARM_BUDGET,     /* gauge {severity} */
    GS_M_WATCH_MEMORY,     /* gauge {} */

    /* who answered */
    GS_M_TIER_MESSAGES,          /* counter {tier} */
    GS_M_DEGRADED,               /* counter {} */
    GS_M_CASCADE_ACCEPTED,       /* counter {} */
    GS_M_ENCODER_PACK_SECONDS,   /* histogram {} */
    GS_M_ENCODER_PACK_MESSAGES,  /* histogram {} */
    GS_M_ENCODER_TOKENS,         /* counter {} */
    GS_M_ENCODER_UNKNOWN_TOKENS, /* counter {} */
    GS_M_ENCODER_TRUNCATED,      /* counter {} */
    GS_M_ANSWER_CACHE,           /* counter {result}: hit, miss */
    GS_M_ANSWER_CACHE_EVICTIONS, /* counter {} */
    GS_M_FALLBACKS,              /* counter {} */
    GS_M_LANES_BEHIND,           /* gauge {} */
    GS_M_MODEL_SWAPS,            /* counter {result}: loaded, refused */

    /* how the pipeline runs */
    GS_M_RECORDS_CONSUMED,   /* counter {stage} */
    GS_M_RECORDS_PRODUCED,   /* counter {stream} */
    GS_M_TRANSACTIONS,       /* counter {stage, result}: committed, aborted */
    GS_M_BATCH_DURATION,     /* histogram {stage} */
    GS_M_LATENCY,            /* histogram {stage}: raw record's timestamp to commit */
    GS_M_CONSUMER_LAG,       /* gauge {stage, lane} */
    GS_M_LAST_PROGRESS,      /* gauge {stage, lane} */
    GS_M_WATERMARK,          /* gauge {lane} */
    GS_M_LANES,              /* gauge {stage}: lanes that have their partitions and run */
    GS_M_STATE_RESTORING,    /* gauge {lane}: 1 while its windows are not there */
    GS_M_PARTITIONS_UNOWNED, /* gauge {stage}: partitions of the input that nobody reads */
    GS_M_LANE_RESTARTS,      /* counter {stage} */
    GS_M_REBALANCES,         /* counter {stage} */
    GS_M_KAFKA_RETRIES,      /* counter {stage} */
    GS_M_DELIVERY_FAILURES,  /* counter {stage} */

    /* the process */
    GS_M_BUILD_INFO, /* gauge {version, model}: always 1 */
    GS_M_MODEL_MEMORY,
    GS_M_PROCESS_RESIDENT_MEMORY,
    GS_M_PROCESS_CPU,
    GS_M_PROCESS_START_TIME,
    GS_M_PROCESS_OPEN_FDS,
    GS_M_PROCESS_MAX_FDS,
    GS_N_METRICS
};

/* [GS_N_METRICS], in the order of the ids. */
extern const struct gs_metric_def gs_metric_table[GS_N_METRICS];

/* A series by plain label values, as many as the metric has labels. Never NULL (see gs_series()). */
struct gs_series *gs_metric_series(struct gs_shard *shard, enum gs_metric_id id,
                                   const char *const *values);

/* Makes every series whose label values are known beforehand, with value 0, so that a rate() over
 * the first increase works: stages, streams, reject codes, languages, severities, and topics ×
 * sentiments. */
struct gs_metric_known {
    const char *const *topics; /* the model's labels */
    size_t n_topics;
    const char *version, *model; /* for build_info */
};
void gs_metrics_init_known(struct gs_shard *shard, const struct gs_metric_known *known);

/* Sets the process metrics from the system (Linux's /proc); what cannot be read stays as it was.
 * Call from the shard's owner, for example before each scrape. */
void gs_metrics_update_process(struct gs_shard *shard);

/* deploy/docs/metrics.md */
void gs_metrics_write_reference(struct gs_buf *out);

#endif
