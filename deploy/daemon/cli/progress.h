/* Says how far a command is, on stderr: lines, lines a second, and, where the size of the input is
 * known, the share done and the time left.
 *
 *      37%  1234567 lines, 34567 a second, 0:42 left
 *
 * One line that is written over where stderr is a terminal (and stdout is not); with --progress
 * also elsewhere, a new line every few seconds.
 *
 * Threads: one. */
#ifndef GS_DEPLOY_PROGRESS_H
#define GS_DEPLOY_PROGRESS_H

#include "deploy/daemon/cli/command_line.h"

#include <stdint.h>

struct gs_progress {
    bool on, terminal;
    uint64_t total; /* bytes; 0: not known (stdin, gzip) */
    uint64_t bytes, lines;
    int64_t start_ns, last_ns;
    bool shown;
};

/* files: what will be read, "-" is stdin. */
void gs_progress_start(struct gs_progress *progress, const struct gs_args *args,
                       const char *const *files, size_t n_files);
/* So much more is done; says so when it is time. */
void gs_progress_add(struct gs_progress *progress, uint64_t lines, uint64_t bytes);
void gs_progress_end(struct gs_progress *progress);

/* "0:42", "1:02:03": for tests. */
void gs_progress_left(double seconds, char *ret, size_t size);

#endif
