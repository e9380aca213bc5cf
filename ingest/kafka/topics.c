/* Asks the brokers about topics when a lane opens: that they exist, how large a record they take, and
 * whether one that has to keep the last record of each key does.
 *
 * Missing topics are found at the start and not by the first record, above all a missing
 * dead-letter queue. A topic that was just made may not be known to every broker yet, so it is
 * asked for again for some seconds. */
#include "ingest/kafka/kafka_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One metadata request. Sets *ret_n to the number of partitions. */
static rd_kafka_resp_err_t look_up(struct gs_kafka_client *client, rd_kafka_topic_t *rkt,
                                   int *ret_n)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(client->rk, 0, rkt, &metadata, GS_KAFKA_SLICE_MS);

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return code;
    }
    code = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    client->broker_id = metadata->broker_cnt > 0 ? metadata->brokers[0].id : -1;
    if (metadata->topic_cnt == 1) {
        code = metadata->topics[0].err;
        *ret_n = metadata->topics[0].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    return code;
}

static bool missing(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
}

bool gs_kafka_topic_missing(struct gs_kafka_client *client, rd_kafka_topic_t *rkt)
{
    int n_partitions = 0;

    return missing(look_up(client, rkt, &n_partitions));
}

int gs_kafka_topic_partitions(struct gs_kafka_client *client, rd_kafka_topic_t *rkt)
{
    int n_partitions = 0;

    return look_up(client, rkt, &n_partitions) == RD_KAFKA_RESP_ERR_NO_ERROR ? n_partitions : -1;
}

/* Serves callbacks, so that client->last_error tells why a broker does not answer. A consumer's
 * main queue is its message queue: nothing is subscribed yet, so nothing is lost in it. */
static void serve(struct gs_kafka_client *client)
{
    if (rd_kafka_type(client->rk) == RD_KAFKA_PRODUCER) {
        (void)rd_kafka_poll(client->rk, 0);
        return;
    }
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client->rk, 0);
    if (message != NULL) {
        rd_kafka_message_destroy(message);
    }
}

enum gs_status gs_kafka_topic_check(struct gs_kafka_client *client, const char *what,
                                    rd_kafka_topic_t *rkt, int64_t deadline_ns,
                                    struct gs_error *err)
{
    const char *name = rd_kafka_topic_name(rkt);
    const int64_t patience = gs_kafka_deadline(GS_KAFKA_MISSING_MS);
    char reason[GS_KAFKA_REASON];

    for (unsigned attempt = 0;; attempt++) {
        int n_partitions = 0;
        const rd_kafka_resp_err_t code = look_up(client, rkt, &n_partitions);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR && n_partitions > 0) {
            return GS_OK;
        }
        serve(client);
        if (gs_kafka_stopping(client)) {
            return gs_fail(err, GS_FENCED, "asked to stop before Kafka answered");
        }
        if (missing(code) && (gs_kafka_past(patience) || gs_kafka_past(deadline_ns))) {
            return gs_fail(err, GS_IO, "%s: topic \"%s\" does not exist; create it", what, name);
        }
        if (!missing(code) && gs_kafka_needs_person(code)) {
            return gs_fail(err, GS_IO, "%s: topic \"%s\": %s", what, name, rd_kafka_err2str(code));
        }
        if (gs_kafka_past(deadline_ns)) {
            gs_kafka_reason(client, reason);
            return gs_fail(err, GS_AGAIN, "is Kafka at %s? %s", client->brokers, reason);
        }
        gs_kafka_back_off(attempt);
    }
}

/* ---- limits ---- */

static void each_setting(const rd_kafka_ConfigResource_t *resource,
                         void (*each)(void *arg, const char *name, const char *value), void *arg)
{
    size_t n = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &n);

    for (size_t i = 0; i < n; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (value != NULL) {
            each(arg, rd_kafka_ConfigEntry_name(entries[i]), value);
        }
    }
}

static void read_limit(void *arg, const char *name, const char *value)
{
    size_t *limit = arg;

    if (strcmp(name, "max.message.bytes") == 0) {
        const unsigned long long bytes = strtoull(value, NULL, 10);
        *limit = bytes == 0 ? SIZE_MAX : (size_t)bytes;
    }
}

/* What a lane has to know of its topic. */
static void read_setting(void *arg, const char *name, const char *value)
{
    struct gs_kafka_topic *topic = arg;

    read_limit(&topic->limit, name, value);
    if (strcmp(name, "cleanup.policy") == 0) {
        (void)snprintf(topic->policy, sizeof topic->policy, "%s", value);
    }
}

static void read_settings(const struct gs_kafka_client *client, struct gs_kafka_topic *topic,
                          const rd_kafka_ConfigResource_t *resource)
{
    topic->limit = SIZE_MAX;
    topic->policy[0] = '\0';
    if (rd_kafka_ConfigResource_error(resource) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        each_setting(resource, read_setting, topic);
    } else {
        gs_kafka_log(client, GS_LOG_INFO,
                     "the settings of topic \"%s\" cannot be read (%s): message.max.bytes applies",
                     topic->name, rd_kafka_err2str(rd_kafka_ConfigResource_error(resource)));
    }
}

static void read_limits(struct gs_kafka_sink *sink, rd_kafka_event_t *event)
{
    size_t n = 0;

    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        gs_kafka_log(&sink->client, GS_LOG_INFO,
                     "the topics' max.message.bytes cannot be read (%s): message.max.bytes applies",
                     rd_kafka_event_error_string(event));
        return;
    }
    const rd_kafka_ConfigResource_t **resources =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
    for (size_t i = 0; i < n; i++) {
        for (size_t s = 0; s < GS_N_STREAMS; s++) {
            if (sink->topics[s].name != NULL &&
                strcmp(sink->topics[s].name, rd_kafka_ConfigResource_name(resources[i])) == 0) {
                read_settings(&sink->client, &sink->topics[s], resources[i]);
            }
        }
    }
}

static rd_kafka_event_t *ask(struct gs_kafka_client *client, rd_kafka_ConfigResource_t **resources,
                             size_t n)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client->rk);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(client->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    char why[80];

    (void)rd_kafka_AdminOptions_set_request_timeout(options, 2 * GS_KAFKA_SLICE_MS, why,
                                                    sizeof why);
    /* Any broker knows it; without this librdkafka would wait for the controller. */
    (void)rd_kafka_AdminOptions_set_broker(options, client->broker_id, why, sizeof why);
    rd_kafka_DescribeConfigs(client->rk, resources, n, options, queue);
    const int64_t deadline = gs_kafka_deadline(3 * GS_KAFKA_SLICE_MS);
    rd_kafka_event_t *event = NULL;
    while (event == NULL && !gs_kafka_past(deadline) && !gs_kafka_stopping(client)) {
        event = rd_kafka_queue_poll(queue, GS_KAFKA_SLICE_MS / 20);
    }
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return event;
}

void gs_kafka_topics_limits(struct gs_kafka_sink *sink)
{
    rd_kafka_ConfigResource_t *resources[GS_N_STREAMS];
    size_t n = 0;

    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        if (sink->topics[i].name != NULL) {
            resources[n++] =
                rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, sink->topics[i].name);
        }
    }
    rd_kafka_event_t *event = n == 0 ? NULL : ask(&sink->client, resources, n);
    if (event != NULL) {
        read_limits(sink, event);
        rd_kafka_event_destroy(event);
    }
    rd_kafka_ConfigResource_destroy_array(resources, n);
}

bool gs_kafka_topic_settings(struct gs_kafka_client *client, const char *topic,
                             void (*each)(void *arg, const char *name, const char *value),
                             void *arg)
{
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_event_t *event = ask(client, &resource, 1);
    bool told = false;
    size_t n = 0;

    if (event != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event), &n);
        told = n == 1 && rd_kafka_ConfigResource_error(resources[0]) == RD_KAFKA_RESP_ERR_NO_ERROR;
        if (told) {
            each_setting(resources[0], each, arg);
        }
    }
    if (event != NULL) {
        rd_kafka_event_destroy(event);
    }
    rd_kafka_ConfigResource_destroy(resource);
    return told;
}

size_t gs_kafka_topic_limit(struct gs_kafka_client *client, const char *topic)
{
    size_t limit = SIZE_MAX;

    (void)gs_kafka_topic_settings(client, topic, read_limit, &limit);
    return limit;
}
