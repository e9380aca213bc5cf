/* Records of a CSV text, RFC 4180: quoted fields may hold commas, line ends and doubled quotes;
 * lines end in LF or CRLF. Stricter than most readers: a quote inside a plain field, or anything
 * between a closing quote and the comma, is an error and not guessed at.
 *
 * Threads: owned by one thread. */
#ifndef GS_INGEST_CSV_H
#define GS_INGEST_CSV_H

#include "ingest/base/buf.h"
#include "ingest/base/error.h"

struct gs_csv {
    struct gs_str text;
    const char *name; /* stands for the file in messages */
    size_t at;
    size_t line;      /* where the last record began, from 1 */
    size_t next_line; /* where the next one begins */
    struct gs_buf fields;
};

/* A byte order mark in front is skipped. End with gs_csv_done(). */
void gs_csv_init(struct gs_csv *csv, struct gs_str text, const char *name);
void gs_csv_done(struct gs_csv *csv);

/* The fields of the next record that is not an empty line, borrowed until the next call. GS_CLOSED
 * at the end; GS_BAD_CONFIG "name:line: what is wrong", also for more than max fields;
 * GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_csv_next(struct gs_csv *csv, struct gs_str *fields, size_t max, size_t *ret_n,
                           struct gs_error *err);

#endif
