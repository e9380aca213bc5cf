/* groundswell lag: how far the groups of a running system are behind, a line a partition. It asks
 * the brokers, not the processes, so it also shows what nobody reads. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/group_options.h"
#include "ingest/base/clock.h"
#include "ingest/kafka/inspect.h"

#include <inttypes.h>
#include <stdio.h>

struct printer {
    const char *stage;
    size_t n_unowned;
};

static void print_standing(void *arg, const struct gs_kafka_standing *standing)
{
    struct printer *printer = arg;
    struct gs_buf line = {.max = 1 << 16};

    gs_buf_printf(&line, "{\"stage\":\"%s\",\"topic\":", printer->stage);
    gs_buf_json_str(&line, gs_str(standing->topic));
    gs_buf_printf(&line, ",\"partition\":%" PRId32 ",\"committed\":", standing->partition);
    if (standing->committed < 0) {
        gs_buf_puts(&line, "null");
    } else {
        gs_buf_printf(&line, "%" PRId64, standing->committed);
    }
    gs_buf_printf(&line, ",\"end\":%" PRId64 ",\"lag\":%" PRId64 ",\"lag_seconds\":", standing->end,
                  standing->lag);
    if (standing->lag > 0 && standing->since_ms < 0) {
        gs_buf_puts(&line, "null");
    } else {
        const int64_t age_ms = gs_clock_wall_ms() - standing->since_ms;
        gs_buf_printf(&line, "%.3f",
                      standing->lag == 0 || age_ms < 0 ? 0.0 : (double)age_ms / 1000);
    }
    gs_buf_puts(&line, ",\"owner\":");
    if (standing->owner == NULL) {
        gs_buf_puts(&line, "null");
        printer->n_unowned++;
    } else {
        gs_buf_json_str(&line, gs_str(standing->owner));
    }
    gs_buf_puts(&line, "}\n");
    if (gs_buf_ok(&line)) {
        (void)fwrite(line.bytes, 1, line.len, stdout);
    }
    gs_buf_done(&line);
}

/* The exit code. */
static int tell_stage(const struct gs_config *config, bool watch)
{
    struct printer printer = {.stage = watch ? "watch" : "tag"};
    struct gs_group_options options;
    struct gs_error err = {0};
    size_t n_members = 0;

    gs_group_options(config, watch, &options);
    if (gs_kafka_standings(&options.kafka, print_standing, &printer, &n_members, &err) != GS_OK) {
        return gs_command_failed("lag", &err);
    }
    if (printer.n_unowned > 0) {
        gs_command_say("lag", "group %s has %zu members, and nobody reads %zu partitions",
                       options.name, n_members, printer.n_unowned);
    }
    return printer.n_unowned > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

int gs_cmd_lag(int argc, char **argv)
{
    static const char *const names[] = {"tag", "watch"};
    struct gs_args args;
    struct gs_config *config = NULL;
    bool asked[2] = {true, true};
    size_t stage = 0;

    gs_args_init(&args, GS_CMD_LAG, argc, argv);
    while (gs_args_next(&args)) {
        if (gs_args_choice(&args, names, GS_COUNT(names), &stage)) {
            asked[0] = stage == 0;
            asked[1] = stage == 1;
        }
    }
    int code = args.ends ? args.code : gs_command_configure(&args, &config);
    for (int i = 0; i < 2 && config != NULL; i++) {
        const int here = asked[i] ? tell_stage(config, i == 1) : GS_EXIT_OK;
        code = here > code ? here : code;
    }
    gs_config_free(config);
    gs_args_done(&args);
    return code;
}
