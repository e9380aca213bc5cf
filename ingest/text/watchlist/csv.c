/* A reader of CSV records: one pass over the text, field by field.
 *
 * The fields of a record are copied one behind the other into a buffer, without their quotes; the
 * buffer may move while it grows, so only the lengths are kept until the record is complete. Lines
 * are counted on the way, also those inside quoted fields, so that an error can name its line. */
#include "ingest/text/watchlist/csv.h"

#include <stdint.h>

void gs_csv_init(struct gs_csv *csv, struct gs_str text, const char *name)
{
    *csv = (struct gs_csv){.text = text, .name = name, .next_line = 1, .fields = {.max = SIZE_MAX}};
    if (text.len >= 3 && memcmp(text.bytes, "\xEF\xBB\xBF", 3) == 0) {
        csv->at = 3;
    }
}

void gs_csv_done(struct gs_csv *csv)
{
    gs_buf_done(&csv->fields);
}

static bool at_end(const struct gs_csv *csv)
{
    return csv->at == csv->text.len;
}

/* Length of the line end at the reading place, 0 when there is none. */
static size_t line_end(const struct gs_csv *csv)
{
    const char *at = csv->text.bytes + csv->at;

    if (at_end(csv)) {
        return 0;
    }
    if (at[0] == '\n') {
        return 1;
    }
    return at[0] == '\r' && csv->at + 1 < csv->text.len && at[1] == '\n' ? 2 : 0;
}

static enum gs_status fail(const struct gs_csv *csv, const char *what, struct gs_error *err)
{
    return gs_fail(err, GS_BAD_CONFIG, "%s:%zu: %s", csv->name, csv->next_line, what);
}

static enum gs_status read_quoted(struct gs_csv *csv, struct gs_error *err)
{
    bool closed = false;

    csv->at++;
    for (; !at_end(csv); csv->at++) {
        const char c = csv->text.bytes[csv->at];
        if (c == '"') {
            csv->at++;
            if (at_end(csv) || csv->text.bytes[csv->at] != '"') {
                closed = true;
                break;
            }
        }
        csv->next_line += c == '\n';
        gs_buf_putc(&csv->fields, c);
    }
    if (!closed) {
        return gs_fail(err, GS_BAD_CONFIG, "%s:%zu: a quoted field does not end", csv->name,
                       csv->line);
    }
    if (!at_end(csv) && csv->text.bytes[csv->at] != ',' && line_end(csv) == 0) {
        return fail(csv, "text behind a closing quote", err);
    }
    return GS_OK;
}

static enum gs_status read_plain(struct gs_csv *csv, struct gs_error *err)
{
    for (; !at_end(csv) && csv->text.bytes[csv->at] != ',' && line_end(csv) == 0; csv->at++) {
        if (csv->text.bytes[csv->at] == '"') {
            return fail(csv, "a quote inside a field that does not begin with one", err);
        }
        gs_buf_putc(&csv->fields, csv->text.bytes[csv->at]);
    }
    return GS_OK;
}

/* Reads the fields into the buffer one behind the other; lens are theirs. */
static enum gs_status read_record(struct gs_csv *csv, struct gs_str *fields, size_t max,
                                  size_t *ret_n, struct gs_error *err)
{
    for (size_t n = 0;; csv->at++) {
        if (n == max) {
            return gs_fail(err, GS_BAD_CONFIG, "%s:%zu: more than %zu fields", csv->name, csv->line,
                           max);
        }
        const size_t start = csv->fields.len;
        const bool quoted = !at_end(csv) && csv->text.bytes[csv->at] == '"';
        const enum gs_status status = quoted ? read_quoted(csv, err) : read_plain(csv, err);
        if (status != GS_OK) {
            return status;
        }
        fields[n++].len = csv->fields.len - start;
        if (at_end(csv) || csv->text.bytes[csv->at] != ',') {
            *ret_n = n;
            return GS_OK;
        }
    }
}

enum gs_status gs_csv_next(struct gs_csv *csv, struct gs_str *fields, size_t max, size_t *ret_n,
                           struct gs_error *err)
{
    size_t n = 0;
    size_t at = 0;

    while (line_end(csv) > 0) {
        csv->at += line_end(csv);
        csv->next_line++;
    }
    if (at_end(csv)) {
        return GS_CLOSED;
    }
    gs_buf_reset(&csv->fields);
    csv->line = csv->next_line;
    const enum gs_status status = read_record(csv, fields, max, &n, err);
    if (status != GS_OK) {
        return status;
    }
    if (line_end(csv) > 0) {
        csv->at += line_end(csv);
        csv->next_line++;
    }
    if (!gs_buf_ok(&csv->fields)) {
        return gs_fail(err, GS_NO_MEMORY, "%s", csv->name);
    }
    for (size_t i = 0; i < n; i++) {
        fields[i].bytes = gs_buf_str(&csv->fields).bytes + at;
        at += fields[i].len;
    }
    *ret_n = n;
    return GS_OK;
}
