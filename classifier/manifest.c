#include "classifier/manifest.h"

#include "base/file.h"

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

    enum gs_status status = gs_file_map(path, &file, err);
    if (status != GS_OK) {
        return status;
    }
    json_t *root = file.bytes.len > MAX_MANIFEST
                       ? NULL
                       : json_loadb(file.bytes.bytes == NULL ? "" : file.bytes.bytes,
                                    file.bytes.len, JSON_REJECT_DUPLICATES, &where);
    if (json_is_object(root)) {
        *ret = root;
        root = NULL;
    } else if (root != NULL || file.bytes.len > MAX_MANIFEST) {
        status = gs_fail(err, GS_BAD_FORMAT, "%s: %s", path,
                         root != NULL ? "not a JSON object" : "larger than 1 MiB");
    } else {
        gs_manifest_show(where.text, where.text, sizeof where.text);
        status = gs_fail(err, GS_BAD_FORMAT, "%s: line %d: not a JSON object: %s", path, where.line,
                         where.text);
    }
    json_decref(root);
    gs_file_unmap(&file);
    return status;
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

bool gs_manifest_number(const json_t *value, double least, double most, float *ret)
{
    const double number = json_number_value(value);
    if (!json_is_number(value) || !isfinite(number) || number < least || number > most) {
        return false;
    }
    *ret = (float)number;
    return true;
}
