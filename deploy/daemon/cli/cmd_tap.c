/* groundswell tap: records of a stream as they pass. Read from outside any group (reader.h), so that
 * whoever looks changes nothing.
 *
 * One line of JSON a record: its value, where that is JSON; else, and for dead letters always, the
 * record as it would be in output.files.dlq. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/group_options.h"
#include "deploy/daemon/cli/where.h"
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/service/signals.h"
#include "ingest/base/escape.h"
#include "ingest/base/json_pull.h"
#include "ingest/kafka/reader.h"
#include "ingest/records/dlq_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_CONDITIONS = 16, MOST_BYTES = 1 << 26 };

struct asked {
    struct gs_where where[MOST_CONDITIONS];
    size_t n_where;
    bool earliest, pretty;
    int64_t back;   /* so many offsets before the ends */
    uint64_t count; /* 0: without end */
};

struct tap {
    const struct asked *asked;
    struct gs_kafka_reader *reader;
    struct gs_arena *arena;
    struct gs_buf json, line;
    bool letters; /* the dead-letter queue */
    uint64_t n;
};

/* ---- a record ---- */

/* The record as one line of JSON. */
static bool make_json(struct tap *tap, const struct gs_record *record)
{
    const struct gs_output output = {.key = record->key,
                                     .value = record->value,
                                     .headers = record->headers,
                                     .n_headers = record->n_headers,
                                     .timestamp_ms = record->timestamp_ms};
    struct gs_json json;

    gs_buf_reset(&tap->json);
    gs_json_init(&json, record->value, GS_JSON_MAX_DEPTH, true, tap->arena);
    if (!tap->letters && record->value.len > 0 && gs_json_skip(&json) && gs_json_finish(&json)) {
        char *room = gs_buf_reserve(&tap->json, 3 * record->value.len);
        tap->json.len += room == NULL ? 0 : gs_json_compact(record->value, room);
    } else {
        gs_dlq_encode(&output, &tap->json);
    }
    return gs_buf_ok(&tap->json);
}

static bool is_meant(const struct tap *tap)
{
    for (size_t i = 0; i < tap->asked->n_where; i++) {
        if (!gs_where_holds(&tap->asked->where[i], gs_buf_str(&tap->json), tap->arena)) {
            return false;
        }
    }
    return true;
}

static void end_line(struct tap *tap, int depth)
{
    struct gs_buf escaped = {.max = MOST_BYTES};

    gs_buf_terminal(&escaped, gs_buf_str(&tap->line));
    gs_buf_putc(&escaped, '\n');
    if (gs_buf_ok(&escaped)) {
        (void)fwrite(escaped.bytes, 1, escaped.len, stdout);
    }
    gs_buf_done(&escaped);
    gs_buf_reset(&tap->line);
    gs_buf_printf(&tap->line, "%*s", 2 * depth, "");
}

/* The compact JSON in lines, a member each. Lists of plain values stay in one. */
static void print_pretty(struct tap *tap, const struct gs_record *record)
{
    struct gs_buf time = {.max = 64};
    const struct gs_str json = gs_buf_str(&tap->json);
    bool text = false;
    int depth = 0;

    gs_buf_json_time(&time, record->timestamp_ms);
    gs_buf_reset(&tap->line);
    gs_buf_printf(&tap->line, "-- %.*s [%" PRId32 "] %" PRId64 ", %.*s, key ",
                  GS_STR_ARGS(record->topic), record->partition, record->offset,
                  GS_STR_ARGS(gs_buf_str(&time)));
    gs_buf_put(&tap->line, record->key.bytes == NULL ? gs_str("null") : record->key);
    end_line(tap, 0);
    for (size_t i = 0; i < json.len; i++) {
        const char c = json.bytes[i];
        text = text != (c == '"');
        if (text && c == '\\') { /* what it escapes is no end of the text */
            gs_buf_putc(&tap->line, c);
            gs_buf_putc(&tap->line, json.bytes[++i]);
            continue;
        }
        if (!text && (c == '}' || c == ']')) {
            depth--;
            end_line(tap, depth);
        }
        gs_buf_putc(&tap->line, c);
        if (!text && (c == '{' || c == '[' || c == ',')) {
            depth += c != ',';
            end_line(tap, depth);
        } else if (!text && c == ':') {
            gs_buf_putc(&tap->line, ' ');
        }
    }
    end_line(tap, 0);
    gs_buf_done(&time);
}

static void show(struct tap *tap, const struct gs_record *record)
{
    gs_arena_reset(tap->arena);
    if (!make_json(tap, record) || !is_meant(tap)) {
        return;
    }
    tap->n++;
    if (tap->asked->pretty) {
        print_pretty(tap, record);
    } else {
        gs_buf_putc(&tap->json, '\n');
        (void)fwrite(tap->json.bytes, 1, tap->json.len, stdout);
    }
    (void)fflush(stdout);
}

/* ---- the stream ---- */

static void seek(struct tap *tap)
{
    for (int32_t i = 0; i < gs_kafka_reader_partitions(tap->reader); i++) {
        int64_t low = 0;
        int64_t end = 0;
        gs_kafka_reader_bounds(tap->reader, i, &low, &end);
        gs_kafka_reader_seek(tap->reader, i, tap->asked->earliest ? low : end - tap->asked->back);
    }
}

static enum gs_status follow(struct tap *tap, struct gs_error *err)
{
    struct gs_record record;
    enum gs_status status = GS_OK;

    while ((status == GS_OK || status == GS_AGAIN) && !gs_signals_stop() &&
           (tap->asked->count == 0 || tap->n < tap->asked->count)) {
        status = gs_kafka_reader_next(tap->reader, 100, &record, err);
        if (status == GS_OK) {
            show(tap, &record);
            gs_kafka_reader_release(tap->reader);
        }
    }
    return status == GS_AGAIN ? GS_OK : status;
}

/* The topic that a word names: a stream of ours, or itself. */
static const char *topic_of(const struct gs_config *config, const char *word, bool *ret_letters)
{
    for (int i = 0; i < GS_N_STREAMS; i++) {
        if (config->output.topics[i] != NULL &&
            strcmp(word, gs_stream_name((enum gs_stream)i)) == 0) {
            word = config->output.topics[i];
            break;
        }
    }
    *ret_letters = strcmp(word, config->output.topics[GS_STREAM_DLQ]) == 0;
    return word;
}

static int tap_into(const struct gs_config *config, const char *word, const struct asked *asked)
{
    struct tap tap = {.asked = asked, .json = {.max = MOST_BYTES}, .line = {.max = MOST_BYTES}};
    struct gs_group_options group;
    struct gs_error err = {GS_OK, ""};
    const char *topic = topic_of(config, word, &tap.letters);

    gs_group_options_reader(config, "tap", &group);
    enum gs_status status = gs_arena_new(MOST_BYTES, &tap.arena, &err);
    if (status == GS_OK) {
        status = gs_kafka_reader_open(&group.kafka, topic, true, &tap.reader, &err);
    }
    if (status == GS_OK) {
        seek(&tap);
        status = follow(&tap, &err);
    }
    gs_kafka_reader_close(tap.reader);
    gs_arena_free(tap.arena);
    gs_buf_done(&tap.json);
    gs_buf_done(&tap.line);
    return status == GS_OK ? GS_EXIT_OK : gs_command_failed("tap", &err);
}

/* ---- the command line ---- */

static bool read_from(struct gs_args *args, struct asked *asked)
{
    char *end = NULL;

    errno = 0;
    const long long back = strtoll(args->value, &end, 10);
    if (strcmp(args->value, "earliest") == 0 || strcmp(args->value, "now") == 0) {
        asked->earliest = args->value[0] == 'e';
        return true;
    }
    if (errno != 0 || end == args->value || *end != '\0' || back >= 0 || args->value[0] != '-') {
        return gs_args_wrong(args, "--from is earliest, now or -N, not %s", args->value);
    }
    asked->back = -back;
    return true;
}

static bool read_flag(struct gs_args *args, struct asked *asked)
{
    struct gs_error err = {GS_OK, ""};
    unsigned long long n = 0;

    switch (args->flag) {
    case GS_FLAG_FROM:
        return read_from(args, asked);
    case GS_FLAG_COUNT:
        if (!gs_args_count(args, 1, INT64_MAX, &n)) {
            return false;
        }
        asked->count = n;
        return true;
    case GS_FLAG_PRETTY:
        asked->pretty = true;
        return true;
    case GS_FLAG_WHERE:
        if (asked->n_where == MOST_CONDITIONS) {
            return gs_args_wrong(args, "more than %d conditions", MOST_CONDITIONS);
        }
        return gs_where_parse(args->value, &asked->where[asked->n_where++], &err) == GS_OK ||
               gs_args_wrong(args, "%s", err.message);
    default:
        return true;
    }
}

int gs_cmd_tap(int argc, char **argv)
{
    struct gs_args args;
    struct gs_config *config = NULL;
    struct asked asked = {.n_where = 0};

    gs_args_init(&args, GS_CMD_TAP, argc, argv);
    while (gs_args_next(&args) && read_flag(&args, &asked)) {
    }
    if (!args.ends && args.n_operands == 0) {
        (void)gs_args_wrong(&args,
                            "which stream? tagged, observations, alerts, incidents, late, dlq, or "
                            "a topic");
    }
    int code = args.ends ? args.code : gs_command_configure(&args, &config);
    if (config != NULL) {
        code = tap_into(config, args.operands[0], &asked);
    }
    gs_config_free(config);
    gs_args_done(&args);
    return code;
}
