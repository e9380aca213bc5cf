/* kafkatool BROKERS fill TOPIC [--rate N]: one record per line of stdin, in order.
 *
 *   {"key": "…", "value": "…", "headers": [["name", "value"]], "partition": 0, "ts": 1700000000000}
 *
 * Everything may be left out; null and absent are Kafka's null. "key_b64", "value_b64" and a header
 * of three
 * ["name", null, "base64"] carry bytes that JSON cannot. --rate keeps to N records a second.
 * Ends with {"delivered":N} on stdout; any failed record is exit 1. */
#include "kafkatool.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_HEADERS = 32, FLUSH_MS = 120000 };

struct fill {
    rd_kafka_t *client;
    const char *topic;
    long rate; /* records a second; 0: as fast as it goes */
    long n_put, n_delivered;
    char why[256]; /* the first failure */
    struct timespec start;
};

/* Bytes of a member given plainly or in base64. Ours to free. */
struct bytes {
    void *data; /* NULL: null */
    size_t len;
};

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct fill *fill = opaque;

    (void)client;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        fill->n_delivered++;
    } else if (fill->why[0] == '\0') {
        (void)snprintf(fill->why, sizeof fill->why, "%s", rd_kafka_err2str(message->err));
    }
}

static struct bytes member(const json_t *plain, const json_t *base64)
{
    struct bytes bytes = {NULL, 0};

    if (json_is_string(base64)) {
        bytes.data = tool_unbase64(json_string_value(base64), &bytes.len);
        if (bytes.data == NULL) {
            tool_die("not base64: %s", json_string_value(base64));
        }
    } else if (json_is_string(plain)) {
        bytes.len = json_string_length(plain);
        bytes.data = malloc(bytes.len + 1);
        if (bytes.data == NULL) {
            tool_die("out of memory");
        }
        memcpy(bytes.data, json_string_value(plain), bytes.len);
    }
    return bytes;
}

static rd_kafka_headers_t *headers_of(const json_t *list)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(MAX_HEADERS);

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        const char *name = json_string_value(json_array_get(pair, 0));
        struct bytes value = member(json_array_get(pair, 1), json_array_get(pair, 2));

        if (name == NULL) {
            tool_die("a header without a name");
        }
        rd_kafka_header_add(headers, name, -1, value.data, (ssize_t)value.len);
        free(value.data);
    }
    return headers;
}

static void put(struct fill *fill, const json_t *record)
{
    struct bytes key = member(json_object_get(record, "key"), json_object_get(record, "key_b64"));
    struct bytes value =
        member(json_object_get(record, "value"), json_object_get(record, "value_b64"));
    const json_t *place = json_object_get(record, "partition");
    const json_t *ts = json_object_get(record, "ts");
    const int32_t partition =
        json_is_integer(place) ? (int32_t)json_integer_value(place) : RD_KAFKA_PARTITION_UA;
    const int64_t ts_ms = json_is_integer(ts) ? json_integer_value(ts) : 0;
    rd_kafka_headers_t *headers = headers_of(json_object_get(record, "headers"));
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__QUEUE_FULL;

    for (;;) {
        /* The RD_KAFKA_V_ macros check types by a GNU extension; these are what they come to. */
        err = rd_kafka_producev(fill->client, RD_KAFKA_VTYPE_TOPIC, fill->topic, RD_KAFKA_VTYPE_KEY,
                                key.data, key.len, RD_KAFKA_VTYPE_VALUE, value.data, value.len,
                                RD_KAFKA_VTYPE_HEADERS, headers, RD_KAFKA_VTYPE_PARTITION,
                                partition, RD_KAFKA_VTYPE_TIMESTAMP, ts_ms, RD_KAFKA_VTYPE_MSGFLAGS,
                                RD_KAFKA_MSG_F_COPY, RD_KAFKA_V_END);
        if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            break;
        }
        rd_kafka_poll(fill->client, 10);
    }
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        tool_die("record %ld: %s", fill->n_put + 1, rd_kafka_err2str(err));
    }
    fill->n_put++;
    free(key.data);
    free(value.data);
}

/* Sleeps until record n_put is due. */
static void keep_rate(const struct fill *fill)
{
    struct timespec now;

    if (fill->rate == 0) {
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double passed = (double)(now.tv_sec - fill->start.tv_sec) +
                          (double)(now.tv_nsec - fill->start.tv_nsec) / 1e9;
    const double early = (double)fill->n_put / (double)fill->rate - passed;
    if (early > 0.001) {
        const struct timespec nap = {.tv_sec = (time_t)early,
                                     .tv_nsec = (long)((early - (double)(time_t)early) * 1e9)};

        nanosleep(&nap, NULL);
    }
}

static void put_lines(struct fill *fill)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len = 0;

    while ((len = getline(&line, &size, stdin)) > 0) {
        json_error_t why;
        json_t *record = json_loadb(line, (size_t)len, JSON_ALLOW_NUL, &why);

        if (!json_is_object(record)) {
            tool_die("line %ld: %s", fill->n_put + 1, record == NULL ? why.text : "not an object");
        }
        put(fill, record);
        json_decref(record);
        keep_rate(fill);
        rd_kafka_poll(fill->client, 0);
    }
    free(line);
}

int tool_fill(struct tool *tool)
{
    static const char *const properties[] = {
        "enable.idempotence",           "true",   "linger.ms", "5", "message.max.bytes", "10000000",
        "queue.buffering.max.messages", "200000", NULL};
    struct fill fill = {0};

    if (tool->argc != 1 && !(tool->argc == 3 && strcmp(tool->argv[1], "--rate") == 0)) {
        tool_die("fill TOPIC [--rate N]");
    }
    fill.topic = tool->argv[0];
    fill.rate = tool->argc == 3 ? tool_number(tool->argv[2], "--rate") : 0;
    clock_gettime(CLOCK_MONOTONIC, &fill.start);
    fill.client = tool_client(tool, RD_KAFKA_PRODUCER, on_delivery, &fill, properties);
    (void)tool_partitions(fill.client, fill.topic); /* a missing topic is an error at once */

    put_lines(&fill);
    const rd_kafka_resp_err_t err = rd_kafka_flush(fill.client, FLUSH_MS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR || fill.n_delivered != fill.n_put) {
        tool_die("%ld of %ld delivered: %s", fill.n_delivered, fill.n_put,
                 fill.why[0] != '\0' ? fill.why : rd_kafka_err2str(err));
    }
    printf("{\"delivered\":%ld}\n", fill.n_delivered);
    rd_kafka_destroy(fill.client);
    return 0;
}
