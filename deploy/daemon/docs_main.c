/* groundswell_docs ROOT: writes every generated document under ROOT, the project's root or a copy
 * of its folders. tests/tools/check_docs.sh fails when the ones in the tree are not what this
 * writes. */
#include "deploy/daemon/config.h"
#include "deploy/daemon/metric_table.h"

#include <stdio.h>

static const struct {
    const char *path;
    void (*write)(struct gs_buf *out);
} documents[] = {
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
        (void)fprintf(stderr, "groundswell_docs: cannot write %s/%s\n", root, documents[i].path);
    }
    gs_buf_done(&out);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = argc == 2;

    if (!ok) {
        (void)fputs("usage: groundswell_docs ROOT\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < GS_COUNT(documents); i++) {
        ok = write_document(argv[1], i) && ok;
    }
    return ok ? 0 : 3;
}
