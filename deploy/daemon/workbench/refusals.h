/* Labelled lines that were refused: the first few of each reason are said one by one, the rest are
 * counted. A file of another form has one thing wrong with it, and ten thousand lines to say so.
 * With --rejects all of them go to a file as well (deploy/daemon/workbench/rejects.h).
 *
 * Threads: owned by one thread. */
#ifndef GS_DEPLOY_REFUSALS_H
#define GS_DEPLOY_REFUSALS_H

#include "deploy/daemon/workbench/rejects.h"

#include <stddef.h>

enum { GS_MAX_REASONS = 16, GS_REFUSALS_SAID = 3 };

struct gs_refusals {
    struct gs_rejects rejects; /* the command's name, and the file if there is one */
    size_t n;                  /* lines in all */
    size_t n_other;            /* of reasons for which there was no room */
    size_t n_reasons;
    struct {
        char why[160]; /* digits are one, so that only the place differs */
        size_t n;
        size_t n_said;
    } reasons[GS_MAX_REASONS];
};

/* rejects: the file, or NULL. GS_IO. */
GS_MUST_CHECK
enum gs_status gs_refusals_open(struct gs_refusals *refusals, const char *command,
                                const char *rejects, struct gs_error *err);
/* The end of the reading, which came out as status says: that status, or GS_IO when it was good and
 * the file could not be written. */
GS_MUST_CHECK
enum gs_status gs_refusals_close(struct gs_refusals *refusals, enum gs_status status,
                                 struct gs_error *err);

/* A line as the reader of labelled lines gives it (path, number, bytes). message: "PATH:LINE: why",
 * as that reader writes it: it is said on stderr, or counted. GS_IO, GS_NO_MEMORY: the file. */
GS_MUST_CHECK
enum gs_status gs_refusals_add(struct gs_refusals *refusals, const struct gs_record *line,
                               const char *message, struct gs_error *err);

/* One line on stderr for each reason that was not said in full: "and 4879 more lines: why". Starts
 * afresh but for n. */
void gs_refusals_say_rest(struct gs_refusals *refusals);

#endif
