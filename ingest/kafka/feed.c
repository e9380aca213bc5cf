/* A plain idempotent producer of one topic, for the demo and tools: no batches, no transactions. A
 * flush waits for every delivery report and fails with the first that failed. */
#include "ingest/kafka/kafka_internal.h"

#include <stdlib.h>

struct gs_feed {
    struct gs_kafka_client client;
    rd_kafka_topic_t *rkt;
    uint64_t n_put, in_flight;
    rd_kafka_resp_err_t failure; /* the first one */
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    const struct gs_kafka_client *client = opaque;
    struct gs_feed *feed = client->owner;

    (void)rk;
    feed->in_flight--;
    if (feed->failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
        feed->failure = message->err;
    }
}

static enum gs_status start(struct gs_feed *feed, const char *topic, rd_kafka_conf_t *conf,
                            struct gs_error *err)
{
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    enum gs_status status = gs_kafka_client_start(&feed->client, RD_KAFKA_PRODUCER, conf, err);

    if (status != GS_OK) {
        return status;
    }
    feed->rkt = rd_kafka_topic_new(feed->client.rk, topic, NULL);
    if (feed->rkt == NULL) {
        return gs_fail(err, GS_BAD_CONFIG, "topic \"%s\": %s", topic,
                       rd_kafka_err2str(rd_kafka_last_error()));
    }
    struct gs_error why = {GS_OK, ""};
    status = gs_kafka_topic_check(&feed->client, "feed", feed->rkt,
                                  gs_kafka_deadline(GS_KAFKA_OPEN_MS), &why);
    return status == GS_OK ? GS_OK
                           : gs_fail(err, status == GS_AGAIN ? GS_IO : status, "%s", why.message);
}

enum gs_status gs_feed_open(const char *brokers, const char *topic,
                            const struct gs_property *properties, size_t n_properties,
                            struct gs_feed **ret, struct gs_error *err)
{
    rd_kafka_conf_t *conf = NULL;
    struct gs_feed *feed = calloc(1, sizeof *feed);

    if (feed == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "feed");
    }
    const struct gs_kafka_options options = {.brokers = brokers};
    gs_kafka_client_init(&feed->client, feed, &options);
    enum gs_status status = gs_kafka_conf_feed(brokers, properties, n_properties, &conf, err);
    if (status == GS_OK) {
        status = start(feed, topic, conf, err);
    }
    if (status != GS_OK) {
        gs_feed_close(feed);
        return status;
    }
    *ret = feed;
    return GS_OK;
}

enum gs_status gs_feed_put(struct gs_feed *feed, const struct gs_output *output,
                           struct gs_error *err)
{
    rd_kafka_resp_err_t code = gs_kafka_produce(feed->client.rk, feed->rkt, output);
    const int64_t deadline =
        code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? gs_kafka_deadline(2 * GS_KAFKA_DELIVERY_MS) : 0;

    while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && !gs_kafka_past(deadline)) {
        (void)rd_kafka_poll(feed->client.rk, 10);
        code = gs_kafka_produce(feed->client.rk, feed->rkt, output);
    }
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        return gs_fail(err, GS_BAD_FORMAT, "a record of %zu bytes is too large", output->value.len);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return gs_fail(err, GS_IO, "topic \"%s\": %s", rd_kafka_topic_name(feed->rkt),
                       rd_kafka_err2str(code));
    }
    feed->in_flight++;
    if (++feed->n_put % 64 == 0) {
        (void)rd_kafka_poll(feed->client.rk, 0);
    }
    return GS_OK;
}

enum gs_status gs_feed_flush(struct gs_feed *feed, struct gs_error *err)
{
    const int64_t deadline = gs_kafka_deadline(2 * GS_KAFKA_DELIVERY_MS);

    while (feed->in_flight > 0 && !gs_kafka_past(deadline)) {
        (void)rd_kafka_flush(feed->client.rk, GS_KAFKA_SLICE_MS);
    }
    const rd_kafka_resp_err_t failure =
        feed->in_flight > 0 ? RD_KAFKA_RESP_ERR__TIMED_OUT : feed->failure;
    feed->failure = RD_KAFKA_RESP_ERR_NO_ERROR;
    return failure == RD_KAFKA_RESP_ERR_NO_ERROR
               ? GS_OK
               : gs_fail(err, GS_IO, "topic \"%s\": not delivered: %s",
                         rd_kafka_topic_name(feed->rkt), rd_kafka_err2str(failure));
}

void gs_feed_close(struct gs_feed *feed)
{
    if (feed == NULL) {
        return;
    }
    if (feed->client.rk != NULL) {
        (void)rd_kafka_purge(feed->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        (void)rd_kafka_flush(feed->client.rk, GS_KAFKA_SLICE_MS);
    }
    if (feed->rkt != NULL) {
        rd_kafka_topic_destroy(feed->rkt);
    }
    gs_kafka_client_stop(&feed->client);
    free(feed);
}
