/* replay --counts: each row of a CSV gets the score of its count. One bad row costs one line, not the
 * file: it is named and the next one is read. */
#include "deploy/daemon/cli/replay_counts.h"

#include "alerting/detector/counts.h"
#include "ingest/base/attr.h"
#include "ingest/base/escape.h"
#include "ingest/base/file.h"
#include "ingest/records/record.h"
#include "ingest/text/watchlist/csv.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FILE_BYTES = 1024 * 1024 * 1024, MAX_FIELD = 64 };
static const double most = 1e12;

struct row {
    int64_t at_ms;
    double count;
};

/* A copy that ends in NUL, with `tail` behind it; false: too long for a time or a number. */
static bool copy(char ret[MAX_FIELD + 2], struct gs_str field, const char *tail)
{
    if (field.len == 0 || field.len > MAX_FIELD || memchr(field.bytes, '\0', field.len) != NULL) {
        return false;
    }
    memcpy(ret, field.bytes, field.len);
    (void)snprintf(ret + field.len, (size_t)MAX_FIELD + 2 - field.len, "%s", tail);
    return true;
}

/* A time is written out as it came, so it has to stay in its line and column. */
static bool read_time(struct gs_str field, int64_t *ret_ms)
{
    char with_zone[MAX_FIELD + 2];

    for (size_t i = 0; i < field.len; i++) {
        if ((unsigned char)field.bytes[i] < ' ' || field.bytes[i] == '"') {
            return false;
        }
    }
    return gs_time_parse(field, ret_ms, NULL) == GS_OK ||
           (copy(with_zone, field, "Z") && gs_time_parse(gs_str(with_zone), ret_ms, NULL) == GS_OK);
}

static bool read_count(struct gs_str field, double *ret)
{
    char text[MAX_FIELD + 2];
    char *end = NULL;

    if (!copy(text, field, "") || strspn(text, "0123456789.") != field.len) {
        return false;
    }
    *ret = strtod(text, &end);
    return *end == '\0' && *ret <= most;
}

/* NULL, or why it is no row. */
static const char *read_row(const struct gs_str *fields, size_t n, const struct row *before,
                            struct row *ret)
{
    if (n != 2) {
        return "not two fields";
    }
    if (!read_time(fields[0], &ret->at_ms)) {
        return "not a time";
    }
    if (!read_count(fields[1], &ret->count)) {
        return "not a count from 0 to 1e12";
    }
    return before != NULL && ret->at_ms <= before->at_ms ? "not later than the row before" : NULL;
}

static enum gs_status read_header(struct gs_csv *csv, struct gs_error *err)
{
    struct gs_str fields[2];
    size_t n = 0;

    const enum gs_status status = gs_csv_next(csv, fields, GS_COUNT(fields), &n, err);
    if (status != GS_OK && status != GS_CLOSED) {
        return status;
    }
    if (status == GS_CLOSED || n != 2 || !gs_str_equal(fields[0], gs_str("timestamp"))) {
        return gs_fail(err, GS_BAD_CONFIG, "%s:1: the header line is to be \"timestamp,count\"",
                       csv->name);
    }
    return GS_OK;
}

enum gs_status gs_replay_counts_run(struct gs_str text, const char *name, FILE *out, FILE *say,
                                    struct gs_counts_totals *ret, struct gs_error *err)
{
    struct gs_counts_totals totals = {0};
    struct gs_counts counts;
    struct gs_str fields[8];
    struct gs_csv csv;
    struct row before = {0};
    size_t n = 0;

    gs_counts_init(&counts);
    gs_csv_init(&csv, text, name);
    enum gs_status status = read_header(&csv, err);
    if (status == GS_OK) {
        (void)fputs("timestamp,count,expected,score\n", out);
    }
    while (status == GS_OK) {
        struct row row = {0};
        status = gs_csv_next(&csv, fields, GS_COUNT(fields), &n, err);
        if (status != GS_OK) {
            break;
        }
        const char *why = read_row(fields, n, totals.rows == 0 ? NULL : &before, &row);
        if (why != NULL) {
            totals.refused++;
            if (say != NULL) {
                gs_print_line(say, "%s:%zu: %s: refused", name, csv.line, why);
            }
            continue;
        }
        const struct gs_counts_result result = gs_counts_add(&counts, row.at_ms, row.count);
        const char *quote = memchr(fields[0].bytes, ',', fields[0].len) != NULL ? "\"" : "";
        (void)fprintf(out, "%s%.*s%s,%.10g,%.6g,%.6f\n", quote, GS_STR_ARGS(fields[0]), quote,
                      row.count, result.expected / GS_COUNTS_WINDOW, result.score);
        totals.rows++;
        before = row;
    }
    gs_csv_done(&csv);
    *ret = totals;
    return status == GS_CLOSED ? GS_OK : status;
}

enum gs_status gs_replay_counts(const char *path, const char *out_path,
                                struct gs_counts_totals *ret, struct gs_error *err)
{
    struct gs_file file = {0};
    FILE *out = NULL;
    struct gs_error closing = {0};

    enum gs_status status = gs_file_read(path, MAX_FILE_BYTES, &file, err);
    if (status == GS_OK && strcmp(out_path, "-") != 0) {
        status = gs_file_create(out_path, NULL, GS_FILE_FOR_ALL, &out, err);
    }
    if (status == GS_OK) {
        status =
            gs_replay_counts_run(file.bytes, path, out == NULL ? stdout : out, stderr, ret, err);
    }
    if (out != NULL && gs_file_close(out, out_path, 0, &closing) != GS_OK && status == GS_OK) {
        status = closing.status;
        *err = closing;
    }
    gs_file_done(&file);
    return status;
}
