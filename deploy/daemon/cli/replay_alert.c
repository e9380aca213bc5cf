/* replay --alert: the run, the hashes around it, and the answer. */
#include "deploy/daemon/cli/replay_command.h"
#include "deploy/daemon/cli/replay_exhibit.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_JSON = 512 << 20 };

/* Holds what was computed of the id against the record. */
static enum gs_status hold(const struct gs_exhibit *exhibit, const char *path,
                           struct gs_record_verdict *ret, struct gs_error *err)
{
    struct gs_str *computed = calloc(exhibit->n_own + 1, sizeof *computed);

    if (computed == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "exhibit");
    }
    for (size_t i = 0; i < exhibit->n_own; i++) {
        computed[i] = (struct gs_str){exhibit->changes[i].json, exhibit->changes[i].len};
    }
    const enum gs_status status =
        gs_record_compare(path, exhibit->id, computed, exhibit->n_own, ret, err);
    free(computed);
    return status;
}

static enum gs_status show(const struct gs_exhibit *exhibit, const struct gs_provenance *provenance,
                           const struct gs_record_verdict *record, bool json, struct gs_error *err)
{
    struct gs_buf out = {.max = MAX_JSON};
    enum gs_status status = GS_OK;

    if (json) {
        gs_exhibit_json(exhibit, provenance, record, &out);
        status = gs_replay_put_json(&out, err);
    } else {
        gs_exhibit_print(exhibit, provenance, record, stdout);
    }
    gs_buf_done(&out);
    return status;
}

/* Only what is computed matters: nothing is written, and no state is read or kept. */
static void write_nothing(struct gs_config *config)
{
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        config->output.files[i] = i == GS_STREAM_DLQ ? config->output.files[i] : NULL;
    }
    config->state.path = NULL;
}

static enum gs_status run(const struct gs_replay_options *options, struct gs_config *config,
                          struct gs_replay_input *input, struct gs_exhibit_taker *taker,
                          struct gs_local_totals *totals, struct gs_error *err)
{
    struct gs_replay_side side = {.path = options->args.config, .config = config};
    struct gs_local_options local;

    gs_replay_set_hooks(&local, &side, input);
    local.alert = gs_exhibit_take_alert;
    local.alert_arg = taker;
    local.incident = gs_exhibit_take_incident;
    local.incident_arg = taker;
    local.message = gs_exhibit_take_message;
    local.message_arg = taker;
    gs_progress_start(&input->progress, &options->args, input->files, input->n_files);
    const enum gs_status status = gs_local_run(&local, totals, err);
    gs_progress_end(&input->progress);
    gs_replay_side_done(&side);
    return status == GS_OK ? gs_replay_to_the_end(err) : status;
}

int gs_replay_alert(const struct gs_replay_options *options, struct gs_config *config,
                    struct gs_replay_input *input)
{
    const struct gs_provenance_options hashed = {.config = config,
                                                 .config_path = options->args.config,
                                                 .overrides = options->args.sets,
                                                 .n_overrides = options->args.n_sets,
                                                 .files = input->files,
                                                 .n_files = input->n_files};
    struct gs_record_verdict record = {.path = NULL};
    struct gs_exhibit_taker *taker = NULL;
    struct gs_provenance provenance = {.n_files = 0};
    struct gs_exhibit exhibit = {.n_changes = 0};
    struct gs_local_totals totals = {0};
    struct gs_error err = {0};

    write_nothing(config);
    enum gs_status status = gs_provenance_take(&hashed, &provenance, &err);
    if (status == GS_OK) {
        status = gs_exhibit_taker_new(options->alert, input->files, input->n_files, &taker, &err);
    }
    if (status == GS_OK) {
        status = run(options, config, input, taker, &totals, &err);
    }
    if (status == GS_OK) {
        status = gs_exhibit_make(taker, config->input.max_record_bytes, &exhibit, &err);
    }
    if (status == GS_OK && options->record != NULL) {
        status = hold(&exhibit, options->record, &record, &err);
    }
    if (status == GS_OK) {
        status = gs_provenance_check(&provenance, &err);
    }
    if (status == GS_OK) {
        status = show(&exhibit, &provenance, &record, options->json, &err);
    }
    const bool holds = exhibit.n_own > 0 && (record.path == NULL || gs_record_holds(&record));
    gs_exhibit_done(&exhibit);
    gs_exhibit_taker_free(taker);
    gs_provenance_done(&provenance);
    if (status != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    const bool doubtful = gs_replay_warn_of_times(&totals);
    return holds && !doubtful ? GS_EXIT_OK : GS_EXIT_FINDINGS;
}
