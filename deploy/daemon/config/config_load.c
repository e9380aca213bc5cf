/* A configuration from a file and the process's environment. */
#include "deploy/daemon/config/config.h"

#include "ingest/base/file.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_YAML_BYTES = 16 << 20 };

/* The environment of the process; POSIX has no header for it. */
extern char **environ; /* NOLINT(readability-redundant-declaration) */

/* The folder of a path, without its last "/"; "." for a bare name. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    char *dir = malloc(len + 2);

    if (dir != NULL) {
        memcpy(dir, path, len);
        memcpy(dir + len, len == 0 ? "." : "", len == 0 ? 2 : 1);
    }
    return dir;
}

static enum gs_status load(const char *path, const struct gs_config_input *more,
                           struct gs_config **ret, struct gs_diagnostics *diagnostics,
                           struct gs_error *err)
{
    struct gs_config_input input = *more;
    struct gs_file file = {0};
    char *dir = NULL;
    enum gs_status status = GS_OK;

    if (path != NULL) {
        status = gs_file_read(path, MAX_YAML_BYTES, &file, err);
        if (status != GS_OK) {
            return status;
        }
        dir = folder_of(path);
        if (dir == NULL) {
            status = gs_fail(err, GS_NO_MEMORY, "configuration");
            goto done;
        }
    }
    input.yaml = file.bytes;
    input.name = path == NULL ? "defaults" : path;
    input.dir = dir;
    input.environ_vars = (const char *const *)environ;
    status = gs_config_parse(&input, ret, diagnostics, err);

done:
    free(dir);
    gs_file_done(&file);
    return status;
}

enum gs_status gs_config_load(const char *path, const char *const *overrides, size_t n_overrides,
                              struct gs_config **ret, struct gs_diagnostics *diagnostics,
                              struct gs_error *err)
{
    const struct gs_config_input input = {.overrides = overrides, .n_overrides = n_overrides};
    return load(path, &input, ret, diagnostics, err);
}

enum gs_status gs_config_examine(const char *path, const char *const *overrides, size_t n_overrides,
                                 struct gs_config **ret, struct gs_diagnostics *diagnostics,
                                 struct gs_error *err)
{
    const struct gs_config_input input = {
        .overrides = overrides, .n_overrides = n_overrides, .keep_bad = true};
    return load(path, &input, ret, diagnostics, err);
}
