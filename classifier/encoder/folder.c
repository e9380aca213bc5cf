/* Paths inside a model folder, its JSON files, and how messages name them: of a long path only the end is
 * shown, so that the reason behind it still fits. */
#include "classifier/encoder/folder.h"

#include "ingest/base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum gs_status gs_folder_path(const char *dir, const char *name, char path[GS_FOLDER_PATH],
                              struct gs_error *err)
{
    const int n = snprintf(path, GS_FOLDER_PATH, "%s/%s", dir, name);
    if (n < 0 || n >= GS_FOLDER_PATH) {
        return gs_fail(err, GS_IO, "%.64s.../%s: the path is too long", dir, name);
    }
    return GS_OK;
}

struct gs_shown gs_folder_shown(const char *dir, const char *name)
{
    struct gs_shown shown;
    const size_t n = strlen(dir);
    const size_t room = sizeof shown.text / 2;
    const bool cut = n > room;

    (void)snprintf(shown.text, sizeof shown.text, "%s%s/%.48s", cut ? "..." : "",
                   cut ? dir + n - room + 8 : dir, name);
    return shown;
}

bool gs_folder_has(const char *dir, const char *name)
{
    char path[GS_FOLDER_PATH];
    struct stat info;
    return gs_folder_path(dir, name, path, NULL) == GS_OK && lstat(path, &info) == 0;
}

struct gs_quoted gs_folder_quote(const char *text)
{
    struct gs_quoted quoted;
    size_t n = 0;

    for (; text[n] != '\0' && n + 1 < sizeof quoted.text; n++) {
        quoted.text[n] = (char)(text[n] >= 0x20 && text[n] < 0x7F ? text[n] : '?');
    }
    quoted.text[n] = '\0';
    if (text[n] != '\0') {
        memcpy(quoted.text + n - 3, "...", 3);
    }
    return quoted;
}

static enum gs_status parse(struct gs_str bytes, const char *shown, bool list, json_t **ret,
                            struct gs_error *err)
{
    json_error_t where;

    json_t *root = json_loadb(bytes.bytes == NULL ? "" : bytes.bytes, bytes.len,
                              JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        const enum json_error_code code = json_error_code(&where);
        return gs_fail(err, code == json_error_out_of_memory ? GS_NO_MEMORY : GS_BAD_FORMAT,
                       "%s: line %d: %s", shown, where.line,
                       code == json_error_duplicate_key      ? "a key is there twice"
                       : code == json_error_stack_overflow   ? "nested too deeply"
                       : code == json_error_numeric_overflow ? "a number is too large"
                                                             : "this is not JSON");
    }
    if (list ? !json_is_array(root) : !json_is_object(root)) {
        json_decref(root);
        return gs_fail(err, GS_BAD_FORMAT, "%s: not a JSON %s", shown, list ? "list" : "object");
    }
    *ret = root;
    return GS_OK;
}

enum gs_status gs_folder_json(const char *dir, const char *name, bool list, json_t **ret,
                              struct gs_error *err)
{
    char path[GS_FOLDER_PATH];
    struct gs_file file = {0};

    enum gs_status status = gs_folder_path(dir, name, path, err);
    if (status == GS_OK) {
        status = gs_file_read(path, GS_FOLDER_MAX_JSON, &file, err);
    }
    if (status == GS_OK) {
        status = parse(file.bytes, gs_folder_shown(dir, name).text, list, ret, err);
    }
    gs_file_done(&file);
    return status;
}
