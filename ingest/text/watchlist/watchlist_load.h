/* How a watchlist is loaded: watchlist_load.c reads the rows, watchlist_names.c makes of each the
 * strings to look for, watchlist_beside.c what these may not stand beside, watchlist_build.c sorts
 * and checks them and builds the automaton. */
#ifndef GS_INGEST_WATCHLIST_LOAD_H
#define GS_INGEST_WATCHLIST_LOAD_H

#include "ingest/text/clean/stage.h"
#include "ingest/text/watchlist/csv.h"
#include "ingest/text/watchlist/watchlist_internal.h"

enum {
    GS_LOAD_MAX_PARTS = 256,   /* aliases, tickers or cues of one company */
    GS_LOAD_MAX_SHARED = 1000, /* companies that one string may belong to */
    GS_LOAD_MAX_ROUTES = 64,
    GS_LOAD_MAX_ROUTE = 63, /* bytes of one */
    GS_LOAD_N_COLUMNS = 8,
};

enum gs_column {
    GS_ID,
    GS_NAME,
    GS_ALIASES,
    GS_TICKERS,
    GS_CUES,
    GS_NOT_BESIDE,
    GS_ROUTE,
    GS_TIER
};

/* A string to look for, before they are sorted. */
struct gs_wanted {
    struct gs_str folded;
    struct gs_entry entry;
    size_t line;
};

struct gs_load {
    struct gs_watchlist *list;
    struct gs_csv csv;
    int columns[GS_LOAD_N_COLUMNS]; /* column of the file, -1: not there */
    struct gs_wanted *wanted;
    size_t n_wanted;
    size_t max_wanted;
    size_t max_companies;
    size_t max_neighbours;
    struct gs_str routes[GS_LOAD_MAX_ROUTES]; /* those that there are */
    size_t n_routes;
    struct gs_out text; /* a normalized field */
    struct gs_cps cps;
    struct gs_error *err;
};

/* GS_BAD_CONFIG "file:line: what: value", and GS_NO_MEMORY. */
enum gs_status gs_load_fail(struct gs_load *load, size_t line, const char *what,
                            struct gs_str value);
enum gs_status gs_load_no_memory(struct gs_load *load);

/* Room for one more item of *array, which has n. */
bool gs_load_grow(void *array, size_t n, size_t *max, size_t size);

/* Folds text into the list's memory; {NULL, 0} when that is used up. */
struct gs_str gs_load_fold(struct gs_load *load, struct gs_str text);

/* The next part of a field separated by '|', trimmed; false at the end. Empty parts are left
 * out: "a||b" and "a|" say the same as "a|b" and "a". */
bool gs_load_next_part(struct gs_str *rest, struct gs_str *ret);

struct gs_str gs_load_trim(struct gs_str text);

/* The strings of the row being read, whose company has the number n_companies. values are the
 * normalized fields by enum gs_column. */
GS_MUST_CHECK
enum gs_status gs_load_names(struct gs_load *load, const struct gs_str *values);

/* The column not_beside: "[before before]name[behind behind]|...". The row's names are wanted from
 * first_wanted on. */
GS_MUST_CHECK
enum gs_status gs_load_neighbours(struct gs_load *load, struct gs_str field, size_t first_wanted);

/* Ids and strings to patterns, entries and automaton. */
GS_MUST_CHECK
enum gs_status gs_load_build(struct gs_load *load);

#endif
