/* Reads a watchlist's rows. A field is cleaned as texts are (NFKC, blanks), so that a full-width
 * name in a spreadsheet finds the plain one in a message. All of a list is hostile until checked: a
 * wrong line is refused with its number, never skipped, for a name that silently is not watched
 * would be missed by nobody. */
#include "ingest/text/watchlist/watchlist_load.h"

#include "ingest/base/file.h"
#include "ingest/text/clean/nfkc_class.h"

#include <stdlib.h>

enum { MAX_FILE_BYTES = 64 * 1024 * 1024 };

enum gs_status gs_load_fail(struct gs_load *load, size_t line, const char *what,
                            struct gs_str value)
{
    const int len = value.len > 60 ? 60 : (int)value.len;

    return gs_fail(load->err, GS_BAD_CONFIG, "%s:%zu: %s: %.*s", load->csv.name, line, what, len,
                   value.bytes);
}

enum gs_status gs_load_no_memory(struct gs_load *load)
{
    return gs_fail(load->err, GS_NO_MEMORY, "%s", load->csv.name);
}

bool gs_load_grow(void *array, size_t n, size_t *max, size_t size)
{
    void **items = array;

    if (n < *max) {
        return true;
    }
    const size_t want = *max == 0 ? 256 : *max * 2;
    void *bigger = realloc(*items, want * size);
    if (bigger == NULL) {
        return false;
    }
    *items = bigger;
    *max = want;
    return true;
}

struct gs_str gs_load_trim(struct gs_str text)
{
    while (text.len > 0 && text.bytes[0] == ' ') {
        text.bytes++;
        text.len--;
    }
    while (text.len > 0 && text.bytes[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

/* The field as texts will spell it. */
static enum gs_status normalize(struct gs_load *load, struct gs_str field, struct gs_str *ret)
{
    uint32_t *origin = calloc(field.len + 1, sizeof *origin);
    if (origin == NULL) {
        return gs_load_no_memory(load);
    }
    const enum gs_status status =
        gs_nfkc_run(&gs_scan_scalar, (struct gs_view){field.bytes, origin, field.len}, true,
                    &load->cps, &load->text, load->err);
    free(origin);
    if (status != GS_OK) {
        return status;
    }
    *ret = gs_arena_copy(load->list->strings, (struct gs_str){load->text.bytes, load->text.len});
    return ret->bytes == NULL ? gs_load_no_memory(load) : GS_OK;
}

/* Routes become labels of metrics, so they are words, and few. */
static enum gs_status check_route(struct gs_load *load, struct gs_str route)
{
    size_t i = 0;

    for (size_t k = 0; k < route.len; k++) {
        const char c = route.bytes[k];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '-' && c != '.') {
            return gs_load_fail(load, load->csv.line, "a route is letters, digits, _, - and .",
                                route);
        }
    }
    if (route.len > GS_LOAD_MAX_ROUTE) {
        return gs_load_fail(load, load->csv.line, "a route longer than 63 bytes", route);
    }
    while (i < load->n_routes && !gs_str_equal(load->routes[i], route)) {
        i++;
    }
    if (route.len > 0 && i == load->n_routes) {
        if (i == GS_LOAD_MAX_ROUTES) {
            return gs_load_fail(load, load->csv.line, "more than 64 routes", route);
        }
        load->routes[load->n_routes++] = route;
    }
    return GS_OK;
}

static enum gs_status add_company(struct gs_load *load, const struct gs_str *fields)
{
    struct gs_watchlist *list = load->list;
    struct gs_str value[GS_LOAD_N_COLUMNS];
    enum gs_status status = GS_OK;

    for (size_t c = 0; c < GS_LOAD_N_COLUMNS && status == GS_OK; c++) {
        const struct gs_str field = load->columns[c] < 0 ? gs_str("") : fields[load->columns[c]];
        status = normalize(load, field, &value[c]);
    }
    if (status != GS_OK) {
        return status;
    }
    const char *wrong = value[GS_ID].len == 0                      ? "no id"
                        : value[GS_NAME].len == 0                  ? "no name"
                        : value[GS_ID].len > GS_WATCHLIST_MAX_NAME ? "id longer than 255 bytes"
                        : list->n_companies == GS_WATCHLIST_MAX_COMPANIES
                            ? "more than 200000 companies"
                            : NULL;
    if (wrong != NULL) {
        return gs_load_fail(load, load->csv.line, wrong,
                            value[value[GS_ID].len == 0 ? GS_NAME : GS_ID]);
    }
    status = check_route(load, value[GS_ROUTE]);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_str tier = gs_load_trim(value[GS_TIER]);
    if (tier.len > 1 || (tier.len == 1 && (tier.bytes[0] < '1' || tier.bytes[0] > '9'))) {
        return gs_load_fail(load, load->csv.line, "tier is a digit from 1 to 9, or empty", tier);
    }
    if (!gs_load_grow(&list->companies, list->n_companies, &load->max_companies,
                      sizeof *list->companies)) {
        return gs_load_no_memory(load);
    }
    status = gs_load_names(load, value);
    list->companies[list->n_companies++] =
        (struct gs_company){value[GS_ID], value[GS_NAME], value[GS_ROUTE],
                            (uint8_t)(tier.len == 0 ? 0 : tier.bytes[0] - '0')};
    return status;
}

static enum gs_status read_header(struct gs_load *load)
{
    static const char *const names[GS_LOAD_N_COLUMNS] = {"id",   "name",       "aliases", "tickers",
                                                         "cues", "not_beside", "route",   "tier"};
    struct gs_str fields[GS_LOAD_N_COLUMNS];
    size_t n = 0;
    enum gs_status status = gs_csv_next(&load->csv, fields, GS_LOAD_N_COLUMNS, &n, load->err);

    if (status != GS_OK && status != GS_CLOSED) {
        return status;
    }
    for (size_t c = 0; c < GS_LOAD_N_COLUMNS; c++) {
        load->columns[c] = -1;
    }
    for (size_t i = 0; i < n; i++) {
        size_t c = 0;
        while (c < GS_LOAD_N_COLUMNS && !gs_str_equal(gs_load_trim(fields[i]), gs_str(names[c]))) {
            c++;
        }
        if (c == GS_LOAD_N_COLUMNS || load->columns[c] >= 0) {
            return gs_load_fail(load, load->csv.line,
                                c == GS_LOAD_N_COLUMNS ? "unknown column" : "column given twice",
                                fields[i]);
        }
        load->columns[c] = (int)i;
    }
    if (load->columns[GS_ID] < 0 || load->columns[GS_NAME] < 0) {
        return gs_load_fail(load, 1, "the header line must name the columns", gs_str("id,name"));
    }
    return GS_OK;
}

static enum gs_status read_rows(struct gs_load *load)
{
    struct gs_str fields[GS_LOAD_N_COLUMNS];
    size_t n_columns = 0;
    size_t n = 0;

    enum gs_status status = read_header(load);
    for (size_t c = 0; c < GS_LOAD_N_COLUMNS; c++) {
        n_columns += load->columns[c] >= 0;
    }
    while (status == GS_OK) {
        status = gs_csv_next(&load->csv, fields, GS_LOAD_N_COLUMNS, &n, load->err);
        if (status == GS_OK && n != n_columns) {
            return gs_fail(load->err, GS_BAD_CONFIG, "%s:%zu: %zu fields, the header has %zu",
                           load->csv.name, load->csv.line, n, n_columns);
        }
        if (status == GS_OK) {
            status = add_company(load, fields);
        }
    }
    return status == GS_CLOSED ? GS_OK : status;
}

static enum gs_status check_utf8(struct gs_load *load)
{
    const size_t bad = gs_repair_find(gs_scan_pick(), load->csv.text);
    size_t line = 1;

    if (load->csv.text.len > MAX_FILE_BYTES) {
        return gs_load_fail(load, 1, "larger than", gs_str("64 MiB"));
    }
    if (bad == load->csv.text.len) {
        return GS_OK;
    }
    for (size_t i = 0; i < bad; i++) {
        line += load->csv.text.bytes[i] == '\n';
    }
    return gs_load_fail(load, line, "invalid", gs_str("UTF-8"));
}

enum gs_status gs_watchlist_parse(struct gs_str csv, const char *name, struct gs_watchlist **ret,
                                  struct gs_error *err)
{
    struct gs_load load = {.err = err};

    gs_nfkc_init();
    gs_csv_init(&load.csv, csv, name);
    load.list = calloc(1, sizeof *load.list);
    if (load.list == NULL) {
        return gs_load_no_memory(&load);
    }
    gs_folds_init(&load.list->folds);
    enum gs_status status = gs_arena_new((size_t)MAX_FILE_BYTES * 8, &load.list->strings, err);
    status = status == GS_OK ? check_utf8(&load) : status;
    status = status == GS_OK ? read_rows(&load) : status;
    status = status == GS_OK ? gs_load_build(&load) : status;
    if (status == GS_OK) {
        *ret = load.list;
        load.list = NULL;
    }
    gs_watchlist_free(load.list);
    gs_csv_done(&load.csv);
    gs_out_done(&load.text);
    gs_cps_done(&load.cps);
    free(load.wanted);
    return status;
}

enum gs_status gs_watchlist_load(const char *path, struct gs_watchlist **ret, struct gs_error *err)
{
    struct gs_file file = {0};

    enum gs_status status = gs_file_read(path, MAX_FILE_BYTES, &file, err);
    if (status == GS_OK) {
        const struct gs_str csv = {file.owned == NULL ? "" : file.bytes.bytes, file.bytes.len};
        status = gs_watchlist_parse(csv, path, ret, err);
    }
    gs_file_done(&file);
    return status;
}
