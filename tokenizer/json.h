/* Reading the JSON files of a tokenizer: what is there has to be of the right type, what is not
 * known is refused by name.
 *
 * Messages say what and why; the caller puts the file's name before them. */
#ifndef GS_TOKENIZER_JSON_H
#define GS_TOKENIZER_JSON_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { GS_JSON_MAX_FILE = 256 << 20, GS_JSON_SHOWN = 48 };

/* Reads a file: one object, no key twice, valid UTF-8. Messages name the file. GS_IO when there is
 * none. */
GS_MUST_CHECK
enum gs_status gs_json_read(const char *path, json_t **ret, struct gs_error *err);

/* A text of the file for a message: printable, shortened. Returns out[GS_JSON_SHOWN]. */
const char *gs_json_shown(const json_t *value, char *out);

/* GS_BAD_FORMAT when the object has a key that is not in keys (ends in NULL). */
GS_MUST_CHECK
enum gs_status gs_json_only(const json_t *object, const char *where, const char *const *keys,
                            struct gs_error *err);

/* The value of a key that may be absent or null: *ret is untouched then. */
GS_MUST_CHECK
enum gs_status gs_json_flag(const json_t *object, const char *where, const char *key, bool *ret,
                            struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_json_text(const json_t *object, const char *where, const char *key,
                            struct gs_str *ret, struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_json_count(const json_t *object, const char *where, const char *key, size_t max,
                             size_t *ret, struct gs_error *err);

/* The "type" of an object; "" when it has none. */
const char *gs_json_type(const json_t *object);

/* The steps of a part: itself, or when it is a Sequence what its list holds, laid flat. out has
 * room for max; messages call the part what. */
GS_MUST_CHECK
enum gs_status gs_json_steps(const json_t *part, const char *what, const char *list,
                             const json_t **out, size_t max, size_t *ret_n, struct gs_error *err);

static inline struct gs_str gs_json_str(const json_t *value)
{
    return (struct gs_str){json_string_value(value), json_string_length(value)};
}

#endif
