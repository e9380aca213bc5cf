/* Labelled rows from CSV: the first line names the columns, each further line is one row.
 *
 *     text,sentiment,topics           {"text": "…", "sentiment": "negative",
 *     "Acme warns, again",negative,results;legal      "topics": ["results", "legal"]}
 *
 * A row becomes the JSON object of the same meaning, so that all rules about rows are in one place.
 * Lists are divided by semicolons or bars. An empty cell is an absent member, but in a column of
 * labels it is an answer: none. A row is a line: a text with a line end in it needs JSON. */
#include "deploy/daemon/workbench/labelled_csv.h"

#include "ingest/text/watchlist/csv.h"

static const struct {
    const char *name;
    bool list;
} members[] = {
    {"text", false},  {"title", false},  {"body", false},  {"sentiment", false},
    {"label", false}, {"labels", false}, {"topics", true}, {"risks", true},
};

/* One record of the line, in fields borrowed from csv. */
static enum gs_status split(struct gs_csv *csv, struct gs_str line, struct gs_str *fields,
                            size_t *ret_n, struct gs_error *err)
{
    struct gs_error why = {0};
    gs_csv_init(csv, line, "row");
    const enum gs_status status = gs_csv_next(csv, fields, GS_LABELLED_MAX_COLUMNS, ret_n, &why);
    if (status == GS_CLOSED) {
        return gs_fail(err, GS_BAD_FORMAT, "an empty row");
    }
    if (status == GS_BAD_CONFIG) { /* "row:1: …" */
        const char *what = strchr(why.message, ' ');
        return gs_fail(err, GS_BAD_FORMAT, "%s", what == NULL ? why.message : what + 1);
    }
    return status == GS_OK ? GS_OK : gs_fail(err, status, "%s", why.message);
}

enum gs_status gs_labelled_columns_read(struct gs_str line, struct gs_labelled_columns *ret,
                                        struct gs_error *err)
{
    struct gs_str fields[GS_LABELLED_MAX_COLUMNS];
    struct gs_csv csv;
    bool has_text = false;

    enum gs_status status = split(&csv, line, fields, &ret->n, err);
    for (size_t c = 0; c < ret->n && status == GS_OK; c++) {
        ret->members[c] = NULL;
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
            if (gs_str_equal(fields[c], gs_str(members[m].name))) {
                ret->members[c] = members[m].name;
                has_text = has_text || m < 2;
            }
        }
        for (size_t other = 0; other < c && ret->members[c] != NULL; other++) {
            if (ret->members[other] == ret->members[c]) {
                status = gs_fail(err, GS_BAD_FORMAT, "two columns are called %s", ret->members[c]);
            }
        }
    }
    gs_csv_done(&csv);
    if (status == GS_OK && !has_text) {
        status = gs_fail(err, GS_BAD_FORMAT,
                         "the first line of a CSV names its columns, text among them: "
                         "text,sentiment or text,topics,risks");
    }
    return status;
}

static json_t *list_of(struct gs_str cell)
{
    json_t *list = json_array();
    for (size_t from = 0, to = 0; to <= cell.len; to++) {
        if (to == cell.len || cell.bytes[to] == ';' || cell.bytes[to] == '|') {
            while (from < to && cell.bytes[from] == ' ') {
                from++;
            }
            if (to > from) {
                (void)json_array_append_new(list, json_stringn(cell.bytes + from, to - from));
            }
            from = to + 1;
        }
    }
    return list;
}

static bool is_list(const char *member)
{
    for (size_t m = 0; m < sizeof members / sizeof members[0]; m++) {
        if (members[m].name == member) {
            return members[m].list;
        }
    }
    return false;
}

enum gs_status gs_labelled_csv_row(const struct gs_labelled_columns *columns, struct gs_str line,
                                   json_t **ret, struct gs_error *err)
{
    struct gs_str fields[GS_LABELLED_MAX_COLUMNS];
    struct gs_csv csv;
    size_t n = 0;

    enum gs_status status = split(&csv, line, fields, &n, err);
    if (status == GS_OK && n != columns->n) {
        status = gs_fail(err, GS_BAD_FORMAT,
                         "a row of %zu fields under %zu columns (a text with a comma is quoted)", n,
                         columns->n);
    }
    json_t *root = status == GS_OK ? json_object() : NULL;
    for (size_t c = 0; c < n && status == GS_OK; c++) {
        const char *member = columns->members[c];
        if (member != NULL && is_list(member)) {
            (void)json_object_set_new(root, member, list_of(fields[c]));
        } else if (member != NULL && fields[c].len > 0) {
            json_t *value = json_stringn(fields[c].bytes, fields[c].len);
            if (value == NULL) {
                status = gs_fail(err, GS_BAD_FORMAT, "%s is not UTF-8", member);
            } else {
                (void)json_object_set_new(root, member, value);
            }
        }
    }
    gs_csv_done(&csv);
    if (status != GS_OK) {
        json_decref(root);
        return status;
    }
    *ret = root;
    return GS_OK;
}
