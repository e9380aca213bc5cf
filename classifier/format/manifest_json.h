/* Pieces of groundswell.json, read with suspicion: what the manifests of both tiers share.
 *
 * Internal to the classifier. */
#ifndef GS_CLASSIFIER_MANIFEST_JSON_H
#define GS_CLASSIFIER_MANIFEST_JSON_H

#include "ingest/base/error.h"

#include <jansson.h>
#include <stdbool.h>

enum { GS_MAX_NAME = 64 }; /* bytes of a name with its NUL */

/* The file as a JSON object; *ret is the caller's, json_decref() it. Errors name path and line. */
GS_MUST_CHECK
enum gs_status gs_manifest_open(const char *path, json_t **ret, struct gs_error *err);

/* A text from outside, for a message: cut to size, control characters as "?". to may be text. */
void gs_manifest_show(const char *text, char *to, size_t size);

/* GS_BAD_FORMAT: the object has a member that is not among known (NULL ends them), which would
 * silently do nothing. where names the object in the message. NULL objects have none. */
GS_MUST_CHECK
enum gs_status gs_manifest_only(json_t *object, const char *where, const char *const *known,
                                struct gs_error *err);

/* Members of object into to [GS_MAX_NAME]; false: missing or wrong.
 * A name has lower case, digits, "_", "-" and "." and does not begin with ".": no path can hide in
 * one. A text has no control characters; an absent one is "". A label is a text that is not empty.
 */
bool gs_manifest_name(const json_t *object, const char *key, char *to);
bool gs_manifest_text(const json_t *object, const char *key, char *to);
bool gs_manifest_label(const json_t *object, const char *key, char *to);
/* The member "chinese": "simplified" (*ret is true), or "as_written", which is what a manifest
 * without it means. False: something else. */
bool gs_manifest_chinese(const json_t *object, bool *ret);
bool gs_manifest_number(const json_t *value, double least, double most, float *ret);

#endif
