#include "base/log.h"
#include "deploy/daemon/command.h"
#include "deploy/daemon/local.h"
#include "deploy/daemon/service.h"
#include "deploy/daemon/signals.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { MAX_SETS = 128 };

static const char usage[] =
    "usage: groundswell run -c FILE [--stage tag|watch] [--set KEY=VALUE]...\n"
    "\n"
    "Runs the service: reads messages, tags them, watches them, raises alerts.\n"
    "\n"
    "  -c, --config FILE   configuration (YAML); deploy/config/groundswell.yaml explains each "
    "setting\n"
    "      --stage STAGE   only this stage: tag or watch; both when not given\n"
    "      --set KEY=VALUE overrides a setting, as --set http.port=9500\n"
    "      --log-format F  text or json\n"
    "      --quiet         errors only on stderr\n"
    "\n"
    "SIGINT and SIGTERM finish what is in flight. SIGHUP loads the model's folder again, with\n"
    "Kafka as input: lanes go over between two batches, or the old one stays. Exit codes: 0 "
    "stopped or end of input, 1 the\n"
    "configuration is wrong, 2 usage, 3 a failure at run time.\n"
    "\n"
    "examples:\n"
    "  groundswell run -c deploy/config/groundswell.yaml\n"
    "  groundswell run -c groundswell.yaml --stage watch --set http.port=9465\n";

struct run_options {
    const char *config;
    int stages;
    const char *sets[MAX_SETS];
    size_t n_sets;
    char log_format[64];
};

static int add_set(struct run_options *options, const char *set)
{
    if (options->n_sets == MAX_SETS) {
        (void)fprintf(stderr, "groundswell run: more than %d settings\n", MAX_SETS);
        return GS_EXIT_USAGE;
    }
    options->sets[options->n_sets++] = set;
    return GS_EXIT_OK;
}

static int stages_of(const char *name)
{
    return strcmp(name, "tag") == 0     ? GS_STAGE_TAG
           : strcmp(name, "watch") == 0 ? GS_STAGE_WATCH
                                        : 0;
}

static int take(struct run_options *options, int c)
{
    switch (c) {
    case 'c':
        options->config = optarg;
        return GS_EXIT_OK;
    case 's':
        options->stages = stages_of(optarg);
        return GS_EXIT_OK;
    case 'S':
        return add_set(options, optarg);
    case 'f':
        (void)snprintf(options->log_format, sizeof options->log_format, "log.format=%s", optarg);
        return add_set(options, options->log_format);
    case 'q':
        return add_set(options, "log.level=error");
    default:
        (void)fputs(usage, stderr);
        return GS_EXIT_USAGE;
    }
}

static int parse(int argc, char **argv, struct run_options *ret)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"stage", required_argument, NULL, 's'},
                                          {"set", required_argument, NULL, 'S'},
                                          {"log-format", required_argument, NULL, 'f'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int c = 0;

    *ret = (struct run_options){.stages = GS_STAGE_TAG | GS_STAGE_WATCH};
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        if (c == 'h') {
            (void)fputs(usage, stdout);
            return -1;
        }
        const int code = take(ret, c);
        if (code != GS_EXIT_OK) {
            return code;
        }
    }
    if (ret->config == NULL || ret->stages == 0 || optind < argc) {
        (void)fputs(usage, stderr);
        return GS_EXIT_USAGE;
    }
    return GS_EXIT_OK;
}

/* SIGHUP: the model again, and nothing else of the configuration. */
static void reload(struct gs_service *service, const struct gs_config *config)
{
    struct gs_error err = {0};

    gs_log(GS_LOG_INFO, "run", "SIGHUP: loading %s again (settings are read at the start only)",
           config->model.path);
    if (gs_service_reload(service, &err) == GS_OK) {
        gs_log(GS_LOG_INFO, "run", "loaded; each lane goes over at its next batch");
    } else {
        gs_log(GS_LOG_ERROR, "run", "refused, going on with the old model: %s", err.message);
    }
}

static int run_service(const struct gs_config *config, int stages)
{
    struct gs_service *service = NULL;
    struct gs_error err = {0};

    gs_signals_catch_reload();
    if (gs_service_start(config, stages, NULL, &service, &err) != GS_OK) {
        return gs_command_failed("run", &err);
    }
    if (gs_service_port(service) != 0) {
        gs_log(GS_LOG_INFO, "http", "http://%s:%d/ (status), /metrics, /healthz, /readyz",
               config->http.address, gs_service_port(service));
    }
    bool failed = false;
    while (!gs_signals_wait(200) && !failed) {
        failed = gs_service_failed(service, &err);
        if (gs_signals_reload()) {
            reload(service, config);
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
    struct run_options options;
    struct gs_config *config = NULL;
    struct gs_error err = {0};

    const int parsed = parse(argc, argv, &options);
    if (parsed != GS_EXIT_OK) {
        return parsed < 0 ? GS_EXIT_OK : parsed;
    }
    int code = gs_command_configure("run", options.config, options.sets, options.n_sets, &config);
    if (code != GS_EXIT_OK) {
        return code;
    }

    const bool kafka_in = config->input.kind == GS_INPUT_KAFKA;
    const bool kafka_out = config->output.kind == GS_OUTPUT_KAFKA;
    if (kafka_in != kafka_out) {
        (void)gs_fail(&err, GS_BAD_CONFIG,
                      "input.kind and output.kind: Kafka to Kafka, or files to files");
        code = gs_command_failed("run", &err);
    } else {
        code = kafka_in ? run_service(config, options.stages) : run_files(config, options.stages);
    }
    gs_config_free(config);
    return code;
}
