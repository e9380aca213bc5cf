/* Shared by the files of the command replay: cmd_replay.c (a replay with its tables), replay_against.c
 * (a what-if), replay_sweep.c (a setting's values), replay_alert.c (an exhibit), replay_html.c (a page). */
#ifndef GS_DEPLOY_REPLAY_COMMAND_H
#define GS_DEPLOY_REPLAY_COMMAND_H

#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/progress.h"
#include "deploy/daemon/cli/replay_compare.h"

struct gs_replay_options {
    struct gs_args args;
    const char *scores, *state, *counts, *against, *sweep, *alert, *record, *html;
    double speed;
    bool json;
};

struct gs_replay_input {
    const char *const *files;
    size_t n_files;
    struct gs_progress progress;
};

/* Each gives the exit code. The configuration is changed to what it may write. */
int gs_replay_against(const struct gs_replay_options *options, struct gs_config *config,
                      struct gs_replay_input *input);
int gs_replay_alert(const struct gs_replay_options *options, struct gs_config *config,
                    struct gs_replay_input *input);

int gs_replay_html(const struct gs_replay_options *options, const struct gs_config *config,
                   struct gs_replay_input *input);

/* Its options name at least the configuration and the sweep. */
int gs_replay_sweep(struct gs_replay_options *options, struct gs_replay_input *input);

/* Incidents, alerts and totals of a side on stderr. */
void gs_replay_print_tables(const struct gs_replay_side *side);
/* A run by a side's configuration whose alerts, incidents and nearest miss are kept in it. */
void gs_replay_set_hooks(struct gs_local_options *local, struct gs_replay_side *side,
                         struct gs_replay_input *input);
void gs_replay_side_done(struct gs_replay_side *side);

/* A replay stands for what `run` would have seen, record by record. Data out of order, or with
 * wrong times, gives other alerts than it would have: that must not look like "no alerts". Says so,
 * and tells whether it is so. */
bool gs_replay_warn_of_times(const struct gs_local_totals *totals);

/* GS_IO where a signal ended the run before the input did: half an answer is none. */
GS_MUST_CHECK
enum gs_status gs_replay_to_the_end(struct gs_error *err);

/* Writes a text to stdout and a line end; GS_NO_MEMORY for a broken one. */
GS_MUST_CHECK
enum gs_status gs_replay_put_json(struct gs_buf *json, struct gs_error *err);

#endif
