/* Reads and checks values of groundswell.json. Every reader says what was wrong in one sentence with the
 * path of the key, and a value is only written when it is right. */
#include "classifier/format/manifest_json.h"

#include "ingest/base/file.h"

#include <math.h>
#include <string.h>

enum { MAX_MANIFEST = 1 << 20 };

void gs_manifest_show(const char *text, char *to, size_t size)
{
    size_t n = 0;
    for (; text[n] != '\0' && n + 1 < size; n++) {
        const unsigned char byte = (unsigned char)text[n];
        const char shown[] = {text[n], '?'};
        to[n] = shown[byte < ' ' || byte == 0x7F];
    }
    to[n] = '\0';
}

enum gs_status gs_manifest_open(const char *path, json_t **ret, struct gs_error *err)
{
    struct gs_file file = {0};
    json_error_t where = {0};

    enum gs_status status = gs_file_read(path, MAX_MANIFEST, &file, err);
    if (status != GS_OK) {
        return status;
    }
    json_t *root = json_loadb(file.bytes.bytes == NULL ? "" : file.bytes.bytes, file.bytes.len,
                              JSON_REJECT_DUPLICATES, &where);
    if (json_is_object(root)) {
        *ret = root;
        root = NULL;
    } else if (root != NULL) {
        status = gs_fail(err, GS_BAD_FORMAT, "%s: not a JSON object", path);
    } else {
        gs_manifest_show(where.text, where.text, sizeof where.text);
        status = gs_fail(err, GS_BAD_FORMAT, "%s: line %d: not a JSON object: %s", path, where.line,
                         where.text);
    }
    json_decref(root);
    gs_file_done(&file);
    return status;
}

enum gs_status gs_manifest_only(json_t *object, const char *where, const char *const *known,
                                struct gs_error *err)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(object, key, value)
    {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], key) != 0) {
            i++;
        }
        if (known[i] == NULL) {
            char shown[61];
            gs_manifest_show(key, shown, sizeof shown);
            return gs_fail(err, GS_BAD_FORMAT, "%s has an unknown member \"%s\"", where, shown);
        }
    }
    return GS_OK;
}

static bool is_name(const char *text)
{
    const size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_-.", text[i]) == NULL) {
            return false;
        }
    }
    return len > 0 && len < GS_MAX_NAME && text[0] != '.';
}

bool gs_manifest_name(const json_t *object, const char *key, char *to)
{
    const char *value = json_string_value(json_object_get(object, key));
    if (value == NULL || !is_name(value)) {
        return false;
    }
    memcpy(to, value, strlen(value) + 1);
    return true;
}

bool gs_manifest_text(const json_t *object, const char *key, char *to)
{
    const json_t *value = json_object_get(object, key);
    const char *text = value == NULL ? "" : json_string_value(value);
    if (text == NULL || strlen(text) >= GS_MAX_NAME) {
        return false;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ') {
            return false;
        }
    }
    memcpy(to, text, strlen(text) + 1);
    return true;
}

bool gs_manifest_label(const json_t *object, const char *key, char *to)
{
    return gs_manifest_text(object, key, to) && to[0] != '\0';
}

bool gs_manifest_chinese(const json_t *object, bool *ret)
{
    const json_t *value = json_object_get(object, "chinese");
    const char *text = value == NULL ? "as_written" : json_string_value(value);

    *ret = text != NULL && strcmp(text, "simplified") == 0;
    return *ret || (text != NULL && strcmp(text, "as_written") == 0);
}

bool gs_manifest_number(const json_t *value, double least, double most, float *ret)
{
    const double number = json_number_value(value);
    if (!json_is_number(value) || !isfinite(number) || number < least || number > most) {
        return false;
    }
    *ret = (float)number;
    return true;
}
