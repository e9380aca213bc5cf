/* The state of a watch as records: a watch that is loaded gives what the one that went on gives. */
#include "tests/unit/alerting/detector/state_fixture.h"

/* A watch that is stopped and goes on again and again. */
struct course {
    const char *shows;
    uint32_t restart_in; /* of so many batches one ends in a restart; 0: none does */
    bool changes;        /* from the changelog instead of a whole state */
    bool undone;         /* every third batch is first undone */
    double dup_weight;
    size_t max_excerpts;
};

static void batch(struct gs_watch *watch, const struct stream *stream, size_t from, size_t to,
                  struct records *records)
{
    for (size_t i = from; i < to; i++) {
        (void)add_message(watch, &stream->messages[i]);
    }
    advance(watch, stream->messages[to - 1].ts_ms - 600000, records);
}

static struct records *play_course(const struct stream *stream, const struct course *course)
{
    struct gs_watch_options options;
    struct records *records = records_new();
    struct gs_state_log log = {0};
    struct rng cuts = {7}; /* the same in every course */
    struct rng rng = {9};

    gs_watch_options_default(&options);
    options.dup_weight = course->dup_weight;
    options.max_excerpts = course->max_excerpts;
    struct gs_watch *watch = watch_new(&options);
    for (size_t at = 0; at < stream->n;) {
        const size_t end = at + 1 + rng_below(&cuts, 150);
        const size_t to = end < stream->n ? end : stream->n;
        if (course->undone && rng_below(&rng, 3) == 0) {
            /* Further than the batch that follows, into other bins. */
            const size_t past = to + 400 < stream->n ? to + 400 : stream->n;
            gs_watch_begin(watch);
            batch(watch, stream, at, past, NULL);
            struct gs_state_log lost = {0};
            assert_int_equal(gs_watch_save_changes(watch, to_log, &lost, NULL), GS_OK);
            gs_state_log_done(&lost);
            gs_watch_undo(watch);
        }
        gs_watch_begin(watch);
        batch(watch, stream, at, to, records);
        if (course->changes) {
            assert_int_equal(gs_watch_save_changes(watch, to_log, &log, NULL), GS_OK);
        }
        gs_watch_commit(watch);
        at = to;
        if (course->restart_in != 0 && rng_below(&rng, course->restart_in) == 0) {
            if (course->changes) {
                gs_watch_free(watch);
                watch = load(&log, &options);
            } else {
                watch = saved_and_loaded(watch, &options);
            }
        }
    }
    finish(watch, t0 + 8 * (24 * HOUR_MS), records);
    gs_watch_free(watch);
    gs_state_log_done(&log);
    return records;
}

static void test_goes_on_as_if_it_had_not_stopped(void **state)
{
    static const struct course courses[] = {
        {"a whole state, now and then", 20, false, false, 0.0, 32768},
        {"a whole state, after each batch", 1, false, false, 0.0, 32768},
        {"the changelog, now and then", 20, true, false, 0.0, 32768},
        {"the changelog, after each batch", 1, true, false, 0.0, 32768},
        {"the changelog, with batches undone", 5, true, true, 0.0, 32768},
        {"copies that weigh", 5, true, false, 0.5, 32768},
        {"few excerpts, so that bins are samples", 5, true, true, 0.0, 96},
        {"the same in whole states", 5, false, false, 0.0, 96},
    };
    struct stream stream = make_stream(11);

    (void)state;
    struct records *want = NULL;
    for (size_t i = 0; i < GS_COUNT(courses); i++) {
        struct course whole = courses[i];
        if (i == 0 || whole.dup_weight != courses[i - 1].dup_weight ||
            whole.max_excerpts != courses[i - 1].max_excerpts) {
            whole.restart_in = 0;
            whole.undone = false;
            if (want != NULL) {
                records_free(want);
            }
            want = play_course(&stream, &whole);
        }
        struct records *got = play_course(&stream, &courses[i]);
        assert_true(count_state(want, NULL, GS_ALERT_FIRING) >= 3);
        if (want->json.len != got->json.len ||
            memcmp(want->json.bytes, got->json.bytes, got->json.len) != 0) {
            fail_msg("%s: other alerts\n%.*s\n---\n%.*s", courses[i].shows,
                     GS_STR_ARGS(gs_buf_str(&want->json)), GS_STR_ARGS(gs_buf_str(&got->json)));
        }
        records_free(got);
    }
    records_free(want);
    stream_done(&stream);
}

/* The end of an alert says what it rested on, also when no message came after the restart. */
static void test_a_tier_is_kept(void **state)
{
    struct records *records[2] = {records_new(), records_new()};
    (void)state;

    for (int restarted = 0; restarted < 2; restarted++) {
        struct stream stream = {.rng = {12}};
        struct gs_watch *watch = watch_new(NULL);
        stream_fill(&stream, "entity:A", t0, t0 + 24 * HOUR_MS, 960, 0.2);
        stream_fill(&stream, "entity:A", t0 + 24 * HOUR_MS, t0 + 26 * HOUR_MS, 120, 0.8);
        for (size_t i = 0; i < stream.n; i++) {
            stream.messages[i].tier = 1;
        }
        stream_sort(&stream);
        play(watch, &stream, 100, records[restarted]);
        if (restarted == 1) {
            watch = saved_and_loaded(watch, NULL);
        }
        finish(watch, t0 + 60 * HOUR_MS, records[restarted]);
        assert_int_equal(count_state(records[restarted], NULL, GS_ALERT_RESOLVED), 1);
        gs_watch_free(watch);
        stream_done(&stream);
    }
    assert_int_equal(records[0]->json.len, records[1]->json.len);
    assert_memory_equal(records[0]->json.bytes, records[1]->json.bytes, records[0]->json.len);
    records_free(records[0]);
    records_free(records[1]);
}

/* Records without the chunks of ids and stories, whose cut depends on the batches. */
static void digest_records(struct gs_state_log *log, struct gs_buf *out)
{
    gs_state_log_settle(log);
    for (size_t i = 0; i < log->n; i++) {
        const struct gs_state_record record = gs_state_log_at(log, i);
        if (gs_watch_record_order(record.key) >= 4 || record.key.bytes[0] == 'c') {
            continue;
        }
        gs_buf_put(out, record.key);
        gs_buf_put(out, record.value);
    }
}

/* Plays the stream and holds what the changelog has against a whole state, now and then; returns how
 * many keys had to make room. */
static uint64_t compare_changes(struct stream *stream, const struct gs_watch_options *options)
{
    struct gs_state_log changes = {0};
    struct gs_watch *watch = watch_new(options);
    struct rng rng = {3};

    for (size_t at = 0; at < stream->n;) {
        const size_t end = at + 1 + rng_below(&rng, 300);
        const size_t to = end < stream->n ? end : stream->n;
        gs_watch_begin(watch);
        batch(watch, stream, at, to, NULL);
        assert_int_equal(gs_watch_save_changes(watch, to_log, &changes, NULL), GS_OK);
        gs_watch_commit(watch);
        at = to;
        if (rng_below(&rng, 20) == 0) {
            struct gs_state_log whole = {0};
            struct gs_buf want = {.max = 64U << 20};
            struct gs_buf got = {.max = 64U << 20};
            assert_int_equal(gs_watch_save(watch, to_log, &whole, NULL), GS_OK);
            digest_records(&whole, &want);
            digest_records(&changes, &got);
            assert_int_equal(want.len, got.len);
            assert_memory_equal(want.bytes, got.bytes, got.len);
            gs_state_log_done(&whole);
            gs_buf_done(&want);
            gs_buf_done(&got);
        }
    }
    const uint64_t evicted = watch->now.evicted_keys;
    gs_watch_free(load(&changes, options));
    gs_state_log_done(&changes);
    gs_watch_free(watch);
    return evicted;
}

/* What the changelog holds is the whole state: nothing is missing in it and nothing is left over. */
static void test_changes_add_up_to_the_whole(void **state)
{
    struct stream stream = make_stream(12);

    (void)state;
    (void)compare_changes(&stream, NULL);
    stream_done(&stream);
}

/* A story's weight goes to a copy that came later and was written earlier: in the evidence it takes
 * the place of the other, under the same key of the changelog. */
static void test_an_earlier_copy_takes_the_place(void **state)
{
    struct stream stream = make_stream(13);

    (void)state;
    for (size_t i = 0; i + 60 < stream.n; i += 90) {
        const struct message *first = &stream.messages[i];
        struct message *copy = &stream.messages[i + 60];
        (void)snprintf(copy->key, sizeof copy->key, "%s", first->key);
        copy->dup = stream.messages[i].dup = 100000 + i;
        copy->p = stream.messages[i].p = 0.9;
        copy->ts_ms = first->ts_ms - 1;
        copy->outline = first->outline;
    }
    (void)compare_changes(&stream, NULL);
    stream_done(&stream);
}

static void test_keys_that_made_room_are_gone(void **state)
{
    struct stream stream = {.rng = {21}};
    struct gs_watch_options options;
    char key[32];

    (void)state;
    gs_watch_options_default(&options);
    options.max_keys = 64;
    for (int hour = 0; hour < 72; hour++) {
        for (int k = 0; k < 4; k++) {
            (void)snprintf(key, sizeof key, "source:%d-%d", hour, k);
            stream_fill(&stream, key, t0 + hour * HOUR_MS, t0 + (hour + 1) * HOUR_MS, 8, 0.3);
        }
    }
    stream_sort(&stream);
    assert_true(compare_changes(&stream, &options) > 50);
    stream_done(&stream);
}

static void compare_keys_of(const struct gs_watch *a, const struct gs_watch *b)
{
    for (uint32_t i = 0; i < a->keys.now.n; i++) {
        const struct gs_key *x = gs_pool_at(&a->keys, i);
        if (x->text_len == 0) {
            continue;
        }
        const struct gs_str text = gs_key_text(a, x);
        const uint32_t at = gs_table_find(b, gs_table_hash(b, hash_of(text.bytes, text.len)), text);
        assert_int_not_equal(at, GS_NONE);
        const struct gs_key *y = gs_pool_at(&b->keys, at);
        const size_t from =
            offsetof(struct gs_key, last); /* what is before it is numbers of items */
        assert_true(x->born == y->born && x->live == y->live);
        assert_memory_equal(&x->own, &y->own, sizeof x->own);
        assert_memory_equal((const char *)x + from, (const char *)y + from,
                            offsetof(struct gs_key, sketch) - from);
        assert_int_equal(x->habit == GS_NONE, y->habit == GS_NONE);
        if (x->habit != GS_NONE) {
            const size_t link = sizeof(struct gs_link);
            assert_memory_equal((const char *)gs_pool_at(&a->habits, x->habit) + link,
                                (const char *)gs_pool_at(&b->habits, y->habit) + link,
                                sizeof(struct gs_habit) - link);
        }
    }
}

/* Not only what comes out: what is in it. */
static void test_a_loaded_watch_is_the_same(void **state)
{
    struct stream stream = make_stream(14);
    struct gs_watch_options options;
    struct gs_state_log log = {0};
    size_t n_samples = 0;

    (void)state;
    gs_watch_options_default(&options);
    options.max_excerpts = 96;
    struct gs_watch *watch = watch_new(&options);
    play(watch, &stream, 300, NULL);
    assert_int_equal(gs_watch_save(watch, to_log, &log, NULL), GS_OK);
    struct gs_watch *loaded = load(&log, &options);
    assert_true(watch->habits.now.live > 0 && watch->now.n_live > 0);
    compare_keys_of(watch, loaded);
    assert_int_equal(watch->habits.now.live, loaded->habits.now.live);
    assert_int_equal(watch->now.n_live, loaded->now.n_live);
    assert_memory_equal(watch->now.live, loaded->now.live, sizeof watch->now.live);
    assert_memory_equal(watch->now.kinds, loaded->now.kinds, sizeof watch->now.kinds);
    assert_memory_equal(watch->now.peers, loaded->now.peers, sizeof watch->now.peers);
    assert_int_equal(watch->excerpts.now.live, loaded->excerpts.now.live);
    for (size_t i = 0; i < watch->now.n_bins; i++) {
        const struct gs_bin *bin = gs_pool_at(&watch->bins, watch->bin_order[i]);
        const struct gs_bin *same = gs_bin_get(loaded, bin->bin, false);
        assert_true(same == NULL
                        ? bin->n_excerpts == 0 && bin->shift == 0
                        : same->shift == bin->shift && same->n_excerpts == bin->n_excerpts);
        n_samples += bin->shift > 0;
    }
    assert_true(n_samples > 0);
    gs_state_log_done(&log);
    gs_watch_free(watch);
    gs_watch_free(loaded);
    stream_done(&stream);
}

/* ---- alerts that fire ---- */

static void note_firing(void *arg, const struct gs_alert *alert)
{
    struct records *records = arg;
    assert_int_not_equal(alert->state, GS_ALERT_RESOLVED);
    keep_alert(records, alert);
}

static void test_firing_alerts_are_told_after_a_load(void **state)
{
    struct stream stream = {.rng = {5}};
    struct records *records = records_new();
    struct records *told = records_new();

    (void)state;
    stream_fill(&stream, "entity:AAA", t0, t0 + 30 * HOUR_MS, 3000, 0.15);
    stream_fill(&stream, "entity:AAA", t0 + 26 * HOUR_MS, t0 + 30 * HOUR_MS, 900, 0.9);
    stream_sort(&stream);
    struct gs_watch *watch = watch_new(NULL);
    play(watch, &stream, 500, records);
    assert_int_equal(count_state(records, NULL, GS_ALERT_FIRING), 1);
    assert_int_equal(count_state(records, NULL, GS_ALERT_RESOLVED), 0);
    watch = saved_and_loaded(watch, NULL);
    gs_watch_each_firing(watch, note_firing, told);
    assert_int_equal(told->n, 1);
    assert_string_equal(told->rows[0].id, records->rows[0].id);
    assert_true(told->rows[0].n_evidence > 0);
    gs_watch_free(watch);
    records_free(records);
    records_free(told);
    stream_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on_as_if_it_had_not_stopped),
        cmocka_unit_test(test_a_tier_is_kept),
        cmocka_unit_test(test_changes_add_up_to_the_whole),
        cmocka_unit_test(test_an_earlier_copy_takes_the_place),
        cmocka_unit_test(test_keys_that_made_room_are_gone),
        cmocka_unit_test(test_a_loaded_watch_is_the_same),
        cmocka_unit_test(test_firing_alerts_are_told_after_a_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
