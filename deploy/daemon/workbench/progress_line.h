/* The line that says on stderr how far a training is:
 *
 *     trial  problem 12/54  loss 0.0312  ETA 0:01:40
 *
 * On a terminal it is written over twice a second; elsewhere a new one comes every half minute.
 *
 * Threads: one. */
#ifndef GS_DEPLOY_PROGRESS_LINE_H
#define GS_DEPLOY_PROGRESS_LINE_H

#include "ingest/base/attr.h"

#include <stdbool.h>

struct gs_progress_line {
    bool quiet, terminal;
    bool shown; /* one was written, at said_s */
    double said_s;
};

/* Whether it is time for a line, elapsed_s after the training's begin. The first one is due at
 * once. */
bool gs_progress_line_due(const struct gs_progress_line *line, double elapsed_s);

/* Writes what fmt makes and the time that is left. */
GS_PRINTF(4, 5)
void gs_progress_line_write(struct gs_progress_line *line, double elapsed_s, double left_s,
                            const char *fmt, ...);

/* Before any other line on stderr, which then takes the place of the line of progress. */
void gs_progress_line_clear(const struct gs_progress_line *line);

#endif
