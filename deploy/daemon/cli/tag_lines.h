/* Tags lines of files on several threads, in input order: what `groundswell tag` does.
 *
 *     read a chunk of lines → each worker tags a run of them → write the runs in order → next chunk
 */
#ifndef GS_DEPLOY_TAG_LINES_H
#define GS_DEPLOY_TAG_LINES_H

#include "deploy/daemon/cli/progress.h"
#include "deploy/daemon/cli/tag_output.h"
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/workbench/rejects.h"

enum gs_line_format { GS_LINES_AUTO, GS_LINES_JSON, GS_LINES_TEXT };

struct gs_tag_lines_options {
    const struct gs_config *config;
    const struct gs_assets *assets;
    struct gs_tag_output output;
    enum gs_line_format
        format;       /* auto: a line that begins with '{' is JSON, any other is plain text */
    int n_threads;    /* 1 to 256 */
    const char *file; /* "-": stdin */
    const struct gs_rejects *rejects;
    struct gs_progress *progress;
};

struct gs_tag_lines_totals {
    uint64_t lines, refused;
};

/* To the end of the file, or until a signal. GS_IO when input or stdout fails. */
GS_MUST_CHECK
enum gs_status gs_tag_lines(const struct gs_tag_lines_options *options,
                            struct gs_tag_lines_totals *ret, struct gs_error *err);

#endif
