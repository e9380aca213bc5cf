/* One lane of the service: its names, its Kafka options, its stage, its counters and its thread.
 *
 * Names must be the same after a restart: instance-stage-lane is both the static member's id and the
 * transactional id, which is how a new process takes over what the old one left open. */
#include "deploy/daemon/service/service_internal.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/log.h"

#include <stdio.h>

/* ---- a lane's clients ---- */

static enum gs_status open_clients(void *arg, const struct gs_source_events *events,
                                   struct gs_source **ret_source, struct gs_sink **ret_sink,
                                   struct gs_error *err)
{
    struct gs_slot *slot = arg;

    slot->last_stats = (struct gs_kafka_stats){0};
    slot->kafka.stop_ns = gs_lane_stop_ns(slot->lane);
    return gs_kafka_open(&slot->kafka, events, ret_source, ret_sink, err);
}

static void sample_clients(void *arg, const struct gs_source *source, const struct gs_sink *sink,
                           struct gs_lane_clients *ret)
{
    struct gs_slot *slot = arg;
    struct gs_kafka_stats now;

    gs_kafka_stats(source, sink, &now);
    gs_series_add(slot->rebalances, (double)(now.rebalances - slot->last_stats.rebalances));
    gs_series_add(slot->retries, (double)(now.retries - slot->last_stats.retries));
    gs_series_add(slot->delivery_failures,
                  (double)(now.delivery_failures - slot->last_stats.delivery_failures));
    slot->last_stats = now;
    ret->assigned = gs_kafka_assigned(source);
    ret->n_unowned = now.unowned;
}

/* ---- making a lane ---- */

static void on_alert(void *arg, const struct gs_alert *alert)
{
    struct gs_service *service = arg;

    gs_log(GS_LOG_INFO, "alert", "%s %s %s", gs_severity_name(alert->severity),
           gs_alert_state_name(alert->state), alert->summary);
    if (service->hooks.alert != NULL) {
        (void)pthread_mutex_lock(&service->hooks_lock);
        service->hooks.alert(service->hooks.arg, alert);
        (void)pthread_mutex_unlock(&service->hooks_lock);
    }
}

static enum gs_status make_stage(struct gs_slot *slot, int lane, struct gs_error *err)
{
    const struct gs_config *config = slot->service->config;

    if (slot->watch) {
        struct gs_stage_watch_options options;
        gs_stage_watch_options(config, lane, slot->shard, &options);
        options.desk = slot->service->desk;
        options.changelog_group = slot->kafka.output[GS_STREAM_STATE] == NULL ? NULL : slot->group;
        if (options.changelog_group == NULL && lane == 0) {
            gs_log(GS_LOG_WARNING, slot->name,
                   "nothing is kept of the windows (%s): after a restart they begin anew",
                   config->output.topics[GS_STREAM_STATE] == NULL ? "output.topics.state is empty"
                                                                  : "kafka.delivery");
        }
        options.alert = on_alert;
        options.alert_arg = slot->service;
        return gs_stage_watch_new(&options, &slot->watch_stage, err);
    }
    struct gs_stage_tag_options options;
    gs_stage_tag_options(config, &slot->service->assets, slot->shard, &options);
    return gs_stage_tag_new(&options, &slot->tag_stage, err);
}

static void name_slot(struct gs_slot *slot, int lane)
{
    const struct gs_config *config = slot->service->config;
    const char *stage = slot->watch ? "watch" : "tag";

    (void)snprintf(slot->name, sizeof slot->name, "%s %d", stage, lane);
    (void)snprintf(slot->number, sizeof slot->number, "%d", lane);
    (void)snprintf(slot->group, sizeof slot->group, "%s-%s", config->kafka.group_prefix, stage);
    (void)snprintf(slot->instance, sizeof slot->instance, "%s-%s-%s-%d", config->kafka.group_prefix,
                   stage, config->kafka.instance, lane);
    gs_config_kafka_options(config, &slot->kafka);
    slot->kafka.group = slot->group;
    slot->kafka.fresh_ns = &slot->service->fresh_ns[slot->watch];
    slot->kafka.instance = slot->instance;
    slot->kafka.heard_ns = &slot->heard_ns;
    slot->kafka.max_batch = config->batch.max_messages;
    gs_config_log_kafka(&slot->kafka, slot->name);
    if (slot->watch) {
        slot->input = config->output.topics[GS_STREAM_OBSERVATIONS];
        slot->kafka.topics = &slot->input;
        slot->kafka.n_topics = 1;
        slot->kafka.output[GS_STREAM_ALERTS] = config->output.topics[GS_STREAM_ALERTS];
        slot->kafka.output[GS_STREAM_INCIDENTS] = config->output.topics[GS_STREAM_INCIDENTS];
        slot->kafka.output[GS_STREAM_LATE] = config->output.topics[GS_STREAM_LATE];
        if (config->kafka.delivery == GS_EXACTLY_ONCE) {
            slot->kafka.output[GS_STREAM_STATE] = config->output.topics[GS_STREAM_STATE];
        }
    } else {
        slot->kafka.topics = config->input.topics.items;
        slot->kafka.n_topics = config->input.topics.n;
        slot->kafka.output[GS_STREAM_TAGGED] = config->output.topics[GS_STREAM_TAGGED];
        slot->kafka.output[GS_STREAM_OBSERVATIONS] = config->output.topics[GS_STREAM_OBSERVATIONS];
    }
    slot->kafka.output[GS_STREAM_DLQ] = config->output.topics[GS_STREAM_DLQ];
}

enum gs_status gs_slot_make(struct gs_service *service, bool watch, int lane, struct gs_error *err)
{
    struct gs_slot *slot = &service->slots[service->n_slots];
    const char *const stage = watch ? "watch" : "tag";

    *slot = (struct gs_slot){.service = service, .watch = watch};
    service->n_slots++;
    name_slot(slot, lane);
    enum gs_status status = gs_shard_new(service->metrics, &slot->shard, err);
    if (status != GS_OK) {
        return status;
    }
    slot->rebalances = gs_metric_series(slot->shard, GS_M_REBALANCES, &stage);
    slot->retries = gs_metric_series(slot->shard, GS_M_KAFKA_RETRIES, &stage);
    slot->delivery_failures = gs_metric_series(slot->shard, GS_M_DELIVERY_FAILURES, &stage);
    status = make_stage(slot, lane, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_lane_options options = {.name = slot->name,
                                            .stage = stage,
                                            .ops = watch ? &gs_stage_watch_ops : &gs_stage_tag_ops,
                                            .self = watch ? (void *)slot->watch_stage
                                                          : (void *)slot->tag_stage,
                                            .max_messages = service->config->batch.max_messages,
                                            .max_time_ms = (int)service->config->batch.max_time_ms,
                                            .open = open_clients,
                                            .open_arg = slot,
                                            .shard = slot->shard,
                                            .sample = sample_clients};
    return gs_lane_new(&options, &slot->lane, err);
}

static void *run_lane(void *arg)
{
    struct gs_slot *slot = arg;
    struct gs_error err = {0};

    if (gs_lane_run(slot->lane, &err) != GS_OK) {
        gs_log(GS_LOG_ERROR, slot->name, "the lane stops: %s", err.message);
        (void)pthread_mutex_lock(&slot->service->lock);
        slot->error = err;
        (void)pthread_mutex_unlock(&slot->service->lock);
    }
    return NULL;
}

enum gs_status gs_slot_start(struct gs_slot *slot, struct gs_error *err)
{
    const int failed = pthread_create(&slot->thread, NULL, run_lane, slot);

    if (failed != 0) {
        return gs_fail_errno(err, failed, "lane %s", slot->name);
    }
    slot->started = true;
    return GS_OK;
}

void gs_slot_done(struct gs_slot *slot)
{
    gs_lane_free(slot->lane);
    gs_stage_tag_free(slot->tag_stage);
    gs_stage_watch_free(slot->watch_stage);
}
