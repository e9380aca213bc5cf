/* The producer of a lane: what exactly-once (sink_txn.c) and at-least-once (sink_alo.c) delivery
 * share.
 *
 *     put ─► size check ─► librdkafka's queue ─► broker ─► delivery report: counted, or a failure
 *
 * A full queue is waited for, with its callbacks served. The first failed report decides what
 * becomes of the batch (gs_kafka_sink_failure()). */
#include "ingest/kafka/kafka_internal.h"

#include <stdio.h>
#include <string.h>

/* ---- deliveries ---- */

static struct gs_kafka_topic *topic_named(struct gs_kafka_sink *sink, const char *name)
{
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        /* failed_topic may have been cut. */
        if (sink->topics[i].name != NULL &&
            strncmp(sink->topics[i].name, name, sizeof sink->failed_topic - 1) == 0) {
            return &sink->topics[i];
        }
    }
    return NULL;
}

/* A topic's limit may have been lowered while we run. It is asked for again; where the broker does
 * not tell, what it refused alone tells how much is too much. */
static void learn_limit(struct gs_kafka_sink *sink, const rd_kafka_message_t *message)
{
    struct gs_kafka_topic *topic = topic_named(sink, rd_kafka_topic_name(message->rkt));

    sink->limits_due = true;
    if (topic != NULL && sink->n_put == 1) { /* in a batch with others nobody knows which it was */
        const size_t size = message->key_len + message->len;
        topic->refused = size < topic->refused ? size : topic->refused;
    }
}

/* From rd_kafka_poll() and flush, on the owner's thread. */
void gs_kafka_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    const struct gs_kafka_client *client = opaque;
    struct gs_kafka_sink *sink = client->owner;

    (void)rk;
    sink->in_flight--;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        sink->stats.produced++;
    } else if (message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
               message->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {
        sink->stats.delivery_failures++;
        if (sink->failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
            sink->failure = message->err;
            (void)snprintf(sink->failed_topic, sizeof sink->failed_topic, "%s",
                           rd_kafka_topic_name(message->rkt));
        }
        if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
            message->err == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE) {
            learn_limit(sink, message);
        }
    }
}

enum gs_status gs_kafka_sink_failure(struct gs_kafka_sink *sink, struct gs_error *err)
{
    char why[160];
    const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(sink->client.rk, why, sizeof why);
    const rd_kafka_resp_err_t code = sink->failure;

    struct gs_kafka_topic *topic = topic_named(sink, sink->failed_topic);
    /* A record that is refused is found by smaller batches and sent to the dead-letter queue. One
     * that the queue itself refuses is made to fit: smaller, or with the time of its writing. What
     * cannot be made to fit stops the lane: the queue wants a key, or a kind of record. */
    if (gs_kafka_needs_person(code) ||
        (code == RD_KAFKA_RESP_ERR_INVALID_RECORD && topic == &sink->topics[GS_STREAM_DLQ])) {
        return gs_fail(err, GS_IO, "output topic \"%s\": %s", sink->failed_topic,
                       rd_kafka_err2str(code));
    }
    if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return gs_fail(err, gs_kafka_needs_person(fatal) ? GS_IO : GS_FENCED, "producer: %s: %s",
                       rd_kafka_err2name(fatal), why);
    }
    if (code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT && topic != NULL) {
        /* A topic that was deleted under us only ever times out. A broker that does not answer now
         * may answer at the next try. */
        if (gs_kafka_topic_missing(&sink->client, topic->rkt)) {
            return gs_fail(err, GS_IO, "output topic \"%s\" is gone", topic->name);
        }
    }
    return gs_fail(err, GS_ABORTED, "output topic \"%s\": %s", sink->failed_topic,
                   rd_kafka_err2str(code));
}

/* ---- put ---- */

static enum gs_status refused(struct gs_kafka_sink *sink, enum gs_stream stream,
                              rd_kafka_resp_err_t code, const struct gs_output *output,
                              struct gs_error *err)
{
    const char *name = sink->topics[stream].name;
    char why[160];

    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        return gs_fail(err, GS_BAD_FORMAT, "a record of %zu bytes is too large for topic \"%s\"",
                       gs_kafka_output_size(output), name);
    }
    const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(sink->client.rk, why, sizeof why);
    if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return gs_fail(err, gs_kafka_needs_person(fatal) ? GS_IO : GS_FENCED, "producer: %s: %s",
                       rd_kafka_err2name(fatal), why);
    }
    if (code == RD_KAFKA_RESP_ERR__STATE) {
        return gs_fail(err, GS_ABORTED, "the transaction has failed");
    }
    if (gs_kafka_needs_person(code)) {
        return gs_fail(err, GS_IO, "output topic \"%s\" (partition %d): %s", name,
                       (int)output->partition, rd_kafka_err2str(code));
    }
    return gs_fail(err, GS_FENCED, "output topic \"%s\": %s", name, rd_kafka_err2str(code));
}

enum gs_status gs_kafka_sink_enqueue(struct gs_kafka_sink *sink, enum gs_stream stream,
                                     const struct gs_output *output, struct gs_error *err)
{
    const struct gs_kafka_topic *topic = &sink->topics[stream];
    int64_t deadline = 0;

    if (topic->rkt == NULL) {
        return gs_fail(err, GS_IO, "stream %s has no topic", gs_stream_name(stream));
    }
    const size_t size = gs_kafka_output_size(output);
    if ((topic->max_bytes != SIZE_MAX && size > topic->max_bytes) || size >= topic->refused) {
        return refused(sink, stream, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, output, err);
    }
    for (;;) {
        const rd_kafka_resp_err_t code = gs_kafka_produce(sink->client.rk, topic->rkt, output);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            break;
        }
        /* Every queued record ends after its timeout, so a full queue that stays full is a client
         * that hangs. */
        if (deadline == 0) {
            deadline = gs_kafka_deadline(2 * GS_KAFKA_DELIVERY_MS);
        }
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL || gs_kafka_give_up(&sink->client, deadline)) {
            return refused(sink, stream, code, output, err);
        }
        (void)rd_kafka_poll(sink->client.rk, 10);
    }
    sink->in_flight++;
    sink->n_put++;
    if (sink->n_put % 64 == 0) {
        (void)rd_kafka_poll(sink->client.rk, 0);
    }
    return GS_OK;
}

/* ---- batches ---- */

void gs_kafka_sink_end_batch(struct gs_kafka_sink *sink)
{
    sink->open = false;
    sink->begun = false;
    sink->voided = false;
    sink->n_put = 0;
    sink->put_state = false;
    sink->failure = RD_KAFKA_RESP_ERR_NO_ERROR;
    sink->failed_topic[0] = '\0';
}

enum gs_status gs_kafka_sink_begin_batch(struct gs_kafka_sink *sink, struct gs_error *err)
{
    if (sink->limits_due) {
        const enum gs_status status = gs_kafka_sink_refresh(sink, err);
        if (status != GS_OK) {
            return status;
        }
    }
    gs_kafka_sink_end_batch(sink);
    sink->open = true;
    return GS_OK;
}

void gs_kafka_sink_void(struct gs_kafka_sink *sink)
{
    struct gs_error err = {GS_OK, ""};

    if (!sink->open || (sink->n_put == 0 && !sink->begun &&
                        (sink->source == NULL || sink->source->n_taken == 0))) {
        return;
    }
    /* Only we could commit its offsets, and we are about to lose the right to do so. */
    if (sink->base.ops->abort(&sink->base, &sink->source->base, &err) != GS_OK) {
        gs_kafka_log(&sink->client, GS_LOG_ERROR, "a revoked batch could not be aborted: %s",
                     err.message);
    }
    sink->open = true;
    sink->voided = true;
}

enum gs_status gs_kafka_sink_check_void(struct gs_kafka_sink *sink, struct gs_error *err)
{
    if (!sink->voided) {
        return GS_OK;
    }
    gs_kafka_sink_end_batch(sink);
    return gs_fail(err, GS_ABORTED, "the batch was not ended before its partitions were revoked");
}
