/* The tag stage around its tagger: what it tells of a lane that is behind its deadline, and of the
 * scores that it gives. */
#include "deploy/daemon/pipeline/stage_tag.h"

#include "deploy/daemon/pipeline/stage_options.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/clock.h"
#include "tests/unit/deploy/daemon/fake_io.h"
#include "tests/unit/deploy/daemon/folder_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FOLDER                                                                                     \
    "{\"format\":\"groundswell-encoder\",\"format_version\":1,\"name\":\"n\",\"version\":\"1\","   \
    "\"fast\":\"fast\",\"heads\":{\"sentiment\":{\"labels\":["                                     \
    "{\"id\":\"negative\",\"native\":\"Bearish\"},{\"id\":\"neutral\",\"native\":\"Neutral\"},"    \
    "{\"id\":\"positive\",\"native\":\"Bullish\"}]}}}"

struct world {
    char folder[32];
    struct gs_config *config;
    struct gs_assets assets;
    struct gs_metrics *metrics;
    struct gs_shard *shard;
    struct gs_series *behind;
    struct gs_stage_tag *stage;
    struct fake_io io;
    struct gs_source *source;
    struct gs_sink *sink;
};

static void configure(struct world *w)
{
    char path[64];
    const char *const sets[] = {path, "model.encoder.deadline=1s", "input.format=text",
                                "input.kind=stdin", "output.kind=file"};
    struct gs_diagnostics diagnostics = {0};
    struct gs_error err = {0};

    (void)snprintf(path, sizeof path, "model.path=%s", w->folder);
    assert_int_equal(gs_config_load(NULL, sets, GS_COUNT(sets), &w->config, &diagnostics, &err),
                     GS_OK);
    gs_diagnostics_done(&diagnostics);
    assert_int_equal(gs_assets_load(w->config, &w->assets, &err), GS_OK);
}

static void assigned(void *arg, struct gs_str topic, int32_t partition)
{
    (void)arg;
    (void)topic;
    (void)partition;
}

static struct world *world_make(void)
{
    static struct world world;
    struct world *w = &world;
    const struct gs_source_events events = {.assigned = assigned};
    struct gs_stage_tag_options options;
    struct gs_error err = {0};

    memset(w, 0, sizeof *w); /* too large for the stack */
    (void)snprintf(w->folder, sizeof w->folder, "/tmp/gs-stage-tag-XXXXXX");
    cascade_make(w->folder, GOLDEN_SENTIMENT, FOLDER);
    configure(w);
    assert_int_equal(gs_metrics_new(gs_metric_table, GS_N_METRICS, &w->metrics, &err), GS_OK);
    assert_int_equal(gs_shard_new(w->metrics, &w->shard, &err), GS_OK);
    w->behind = gs_metric_series(w->shard, GS_M_LANES_BEHIND, NULL);
    gs_stage_tag_options(w->config, &w->assets, w->shard, &options);
    options.write_tagged = true;
    assert_int_equal(gs_stage_tag_new(&options, &w->stage, &err), GS_OK);
    fake_io_init(&w->io);
    assert_int_equal(fake_open(&w->io, &events, &w->source, &w->sink, &err), GS_OK);
    return w;
}

static void world_end(struct world *w)
{
    gs_stage_tag_free(w->stage);
    gs_metrics_free(w->metrics);
    gs_assets_done(&w->assets);
    gs_config_free(w->config);
    cascade_remove(w->folder);
}

/* A batch of one message of this age. */
static void batch(struct world *w, const char *text, int64_t age_ms)
{
    const struct gs_stage_ops *ops = &gs_stage_tag_ops;
    const struct gs_record record = {
        .topic = {"t", 1}, .timestamp_ms = gs_clock_wall_ms() - age_ms, .value = gs_str(text)};
    struct gs_error err = {0};

    assert_int_equal(gs_sink_begin(w->sink, &err), GS_OK);
    ops->begin(w->stage);
    assert_int_equal(ops->record(w->stage, &record, false, w->sink, &err), GS_OK);
    assert_int_equal(ops->finish(w->stage, w->source, w->sink, &err), GS_OK);
    assert_int_equal(gs_sink_commit(w->sink, w->source, &err), GS_OK);
    ops->committed(w->stage);
}

static const char *last_tagged(const struct world *w)
{
    size_t i = w->io.n_outputs;

    while (i > 0 && w->io.outputs[i - 1].stream != GS_STREAM_TAGGED) {
        i--;
    }
    assert_true(i > 0);
    return w->io.outputs[i - 1].value;
}

static int64_t five_wait(const struct gs_source *source)
{
    (void)source;
    return 5;
}

/* Each message once, in the tenth of the probability that its record says. */
static void scores_are_counted_by_tenth(void **state)
{
    static const char *const texts[] = {"profit falls", "shares gain", "a b c",
                                        "losses widen, a fraud", "record profit"};
    struct world *w = world_make();
    double counts[GS_N_DECILES] = {0};
    double expected[GS_N_DECILES] = {0};
    (void)state;

    for (size_t i = 0; i < GS_COUNT(texts); i++) {
        batch(w, texts[i], 0);
        const char *p = strstr(last_tagged(w), "\"negative\":");
        assert_non_null(p);
        expected[(size_t)(10.0 * strtod(p + strlen("\"negative\":"), NULL))]++;
    }
    for (size_t l = 0; l < GS_N_LANGS; l++) {
        for (size_t d = 0; d < GS_N_DECILES; d++) {
            const char *const values[] = {gs_lang_name((enum gs_lang)l), gs_decile_name(d)};
            counts[d] += gs_series_value(gs_metric_series(w->shard, GS_M_NEGATIVE_DECILES, values));
        }
    }
    assert_memory_equal(counts, expected, sizeof counts);
    world_end(w);
}

/* After a burst nothing may come for hours: the gauge must not say "behind" all that time. */
static void an_empty_input_is_in_time_again(void **state)
{
    const struct timespec hold = {1, 100000000};
    (void)state;
    struct world *w = world_make();

    batch(w, "profit rises", 100);
    assert_true(gs_series_value(w->behind) == 0);
    batch(w, "loss of the bank", 60000);
    assert_non_null(strstr(last_tagged(w), "\"degraded\":true"));
    assert_true(gs_series_value(w->behind) == 1);

    gs_stage_tag_ops.idle(w->stage, w->source); /* too early to say */
    assert_true(gs_series_value(w->behind) == 1);
    (void)nanosleep(&hold, NULL);

    struct gs_source_ops waiting = *w->source->ops;
    const struct gs_source_ops *empty = w->source->ops;
    waiting.lag = five_wait;
    w->source->ops = &waiting;
    gs_stage_tag_ops.idle(w->stage, w->source); /* not empty */
    assert_true(gs_series_value(w->behind) == 1);

    w->source->ops = empty;
    gs_stage_tag_ops.idle(w->stage, w->source);
    assert_true(gs_series_value(w->behind) == 0);
    batch(w, "market falls", 0);
    assert_null(strstr(last_tagged(w), "degraded"));
    world_end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scores_are_counted_by_tenth),
                                       cmocka_unit_test(an_empty_input_is_in_time_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
