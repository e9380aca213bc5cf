/* Lines that were refused: the first few of each reason are said one by one, the rest are counted.
 * A file of another form has one thing wrong with it, and ten thousand lines to say so.
 *
 * Threads: owned by one thread. {0} with the command's name is a valid start. */
#ifndef GS_DEPLOY_REFUSALS_H
#define GS_DEPLOY_REFUSALS_H

#include <stddef.h>

enum { GS_MAX_REASONS = 16, GS_REFUSALS_SAID = 3 };

struct gs_refusals {
    const char *command; /* "train" */
    size_t n;            /* lines in all */
    size_t n_other;      /* of reasons for which there was no room */
    size_t n_reasons;
    struct {
        char why[160]; /* digits are one, so that only the place differs */
        size_t n;
        size_t n_said;
    } reasons[GS_MAX_REASONS];
};

/* message: "PATH:LINE: why", as the readers write it. Says it on stderr, or counts it. */
void gs_refusals_add(struct gs_refusals *refusals, const char *path, size_t line,
                     const char *message);

/* One line on stderr for each reason that was not said in full: "and 4879 more lines: why". Starts
 * afresh but for n. */
void gs_refusals_say_rest(struct gs_refusals *refusals);

#endif
