/* The structure of JSON: objects, arrays and what stands between their members. Strings and numbers
 * are in json_pull_scan.c.
 *
 * The parser is a position in the text and a stack of open containers. It has no callbacks and
 * builds no tree; the caller asks for one thing after the other:
 *
 *     text                    call                  gives
 *     {                       gs_json_value()       an object, which is entered: depth 1
 *       "id":                 gs_json_next()        true, the key "id"
 *               "a1"          gs_json_value()       a string
 *       , "list":             gs_json_next()        true, the key "list"
 *                 [           gs_json_value()       an array, which is entered: depth 2
 *                   1         gs_json_next()        true, then gs_json_value() a number
 *                 ]           gs_json_next()        false: it is closed, depth 1
 *     }                       gs_json_next()        false: it is closed, depth 0
 *                             gs_json_finish()      true: only white space follows
 *
 * Between two calls of gs_json_next() the caller takes exactly one value, or skips it.
 * gs_json_skip() and gs_json_leave() are made of the same two calls, so what is skipped is checked
 * as strictly as what is read. A frame counts its members, and from that follows whether a comma is
 * due.
 *
 * A key that is there twice is refused, since readers differ on which of the two counts, and a
 * sender could show one text to us and another to somebody else. The keys of all open objects lie
 * in one array, the innermost object's last; an object's are compared when it closes, and dropped.
 *
 * Everything is bounded: the depth by the caller (64 at most), a number by 512 bytes, the keys and
 * the strings with escapes by the arena. The first failure stays, and every later call fails, so
 * that a caller may check once at the end; `at` then stands where it was found.
 *
 * Source: RFC 8259. What it leaves to parsers is decided as jansson does it (json_pull.h). */
#include "ingest/base/json_pull_scan.h"

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

static bool read_word(struct gs_json *json, struct gs_str word)
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
        return gs_json_read_string(json, &ret->text);
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
        return read_word(json, gs_str("true"));
    case 'f':
        ret->type = GS_JSON_FALSE;
        return read_word(json, gs_str("false"));
    case 'n':
        ret->type = GS_JSON_NULL;
        return read_word(json, gs_str("null"));
    default:
        return gs_json_read_number(json, ret);
    }
}

static int by_hash(const void *a, const void *b)
{
    const uint64_t x = ((const struct gs_json_key *)a)->hash;
    const uint64_t y = ((const struct gs_json_key *)b)->hash;

    return x < y ? -1 : x > y;
}

/* True when two of n keys are the same. Many keys are sorted by hash, since comparing each with
 * each would let one record of 1 MiB take minutes. Different keys of one hash count as the same:
 * that does not happen by chance, and a sender who makes them on purpose only gets his own record
 * refused. */
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
            gs_arena_alloc(json->arena, 2 * json->max_keys * sizeof *json->keys);
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
            return gs_json_stop(json, GS_JSON_TWICE, "a key is there twice");
        }
        json->n_keys = frame->first_key;
    }
    json->depth--;
    return false;
}

static bool read_key(struct gs_json *json, struct gs_str *key)
{
    struct gs_str text;

    if (!gs_json_accept(json, '"')) {
        return gs_json_wrong(json, "no key where one should be");
    }
    if (!gs_json_read_string(json, &text)) {
        return false;
    }
    if (text.len > 0 && memchr(text.bytes, '\0', text.len) != NULL) {
        return gs_json_stop(json, GS_JSON_SYNTAX, "a NUL in a key");
    }
    skip_blanks(json);
    if (!gs_json_accept(json, ':')) {
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
    if (gs_json_accept(json, frame->is_object ? '}' : ']')) {
        return close_frame(json);
    }
    if (frame->n > 0) {
        if (!gs_json_accept(json, ',')) {
            return gs_json_wrong(json, "neither a comma nor the end behind a value");
        }
        skip_blanks(json);
    }
    frame->n++;
    return !frame->is_object || read_key(json, key);
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
