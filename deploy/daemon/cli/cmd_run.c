/* groundswell run: the service. With Kafka as input lanes run in threads and this one waits for
 * signals and lanes that fail; with files or stdin one lane runs on this thread until the input
 * ends. */
#include "alerting/incidents/quiet_hours.h"
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/service/local.h"
#include "deploy/daemon/service/service.h"
#include "deploy/daemon/service/signals.h"
#include "ingest/base/log.h"

static void take_stage(struct gs_args *args, int *ret_stages)
{
    static const char *const names[] = {"tag", "watch"};
    size_t stage = 0;

    if (gs_args_choice(args, names, GS_COUNT(names), &stage)) {
        *ret_stages = stage == 0 ? GS_STAGE_TAG : GS_STAGE_WATCH;
    }
}

/* SIGHUP: the configuration is read again, and what it names is loaded anew. Settings that were not
 * made for it take a restart: then nothing changes at all. */
static void reload(struct gs_service *service, const struct gs_args *args)
{
    struct gs_diagnostics diagnostics = {0};
    struct gs_config *config = NULL;
    struct gs_error err = {0};

    gs_log(GS_LOG_INFO, "run", "SIGHUP: loading the configuration and what it names again");
    enum gs_status status =
        gs_config_load(args->config, args->sets, args->n_sets, &config, &diagnostics, &err);
    gs_diagnostics_print(&diagnostics, stderr);
    gs_diagnostics_done(&diagnostics);
    if (status == GS_OK) {
        status = gs_service_reload(service, config, &err);
    }
    if (status == GS_OK) {
        gs_log(GS_LOG_INFO, "run",
               "rules, watchlist and model %s are loaded; each lane goes over at its next batch",
               config->model.path);
    } else {
        gs_log(GS_LOG_ERROR, "run", "refused, going on as before: %s", err.message);
    }
    gs_config_free(config);
}

/* While there is one thread. */
static enum gs_status set_zone(const struct gs_config *config, struct gs_error *err)
{
    return config->desk.quiet_hours == NULL ? GS_OK
                                            : gs_quiet_hours_zone(config->desk.time_zone, err);
}

static int run_service(const struct gs_config *config, const struct gs_args *args, int stages)
{
    struct gs_service *service = NULL;
    struct gs_error err = {0};

    gs_signals_catch_reload();
    if (gs_service_start(config, stages, NULL, &service, &err) != GS_OK) {
        return gs_command_failed("run", &err);
    }
    bool failed = false;
    while (!gs_signals_wait(200) && !failed) {
        failed = gs_service_failed(service, &err);
        if (gs_signals_reload()) {
            reload(service, args);
        }
    }
    if (!failed) {
        gs_log(GS_LOG_INFO, "run", "asked to stop: finishing what is in flight");
    }
    gs_service_stop(service);
    return failed ? gs_command_failed("run", &err) : GS_EXIT_OK;
}

static int run_files(const struct gs_config *config, int stages)
{
    static const char *const standard_input = "-";
    const bool from_stdin = config->input.kind == GS_INPUT_STDIN;
    const struct gs_local_options options = {.config = config,
                                             .files = from_stdin ? &standard_input
                                                                 : config->input.files.items,
                                             .n_files = from_stdin ? 1 : config->input.files.n,
                                             .stages = stages,
                                             .serves = true,
                                             .started = gs_signals_lane};
    struct gs_local_totals totals;
    struct gs_error err = {0};

    if (gs_local_run(&options, &totals, &err) != GS_OK) {
        return gs_command_failed("run", &err);
    }
    gs_log(GS_LOG_INFO, "run", "%llu lines, %llu refused", (unsigned long long)totals.lines,
           (unsigned long long)totals.rejected);
    return totals.rejected > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

int gs_cmd_run(int argc, char **argv)
{
    struct gs_args args;
    struct gs_config *config = NULL;
    struct gs_error err = {0};
    int stages = GS_STAGE_TAG | GS_STAGE_WATCH;
    int code = GS_EXIT_OK;

    gs_args_init(&args, GS_CMD_RUN, argc, argv);
    while (gs_args_next(&args)) {
        take_stage(&args, &stages);
    }
    if (!args.ends && args.rejects != NULL) {
        (void)gs_args_set(&args, "output.files.dlq", args.rejects);
    }
    code = args.ends ? args.code : gs_command_configure(&args, &config);
    if (config == NULL) {
        goto done;
    }

    const bool kafka_in = config->input.kind == GS_INPUT_KAFKA;
    const bool kafka_out = config->output.kind == GS_OUTPUT_KAFKA;
    if (kafka_in != kafka_out) {
        (void)gs_fail(&err, GS_BAD_CONFIG,
                      "input.kind and output.kind: Kafka to Kafka, or files to files");
        code = gs_command_failed("run", &err);
    } else if (set_zone(config, &err) != GS_OK) {
        code = gs_command_failed("run", &err);
    } else {
        code = kafka_in ? run_service(config, &args, stages) : run_files(config, stages);
    }

done:
    gs_config_free(config);
    gs_args_done(&args);
    return code;
}
