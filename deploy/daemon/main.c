/* groundswell: the program. Finds the command and hands over; each command is a file of its own,
 * deploy/daemon/cli/cmd_<name>.c, and a row of the table of commands. */
#include "classifier/encoder/blas.h"
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/version.h"
#include "ingest/base/escape.h"
#include "ingest/base/file.h"
#include "ingest/base/nearest.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gs_command_fn *const functions[GS_N_COMMANDS] = {
    [GS_CMD_RUN] = gs_cmd_run,           [GS_CMD_DEMO] = gs_cmd_demo,
    [GS_CMD_TAG] = gs_cmd_tag,           [GS_CMD_REPLAY] = gs_cmd_replay,
    [GS_CMD_CHECK] = gs_cmd_check,       [GS_CMD_TRAIN] = gs_cmd_train,
    [GS_CMD_EVAL] = gs_cmd_eval,         [GS_CMD_EXPLAIN] = gs_cmd_explain,
    [GS_CMD_TOKENIZE] = gs_cmd_tokenize, [GS_CMD_EMBED] = gs_cmd_embed,
    [GS_CMD_QUANTIZE] = gs_cmd_quantize, [GS_CMD_COMBINE] = gs_cmd_combine,
    [GS_CMD_BENCH] = gs_cmd_bench,       [GS_CMD_LAG] = gs_cmd_lag,
    [GS_CMD_OFFSETS] = gs_cmd_offsets,   [GS_CMD_DLQ] = gs_cmd_dlq,
    [GS_CMD_DOCTOR] = gs_cmd_doctor,     [GS_CMD_TAP] = gs_cmd_tap,
    [GS_CMD_STATE] = gs_cmd_state,       [GS_CMD_INCIDENTS] = gs_cmd_incidents,
    [GS_CMD_ACK] = gs_cmd_ack,           [GS_CMD_UNACK] = gs_cmd_unack,
    [GS_CMD_MUTE] = gs_cmd_mute,         [GS_CMD_UNMUTE] = gs_cmd_unmute,
};

/* GS_N_COMMANDS: there is none of that name. */
static enum gs_command_id find(const char *name)
{
    size_t i = 0;

    while (i < GS_N_COMMANDS && strcmp(gs_commands[i].name, name) != 0) {
        i++;
    }
    return (enum gs_command_id)i;
}

static int help(const char *name)
{
    struct gs_buf text = {.max = 1 << 20};
    const enum gs_command_id id = name == NULL ? GS_N_COMMANDS : find(name);

    if (id < GS_N_COMMANDS) {
        gs_help_command(&gs_commands[id], &text);
    } else {
        gs_help_all(&text);
    }
    (void)fwrite(text.bytes, 1, text.len, stdout);
    gs_buf_done(&text);
    return GS_EXIT_OK;
}

/* One line: what is not yet, or the name that may have been meant. */
static int unknown(const char *name)
{
    struct gs_nearest nearest = gs_nearest(name);

    for (size_t i = 0; i < gs_n_later_commands; i++) {
        if (strcmp(name, gs_later_commands[i].name) == 0) {
            gs_print_line(stderr, "groundswell %s: not yet, this version does not have it (%s)",
                          name, gs_later_commands[i].what);
            return GS_EXIT_USAGE;
        }
    }
    for (size_t i = 0; i < GS_N_COMMANDS; i++) {
        gs_nearest_offer(&nearest, gs_commands[i].name);
    }
    gs_print_line(
        stderr, "groundswell: there is no command '%.80s'%s%s%s ('groundswell --help' lists them)",
        name, nearest.best == NULL ? "" : "; did you mean ",
        nearest.best == NULL ? "" : nearest.best, nearest.best == NULL ? "" : "?");
    return GS_EXIT_USAGE;
}

/* Where OpenBLAS took kernels far below this CPU's, the program begins again with better ones asked
 * for: the library reads its environment while it is loaded, before main(). What was asked for in
 * the environment stays. A system that does not let it begin again (no /proc) goes on, slower. */
static void begin_with_better_kernels(char **argv)
{
    const char *core = gs_blas_better_core();
    char self[PATH_MAX];

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread yet */
    if (core == NULL || getenv("OPENBLAS_CORETYPE") != NULL) {
        return;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (setenv("OPENBLAS_CORETYPE", core, 1) != 0) {
        return;
    }
    if (gs_file_of_program(self, sizeof self)) {
        (void)execv(self, argv);
    }
}

/* Prepares what every command stands on: products that several threads may compute (blas.h), and a
 * write over the file size limit (ulimit -f) that is an error like a full disk, not a death by
 * SIGXFSZ. */
static enum gs_status prepare(struct gs_error *err)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigaction(SIGXFSZ, &ignore, NULL);
    return gs_blas_init(err);
}

static int run(enum gs_command_id id, int argc, char **argv)
{
    struct gs_error err = {0};

    if (prepare(&err) != GS_OK) {
        (void)gs_command_failed(argv[0], &err);
        return GS_EXIT_FAILURE;
    }
    return functions[id](argc, argv);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fputs("groundswell: which command? ('groundswell --help' lists them)\n", stderr);
        return GS_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return help(NULL);
    }
    if (strcmp(argv[1], "help") == 0) {
        return help(argc > 2 ? argv[2] : NULL);
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("groundswell " GS_VERSION);
        return GS_EXIT_OK;
    }
    const enum gs_command_id id = find(argv[1]);

    if (id < GS_N_COMMANDS) {
        begin_with_better_kernels(argv);
    }
    return id < GS_N_COMMANDS ? run(id, argc - 1, argv + 1) : unknown(argv[1]);
}
