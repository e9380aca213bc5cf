/* groundswell offsets: moves a group's position in one partition, past a record that nobody can read
 * or to where records still are. What it did goes to the log and to stdout. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/group_options.h"
#include "ingest/base/log.h"
#include "ingest/kafka/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_number(struct gs_args *args, const char *what, const char *text, int64_t least,
                        int64_t most, int64_t *ret)
{
    char *end = NULL;

    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < least || number > most) {
        return gs_args_wrong(args, "%s is a whole number from %" PRId64 " to %" PRId64 ", not %s",
                             what, least, most, text);
    }
    *ret = number;
    return true;
}

/* set TOPIC PARTITION OFFSET, skip TOPIC PARTITION [COUNT] */
static bool read_move(struct gs_args *args, struct gs_kafka_move *move)
{
    const char *const *words = args->operands;
    const bool skip = args->n_operands > 0 && strcmp(words[0], "skip") == 0;
    int64_t partition = 0;

    if (args->n_operands == 0 || (!skip && strcmp(words[0], "set") != 0)) {
        return gs_args_wrong(args, "it takes set or skip");
    }
    if (args->n_operands < 3 || (!skip && args->n_operands < 4)) {
        return gs_args_wrong(args, "%s",
                             skip ? "skip TOPIC PARTITION [COUNT]" : "set TOPIC PARTITION OFFSET");
    }
    move->topic = words[1];
    if (!read_number(args, "PARTITION", words[2], 0, INT32_MAX, &partition)) {
        return false;
    }
    move->partition = (int32_t)partition;
    if (skip) {
        move->kind = GS_MOVE_BY;
        move->offset = 1;
        return args->n_operands == 3 ||
               read_number(args, "COUNT", words[3], 1, INT64_MAX / 2, &move->offset);
    }
    if (strcmp(words[3], "first") == 0 || strcmp(words[3], "end") == 0) {
        move->kind = words[3][0] == 'f' ? GS_MOVE_TO_FIRST : GS_MOVE_TO_END;
        return true;
    }
    move->kind = GS_MOVE_TO;
    return read_number(args, "OFFSET", words[3], 0, INT64_MAX, &move->offset);
}

static int do_move(const struct gs_config *config, bool watch, const char *action,
                   struct gs_kafka_move *move)
{
    struct gs_group_options options;
    struct gs_error err = {0};
    struct gs_buf line = {.max = 1 << 16};

    gs_group_options(config, watch, &options);
    if (gs_kafka_move(&options.kafka, move, &err) != GS_OK) {
        return gs_command_failed("offsets", &err);
    }
    gs_log(GS_LOG_WARNING, "audit",
           "offsets %s: group %s, %s[%" PRId32 "]: from %" PRId64 " to %" PRId64 ", by uid %lu",
           action, options.name, move->topic, move->partition, move->from, move->to,
           (unsigned long)getuid());
    gs_buf_puts(&line, "{\"group\":");
    gs_buf_json_str(&line, gs_str(options.name));
    gs_buf_puts(&line, ",\"topic\":");
    gs_buf_json_str(&line, gs_str(move->topic));
    gs_buf_printf(&line, ",\"partition\":%" PRId32 ",\"from\":", move->partition);
    if (move->from < 0) {
        gs_buf_puts(&line, "null");
    } else {
        gs_buf_printf(&line, "%" PRId64, move->from);
    }
    gs_buf_printf(&line, ",\"to\":%" PRId64 "}\n", move->to);
    if (gs_buf_ok(&line)) {
        (void)fwrite(line.bytes, 1, line.len, stdout);
    }
    gs_buf_done(&line);
    return GS_EXIT_OK;
}

int gs_cmd_offsets(int argc, char **argv)
{
    static const char *const names[] = {"tag", "watch"};
    struct gs_args args;
    struct gs_config *config = NULL;
    struct gs_kafka_move move = {.topic = NULL};
    size_t stage = 0;

    gs_args_init(&args, GS_CMD_OFFSETS, argc, argv);
    while (gs_args_next(&args)) {
        (void)gs_args_choice(&args, names, GS_COUNT(names), &stage);
    }
    int code =
        args.ends || !read_move(&args, &move) ? args.code : gs_command_configure(&args, &config);
    if (config != NULL) {
        code = do_move(config, stage == 1, args.operands[0], &move);
    }
    gs_config_free(config);
    gs_args_done(&args);
    return code;
}
