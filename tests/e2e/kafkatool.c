/* kafkatool BROKERS COMMAND …: topics, records and offsets of a Kafka, as JSON lines.
 *
 *   wait SECONDS                      until the broker answers
 *   create TOPIC PARTITIONS [K=V]…    a topic with these settings
 *   grow TOPIC PARTITIONS             adds partitions up to this number
 *   alter TOPIC K=V…                  the topic's settings are these, all others the defaults
 *   fill TOPIC [--rate N]             records from stdin (kafkatool_fill.c)
 *   dump TOPIC [--uncommitted] [--no-values]   all records up to the end (kafkatool_dump.c)
 *   watermarks TOPIC                  {"partition","low","stable","high"} a line
 *   committed GROUP TOPIC             {"partition","offset"} a line; offset null when there is none
 */
#include "kafkatool.h"

#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPLY_MS = 10000, CREATE_MS = 30000, COMMITTED_S = 60 };

void tool_die(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("kafkatool: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1); // NOLINT(concurrency-mt-unsafe): one thread of ours
}

long tool_number(const char *text, const char *what)
{
    char *end = NULL;
    const long number = strtol(text, &end, 10);

    if (end == text || *end != '\0' || number < 0) {
        tool_die("%s: not a number: %s", what, text);
    }
    return number;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
        tool_die("%s=%s: %s", name, value, why);
    }
}

rd_kafka_t *tool_client(const struct tool *tool, rd_kafka_type_t type,
                        void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *),
                        void *opaque, const char *const *properties)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    set(conf, "bootstrap.servers", tool->brokers);
    set(conf, "log_level", "3");
    set(conf, "reconnect.backoff.max.ms", "500");
    for (; properties != NULL && properties[0] != NULL; properties += 2) {
        set(conf, properties[0], properties[1]);
    }
    if (delivered != NULL) {
        rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    }
    rd_kafka_conf_set_opaque(conf, opaque);

    rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof why);
    if (client == NULL) {
        tool_die("%s", why);
    }
    return client;
}

int tool_partitions(rd_kafka_t *client, const char *topic)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);

    if (handle == NULL) {
        tool_die("%s: %s", topic, rd_kafka_err2str(rd_kafka_last_error()));
    }
    const rd_kafka_resp_err_t err = rd_kafka_metadata(client, 0, handle, &metadata, REPLY_MS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        tool_die("%s: %s", topic, rd_kafka_err2str(err));
    }
    if (metadata->topic_cnt != 1 || metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        tool_die("%s: %s", topic, rd_kafka_err2str(metadata->topics[0].err));
    }
    const int n = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    return n;
}

static int wait_ready(struct tool *tool)
{
    /* Its own failed connections are what it waits through: nothing of them is news. */
    static const char *const properties[] = {"log_level", "0", "log.connection.close", "false",
                                             NULL};
    const time_t deadline = time(NULL) + (tool->argc > 0 ? tool_number(tool->argv[0], "wait") : 30);
    rd_kafka_t *client = tool_client(tool, RD_KAFKA_PRODUCER, NULL, NULL, properties);
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;

    while (err != RD_KAFKA_RESP_ERR_NO_ERROR && time(NULL) < deadline) {
        const struct rd_kafka_metadata *metadata = NULL;

        err = rd_kafka_metadata(client, 0, NULL, &metadata, 1000);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            if (metadata->broker_cnt == 0) {
                err = RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE;
            }
            rd_kafka_metadata_destroy(metadata);
        }
    }
    rd_kafka_destroy(client);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        tool_die("the broker at %s does not answer: %s", tool->brokers, rd_kafka_err2str(err));
    }
    return 0;
}

static rd_kafka_NewTopic_t *describe_topic(struct tool *tool)
{
    char why[256];
    const long partitions = tool_number(tool->argv[1], "partitions");

    if (partitions < 1 || partitions > INT_MAX) {
        tool_die("a topic has 1 to %d partitions", INT_MAX);
    }
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(tool->argv[0], (int)partitions, 1, why, sizeof why);
    if (topic == NULL) {
        tool_die("%s: %s", tool->argv[0], why);
    }
    for (int i = 2; i < tool->argc; i++) {
        char *value = strchr(tool->argv[i], '=');

        if (value == NULL) {
            tool_die("not NAME=VALUE: %s", tool->argv[i]);
        }
        *value++ = '\0';
        if (rd_kafka_NewTopic_set_config(topic, tool->argv[i], value) !=
            RD_KAFKA_RESP_ERR_NO_ERROR) {
            tool_die("cannot set %s", tool->argv[i]);
        }
    }
    return topic;
}

static int create(struct tool *tool)
{
    if (tool->argc < 2) {
        tool_die("create TOPIC PARTITIONS [NAME=VALUE]…");
    }
    rd_kafka_NewTopic_t *topic = describe_topic(tool);
    rd_kafka_t *client = tool_client(tool, RD_KAFKA_PRODUCER, NULL, NULL, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);

    rd_kafka_CreateTopics(client, &topic, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CREATE_MS);
    if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        tool_die("create %s: %s", tool->argv[0],
                 event == NULL ? "no answer" : rd_kafka_event_error_string(event));
    }
    size_t n = 0;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
    if (n != 1 || rd_kafka_topic_result_error(results[0]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        tool_die("create %s: %s", tool->argv[0],
                 n == 1 ? rd_kafka_err2str(rd_kafka_topic_result_error(results[0])) : "no result");
    }
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_destroy(client);
    return 0;
}

/* Waits for the answer to an admin request about one topic; death when it failed. */
static void await_admin(struct tool *tool, const char *what, rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CREATE_MS);
    rd_kafka_resp_err_t err =
        event == NULL ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event);
    size_t n = 0;

    if (err == RD_KAFKA_RESP_ERR_NO_ERROR &&
        rd_kafka_event_type(event) == RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT) {
        err = rd_kafka_topic_result_error(rd_kafka_CreatePartitions_result_topics(
            rd_kafka_event_CreatePartitions_result(event), &n)[0]);
    } else if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        err = rd_kafka_ConfigResource_error(rd_kafka_AlterConfigs_result_resources(
            rd_kafka_event_AlterConfigs_result(event), &n)[0]);
    }
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        tool_die("%s %s: %s", what, tool->argv[0], rd_kafka_err2str(err));
    }
    rd_kafka_event_destroy(event);
}

static int grow(struct tool *tool)
{
    char why[256];

    if (tool->argc != 2) {
        tool_die("grow TOPIC PARTITIONS");
    }
    rd_kafka_t *client = tool_client(tool, RD_KAFKA_PRODUCER, NULL, NULL, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_NewPartitions_t *more = rd_kafka_NewPartitions_new(
        tool->argv[0], (size_t)tool_number(tool->argv[1], "partitions"), why, sizeof why);
    if (more == NULL) {
        tool_die("grow %s: %s", tool->argv[0], why);
    }
    rd_kafka_CreatePartitions(client, &more, 1, NULL, queue);
    await_admin(tool, "grow", queue);
    rd_kafka_NewPartitions_destroy(more);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
    return 0;
}

static int alter(struct tool *tool)
{
    if (tool->argc < 1) {
        tool_die("alter TOPIC NAME=VALUE…");
    }
    rd_kafka_t *client = tool_client(tool, RD_KAFKA_PRODUCER, NULL, NULL, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_ConfigResource_t *topic =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, tool->argv[0]);
    for (int i = 1; i < tool->argc; i++) {
        char *value = strchr(tool->argv[i], '=');
        if (value == NULL) {
            tool_die("not NAME=VALUE: %s", tool->argv[i]);
        }
        *value++ = '\0';
        (void)rd_kafka_ConfigResource_set_config(topic, tool->argv[i], value);
    }
    rd_kafka_AlterConfigs(client, &topic, 1, NULL, queue);
    await_admin(tool, "alter", queue);
    rd_kafka_ConfigResource_destroy(topic);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
    return 0;
}

/* The high watermark under read_committed is the last stable offset: below it nothing is undecided.
 */
static int watermarks(struct tool *tool)
{
    static const char *const committed[] = {"isolation.level", "read_committed", NULL};
    static const char *const uncommitted[] = {"isolation.level", "read_uncommitted", NULL};

    if (tool->argc != 1) {
        tool_die("watermarks TOPIC");
    }
    rd_kafka_t *stable = tool_client(tool, RD_KAFKA_CONSUMER, NULL, NULL, committed);
    rd_kafka_t *all = tool_client(tool, RD_KAFKA_CONSUMER, NULL, NULL, uncommitted);
    const int n = tool_partitions(all, tool->argv[0]);
    for (int i = 0; i < n; i++) {
        int64_t low = -1;
        int64_t lso = -1;
        int64_t high = -1;
        rd_kafka_resp_err_t err =
            rd_kafka_query_watermark_offsets(stable, tool->argv[0], i, &low, &lso, REPLY_MS);

        if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            err = rd_kafka_query_watermark_offsets(all, tool->argv[0], i, &low, &high, REPLY_MS);
        }
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            tool_die("%s %d: %s", tool->argv[0], i, rd_kafka_err2str(err));
        }
        printf("{\"partition\":%d,\"low\":%lld,\"stable\":%lld,\"high\":%lld}\n", i, (long long)low,
               (long long)lso, (long long)high);
    }
    rd_kafka_destroy(stable);
    rd_kafka_destroy(all);
    return 0;
}

/* While a transaction holds the offsets, or the coordinator finds itself again, the broker makes us
 * wait: that is not "none". */
static void ask_committed(rd_kafka_t *client, rd_kafka_topic_partition_list_t *list,
                          const char *group)
{
    const struct timespec pause = {.tv_nsec = 200000000};
    const time_t deadline = time(NULL) + COMMITTED_S;

    for (;;) {
        rd_kafka_resp_err_t err = rd_kafka_committed(client, list, 1000);

        for (int i = 0; i < list->cnt && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
            err = list->elems[i].err;
        }
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return;
        }
        if (time(NULL) > deadline) {
            tool_die("committed %s: %s", group, rd_kafka_err2str(err));
        }
        nanosleep(&pause, NULL);
    }
}

static int committed(struct tool *tool)
{
    if (tool->argc != 2) {
        tool_die("committed GROUP TOPIC");
    }
    const char *const properties[] = {"group.id", tool->argv[0], "isolation.level",
                                      "read_committed", NULL};
    rd_kafka_t *client = tool_client(tool, RD_KAFKA_CONSUMER, NULL, NULL, properties);
    const int n = tool_partitions(client, tool->argv[1]);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(n);

    rd_kafka_topic_partition_list_add_range(list, tool->argv[1], 0, n - 1);
    ask_committed(client, list, tool->argv[0]);
    for (int i = 0; i < n; i++) {
        const long long offset = (long long)list->elems[i].offset;

        printf("{\"partition\":%d,\"offset\":", (int)list->elems[i].partition);
        if (offset >= 0) {
            printf("%lld}\n", offset);
        } else {
            printf("null}\n");
        }
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(client);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(struct tool *tool);
    } commands[] = {
        {"wait", wait_ready},       {"create", create},
        {"fill", tool_fill},        {"grow", grow},
        {"alter", alter},           {"dump", tool_dump},
        {"watermarks", watermarks}, {"committed", committed},
    };

    if (argc >= 3) {
        struct tool tool = {.brokers = argv[1], .argc = argc - 3, .argv = argv + 3};

        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
            if (strcmp(argv[2], commands[i].name) == 0) {
                return commands[i].run(&tool);
            }
        }
    }
    fputs("usage: kafkatool BROKERS wait|create|grow|alter|fill|dump|watermarks|committed …\n",
          stderr);
    return 2;
}
