/* The kind of a file by its first bytes: lines, gzip, or something that would be read as nonsense
 * and is refused by its name instead. */
#ifndef GS_INGEST_FILES_FILE_KIND_H
#define GS_INGEST_FILES_FILE_KIND_H

#include "ingest/base/str.h"

enum gs_file_kind {
    GS_FILE_UNKNOWN, /* these bytes could be the beginning of either: look again with more */
    GS_FILE_LINES,   /* also what nothing else claims */
    GS_FILE_GZIP,
    GS_FILE_REFUSED, /* UTF-16, another compression, a columnar or binary format */
};

/* Looks at the first bytes of a file; ten of them always tell. For GS_FILE_REFUSED *ret_name is
 * what it is ("a zstd file") and *ret_remedy what to do about it; both are static strings. */
enum gs_file_kind gs_file_kind(struct gs_str begin, const char **ret_name, const char **ret_remedy);

#endif
