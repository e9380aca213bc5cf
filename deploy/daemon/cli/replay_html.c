/* replay --html: a replay whose alerts go to stdout as always, and a page of what it found. */
#include "deploy/daemon/cli/replay_command.h"
#include "deploy/daemon/cli/replay_page.h"
#include "ingest/base/file.h"

enum { MAX_PAGE = 64 << 20 };

static enum gs_status write_page(const struct gs_replay_page *page, const char *path,
                                 struct gs_error *err)
{
    struct gs_buf out = {.max = MAX_PAGE};

    gs_replay_page_write(page, &out);
    /* It shows what people wrote. */
    const enum gs_status status =
        gs_buf_ok(&out) ? gs_file_write(path, gs_buf_str(&out), GS_FILE_FOR_OWNER, err)
                        : gs_fail(err, GS_NO_MEMORY, "%s: the page is too long", path);
    gs_buf_done(&out);
    return status;
}

int gs_replay_html(const struct gs_replay_options *options, const struct gs_config *config,
                   struct gs_replay_input *input)
{
    struct gs_replay_side side = {.path = options->args.config, .config = config};
    struct gs_replay_page page = {.side = &side, .files = input->files, .n_files = input->n_files};
    struct gs_local_options local;
    struct gs_error err = {0};
    enum gs_status status = gs_replay_series_new(config->watch.options.bin_ms, &page.series, &err);

    if (status != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    gs_replay_set_hooks(&local, &side, input);
    local.speed = options->speed;
    local.alert = gs_replay_page_alert;
    local.alert_arg = &page;
    local.score = gs_replay_series_take;
    local.score_arg = page.series;
    local.each_bin = true;
    gs_progress_start(&input->progress, &options->args, input->files, input->n_files);
    status = gs_local_run(&local, &side.totals, &err);
    gs_progress_end(&input->progress);
    if (status == GS_OK) {
        status = write_page(&page, options->html, &err);
    }
    if (status == GS_OK && !options->args.quiet) {
        gs_replay_print_tables(&side);
    }
    gs_replay_page_done(&page);
    gs_replay_side_done(&side);
    if (status != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    const bool doubtful = gs_replay_warn_of_times(&side.totals);
    return doubtful || side.totals.rejected > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}
