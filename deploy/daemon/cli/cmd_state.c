/* groundswell state: what is kept of the windows (ls), and those of one key (show). It reads the
 * changelog from outside any group, or a state's file. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/state_print.h"

struct asked {
    const char *key; /* NULL: ls */
    bool json;
    bool file; /* --state */
    bool found;
    size_t n_broken;
};

static bool visit(void *arg, struct gs_state_part *part)
{
    struct asked *asked = arg;

    asked->n_broken += part->why.status != GS_OK;
    if (asked->key == NULL) {
        gs_state_print_part(part, asked->json);
        return true;
    }
    asked->found = gs_state_print_key(part, gs_str(asked->key), asked->json);
    if (part->why.status != GS_OK) {
        gs_command_say("state", "%s [%d] cannot be loaded: %s", part->topic, (int)part->partition,
                       part->why.message);
    }
    return !asked->found;
}

static int act(const struct gs_config *config, struct asked *asked)
{
    const bool file = asked->file || config->input.kind != GS_INPUT_KAFKA;
    struct gs_error err = {GS_OK, ""};

    if (file && config->state.path == NULL) {
        gs_command_say("state", "which state? --state FILE, or state.path of the configuration");
        return GS_EXIT_USAGE;
    }
    const enum gs_status status = file ? gs_state_parts_in_file(config, visit, asked, &err)
                                       : gs_state_parts_in_topic(config, visit, asked, &err);
    if (status != GS_OK) {
        return gs_command_failed("state", &err);
    }
    if (asked->key != NULL && !asked->found) {
        gs_command_say("state", "nothing is kept of the key %s", asked->key);
        return GS_EXIT_FINDINGS;
    }
    return asked->n_broken > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

static bool read_action(struct gs_args *args, struct asked *asked)
{
    const char *action = args->n_operands == 0 ? "" : args->operands[0];

    if (strcmp(action, "ls") == 0 && args->n_operands == 1) {
        return true;
    }
    if (strcmp(action, "show") == 0 && args->n_operands == 2) {
        asked->key = args->operands[1];
        return true;
    }
    return gs_args_wrong(args, "it takes ls, or show KEY");
}

int gs_cmd_state(int argc, char **argv)
{
    struct gs_args args;
    struct gs_config *config = NULL;
    struct asked asked = {.key = NULL};

    gs_args_init(&args, GS_CMD_STATE, argc, argv);
    while (gs_args_next(&args)) {
        asked.json = asked.json || args.flag == GS_FLAG_JSON;
        if (args.flag == GS_FLAG_STATE) {
            asked.file = true;
            (void)gs_args_set(&args, "state.path", args.value);
        }
    }
    int code =
        args.ends || !read_action(&args, &asked) ? args.code : gs_command_configure(&args, &config);
    if (config != NULL) {
        code = act(config, &asked);
    }
    gs_config_free(config);
    gs_args_done(&args);
    return code;
}
