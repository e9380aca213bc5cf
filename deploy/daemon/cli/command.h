/* The commands of the program: one file each, cmd_<name>.c. The command line is a contract,
 * deploy/docs/cli.md.
 *
 * argv[0] is the command's name; options are read by the table of command_line.h. Data goes to
 * stdout, all else to stderr. The value returned is the exit code. */
#ifndef GS_DEPLOY_COMMAND_H
#define GS_DEPLOY_COMMAND_H

#include "deploy/daemon/cli/command_line.h"
#include "deploy/daemon/exit_code.h"

#include <stdbool.h>
#include <stddef.h>

struct gs_config;
struct gs_model_choice;
struct gs_error;

/* Shared by the commands. Says on stderr what went wrong and gives the exit code for it. */
int gs_command_failed(const char *command, const struct gs_error *err);

/* Says on stderr, as text or as a JSON line, what is wrong; the command goes on or ends. */
GS_PRINTF(2, 3) void gs_command_say(const char *command, const char *fmt, ...);

/* Loads the configuration that args name (none: defaults) with its overrides, prints all
 * diagnostics, sets up the log and the signals. GS_EXIT_OK and *ret is the caller's, or the exit
 * code. */
int gs_command_configure(struct gs_args *args, struct gs_config **ret);

/* Loads one more configuration, with the same overrides and one more (SETTING=VALUE; NULL: none), and
 * prints its diagnostics. GS_EXIT_OK and *ret is the caller's, or the exit code. */
int gs_command_load(const struct gs_args *args, const char *path, const char *set,
                    struct gs_config **ret);

/* The value of --tier and --arithmetic; false: there is no such choice (said). */
bool gs_args_tier(struct gs_args *args, struct gs_model_choice *choice);
bool gs_args_arithmetic(struct gs_args *args, struct gs_model_choice *choice);

typedef int gs_command_fn(int argc, char **argv);

gs_command_fn gs_cmd_ack;
gs_command_fn gs_cmd_bench;
gs_command_fn gs_cmd_check;
gs_command_fn gs_cmd_combine;
gs_command_fn gs_cmd_demo;
gs_command_fn gs_cmd_dlq;
gs_command_fn gs_cmd_doctor;
gs_command_fn gs_cmd_embed;
gs_command_fn gs_cmd_eval;
gs_command_fn gs_cmd_explain;
gs_command_fn gs_cmd_incidents;
gs_command_fn gs_cmd_lag;
gs_command_fn gs_cmd_mute;
gs_command_fn gs_cmd_offsets;
gs_command_fn gs_cmd_quantize;
gs_command_fn gs_cmd_replay;
gs_command_fn gs_cmd_run;
gs_command_fn gs_cmd_state;
gs_command_fn gs_cmd_tag;
gs_command_fn gs_cmd_tap;
gs_command_fn gs_cmd_tokenize;
gs_command_fn gs_cmd_train;
gs_command_fn gs_cmd_unack;
gs_command_fn gs_cmd_unmute;

#endif
