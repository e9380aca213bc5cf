/* A model much slower than its topic: the lane keeps polling, the group stays as it is, and nothing
 * is lost or written twice. The model is a stand-in that sleeps; lane, stage, settings and Kafka
 * client are the program's own. */
#include "deploy/daemon/pipeline/stage_options.h"
#include "tests/integration/mock.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { RECORDS = 60, MS_A_MESSAGE = 250, INTERVAL_MS = 6000, WAIT_S = 120 };

struct slow {
    struct gs_config *config;
    struct gs_assets assets;
    struct gs_metrics *metrics;
    struct gs_shard *shard;
    struct gs_stage_tag *stage;
    struct gs_lane *lane;
    struct gs_kafka_options kafka;
    struct gs_kafka_stats stats;
    size_t n_encoded, longest_pack;
    enum gs_status status; /* of the lane, once it has ended */
    struct gs_error err;
    pthread_t thread;
};

static enum gs_status sleep_over(void *arg, const struct gs_model *model,
                                 struct gs_model_workspace *work,
                                 const struct gs_model_input *inputs, size_t n, float *ret,
                                 struct gs_error *err)
{
    struct slow *slow = arg;
    const long ms = (long)n * MS_A_MESSAGE;
    const struct timespec wait = {ms / 1000, ms % 1000 * 1000000};

    (void)work;
    (void)inputs;
    (void)err;
    (void)nanosleep(&wait, NULL);
    memset(ret, 0, n * gs_model_info(model)->n_logits * sizeof *ret);
    slow->n_encoded += n;
    slow->longest_pack = n > slow->longest_pack ? n : slow->longest_pack;
    return GS_OK;
}

static void configure(struct slow *slow, const struct mock *mock, const char *delivery)
{
    char brokers[300];
    char delivered[64];
    (void)snprintf(brokers, sizeof brokers, "kafka.brokers=%s", mock->brokers);
    (void)snprintf(delivered, sizeof delivered, "kafka.delivery=%s", delivery);
    const char *const sets[] = {brokers,
                                delivered,
                                "input.topics=in",
                                "input.format=text",
                                "output.topics.tagged=out",
                                "output.topics.observations=observations",
                                "output.topics.dlq=dlq",
                                "kafka.instance=test",
                                "model.path=golden/folders/sentiment",
                                "model.encoder.cache_entries=0",
                                "kafka.properties.session.timeout.ms=6000",
                                "kafka.properties.heartbeat.interval.ms=300",
                                "kafka.properties.max.poll.interval.ms=6000"};
    struct gs_diagnostics diagnostics = {0};

    const enum gs_status status =
        gs_config_load(NULL, sets, GS_COUNT(sets), &slow->config, &diagnostics, &slow->err);
    gs_diagnostics_print(&diagnostics, stdout);
    gs_diagnostics_done(&diagnostics);
    assert_int_equal(status, GS_OK);
    gs_config_kafka_options(slow->config, &slow->kafka);
    slow->kafka.group = "slow";
    slow->kafka.instance = "slow-0";
    slow->kafka.topics = slow->config->input.topics.items;
    slow->kafka.n_topics = slow->config->input.topics.n;
    slow->kafka.output[GS_STREAM_TAGGED] = "out";
    slow->kafka.output[GS_STREAM_OBSERVATIONS] = "observations";
    slow->kafka.output[GS_STREAM_DLQ] = "dlq";
}

static enum gs_status open_kafka(void *arg, const struct gs_source_events *events,
                                 struct gs_source **ret_source, struct gs_sink **ret_sink,
                                 struct gs_error *err)
{
    const struct slow *slow = arg;

    return gs_kafka_open(&slow->kafka, events, ret_source, ret_sink, err);
}

static void sample(void *arg, const struct gs_source *source, const struct gs_sink *sink,
                   struct gs_lane_clients *ret)
{
    struct slow *slow = arg;

    gs_kafka_stats(source, sink, &slow->stats);
    ret->assigned = gs_kafka_assigned(source);
}

static void make(struct slow *slow, const struct mock *mock, const char *delivery)
{
    struct gs_stage_tag_options stage;

    *slow = (struct slow){.config = NULL};
    configure(slow, mock, delivery);
    assert_int_equal(gs_assets_load(slow->config, &slow->assets, &slow->err), GS_OK);
    assert_int_equal(gs_metrics_new(gs_metric_table, GS_N_METRICS, &slow->metrics, &slow->err),
                     GS_OK);
    assert_int_equal(gs_shard_new(slow->metrics, &slow->shard, &slow->err), GS_OK);
    gs_stage_tag_options(slow->config, &slow->assets, slow->shard, &stage);
    assert_int_equal(stage.tagger.batcher.slice_ms, INTERVAL_MS / 8);
    stage.tagger.batcher.run = sleep_over;
    stage.tagger.batcher.run_arg = slow;
    assert_int_equal(gs_stage_tag_new(&stage, &slow->stage, &slow->err), GS_OK);
    const struct gs_lane_options lane = {.name = "tag 0",
                                         .stage = "tag",
                                         .ops = &gs_stage_tag_ops,
                                         .self = slow->stage,
                                         .max_messages = slow->config->batch.max_messages,
                                         .max_time_ms = (int)slow->config->batch.max_time_ms,
                                         .open = open_kafka,
                                         .open_arg = slow,
                                         .shard = slow->shard,
                                         .sample = sample};
    assert_int_equal(gs_lane_new(&lane, &slow->lane, &slow->err), GS_OK);
}

static void *run(void *arg)
{
    struct slow *slow = arg;

    slow->status = gs_lane_run(slow->lane, &slow->err);
    return NULL;
}

static void run_until_done(struct slow *slow)
{
    const struct timespec step = {0, 50000000};

    assert_int_equal(pthread_create(&slow->thread, NULL, run, slow), 0);
    for (int i = 0; i < WAIT_S * 20; i++) {
        if (atomic_load(&gs_lane_status(slow->lane)->consumed) >= RECORDS) {
            break;
        }
        (void)nanosleep(&step, NULL);
    }
    gs_lane_stop(slow->lane);
    assert_int_equal(pthread_join(slow->thread, NULL), 0);
}

static void end(struct slow *slow)
{
    gs_lane_free(slow->lane);
    gs_stage_tag_free(slow->stage);
    gs_metrics_free(slow->metrics);
    gs_assets_done(&slow->assets);
    gs_config_free(slow->config);
}

static void try_delivery(const char *delivery)
{
    struct mock mock;
    struct slow slow;

    mock_start(&mock, 1);
    mock_topic(&mock, "in", 2);
    mock_topic(&mock, "out", 2);
    mock_topic(&mock, "observations", 2);
    mock_topic(&mock, "dlq", 1);
    mock_fill(&mock, "in", 0, RECORDS, 20);
    make(&slow, &mock, delivery);
    run_until_done(&slow);
    if (slow.status != GS_OK) {
        fail_msg("%s", slow.err.message);
    }
    assert_int_equal(atomic_load(&gs_lane_status(slow.lane)->consumed), RECORDS);
    assert_int_equal(slow.n_encoded, RECORDS); /* none twice: no batch was taken back */
    assert_true(slow.longest_pack * MS_A_MESSAGE <= INTERVAL_MS / 8);
    assert_int_equal(slow.stats.rebalances, 1); /* the first assignment */
    assert_int_equal(slow.stats.fences, 0);
    end(&slow);
    mock_check_all(&mock, "out", RECORDS, true);
    mock_stop(&mock);
}

static void at_least_once_keeps_polling(void **state)
{
    (void)state;
    try_delivery("at_least_once");
}

static void exactly_once_keeps_polling(void **state)
{
    (void)state;
    try_delivery("exactly_once");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(at_least_once_keeps_polling),
    cmocka_unit_test(exactly_once_keeps_polling),
};

MOCK_MAIN(cases)
