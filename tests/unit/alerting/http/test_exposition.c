#include "alerting/http/http.h"

#include "tests/unit/gs_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double bounds[] = {0.005, 0.25, 1, 10};
enum { EVENTS, RATIO, SECONDS, CPU, NOTHING };
static const struct gs_metric_def defs[] = {
    [EVENTS] = {.name = "events_total",
                .type = GS_METRIC_COUNTER,
                .unit = "",
                .help = "Say \"what\",\nwith a \\ in it.",
                .labels = {"kind", "lang"}},
    [RATIO] = {.name = "a_ratio", .type = GS_METRIC_GAUGE, .unit = "ratio", .help = "A ratio."},
    [SECONDS] = {.name = "took_seconds",
                 .type = GS_METRIC_HISTOGRAM,
                 .unit = "seconds",
                 .help = "Took.",
                 .labels = {"stage"},
                 .buckets = bounds,
                 .n_buckets = GS_COUNT(bounds)},
    [CPU] = {.name = "cpu_seconds_total",
             .type = GS_METRIC_COUNTER,
             .unit = "seconds",
             .help = "CPU."},
    [NOTHING] = {.name = "nothing", .type = GS_METRIC_GAUGE, .unit = "", .help = "No series."},
};

static const char plain[] =
    "# HELP events_total Say \"what\",\\nwith a \\\\ in it.\n"
    "# TYPE events_total counter\n"
    "events_total{kind=\"a \\\"b\\\"\\\\\\n\",lang=\"\xe4\xb8\xad\xef\xbf\xbd\"} 3\n"
    "events_total{kind=\"big\",lang=\"\"} 9007199254740992\n"
    "# HELP a_ratio A ratio.\n"
    "# TYPE a_ratio gauge\n"
    "a_ratio 0.1\n"
    "# HELP took_seconds Took.\n"
    "# TYPE took_seconds histogram\n"
    "took_seconds_bucket{stage=\"tag\",le=\"0.005\"} 1\n"
    "took_seconds_bucket{stage=\"tag\",le=\"0.25\"} 1\n"
    "took_seconds_bucket{stage=\"tag\",le=\"1.0\"} 3\n"
    "took_seconds_bucket{stage=\"tag\",le=\"10.0\"} 3\n"
    "took_seconds_bucket{stage=\"tag\",le=\"+Inf\"} 4\n"
    "took_seconds_sum{stage=\"tag\"} 101.505\n"
    "took_seconds_count{stage=\"tag\"} 4\n"
    "# HELP cpu_seconds_total CPU.\n"
    "# TYPE cpu_seconds_total counter\n"
    "cpu_seconds_total 0.30000000000000004\n"
    "# HELP nothing No series.\n"
    "# TYPE nothing gauge\n";

static const char open_metrics[] =
    "# HELP events Say \\\"what\\\",\\nwith a \\\\ in it.\n"
    "# TYPE events counter\n"
    "events_total{kind=\"a \\\"b\\\"\\\\\\n\",lang=\"\xe4\xb8\xad\xef\xbf\xbd\"} 3\n"
    "events_total{kind=\"big\",lang=\"\"} 9007199254740992\n"
    "# HELP a_ratio A ratio.\n"
    "# TYPE a_ratio gauge\n"
    "# UNIT a_ratio ratio\n"
    "a_ratio 0.1\n"
    "# HELP took_seconds Took.\n"
    "# TYPE took_seconds histogram\n"
    "# UNIT took_seconds seconds\n"
    "took_seconds_bucket{stage=\"tag\",le=\"0.005\"} 1\n"
    "took_seconds_bucket{stage=\"tag\",le=\"0.25\"} 1\n"
    "took_seconds_bucket{stage=\"tag\",le=\"1.0\"} 3\n"
    "took_seconds_bucket{stage=\"tag\",le=\"10.0\"} 3\n"
    "took_seconds_bucket{stage=\"tag\",le=\"+Inf\"} 4\n"
    "took_seconds_sum{stage=\"tag\"} 101.505\n"
    "took_seconds_count{stage=\"tag\"} 4\n"
    "# HELP cpu_seconds CPU.\n"
    "# TYPE cpu_seconds counter\n"
    "# UNIT cpu_seconds seconds\n"
    "cpu_seconds_total 0.30000000000000004\n"
    "# HELP nothing No series.\n"
    "# TYPE nothing gauge\n"
    "# EOF\n";

static void fill(struct gs_shard *shard)
{
    const struct gs_str stage = gs_str("tag");
    struct gs_series *took = gs_series(shard, SECONDS, &stage);
    struct gs_series *cpu = gs_series(shard, CPU, NULL);

    gs_series_add(gs_series(shard, EVENTS,
                            (struct gs_str[]){gs_str("a \"b\"\\\n"), gs_str("\xe4\xb8\xad\xff")}),
                  3);
    gs_series_add(gs_series(shard, EVENTS, (struct gs_str[]){gs_str("big"), gs_str("")}),
                  9007199254740992.0);
    gs_series_set(gs_series(shard, RATIO, NULL), 0.1);
    gs_series_observe(took, 0.005); /* a bound is within its bucket */
    gs_series_observe(took, 0.5);
    gs_series_observe(took, 1);
    gs_series_observe(took, 100);
    gs_series_add(cpu, 0.1);
    gs_series_add(cpu, 0.2);
}

static void both_formats_are_what_their_specifications_say(void **state)
{
    (void)state;
    struct gs_metrics *metrics = NULL;
    struct gs_shard *shard = NULL;
    struct gs_buf out = {.max = 1 << 20};

    assert_int_equal(gs_metrics_new(defs, GS_COUNT(defs), &metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(metrics, &shard, NULL), GS_OK);
    fill(shard);
    assert_int_equal(gs_exposition(metrics, false, &out, NULL), GS_OK);
    gs_buf_putc(&out, '\0');
    assert_string_equal(out.bytes, plain);
    gs_buf_reset(&out);
    assert_int_equal(gs_exposition(metrics, true, &out, NULL), GS_OK);
    gs_buf_putc(&out, '\0');
    assert_string_equal(out.bytes, open_metrics);
    gs_buf_done(&out);
    gs_metrics_free(metrics);
}

static void special_numbers_have_their_names(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *line;
    } rows[] = {{INFINITY, "\na_ratio +Inf\n"}, {-INFINITY, "\na_ratio -Inf\n"},
                {NAN, "\na_ratio NaN\n"},       {0, "\na_ratio 0\n"},
                {-1.5, "\na_ratio -1.5\n"},     {1e300, "\na_ratio 1e+300\n"}};

    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_metrics *metrics = NULL;
        struct gs_shard *shard = NULL;
        struct gs_buf out = {.max = 1 << 20};

        assert_int_equal(gs_metrics_new(defs, GS_COUNT(defs), &metrics, NULL), GS_OK);
        assert_int_equal(gs_shard_new(metrics, &shard, NULL), GS_OK);
        gs_series_set(gs_series(shard, RATIO, NULL), rows[i].value);
        assert_int_equal(gs_exposition(metrics, false, &out, NULL), GS_OK);
        gs_buf_putc(&out, '\0');
        assert_non_null(strstr(out.bytes, rows[i].line));
        gs_buf_done(&out);
        gs_metrics_free(metrics);
    }
}

static void a_full_buffer_is_an_error_not_half_a_scrape(void **state)
{
    (void)state;
    struct gs_metrics *metrics = NULL;
    struct gs_shard *shard = NULL;
    struct gs_buf out = {.max = 100};

    assert_int_equal(gs_metrics_new(defs, GS_COUNT(defs), &metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(metrics, &shard, NULL), GS_OK);
    fill(shard);
    assert_int_equal(gs_exposition(metrics, false, &out, NULL), GS_NO_MEMORY);
    gs_buf_done(&out);
    gs_metrics_free(metrics);
}

static void the_accept_header_decides(void **state)
{
    (void)state;
    static const struct {
        const char *shows, *accept;
        bool open_metrics;
    } rows[] = {
        {"no header", NULL, false},
        {"an empty header", "", false},
        {"a browser", "text/html,application/xhtml+xml,*/*;q=0.8", false},
        {"curl", "*/*", false},
        {"Prometheus 2.42",
         "application/openmetrics-text;version=1.0.0,application/"
         "openmetrics-text;version=0.0.1;q=0."
         "75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         true},
        {"Prometheus before OpenMetrics", "text/plain;version=0.0.4;q=1,*/*;q=0.1", false},
        {"only a version that we do not write", "application/openmetrics-text;version=0.0.1",
         false},
        {"any version", "application/openmetrics-text", true},
        {"plain text preferred", "application/openmetrics-text;q=0.5,text/plain", false},
        {"plain text refused", "application/openmetrics-text;q=0.1,text/plain;q=0", true},
        {"the specific range decides, not the wildcard",
         "application/openmetrics-text;q=0.4,text/plain;q=0.3,*/*;q=1", true},
        {"OpenMetrics refused", "application/openmetrics-text;q=0, */*", false},
        {"blanks, case and quotes", " Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.9 ",
         true},
        {"a q that is none counts as 0", "application/openmetrics-text;q=1.5", false},
        {"rubbish", ";;;,,,=;q=,a/b;;q=0.", false},
    };
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(gs_wants_open_metrics(rows[i].accept), rows[i].open_metrics);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_formats_are_what_their_specifications_say),
        cmocka_unit_test(special_numbers_have_their_names),
        cmocka_unit_test(a_full_buffer_is_an_error_not_half_a_scrape),
        cmocka_unit_test(the_accept_header_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
