/* The commands of the program: one file each, cmd_<name>.c. The command line is a contract,
 * deploy/docs/cli.md.
 *
 * argv[0] is the command's name; options are read with getopt_long(). Data goes to stdout, all else
 * to stderr. The value returned is the exit code. */
#ifndef GS_DEPLOY_COMMAND_H
#define GS_DEPLOY_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum gs_exit {
    GS_EXIT_OK = 0,
    GS_EXIT_FINDINGS = 1, /* check found something, a gate failed, some lines were refused */
    GS_EXIT_USAGE = 2,
    GS_EXIT_FAILURE = 3 /* at run time */
};

struct gs_config;
struct gs_model_choice;
struct gs_error;

/* What the commands share: says on stderr what went wrong and gives the exit code for it. */
int gs_command_failed(const char *command, const struct gs_error *err);

/* Loads the configuration (path NULL: defaults) with its overrides, prints all findings, sets up
 * the log and the signals. GS_EXIT_OK and *ret is the caller's, or the exit code. */
int gs_command_configure(const char *command, const char *path, const char *const *sets,
                         size_t n_sets, struct gs_config **ret);

/* --tier and --arithmetic by name; false: no such name. */
bool gs_choose_tier(const char *name, struct gs_model_choice *choice);
bool gs_choose_arithmetic(const char *name, struct gs_model_choice *choice);

typedef int gs_command_fn(int argc, char **argv);

gs_command_fn gs_cmd_bench;
gs_command_fn gs_cmd_check;
gs_command_fn gs_cmd_demo;
gs_command_fn gs_cmd_embed;
gs_command_fn gs_cmd_eval;
gs_command_fn gs_cmd_explain;
gs_command_fn gs_cmd_quantize;
gs_command_fn gs_cmd_replay;
gs_command_fn gs_cmd_run;
gs_command_fn gs_cmd_tag;
gs_command_fn gs_cmd_tokenize;
gs_command_fn gs_cmd_train;

#endif
