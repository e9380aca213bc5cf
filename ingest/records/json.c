#include "ingest/records/json_scan.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

void gs_json_init(struct gs_json *json, struct gs_str text, unsigned max_depth, bool repair,
                  struct gs_arena *arena)
{
    assert(max_depth <= GS_JSON_MAX_DEPTH);
    /* Not the frames and keys: clearing 2 kB costs as much as reading a short message. */
    json->start = text.bytes;
    json->at = text.bytes;
    json->end = text.bytes + text.len;
    json->arena = arena;
    json->repair = repair;
    json->depth = 0;
    json->max_depth = max_depth;
    json->problem = GS_JSON_FINE;
    json->why = "";
    json->keys = json->first_keys;
    json->n_keys = 0;
    json->max_keys = GS_COUNT(json->first_keys);
}

static void skip_blanks(struct gs_json *json)
{
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\n' || *json->at == '\t' || *json->at == '\r')) {
        json->at++;
    }
}

static bool take_word(struct gs_json *json, struct gs_str word)
{
    const size_t left = (size_t)(json->end - json->at);

    if (left >= word.len && memcmp(json->at, word.bytes, word.len) == 0) {
        json->at += word.len;
        return true;
    }
    return gs_json_stop(json, GS_JSON_SYNTAX,
                        left < word.len ? "the text ends too early" : "not a value");
}

static bool enter(struct gs_json *json, bool is_object)
{
    if (json->depth == json->max_depth) {
        return gs_json_stop(json, GS_JSON_TOO_DEEP, "nested too deeply");
    }
    json->depth++;
    json->frames[json->depth] = (struct gs_json_frame){is_object, 0, json->n_keys};
    return true;
}

bool gs_json_value(struct gs_json *json, struct gs_json_value *ret)
{
    if (!gs_json_ok(json)) {
        return false;
    }
    skip_blanks(json);
    if (json->at == json->end) {
        return gs_json_wrong(json, "");
    }
    ret->text = (struct gs_str){NULL, 0};
    switch (*json->at) {
    case '"':
        json->at++;
        ret->type = GS_JSON_STRING;
        return gs_json_take_string(json, &ret->text);
    case '{':
        json->at++;
        ret->type = GS_JSON_OBJECT;
        return enter(json, true);
    case '[':
        json->at++;
        ret->type = GS_JSON_ARRAY;
        return enter(json, false);
    case 't':
        ret->type = GS_JSON_TRUE;
        return take_word(json, gs_str("true"));
    case 'f':
        ret->type = GS_JSON_FALSE;
        return take_word(json, gs_str("false"));
    case 'n':
        ret->type = GS_JSON_NULL;
        return take_word(json, gs_str("null"));
    default:
        return gs_json_take_number(json, ret);
    }
}

static int by_hash(const void *a, const void *b)
{
    const uint64_t x = ((const struct gs_json_key *)a)->hash;
    const uint64_t y = ((const struct gs_json_key *)b)->hash;

    return x < y ? -1 : x > y;
}

/* Whether two of n keys are the same. Many keys are sorted by hash, since comparing each with each
 * would let one record of 1 MiB take minutes. Different keys of one hash count as the same: by
 * chance that does not happen, and who makes them on purpose is refused his own record. */
static bool has_twins(struct gs_json_key *keys, size_t n)
{
    if (n > 16) {
        for (size_t i = 0; i < n; i++) {
            keys[i].hash = XXH3_64bits(keys[i].text.bytes, keys[i].text.len);
        }
        qsort(keys, n, sizeof *keys, by_hash);
        for (size_t i = 1; i < n; i++) {
            if (keys[i].hash == keys[i - 1].hash) {
                return true;
            }
        }
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (gs_str_equal(keys[i].text, keys[k].text)) {
                return true;
            }
        }
    }
    return false;
}

static bool remember_key(struct gs_json *json, struct gs_str text)
{
    if (json->n_keys == json->max_keys) {
        struct gs_json_key *more =
            gs_arena_take(json->arena, 2 * json->max_keys * sizeof *json->keys);
        if (more == NULL) {
            return gs_json_stop(json, GS_JSON_MEMORY, "no memory left for the keys");
        }
        memcpy(more, json->keys, json->n_keys * sizeof *more);
        json->keys = more;
        json->max_keys *= 2;
    }
    json->keys[json->n_keys++].text = text;
    return true;
}

static bool close_frame(struct gs_json *json)
{
    const struct gs_json_frame *frame = &json->frames[json->depth];

    if (frame->is_object) {
        if (has_twins(json->keys + frame->first_key, json->n_keys - frame->first_key)) {
            return gs_json_stop(json, GS_JSON_SYNTAX, "a key is there twice");
        }
        json->n_keys = frame->first_key;
    }
    json->depth--;
    return false;
}

static bool take_key(struct gs_json *json, struct gs_str *key)
{
    struct gs_str text;

    if (!gs_json_take(json, '"')) {
        return gs_json_wrong(json, "no key where one should be");
    }
    if (!gs_json_take_string(json, &text)) {
        return false;
    }
    if (text.len > 0 && memchr(text.bytes, '\0', text.len) != NULL) {
        return gs_json_stop(json, GS_JSON_SYNTAX, "a NUL in a key");
    }
    skip_blanks(json);
    if (!gs_json_take(json, ':')) {
        return gs_json_wrong(json, "no colon behind a key");
    }
    if (key != NULL) {
        *key = text;
    }
    return remember_key(json, text);
}

bool gs_json_next(struct gs_json *json, struct gs_str *key)
{
    if (!gs_json_ok(json)) {
        return false;
    }
    assert(json->depth > 0);
    struct gs_json_frame *frame = &json->frames[json->depth];
    skip_blanks(json);
    if (gs_json_take(json, frame->is_object ? '}' : ']')) {
        return close_frame(json);
    }
    if (frame->n > 0) {
        if (!gs_json_take(json, ',')) {
            return gs_json_wrong(json, "neither a comma nor the end behind a value");
        }
        skip_blanks(json);
    }
    frame->n++;
    return !frame->is_object || take_key(json, key);
}

bool gs_json_leave(struct gs_json *json, unsigned depth)
{
    struct gs_json_value ignored;

    while (json->depth > depth) {
        if (gs_json_next(json, NULL)) {
            if (!gs_json_value(json, &ignored)) {
                return false;
            }
        } else if (!gs_json_ok(json)) {
            return false;
        }
    }
    return gs_json_ok(json);
}

bool gs_json_skip(struct gs_json *json)
{
    struct gs_json_value ignored;
    const unsigned depth = json->depth;

    return gs_json_value(json, &ignored) && gs_json_leave(json, depth);
}

bool gs_json_finish(struct gs_json *json)
{
    if (!gs_json_ok(json)) {
        return false;
    }
    skip_blanks(json);
    return json->at == json->end ||
           gs_json_stop(json, GS_JSON_SYNTAX, "more text behind the value");
}
