/* Settings of the clients: our defaults, then the user's properties, those refused that would break
 * what delivery promises. The reason of each default is in deploy/docs/streaming.md. */
#include "ingest/kafka/lane.h"

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
    /* A missing DLQ is to be found out, not made. Consumers make none by default. */
    {"allow.auto.create.topics", "false"},
    /* Back-to-back transactions meet CONCURRENT_TRANSACTIONS and wait this long. */
    {"retry.backoff.ms", "5"},
    /* As the Java client: one key, one partition, whoever writes it. */
    {"partitioner", "murmur2_random"},
    {"queue.buffering.max.messages", "200000"},
    {"queue.buffering.max.kbytes", "65536"},
};

/* What a user may not set, and why. */
static const struct gs_property refused[] = {
    {"bootstrap.servers", "set kafka.brokers"},
    {"metadata.broker.list", "set kafka.brokers"},
    {"group.id", "set the stage's group"},
    {"group.instance.id", "it is derived, so that it is stable"},
    {"transactional.id", "it is derived, so that it is stable"},
    {"transaction.timeout.ms", "set the transaction timeout"},
    {"enable.auto.commit", "offsets are committed with the outputs"},
    {"auto.commit.enable", "offsets are committed with the outputs"},
    {"auto.commit.interval.ms", "offsets are committed with the outputs"},
    {"enable.auto.offset.store", "positions are kept by the lane"},
    {"offset.store.method", "positions are kept by the lane"},
    {"offset.store.path", "positions are kept by the lane"},
    {"auto.offset.reset", "set start: it applies once, when nothing is committed"},
    {"isolation.level", "aborted records would be read"},
    {"enable.partition.eof", "idle partitions are found by it"},
    {"enable.idempotence", "retries would duplicate and reorder"},
    {"enable.gapless.guarantee", "it makes errors fatal that a lane recovers from"},
    {"acks", "a leader's loss would lose records"},
    {"request.required.acks", "a leader's loss would lose records"},
    {"delivery.report.only.error", "every report is waited for"},
    {"partitioner", "a key has to stay in its partition"},
    {"msg_order_cmp", "records of a key keep their order"},
    {"queuing.strategy", "records of a key keep their order"},
    {"allow.auto.create.topics", "a missing topic has to be found out"},
    {"log.queue", "log lines go to the daemon's log"},
    {"enabled_events", "events are served by the lane"},
    {"group.protocol", "the classic protocol is what is tested"},
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

/* The cooperative assignor loses assignments and hangs on close before librdkafka 2.10. */
static enum gs_status check_assignor(const char *value, struct gs_error *err)
{
    if (strstr(value, "cooperative") != NULL && rd_kafka_version() < 0x020a0000) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "kafka property partition.assignment.strategy: %s needs librdkafka 2.10 or "
                       "later, this is %s; take range or roundrobin",
                       value, rd_kafka_version_str());
    }
    return GS_OK;
}

static enum gs_status check_property(const struct gs_property *property, struct gs_error *err)
{
    if (property->name == NULL || property->value == NULL) {
        return gs_fail(err, GS_BAD_CONFIG, "kafka property without a name or value");
    }
    for (size_t i = 0; i < GS_COUNT(refused); i++) {
        if (strcmp(property->name, refused[i].name) == 0) {
            return gs_fail(err, GS_BAD_CONFIG, "kafka property %s may not be set: %s",
                           property->name, refused[i].value);
        }
    }
    if (strcmp(property->name, "partition.assignment.strategy") == 0) {
        return check_assignor(property->value, err);
    }
    return GS_OK;
}

static enum gs_status set_users(rd_kafka_conf_t *conf, const struct gs_property *properties,
                                size_t n, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < n && status == GS_OK; i++) {
        status = check_property(&properties[i], err);
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

static int transaction_ms(const struct gs_kafka_options *options)
{
    return options->transaction_timeout_ms == 0 ? GS_KAFKA_TRANSACTION_MS
                                                : options->transaction_timeout_ms;
}

static enum gs_status set_transactions(rd_kafka_conf_t *conf,
                                       const struct gs_kafka_options *options, struct gs_error *err)
{
    const int limit_ms = transaction_ms(options);

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
        /* Shorter than the transaction, so that a record's end is known before the transaction's.
         */
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
