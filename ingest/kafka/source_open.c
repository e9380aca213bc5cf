/* Opens and closes the consumer of a lane: input topics are checked, then subscribed to; closing
 * leaves the group and is bounded, since it can hang. */
#include "ingest/kafka/kafka_internal.h"

#include <stdlib.h>

enum { MAX_BATCH = 100000, MAX_BATCH_BYTES = 64 << 20 };

/* A name that begins with ^ is a pattern: what it matches may come later. */
static enum gs_status check_topics(struct gs_kafka_source *source,
                                   const struct gs_kafka_options *options, struct gs_error *err)
{
    const int limit_ms =
        options->open_timeout_ms == 0 ? GS_KAFKA_OPEN_MS : options->open_timeout_ms;
    const int64_t deadline = gs_kafka_deadline(limit_ms);
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < options->n_topics && status == GS_OK; i++) {
        if (options->topics[i][0] == '^') {
            continue;
        }
        rd_kafka_topic_t *rkt = rd_kafka_topic_new(source->client.rk, options->topics[i], NULL);
        if (rkt == NULL) {
            return gs_fail(err, GS_BAD_CONFIG, "input topic \"%s\": %s", options->topics[i],
                           rd_kafka_err2str(rd_kafka_last_error()));
        }
        status = gs_kafka_topic_check(&source->client, "input", rkt, deadline, err);
        rd_kafka_topic_destroy(rkt);
    }
    return status;
}

static enum gs_status start_client(struct gs_kafka_source *source,
                                   const struct gs_kafka_options *options, struct gs_error *err)
{
    rd_kafka_conf_t *conf = NULL;
    enum gs_status status = gs_kafka_conf_consumer(options, &conf, err);

    if (status != GS_OK) {
        return status;
    }
    rd_kafka_conf_set_rebalance_cb(conf, gs_kafka_on_rebalance);
    status = gs_kafka_client_start(&source->client, RD_KAFKA_CONSUMER, conf, err);
    if (status == GS_OK) {
        (void)rd_kafka_poll_set_consumer(source->client.rk);
        source->replies = rd_kafka_queue_new(source->client.rk);
    }
    return status;
}

enum gs_status gs_kafka_source_open(const struct gs_kafka_options *options,
                                    const struct gs_source_events *events,
                                    struct gs_kafka_source **ret, struct gs_error *err)
{
    struct gs_kafka_source *source = calloc(1, sizeof *source);

    if (source == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "Kafka source");
    }
    source->base.ops = &gs_kafka_source_ops;
    if (events != NULL) {
        source->base.events = *events;
    }
    gs_kafka_client_init(&source->client, source, options);
    source->start = options->start;
    source->fresh_ns = options->fresh_ns;
    source->leave_on_stop = options->leave_on_stop;
    source->held.max = options->max_batch == 0 ? MAX_BATCH : options->max_batch;
    source->held.max_bytes =
        options->max_batch_bytes == 0 ? MAX_BATCH_BYTES : options->max_batch_bytes;
    source->committed_ns = gs_clock_monotonic_ns();

    enum gs_status status = start_client(source, options, err);
    if (status == GS_OK) {
        status = check_topics(source, options, err);
    }
    if (status == GS_OK) {
        status = gs_kafka_ownership_init(source, options, err);
    }
    if (status == GS_OK && events != NULL && events->restore != NULL) {
        status = gs_kafka_changelog_init(&source->changelog, options, err);
    }
    if (status == GS_OK) {
        status = gs_kafka_subscribe(source, err);
    }
    if (status != GS_OK) {
        gs_kafka_source_close(source);
        return status;
    }
    *ret = source;
    return GS_OK;
}

/* Leaves the group: the rebalance callback runs a last time. Bounded, because closing can hang. */
static void leave(struct gs_kafka_source *source)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(source->client.rk);
    const int64_t deadline = gs_kafka_close_deadline(&source->client);

    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(source->client.rk, queue);
    if (error != NULL) {
        rd_kafka_error_destroy(error);
    } else {
        while (!rd_kafka_consumer_closed(source->client.rk) && !gs_kafka_past(deadline)) {
            /* Not rd_kafka_queue_poll_callback(): it asserts when a record or an error comes. */
            rd_kafka_message_t *message = rd_kafka_consume_queue(queue, 50);
            if (message != NULL) {
                rd_kafka_message_destroy(message);
            }
        }
        if (!rd_kafka_consumer_closed(source->client.rk)) {
            gs_kafka_log(&source->client,
                         gs_kafka_stopping(&source->client) ? GS_LOG_WARNING : GS_LOG_ERROR,
                         "the consumer did not close in time, going on");
        }
    }
    rd_kafka_queue_destroy(queue);
}

/* A static member that closes stays in its group until its session is over; one that unsubscribes
 * leaves it. The request goes out once everything is revoked; the member's id is gone then. */
static void leave_for_good(struct gs_kafka_source *source)
{
    enum { WAIT_MS = 50, MOST_MS = 2000 };
    const int64_t closing = gs_kafka_close_deadline(&source->client);
    const int64_t most = gs_kafka_deadline(MOST_MS);
    bool left = rd_kafka_unsubscribe(source->client.rk) != RD_KAFKA_RESP_ERR_NO_ERROR;

    while (!left && !gs_kafka_past(closing < most ? closing : most)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(source->client.rk, WAIT_MS);
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        }
        char *member = rd_kafka_memberid(source->client.rk);
        left = source->positions.n == 0 && (member == NULL || member[0] == '\0');
        rd_kafka_mem_free(source->client.rk, member);
    }
}

void gs_kafka_source_close(struct gs_kafka_source *source)
{
    if (source == NULL) {
        return;
    }
    source->leaving = true;
    if (source->client.rk != NULL) {
        if (source->leave_on_stop && gs_kafka_stopping(&source->client)) {
            leave_for_good(source);
        }
        leave(source);
    }
    gs_kafka_held_done(&source->held);
    if (source->replies != NULL) {
        rd_kafka_queue_destroy(source->replies);
    }
    gs_kafka_ownership_done(&source->ownership);
    gs_kafka_changelog_done(&source->changelog);
    const bool ended = gs_kafka_client_stop(&source->client);
    if (source->sink != NULL) {
        source->sink->source = NULL;
    }
    gs_kafka_positions_done(&source->positions);
    if (ended) {
        free(source);
    }
}
