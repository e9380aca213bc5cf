/* Finds the demo's model: --model, then GROUNDSWELL_MODELS, then beside the program as it is built
 * or installed. Of several the first by name, so that it is the same one every time. */
#include "deploy/daemon/demo/locate.h"

#include "ingest/base/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_model(const char *dir)
{
    char path[PATH_MAX];
    const int n = snprintf(path, sizeof path, "%s/groundswell.json", dir);
    return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0;
}

/* dir itself, or the first of its folders in order of name that is a model. */
static bool find_in(const char *dir, char *ret, size_t size)
{
    char best[NAME_MAX + 1] = "", path[PATH_MAX];
    if (is_model(dir)) {
        return (size_t)snprintf(ret, size, "%s", dir) < size;
    }
    DIR *open = opendir(dir);
    if (open == NULL) {
        return false;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
    for (const struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open)) {
        const int n = snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        if (entry->d_name[0] != '.' && n > 0 && (size_t)n < sizeof path && is_model(path) &&
            (best[0] == '\0' || strcmp(entry->d_name, best) < 0)) {
            (void)snprintf(best, sizeof best, "%s", entry->d_name);
        }
    }
    (void)closedir(open);
    return best[0] != '\0' && (size_t)snprintf(ret, size, "%s/%s", dir, best) < size;
}

/* The folder of the running program; false when the system does not say. */
static bool own_folder(char *ret, size_t size)
{
    if (!gs_file_of_program(ret, size)) {
        return false;
    }
    char *slash = strrchr(ret, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    return true;
}

enum gs_status gs_demo_locate_model(const char *models, char *ret, size_t size,
                                    struct gs_error *err)
{
    static const char *const places[] = {"classifier/models", "share/groundswell/models"};
    char dir[PATH_MAX], path[PATH_MAX];

    if (models != NULL) {
        return find_in(models, ret, size)
                   ? GS_OK
                   : gs_fail(err, GS_IO, "%s: no model folder (one with groundswell.json) here",
                             models);
    }
    for (bool more = own_folder(dir, sizeof dir); more;) {
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            const int n = snprintf(path, sizeof path, "%s/%s", dir, places[i]);
            if (n > 0 && (size_t)n < sizeof path && find_in(path, ret, size)) {
                return GS_OK;
            }
        }
        char *slash = strrchr(dir, '/');
        more = slash != NULL && slash != dir;
        if (more) {
            *slash = '\0';
        }
    }
    return gs_fail(
        err, GS_IO,
        "no model found beside the program; give --model DIR, or set GROUNDSWELL_MODELS to the "
        "folder of models (classifier/models in the source)");
}
