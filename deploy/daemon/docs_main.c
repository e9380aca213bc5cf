/* groundswell_docs ROOT: writes every generated document under ROOT, the project's root or a copy
 * of its folders. tests/tools/check_docs.sh fails when the ones in the tree are not what this
 * writes. */
#include "alerting/http/http.h"
#include "deploy/daemon/cli/command_line.h"
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/escape.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *path;
    void (*write)(struct gs_buf *out);
} documents[] = {
    {"deploy/docs/cli.md", gs_command_docs},
    {"deploy/docs/configuration.md", gs_config_write_reference},
    {"deploy/docs/metrics.md", gs_metrics_write_reference},
    {"deploy/config/groundswell.yaml", gs_config_write_example},
    {"deploy/config/groundswell.schema.json", gs_config_write_schema},
};

static bool write_document(const char *root, size_t i)
{
    struct gs_buf out = {.max = 1 << 24};
    char path[4096];
    bool ok = false;

    documents[i].write(&out);
    const int n = snprintf(path, sizeof path, "%s/%s", root, documents[i].path);
    FILE *file = n > 0 && (size_t)n < sizeof path ? fopen(path, "we") : NULL;
    if (file != NULL) {
        ok = gs_buf_ok(&out) && fwrite(out.bytes, 1, out.len, file) == out.len;
        ok = fclose(file) == 0 && ok;
    }
    if (!ok) {
        gs_print_line(stderr, "groundswell_docs: cannot write %s/%s", root, documents[i].path);
    }
    gs_buf_done(&out);
    return ok;
}

static void fill(struct gs_shard *shard)
{
    static const char *const topics[] = {"legal", "results"};
    static const char *const values[] = {"a \"quoted\"\nkey\\", "b", "c", "d"};
    const struct gs_metric_known known = {
        .topics = topics, .n_topics = GS_COUNT(topics), .version = "0", .model = "m"};

    gs_metrics_init_known(shard, &known);
    gs_metrics_update_process(shard);
    for (int i = 0; i < GS_N_METRICS; i++) {
        struct gs_series *series = gs_metric_series(shard, (enum gs_metric_id)i, values);
        if (gs_metric_table[i].type == GS_METRIC_HISTOGRAM) {
            gs_series_observe(series, 0.3);
            gs_series_observe(series, 1e9);
        } else {
            gs_series_add(series, 1.5);
        }
    }
}

static bool write_exposition(bool open_metrics)
{
    struct gs_metrics *metrics = NULL;
    struct gs_shard *shard = NULL;
    struct gs_buf out = {.max = 1 << 24};
    struct gs_error err = {.status = GS_OK};
    bool ok = gs_metrics_new(gs_metric_table, GS_N_METRICS, &metrics, &err) == GS_OK &&
              gs_shard_new(metrics, &shard, &err) == GS_OK;

    if (ok) {
        fill(shard);
        ok = gs_exposition(metrics, open_metrics, &out, &err) == GS_OK &&
             fwrite(out.bytes, 1, out.len, stdout) == out.len;
    }
    if (!ok) {
        gs_print_line(stderr, "groundswell_docs: %s", err.message);
    }
    gs_buf_done(&out);
    gs_metrics_free(metrics);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = true;

    if (argc != 2 || (argv[1][0] == '-' && strcmp(argv[1], "--metrics") != 0 &&
                      strcmp(argv[1], "--open-metrics") != 0)) {
        (void)fputs("usage: groundswell_docs ROOT | --metrics | --open-metrics\n", stderr);
        return 2;
    }
    if (argv[1][0] == '-') {
        return write_exposition(strcmp(argv[1], "--open-metrics") == 0) ? 0 : 3;
    }
    for (size_t i = 0; i < GS_COUNT(documents); i++) {
        ok = write_document(argv[1], i) && ok;
    }
    return ok ? 0 : 3;
}
