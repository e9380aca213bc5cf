/* A strict pull parser for JSON (RFC 8259): for records, and for the headers of model files.
 *
 * The caller walks the text and reads the values it wants; all it skips is checked as strictly. The
 * program uses jansson elsewhere, but its tree costs 5.4 µs for a 500-byte message, more than a
 * message may cost here in all; this costs a tenth of that. jansson is the oracle in the tests:
 * what it refuses (duplicate keys among it) is refused here. Numbers are the exception: JSON sets
 * no bounds to them, so the digits of any number pass, and whoever converts the number says what is
 * too large.
 *
 * Strings are borrowed from the text where they hold no escapes, else from the arena. Bytes that
 * are not UTF-8 pass inside strings: check the text before, where they matter.
 *
 * After the first failure every call fails; problem and why describe that failure. */
#ifndef GS_INGEST_JSON_PULL_H
#define GS_INGEST_JSON_PULL_H

#include "ingest/base/arena.h"
#include "ingest/base/str.h"

#include <stdint.h>

enum gs_json_type {
    GS_JSON_NULL,
    GS_JSON_FALSE,
    GS_JSON_TRUE,
    GS_JSON_INTEGER,
    GS_JSON_REAL,
    GS_JSON_STRING,
    GS_JSON_ARRAY,
    GS_JSON_OBJECT,
};

enum gs_json_problem {
    GS_JSON_FINE,
    GS_JSON_SYNTAX,
    GS_JSON_TWICE, /* a key */
    GS_JSON_TOO_DEEP,
    GS_JSON_SURROGATE, /* half a surrogate pair, and repair is off */
    GS_JSON_MEMORY,
};

enum { GS_JSON_MAX_DEPTH = 64, GS_JSON_MAX_NUMBER = 512 };

struct gs_json_key {
    struct gs_str text;
    uint64_t hash;
};

/* One open object or array. */
struct gs_json_frame {
    bool is_object;
    size_t n;         /* members or elements begun */
    size_t first_key; /* where its keys are in keys */
};

/* On the caller's stack; the fields are the parser's, but for reading at, depth, problem, why. */
struct gs_json {
    const char *start, *at, *end;
    struct gs_arena *arena;
    bool repair; /* half surrogate pairs become U+FFFD */
    unsigned depth, max_depth;
    enum gs_json_problem problem;
    const char *why;
    struct gs_json_key *keys; /* of all open objects, the innermost last */
    size_t n_keys, max_keys;
    struct gs_json_frame frames[GS_JSON_MAX_DEPTH + 1]; /* [1 … depth] are open */
    struct gs_json_key first_keys[32];
};

/* A scalar, or the start of a container that gs_json_value() has stepped into. */
struct gs_json_value {
    enum gs_json_type type;
    struct gs_str text; /* a string's characters, a number's digits */
};

/* max_depth <= GS_JSON_MAX_DEPTH; arena and text outlive the parser. */
void gs_json_init(struct gs_json *json, struct gs_str text, unsigned max_depth, bool repair,
                  struct gs_arena *arena);

/* Reads the next value. An array or object is only entered: read what it holds with
 * gs_json_next(). False on failure. */
bool gs_json_value(struct gs_json *json, struct gs_json_value *ret);

/* Moves to the next member or element of the innermost open container: true, and its key when it
 * is an object (key may be NULL). False when the container is closed, which leaves it, or on
 * failure: ask gs_json_ok(). */
bool gs_json_next(struct gs_json *json, struct gs_str *key);

/* Passes over the next value and checks all of it. */
bool gs_json_skip(struct gs_json *json);

/* Passes over what is left of the containers opened since the depth was `depth`. */
bool gs_json_leave(struct gs_json *json, unsigned depth);

/* True when nothing but white space follows. */
bool gs_json_finish(struct gs_json *json);

static inline bool gs_json_ok(const struct gs_json *json)
{
    return json->problem == GS_JSON_FINE;
}

/* The number that a number's digits name: correctly rounded, an infinity beyond a double. */
double gs_json_number(struct gs_str digits);

/* False when the digits are a real or beyond 64 bits. */
bool gs_json_integer(struct gs_str digits, int64_t *ret);

/* Writes a checked value without white space and with half surrogate pairs and bytes that are not
 * UTF-8 as U+FFFD: one line that every reader accepts. out holds 3 * value.len bytes; returns the
 * length. */
size_t gs_json_compact(struct gs_str value, char *out);

#endif
