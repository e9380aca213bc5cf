/* Near-copies: one vote a story, whatever its words; decided when a bin closes. */
#include "tests/unit/alerting/detector/watch_helper.h"

/* One message, each a story of its own as far as the fingerprint goes. */
static struct message *say(struct stream *stream, int64_t at_ms, double p, uint64_t family,
                           size_t edits)
{
    struct message *m = stream_add(stream, "topic:a", t0 + at_ms, p);

    m->dup = 1000 + stream->n;
    m->outline = outline_like(family, edits, &stream->rng);
    return m;
}

/* What the last hour of the key holds after everything was said: stories, negative ones, messages. */
struct sums {
    double n, k, reach;
};

static struct sums sums_of(const struct stream *stream, const struct gs_watch_options *options,
                           int64_t end_ms)
{
    struct gs_watch *watch = watch_new(options);
    struct gs_hour hour = {0};

    play(watch, stream, 7, NULL);
    finish(watch, t0 + end_ms, NULL);
    const struct gs_key *key = gs_pool_at(&watch->keys, 0);
    gs_watch_hour(watch, key, &hour);
    assert_int_equal(watch->pendings.now.live, 0);
    gs_watch_free(watch);
    return (struct sums){hour.n, hour.k, hour.reach};
}

static void assert_sums(const struct stream *stream, double n, double k, double reach)
{
    const struct sums sums = sums_of(stream, NULL, 1200000);

    assert_true(sums.n == n);
    assert_true(fabs(sums.k - k) < 0.02);
    assert_true(sums.reach == reach);
}

static void test_a_near_copy_has_no_vote(void **state)
{
    (void)state;
    struct stream stream = {.rng = {1}};

    (void)say(&stream, 1000, 0.9, 5, 0);
    (void)say(&stream, 2000, 0.8, 5, 3);
    (void)say(&stream, 400000, 0.7, 5, 3); /* in the next bin */
    (void)say(&stream, 401000, 0.2, 6, 0);
    assert_sums(&stream, 2, 0.9 + 0.2, 4);
    stream_done(&stream);
}

static void test_what_differs_votes(void **state)
{
    (void)state;
    struct stream stream = {.rng = {2}};
    struct message *m = NULL;

    (void)say(&stream, 1000, 0.9, 5, 0);
    (void)say(&stream, 2000, 0.8, 6, 0);
    m = say(&stream, 3000, 0.7, 5, 0); /* the same cells and no band: other numbers */
    for (size_t i = 0; i < GS_OUTLINE_BANDS; i++) {
        m->outline.bands[i] ^= 1;
    }
    m = say(&stream, 4000, 0.6, 5, 0); /* the same bands, other cells */
    for (size_t i = 0; i < 24; i++) {
        m->outline.cells[i] = (uint8_t)(m->outline.cells[i] % 15 + 1);
    }
    m = say(&stream, 5000, 0.5, 5, 0); /* none: an older producer, or a short text */
    memset(&m->outline, 0, sizeof m->outline);
    assert_sums(&stream, 5, 0.9 + 0.8 + 0.7 + 0.6 + 0.5, 5);
    stream_done(&stream);
}

/* The earliest by event time leads, though it comes last. */
static void test_the_earliest_leads(void **state)
{
    (void)state;
    struct stream stream = {.rng = {3}};

    (void)say(&stream, 400000, 0.3, 5, 0);
    (void)say(&stream, 2000, 0.5, 5, 2);
    (void)say(&stream, 1000, 0.9, 5, 2);
    assert_sums(&stream, 1, 0.9, 3);
    stream_done(&stream);
}

/* An exact copy that comes late takes over its story, and with it the place in the order. */
static void test_an_exact_copy_moves_its_story(void **state)
{
    (void)state;
    struct stream stream = {.rng = {4}};

    say(&stream, 2000, 0.9, 5, 0)->dup = 7;
    (void)say(&stream, 1500, 0.6, 5, 0); /* before it, until the copy comes */
    say(&stream, 1000, 0.3, 5, 0)->dup = 7;
    assert_sums(&stream, 1, 0.3, 3);
    stream_done(&stream);
}

/* Edits of edits, some like each other and some not: what counts is the same in any order. */
static void test_any_order_of_arrival(void **state)
{
    (void)state;
    struct stream stream = {.rng = {8}};

    for (int i = 0; i < 80; i++) {
        struct message *m = say(&stream, (int64_t)rng_below(&stream.rng, 550) * 1000,
                                rng_unit(&stream.rng), 1 + rng_below(&stream.rng, 5), 13);
        m->dup = i % 4 == 0 ? 1 + rng_below(&stream.rng, 9) : m->dup;
    }
    const struct sums want = sums_of(&stream, NULL, 1200000);
    assert_true(want.n > 5 && want.n < 60);
    for (int round = 0; round < 40; round++) {
        for (size_t i = stream.n - 1; i > 0; i--) {
            const size_t j = rng_below(&stream.rng, i + 1);
            const struct message m = stream.messages[i];
            stream.messages[i] = stream.messages[j];
            stream.messages[j] = m;
        }
        const struct sums got = sums_of(&stream, NULL, 1200000);
        assert_true(got.n == want.n);
        assert_true(got.k == want.k);
        assert_true(got.reach == want.reach);
    }
    stream_done(&stream);
}

static void test_a_story_is_new_after_a_day(void **state)
{
    (void)state;
    static const struct {
        int64_t gap_ms;
        double n;
    } rows[] = {{23 * HOUR_MS, 0}, {25 * HOUR_MS, 1}};

    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct stream stream = {.rng = {5}};
        (void)say(&stream, 1000, 0.9, 5, 0);
        (void)say(&stream, 1000 + rows[i].gap_ms, 0.9, 5, 2);
        const struct sums sums = sums_of(&stream, NULL, rows[i].gap_ms + 1200000);
        assert_true(sums.n == rows[i].n);
        assert_true(sums.reach == 1);
        stream_done(&stream);
    }
}

static void test_copies_that_weigh(void **state)
{
    (void)state;
    struct stream stream = {.rng = {6}};
    struct gs_watch_options options;

    constant_options(&options);
    options.dup_weight = 0.5;
    for (int i = 0; i < 4; i++) {
        (void)say(&stream, INT64_C(1000) * (i + 1), 0.5, 5, 1);
    }
    const struct sums sums = sums_of(&stream, &options, 1200000);
    assert_true(fabs(sums.n - 1.875) < 0.1); /* 1 + 1/2 + 1/4 + 1/8, in sixteenths */
    stream_done(&stream);
}

/* A quiet day, and then 50 angry messages of ten sources within half an hour. */
static size_t alerts_of(bool one_story)
{
    struct stream stream = {.rng = {7}};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);

    stream_fill(&stream, "topic:a", t0, t0 + 26 * HOUR_MS, 26 * 60, 0.1);
    for (int i = 0; i < 50; i++) {
        struct message *m = say(&stream, 24 * HOUR_MS + i * INT64_C(36000), 0.95,
                                one_story ? 5 : 100 + (uint64_t)i, 3);
        (void)snprintf(m->source, sizeof m->source, "s%d", i % 10);
    }
    stream_sort(&stream);
    play(watch, &stream, 50, records);
    finish(watch, t0 + 27 * HOUR_MS, records);
    const size_t n = count_state(records, NULL, GS_ALERT_FIRING);
    gs_watch_free(watch);
    records_free(records);
    stream_done(&stream);
    return n;
}

static void test_one_story_fifty_times_raises_nothing(void **state)
{
    (void)state;
    assert_int_equal(alerts_of(false), 1);
    assert_int_equal(alerts_of(true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_near_copy_has_no_vote),
        cmocka_unit_test(test_what_differs_votes),
        cmocka_unit_test(test_the_earliest_leads),
        cmocka_unit_test(test_an_exact_copy_moves_its_story),
        cmocka_unit_test(test_any_order_of_arrival),
        cmocka_unit_test(test_a_story_is_new_after_a_day),
        cmocka_unit_test(test_copies_that_weigh),
        cmocka_unit_test(test_one_story_fifty_times_raises_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
