/* groundswell: the program. Finds the command and hands over; each command is a file of its own. */
#include "deploy/daemon/command.h"
#include "deploy/daemon/version.h"

#include "base/attr.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    gs_command_fn *run;
    const char *what;
} commands[] = {
    {"run", gs_cmd_run, "the service: Kafka or files in, tags and alerts out"},
    {"demo", gs_cmd_demo, "all of it on a stream that it makes, in a minute"},
    {"tag", gs_cmd_tag, "topic, sentiment, risk and entities of each line"},
    {"replay", gs_cmd_replay, "the alerts that a configuration gives on kept data"},
    {"check", gs_cmd_check, "what is wrong with a configuration and what it names"},
    {"train", gs_cmd_train, "a model folder from labelled lines"},
    {"eval", gs_cmd_eval, "how good a model is on labelled lines"},
    {"explain", gs_cmd_explain, "why the model says what it says"},
    {"tokenize", gs_cmd_tokenize, "the ids that an encoder reads of each line"},
    {"embed", gs_cmd_embed, "an encoder's vector of each line"},
    {"quantize", gs_cmd_quantize, "an int8 folder from an encoder of fp32"},
    {"bench", gs_cmd_bench, "how fast the model is here"},
};

static void print_usage(FILE *out)
{
    (void)fputs("usage: groundswell COMMAND [options]\n\n", out);
    for (size_t i = 0; i < GS_COUNT(commands); i++) {
        (void)fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
    }
    (void)fputs("\n'groundswell COMMAND --help' explains one. 'groundswell --version' says which "
                "this is.\n",
                out);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return GS_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return GS_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("groundswell " GS_VERSION);
        return GS_EXIT_OK;
    }
    for (size_t i = 0; i < GS_COUNT(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    (void)fprintf(stderr, "groundswell: there is no command '%s'\n\n", argv[1]);
    print_usage(stderr);
    return GS_EXIT_USAGE;
}
