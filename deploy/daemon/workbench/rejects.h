/* Refused lines: one message each on stderr, or a JSON record each in --rejects FILE.
 *
 *     {"line":7,"code":"bad_json","message":"byte 12: …","value":"the line as it came"}
 *
 * The records hold raw input: the file is for its owner only, and a link in its place is refused.
 *
 * Threads: gs_rejects_format() any; the others one. */
#ifndef GS_DEPLOY_REJECTS_H
#define GS_DEPLOY_REJECTS_H

#include "ingest/base/buf.h"
#include "ingest/base/error.h"
#include "ingest/records/record.h"

#include <stdio.h>

struct gs_rejects {
    const char *command, *path; /* path NULL: stderr */
    FILE *file;
};

/* path may be NULL. GS_IO. */
GS_MUST_CHECK
enum gs_status gs_rejects_open(struct gs_rejects *rejects, const char *command, const char *path,
                               struct gs_error *err);
/* GS_IO when something could not be written. */
GS_MUST_CHECK enum gs_status gs_rejects_close(struct gs_rejects *rejects, struct gs_error *err);

/* One line as it goes out, line break included. */
void gs_rejects_format(const struct gs_rejects *rejects, const struct gs_record *record,
                       const char *code, const char *why, struct gs_buf *out);
/* Writes what was formatted. */
GS_MUST_CHECK
enum gs_status gs_rejects_write(const struct gs_rejects *rejects, struct gs_str lines,
                                struct gs_error *err);
/* Both at once. */
GS_MUST_CHECK
enum gs_status gs_rejects_put(const struct gs_rejects *rejects, const struct gs_record *record,
                              const char *code, const char *why, struct gs_error *err);

#endif
