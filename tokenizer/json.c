/* Reads the JSON files of a tokenizer folder, which come from strangers: duplicate keys, wrong types and
 * unknown keys are refused with the key's name. A tokenizer step that is not known would change the ids
 * without a word, so nothing that is not understood is passed over.
 *
 * jansson parses; the texts that messages quote are made printable and short first. */
#include "tokenizer/json.h"

#include "ingest/base/file.h"

#include <stdio.h>

static char printable(char c)
{
    if ((unsigned char)c < ' ' || (unsigned char)c >= 0x7F) {
        return '?';
    }
    return c;
}

enum gs_status gs_json_read(const char *path, json_t **ret, struct gs_error *err)
{
    struct gs_file file = {0};
    json_error_t why;

    enum gs_status status = gs_file_read(path, GS_JSON_MAX_FILE, &file, err);
    if (status != GS_OK) {
        return status;
    }
    if (file.bytes.len == 0) {
        status = gs_fail(err, GS_BAD_FORMAT, "%s: is empty", path);
        goto done;
    }
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
    json_t *json = json_loadb(file.bytes.bytes, file.bytes.len, flags, &why);
    if (json == NULL && json_error_code(&why) == json_error_numeric_overflow) {
        /* transformers writes "no limit" as a model_max_length of 10^30; the other numbers of such
         * a file are then reals too, and refused where a whole one is needed */
        json = json_loadb(file.bytes.bytes, file.bytes.len, flags | JSON_DECODE_INT_AS_REAL, &why);
    }
    if (json == NULL) {
        for (char *c = why.text; *c != '\0'; c++) {
            *c = printable(*c);
        }
        status = gs_fail(err, GS_BAD_FORMAT, "%s: line %d: %s", path, why.line, why.text);
        goto done;
    }
    if (!json_is_object(json)) {
        json_decref(json);
        status = gs_fail(err, GS_BAD_FORMAT, "%s: is not a JSON object", path);
        goto done;
    }
    *ret = json;

done:
    gs_file_done(&file);
    return status;
}

static const char *shown(const char *bytes, size_t len, char *out)
{
    const size_t n = len < GS_JSON_SHOWN - 4 ? len : GS_JSON_SHOWN - 4;

    for (size_t i = 0; i < n; i++) {
        out[i] = printable(bytes[i]);
    }
    (void)snprintf(out + n, 4, "%s", n < len ? "..." : "");
    return out;
}

const char *gs_json_shown(const json_t *value, char *out)
{
    if (!json_is_string(value)) {
        return shown("(not a text)", 12, out);
    }
    return shown(json_string_value(value), json_string_length(value), out);
}

enum gs_status gs_json_only(const json_t *object, const char *where, const char *const *keys,
                            struct gs_error *err)
{
    /* jansson's iterators want an object that is not const, and do not change it. */
    union {
        const json_t *in;
        json_t *out;
    } iterated = {.in = object};
    char name[GS_JSON_SHOWN];

    if (!json_is_object(object)) {
        return gs_fail(err, GS_BAD_FORMAT, "%s is not an object", where);
    }
    for (void *at = json_object_iter(iterated.out); at != NULL;
         at = json_object_iter_next(iterated.out, at)) {
        const char *key = json_object_iter_key(at);
        size_t i = 0;
        while (keys[i] != NULL && strcmp(keys[i], key) != 0) {
            i++;
        }
        if (keys[i] == NULL) {
            return gs_fail(err, GS_BAD_FORMAT, "%s: \"%s\" is not supported", where,
                           shown(key, strlen(key), name));
        }
    }
    return GS_OK;
}

enum gs_status gs_json_flag(const json_t *object, const char *where, const char *key, bool *ret,
                            struct gs_error *err)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL || json_is_null(value)) {
        return GS_OK;
    }
    if (!json_is_boolean(value)) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: \"%s\" is neither true nor false", where, key);
    }
    *ret = json_is_true(value);
    return GS_OK;
}

enum gs_status gs_json_text(const json_t *object, const char *where, const char *key,
                            struct gs_str *ret, struct gs_error *err)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL || json_is_null(value)) {
        return GS_OK;
    }
    if (!json_is_string(value)) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: \"%s\" is not a text", where, key);
    }
    *ret = gs_json_str(value);
    return GS_OK;
}

enum gs_status gs_json_count(const json_t *object, const char *where, const char *key, size_t max,
                             size_t *ret, struct gs_error *err)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL || json_is_null(value)) {
        return GS_OK;
    }
    const json_int_t count = json_integer_value(value);
    if (!json_is_integer(value) || count < 0 || (uint64_t)count > max) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: \"%s\" is not a whole number from 0 to %zu", where,
                       key, max);
    }
    *ret = (size_t)count;
    return GS_OK;
}

const char *gs_json_type(const json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    return type == NULL ? "" : type;
}

enum gs_status gs_json_steps(const json_t *part, const char *what, const char *list,
                             const json_t **out, size_t max, size_t *ret_n, struct gs_error *err)
{
    enum { MAX_DEPTH = 8 };
    const char *const keys[] = {"type", list, NULL};
    struct {
        const json_t *steps;
        size_t next;
    } open[MAX_DEPTH]; /* lists that are being read, one inside another */
    size_t depth = 0, n = 0;
    const json_t *step = part;

    while (step != NULL) {
        if (strcmp(gs_json_type(step), "Sequence") == 0) {
            const enum gs_status status = gs_json_only(step, what, keys, err);
            if (status != GS_OK) {
                return status;
            }
            if (!json_is_array(json_object_get(step, list)) || depth == MAX_DEPTH) {
                return gs_fail(err, GS_BAD_FORMAT, "%s Sequence has no list of %s%s", what, list,
                               depth == MAX_DEPTH ? " so deep" : "");
            }
            open[depth].steps = json_object_get(step, list);
            open[depth++].next = 0;
        } else if (n == max) {
            return gs_fail(err, GS_BAD_FORMAT, "%s has more than %zu steps", what, max);
        } else {
            out[n++] = step;
        }
        while (depth > 0 && open[depth - 1].next == json_array_size(open[depth - 1].steps)) {
            depth--;
        }
        step = depth == 0 ? NULL : json_array_get(open[depth - 1].steps, open[depth - 1].next++);
    }
    *ret_n = n;
    return GS_OK;
}
