/* Client side of a lane against a real broker: consume, put the same bytes to another topic,
 * commit, nothing between. What is left over of this rate is what decoding, tagging and windows may
 * cost.
 *
 *     GS_BROKERS=127.0.0.1:9092 build/release/tests/unit/ingest/kafka/bench_kafka
 *
 * Without GS_BROKERS it measures nothing and says so. It makes its own topics (groundswell-bench-…,
 * one partition, and leaves them): GS_BENCH_RECORDS records of 500 bytes in (400000), copied by one
 * lane in batches of 100 ms, five times for each delivery. The rate is from the first record polled
 * to the last commit. Broker and lane share the machine: say so with the figure. GS_BENCH_BATCH_MS
 * sets another batch time. */
/* NOLINTBEGIN(concurrency-mt-unsafe): one thread of ours */
#include "ingest/base/clock.h"
#include "ingest/kafka/kafka.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { RUNS = 5, RECORD_BYTES = 500, TOPIC_NAME = 64 };

static const char *brokers;
static unsigned long n_records = 400000;
static int64_t batch_ms = 100;

static void stop(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_kafka: %s: %s\n", what, why);
    exit(1);
}

static void create_topic(const char *topic)
{
    char why[200];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    (void)rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    rd_kafka_NewTopic_t *made = rd_kafka_NewTopic_new(topic, 1, 1, why, sizeof why);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_CreateTopics(rk, &made, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 20000);
    if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        stop(topic, event == NULL ? "no answer" : rd_kafka_event_error_string(event));
    }
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewTopic_destroy(made);
    rd_kafka_destroy(rk);
}

static void fill(const char *topic)
{
    static char value[RECORD_BYTES];
    struct gs_feed *feed = NULL;
    struct gs_error err;
    char key[24];

    memset(value, 'x', sizeof value);
    if (gs_feed_open(brokers, topic, NULL, 0, &feed, &err) != GS_OK) {
        stop(topic, err.message);
    }
    for (unsigned long i = 0; i < n_records; i++) {
        const int len = snprintf(key, sizeof key, "%lu", i);
        const struct gs_output output = {.key = {key, (size_t)len},
                                         .value = {value, sizeof value},
                                         .timestamp_ms = -1,
                                         .partition = -1};
        if (gs_feed_put(feed, &output, &err) != GS_OK) {
            stop(topic, err.message);
        }
    }
    if (gs_feed_flush(feed, &err) != GS_OK) {
        stop(topic, err.message);
    }
    gs_feed_close(feed);
}

static double cpu_s(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Polls and puts until the batch's time is up; the number of records. */
static unsigned long batch(struct gs_source *source, struct gs_sink *sink, bool produce)
{
    const int64_t until = gs_clock_monotonic_ns() + batch_ms * 1000000;
    unsigned long n = 0;
    struct gs_record record;
    struct gs_error err;

    if (gs_sink_begin(sink, &err) != GS_OK) {
        stop("begin", err.message);
    }
    for (;;) {
        /* The clock for every 16th record only, as a lane does that has work between. */
        if (n % 16 == 0 && gs_clock_monotonic_ns() >= until) {
            break;
        }
        const enum gs_status status = gs_source_poll(source, 10, &record, &err);
        if (status == GS_AGAIN) {
            if (gs_clock_monotonic_ns() >= until) {
                break;
            }
            continue;
        }
        if (status != GS_OK) {
            stop("poll", err.message);
        }
        n++;
        const struct gs_output output = {
            .key = record.key, .value = record.value, .timestamp_ms = -1, .partition = -1};
        if (produce && gs_sink_put(sink, GS_STREAM_TAGGED, &output, &err) != GS_OK) {
            stop("put", err.message);
        }
    }
    if (gs_sink_commit(sink, source, &err) != GS_OK) {
        stop("commit", err.message);
    }
    return n;
}

struct result {
    double rate, cpu_us; /* a second, for each record */
};

static struct result copy(const char *in, const char *out, const char *name,
                          enum gs_delivery delivery, bool produce)
{
    struct gs_kafka_options options = {.brokers = brokers,
                                       .group = name,
                                       .instance = name,
                                       .topics = &in,
                                       .n_topics = 1,
                                       .delivery = delivery,
                                       .start = GS_START_EARLIEST};
    struct gs_source *source = NULL;
    struct gs_sink *sink = NULL;
    struct gs_error err;
    int64_t first = 0;
    double cpu = 0;

    options.output[GS_STREAM_TAGGED] = out;
    if (gs_kafka_open(&options, NULL, &source, &sink, &err) != GS_OK) {
        stop("open", err.message);
    }
    for (unsigned long n = 0; n < n_records;) {
        const int64_t before = gs_clock_monotonic_ns();
        const double cpu_before = cpu_s();
        const unsigned long copied = batch(source, sink, produce);
        if (first == 0 && copied > 0) {
            first = before;
            cpu = cpu_before;
        }
        n += copied;
    }
    const double seconds = (double)(gs_clock_monotonic_ns() - first) / 1e9;
    const struct result result = {(double)n_records / seconds,
                                  (cpu_s() - cpu) * 1e6 / (double)n_records};
    gs_source_close(source);
    gs_sink_close(sink);
    return result;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(const char *name, const char *unit, double values[RUNS])
{
    qsort(values, RUNS, sizeof values[0], ascending);
    (void)printf("{\"bench\":\"kafka\",\"case\":\"%s\",\"min\":%.4g,\"median\":%.4g,\"max\":%.4g,"
                 "\"unit\":\"%s\"}\n",
                 name, values[0], values[RUNS / 2], values[RUNS - 1], unit);
}

int main(void)
{
    static const struct {
        const char *name;
        enum gs_delivery delivery;
        bool produce;
    } rows[] = {{"exactly_once", GS_EXACTLY_ONCE, true},
                {"at_least_once", GS_AT_LEAST_ONCE, true},
                {"consume_only", GS_AT_LEAST_ONCE, false}};
    double rates[GS_COUNT(rows)][RUNS];
    double cpus[GS_COUNT(rows)][RUNS];
    char in[TOPIC_NAME];
    char out[TOPIC_NAME];
    char name[2 * TOPIC_NAME];

    brokers = getenv("GS_BROKERS");
    if (brokers == NULL) {
        (void)fputs("bench_kafka: GS_BROKERS is not set, nothing measured\n", stderr);
        return 0;
    }
    const char *text = getenv("GS_BENCH_RECORDS");
    n_records = text == NULL ? n_records : strtoul(text, NULL, 10);
    text = getenv("GS_BENCH_BATCH_MS");
    batch_ms = text == NULL ? batch_ms : strtoll(text, NULL, 10);
    (void)snprintf(in, sizeof in, "groundswell-bench-in-%ld", (long)getpid());
    (void)snprintf(out, sizeof out, "groundswell-bench-out-%ld", (long)getpid());
    create_topic(in);
    create_topic(out);
    fill(in);
    /* The kinds take turns, so that a machine that changes its speed changes it for all. */
    for (int run = 0; run < RUNS; run++) {
        for (size_t i = 0; i < GS_COUNT(rows); i++) {
            (void)snprintf(name, sizeof name, "%s-%s-%d", in, rows[i].name, run);
            const struct result result = copy(in, out, name, rows[i].delivery, rows[i].produce);
            rates[i][run] = result.rate;
            cpus[i][run] = result.cpu_us;
        }
    }
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        (void)snprintf(name, sizeof name, "%s_500B_%lldms", rows[i].name, (long long)batch_ms);
        report(name, "msg/s", rates[i]);
        (void)snprintf(name, sizeof name, "%s_client_cpu", rows[i].name);
        report(name, "us/msg", cpus[i]);
    }
    return 0;
}
/* NOLINTEND(concurrency-mt-unsafe) */
