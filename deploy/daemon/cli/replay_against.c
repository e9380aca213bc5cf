/* replay --against: two configurations over one input, and the comparison on stdout. */
#include "deploy/daemon/cli/replay_command.h"

#include <string.h>

enum { MAX_JSON = 256 << 20 };

static enum gs_status write_comparison(const struct gs_replay_side sides[2], bool json,
                                       struct gs_error *err)
{
    struct gs_replay_compared compared;
    struct gs_buf out = {.max = MAX_JSON};
    enum gs_status status = gs_replay_compare(sides, &compared, err);

    if (status == GS_OK && !json) {
        gs_replay_compared_print(&compared, stdout);
    } else if (status == GS_OK) {
        gs_replay_compared_json(&compared, &out);
        status = gs_replay_put_json(&out, err);
    }
    gs_buf_done(&out);
    gs_replay_compared_done(&compared);
    return status;
}

/* The same data by both configurations. Outputs that the first names are written, but for the
 * those on stdout, where the comparison goes; of the second nothing is. */
int gs_replay_against(const struct gs_replay_options *options, struct gs_config *config,
                      struct gs_replay_input *input)
{
    struct gs_replay_side sides[2] = {{.path = options->args.config, .config = config},
                                      {.path = options->against}};
    struct gs_local_options locals[2];
    struct gs_local_totals totals[2] = {{0}, {0}};
    struct gs_config *other = NULL;
    struct gs_error err = {0};

    const int code = gs_command_load(&options->args, options->against, NULL, &other);
    if (code != GS_EXIT_OK) {
        return code;
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        const char *path = config->output.files[i];
        if (path != NULL && strcmp(path, "-") == 0) {
            config->output.files[i] = NULL; /* the comparison stands there alone */
        }
    }
    config->state.path = NULL; /* a what-if begins from nothing, and leaves nothing */
    other->state.path = NULL;
    sides[1].config = other;
    gs_replay_set_hooks(&locals[0], &sides[0], input);
    gs_replay_set_hooks(&locals[1], &sides[1], input);
    locals[0].speed = options->speed;
    gs_progress_start(&input->progress, &options->args, input->files, input->n_files);
    enum gs_status status = gs_local_run_beside(locals, 2, totals, &err);
    gs_progress_end(&input->progress);
    sides[0].totals = totals[0];
    sides[1].totals = totals[1];
    if (status == GS_OK) {
        status = gs_replay_to_the_end(&err);
    }
    if (status == GS_OK) {
        status = write_comparison(sides, options->json, &err);
    }
    gs_replay_side_done(&sides[0]);
    gs_replay_side_done(&sides[1]);
    gs_config_free(other);
    if (status != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    const bool doubtful =
        gs_replay_warn_of_times(&totals[0]) || gs_replay_warn_of_times(&totals[1]);
    return doubtful || totals[0].rejected > 0 || totals[1].rejected > 0 ? GS_EXIT_FINDINGS
                                                                        : GS_EXIT_OK;
}
