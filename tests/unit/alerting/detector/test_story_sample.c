/* What a key's stories have in common with another's, out of a watch that saw both; and the routine
 * look at alerts that are on. */
#include "watch_helper.h"

/* A calm day of two keys, then an hour in which every message of a topic is a company's as well; the
 * topic has n_own negative ones beside them. */
static void fill(struct stream *stream, int n_shared, int n_own)
{
    const int64_t surge = t0 + 26 * HOUR_MS;

    stream_fill(stream, "topic:legal", t0, surge, 26 * 120, 0.1);
    stream_fill(stream, "entity:A", t0, surge, 26 * 120, 0.1);
    for (int i = 0; i < n_shared; i++) {
        /* Denser from bin to bin, so that they keep samples of different limits. */
        const int64_t at = surge + (int64_t)((double)HOUR_MS * sqrt((double)i / n_shared));
        (void)stream_add(stream, "topic:legal", at, 0.95);
        const struct message as = stream->messages[stream->n - 1];
        struct message *twin = stream_add(stream, "entity:A", at, 0.95);
        memcpy(twin->id, as.id, sizeof twin->id);
    }
    for (int i = 0; i < n_own; i++) {
        (void)stream_add(stream, "topic:legal", surge + (int64_t)i * HOUR_MS / n_own, 0.95);
    }
    stream_sort(stream);
}

struct seen {
    struct gs_story_sample sample;
    unsigned changes, routine;
};

/* The last sample of each key while it fires. */
static void look(struct gs_watch *watch, int64_t watermark_ms, struct seen *topic,
                 struct seen *entity)
{
    struct gs_alert alert;

    gs_watch_advance(watch, watermark_ms);
    while (gs_watch_next(watch, &alert)) {
        struct seen *seen = gs_str_equal(alert.key, gs_str("entity:A")) ? entity : topic;
        seen->changes += !alert.routine;
        seen->routine += alert.routine;
        assert_true(!alert.routine || alert.state == GS_ALERT_UPDATED);
        if (alert.state == GS_ALERT_RESOLVED) {
            assert_null(alert.sample);
            continue;
        }
        assert_non_null(alert.sample);
        for (uint32_t i = 0; i < alert.sample->n; i++) {
            assert_true(alert.sample->hashes[i] < alert.sample->limit);
            assert_true(i == 0 || alert.sample->hashes[i - 1] < alert.sample->hashes[i]);
        }
        seen->sample = *alert.sample;
    }
}

static void run(size_t max_excerpts, bool routine, int n_shared, int n_own, struct seen ret[2])
{
    struct gs_watch_options options;
    struct stream stream = {.rng = {7}};

    gs_watch_options_default(&options);
    options.max_excerpts = max_excerpts;
    options.routine = routine;
    struct gs_watch *watch = watch_new(&options);
    memset(ret, 0, 2 * sizeof *ret);
    fill(&stream, n_shared, n_own);
    int64_t latest = INT64_MIN;
    for (size_t i = 0; i < stream.n; i++) {
        gs_watch_begin(watch);
        (void)add_message(watch, &stream.messages[i]);
        latest = stream.messages[i].ts_ms > latest ? stream.messages[i].ts_ms : latest;
        look(watch, latest, &ret[0], &ret[1]);
        gs_watch_commit(watch);
    }
    gs_watch_free(watch);
    stream_done(&stream);
}

static size_t shared(const struct seen seen[2], uint64_t limit, size_t *ret_topic)
{
    size_t n = 0;

    *ret_topic = 0;
    for (uint32_t i = 0; i < seen[0].sample.n; i++) {
        *ret_topic += seen[0].sample.hashes[i] < limit;
        for (uint32_t j = 0; j < seen[1].sample.n; j++) {
            n += seen[0].sample.hashes[i] == seen[1].sample.hashes[j];
        }
    }
    return n;
}

static void test_the_same_messages_are_the_same_stories(void **state)
{
    (void)state;
    struct seen seen[2];
    size_t n_topic = 0;

    run(32768, true, 120, 0, seen);
    assert_true(seen[0].sample.limit == UINT64_MAX && seen[0].sample.n > 60);
    assert_true(shared(seen, UINT64_MAX, &n_topic) * 10 > n_topic * 8);
}

/* With room for a few excerpts a bin both keys keep those of the same stories. */
static void test_samples_of_crowded_bins_agree(void **state)
{
    (void)state;
    struct seen seen[2];
    size_t n_topic = 0;

    run((size_t)32 * 12, true, 240, 240, seen);
    const uint64_t limit =
        seen[0].sample.limit < seen[1].sample.limit ? seen[0].sample.limit : seen[1].sample.limit;
    assert_true(limit < UINT64_MAX);
    const size_t n = shared(seen, limit, &n_topic);
    assert_in_range(n_topic, 10, 250);
    assert_true(n * 4 > n_topic); /* half of the topic's stories are the company's */
    assert_true(n * 4 < n_topic * 3);
}

static void test_a_long_list_is_cut_to_a_sample(void **state)
{
    (void)state;
    struct seen seen[2];

    run(32768, true, 600, 0, seen);
    assert_int_equal(seen[0].sample.n, GS_STORY_SAMPLE);
    assert_true(seen[0].sample.limit < UINT64_MAX);
}

static void test_routine_looks_are_asked_for(void **state)
{
    (void)state;
    struct seen with[2];
    struct seen without[2];

    run(32768, true, 120, 0, with);
    run(32768, false, 120, 0, without);
    assert_int_equal(without[0].routine + without[1].routine, 0);
    assert_true(with[0].routine > 3 && with[1].routine > 3);
    assert_true(with[0].changes > 0);
    assert_int_equal(with[0].changes, without[0].changes);
    assert_int_equal(with[1].changes, without[1].changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_messages_are_the_same_stories),
        cmocka_unit_test(test_samples_of_crowded_bins_agree),
        cmocka_unit_test(test_a_long_list_is_cut_to_a_sample),
        cmocka_unit_test(test_routine_looks_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
