#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/records/record.h"

#include "tests/unit/gs_test.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool ends_in(const char *name, const char *end)
{
    return strlen(name) > strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

static bool is_snake_case(const char *name)
{
    for (; *name != '\0'; name++) {
        if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) && *name != '_') {
            return false;
        }
    }
    return true;
}

static void names_are_as_prometheus_wants_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_N_METRICS; i++) {
        const struct gs_metric_def *def = &gs_metric_table[i];
        char base[128];

        assert_non_null(def->name); /* no id without a row */
        print_message("  %s\n", def->name);
        assert_true(is_snake_case(def->name));
        assert_true(strncmp(def->name, "groundswell_", 12) == 0 ||
                    strncmp(def->name, "process_", 8) == 0);
        assert_int_equal(ends_in(def->name, "_total"), def->type == GS_METRIC_COUNTER);
        assert_true(strlen(def->help) > 10 && def->help[strlen(def->help) - 1] == '.');
        assert_int_equal(def->n_buckets > 0, def->type == GS_METRIC_HISTOGRAM);
        for (size_t j = 1; j < def->n_buckets; j++) {
            assert_true(def->buckets[j] > def->buckets[j - 1]);
        }
        (void)snprintf(base, sizeof base, "%s", def->name);
        if (def->type == GS_METRIC_COUNTER) {
            base[strlen(base) - strlen("_total")] = '\0';
        }
        assert_true(def->unit[0] == '\0' || ends_in(base, def->unit)); /* OpenMetrics insists */
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(def->name, gs_metric_table[j].name);
        }
    }
}

/* ---- what is there before anything happens ---- */

struct seen {
    size_t n_messages, n_rejected, n_transactions, n_alerts, n_not_zero;
    bool build_info;
};

static void look(void *arg, const struct gs_sample *sample)
{
    struct seen *seen = arg;
    const size_t id = (size_t)(sample->def - gs_metric_table);

    if (sample->values == NULL) {
        return;
    }
    seen->n_messages += id == GS_M_MESSAGES;
    seen->n_rejected += id == GS_M_REJECTED;
    seen->n_transactions += id == GS_M_TRANSACTIONS;
    seen->n_alerts += id == GS_M_ALERTS;
    if (id == GS_M_BUILD_INFO) {
        seen->build_info = sample->value == 1.0 && gs_str_equal(sample->values[0], gs_str("1.2")) &&
                           gs_str_equal(sample->values[1], gs_str("m"));
    } else {
        seen->n_not_zero += sample->value != 0.0;
    }
}

static void known_series_are_there_from_the_start_and_zero(void **state)
{
    (void)state;
    static const char *const topics[] = {"legal", "results"};
    const struct gs_metric_known known = {
        .topics = topics, .n_topics = 2, .version = "1.2", .model = "m"};
    struct gs_metrics *metrics = NULL;
    struct gs_shard *shard = NULL;
    struct seen seen = {0};

    assert_int_equal(gs_metrics_new(gs_metric_table, GS_N_METRICS, &metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(metrics, &shard, NULL), GS_OK);
    gs_metrics_init_known(shard, &known);
    assert_int_equal(gs_metrics_visit(metrics, look, &seen, NULL), GS_OK);
    assert_int_equal(seen.n_messages, (2 + 1) * 3); /* "none" too */
    assert_int_equal(seen.n_rejected, GS_N_REJECTS - 1);
    assert_int_equal(seen.n_transactions, 2 * 2);
    assert_int_equal(seen.n_alerts, 3 * 3);
    assert_true(seen.build_info);
    assert_int_equal(seen.n_not_zero, 0);
    gs_metrics_free(metrics);
}

static double value_of(struct gs_shard *shard, enum gs_metric_id id)
{
    return gs_series_value(gs_metric_series(shard, id, NULL));
}

static void the_process_is_measured(void **state)
{
    (void)state;
    struct gs_metrics *metrics = NULL;
    struct gs_shard *shard = NULL;
    volatile unsigned spin = 0;

    assert_int_equal(gs_metrics_new(gs_metric_table, GS_N_METRICS, &metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(metrics, &shard, NULL), GS_OK);
    gs_metrics_update_process(shard);
    const double cpu = value_of(shard, GS_M_PROCESS_CPU);
    const double fds = value_of(shard, GS_M_PROCESS_OPEN_FDS);
    const double now = (double)time(NULL);
    assert_true(cpu > 0);
    assert_true(value_of(shard, GS_M_PROCESS_RESIDENT_MEMORY) > 1e6);
    assert_true(value_of(shard, GS_M_PROCESS_START_TIME) > now - 600 &&
                value_of(shard, GS_M_PROCESS_START_TIME) < now + 1);
    assert_true(fds >= 3 && fds < value_of(shard, GS_M_PROCESS_MAX_FDS));

    FILE *one_more = fopen("/dev/null", "re");
    assert_non_null(one_more);
    while (spin < 20000000) {
        spin++;
    }
    gs_metrics_update_process(shard);
    assert_true(value_of(shard, GS_M_PROCESS_CPU) > cpu);
    assert_true(value_of(shard, GS_M_PROCESS_OPEN_FDS) == fds + 1);
    (void)fclose(one_more);
    gs_metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_as_prometheus_wants_them),
        cmocka_unit_test(known_series_are_there_from_the_start_and_zero),
        cmocka_unit_test(the_process_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
