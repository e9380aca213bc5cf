/* A state in a file: records behind a header, a checksum behind them.
 *
 *     "GSSTATE\n" │ version │ program │ model │ record … record │ 0 │ n │ XXH3-128 of all before
 *     record: bytes of the key, bytes of the value, key, value
 *
 * It is written beside its place and renamed to it when it is safely on the disk, so a reader finds
 * the old one or the new one, whole. What was torn, cut, or changed by a bit is refused.
 *
 * Threads: a writer and a reader belong to one thread. */
#ifndef GS_DEPLOY_STATE_FILE_H
#define GS_DEPLOY_STATE_FILE_H

#include "ingest/base/error.h"
#include "ingest/base/file.h"

#include <stdint.h>

/* What wrote it, for people and for warnings. */
struct gs_state_header {
    struct gs_str program, model; /* version; name, version and digest */
};

struct gs_state_file_writer; /* opaque */

/* GS_IO, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_state_file_begin(const char *path, const struct gs_state_header *header,
                                   struct gs_state_file_writer **ret, struct gs_error *err);
/* A gs_state_put_fn; writer is the struct. What cannot be written is said at the end. */
GS_MUST_CHECK
enum gs_status gs_state_file_put(void *writer, struct gs_str key, struct gs_str value,
                                 struct gs_error *err);
/* Checksum, fsync, rename. Frees the writer, whatever it returns. GS_IO. */
GS_MUST_CHECK
enum gs_status gs_state_file_end(struct gs_state_file_writer *writer, struct gs_error *err);
/* Gives up; what stood at the path stays. NULL is fine. */
void gs_state_file_drop(struct gs_state_file_writer *writer);

struct gs_state_file {
    struct gs_file file;
    struct gs_state_header header; /* points into it */
    size_t at, end;                /* of the records that are to come */
};

/* Reads and checks all of it. *ret_found false: there is none (and GS_OK). GS_BAD_FORMAT: it is no
 * state, is damaged, or is of a newer version; GS_IO; GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_state_file_open(const char *path, struct gs_state_file *ret, bool *ret_found,
                                  struct gs_error *err);
/* The next record; false after the last. They point into the file. */
bool gs_state_file_next(struct gs_state_file *file, struct gs_str *ret_key,
                        struct gs_str *ret_value);
void gs_state_file_done(struct gs_state_file *file);

#endif
