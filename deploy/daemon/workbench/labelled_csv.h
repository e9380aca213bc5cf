/* A line of a CSV file as the JSON object that the same row would be in a file of JSON lines.
 *
 * Internal to labelled.c. */
#ifndef GS_DEPLOY_LABELLED_CSV_H
#define GS_DEPLOY_LABELLED_CSV_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <jansson.h>

enum { GS_LABELLED_MAX_COLUMNS = 64 };

/* Holds what the first line says: the column of each member. */
struct gs_labelled_columns {
    const char *members[GS_LABELLED_MAX_COLUMNS]; /* NULL: a column that is not read */
    size_t n;
};

/* GS_BAD_FORMAT without the place: no column for the text, a column twice. */
GS_MUST_CHECK
enum gs_status gs_labelled_columns_read(struct gs_str line, struct gs_labelled_columns *ret,
                                        struct gs_error *err);

/* *ret is new: end it with json_decref(). */
GS_MUST_CHECK
enum gs_status gs_labelled_csv_row(const struct gs_labelled_columns *columns, struct gs_str line,
                                   json_t **ret, struct gs_error *err);

#endif
