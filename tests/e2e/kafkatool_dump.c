/* kafkatool BROKERS dump TOPIC [--uncommitted] [--no-values]: every record that is there, a JSON
 * line each:
 *
 *   {"partition":0,"offset":12,"ts":1700000000000,"key":"base64"|null,"value":"base64"|null,
 *    "headers":[["name","base64"|null]]}
 *
 * Reads read_committed unless told otherwise and stops at the end of each partition. No group is
 * joined and nothing is committed. */
#include "kafkatool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { QUIET_S = 60 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *tool_base64(const void *bytes, size_t len)
{
    const unsigned char *in = bytes;
    char *text = malloc((len + 2) / 3 * 4 + 1);
    char *out = text;

    if (text == NULL) {
        tool_die("out of memory");
    }
    for (size_t i = 0; i < len; i += 3) {
        const size_t left = len - i;
        const uint32_t three = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)in[i + 2] : 0);

        out[0] = alphabet[three >> 18];
        out[1] = alphabet[three >> 12 & 63];
        out[2] = alphabet[three >> 6 & 63];
        out[3] = alphabet[three & 63];
        if (left < 3) {
            out[3] = '=';
        }
        if (left < 2) {
            out[2] = '=';
        }
        out += 4;
    }
    *out = '\0';
    return text;
}

void *tool_unbase64(const char *text, size_t *ret_len)
{
    const size_t len = strlen(text);
    const size_t padding = len > 1 ? (size_t)(text[len - 1] == '=') + (text[len - 2] == '=') : 0;
    unsigned char *bytes = malloc(len / 4 * 3 + 1);
    uint32_t bits = 0;
    size_t n = 0;

    if (bytes == NULL) {
        tool_die("out of memory");
    }
    for (size_t i = 0; i < len; i++) {
        const char *at = i < len - padding ? strchr(alphabet, text[i]) : alphabet;

        if (len % 4 != 0 || at == NULL) {
            free(bytes);
            return NULL;
        }
        bits = bits << 6 | (uint32_t)(at - alphabet);
        if (i % 4 == 3) {
            bytes[n++] = (unsigned char)(bits >> 16);
            bytes[n++] = (unsigned char)(bits >> 8);
            bytes[n++] = (unsigned char)bits;
        }
    }
    *ret_len = n - padding;
    return bytes;
}

static void print_bytes(const char *before, const void *bytes, size_t len)
{
    if (bytes == NULL) {
        printf("%snull", before);
        return;
    }
    char *text = tool_base64(bytes, len);

    printf("%s\"%s\"", before, text);
    free(text);
}

static void print_headers(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    const char *name = NULL;
    const void *value = NULL;
    size_t len = 0;

    printf(",\"headers\":[");
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        for (size_t i = 0;
             rd_kafka_header_get_all(headers, i, &name, &value, &len) == RD_KAFKA_RESP_ERR_NO_ERROR;
             i++) {
            /* Names in these tests are plain ASCII. */
            printf("%s[\"%s\"", i == 0 ? "" : ",", name);
            print_bytes(",", value, len);
            printf("]");
        }
    }
    printf("]");
}

static void print_record(const rd_kafka_message_t *message, bool values)
{
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;

    printf("{\"partition\":%d,\"offset\":%lld,\"ts\":%lld", (int)message->partition,
           (long long)message->offset, (long long)rd_kafka_message_timestamp(message, &type));
    print_bytes(",\"key\":", message->key, message->key_len);
    if (values) {
        print_bytes(",\"value\":", message->payload, message->len);
    }
    print_headers(message);
    printf("}\n");
}

static rd_kafka_t *open_all(const struct tool *tool, bool uncommitted, int *ret_partitions)
{
    const char *const properties[] = {"group.id",
                                      "kafkatool",
                                      "enable.auto.commit",
                                      "false",
                                      "enable.partition.eof",
                                      "true",
                                      "auto.offset.reset",
                                      "error",
                                      "isolation.level",
                                      uncommitted ? "read_uncommitted" : "read_committed",
                                      "queued.max.messages.kbytes",
                                      "65536",
                                      NULL};
    rd_kafka_t *client = tool_client(tool, RD_KAFKA_CONSUMER, NULL, NULL, properties);
    const int n = tool_partitions(client, tool->argv[0]);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);

    for (int i = 0; i < n; i++) {
        rd_kafka_topic_partition_list_add(list, tool->argv[0], i)->offset =
            RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_poll_set_consumer(client);
    if (rd_kafka_assign(client, list) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        tool_die("cannot assign %s", tool->argv[0]);
    }
    rd_kafka_topic_partition_list_destroy(list);
    *ret_partitions = n;
    return client;
}

/* Prints until each partition has said once that this is its end. */
static void print_all(const struct tool *tool, rd_kafka_t *client, int n_partitions, bool values)
{
    bool *ended = calloc((size_t)n_partitions, sizeof *ended);
    int n_ended = 0;
    time_t heard = time(NULL);

    if (ended == NULL) {
        tool_die("out of memory");
    }
    while (n_ended < n_partitions) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client, 1000);

        if (message == NULL) {
            if (time(NULL) - heard > QUIET_S) {
                tool_die("dump %s: nothing came for %d s", tool->argv[0], QUIET_S);
            }
            continue;
        }
        heard = time(NULL);
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            n_ended += !ended[message->partition];
            ended[message->partition] = true;
        } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            print_record(message, values);
        } else {
            tool_die("dump %s: %s", tool->argv[0], rd_kafka_message_errstr(message));
        }
        rd_kafka_message_destroy(message);
    }
    free(ended);
}

int tool_dump(struct tool *tool)
{
    bool uncommitted = false;
    bool values = true;
    int n_partitions = 0;

    for (int i = 1; i < tool->argc; i++) {
        if (strcmp(tool->argv[i], "--uncommitted") == 0) {
            uncommitted = true;
        } else if (strcmp(tool->argv[i], "--no-values") == 0) {
            values = false;
        } else {
            tool_die("dump TOPIC [--uncommitted] [--no-values]");
        }
    }
    if (tool->argc < 1) {
        tool_die("dump TOPIC [--uncommitted] [--no-values]");
    }
    rd_kafka_t *client = open_all(tool, uncommitted, &n_partitions);
    print_all(tool, client, n_partitions, values);
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
    return 0;
}
