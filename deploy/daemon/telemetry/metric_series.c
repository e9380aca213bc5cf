/* Series by plain strings, those known beforehand, and those about the process. */
#include "alerting/incidents/incidents.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/records/record.h"
#include "ingest/records/source.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

const char *gs_repair_name(enum gs_repair repair)
{
    static const char *const names[GS_N_REPAIRS] = {[GS_REPAIR_BAD_BYTES] = "bad_bytes",
                                                    [GS_REPAIR_MOJIBAKE] = "mojibake",
                                                    [GS_REPAIR_CUT] = "cut",
                                                    [GS_REPAIR_RULE_LIMIT] = "rule_limit",
                                                    [GS_REPAIR_MASKED] = "masked"};

    return names[repair];
}

const char *gs_decile_name(size_t decile)
{
    static const char *const names[GS_N_DECILES] = {"0", "1", "2", "3", "4",
                                                    "5", "6", "7", "8", "9"};

    return names[decile];
}

struct gs_series *gs_metric_series(struct gs_shard *shard, enum gs_metric_id id,
                                   const char *const *values)
{
    struct gs_str texts[GS_METRIC_MAX_LABELS] = {{NULL, 0}};

    for (size_t i = 0; i < GS_METRIC_MAX_LABELS && gs_metric_table[id].labels[i] != NULL; i++) {
        assert(values[i] != NULL);
        texts[i] = gs_str(values[i]);
    }
    return gs_series(shard, (size_t)id, texts);
}

static void make(struct gs_shard *shard, enum gs_metric_id id, const char *first,
                 const char *second)
{
    (void)gs_metric_series(shard, id, (const char *const[]){first, second, NULL, NULL});
}

static void make_messages(struct gs_shard *shard, const char *topic)
{
    for (int i = 0; i < GS_N_SENTIMENTS; i++) {
        make(shard, GS_M_MESSAGES, topic, gs_sentiment_name((enum gs_sentiment)i));
    }
}

static void make_stage(struct gs_shard *shard, const char *stage)
{
    static const enum gs_metric_id ids[] = {
        GS_M_RECORDS_CONSUMED, GS_M_BATCH_DURATION, GS_M_LATENCY,          GS_M_LANE_RESTARTS,
        GS_M_REBALANCES,       GS_M_KAFKA_RETRIES,  GS_M_DELIVERY_FAILURES};

    for (size_t i = 0; i < GS_COUNT(ids); i++) {
        make(shard, ids[i], stage, NULL);
    }
    make(shard, GS_M_TRANSACTIONS, stage, "committed");
    make(shard, GS_M_TRANSACTIONS, stage, "aborted");
}

static void make_incidents(struct gs_shard *shard)
{
    static const char *const limits[] = {"incidents", "keys", "waiting", "records", "severity"};

    for (int i = GS_NOTICE_OPENED; i < GS_N_INCIDENT_NOTICES; i++) {
        make(shard, GS_M_INCIDENT_NOTICES, gs_incident_notice_name((enum gs_incident_notice)i),
             NULL);
    }
    for (size_t i = 0; i < GS_COUNT(limits); i++) {
        make(shard, GS_M_INCIDENT_LIMITS, limits[i], NULL);
    }
}

static void make_journal(struct gs_shard *shard)
{
    static const char *const problems[] = {"broken_line", "chain", "anew",
                                           "refused",     "read",  "write"};

    for (int i = GS_SILENCE_NONE + 1; i < GS_N_INCIDENT_SILENCES; i++) {
        make(shard, GS_M_NOTICES_SUPPRESSED, gs_incident_silence_name((enum gs_incident_silence)i),
             NULL);
    }
    for (size_t i = 0; i < GS_COUNT(problems); i++) {
        make(shard, GS_M_JOURNAL_PROBLEMS, problems[i], NULL);
    }
}

static void make_alerts(struct gs_shard *shard)
{
    for (int i = 0; i < GS_N_SEVERITIES; i++) {
        const char *severity = gs_severity_name((enum gs_severity)i);
        make(shard, GS_M_ALERTS_FIRING, severity, NULL);
        make(shard, GS_M_INCIDENTS_OPEN, severity, NULL);
        for (int j = 0; j < GS_N_ALERT_STATES; j++) {
            make(shard, GS_M_ALERTS, gs_alert_state_name((enum gs_alert_state)j), severity);
        }
    }
}

static void make_languages(struct gs_shard *shard)
{
    for (int i = 0; i < GS_N_LANGS; i++) {
        const char *const lang = gs_lang_name((enum gs_lang)i);
        make(shard, GS_M_LANGUAGES, lang, NULL);
        make(shard, GS_M_ABSTAINED, lang, NULL);
        for (size_t d = 0; d < GS_N_DECILES; d++) {
            make(shard, GS_M_NEGATIVE_DECILES, lang, gs_decile_name(d));
        }
    }
}

static void make_answers(struct gs_shard *shard)
{
    for (int i = 0; i < GS_N_PREDICTION_TIERS; i++) {
        make(shard, GS_M_TIER_MESSAGES, gs_prediction_tier_name((enum gs_prediction_tier)i), NULL);
    }
    make(shard, GS_M_ANSWER_CACHE, "hit", NULL);
    make(shard, GS_M_ANSWER_CACHE, "miss", NULL);
    make(shard, GS_M_MODEL_SWAPS, "loaded", NULL);
    make(shard, GS_M_MODEL_SWAPS, "refused", NULL);
}

static void make_records(struct gs_shard *shard)
{
    for (int i = GS_REJECT_NONE + 1; i < GS_N_REJECTS; i++) {
        make(shard, GS_M_REJECTED, gs_reject_name((enum gs_reject)i), NULL);
    }
    for (int i = 0; i < GS_N_REPAIRS; i++) {
        make(shard, GS_M_TEXT_REPAIRS, gs_repair_name((enum gs_repair)i), NULL);
    }
    make(shard, GS_M_ENTITIES_NAMED, "known", NULL);
    make(shard, GS_M_ENTITIES_NAMED, "unknown", NULL);
    for (int i = 0; i < GS_N_STREAMS; i++) {
        make(shard, GS_M_RECORDS_PRODUCED, gs_stream_name((enum gs_stream)i), NULL);
    }
}

static void make_observations(struct gs_shard *shard)
{
    for (int i = 0; i < GS_N_OBSERVATION_RESULTS; i++) {
        make(shard, GS_M_OBSERVATIONS, gs_observation_result_name((enum gs_observation_result)i),
             NULL);
    }
}

/* Counted from the start although they have no label. */
static void make_plain(struct gs_shard *shard)
{
    static const enum gs_metric_id plain[] = {GS_M_ENTITIES,
                                              GS_M_DUPLICATES,
                                              GS_M_LATE,
                                              GS_M_KEYS,
                                              GS_M_KEYS_REFUSED,
                                              GS_M_KEYS_EVICTED,
                                              GS_M_FORGOTTEN,
                                              GS_M_DEGRADED,
                                              GS_M_ENTITIES_UNREAD,
                                              GS_M_CASCADE_ACCEPTED,
                                              GS_M_ENCODER_PACK_SECONDS,
                                              GS_M_ENCODER_PACK_MESSAGES,
                                              GS_M_ENCODER_TOKENS,
                                              GS_M_ENCODER_UNKNOWN_TOKENS,
                                              GS_M_ENCODER_TRUNCATED,
                                              GS_M_ANSWER_CACHE_EVICTIONS,
                                              GS_M_FALLBACKS,
                                              GS_M_LANES_BEHIND};

    for (size_t i = 0; i < GS_COUNT(plain); i++) {
        make(shard, plain[i], NULL, NULL);
    }
}

void gs_metrics_init_known(struct gs_shard *shard, const struct gs_metric_known *known)
{
    const char *const build[] = {known->version, known->model, NULL, NULL};

    for (size_t i = 0; i < known->n_topics; i++) {
        make_messages(shard, known->topics[i]);
    }
    make_messages(shard, "none");
    make_records(shard);
    make_languages(shard);
    make_answers(shard);
    make_observations(shard);
    make_alerts(shard);
    make_incidents(shard);
    make_journal(shard);
    make_stage(shard, "tag");
    make_stage(shard, "watch");
    make_plain(shard);
    gs_series_set(gs_metric_series(shard, GS_M_BUILD_INFO, build), 1);
}

/* ---- the process ---- */

static struct gs_series *plain_series(struct gs_shard *shard, enum gs_metric_id id)
{
    return gs_series(shard, (size_t)id, NULL);
}

static void update_memory(struct gs_shard *shard)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    char line[128];

    if (statm != NULL && fgets(line, sizeof line, statm) != NULL) {
        char *rest = NULL;
        (void)strtoull(line, &rest, 10);
        const double pages = (double)strtoull(rest, NULL, 10);
        gs_series_set(plain_series(shard, GS_M_PROCESS_RESIDENT_MEMORY),
                      pages * (double)sysconf(_SC_PAGESIZE));
    }
    if (statm != NULL) {
        (void)fclose(statm);
    }
}

/* Field 22 of /proc/self/stat is the start in clock ticks since boot; the command's name before it
 * may hold anything, so fields are counted from its last ")". */
static void update_start(struct gs_shard *shard)
{
    FILE *stat = fopen("/proc/self/stat", "re");
    char line[1024];
    const char *at = NULL;
    struct timespec wall;
    struct timespec boot;

    if (stat != NULL && fgets(line, sizeof line, stat) != NULL) {
        at = strrchr(line, ')');
    }
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    if (at != NULL && clock_gettime(CLOCK_REALTIME, &wall) == 0 &&
        clock_gettime(CLOCK_BOOTTIME, &boot) == 0) {
        const double ticks = (double)strtoull(at + 1, NULL, 10);
        const double up_s = (double)boot.tv_sec + (double)boot.tv_nsec * 1e-9;
        const double now_s = (double)wall.tv_sec + (double)wall.tv_nsec * 1e-9;
        gs_series_set(plain_series(shard, GS_M_PROCESS_START_TIME),
                      now_s - up_s + ticks / (double)sysconf(_SC_CLK_TCK));
    }
    if (stat != NULL) {
        (void)fclose(stat);
    }
}

static void update_fds(struct gs_shard *shard)
{
    DIR *dir = opendir("/proc/self/fd");
    struct rlimit limit;
    double n = -3; /* ".", ".." and the folder itself */

    if (dir != NULL) {
        while (readdir(dir) != NULL) { /* NOLINT(concurrency-mt-unsafe): a stream of our own */
            n++;
        }
        (void)closedir(dir);
        gs_series_set(plain_series(shard, GS_M_PROCESS_OPEN_FDS), n);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        gs_series_set(plain_series(shard, GS_M_PROCESS_MAX_FDS), (double)limit.rlim_cur);
    }
}

void gs_metrics_update_process(struct gs_shard *shard)
{
    struct gs_series *cpu = plain_series(shard, GS_M_PROCESS_CPU);
    struct timespec used;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0) {
        const double now = (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
        const double before = gs_series_value(cpu);
        gs_series_add(cpu, now > before ? now - before : 0);
    }
    update_memory(shard);
    if (gs_series_value(plain_series(shard, GS_M_PROCESS_START_TIME)) == 0.0) {
        update_start(shard);
    }
    update_fds(shard);
}
