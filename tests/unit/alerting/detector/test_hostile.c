/* Input that means harm, and sizes that must hold. */
#include "tests/unit/alerting/detector/watch_helper.h"

static struct gs_observation plain(void)
{
    return (struct gs_observation){.key = gs_str("topic:a"),
                                   .id = gs_str("1"),
                                   .ts_ms = t0,
                                   .source = gs_str("s"),
                                   .p_negative = 0.5,
                                   .excerpt = gs_str("text")};
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static char long_key[GS_MAX_KEY_LEN + 1];
    memset(long_key, 'k', sizeof long_key);
    const struct gs_observation good = plain();
    struct {
        const char *shows;
        struct gs_observation observation;
        enum gs_observation_result want;
    } rows[14];
    size_t n = 0;
#define ROW(text, result, change)                                                                  \
    do {                                                                                           \
        rows[n].shows = (text);                                                                    \
        rows[n].observation = good;                                                                \
        rows[n].observation.change;                                                                \
        rows[n++].want = (result);                                                                 \
    } while (0)
    ROW("p is not a number", GS_OBSERVATION_REFUSED, p_negative = NAN);
    ROW("p is infinite", GS_OBSERVATION_REFUSED, p_negative = INFINITY);
    ROW("p under 0", GS_OBSERVATION_REFUSED, p_negative = -1e-12);
    ROW("p over 1", GS_OBSERVATION_REFUSED, p_negative = 1.0000001);
    ROW("no key", GS_OBSERVATION_REFUSED, key = gs_str(""));
    ROW("a key too long", GS_OBSERVATION_REFUSED,
        key = ((struct gs_str){long_key, sizeof long_key}));
    ROW("the end of time", GS_OBSERVATION_REFUSED, ts_ms = INT64_MAX);
    ROW("before all time", GS_OBSERVATION_REFUSED, ts_ms = INT64_MIN);
    ROW("the year 6000", GS_OBSERVATION_COUNTED, ts_ms = 127174492800000);
    ROW("a millisecond later", GS_OBSERVATION_REFUSED, ts_ms = 127174492800001);
    ROW("the longest key", GS_OBSERVATION_COUNTED,
        key = ((struct gs_str){long_key, GS_MAX_KEY_LEN}));
    ROW("p of exactly 0", GS_OBSERVATION_COUNTED, p_negative = 0.0);
    ROW("no id, no source, no text", GS_OBSERVATION_COUNTED, id = ((struct gs_str){0}));
#undef ROW
    rows[n - 1].observation.source = (struct gs_str){0};
    rows[n - 1].observation.excerpt = (struct gs_str){0};
    rows[n - 1].observation.p_negative = 1.0;

    for (size_t i = 0; i < n; i++) {
        struct gs_watch *watch = watch_new(NULL);
        print_message("  %s\n", rows[i].shows);
        gs_watch_begin(watch);
        assert_int_equal(gs_watch_add(watch, &rows[i].observation), rows[i].want);
        advance(watch, INT64_MAX, NULL);
        gs_watch_commit(watch);
        gs_watch_free(watch);
    }
}

static void test_results(void **state)
{
    (void)state;
    struct gs_watch *watch = watch_new(NULL);
    struct gs_observation s = plain();

    gs_watch_begin(watch);
    advance(watch, t0, NULL);
    assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_COUNTED);
    assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_REPEATED);
    s.key = gs_str("topic:b");
    assert_int_equal(gs_watch_add(watch, &s),
                     GS_OBSERVATION_COUNTED); /* the same id, another key */
    s.id = gs_str("2");
    s.story = 5;
    assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_COUNTED);
    s.id = gs_str("3");
    assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_COPY);
    s.story = 0;
    s.id = gs_str("4");
    s.ts_ms = t0 - 1;
    assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_LATE);
    s.id = gs_str("5");
    s.ts_ms = t0 - 86400000;
    assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_LATE);
    s.id = gs_str("6");
    s.ts_ms = t0 - 86400001;
    assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_TOO_LATE);
    advance(watch, t0 - HOUR_MS, NULL); /* time does not go back */
    advance(watch, t0 + BIN_MS, NULL);
    gs_watch_commit(watch);
    struct gs_key *key = gs_pool_at(&watch->keys, 1);
    assert_int_equal(key->n_total, 5);
    gs_watch_free(watch);
}

/* An id is known again for the window and the lateness, then it is not. */
static void test_ids_live_for_window_and_lateness(void **state)
{
    (void)state;
    static const struct {
        const char *shows;
        int64_t later_ms;
        enum gs_observation_result want;
    } rows[] = {
        {"70 minutes later", 70 * INT64_C(60000), GS_OBSERVATION_REPEATED},
        {"two hours later", 120 * INT64_C(60000), GS_OBSERVATION_LATE},
        {"20 hours later", 20 * HOUR_MS, GS_OBSERVATION_LATE},
    };
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_watch *watch = watch_new(NULL);
        struct gs_observation s = plain();
        print_message("  %s\n", rows[i].shows);
        gs_watch_begin(watch);
        assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_COUNTED);
        advance(watch, t0 + rows[i].later_ms, NULL);
        assert_int_equal(gs_watch_add(watch, &s), rows[i].want);
        gs_watch_commit(watch);
        gs_watch_free(watch);
    }
}

static void test_max_keys(void **state)
{
    (void)state;
    struct gs_watch_options options;
    struct gs_watch_counts counts;
    constant_options(&options);
    options.max_keys = 10;
    struct gs_watch *watch = watch_new(&options);
    struct gs_observation s = plain();
    char name[16];

    gs_watch_begin(watch);
    for (int i = 0; i < 15; i++) {
        (void)snprintf(name, sizeof name, "risk:%d", i);
        s.key = gs_str(name);
        assert_int_equal(gs_watch_add(watch, &s),
                         i < 10 ? GS_OBSERVATION_COUNTED : GS_OBSERVATION_REFUSED);
    }
    gs_watch_commit(watch);
    gs_watch_counts(watch, &counts);
    assert_int_equal(counts.keys, 10);
    assert_int_equal(counts.refused_keys, 5);
    gs_watch_free(watch);
}

static void test_bad_options(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t at;
        double value;
        bool whole;
    } rows[] = {
        {"bin_ms", offsetof(struct gs_watch_options, bin_ms), 1000, true},
        {"dup_weight", offsetof(struct gs_watch_options, dup_weight), 1.0, false},
        {"dup_weight", offsetof(struct gs_watch_options, dup_weight), NAN, false},
        {"warning_evidence", offsetof(struct gs_watch_options, warning_evidence), 9.0, false},
        {"fdr_q", offsetof(struct gs_watch_options, fdr_q), 0.0, false},
        {"max_keys", offsetof(struct gs_watch_options, max_keys), 0, true},
        {"prior_negative_share", offsetof(struct gs_watch_options, prior_negative_share), 1.0,
         false},
    };
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_watch_options options;
        struct gs_watch *watch = NULL;
        struct gs_error err = {0};
        constant_options(&options);
        const int64_t whole = (int64_t)(rows[i].whole ? rows[i].value : 0);
        memcpy((char *)&options + rows[i].at, rows[i].whole ? (const void *)&whole : &rows[i].value,
               8);
        assert_int_equal(gs_watch_new(&options, &watch, &err), GS_BAD_CONFIG);
        assert_non_null(strstr(err.message, rows[i].name));
        assert_null(watch);
    }
    gs_watch_free(NULL);
}

/* Centuries pass in one call; alerts that are on end in order; nothing loops over empty time. */
static void test_time_jumps(void **state)
{
    (void)state;
    struct stream stream = {.rng = {31}};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);

    stream_fill(&stream, "topic:a", t0, t0 + 24 * HOUR_MS, 24 * 120, 0.2);
    stream_fill(&stream, "topic:a", t0 + 24 * HOUR_MS, t0 + 26 * HOUR_MS, 240, 0.9);
    play(watch, &stream, 100, records);
    assert_true(records->n >= 1);
    finish(watch, t0 + 4000LL * 365 * 86400000, records); /* beyond the year 5000 */
    assert_int_equal(records->rows[records->n - 1].state, GS_ALERT_RESOLVED);
    finish(watch, INT64_MAX, records);
    assert_int_equal(count_state(records, NULL, GS_ALERT_RESOLVED), 1);
    gs_watch_free(watch);

    /* Bins of one key thousands of years apart, all open at once. */
    watch = watch_new(NULL);
    gs_watch_begin(watch);
    for (int64_t i = 0; i < 3000; i++) {
        struct gs_observation s = plain();
        s.ts_ms = -62167219200000 + i * 60000000000;
        s.id = (struct gs_str){0};
        assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_COUNTED);
    }
    advance(watch, INT64_MAX, NULL);
    gs_watch_commit(watch);
    struct gs_watch_counts counts;
    gs_watch_counts(watch, &counts);
    assert_int_equal(watch->open_bins.now.live, 0);
    assert_int_equal(counts.keys, 1);
    gs_watch_free(watch);
    stream_done(&stream);
    records_free(records);
}

/* 100,000 keys with messages in the open bins weigh at most 400 bytes each, tables included. */
static void test_bytes_a_key(void **state)
{
    (void)state;
    enum { KEYS = 100000 };
    struct gs_watch *watch = watch_new(NULL);
    struct gs_watch_counts counts;
    char key[32];
    char id[32];
    struct gs_observation s = plain();
    struct rng rng = {1};

    for (int round = 0; round < 4; round++) { /* forty minutes; each key every ten minutes */
        gs_watch_begin(watch);
        for (int i = 0; i < KEYS; i++) {
            (void)snprintf(key, sizeof key, "entity:%06d.SH", i);
            (void)snprintf(id, sizeof id, "%d-%d", round, i);
            s.key = gs_str(key);
            s.id = gs_str(id);
            s.ts_ms = t0 + (int64_t)round * 600000 + (int64_t)rng_below(&rng, 600000);
            s.p_negative = rng_unit(&rng);
            assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_COUNTED);
        }
        advance(watch, t0 + (int64_t)(round + 1) * 600000, NULL);
        gs_watch_commit(watch);
    }
    gs_watch_counts(watch, &counts);
    print_message("%zu keys, %.1f bytes each; %.1f MB in all\n", counts.keys,
                  (double)counts.key_bytes / KEYS, (double)counts.total_bytes / 1e6);
    assert_int_equal(counts.keys, KEYS);
    assert_true(counts.key_bytes <= 400 * (size_t)KEYS);
    gs_watch_free(watch);
}

/* The sets and the excerpts stay in their bounds whatever comes, and say what they forgot. */
static void test_bounded_memory(void **state)
{
    (void)state;
    struct gs_watch_options options;
    struct gs_watch_counts counts;
    char id[32];
    constant_options(&options);
    options.max_ids = 1000;
    options.max_excerpts = 160;
    struct gs_watch *watch = watch_new(&options);
    struct gs_observation s = plain();
    size_t most = 0;

    for (int i = 0; i < 50000; i++) {
        gs_watch_begin(watch);
        (void)snprintf(id, sizeof id, "%d", i);
        s.id = gs_str(id);
        s.story = (uint64_t)i + 1;
        s.p_negative = 0.9;
        s.ts_ms = t0 + INT64_C(50) * i;
        assert_int_equal(gs_watch_add(watch, &s), GS_OBSERVATION_COUNTED);
        advance(watch, s.ts_ms - 600000, NULL);
        gs_watch_commit(watch);
        gs_watch_counts(watch, &counts);
        most = counts.total_bytes > most ? counts.total_bytes : most;
        assert_true(watch->excerpts.now.live <= 160);
        assert_true(watch->ids.n <= 1000 && watch->stories.n <= 1000);
    }
    print_message("at most %zu kB\n", most / 1000);
    assert_true(counts.forgotten > 0);
    assert_true(most < 2000000);
    gs_watch_free(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_ids_live_for_window_and_lateness),
        cmocka_unit_test(test_max_keys),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_time_jumps),
        cmocka_unit_test(test_bytes_a_key),
        cmocka_unit_test(test_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
