/* The same messages give the same records: in any order within the lateness, over any transaction
 * borders, and with any number of undone attempts between. */
#include "tests/unit/alerting/detector/watch_helper.h"

/* Three days, eight keys, surges, copies, a silent night. */
static void make(struct stream *stream, uint64_t seed)
{
    static const char *const keys[] = {"topic:a", "topic:b",  "entity:c", "entity:d",
                                       "risk:e",  "source:f", "topic:g",  "plain"};
    const int64_t end = t0 + 40 * HOUR_MS;
    *stream = (struct stream){.rng = {seed}};

    for (size_t i = 0; i < GS_COUNT(keys); i++) {
        stream_fill(stream, keys[i], t0, t0 + 20 * HOUR_MS, 300 + 400 * (int)i,
                    0.15 + 0.03 * (double)i);
        stream_fill(stream, keys[i], t0 + 24 * HOUR_MS, end, 300 + 400 * (int)i,
                    0.15 + 0.03 * (double)i);
    }
    stream_fill(stream, "entity:d", t0 + 26 * HOUR_MS, t0 + 28 * HOUR_MS, 200, 0.95);
    stream_fill(stream, "topic:g", t0 + 26 * HOUR_MS, t0 + 29 * HOUR_MS, 500, 0.9);
    for (size_t i = 0; i < stream->n; i += 3) { /* whole-second stamps, so that copies tie */
        stream->messages[i].dup = 1 + rng_below(&stream->rng, 700);
        if (i % 2 == 0) { /* edited so much that some resemble, in a row, and some do not */
            stream->messages[i].outline =
                outline_like(rng_below(&stream->rng, 90), 12, &stream->rng);
        }
        stream->messages[i].ts_ms -= stream->messages[i].ts_ms % 1000;
    }
    stream_sort(stream);
}

/* Each message up to eight minutes away from its place: under the lateness, whatever the batch. */
static void shuffle(struct stream *stream, uint64_t seed)
{
    struct rng rng = {seed};
    int64_t *at = calloc(stream->n, sizeof *at);
    assert_non_null(at);
    for (size_t i = 0; i < stream->n; i++) {
        at[i] = stream->messages[i].ts_ms + (int64_t)rng_below(&rng, 480000);
    }
    for (size_t i = 1; i < stream->n; i++) { /* insertion sort by arrival: nearly sorted */
        const struct message m = stream->messages[i];
        const int64_t a = at[i];
        size_t j = i;
        for (; j > 0 && at[j - 1] > a; j--) {
            at[j] = at[j - 1];
            stream->messages[j] = stream->messages[j - 1];
        }
        at[j] = a;
        stream->messages[j] = m;
    }
    free(at);
}

static void add_view(void *sum, const struct gs_key_view *view)
{
    const double values[] = {view->expected, view->observed, view->n_hour, view->log10_evidence};

    *(uint64_t *)sum +=
        hash_of(view->key.bytes, view->key.len) * 31 + hash_of(values, sizeof values);
}

/* What each key has learnt, behind the alerts. */
static void keep_views(const struct gs_watch *watch, struct records *records)
{
    uint64_t sum = 0;
    char text[32];

    gs_watch_each(watch, add_view, &sum);
    (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)sum);
    gs_buf_puts(&records->json, text);
}

static const int64_t end_of_time = 1767571200000 + 60 * HOUR_MS;

static void test_order_of_arrival(void **state)
{
    (void)state;
    struct stream stream;
    struct records *want = records_new();
    struct gs_watch_options options;
    constant_options(&options);
    options.max_excerpts = 320; /* ten a bin: too few, so that some have to go */
    make(&stream, 7);
    struct gs_watch *watch = watch_new(&options);
    play(watch, &stream, 100, want);
    finish(watch, end_of_time, want);
    keep_views(watch, want);
    gs_watch_free(watch);
    assert_true(count_state(want, NULL, GS_ALERT_FIRING) >= 2);
    assert_true(count_state(want, NULL, GS_ALERT_RESOLVED) >= 2);

    static const size_t batches[] = {1, 7, 100, 500};
    for (size_t i = 0; i < GS_COUNT(batches); i++) {
        struct records *got = records_new();
        print_message("  shuffled, batches of %zu\n", batches[i]);
        shuffle(&stream, 100 + i);
        watch = watch_new(&options);
        play(watch, &stream, batches[i], got);
        finish(watch, end_of_time, got);
        keep_views(watch, got);
        assert_int_equal(got->json.len, want->json.len);
        assert_memory_equal(got->json.bytes, want->json.bytes, want->json.len);
        gs_watch_free(watch);
        records_free(got);
        stream_sort(&stream);
    }
    stream_done(&stream);
    records_free(want);
}

/* Messages i to `to`, with others and leaps of time mixed in; then all of it undone. */
static void try_and_undo(struct gs_watch *watch, const struct stream *stream, size_t i, size_t to,
                         struct rng *rng)
{
    const uint64_t before = digest(watch);
    struct records *trash = records_new();

    gs_watch_begin(watch);
    for (size_t j = i; j < to; j++) {
        (void)add_message(watch, &stream->messages[j]);
        struct message other = stream->messages[rng_below(rng, stream->n)];
        (void)snprintf(other.key, sizeof other.key, "topic:%llu",
                       (unsigned long long)rng_below(rng, 300));
        (void)add_message(watch, &other);
        if (rng_below(rng, 50) == 0) {
            advance(watch, stream->messages[j].ts_ms + (int64_t)rng_below(rng, 1U << 28), trash);
        }
    }
    gs_watch_undo(watch);
    assert_true(digest(watch) == before);
    records_free(trash);
}

/* Some batches are tried and undone first; then done. */
static void play_with_undo(struct gs_watch *watch, const struct stream *stream, struct rng *rng,
                           struct records *records)
{
    int64_t latest = INT64_MIN;

    for (size_t i = 0; i < stream->n;) {
        const size_t batch = 1 + rng_below(rng, 400);
        const size_t to = i + batch < stream->n ? i + batch : stream->n;
        if (rng_below(rng, 2) == 0) {
            try_and_undo(watch, stream, i, to, rng);
        }
        gs_watch_begin(watch);
        for (; i < to; i++) {
            (void)add_message(watch, &stream->messages[i]);
            latest = stream->messages[i].ts_ms > latest ? stream->messages[i].ts_ms : latest;
        }
        advance(watch, latest - 600000, records);
        gs_watch_commit(watch);
    }
}

static void test_undo_leaves_no_trace(void **state)
{
    (void)state;
    struct stream stream;
    struct records *want = records_new();
    make(&stream, 8);
    struct gs_watch *watch = watch_new(NULL);
    play(watch, &stream, 100, want);
    finish(watch, end_of_time, want);
    gs_watch_free(watch);
    assert_true(want->n >= 4);

    for (uint64_t seed = 0; seed < 3; seed++) {
        struct records *got = records_new();
        struct rng rng = {seed};
        watch = watch_new(NULL);
        play_with_undo(watch, &stream, &rng, got);
        finish(watch, end_of_time, got);
        assert_int_equal(got->json.len, want->json.len);
        assert_memory_equal(got->json.bytes, want->json.bytes, want->json.len);
        gs_watch_free(watch);
        records_free(got);
    }
    stream_done(&stream);
    records_free(want);
}

/* Alerts of one bin come in order of their keys, whatever order the keys came in. */
static void test_alerts_of_a_bin_are_in_order(void **state)
{
    (void)state;
    static const char *const keys[] = {"topic:m", "topic:a", "topic:z", "topic:ab", "entity:q"};
    static const char *const want[] = {"entity:q", "topic:a", "topic:ab", "topic:m", "topic:z"};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);
    struct stream stream = {0};

    for (size_t i = 0; i < GS_COUNT(keys); i++) {
        stream.rng.state = 5; /* the same messages for each */
        stream_fill(&stream, keys[i], t0, t0 + 24 * HOUR_MS, 24 * 120, 0.2);
        stream_fill(&stream, keys[i], t0 + 24 * HOUR_MS, t0 + 26 * HOUR_MS, 240, 0.9);
    }
    stream_sort(&stream);
    play(watch, &stream, 100, records);
    assert_true(records->n >= GS_COUNT(want));
    for (size_t i = 0; i < GS_COUNT(want); i++) {
        assert_string_equal(records->rows[i].key, want[i]);
        assert_int_equal(records->rows[i].state, GS_ALERT_FIRING);
        assert_int_equal(records->rows[i].fired_at_ms, records->rows[0].fired_at_ms);
    }
    gs_watch_free(watch);
    stream_done(&stream);
    records_free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_arrival),
        cmocka_unit_test(test_alerts_of_a_bin_are_in_order),
        cmocka_unit_test(test_undo_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
