/* Settings of the clients. A configuration is made in three layers, where the later one wins: our
 * defaults, the lane's names and timeouts, and the user's properties, of which properties.c says
 * which may be set. The reason of each default is in deploy/docs/streaming.md. */
#include "ingest/kafka/kafka_internal.h"

#include <stdio.h>
#include <string.h>

/* For every client. */
static const struct gs_property common_defaults[] = {
    {"reconnect.backoff.ms", "50"},
    /* The default of 10 s lets a broker's restart outlast the transaction. */
    {"reconnect.backoff.max.ms", "500"},
    {"socket.nagle.disable", "true"},
    {"socket.keepalive.enable", "true"},
    {"log.connection.close", "false"},
};

static const struct gs_property consumer_defaults[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"isolation.level", "read_committed"},
    {"auto.offset.reset", "error"},
    {"enable.partition.eof", "true"},
    {"partition.assignment.strategy", "range"},
    {"session.timeout.ms", "10000"},
    {"heartbeat.interval.ms", "2000"},
    {"fetch.error.backoff.ms", "100"},
    /* Smaller starves: at the limit 2.0 waits up to 1 s before the next fetch. */
    {"queued.min.messages", "100000"},
    {"queued.max.messages.kbytes", "65536"},
};

static const struct gs_property producer_defaults[] = {
    {"enable.idempotence", "true"},
    {"acks", "all"},
    {"linger.ms", "5"},
    /* A missing dead-letter topic is reported, not created. Consumers create none by default. */
    {"allow.auto.create.topics", "false"},
    /* Back-to-back transactions meet CONCURRENT_TRANSACTIONS and wait this long. */
    {"retry.backoff.ms", "5"},
    /* As the Java client does: a key has the same partition, whichever client writes it. */
    {"partitioner", "murmur2_random"},
    {"queue.buffering.max.messages", "200000"},
    {"queue.buffering.max.kbytes", "65536"},
};

static enum gs_status set(rd_kafka_conf_t *conf, const char *name, const char *value,
                          struct gs_error *err)
{
    char why[200];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
        return gs_fail(err, GS_BAD_CONFIG, "kafka property %s: %s", name, why);
    }
    return GS_OK;
}

static enum gs_status set_int(rd_kafka_conf_t *conf, const char *name, int value,
                              struct gs_error *err)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%d", value);
    return set(conf, name, text, err);
}

static enum gs_status set_all(rd_kafka_conf_t *conf, const struct gs_property *rows, size_t n,
                              struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < n && status == GS_OK; i++) {
        status = set(conf, rows[i].name, rows[i].value, err);
    }
    return status;
}

static enum gs_status set_users(rd_kafka_conf_t *conf, const struct gs_property *properties,
                                size_t n, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < n && status == GS_OK; i++) {
        status = gs_kafka_property_check(&properties[i], err);
        if (status == GS_OK) {
            status = set(conf, properties[i].name, properties[i].value, err);
        }
    }
    return status;
}

static enum gs_status set_common(rd_kafka_conf_t *conf, const char *brokers, const char *client_id,
                                 struct gs_error *err)
{
    enum gs_status status = set_all(conf, common_defaults, GS_COUNT(common_defaults), err);

    if (status == GS_OK && (brokers == NULL || brokers[0] == '\0')) {
        status = gs_fail(err, GS_BAD_CONFIG, "no Kafka brokers given");
    }
    if (status == GS_OK) {
        status = set(conf, "bootstrap.servers", brokers, err);
    }
    if (status == GS_OK && client_id != NULL) {
        status = set(conf, "client.id", client_id, err);
    }
    return status;
}

/* Gives conf to the caller, or destroys it. */
static enum gs_status finish(enum gs_status status, rd_kafka_conf_t *conf, rd_kafka_conf_t **ret)
{
    if (status == GS_OK) {
        *ret = conf;
    } else {
        rd_kafka_conf_destroy(conf);
    }
    return status;
}

enum gs_status gs_kafka_conf_consumer(const struct gs_kafka_options *options, rd_kafka_conf_t **ret,
                                      struct gs_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    enum gs_status status = set_common(conf, options->brokers, options->instance, err);

    if (status == GS_OK && (options->group == NULL || options->group[0] == '\0')) {
        status = gs_fail(err, GS_BAD_CONFIG, "no consumer group given");
    }
    if (status == GS_OK) {
        status = set_all(conf, consumer_defaults, GS_COUNT(consumer_defaults), err);
    }
    if (status == GS_OK) {
        status = set(conf, "group.id", options->group, err);
    }
    if (status == GS_OK && options->instance != NULL) {
        status = set(conf, "group.instance.id", options->instance, err);
    }
    if (status == GS_OK) {
        status = set_users(conf, options->properties, options->n_properties, err);
    }
    return finish(status, conf, ret);
}

int gs_kafka_transaction_ms(const struct gs_kafka_options *options)
{
    return options->transaction_timeout_ms == 0 ? GS_KAFKA_TRANSACTION_MS
                                                : options->transaction_timeout_ms;
}

static enum gs_status set_transactions(rd_kafka_conf_t *conf,
                                       const struct gs_kafka_options *options, struct gs_error *err)
{
    const int limit_ms = gs_kafka_transaction_ms(options);

    if (options->instance == NULL || options->instance[0] == '\0') {
        return gs_fail(err, GS_BAD_CONFIG,
                       "exactly once needs a stable instance name: it is the transactional id");
    }
    if (limit_ms < 1000 || limit_ms > 900000) {
        return gs_fail(err, GS_BAD_CONFIG, "transaction timeout %d ms is not in 1000 to 900000",
                       limit_ms);
    }
    enum gs_status status = set(conf, "transactional.id", options->instance, err);
    if (status == GS_OK) {
        status = set_int(conf, "transaction.timeout.ms", limit_ms, err);
    }
    if (status == GS_OK) {
        /* Shorter than the transaction: a record's end is known before the transaction's. */
        status = set_int(conf, "message.timeout.ms", limit_ms / 5 * 4, err);
    }
    return status;
}

enum gs_status gs_kafka_conf_producer(const struct gs_kafka_options *options, rd_kafka_conf_t **ret,
                                      struct gs_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    enum gs_status status = set_common(conf, options->brokers, options->instance, err);

    if (status == GS_OK) {
        status = set_all(conf, producer_defaults, GS_COUNT(producer_defaults), err);
    }
    if (status == GS_OK && options->delivery == GS_EXACTLY_ONCE) {
        status = set_transactions(conf, options, err);
    } else if (status == GS_OK) {
        status = set_int(conf, "message.timeout.ms", GS_KAFKA_DELIVERY_MS, err);
    }
    if (status == GS_OK) {
        status = set_users(conf, options->properties, options->n_properties, err);
    }
    return finish(status, conf, ret);
}

enum gs_status gs_kafka_conf_feed(const char *brokers, const struct gs_property *properties,
                                  size_t n_properties, rd_kafka_conf_t **ret, struct gs_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    enum gs_status status = set_common(conf, brokers, NULL, err);

    if (status == GS_OK) {
        status = set_all(conf, producer_defaults, GS_COUNT(producer_defaults), err);
    }
    if (status == GS_OK) {
        status = set_int(conf, "message.timeout.ms", GS_KAFKA_DELIVERY_MS, err);
    }
    if (status == GS_OK) {
        status = set_users(conf, properties, n_properties, err);
    }
    return finish(status, conf, ret);
}
