#include "ingest/kafka/kafka_internal.h"
#include "tests/unit/gs_test.h"

static const char *const topics[] = {"in"};

static struct gs_kafka_options options_with(const struct gs_property *properties, size_t n)
{
    return (struct gs_kafka_options){.brokers = "127.0.0.1:1",
                                     .group = "group",
                                     .instance = "group-tag-0",
                                     .topics = topics,
                                     .n_topics = 1,
                                     .properties = properties,
                                     .n_properties = n};
}

static void assert_setting(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char found[128] = "";
    size_t size = sizeof found;

    assert_int_equal(rd_kafka_conf_get(conf, name, found, &size), RD_KAFKA_CONF_OK);
    print_message("  %s = %s\n", name, found);
    assert_string_equal(found, value);
}

static void a_consumer_reads_committed_and_stores_nothing(void **state)
{
    static const struct gs_property rows[] = {
        {"enable.auto.commit", "false"},       {"enable.auto.offset.store", "false"},
        {"isolation.level", "read_committed"}, {"auto.offset.reset", "error"},
        {"enable.partition.eof", "true"},      {"group.id", "group"},
        {"group.instance.id", "group-tag-0"},  {"partition.assignment.strategy", "range"},
        {"reconnect.backoff.max.ms", "500"},   {"allow.auto.create.topics", "false"},
    };
    const struct gs_kafka_options options = options_with(NULL, 0);
    rd_kafka_conf_t *conf = NULL;
    struct gs_error err;

    (void)state;
    assert_int_equal(gs_kafka_conf_consumer(&options, &conf, &err), GS_OK);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        assert_setting(conf, rows[i].name, rows[i].value);
    }
    rd_kafka_conf_destroy(conf);
}

static void a_producer_delivers_as_it_promises(void **state)
{
    struct gs_kafka_options options = options_with(NULL, 0);
    rd_kafka_conf_t *conf = NULL;
    struct gs_error err;

    (void)state;
    assert_int_equal(gs_kafka_conf_producer(&options, &conf, &err), GS_OK);
    assert_setting(conf, "enable.idempotence", "true");
    assert_setting(conf, "transactional.id", "group-tag-0");
    assert_setting(conf, "transaction.timeout.ms", "10000");
    assert_setting(conf, "message.timeout.ms", "8000");
    assert_setting(conf, "partitioner", "murmur2_random");
    assert_setting(conf, "allow.auto.create.topics", "false");
    rd_kafka_conf_destroy(conf);

    options.transaction_timeout_ms = 60000;
    assert_int_equal(gs_kafka_conf_producer(&options, &conf, &err), GS_OK);
    assert_setting(conf, "transaction.timeout.ms", "60000");
    assert_setting(conf, "message.timeout.ms", "48000");
    rd_kafka_conf_destroy(conf);

    options.delivery = GS_AT_LEAST_ONCE;
    assert_int_equal(gs_kafka_conf_producer(&options, &conf, &err), GS_OK);
    assert_setting(conf, "enable.idempotence", "true");
    rd_kafka_conf_destroy(conf);
}

static void properties_are_passed_on(void **state)
{
    const struct gs_property properties[] = {{"compression.codec", "lz4"},
                                             {"session.timeout.ms", "20000"},
                                             {"security.protocol", "plaintext"},
                                             {"max.poll.interval.ms", "600000"}};
    const struct gs_kafka_options options = options_with(properties, GS_COUNT(properties));
    rd_kafka_conf_t *conf = NULL;
    struct gs_error err;

    (void)state;
    assert_int_equal(gs_kafka_conf_consumer(&options, &conf, &err), GS_OK);
    assert_setting(conf, "session.timeout.ms", "20000");
    rd_kafka_conf_destroy(conf);
    assert_int_equal(gs_kafka_conf_producer(&options, &conf, &err), GS_OK);
    assert_setting(conf, "compression.codec", "lz4");
    rd_kafka_conf_destroy(conf);
}

static void properties_that_break_delivery_are_refused(void **state)
{
    static const struct gs_property rows[] = {
        {"enable.auto.commit", "true"},
        {"enable.auto.offset.store", "true"},
        {"isolation.level", "read_uncommitted"},
        {"transactional.id", "mine"},
        {"enable.idempotence", "false"},
        {"group.id", "other"},
        {"group.instance.id", "other"},
        {"acks", "1"},
        {"request.required.acks", "0"},
        {"auto.offset.reset", "earliest"},
        {"enable.partition.eof", "false"},
        {"partitioner", "random"},
        {"delivery.report.only.error", "true"},
        {"allow.auto.create.topics", "true"},
        {"bootstrap.servers", "elsewhere:9092"},
        {"transaction.timeout.ms", "1"},
        {"no.such.property", "1"},
        {"session.timeout.ms", "soon"},
        {"partition.assignment.strategy", "roundrobin,cooperative-sticky"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const struct gs_kafka_options options = options_with(&rows[i], 1);
        rd_kafka_conf_t *conf = NULL;
        struct gs_error err;
        print_message("  %s\n", rows[i].name);
        assert_int_equal(gs_kafka_conf_consumer(&options, &conf, &err), GS_BAD_CONFIG);
        assert_null(conf);
        assert_non_null(strstr(err.message, rows[i].name));
        assert_int_equal(gs_kafka_conf_producer(&options, &conf, &err), GS_BAD_CONFIG);
        assert_int_equal(gs_kafka_conf_feed("b:1", &rows[i], 1, &conf, &err), GS_BAD_CONFIG);
    }
}

static void options_that_cannot_be_are_refused(void **state)
{
    const struct gs_property nameless = {NULL, "x"};
    struct gs_kafka_options options = options_with(NULL, 0);
    struct gs_source *source = NULL;
    struct gs_sink *sink = NULL;
    rd_kafka_conf_t *conf = NULL;
    struct gs_error err;

    (void)state;
    options.instance = NULL;
    assert_int_equal(gs_kafka_conf_producer(&options, &conf, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "instance"));
    options = options_with(NULL, 0);
    options.transaction_timeout_ms = 999;
    assert_int_equal(gs_kafka_conf_producer(&options, &conf, &err), GS_BAD_CONFIG);
    options = options_with(NULL, 0);
    options.group = "";
    assert_int_equal(gs_kafka_conf_consumer(&options, &conf, &err), GS_BAD_CONFIG);
    options = options_with(NULL, 0);
    options.brokers = "";
    assert_int_equal(gs_kafka_conf_consumer(&options, &conf, &err), GS_BAD_CONFIG);
    options = options_with(&nameless, 1);
    assert_int_equal(gs_kafka_conf_consumer(&options, &conf, &err), GS_BAD_CONFIG);

    options = options_with(NULL, 0);
    options.n_topics = 0;
    assert_int_equal(gs_kafka_open(&options, NULL, &source, &sink, &err), GS_BAD_CONFIG);
    /* Each is fine alone, librdkafka refuses the two together. */
    const struct gs_property together[] = {{"message.timeout.ms", "20000"}};
    options = options_with(together, 1);
    assert_int_equal(gs_kafka_open(&options, NULL, &source, &sink, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "message.timeout.ms"));
    assert_null(source);
    assert_null(sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_consumer_reads_committed_and_stores_nothing),
        cmocka_unit_test(a_producer_delivers_as_it_promises),
        cmocka_unit_test(properties_are_passed_on),
        cmocka_unit_test(properties_that_break_delivery_are_refused),
        cmocka_unit_test(options_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
