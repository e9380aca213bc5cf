/* The user's own librdkafka properties (kafka.properties).
 *
 * Those that would break what delivery promises are refused with the reason; all others are put to
 * librdkafka itself, so that `check` finds what `run` would meet. librdkafka has no list of its
 * names but the page that it prints: that page is read to find the name that was meant. */
#include "ingest/base/nearest.h"
#include "ingest/kafka/kafka_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The properties that a user may not set, and why. */
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

/* Takes the name at the start of a line "name | C/P | range | …"; an empty one for headings. */
static void first_word(const char *line, char *ret, size_t size)
{
    const size_t len = strcspn(line, " |\n");

    ret[0] = '\0';
    if (len < size && strchr(line, '|') != NULL && line[len] == ' ') {
        memcpy(ret, line, len);
        ret[len] = '\0';
    }
}

/* The known name that is nearest to a wrong one; false: none is near. */
static bool nearest_name(const char *name, char *ret, size_t size)
{
    char *page = NULL;
    size_t page_size = 0;
    struct gs_nearest nearest = gs_nearest(name);
    FILE *out = open_memstream(&page, &page_size);

    if (out == NULL) {
        return false;
    }
    rd_kafka_conf_properties_show(out);
    (void)fclose(out);
    for (const char *line = page; line != NULL && *line != '\0';) {
        char known[80];
        const char *end = strchr(line, '\n');
        first_word(line, known, sizeof known);
        if (known[0] != '\0') {
            const char *const before = nearest.best;
            gs_nearest_offer(&nearest, known);
            if (nearest.best != before) {
                (void)snprintf(ret, size, "%s", known);
                nearest.best = ret;
            }
        }
        line = end == NULL ? NULL : end + 1;
    }
    free(page);
    return nearest.best != NULL;
}

static enum gs_status unknown(const char *name, struct gs_error *err)
{
    char near[80];

    return nearest_name(name, near, sizeof near)
               ? gs_fail(err, GS_BAD_CONFIG,
                         "kafka property %s: librdkafka has no such property; did you mean %s?",
                         name, near)
               : gs_fail(err, GS_BAD_CONFIG, "kafka property %s: librdkafka has no such property",
                         name);
}

/* Asks librdkafka about name and value, with nothing connected. */
static enum gs_status ask_librdkafka(const struct gs_property *property, struct gs_error *err)
{
    char why[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const rd_kafka_conf_res_t result =
        rd_kafka_conf_set(conf, property->name, property->value, why, sizeof why);

    rd_kafka_conf_destroy(conf);
    if (result == RD_KAFKA_CONF_UNKNOWN) {
        return unknown(property->name, err);
    }
    return result == RD_KAFKA_CONF_OK
               ? GS_OK
               : gs_fail(err, GS_BAD_CONFIG, "kafka property %s: %s", property->name, why);
}

enum gs_status gs_kafka_property_check(const struct gs_property *property, struct gs_error *err)
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
    const enum gs_status status = ask_librdkafka(property, err);
    if (status == GS_OK && strcmp(property->name, "partition.assignment.strategy") == 0) {
        return check_assignor(property->value, err);
    }
    return status;
}
