/* What goes into an int8 folder beside its weights: the settings, the tokenizer, groundswell.json and
 * the fast tier that it names. */
#include "classifier/encoder/folder.h"
#include "classifier/encoder/folder_copy.h"
#include "classifier/encoder/quantize.h"
#include "classifier/format/manifest_json.h"

#include <sys/stat.h>

enum gs_status gs_quantize_make_folder(const char *dir, const char *out, struct gs_error *err)
{
    struct stat a;
    struct stat b;

    const enum gs_status status = gs_folder_make(out, err);
    if (status != GS_OK) {
        return status;
    }
    return stat(dir, &a) == 0 && stat(out, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev
               ? gs_fail(err, GS_BAD_CONFIG, "%s: the new folder is the old one", out)
               : GS_OK;
}

/* groundswell.json, and the fast tier that it names: neither has weights to round. */
static enum gs_status copy_manifest(const char *dir, const char *out, struct gs_error *err)
{
    static const char *const files[] = {"groundswell.json", "model.safetensors.gz", "README.md"};
    char fast[GS_MAX_NAME] = "";
    char from[GS_FOLDER_PATH];
    char to[GS_FOLDER_PATH];
    json_t *root = NULL;

    if (!gs_folder_has(dir, files[0])) {
        return GS_OK;
    }
    enum gs_status status = gs_folder_copy_file(dir, out, files[0], err);
    if (status == GS_OK) {
        status = gs_folder_json(dir, files[0], false, &root, err);
    }
    const bool names = json_object_get(root, "fast") != NULL;
    if (status == GS_OK && names && !gs_manifest_name(root, "fast", fast)) {
        status = gs_fail(err, GS_BAD_FORMAT,
                         "%s/groundswell.json: fast: not the plain name of a subfolder", dir);
    }
    json_decref(root);
    if (status != GS_OK || !names) {
        return status;
    }
    status = gs_folder_path(dir, fast, from, err);
    status = status == GS_OK ? gs_folder_path(out, fast, to, err) : status;
    status = status == GS_OK ? gs_folder_make(to, err) : status;
    for (size_t i = 0; i < GS_COUNT(files) && status == GS_OK; i++) {
        status = gs_folder_copy_file(from, to, files[i], err);
    }
    return status;
}

enum gs_status gs_quantize_copy(const char *dir, const char *out, struct gs_error *err)
{
    const enum gs_status status = gs_folder_copy_settings(dir, out, err);

    return status == GS_OK ? copy_manifest(dir, out, err) : status;
}
