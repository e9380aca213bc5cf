/* The files of a published model's folder: paths, JSON, and text of theirs that messages quote.
 * For who reads such a folder or makes one. */
#ifndef GS_CLASSIFIER_ENCODER_FOLDER_H
#define GS_CLASSIFIER_ENCODER_FOLDER_H

#include "ingest/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { GS_FOLDER_PATH = 4096, GS_FOLDER_SHOWN = 112, GS_FOLDER_MAX_JSON = 1 << 20 };

/* A file as messages name it: of a long path only the end, so that the reason behind it fits. */
struct gs_shown {
    char text[GS_FOLDER_SHOWN];
};

/* dir/name; GS_IO when that is too long a path. */
GS_MUST_CHECK
enum gs_status gs_folder_path(const char *dir, const char *name, char path[GS_FOLDER_PATH],
                              struct gs_error *err);
struct gs_shown gs_folder_shown(const char *dir, const char *name);
bool gs_folder_has(const char *dir, const char *name);

/* The file's JSON, which is an object (list false) or a list; the caller's, json_decref() it.
 * GS_IO, GS_BAD_FORMAT: not JSON, a key twice, nested too deeply, too large. */
GS_MUST_CHECK
enum gs_status gs_folder_json(const char *dir, const char *name, bool list, json_t **ret,
                              struct gs_error *err);

/* Text from a file on one line of printable ASCII, cut. Good in the same full expression. */
struct gs_quoted {
    char text[48];
};
struct gs_quoted gs_folder_quote(const char *text);

#endif
