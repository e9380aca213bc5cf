/* One partition takes everything: in a stream that runs through an hour in two seconds, two
 * partitions read at slightly different speed would be hours of event time apart, and the slower
 * one late. */
#include "deploy/daemon/demo/feeder.h"

#include "ingest/base/clock.h"
#include "ingest/kafka/kafka.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* Messages that may wait for the tag stage (about 1 MB), and for the watch stage (about 6 MB of
 * observations over all partitions). */
enum { MAX_UNTAGGED = 4000, MAX_UNWATCHED = 8000 };

struct gs_demo_feeder {
    struct gs_demo_feeder_options options;
    struct gs_feed *feed;
    pthread_t thread;
    atomic_bool stop;
    atomic_int stage;
    atomic_uint_least64_t sent, consumed;
    _Atomic int64_t watermark_ms;
    _Atomic int64_t day_ms; /* 0: not yet */
    int64_t day_began_ns;
    struct gs_error error; /* the thread's until it is joined */
};

static void nap(void)
{
    const struct timespec step = {0, 5000000};
    (void)nanosleep(&step, NULL);
}

static bool stopped(const struct gs_demo_feeder *feeder)
{
    return atomic_load(&feeder->stop);
}

static void wait_for_day(struct gs_demo_feeder *feeder)
{
    atomic_store(&feeder->stage, GS_DEMO_HISTORY_SENT);
    while (!stopped(feeder) && atomic_load(&feeder->day_ms) == 0) {
        nap();
    }
    feeder->day_began_ns = gs_clock_monotonic_ns();
    atomic_store(&feeder->stage, GS_DEMO_SENDING_DAY);
}

/* Waits until a message of the day is due. */
static void wait_until_due(const struct gs_demo_feeder *feeder, int64_t send_ms)
{
    const int64_t into_day_ms = send_ms - feeder->options.start_ms - GS_DEMO_HISTORY_MS;
    const double part = (double)into_day_ms / (double)(GS_DEMO_SPAN_MS - GS_DEMO_HISTORY_MS);
    const int64_t due_ns =
        feeder->day_began_ns + (int64_t)(part * 1e6 * (double)atomic_load(&feeder->day_ms));
    while (!stopped(feeder) && gs_clock_monotonic_ns() < due_ns) {
        nap();
    }
}

/* Tells whether a message may be sent: not too many before it still wait for the tag stage, nor for
 * the watch stage, whose progress shows in event time. */
static bool has_room(const struct gs_demo_feeder *feeder, int64_t send_ms)
{
    const struct gs_demo_feeder_options *options = &feeder->options;
    const int64_t ahead_ms = GS_DEMO_SPAN_MS * MAX_UNWATCHED / (int64_t)options->n_messages;
    const int64_t watermark_ms = atomic_load(&feeder->watermark_ms);
    const int64_t reached_ms =
        watermark_ms == INT64_MIN ? options->start_ms : watermark_ms + options->lateness_ms;
    return atomic_load(&feeder->sent) < atomic_load(&feeder->consumed) + MAX_UNTAGGED &&
           send_ms < reached_ms + ahead_ms;
}

static void wait_for_room(const struct gs_demo_feeder *feeder, int64_t send_ms)
{
    while (!stopped(feeder) && !has_room(feeder, send_ms)) {
        nap();
    }
}

static enum gs_status send_one(struct gs_demo_feeder *feeder, const struct gs_demo_message *message)
{
    const struct gs_output output = {
        .value = message->json, .timestamp_ms = message->send_ms, .partition = 0};
    gs_demo_alerts_sent(feeder->options.alerts, message);
    const enum gs_status status = gs_feed_put(feeder->feed, &output, &feeder->error);
    atomic_fetch_add(&feeder->sent, status == GS_OK);
    return status;
}

static void *run(void *arg)
{
    struct gs_demo_feeder *feeder = arg;
    const int64_t day_from_ms = feeder->options.start_ms + GS_DEMO_HISTORY_MS;
    struct gs_demo_message message;
    enum gs_status status = GS_OK;
    bool day = false;

    while (status == GS_OK && !stopped(feeder) && gs_demo_next(feeder->options.demo, &message)) {
        if (!day && message.send_ms >= day_from_ms) {
            status = gs_feed_flush(feeder->feed, &feeder->error);
            wait_for_day(feeder);
            day = true;
        }
        if (day) {
            wait_until_due(feeder, message.send_ms);
        }
        wait_for_room(feeder, message.send_ms);
        if (status == GS_OK && !stopped(feeder)) {
            status = send_one(feeder, &message);
        }
    }
    if (status == GS_OK) {
        status = gs_feed_flush(feeder->feed, &feeder->error);
    }
    atomic_store(&feeder->stage, status == GS_OK ? GS_DEMO_ALL_SENT : GS_DEMO_FEED_FAILED);
    return NULL;
}

enum gs_status gs_demo_feeder_start(const struct gs_demo_feeder_options *options,
                                    struct gs_demo_feeder **ret, struct gs_error *err)
{
    /* The pace is set by the clock: a message that waits for company in a batch is behind it. */
    static const struct gs_property properties[] = {{"linger.ms", "5"}};
    struct gs_demo_feeder *feeder = calloc(1, sizeof *feeder);
    enum gs_status status = GS_OK;

    if (feeder == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "demo feeder");
    }
    feeder->options = *options;
    atomic_store(&feeder->stage, GS_DEMO_SENDING_HISTORY);
    atomic_store(&feeder->watermark_ms, INT64_MIN);
    status = gs_feed_open(options->brokers, options->topic, properties, GS_COUNT(properties),
                          &feeder->feed, err);
    if (status == GS_OK) {
        const int failed = pthread_create(&feeder->thread, NULL, run, feeder);
        if (failed != 0) {
            status = gs_fail_errno(err, failed, "demo feeder's thread");
        }
    }
    if (status != GS_OK) {
        gs_feed_close(feeder->feed);
        free(feeder);
        return status;
    }
    *ret = feeder;
    return GS_OK;
}

void gs_demo_feeder_progress(struct gs_demo_feeder *feeder, uint64_t consumed, int64_t watermark_ms)
{
    atomic_store(&feeder->consumed, consumed);
    atomic_store(&feeder->watermark_ms, watermark_ms);
}

void gs_demo_feeder_begin_day(struct gs_demo_feeder *feeder, int64_t day_ms)
{
    atomic_store(&feeder->day_ms, day_ms > 0 ? day_ms : 1);
}

enum gs_demo_stage gs_demo_feeder_stage(const struct gs_demo_feeder *feeder)
{
    return (enum gs_demo_stage)atomic_load(&feeder->stage);
}

uint64_t gs_demo_feeder_sent(const struct gs_demo_feeder *feeder)
{
    return atomic_load(&feeder->sent);
}

enum gs_status gs_demo_feeder_stop(struct gs_demo_feeder *feeder, struct gs_error *ret)
{
    enum gs_status status = GS_OK;
    if (feeder == NULL) {
        return GS_OK;
    }
    atomic_store(&feeder->stop, true);
    (void)pthread_join(feeder->thread, NULL);
    if (gs_demo_feeder_stage(feeder) == GS_DEMO_FEED_FAILED) {
        status = feeder->error.status;
        if (ret != NULL) {
            *ret = feeder->error;
        }
    }
    gs_feed_close(feeder->feed);
    free(feeder);
    return status;
}
