/* Every metric is one row: name, type, labels, help. The exposition, the reference page and the
 * tests walk these rows. */
#include "deploy/daemon/telemetry/metric_table.h"

#include "deploy/daemon/telemetry/metric_labels.h"

#include <string.h>

/* From a broker's milliseconds to a replayed hour. */
static const double latency_s[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                   2.5,   5,    10,    30,   60,  300,  900, 3600};
static const double batch_s[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                 0.25,  0.5,    1,     2.5,  5,     10};

static const double pack_s[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                0.1,    0.25,  0.5,    1,     2.5,  5,     10};
static const double pack_messages[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

#define COUNTER(id, metric, text, ...)                                                             \
    [id] = {.name = "groundswell_" metric,                                                         \
            .type = GS_METRIC_COUNTER,                                                             \
            .unit = "",                                                                            \
            .help = (text),                                                                        \
            .labels = {__VA_ARGS__}}
#define GAUGE(id, metric, how, base_unit, text, ...)                                               \
    [id] = {.name = "groundswell_" metric,                                                         \
            .type = GS_METRIC_GAUGE,                                                               \
            .join = (how),                                                                         \
            .unit = (base_unit),                                                                   \
            .help = (text),                                                                        \
            .labels = {__VA_ARGS__}}
#define HISTOGRAM(id, metric, bounds, text, ...)                                                   \
    [id] = {.name = "groundswell_" metric,                                                         \
            .type = GS_METRIC_HISTOGRAM,                                                           \
            .unit = "seconds",                                                                     \
            .help = (text),                                                                        \
            .labels = {__VA_ARGS__},                                                               \
            .buckets = (bounds),                                                                   \
            .n_buckets = GS_COUNT(bounds)}
#define PROCESS(id, metric, kind, base_unit, text)                                                 \
    [id] = {.name = "process_" metric,                                                             \
            .type = (kind),                                                                        \
            .join = GS_JOIN_MAX,                                                                   \
            .unit = (base_unit),                                                                   \
            .help = (text)}

const struct gs_metric_def gs_metric_table[GS_N_METRICS] = {
    COUNTER(
        GS_M_MESSAGES, "messages_total",
        "Messages tagged, by topic and most probable sentiment. A message with two topics counts "
        "for both; one without any counts for topic \"none\".",
        "topic", "sentiment"),
    GAUGE(GS_M_NEGATIVE_RATIO, "negative_ratio", GS_JOIN_MAX, "ratio",
          "Share of negative opinion over the window of event time, by calibrated probability.",
          "topic", "window"),
    GAUGE(GS_M_NEGATIVE_EXPECTED_RATIO, "negative_expected_ratio", GS_JOIN_MAX, "ratio",
          "Share of negative opinion that the topic's baseline expects over the last hour.",
          "topic"),
    GAUGE(
        GS_M_EXPECTED_DEVIATION, "negative_expected_deviation_ratio", GS_JOIN_MAX, "ratio",
        "Standard deviation of the share of an ordinary hour of as many messages as the last: two "
        "of them either way of groundswell_negative_expected_ratio are the band of what is usual.",
        "topic"),
    GAUGE(GS_M_SPIKE_LOG10_EVIDENCE, "spike_log10_evidence", GS_JOIN_MAX, "",
          "Evidence that negative opinion on the topic has risen: log10 of the Shiryaev-Roberts "
          "statistic, which 0 says nothing about.",
          "topic"),
    GAUGE(GS_M_SPIKE_LOG10_THRESHOLD, "spike_log10_threshold", GS_JOIN_MAX, "",
          "What groundswell_spike_log10_evidence has to reach for an alert of info now.", "topic"),
    GAUGE(GS_M_KEY_NEGATIVE_RATIO, "key_negative_ratio", GS_JOIN_MAX, "ratio",
          "As groundswell_negative_ratio over the last hour, for keys that are no topic: those "
          "firing and those with the most evidence, watch.max_gauge_keys at most.",
          "key"),
    GAUGE(GS_M_KEY_EXPECTED_RATIO, "key_negative_expected_ratio", GS_JOIN_MAX, "ratio",
          "As groundswell_negative_expected_ratio, for the keys of groundswell_key_negative_ratio.",
          "key"),
    GAUGE(GS_M_KEY_EXPECTED_DEVIATION, "key_negative_expected_deviation_ratio", GS_JOIN_MAX,
          "ratio",
          "As groundswell_negative_expected_deviation_ratio, for the keys of "
          "groundswell_key_negative_ratio.",
          "key"),
    GAUGE(GS_M_KEY_LOG10_EVIDENCE, "key_spike_log10_evidence", GS_JOIN_MAX, "",
          "As groundswell_spike_log10_evidence, for the keys of groundswell_key_negative_ratio.",
          "key"),
    GAUGE(GS_M_KEY_LOG10_THRESHOLD, "key_spike_log10_threshold", GS_JOIN_MAX, "",
          "As groundswell_spike_log10_threshold, for the keys of groundswell_key_negative_ratio.",
          "key"),
    GAUGE(GS_M_ALERT_ACTIVE, "alert_active", GS_JOIN_MAX, "",
          "1 while an alert on the key fires; the series is gone when it is resolved. name is what "
          "people call the key, empty when nothing is known.",
          "key", "name", "severity"),
    GAUGE(GS_M_ALERT_INFO, "alert_info", GS_JOIN_MAX, "",
          "1 while an alert on the key fires: the headline of its heaviest story and where that "
          "is to be read, for annotations.",
          "key", "headline", "url"),
    GAUGE(GS_M_ALERTS_FIRING, "alerts_firing", GS_JOIN_SUM, "", "Alerts that fire now.",
          "severity"),
    COUNTER(GS_M_ALERTS, "alerts_total", "Changes of state of alerts.", "state", "severity"),
    GAUGE(GS_M_INCIDENT_ACTIVE, "incident_active", GS_JOIN_MAX, "",
          "Severity of an incident that has not ended: 1 info, 2 warning, 3 critical. It never "
          "falls; the series is gone when the incident has ended. route: of its first company that "
          "has one in the watchlist, else empty.",
          "incident", "route"),
    GAUGE(GS_M_INCIDENT_INFO, "incident_info", GS_JOIN_MAX, "",
          "1 while an incident has not ended: its title, its foremost key and where its heaviest "
          "story is to be read, for annotations.",
          "incident", "title", "key", "url"),
    GAUGE(GS_M_INCIDENTS_OPEN, "incidents_open", GS_JOIN_SUM, "", "Incidents that have not ended.",
          "severity"),
    COUNTER(
        GS_M_INCIDENT_NOTICES, "incident_notices_total",
        "Times that people were told of an incident, by why; late: in a summary of what was held "
        "back.",
        "notice"),
    COUNTER(GS_M_INCIDENT_LIMITS, "incident_limits_total",
            "Times that a bound was met: alerts without an incident (incidents), keys not listed "
            "in theirs (keys), alerts that could not wait for a slow lane (waiting), records that "
            "were not written (records), alerts below incidents.least_severity (severity).",
            "limit"),
    GAUGE(GS_M_INCIDENT_SILENCED, "incident_silenced", GS_JOIN_MAX, "",
          "1 while people are not to be told of an incident that has not ended, since it is muted, "
          "or since it is new in quiet hours; else 0. A rule on groundswell_incident_active leaves "
          "those out.",
          "incident"),
    GAUGE(GS_M_INCIDENTS_MUTED, "incidents_muted", GS_JOIN_SUM, "",
          "Incidents that have not ended and are muted.", NULL),
    GAUGE(GS_M_INCIDENTS_ACKNOWLEDGED, "incidents_acknowledged", GS_JOIN_SUM, "",
          "Incidents that have not ended and that somebody has acknowledged.", NULL),
    COUNTER(GS_M_NOTICES_SUPPRESSED, "incident_notices_suppressed_total",
            "Notices that people were not told: of muted incidents (muted), reminders of what "
            "somebody has (acknowledged), held until the end of quiet hours (quiet_hours), the end "
            "of what nobody was told of (untold).",
            "reason"),
    GAUGE(GS_M_INCIDENT_VERDICTS, "incident_verdicts", GS_JOIN_MAX, "",
          "Incidents of the journal by what people found of them (groundswell ack --verdict), by "
          "the rule of their foremost key and their severity. Right ones as a part of all are the "
          "precision.",
          "rule", "severity", "verdict"),
    COUNTER(GS_M_JOURNAL_PROBLEMS, "journal_problems_total",
            "What was wrong with the journal of answers: lines that cannot be read (broken_line), "
            "lines that do not follow the one before them (chain), times that it was another file "
            "or cut (anew), lines without room (refused), failures to read and to write.",
            "problem"),

    COUNTER(GS_M_NOTIFY_SENT, "notify_sent_total",
            "Alerts and notices that a receiver has accepted; an Alertmanager gets each alert that "
            "goes on again and again.",
            "kind", "receiver"),
    COUNTER(GS_M_NOTIFY_FAILED, "notify_failed_total",
            "Requests to a receiver that failed, by why; most are tried again.", "kind", "receiver",
            "reason"),
    COUNTER(
        GS_M_NOTIFY_DROPPED, "notify_dropped_total",
        "Alerts and notices that a receiver was not told of: it refuses them (refused), there "
        "were too many (full), a newer notice of the incident took the place (replaced), they were "
        "too old (late), or waited at the end (stopped).",
        "kind", "receiver", "reason"),
    GAUGE(GS_M_NOTIFY_WAITING, "notify_waiting", GS_JOIN_MAX, "",
          "Alerts and notices that are due and that a receiver has not accepted yet.", "kind",
          "receiver"),
    GAUGE(GS_M_NOTIFY_LAST_SUCCESS, "notify_last_success_timestamp_seconds", GS_JOIN_MAX, "seconds",
          "When a receiver last accepted a request; 0: never.", "kind", "receiver"),

    COUNTER(GS_M_REJECTED, "rejected_total",
            "Records that could not be read and went to the dead-letter queue.", "code"),
    COUNTER(GS_M_TEXT_REPAIRS, "text_repairs_total",
            "Repairs and cuts made while cleaning text: bytes that were no UTF-8, runs of doubly "
            "encoded text, texts cut at text.max_bytes, rules that met their limit and masked the "
            "rest of the text, matches masked.",
            "kind"),
    COUNTER(GS_M_LANGUAGES, "languages_total", "Messages tagged, by language.", "lang"),
    COUNTER(GS_M_ABSTAINED, "abstained_total",
            "Messages whose sentiment was too close to call, by language.", "lang"),
    COUNTER(
        GS_M_NEGATIVE_DECILES, "negative_probability_deciles_total",
        "Messages by language and by the tenth that their probability of negative sentiment is "
        "in: 0 is below .1, 9 from .9. Another mix than usual is drift, which needs no label to "
        "be seen (operations.md).",
        "lang", "decile"),
    COUNTER(GS_M_ENTITIES_NAMED, "entities_named_total",
            "Names in the fields of input.pointers.entities, by whether the watchlist knows them.",
            "result"),
    COUNTER(GS_M_ENTITIES_UNREAD, "entities_unread_total",
            "Companies beyond the first four of a message, which keep the message's sentiment "
            "although the encoder could say that toward each.",
            NULL),
    COUNTER(GS_M_ENTITIES, "entities_total", "Mentions of watchlist entities found.", NULL),
    COUNTER(GS_M_DUPLICATES, "duplicates_total",
            "Messages whose text repeats an earlier one word for word.", NULL),
    COUNTER(GS_M_OBSERVATIONS, "observations_total", "Observations taken in by the watch stage.",
            "result"),
    COUNTER(GS_M_LATE, "late_total",
            "Observations too old for their window, sent to the late stream.", NULL),
    COUNTER(GS_M_AHEAD, "observations_ahead_total",
            "Observations further ahead of event time than one may move it; counted in their own "
            "bins.",
            NULL),
    COUNTER(GS_M_TIME_JUMPS, "event_time_jumps_total",
            "Times that event time jumped because enough sources agreed.", NULL),
    GAUGE(GS_M_KEYS, "keys", GS_JOIN_SUM, "", "Keys with a window.", NULL),
    GAUGE(GS_M_KEYS_DETECTABLE, "keys_detectable", GS_JOIN_SUM, "",
          "Keys whose share is tested, by what the volume of their last three hours allows: a rise "
          "of "
          "1.2 log odds would be found within three hours (yes), would not (no), or the key is not "
          "judged yet (learning).",
          "detectable"),
    COUNTER(GS_M_KEYS_REFUSED, "keys_refused_total",
            "Observations refused because their key was new and there was no room for it: "
            "watch.max_keys, watch.reserved_share or watch.max_new_keys.",
            NULL),
    GAUGE(
        GS_M_ALARM_RUNS, "alarm_runs", GS_JOIN_SUM, "",
        "Times that the evidence of a key reached what today's threshold of the severity is, real "
        "surges among them, forgotten with a half-life of 180 days. Divided by "
        "groundswell_watched_key_seconds: the measured rate that the budget is held against.",
        "severity"),
    GAUGE(
        GS_M_KEY_DAYS, "watched_key_seconds", GS_JOIN_SUM, "seconds",
        "Days on which a key had messages and was judged, over all keys, in seconds; forgotten as "
        "quickly.",
        NULL),
    GAUGE(GS_M_ALARM_BUDGET, "alarm_budget_per_key_day", GS_JOIN_MAX, "",
          "Alarms a key-day that watch.info_false_alarms and watch.warning_false_alarms allow; "
          "with a "
          "constant threshold what theory says of it.",
          "severity"),
    COUNTER(GS_M_KEYS_EVICTED, "keys_evicted_total",
            "Idle keys that had to make room for new ones.", NULL),
    COUNTER(GS_M_FORGOTTEN, "watch_forgotten_total",
            "Ids, stories and votes on risk events that were dropped early, or not remembered, for "
            "want of room: watch.max_ids, watch.max_excerpts.",
            NULL),
    GAUGE(GS_M_WATCH_MEMORY, "watch_memory_bytes", GS_JOIN_SUM, "bytes",
          "Memory of all windows and their duplicate sets.", NULL),

    COUNTER(GS_M_TIER_MESSAGES, "tier_messages_total",
            "Messages tagged, by the tier that answered.", "tier"),
    COUNTER(GS_M_DEGRADED, "degraded_total",
            "Messages that the fast tier answered because the lane was past "
            "model.encoder.deadline.",
            NULL),
    COUNTER(GS_M_CASCADE_ACCEPTED, "cascade_accepted_total",
            "Messages whose fast answer passed every gate, so that the encoder was not asked.",
            NULL),
    HISTOGRAM(GS_M_ENCODER_PACK_SECONDS, "encoder_pack_seconds", pack_s,
              "Time of the encoder for one micro-batch; its count is the micro-batches.", NULL),
    [GS_M_ENCODER_PACK_MESSAGES] =
        {.name = "groundswell_encoder_pack_messages",
         .type = GS_METRIC_HISTOGRAM,
         .unit = "",
         .help = "Readings in a micro-batch: a text is one, and one more for each company "
                 "marked in it; their sum is what the encoder has read.",
         .labels = {NULL},
         .buckets = pack_messages,
         .n_buckets = GS_COUNT(pack_messages)},
    COUNTER(GS_M_ENCODER_TOKENS, "encoder_tokens_total", "Tokens that the encoder has read.", NULL),
    COUNTER(
        GS_M_ENCODER_UNKNOWN_TOKENS, "encoder_unknown_tokens_total",
        "Tokens among those of groundswell_encoder_tokens_total that are in no vocabulary: what "
        "the encoder cannot read.",
        NULL),
    COUNTER(GS_M_ENCODER_TRUNCATED, "encoder_truncated_total",
            "Readings that were cut for the encoder: longer than model.encoder.max_message_tokens "
            "or than the model reads.",
            NULL),
    COUNTER(GS_M_ANSWER_CACHE, "answer_cache_total",
            "Readings looked up among those of lately; a hit is not done again.", "result"),
    COUNTER(GS_M_ANSWER_CACHE_EVICTIONS, "answer_cache_evictions_total",
            "Texts that had to make room in the cache.", NULL),
    COUNTER(GS_M_FALLBACKS, "fallbacks_total",
            "Times that a lane fell behind model.encoder.deadline and gave up the encoder.", NULL),
    GAUGE(GS_M_LANES_BEHIND, "lanes_behind", GS_JOIN_SUM, "",
          "Lanes behind model.encoder.deadline now, whose messages the fast tier answers.", NULL),
    COUNTER(GS_M_MODEL_SWAPS, "model_swaps_total",
            "Reloads of the model's folder while running: loaded and handed to the lanes, or "
            "refused and the old one kept.",
            "result"),

    COUNTER(GS_M_RECORDS_CONSUMED, "records_consumed_total",
            "Records read, those of aborted transactions included.", "stage"),
    COUNTER(GS_M_RECORDS_PRODUCED, "records_produced_total", "Records written and committed.",
            "stream"),
    COUNTER(GS_M_TRANSACTIONS, "transactions_total", "Batches ended, by how.", "stage", "result"),
    HISTOGRAM(GS_M_BATCH_DURATION, "batch_duration_seconds", batch_s,
              "Time from a batch's begin to the end of its commit.", "stage"),
    HISTOGRAM(
        GS_M_LATENCY, "end_to_end_latency_seconds", latency_s,
        "Time from the raw record's Kafka timestamp to the commit of what the stage made of it.",
        "stage"),
    GAUGE(GS_M_CONSUMER_LAG, "consumer_lag_records", GS_JOIN_MAX, "records",
          "Records known to wait behind the lane's position.", "stage", "lane"),
    GAUGE(GS_M_LAST_PROGRESS, "last_progress_timestamp_seconds", GS_JOIN_MAX, "seconds",
          "Wall clock of the lane's last commit, or of the last time it found nothing to read.",
          "stage", "lane"),
    GAUGE(GS_M_WATERMARK, "watermark_timestamp_seconds", GS_JOIN_MAX, "seconds",
          "Event time up to which the lane's windows are closed.", "lane"),
    GAUGE(GS_M_LANES, "lanes", GS_JOIN_SUM, "", "Lanes that run.", "stage"),
    GAUGE(GS_M_STATE_RESTORING, "state_restoring", GS_JOIN_MAX, "",
          "1 while a watch lane does not have the windows of its partitions: from its start, and "
          "from "
          "the moment partitions are taken away, until what is kept of them has been read. What is "
          "not shown then is not over.",
          "lane"),
    GAUGE(GS_M_PARTITIONS_UNOWNED, "partitions_unowned", GS_JOIN_MAX, "",
          "Partitions of the stage's input that no member of its group reads, as the lanes of this "
          "process see it; the group is made to form anew.",
          "stage"),
    COUNTER(GS_M_LANE_RESTARTS, "lane_restarts_total",
            "Lanes whose Kafka clients were closed and made new.", "stage"),
    COUNTER(GS_M_REBALANCES, "rebalances_total", "Changes of partition assignment.", "stage"),
    COUNTER(GS_M_KAFKA_RETRIES, "kafka_retries_total",
            "Kafka calls made again after a retriable error.", "stage"),
    COUNTER(GS_M_DELIVERY_FAILURES, "delivery_failures_total",
            "Records that Kafka reported as not delivered; their batch was aborted.", "stage"),

    GAUGE(GS_M_BUILD_INFO, "build_info", GS_JOIN_MAX, "", "Always 1; the labels say what runs.",
          "version", "model"),
    GAUGE(GS_M_MODEL_MEMORY, "model_memory_bytes", GS_JOIN_MAX, "bytes",
          "Memory of the loaded model.", NULL),
    PROCESS(GS_M_PROCESS_RESIDENT_MEMORY, "resident_memory_bytes", GS_METRIC_GAUGE, "bytes",
            "Resident memory."),
    PROCESS(GS_M_PROCESS_CPU, "cpu_seconds_total", GS_METRIC_COUNTER, "seconds",
            "User and system CPU time spent."),
    PROCESS(GS_M_PROCESS_START_TIME, "start_time_seconds", GS_METRIC_GAUGE, "seconds",
            "Start of the process since the epoch."),
    PROCESS(GS_M_PROCESS_OPEN_FDS, "open_fds", GS_METRIC_GAUGE, "", "Open file descriptors."),
    PROCESS(GS_M_PROCESS_MAX_FDS, "max_fds", GS_METRIC_GAUGE, "",
            "Most file descriptors that may be open."),
};

static const char *type_name(enum gs_metric_type type)
{
    static const char *const names[] = {"counter", "gauge", "histogram"};
    return names[type];
}

void gs_metrics_write_reference(struct gs_buf *out)
{
    gs_buf_puts(out,
                "<!-- Generated from deploy/daemon/telemetry/metric_table.c by groundswell_docs; "
                "do not edit. -->\n"
                "# Metrics\n\n"
                "Served at `/metrics` (see [operations.md](operations.md)). Counters start at 0 "
                "with every label value that is known beforehand.\n\n"
                "| name | type | labels | unit | meaning |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < GS_N_METRICS; i++) {
        const struct gs_metric_def *def = &gs_metric_table[i];
        gs_buf_printf(out, "| `%s` | %s | ", def->name, type_name(def->type));
        for (size_t j = 0; j < GS_METRIC_MAX_LABELS && def->labels[j] != NULL; j++) {
            gs_buf_printf(out, "%s`%s`", j == 0 ? "" : ", ", def->labels[j]);
        }
        gs_buf_printf(out, " | %s | %s |\n", def->unit, def->help);
    }
    gs_metric_labels_write(out);
}
