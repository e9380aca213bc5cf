/* Publishes the stage's tally when a batch has been committed, so that a batch that is rolled back is
 * counted once, and copies the keys to the board for other threads: at most once a second, and
 * whenever an alert has changed. */
#include "deploy/daemon/pipeline/stage_watch_internal.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/clock.h"

#include <stdio.h>

enum { BOARD_EVERY_MS = 1000 };

void gs_stage_watch_find_series(struct gs_stage_watch *stage)
{
    struct gs_shard *shard = stage->options.shard;
    char lane[12];
    const char *const lane_value = lane;

    for (size_t i = 0; i < GS_N_OBSERVATION_RESULTS; i++) {
        const char *const result = gs_observation_result_name((enum gs_observation_result)i);
        stage->result_series[i] = gs_metric_series(shard, GS_M_OBSERVATIONS, &result);
    }
    for (size_t i = 1; i < GS_N_REJECTS; i++) {
        const char *const code = gs_reject_name((enum gs_reject)i);
        stage->rejected_series[i] = gs_metric_series(shard, GS_M_REJECTED, &code);
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        const char *const stream = gs_stream_name((enum gs_stream)i);
        stage->produced[i] = gs_metric_series(shard, GS_M_RECORDS_PRODUCED, &stream);
    }
    (void)snprintf(lane, sizeof lane, "%d", stage->options.lane);
    stage->watermark_series = gs_metric_series(shard, GS_M_WATERMARK, &lane_value);
    static const char *const stage_name = "watch";
    stage->latency = gs_metric_series(shard, GS_M_LATENCY, &stage_name);
    stage->late_series = gs_metric_series(shard, GS_M_LATE, NULL);
    stage->ahead_series = gs_metric_series(shard, GS_M_AHEAD, NULL);
    stage->jump_series = gs_metric_series(shard, GS_M_TIME_JUMPS, NULL);
    stage->keys_series = gs_metric_series(shard, GS_M_KEYS, NULL);
    static const char *const classes[GS_N_DETECTABLE] = {"yes", "no", "learning"};
    for (size_t i = 0; i < GS_N_DETECTABLE; i++) {
        stage->detectable_series[i] = gs_metric_series(shard, GS_M_KEYS_DETECTABLE, &classes[i]);
    }
    stage->refused_series = gs_metric_series(shard, GS_M_KEYS_REFUSED, NULL);
    stage->evicted_series = gs_metric_series(shard, GS_M_KEYS_EVICTED, NULL);
    stage->forgotten_series = gs_metric_series(shard, GS_M_FORGOTTEN, NULL);
    stage->memory_series = gs_metric_series(shard, GS_M_WATCH_MEMORY, NULL);
    stage->key_days_series = gs_metric_series(shard, GS_M_KEY_DAYS, NULL);
    for (size_t i = 0; i < GS_COUNT(stage->alarms_series); i++) {
        const char *const severity = gs_severity_name((enum gs_severity)i);
        stage->alarms_series[i] = gs_metric_series(shard, GS_M_ALARM_RUNS, &severity);
        stage->budget_series[i] = gs_metric_series(shard, GS_M_ALARM_BUDGET, &severity);
    }
}

struct posting {
    struct gs_board *board;
    size_t n[GS_N_DETECTABLE];
};

static void post_row(void *arg, const struct gs_key_view *view)
{
    struct posting *posting = arg;

    gs_board_row(posting->board, view);
    posting->n[view->learning     ? GS_DETECTABLE_LEARNING
               : view->detectable ? GS_DETECTABLE_YES
                                  : GS_DETECTABLE_NO]++;
}

static void show_cost(struct gs_stage_watch *stage)
{
    for (size_t i = 0; i < GS_COUNT(stage->alarms_series); i++) {
        struct gs_watch_cost sum = {0};
        for (size_t p = 0; p < stage->n_parts; p++) {
            struct gs_watch_cost cost;
            gs_watch_cost(stage->parts[p].watch, (enum gs_severity)i, &cost);
            sum.budget = cost.budget;
            sum.alarms += cost.alarms;
            sum.key_days += cost.key_days;
        }
        gs_series_set(stage->alarms_series[i], sum.alarms);
        gs_series_set(stage->budget_series[i], sum.budget);
        gs_series_set(stage->key_days_series, 86400.0 * sum.key_days);
    }
}

/* A sum over partitions as a counter: one that leaves takes its part of the sum along. */
static void add_more(struct gs_series *series, uint64_t now, uint64_t *was)
{
    if (now > *was) {
        gs_series_add(series, (double)(now - *was));
    }
    *was = now;
}

void gs_stage_watch_show(struct gs_stage_watch *stage)
{
    struct gs_watch_counts sum = {0};
    struct posting posting = {.board = stage->board};

    gs_board_begin(stage->board);
    for (size_t i = 0; i < stage->n_parts; i++) {
        struct gs_watch_counts counts;
        gs_watch_counts(stage->parts[i].watch, &counts);
        sum.keys += counts.keys;
        sum.total_bytes += counts.total_bytes;
        sum.refused_keys += counts.refused_keys;
        sum.evicted_keys += counts.evicted_keys;
        sum.forgotten += counts.forgotten;
    }
    gs_stage_watch_each(stage, post_row, &posting);
    gs_board_end(stage->board);
    show_cost(stage);
    for (size_t i = 0; i < GS_N_DETECTABLE; i++) {
        gs_series_set(stage->detectable_series[i], (double)posting.n[i]);
    }
    gs_series_set(stage->keys_series, (double)sum.keys);
    gs_series_set(stage->memory_series, (double)sum.total_bytes);
    add_more(stage->refused_series, sum.refused_keys, &stage->refused_keys);
    add_more(stage->evicted_series, sum.evicted_keys, &stage->evicted_keys);
    add_more(stage->forgotten_series, sum.forgotten, &stage->forgotten);
}

static void count(struct gs_stage_watch *stage)
{
    uint32_t rejected = 0;

    for (size_t i = 0; i < GS_N_OBSERVATION_RESULTS; i++) {
        gs_series_add(stage->result_series[i], stage->results[i]);
    }
    for (size_t i = 1; i < GS_N_REJECTS; i++) {
        gs_series_add(stage->rejected_series[i], stage->rejected[i]);
        rejected += stage->rejected[i];
    }
    gs_series_add(stage->late_series, stage->late);
    gs_series_add(stage->ahead_series, stage->ahead);
    gs_series_add(stage->jump_series, stage->jumps);
    gs_series_add(stage->produced[GS_STREAM_LATE], stage->late);
    gs_series_add(stage->produced[GS_STREAM_DLQ], rejected);
    gs_series_add(stage->produced[GS_STREAM_ALERTS], stage->alerts_out);
    gs_series_add(stage->produced[GS_STREAM_STATE], stage->state_out);
}

static void show_now(struct gs_stage_watch *stage, int64_t now_ms)
{
    gs_stage_watch_show(stage);
    stage->board_ms = now_ms;
    stage->unshown = false;
}

void gs_stage_watch_publish(struct gs_stage_watch *stage)
{
    const int64_t now_ms = gs_clock_wall_ms();

    count(stage);
    for (size_t i = 0; i < stage->n_arrived; i++) {
        gs_series_observe(stage->latency, (double)(now_ms - stage->arrived_ms[i]) / 1000);
    }
    if (stage->watermark_ms != GS_NO_TIME) { /* with every commit: the last before a pause too */
        gs_series_set(stage->watermark_series, (double)stage->watermark_ms / 1000);
    }
    stage->unshown = true;
    if (stage->first_pending != NULL || now_ms - stage->board_ms >= BOARD_EVERY_MS) {
        show_now(stage, now_ms);
    }
}

void gs_stage_watch_idle(void *self, const struct gs_source *source)
{
    struct gs_stage_watch *stage = self;
    const int64_t now_ms = stage->unshown ? gs_clock_wall_ms() : 0;

    (void)source;
    if (stage->unshown && now_ms - stage->board_ms >= BOARD_EVERY_MS) {
        show_now(stage, now_ms);
    }
}
