/* groundswell dlq: what was refused and why (ls), one letter as it came (show; dlq_list.c), and
 * sending letters again (redrive; dlq_redrive.c). */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/dlq_list.h"
#include "deploy/daemon/cli/dlq_redrive.h"
#include "ingest/base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_REDRIVES = 3 };

struct asked {
    struct gs_dlq_filter filter;
    bool dry;
    enum gs_dlq_form form;
    int64_t partition, offset; /* show */
};

/* ---- the command line ---- */

static bool add_reason(struct gs_args *args, struct gs_dlq_filter *filter)
{
    for (int i = 1; i < GS_N_REJECTS; i++) {
        if (strcmp(args->value, gs_reject_name((enum gs_reject)i)) == 0) {
            filter->picks = true;
            filter->reasons[i] = true;
            return true;
        }
    }
    return gs_args_wrong(args, "there is no reason %s; deploy/docs/records.md lists them",
                         args->value);
}

static bool read_time(struct gs_args *args, int64_t *ret_ms)
{
    return gs_dlq_time(args->value, gs_clock_wall_ms(), ret_ms) ||
           gs_args_wrong(args,
                         "--%s is a time with a zone, as 2026-01-05T08:00:00Z, or so long ago, as "
                         "90s, 15m, 2h or 3d; not %s",
                         gs_flags[args->flag].name, args->value);
}

static bool read_flag(struct gs_args *args, struct asked *asked)
{
    unsigned long long n = 0;

    switch (args->flag) {
    case GS_FLAG_REASON:
        return add_reason(args, &asked->filter);
    case GS_FLAG_SINCE:
        return read_time(args, &asked->filter.since_ms);
    case GS_FLAG_UNTIL:
        return read_time(args, &asked->filter.until_ms);
    case GS_FLAG_MAX_REDRIVES:
        if (!gs_args_count(args, 1, 1000, &n)) {
            return false;
        }
        asked->filter.max_redrives = (unsigned)n;
        return true;
    case GS_FLAG_DRY_RUN:
        asked->dry = true;
        return true;
    case GS_FLAG_JSON:
        asked->form = GS_DLQ_JSON;
        return true;
    case GS_FLAG_RAW:
        asked->form = GS_DLQ_RAW;
        return true;
    default:
        return true;
    }
}

static bool read_place(struct gs_args *args, struct asked *asked)
{
    int64_t *const to[] = {&asked->partition, &asked->offset};
    static const int64_t most[] = {INT32_MAX, INT64_MAX - 1};

    for (size_t i = 0; i < 2; i++) {
        char *end = NULL;
        const char *word = args->operands[i + 1];
        errno = 0;
        *to[i] = strtoll(word, &end, 10);
        if (errno != 0 || end == word || *end != '\0' || *to[i] < 0 || *to[i] > most[i]) {
            return gs_args_wrong(args, "%s is a whole number, not %s",
                                 i == 0 ? "PARTITION" : "OFFSET", word);
        }
    }
    return true;
}

static bool read_action(struct gs_args *args, struct asked *asked)
{
    const char *action = args->n_operands == 0 ? "" : args->operands[0];
    const bool show = strcmp(action, "show") == 0;

    if (!show && strcmp(action, "ls") != 0 && strcmp(action, "redrive") != 0) {
        return gs_args_wrong(args, "it takes ls, show or redrive");
    }
    if (args->n_operands != (show ? 3 : 1)) {
        return gs_args_wrong(args, "%s", show ? "show PARTITION OFFSET" : "too many words");
    }
    return !show || read_place(args, asked);
}

static int act(const struct gs_config *config, const char *action, const struct asked *asked,
               bool quiet)
{
    struct gs_dlq_queue queue;
    struct gs_error err = {GS_OK, ""};
    int code = GS_EXIT_OK;

    if (gs_dlq_queue_init(config, &asked->filter, &queue, &err) != GS_OK) {
        return gs_command_failed("dlq", &err);
    }
    if (action[0] == 'l') {
        code = gs_dlq_list(&queue, quiet);
    } else if (action[0] == 's') {
        code = gs_dlq_show(&queue, (int32_t)asked->partition, asked->offset, asked->form);
    } else {
        code = gs_dlq_redrive(&queue, asked->dry, quiet);
    }
    gs_dlq_queue_done(&queue);
    return code;
}

int gs_cmd_dlq(int argc, char **argv)
{
    struct gs_args args;
    struct gs_config *config = NULL;
    struct asked asked = {
        .filter = {.since_ms = INT64_MIN, .until_ms = INT64_MAX, .max_redrives = MAX_REDRIVES}};

    gs_args_init(&args, GS_CMD_DLQ, argc, argv);
    while (gs_args_next(&args) && read_flag(&args, &asked)) {
    }
    int code =
        args.ends || !read_action(&args, &asked) ? args.code : gs_command_configure(&args, &config);
    if (config != NULL) {
        code = act(config, args.operands[0], &asked, args.quiet);
    }
    gs_config_free(config);
    gs_args_done(&args);
    return code;
}
