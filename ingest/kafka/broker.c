/* The embedded broker: librdkafka's mock cluster with one broker inside this process. Topics live
 * in memory and transactions are not enforced, so it shows nothing about delivery guarantees. */
#include "ingest/kafka/kafka_internal.h"

#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>

struct gs_broker {
    rd_kafka_t *rk; /* the cluster's threads belong to a client; it connects to nothing itself */
    rd_kafka_mock_cluster_t *cluster;
};

static enum gs_status make_topics(struct gs_broker *broker, const char *const *topics,
                                  size_t n_topics, int n_partitions, struct gs_error *err)
{
    for (size_t i = 0; i < n_topics; i++) {
        const rd_kafka_resp_err_t code =
            rd_kafka_mock_topic_create(broker->cluster, topics[i], n_partitions, 1);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return gs_fail(err, GS_BAD_CONFIG, "embedded broker: topic \"%s\": %s", topics[i],
                           rd_kafka_err2str(code));
        }
    }
    return GS_OK;
}

enum gs_status gs_broker_start(const char *const *topics, size_t n_topics, int n_partitions,
                               struct gs_broker **ret, struct gs_error *err)
{
    char why[200];

    if (n_partitions < 1 || n_partitions > 1000) {
        return gs_fail(err, GS_BAD_CONFIG, "embedded broker: %d partitions are not in 1 to 1000",
                       n_partitions);
    }
    struct gs_broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "embedded broker");
    }
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    /* Its own log is of the protocol's details, and goes nowhere. */
    rd_kafka_conf_set_log_cb(conf, NULL);
    broker->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (broker->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        free(broker);
        return gs_fail(err, GS_IO, "embedded broker: %s", why);
    }
    enum gs_status status = GS_OK;
    broker->cluster = rd_kafka_mock_cluster_new(broker->rk, 1);
    if (broker->cluster == NULL) {
        status = gs_fail(err, GS_IO, "embedded broker: cannot listen on 127.0.0.1");
    } else {
        status = make_topics(broker, topics, n_topics, n_partitions, err);
    }
    if (status != GS_OK) {
        gs_broker_stop(broker);
        return status;
    }
    *ret = broker;
    return GS_OK;
}

const char *gs_broker_address(const struct gs_broker *broker)
{
    return rd_kafka_mock_cluster_bootstraps(broker->cluster);
}

void gs_broker_stop(struct gs_broker *broker)
{
    if (broker == NULL) {
        return;
    }
    if (broker->cluster != NULL) {
        rd_kafka_mock_cluster_destroy(broker->cluster);
    }
    rd_kafka_destroy(broker->rk);
    free(broker);
}
