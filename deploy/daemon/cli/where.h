/* Conditions on a JSON record, "member=value": for `groundswell tap --where`.
 *
 * A member inside another is named by dots ("sentiment.label"); a list holds when one of its elements
 * does ("topics.label=legal"). Strings are compared as text, numbers as numbers, true, false and null
 * by their names.
 *
 * Threads: no state. */
#ifndef GS_DEPLOY_WHERE_H
#define GS_DEPLOY_WHERE_H

#include "ingest/base/arena.h"
#include "ingest/base/error.h"

enum { GS_WHERE_MAX_PARTS = 8 };

struct gs_where {
    struct gs_str parts[GS_WHERE_MAX_PARTS];
    size_t n_parts;
    struct gs_str value;
};

/* Takes a condition apart; it borrows the text. GS_BAD_CONFIG says what it should be. */
GS_MUST_CHECK
enum gs_status gs_where_parse(const char *text, struct gs_where *ret, struct gs_error *err);
/* False as well for what is not JSON. The arena is used, not reset. */
bool gs_where_holds(const struct gs_where *where, struct gs_str json, struct gs_arena *arena);

#endif
