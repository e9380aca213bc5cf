/* A file is hashed as it lies there, also a packed one: whoever has it can check with sha256sum. */
#include "deploy/daemon/cli/replay_provenance.h"

#include "deploy/daemon/config/options.h"
#include "ingest/base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 1024, MAX_DEPTH = 3, MAX_SETTINGS = 1 << 20 };

const char *const gs_provenance_part_names[GS_N_PARTS] = {"program", "configuration", "model",
                                                          "watchlist", "input"};

static enum gs_status add(struct gs_provenance *to, enum gs_provenance_part part, const char *path,
                          struct gs_error *err)
{
    struct gs_provenance_file file = {.part = part};
    struct stat info;
    struct gs_provenance_file *bigger =
        to->n_files < MAX_FILES ? realloc(to->files, (to->n_files + 1) * sizeof file) : NULL;

    if (bigger == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s: too many files", path);
    }
    to->files = bigger;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        return gs_fail(err, GS_IO, "%s: is no regular file, and has to be read more than once",
                       path);
    }
    const enum gs_status status = gs_sha256_file(path, file.sha256, &file.bytes, err);
    if (status != GS_OK) {
        return status;
    }
    file.path = strdup(path);
    if (file.path == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s", path);
    }
    to->files[to->n_files++] = file;
    return GS_OK;
}

/* All files of a model's folder in order of name, but for its README. */
// NOLINTNEXTLINE(misc-no-recursion)
static enum gs_status add_folder(struct gs_provenance *to, const char *dir, int depth,
                                 struct gs_error *err)
{
    struct dirent **names = NULL;
    enum gs_status status = GS_OK;
    const int n = scandir(dir, &names, NULL, alphasort);

    if (n < 0) {
        return gs_fail(err, GS_IO, "%s: cannot be listed", dir);
    }
    for (int i = 0; i < n; i++) {
        char path[4096];
        struct stat info;
        const char *name = names[i]->d_name;
        const bool fits = snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path;
        if (status == GS_OK && fits && name[0] != '.' && strcmp(name, "README.md") != 0 &&
            stat(path, &info) == 0) {
            status = S_ISREG(info.st_mode) ? add(to, GS_PART_MODEL, path, err)
                     : S_ISDIR(info.st_mode) && depth < MAX_DEPTH
                         ? add_folder(to, path, depth + 1, err)
                         : GS_OK;
        }
        free(names[i]);
    }
    free(names);
    return status;
}

static enum gs_status hash_settings(const struct gs_config *config, struct gs_provenance *to,
                                    struct gs_error *err)
{
    struct gs_buf text = {.max = MAX_SETTINGS};

    for (size_t i = 0; i < gs_n_options; i++) {
        const struct gs_option *option = &gs_options[i];
        if (gs_option_bearing(option) == GS_BEARS_ON_NOTHING || option->type == GS_OPT_PATH) {
            continue;
        }
        gs_buf_printf(&text, "%s=", option->name);
        gs_option_write(option, config, &text);
        gs_buf_putc(&text, '\n');
        to->n_settings++;
    }
    const enum gs_status status = gs_buf_ok(&text)
                                      ? gs_sha256_hex(gs_buf_str(&text), to->settings_sha256, err)
                                      : gs_fail(err, GS_NO_MEMORY, "settings");
    gs_buf_done(&text);
    return status;
}

enum gs_status gs_provenance_take(const struct gs_provenance_options *options,
                                  struct gs_provenance *ret, struct gs_error *err)
{
    const struct gs_config *config = options->config;
    struct gs_provenance made = {.overrides = options->overrides,
                                 .n_overrides = options->n_overrides};

    char program[4096];
    const bool known = gs_file_of_program(program, sizeof program);
    enum gs_status status = add(&made, GS_PART_PROGRAM, known ? program : "/proc/self/exe", err);
    if (status == GS_OK) {
        status = add(&made, GS_PART_CONFIGURATION, options->config_path, err);
    }
    if (status == GS_OK) {
        status = hash_settings(config, &made, err);
    }
    if (status == GS_OK && config->model.path != NULL) {
        status = add_folder(&made, config->model.path, 0, err);
    }
    if (status == GS_OK && config->entities.watchlist != NULL) {
        status = add(&made, GS_PART_WATCHLIST, config->entities.watchlist, err);
    }
    for (size_t i = 0; i < options->n_files && status == GS_OK; i++) {
        status = add(&made, GS_PART_INPUT, options->files[i], err);
    }
    if (status != GS_OK) {
        gs_provenance_done(&made);
        return status;
    }
    *ret = made;
    return GS_OK;
}

void gs_provenance_done(struct gs_provenance *provenance)
{
    for (size_t i = 0; i < provenance->n_files; i++) {
        free(provenance->files[i].path);
    }
    free(provenance->files);
}

bool gs_provenance_override_bears(const char *override)
{
    const size_t len = strcspn(override, "=");
    char name[128];

    if (len >= sizeof name) {
        return true;
    }
    memcpy(name, override, len);
    name[len] = '\0';
    const struct gs_option *option = gs_option_find(name);
    return option == NULL || gs_option_bearing(option) != GS_BEARS_ON_NOTHING;
}

enum gs_status gs_provenance_check(const struct gs_provenance *provenance, struct gs_error *err)
{
    for (size_t i = 0; i < provenance->n_files; i++) {
        const struct gs_provenance_file *file = &provenance->files[i];
        char now[GS_SHA256_HEX];
        uint64_t bytes = 0;
        const enum gs_status status = gs_sha256_file(file->path, now, &bytes, err);
        if (status != GS_OK) {
            return status;
        }
        if (strcmp(now, file->sha256) != 0) {
            return gs_fail(err, GS_BAD_FORMAT, "%s was changed while it was replayed", file->path);
        }
    }
    return GS_OK;
}
