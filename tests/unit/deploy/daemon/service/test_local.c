/* The whole pipeline on files: the same lines give the same alerts however they are cut into
 * batches; each kind of line is told by the first. */
#include "deploy/daemon/service/local.h"

#include "deploy/daemon/service/service.h"
#include "ingest/base/log.h"
#include "tests/unit/gs_test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/groundswell-test-XXXXXX";

static const char *path(const char *name)
{
    static char paths[4][128];
    static size_t next;
    char *to = paths[next++ % 4];

    (void)snprintf(to, sizeof paths[0], "%s/%s", folder, name);
    return to;
}

/* Two days of observations of one key, a fifth negative; from hour 30 to 34 four fifths are. */
static void write_observations(const char *name)
{
    FILE *file = fopen(path(name), "w");
    uint32_t random = 1;

    assert_non_null(file);
    for (int minute = 0; minute < 2 * 1440; minute++) {
        for (int i = 0; i < 2; i++) {
            random = random * 1664525U + 1013904223U;
            const int share = minute >= 1800 && minute < 2040 ? 80 : 20;
            const bool negative = (int)((random >> 16) % 100) < share;
            (void)fprintf(file,
                          "{\"v\":1,\"key\":\"topic:legal\",\"id\":\"m%d-%d\",\"ts\":%lld,"
                          "\"source\":\"s%d\",\"p\":%s,\"dup\":\"%016x\",\"text\":\"story %d\"}\n",
                          minute, i, 1700000000000LL + minute * 60000LL + i * 1000LL, i + 1,
                          negative ? "0.9" : "0.05", minute * 2 + i + 1, minute * 2 + i);
        }
    }
    assert_int_equal(fclose(file), 0);
}

static char *read_all(const char *name)
{
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen(path(name), "r");

    assert_non_null(text);
    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 20) - 1, file) < 1 << 20);
    assert_int_equal(fclose(file), 0);
    return text;
}

static struct gs_local_totals run(const char *input, const char *output, const char *max_messages)
{
    char alerts[256];
    char batch[64];
    (void)snprintf(alerts, sizeof alerts, "output.files.alerts=%s", path(output));
    (void)snprintf(batch, sizeof batch, "batch.max_messages=%s", max_messages);
    const char *const sets[] = {"input.kind=stdin",
                                "output.kind=file",
                                "model.path=../classifier/models/finance-zh-en-fast",
                                "http.enabled=false",
                                alerts,
                                batch};
    struct gs_diagnostics diagnostics = {0};
    struct gs_config *config = NULL;
    struct gs_local_totals totals = {0};
    struct gs_error err = {0};
    const char *const files[] = {path(input)};

    const enum gs_status loaded =
        gs_config_load(NULL, sets, GS_COUNT(sets), &config, &diagnostics, &err);
    gs_diagnostics_print(&diagnostics, stdout);
    gs_diagnostics_done(&diagnostics);
    assert_int_equal(loaded, GS_OK);
    const struct gs_local_options options = {
        .config = config, .files = files, .n_files = 1, .stages = GS_STAGE_TAG | GS_STAGE_WATCH};
    if (gs_local_run(&options, &totals, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    gs_config_free(config);
    return totals;
}

static void batches_do_not_change_the_alerts(void **state)
{
    static const char *const sizes[] = {"20000", "1000", "7", "1"};
    char *first = NULL;
    (void)state;

    write_observations("observations.jsonl");
    for (size_t i = 0; i < GS_COUNT(sizes); i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "alerts-%s.jsonl", sizes[i]);
        const struct gs_local_totals totals = run("observations.jsonl", name, sizes[i]);
        char *alerts = read_all(name);
        assert_int_equal(totals.observations, 2 * 2 * 1440);
        assert_int_equal(totals.rejected, 0);
        assert_non_null(strstr(alerts, "\"state\":\"firing\""));
        assert_non_null(strstr(alerts, "\"state\":\"resolved\""));
        if (first == NULL) {
            first = alerts;
        } else {
            assert_string_equal(alerts, first);
            free(alerts);
        }
    }
    free(first);
}

static void raw_lines_are_tagged_and_bad_ones_counted(void **state)
{
    FILE *file = fopen(path("raw.jsonl"), "w");
    (void)state;

    assert_non_null(file);
    (void)fputs("{\"id\":\"1\",\"ts\":\"2024-01-01T00:00:00Z\",\"source\":\"a\",\"text\":\"Shares "
                "fall on a "
                "profit warning\"}\n"
                "{\"id\":\"2\",\"ts\":\"2024-01-01T00:01:00Z\",\"text\":\n"
                "{\"id\":\"3\",\"ts\":\"2024-01-01T00:02:00Z\",\"source\":\"b\",\"text\":"
                "\"公司业绩大幅下滑\"}\n",
                file);
    assert_int_equal(fclose(file), 0);
    const struct gs_local_totals totals = run("raw.jsonl", "raw-alerts.jsonl", "1000");
    assert_int_equal(totals.lines, 3);
    assert_int_equal(totals.rejected, 1);
    assert_int_equal(totals.tagged, 2);
    assert_true(totals.observations >= 2);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {
        "observations.jsonl", "alerts-20000.jsonl", "alerts-1000.jsonl", "alerts-7.jsonl",
        "alerts-1.jsonl",     "raw.jsonl",          "raw-alerts.jsonl"};
    (void)state;
    for (size_t i = 0; i < GS_COUNT(names); i++) {
        (void)unlink(path(names[i]));
    }
    return rmdir(folder);
}

int main(void)
{
    gs_log_configure(GS_LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_do_not_change_the_alerts),
        cmocka_unit_test(raw_lines_are_tagged_and_bad_ones_counted),
    };
    return cmocka_run_group_tests_name("daemon/local", tests, make_folder, remove_folder);
}
