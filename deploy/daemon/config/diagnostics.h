/* Collects what is wrong with a configuration: all of it at once, one line each, for a person.
 *
 *     groundswell.yaml:12: watch.bin: 7 is not a duration, write a number with ms, s, m, h or d
 *
 * Threads: owned by one thread. {0} is an empty list; end it with gs_diagnostics_done(). */
#ifndef GS_DEPLOY_DIAGNOSTICS_H
#define GS_DEPLOY_DIAGNOSTICS_H

#include "ingest/base/attr.h"
#include "ingest/base/buf.h"

#include <stdio.h>

enum { GS_MAX_DIAGNOSTICS = 200 }; /* more are counted, not kept */

struct gs_diagnostic {
    char *place; /* "file:line", "--set", "GROUNDSWELL_HTTP_PORT"; owned */
    int line;    /* from 1; 0 when it is not in a file */
    char *text;  /* "setting: what is wrong, what is allowed"; owned */
};

struct gs_diagnostics {
    struct gs_diagnostic items[GS_MAX_DIAGNOSTICS];
    size_t n;      /* kept in items */
    size_t n_more; /* found but not kept */
};

/* Adds one. line <= 0 leaves the line out of the place. Control characters are escaped. */
GS_PRINTF(4, 5)
void gs_diagnostics_add(struct gs_diagnostics *diagnostics, const char *file, int line,
                        const char *fmt, ...);
size_t gs_diagnostics_count(const struct gs_diagnostics *diagnostics); /* n + n_more */

/* Writes "place: text" lines and, where some were not kept, how many. */
void gs_diagnostics_print(const struct gs_diagnostics *diagnostics, FILE *out);
void gs_diagnostics_done(struct gs_diagnostics *diagnostics);

#endif
