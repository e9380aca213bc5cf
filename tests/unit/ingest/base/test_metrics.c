#include "ingest/base/metrics.h"

#include "ingest/base/attr.h"
#include "tests/unit/gs_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double bounds[] = {0.1, 1, 10};
enum { EVENTS, LAG, NEWEST, SECONDS, UNUSED };
static const struct gs_metric_def defs[] = {
    [EVENTS] = {.name = "events_total", .type = GS_METRIC_COUNTER, .labels = {"kind", "lang"}},
    [LAG] = {.name = "lag", .type = GS_METRIC_GAUGE, .labels = {"lane"}},
    [NEWEST] = {.name = "newest", .type = GS_METRIC_GAUGE, .join = GS_JOIN_MAX},
    [SECONDS] = {.name = "seconds",
                 .type = GS_METRIC_HISTOGRAM,
                 .buckets = bounds,
                 .n_buckets = GS_COUNT(bounds)},
    [UNUSED] = {.name = "unused_total", .type = GS_METRIC_COUNTER, .labels = {"a"}},
};

/* What a visit saw, one "name{values} value" line each. */
static void note(void *arg, const struct gs_sample *sample)
{
    char *text = arg;
    char line[512];
    int at = snprintf(line, sizeof line, "%s{", sample->def->name);

    for (size_t i = 0; sample->values != NULL && i < 4 && sample->def->labels[i] != NULL; i++) {
        at +=
            snprintf(line + at, sizeof line - (size_t)at, "%.*s,", GS_STR_ARGS(sample->values[i]));
    }
    if (sample->values == NULL) {
        at += snprintf(line + at, sizeof line - (size_t)at, "} none");
    } else {
        at += snprintf(line + at, sizeof line - (size_t)at, "} %g", sample->value);
    }
    for (size_t i = 0; sample->values != NULL && sample->def->n_buckets > 0 && i < 4; i++) {
        at += snprintf(line + at, sizeof line - (size_t)at, " %d", (int)sample->bucket_counts[i]);
    }
    (void)snprintf(text + strlen(text), 4096 - strlen(text), "%s\n", line);
}

static struct gs_metrics *registry(struct gs_shard **a, struct gs_shard **b)
{
    struct gs_metrics *metrics = NULL;

    assert_int_equal(gs_metrics_new(defs, GS_COUNT(defs), &metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(metrics, a, NULL), GS_OK);
    if (b != NULL) {
        assert_int_equal(gs_shard_new(metrics, b, NULL), GS_OK);
    }
    return metrics;
}

static void assert_seen(struct gs_metrics *metrics, const char *want)
{
    char text[4096] = "";
    assert_int_equal(gs_metrics_visit(metrics, note, text, NULL), GS_OK);
    assert_string_equal(text, want);
}

#define V1(a) ((struct gs_str[]){gs_str(a)})
#define V2(a, b) ((struct gs_str[]){gs_str(a), gs_str(b)})

static void shards_are_added_up_and_sorted(void **state)
{
    (void)state;
    struct gs_shard *a = NULL;
    struct gs_shard *b = NULL;
    struct gs_metrics *metrics = registry(&a, &b);

    gs_series_add(gs_series(a, EVENTS, V2("read", "zh")), 2);
    gs_series_add(gs_series(b, EVENTS, V2("read", "zh")), 40);
    gs_series_add(gs_series(b, EVENTS, V2("read", "en")), 1);
    gs_series_add(gs_series(b, EVENTS, V2("drop", "zh")), 7);
    gs_series_set(gs_series(a, LAG, V1("0")), 5);
    gs_series_set(gs_series(b, LAG, V1("0")), 6);
    gs_series_set(gs_series(a, NEWEST, NULL), 5);
    gs_series_set(gs_series(b, NEWEST, NULL), 6);
    gs_series_observe(gs_series(a, SECONDS, NULL), 0.1);
    gs_series_observe(gs_series(a, SECONDS, NULL), 0.5);
    gs_series_observe(gs_series(b, SECONDS, NULL), 0.25);
    gs_series_observe(gs_series(b, SECONDS, NULL), 99);
    assert_seen(metrics, "events_total{drop,zh,} 7\n"
                         "events_total{read,en,} 1\n"
                         "events_total{read,zh,} 42\n"
                         "lag{0,} 11\n"
                         "newest{} 6\n"
                         "seconds{} 99.85 1 2 0 1\n"
                         "unused_total{} none\n");
    gs_metrics_free(metrics);
}

static void a_series_starts_at_zero_and_stays_the_same(void **state)
{
    (void)state;
    struct gs_shard *a = NULL;
    struct gs_metrics *metrics = registry(&a, NULL);
    struct gs_series *first = gs_series(a, UNUSED, V1("x"));

    assert_seen(metrics, "events_total{} none\nlag{} none\nnewest{} none\nseconds{} none\n"
                         "unused_total{x,} 0\n");
    for (int i = 0; i < 1000; i++) { /* the table grows meanwhile */
        char name[16];
        (void)snprintf(name, sizeof name, "v%d", i);
        gs_series_add(gs_series(a, UNUSED, V1(name)), 1);
    }
    assert_ptr_equal(gs_series(a, UNUSED, V1("x")), first);
    assert_true(gs_series_value(gs_series(a, UNUSED, V1("v77"))) == 1.0);
    gs_metrics_free(metrics);
}

static void values_that_join_to_the_same_bytes_are_apart(void **state)
{
    (void)state;
    struct gs_shard *a = NULL;
    struct gs_metrics *metrics = registry(&a, NULL);

    assert_ptr_not_equal(gs_series(a, EVENTS, V2("ab", "c")), gs_series(a, EVENTS, V2("a", "bc")));
    assert_ptr_not_equal(gs_series(a, EVENTS, V2("", "x")), gs_series(a, EVENTS, V2("x", "")));
    gs_metrics_free(metrics);
}

static void a_dropped_gauge_is_gone_until_asked_for(void **state)
{
    (void)state;
    struct gs_shard *a = NULL;
    struct gs_metrics *metrics = registry(&a, NULL);

    gs_series_set(gs_series(a, LAG, V1("0")), 5);
    gs_series_set(gs_series(a, LAG, V1("1")), 6);
    gs_series_drop(a, gs_series(a, LAG, V1("0")));
    assert_seen(metrics, "events_total{} none\nlag{1,} 6\nnewest{} none\nseconds{} none\n"
                         "unused_total{} none\n");
    assert_true(gs_series_value(gs_series(a, LAG, V1("0"))) == 0.0);
    gs_metrics_free(metrics);
}

static void long_values_are_cut_at_a_character(void **state)
{
    (void)state;
    struct gs_shard *a = NULL;
    struct gs_metrics *metrics = registry(&a, NULL);
    char text[4096] = "";
    char value[400];

    memset(value, 'x', sizeof value);
    value[255] = '\xe8'; /* three bytes, which would end at byte 258 */
    value[256] = '\x8c';
    value[257] = '\x85';
    struct gs_series *series = gs_series(a, UNUSED, &(struct gs_str){value, sizeof value});
    gs_series_add(series, 3);
    assert_int_equal(gs_metrics_visit(metrics, note, text, NULL), GS_OK);
    const char *line = strstr(text, "unused_total{");
    assert_non_null(line);
    assert_int_equal(strcspn(line, ","), strlen("unused_total{") + 255);
    gs_metrics_free(metrics);
}

static void too_many_series_share_other(void **state)
{
    (void)state;
    struct gs_shard *a = NULL;
    struct gs_metrics *metrics = registry(&a, NULL);
    char name[16];

    for (int i = 0; i < 4096; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        gs_series_add(gs_series(a, UNUSED, V1(name)), 1);
    }
    struct gs_series *other = gs_series(a, UNUSED, V1("one more"));
    assert_ptr_equal(gs_series(a, UNUSED, V1("and another")), other);
    gs_series_add(other, 2);
    assert_ptr_not_equal(gs_series(a, UNUSED, V1("4095")), other);
    assert_ptr_not_equal(gs_series(a, LAG, V1("other metrics are not full")), other);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_int_equal(gs_metrics_visit(metrics, note, text, NULL), GS_OK);
    free(text);
    gs_metrics_free(metrics);
}

/* ---- threads: run under tsan ---- */

enum { N_THREADS = 4, N_ROUNDS = 20000 };

static void *count(void *arg)
{
    struct gs_shard *shard = arg;

    for (int i = 0; i < N_ROUNDS; i++) {
        char lane[8];
        (void)snprintf(lane, sizeof lane, "%d", i % 50);
        gs_series_add(gs_series(shard, EVENTS, V2("read", "en")), 1);
        gs_series_observe(gs_series(shard, SECONDS, NULL), 0.5);
        struct gs_series *lag = gs_series(shard, LAG, V1(lane));
        gs_series_set(lag, i);
        if (i % 3 == 0) {
            gs_series_drop(shard, lag);
        }
    }
    return NULL;
}

struct last {
    double events;
    uint64_t seconds;
};

static void remember(void *arg, const struct gs_sample *sample)
{
    struct last *last = arg;

    if (sample->values == NULL) {
        return;
    }
    if (sample->def == &defs[EVENTS]) {
        assert_true(sample->value >= last->events); /* a counter never falls */
        last->events = sample->value;
    } else if (sample->def == &defs[SECONDS]) {
        assert_true(sample->bucket_counts[1] >= last->seconds);
        last->seconds = sample->bucket_counts[1];
    }
}

static void scraping_while_threads_count_loses_nothing(void **state)
{
    (void)state;
    struct gs_metrics *metrics = NULL;
    struct gs_shard *shards[N_THREADS];
    pthread_t threads[N_THREADS];
    struct last last = {0};

    assert_int_equal(gs_metrics_new(defs, GS_COUNT(defs), &metrics, NULL), GS_OK);
    for (int i = 0; i < N_THREADS; i++) {
        assert_int_equal(gs_shard_new(metrics, &shards[i], NULL), GS_OK);
        assert_int_equal(pthread_create(&threads[i], NULL, count, shards[i]), 0);
        assert_int_equal(gs_metrics_visit(metrics, remember, &last, NULL), GS_OK);
    }
    for (int i = 0; i < 50; i++) {
        assert_int_equal(gs_metrics_visit(metrics, remember, &last, NULL), GS_OK);
    }
    for (int i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(gs_metrics_visit(metrics, remember, &last, NULL), GS_OK);
    assert_true(last.events == (double)N_THREADS * N_ROUNDS);
    assert_int_equal(last.seconds, N_THREADS * N_ROUNDS);
    gs_metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_are_added_up_and_sorted),
        cmocka_unit_test(a_series_starts_at_zero_and_stays_the_same),
        cmocka_unit_test(values_that_join_to_the_same_bytes_are_apart),
        cmocka_unit_test(a_dropped_gauge_is_gone_until_asked_for),
        cmocka_unit_test(long_values_are_cut_at_a_character),
        cmocka_unit_test(too_many_series_share_other),
        cmocka_unit_test(scraping_while_threads_count_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
