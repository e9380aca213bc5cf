/* replay --counts: volume mode over a CSV of counts (detector.md). */
#ifndef GS_DEPLOY_REPLAY_COUNTS_H
#define GS_DEPLOY_REPLAY_COUNTS_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stddef.h>
#include <stdio.h>

struct gs_counts_totals {
    size_t rows, refused;
};

/* Reads rows "timestamp,count" behind a header line, in order of time (a time without a zone is UTC), and
 * writes "timestamp,count,expected,score" for each. A row that cannot be read, or is not later than the
 * one before, is named on `say` (NULL: nobody) and refused. GS_BAD_CONFIG: it is no CSV, or its header
 * has not two columns, "timestamp" first; GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_replay_counts_run(struct gs_str csv, const char *name, FILE *out, FILE *say,
                                    struct gs_counts_totals *ret, struct gs_error *err);

/* The same from file to file; "-" as out_path is standard output. Also GS_IO. */
GS_MUST_CHECK
enum gs_status gs_replay_counts(const char *path, const char *out_path,
                                struct gs_counts_totals *ret, struct gs_error *err);

#endif
