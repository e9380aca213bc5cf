/* Opens, renews and closes the producer of a lane.
 *
 * The size limits of the output topics are known only from the brokers, but a producer's batch size
 * is set before it is made: so one is made to ask, and made again where the limits are smaller.
 * Strict mode (sink_txn.c) renews the producer in the same way. An interceptor watches for requests
 * of the transaction protocol that ended without an answer. */
#include "ingest/kafka/kafka_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool drop_producer(struct gs_kafka_sink *sink)
{
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        if (sink->topics[i].rkt != NULL) {
            rd_kafka_topic_destroy(sink->topics[i].rkt);
            sink->topics[i].rkt = NULL;
        }
    }
    sink->in_flight = 0;
    return gs_kafka_client_stop(&sink->client);
}

/* Any of these requests may have reached the broker and be carried out later, into another
 * transaction (before KIP-890 part 2): Produce, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn,
 * TxnOffsetCommit, InitProducerId. The client repeats them silently; only here can it be seen. */
/* NOLINTNEXTLINE(readability-function-size): the signature is librdkafka's */
static rd_kafka_resp_err_t on_response(rd_kafka_t *rk, int socket, const char *broker,
                                       int32_t broker_id, int16_t api_key, int16_t api_version,
                                       int32_t correlation, size_t size, int64_t rtt_us,
                                       rd_kafka_resp_err_t code, void *opaque)
{
    struct gs_kafka_client *client = opaque;
    const bool ours = api_key == 0 || api_key == 22 || api_key == 24 || api_key == 25 ||
                      api_key == 26 || api_key == 28;

    (void)rk, (void)socket, (void)broker, (void)broker_id, (void)api_version;
    (void)correlation, (void)size, (void)rtt_us;
    if (ours && (code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT)) {
        atomic_store(&client->suspect, true);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *why, /* NOLINT(readability-non-const-parameter) */
                                  size_t why_size)
{
    (void)conf, (void)why, (void)why_size;
    return rd_kafka_interceptor_add_on_response_received(rk, "strict", on_response, opaque);
}

static enum gs_status make_topics(struct gs_kafka_sink *sink, int64_t deadline,
                                  struct gs_error *err)
{
    char what[48];
    enum gs_status status = GS_OK;

    for (int i = 0; i < GS_N_STREAMS && status == GS_OK; i++) {
        struct gs_kafka_topic *topic = &sink->topics[i];
        if (topic->name == NULL) {
            continue;
        }
        topic->rkt = rd_kafka_topic_new(sink->client.rk, topic->name, NULL);
        if (topic->rkt == NULL) {
            return gs_fail(err, GS_BAD_CONFIG, "stream %s: topic \"%s\": %s",
                           gs_stream_name((enum gs_stream)i), topic->name,
                           rd_kafka_err2str(rd_kafka_last_error()));
        }
        (void)snprintf(what, sizeof what, "stream %s", gs_stream_name((enum gs_stream)i));
        status = gs_kafka_topic_check(&sink->client, what, topic->rkt, deadline, err);
    }
    return status;
}

enum { MAX_MESSAGE_BYTES = 1000000000 };

static size_t conf_number(const struct gs_kafka_sink *sink, const char *name)
{
    char text[32] = "";
    size_t size = sizeof text;

    (void)rd_kafka_conf_get(sink->conf, name, text, &size);
    return (size_t)strtoull(text, NULL, 10);
}

static enum gs_status set_number(struct gs_kafka_sink *sink, const char *name, size_t number,
                                 bool *ret_changed, struct gs_error *err)
{
    char text[32];
    char why[160];

    *ret_changed = true;
    (void)snprintf(text, sizeof text, "%zu", number);
    return rd_kafka_conf_set(sink->conf, name, text, why, sizeof why) == RD_KAFKA_CONF_OK
               ? GS_OK
               : gs_fail(err, GS_BAD_CONFIG, "an output topic has max.message.bytes=%zu: %s",
                         number, why);
}

/* librdkafka makes batches up to batch.size, and a broker refuses a whole batch over the topic's
 * limit: the smallest limit of the output topics bounds batches, and each topic's own its records.
 * The client's own limit of a record (1,000,000) is below a topic's default (1,048,588): a record
 * that the input took would not fit into the dead-letter queue with its headers. It becomes the
 * largest limit of the topics, unless it is set. *ret_changed: the producer has to be made again. */
static enum gs_status bound_batches(struct gs_kafka_sink *sink, bool *ret_changed,
                                    struct gs_error *err)
{
    size_t smallest = SIZE_MAX;
    size_t largest = 0;
    enum gs_status status = GS_OK;

    gs_kafka_topics_limits(sink);
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        struct gs_kafka_topic *topic = &sink->topics[i];
        if (topic->name == NULL || topic->limit == SIZE_MAX) {
            continue;
        }
        smallest = topic->limit < smallest ? topic->limit : smallest;
        largest = topic->limit > largest ? topic->limit : largest;
        topic->max_bytes =
            topic->limit - (topic->limit > GS_KAFKA_BATCH_OVERHEAD ? GS_KAFKA_BATCH_OVERHEAD : 0);
    }
    largest = largest < MAX_MESSAGE_BYTES ? largest : MAX_MESSAGE_BYTES;
    if (!sink->sized && largest > conf_number(sink, "message.max.bytes")) {
        status = set_number(sink, "message.max.bytes", largest, ret_changed, err);
    }
    if (status == GS_OK && smallest < conf_number(sink, "batch.size")) {
        status = set_number(sink, "batch.size", smallest, ret_changed, err);
    }
    return status;
}

static enum gs_status make_client(struct gs_kafka_sink *sink, int64_t deadline,
                                  struct gs_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(sink->conf);

    rd_kafka_conf_set_dr_msg_cb(conf, gs_kafka_on_delivery);
    if (sink->strict) {
        (void)rd_kafka_conf_interceptor_add_on_new(conf, "strict", on_new, &sink->client);
    }
    const enum gs_status status =
        gs_kafka_client_start(&sink->client, RD_KAFKA_PRODUCER, conf, err);
    return status == GS_OK ? make_topics(sink, deadline, err) : status;
}

static enum gs_status make_ready(struct gs_kafka_sink *sink, int64_t deadline, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    if (sink->delivery == GS_EXACTLY_ONCE) {
        status = gs_kafka_txn_init(sink, deadline, err);
    }
    atomic_store(&sink->client.suspect, false);
    return status;
}

static enum gs_status make_again(struct gs_kafka_sink *sink, int64_t deadline, struct gs_error *err)
{
    if (!drop_producer(sink)) {
        return gs_fail(err, GS_FENCED, "the producer does not end");
    }
    return make_client(sink, deadline, err);
}

/* What is kept of the windows has to stay until something newer is written for its key. */
static enum gs_status check_changelog(const struct gs_kafka_sink *sink, struct gs_error *err)
{
    const struct gs_kafka_topic *topic = &sink->topics[GS_STREAM_STATE];

    return topic->name == NULL || topic->policy[0] == '\0' || strcmp(topic->policy, "compact") == 0
               ? GS_OK
               : gs_fail(err, GS_IO,
                         "stream state: topic \"%s\" has cleanup.policy=%s, so what is kept of the "
                         "windows would be deleted after a time: set it to compact",
                         topic->name, topic->policy);
}

static enum gs_status make_producer(struct gs_kafka_sink *sink, struct gs_error *err)
{
    const int64_t deadline = gs_kafka_deadline(sink->open_ms);
    bool changed = false;
    enum gs_status status = make_client(sink, deadline, err);

    if (status == GS_OK) {
        status = bound_batches(sink, &changed, err);
    }
    if (status == GS_OK) {
        status = check_changelog(sink, err);
    }
    if (status == GS_OK && changed) {
        status = make_again(sink, deadline, err);
    }
    return status == GS_OK ? make_ready(sink, deadline, err) : status;
}

enum gs_status gs_kafka_sink_renew(struct gs_kafka_sink *sink, struct gs_error *err)
{
    gs_kafka_log(&sink->client, GS_LOG_INFO,
                 "a request of the last transaction had no answer: new producer");
    sink->stats.fences++;
    const int64_t deadline = gs_kafka_deadline(sink->open_ms);
    struct gs_error why = {GS_OK, ""};
    enum gs_status status = make_again(sink, deadline, &why);

    if (status == GS_OK) {
        status = make_ready(sink, deadline, &why);
    }
    /* A lane that runs has its clients made new for as long as the brokers are away. */
    return status == GS_OK
               ? GS_OK
               : gs_fail(err, status == GS_AGAIN ? GS_FENCED : status, "%s", why.message);
}

enum gs_status gs_kafka_sink_refresh(struct gs_kafka_sink *sink, struct gs_error *err)
{
    bool changed = false;
    struct gs_error why = {GS_OK, ""};
    const int64_t deadline = gs_kafka_deadline(sink->open_ms);

    sink->limits_due = false;
    enum gs_status status = bound_batches(sink, &changed, &why);
    if (status == GS_OK && changed) {
        gs_kafka_log(&sink->client, GS_LOG_INFO,
                     "a topic's max.message.bytes has changed: new producer");
        status = make_again(sink, deadline, &why);
        if (status == GS_OK) {
            status = make_ready(sink, deadline, &why);
        }
    }
    return status == GS_OK
               ? GS_OK
               : gs_fail(err, status == GS_AGAIN ? GS_FENCED : status, "%s", why.message);
}

static bool sets_size(const struct gs_kafka_options *options)
{
    for (size_t i = 0; i < options->n_properties; i++) {
        if (strcmp(options->properties[i].name, "message.max.bytes") == 0) {
            return true;
        }
    }
    return false;
}

static enum gs_status copy_topics(struct gs_kafka_sink *sink,
                                  const struct gs_kafka_options *options, struct gs_error *err)
{
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        sink->topics[i].limit = SIZE_MAX;
        sink->topics[i].max_bytes = SIZE_MAX;
        sink->topics[i].refused = SIZE_MAX;
        if (options->output[i] == NULL) {
            continue;
        }
        sink->topics[i].name = strdup(options->output[i]);
        if (sink->topics[i].name == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "Kafka sink");
        }
    }
    return GS_OK;
}

enum gs_status gs_kafka_sink_open(const struct gs_kafka_options *options,
                                  struct gs_kafka_sink **ret, struct gs_error *err)
{
    struct gs_kafka_sink *sink = calloc(1, sizeof *sink);

    if (sink == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "Kafka sink");
    }
    sink->delivery = options->delivery;
    sink->base.ops = options->delivery == GS_EXACTLY_ONCE ? &gs_kafka_txn_ops : &gs_kafka_alo_ops;
    gs_kafka_client_init(&sink->client, sink, options);
    sink->sized = sets_size(options);
    sink->strict = options->strict && options->delivery == GS_EXACTLY_ONCE;
    sink->transaction_ms = gs_kafka_transaction_ms(options);
    sink->open_ms = options->open_timeout_ms == 0 ? GS_KAFKA_OPEN_MS : options->open_timeout_ms;

    enum gs_status status = copy_topics(sink, options, err);
    if (status == GS_OK) {
        status = gs_kafka_conf_producer(options, &sink->conf, err);
    }
    if (status == GS_OK) {
        status = make_producer(sink, err);
    }
    if (status != GS_OK) {
        gs_kafka_sink_close(sink);
        return status;
    }
    *ret = sink;
    return GS_OK;
}

void gs_kafka_sink_close(struct gs_kafka_sink *sink)
{
    struct gs_error err;

    if (sink == NULL) {
        return;
    }
    if (sink->client.rk != NULL) {
        /* An open transaction would hold up readers until it times out. */
        if (gs_kafka_txn_roll_back(sink, GS_KAFKA_SLICE_MS, &err) != GS_OK) {
            gs_kafka_log(&sink->client, GS_LOG_WARNING, "closing with an open transaction: %s",
                         err.message);
        }
        (void)rd_kafka_purge(sink->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        (void)rd_kafka_flush(sink->client.rk, gs_kafka_slice_ms(&sink->client));
    }
    const bool ended = drop_producer(sink);
    if (sink->source != NULL) {
        sink->source->sink = NULL;
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        free(sink->topics[i].name);
    }
    if (sink->conf != NULL) {
        rd_kafka_conf_destroy(sink->conf);
    }
    if (ended) {
        free(sink);
    }
}
