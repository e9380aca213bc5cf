/* One lane that copies a topic to another through gs_source and gs_sink: the smallest owner that
 * keeps the contract of ingest/records/source.h, for trying delivery on a real broker.
 *
 *     copy_lane BROKERS GROUP INSTANCE IN OUT [options]
 *         --alo               at least once (exactly once otherwise)
 *         --strict            a new producer after a request without an answer
 *         --batch-ms N        a batch ends after so long (100)
 *         --batch N           or with so many records (20000)
 *         --start WHERE       earliest (default), latest, committed
 *         --stop-after N      end after N records; otherwise
 *         --idle S            end when nothing came for S seconds (3)
 *         --same-partition    out of the partition it came from, not by key
 *         --dlq TOPIC         where records go that OUT refuses as too large
 *         -X NAME=VALUE       a librdkafka property
 *
 * GS_FAIL=POINT:N ends the process in batch N (from 1) as kill -9 would, with everything it has
 * produced flushed; GS_SIGNAL=STOP stops it there instead (a zombie, until SIGCONT). Points, in the
 * order of a batch: poll            one record was polled put             half of the records were
 * put offsets         the offsets are in the transaction commit_before   before the transaction (or
 * the offset commit) ends commit_after    behind it, before the program knows The linker puts them
 * around librdkafka's calls (-Wl,--wrap); what is shipped has no such hooks.
 *
 * The last line on stdout is JSON with what was done. Exit: 0, 1 usage, 3 GS_IO and its like. */
#include "ingest/base/clock.h"
#include "ingest/kafka/kafka.h"

#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_PROPERTIES = 32, MAX_RENEWALS = 20, MAX_TIMES = 100000 };

struct lane {
    struct gs_kafka_options options;
    struct gs_source *source;
    struct gs_sink *sink;
    struct gs_kafka_stats before; /* of clients that were closed */
    bool open;                    /* a batch is */
    enum gs_status revoked_with;  /* how the batch ended that a revocation ended */
    uint64_t in_batch, batches, copied, aborted, renewed, too_large;
    int64_t first_ns, last_ns, batch_ms;
    uint64_t max_batch, stop_after;
    int64_t idle_s;
    bool same_partition;
    double commit_ms[MAX_TIMES];
    size_t n_times;
};

/* NOLINTBEGIN(concurrency-mt-unsafe): the environment is only read
 * NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker's names */
/* ---- fail points ---- */

static struct {
    char point[32];
    uint64_t batch;
    rd_kafka_t *producer;
} fail_at;
static const struct lane *current;

static void read_fail_point(void)
{
    const char *text = getenv("GS_FAIL");
    const char *colon = text == NULL ? NULL : strchr(text, ':');

    if (colon != NULL && (size_t)(colon - text) < sizeof fail_at.point) {
        memcpy(fail_at.point, text, (size_t)(colon - text));
        fail_at.batch = strtoull(colon + 1, NULL, 10);
    }
}

static void fail_point(const char *point)
{
    if (current == NULL || strcmp(fail_at.point, point) != 0 ||
        current->batches + 1 != fail_at.batch) {
        return;
    }
    const char *how = getenv("GS_SIGNAL");
    const bool stop = how != NULL && strcmp(how, "STOP") == 0;
    if (fail_at.producer != NULL) {
        (void)rd_kafka_flush(fail_at.producer, 5000);
    }
    (void)fprintf(stderr, "fail point %s in batch %llu: %s\n", point,
                  (unsigned long long)fail_at.batch, stop ? "stopped" : "killed");
    fail_at.point[0] = '\0';
    (void)kill(getpid(), stop ? SIGSTOP : SIGKILL);
}

rd_kafka_error_t *__real_rd_kafka_begin_transaction(rd_kafka_t *rk);
rd_kafka_error_t *__wrap_rd_kafka_begin_transaction(rd_kafka_t *rk);
rd_kafka_error_t *__wrap_rd_kafka_begin_transaction(rd_kafka_t *rk)
{
    fail_at.producer = rk;
    return __real_rd_kafka_begin_transaction(rk);
}

rd_kafka_error_t *__real_rd_kafka_send_offsets_to_transaction(
    rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
    const rd_kafka_consumer_group_metadata_t *group, int timeout_ms);
rd_kafka_error_t *__wrap_rd_kafka_send_offsets_to_transaction(
    rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
    const rd_kafka_consumer_group_metadata_t *group, int timeout_ms);
rd_kafka_error_t *__wrap_rd_kafka_send_offsets_to_transaction(
    rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
    const rd_kafka_consumer_group_metadata_t *group, int timeout_ms)
{
    rd_kafka_error_t *error =
        getenv("GS_BUG_NO_OFFSETS") != NULL
            ? NULL
            : __real_rd_kafka_send_offsets_to_transaction(rk, offsets, group, timeout_ms);
    if (error == NULL) {
        fail_point("offsets");
    }
    return error;
}

rd_kafka_error_t *__real_rd_kafka_commit_transaction(rd_kafka_t *rk, int timeout_ms);
rd_kafka_error_t *__wrap_rd_kafka_commit_transaction(rd_kafka_t *rk, int timeout_ms);
rd_kafka_error_t *__wrap_rd_kafka_commit_transaction(rd_kafka_t *rk, int timeout_ms)
{
    fail_point("commit_before");
    rd_kafka_error_t *error = __real_rd_kafka_commit_transaction(rk, timeout_ms);
    if (error == NULL) {
        fail_point("commit_after");
    }
    return error;
}

/* NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
 * NOLINTEND(concurrency-mt-unsafe) */

/* ---- a lane ---- */

static void end_batch(struct lane *lane, enum gs_status status)
{
    lane->open = false;
    lane->aborted += status == GS_ABORTED;
    lane->batches += status == GS_OK && lane->in_batch > 0;
    lane->copied += status == GS_OK ? lane->in_batch : 0;
    lane->last_ns = status == GS_OK && lane->in_batch > 0 ? gs_clock_monotonic_ns() : lane->last_ns;
    lane->in_batch = 0;
}

static enum gs_status commit(struct lane *lane, struct gs_error *err)
{
    const int64_t from = gs_clock_monotonic_ns();

    if (lane->options.delivery == GS_AT_LEAST_ONCE) {
        fail_point("commit_before");
    }
    const enum gs_status status = gs_sink_commit(lane->sink, lane->source, err);
    if (lane->options.delivery == GS_AT_LEAST_ONCE) {
        fail_point("commit_after");
    }
    if (status == GS_OK && lane->in_batch > 0 && lane->n_times < MAX_TIMES) {
        lane->commit_ms[lane->n_times++] = (double)(gs_clock_monotonic_ns() - from) / 1e6;
    }
    end_batch(lane, status);
    return status;
}

static void on_revoking(void *arg, bool lost)
{
    struct lane *lane = arg;
    struct gs_error err = {GS_OK, ""};

    if (!lane->open) {
        return;
    }
    if (lost) {
        lane->revoked_with = gs_sink_abort(lane->sink, lane->source, &err);
        end_batch(lane, GS_ABORTED);
    } else {
        lane->revoked_with = commit(lane, &err);
    }
    (void)fprintf(stderr, "revoking (lost %d): %s %s\n", (int)lost,
                  gs_status_name(lane->revoked_with), err.message);
}

static void on_assigned(void *arg, struct gs_str topic, int32_t partition)
{
    (void)arg;
    (void)fprintf(stderr, "assigned %.*s [%d]\n", GS_STR_ARGS(topic), (int)partition);
}

static void on_log(void *arg, int level, const char *message)
{
    (void)arg;
    (void)fprintf(stderr, "%.3f log %d: %s\n", (double)gs_clock_wall_ms() / 1000.0, level, message);
}

static enum gs_status put(struct lane *lane, const struct gs_record *record, struct gs_error *err)
{
    const struct gs_output output = {
        .key = record->key,
        .value = record->value,
        .headers = record->headers,
        .n_headers = record->n_headers,
        .timestamp_ms = record->timestamp_ms,
        .partition = lane->same_partition ? record->partition : -1,
    };
    enum gs_status status = gs_sink_put(lane->sink, GS_STREAM_TAGGED, &output, err);

    if (status == GS_BAD_FORMAT && lane->options.output[GS_STREAM_DLQ] != NULL) {
        lane->too_large++;
        const struct gs_output rejected = {
            .key = record->key, .timestamp_ms = record->timestamp_ms, .partition = -1};
        status = gs_sink_put(lane->sink, GS_STREAM_DLQ, &rejected, err);
    }
    return status;
}

/* One batch: GS_OK, also when it was empty. */
static enum gs_status batch(struct lane *lane, struct gs_error *err)
{
    enum gs_status status = gs_sink_begin(lane->sink, err);
    const int64_t until = gs_clock_monotonic_ns() + lane->batch_ms * 1000000;

    if (status != GS_OK) {
        return status;
    }
    lane->open = true;
    lane->revoked_with = GS_OK;
    while (lane->open && lane->in_batch < lane->max_batch) {
        struct gs_record record;
        const int64_t left_ms = (until - gs_clock_monotonic_ns()) / 1000000;
        if (left_ms <= 0) {
            break;
        }
        status = gs_source_poll(lane->source, (int)left_ms, &record, err);
        if (!lane->open && status == GS_OK) {
            /* The revocation ended the batch; this record belongs to the next. */
            status = gs_sink_begin(lane->sink, err);
            lane->open = status == GS_OK;
        }
        if (status == GS_AGAIN) {
            continue;
        }
        if (status != GS_OK) {
            return status;
        }
        if (lane->in_batch++ == 0) {
            fail_point("poll");
            lane->first_ns = lane->first_ns == 0 ? gs_clock_monotonic_ns() : lane->first_ns;
        }
        status = put(lane, &record, err);
        if (status != GS_OK) {
            end_batch(lane, status);
            return status;
        }
        if (lane->in_batch == lane->max_batch / 2) {
            fail_point("put");
        }
    }
    if (!lane->open) {
        return lane->revoked_with == GS_FENCED ? GS_FENCED : GS_OK;
    }
    return commit(lane, err);
}

static void close_lane(struct lane *lane)
{
    struct gs_kafka_stats now = {0};

    gs_kafka_stats(lane->source, lane->sink, &now);
    lane->before.consumed += now.consumed;
    lane->before.produced += now.produced;
    lane->before.commits += now.commits;
    lane->before.aborts += now.aborts;
    lane->before.retries += now.retries;
    lane->before.fences += now.fences;
    gs_source_close(lane->source);
    gs_sink_close(lane->sink);
    lane->source = NULL;
    lane->sink = NULL;
}

static enum gs_status open_lane(struct lane *lane, struct gs_error *err)
{
    const struct gs_source_events events = {
        .arg = lane, .assigned = on_assigned, .revoking = on_revoking};

    return gs_kafka_open(&lane->options, &events, &lane->source, &lane->sink, err);
}

/* New clients. GS_FENCED at the opening itself counts as another try. */
static enum gs_status renew(struct lane *lane, struct gs_error *err)
{
    enum gs_status status = GS_FENCED;

    (void)fprintf(stderr, "%.3f fenced: %s\n", (double)gs_clock_wall_ms() / 1000.0, err->message);
    if (lane->source != NULL) {
        close_lane(lane);
    }
    end_batch(lane, GS_ABORTED);
    while (status == GS_FENCED && lane->renewed++ < MAX_RENEWALS) {
        status = open_lane(lane, err);
    }
    return status;
}

static bool finished(const struct lane *lane, int64_t idle_since_ns)
{
    if (lane->stop_after > 0) {
        return lane->copied >= lane->stop_after;
    }
    return gs_kafka_assigned(lane->source) &&
           gs_clock_monotonic_ns() - idle_since_ns > lane->idle_s * INT64_C(1000000000);
}

static enum gs_status run(struct lane *lane, struct gs_error *err)
{
    enum gs_status status = open_lane(lane, err);
    int64_t idle_since_ns = gs_clock_monotonic_ns();

    while (status == GS_OK && !finished(lane, idle_since_ns)) {
        const uint64_t copied = lane->copied;
        status = batch(lane, err);
        if (status == GS_ABORTED) {
            (void)fprintf(stderr, "aborted: %s\n", err->message);
            status = GS_OK;
        }
        if (status == GS_FENCED) {
            status = renew(lane, err);
        }
        if (lane->copied != copied || !gs_kafka_assigned(lane->source)) {
            idle_since_ns = gs_clock_monotonic_ns();
        }
    }
    return status;
}

/* ---- command line ---- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_result(struct lane *lane)
{
    const double seconds = (double)(lane->last_ns - lane->first_ns) / 1e9;
    const double rate = seconds > 0 ? (double)lane->copied / seconds : 0;
    double p50 = 0;
    double p99 = 0;

    if (lane->n_times > 0) {
        qsort(lane->commit_ms, lane->n_times, sizeof lane->commit_ms[0], ascending);
        p50 = lane->commit_ms[lane->n_times / 2];
        p99 = lane->commit_ms[lane->n_times * 99 / 100];
    }
    (void)printf("{\"copied\":%llu,\"seconds\":%.3f,\"msg_per_s\":%.0f,\"batches\":%llu,"
                 "\"aborted\":%llu,\"renewed\":%llu,\"too_large\":%llu,\"retries\":%llu,"
                 "\"commit_ms_p50\":%.2f,\"commit_ms_p99\":%.2f,\"lag\":%lld}\n",
                 (unsigned long long)lane->copied, seconds, rate, (unsigned long long)lane->batches,
                 (unsigned long long)lane->aborted, (unsigned long long)lane->renewed,
                 (unsigned long long)lane->too_large, (unsigned long long)lane->before.retries, p50,
                 p99, (long long)(lane->source == NULL ? -1 : gs_source_lag(lane->source)));
}

static int usage(void)
{
    (void)fputs("usage: copy_lane BROKERS GROUP INSTANCE IN OUT [--alo] [--strict] [--batch-ms N] "
                "[--batch N]\n       [--start earliest|latest|committed] [--stop-after N] "
                "[--idle S] [--same-partition] [--dlq TOPIC] [-X NAME=VALUE]...\n",
                stderr);
    return 1;
}

static bool read_flag(struct lane *lane, const char *flag)
{
    if (strcmp(flag, "--alo") == 0) {
        lane->options.delivery = GS_AT_LEAST_ONCE;
    } else if (strcmp(flag, "--strict") == 0) {
        lane->options.strict = true;
    } else if (strcmp(flag, "--same-partition") == 0) {
        lane->same_partition = true;
    } else {
        return false;
    }
    return true;
}

static bool read_start(struct lane *lane, const char *value)
{
    if (strcmp(value, "earliest") == 0) {
        lane->options.start = GS_START_EARLIEST;
    } else if (strcmp(value, "latest") == 0) {
        lane->options.start = GS_START_LATEST;
    } else if (strcmp(value, "committed") == 0) {
        lane->options.start = GS_START_COMMITTED_ONLY;
    } else {
        return false;
    }
    return true;
}

static bool read_option(struct lane *lane, const char *name, char *value,
                        struct gs_property *properties)
{
    if (strcmp(name, "--batch-ms") == 0) {
        lane->batch_ms = strtoll(value, NULL, 10);
    } else if (strcmp(name, "--batch") == 0) {
        lane->max_batch = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--stop-after") == 0) {
        lane->stop_after = strtoull(value, NULL, 10);
    } else if (strcmp(name, "--idle") == 0) {
        lane->idle_s = strtoll(value, NULL, 10);
    } else if (strcmp(name, "--dlq") == 0) {
        lane->options.output[GS_STREAM_DLQ] = value;
    } else if (strcmp(name, "--start") == 0) {
        return read_start(lane, value);
    } else if (strcmp(name, "-X") == 0 && strchr(value, '=') != NULL &&
               lane->options.n_properties < MAX_PROPERTIES) {
        char *equals = strchr(value, '=');
        *equals = '\0';
        properties[lane->options.n_properties++] = (struct gs_property){value, equals + 1};
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct lane lane;
    static struct gs_property properties[MAX_PROPERTIES];
    struct gs_error err = {GS_OK, ""};

    if (argc < 6) {
        return usage();
    }
    const char *topics[] = {argv[4]};
    lane.options = (struct gs_kafka_options){.brokers = argv[1],
                                             .group = argv[2],
                                             .instance = argv[3],
                                             .topics = topics,
                                             .n_topics = 1,
                                             .start = GS_START_EARLIEST,
                                             .properties = properties,
                                             .log = on_log};
    lane.options.output[GS_STREAM_TAGGED] = argv[5];
    lane.batch_ms = 100;
    lane.max_batch = 20000;
    lane.idle_s = 3;
    for (int i = 6; i < argc; i++) {
        if (read_flag(&lane, argv[i])) {
            continue;
        }
        if (i + 1 == argc || !read_option(&lane, argv[i], argv[i + 1], properties)) {
            return usage();
        }
        i++;
    }
    read_fail_point();
    current = &lane;
    const enum gs_status status = run(&lane, &err);
    if (status != GS_OK) {
        (void)fprintf(stderr, "copy_lane: %s: %s\n", gs_status_name(status), err.message);
    }
    print_result(&lane);
    if (lane.source != NULL) {
        close_lane(&lane);
    }
    return status == GS_OK ? 0 : 3;
}
