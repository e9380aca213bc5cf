/* The queue as the actions of `groundswell dlq` see it (dlq_queue.h). Its letters are read from
 * outside any group; what was sent again stands in the offsets of the group PREFIX-redrive, which no
 * process joins (redrive_ledger.h). */
#include "deploy/daemon/cli/dlq_queue.h"

#include "deploy/daemon/cli/json_member.h"
#include "deploy/daemon/service/signals.h"

#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- opening ---- */

enum gs_status gs_dlq_queue_init(const struct gs_config *config, const struct gs_dlq_filter *filter,
                                 struct gs_dlq_queue *ret, struct gs_error *err)
{
    *ret = (struct gs_dlq_queue){
        .config = config, .filter = filter, .topic = config->output.topics[GS_STREAM_DLQ]};
    if (config->output.kind != GS_OUTPUT_KAFKA) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "output.kind is file: dead letters are lines of output.files.dlq");
    }
    gs_config_kafka_options(config, &ret->kafka);
    (void)snprintf(ret->name, sizeof ret->name, "%s-redrive", config->kafka.group_prefix);
    ret->kafka.group = ret->name;
    ret->kafka.instance = ret->name;
    return GS_OK;
}

static void read_place(void *arg, const struct gs_kafka_place *place)
{
    struct gs_dlq_queue *queue = arg;
    struct gs_ledger *ledger = &queue->ledgers[place->partition];
    struct gs_error err = {GS_OK, ""};
    int64_t low = 0;
    int64_t end = 0;

    gs_kafka_reader_bounds(queue->reader, place->partition, &low, &end);
    enum gs_status status = gs_ledger_read(place->offset, place->note, ledger, &err);
    if (status == GS_OK && place->offset > end) {
        status = gs_fail(&err, GS_IO,
                         "it stands at %" PRId64 " and the partition ends at %" PRId64
                         ": the topic was made anew",
                         place->offset, end);
    }
    gs_ledger_trim(ledger, low);
    if (status != GS_OK && queue->fault.status == GS_OK) {
        (void)gs_fail(&queue->fault, GS_IO,
                      "what was sent again of %s [%" PRId32
                      "] is not known: %s; delete the offsets of group %s to begin anew",
                      queue->topic, place->partition, err.message, queue->name);
    }
}

enum gs_status gs_dlq_queue_open(struct gs_dlq_queue *queue, struct gs_error *err)
{
    enum gs_status status =
        gs_kafka_reader_open(&queue->kafka, queue->topic, false, &queue->reader, err);

    if (status != GS_OK) {
        return status;
    }
    const size_t n = (size_t)gs_kafka_reader_partitions(queue->reader);
    queue->ledgers = calloc(n, sizeof *queue->ledgers);
    queue->before = calloc(n, sizeof *queue->before);
    if (queue->ledgers == NULL || queue->before == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "the dead-letter queue");
    }
    queue->n = (int32_t)n;
    for (size_t i = 0; i < n; i++) {
        queue->before[i] = -1;
    }
    status = gs_kafka_reader_places(queue->reader, read_place, queue, err);
    if (status == GS_OK && queue->fault.status != GS_OK) {
        status = gs_fail(err, queue->fault.status, "%s", queue->fault.message);
    }
    return status;
}

void gs_dlq_queue_done(struct gs_dlq_queue *queue)
{
    gs_kafka_reader_close(queue->reader);
    for (int32_t i = 0; i < queue->n; i++) {
        gs_ledger_done(&queue->ledgers[i]);
    }
    free(queue->ledgers);
    free(queue->before);
}

/* ---- letters ---- */

enum gs_status gs_dlq_queue_next(struct gs_dlq_queue *queue, struct gs_record *record,
                                 struct gs_dead_letter *ret, int64_t *ret_before,
                                 struct gs_error *err)
{
    enum gs_status status = GS_AGAIN;

    while (status == GS_AGAIN) {
        status = gs_signals_stop() ? gs_fail(err, GS_ABORTED, "stopped")
                                   : gs_kafka_reader_next(queue->reader, 100, record, err);
    }
    if (status == GS_OK) {
        gs_dead_letter_read(record, ret);
        *ret_before = queue->before[record->partition];
        queue->before[record->partition] = record->offset;
    }
    return status;
}

bool gs_dlq_matches(const struct gs_dlq_filter *filter, const struct gs_dead_letter *letter)
{
    bool meant = !filter->picks;

    for (int i = 1; i < GS_N_REJECTS && !meant; i++) {
        meant = filter->reasons[i] &&
                gs_str_equal(letter->code, gs_str(gs_reject_name((enum gs_reject)i)));
    }
    return meant && letter->timestamp_ms >= filter->since_ms &&
           letter->timestamp_ms < filter->until_ms;
}

/* A topic of the configuration, by name or by a pattern as librdkafka takes it. */
static bool is_named(const char *known, const char *topic)
{
    regex_t pattern;

    if (known[0] != '^') {
        return strcmp(known, topic) == 0;
    }
    if (regcomp(&pattern, known, REG_EXTENDED | REG_NOSUB) != 0) {
        return false;
    }
    const bool found = regexec(&pattern, topic, 0, NULL, 0) == 0;
    regfree(&pattern);
    return found;
}

/* Only to what this configuration reads: a header does not choose where we write. */
static bool is_input(const struct gs_config *config, struct gs_str topic)
{
    char name[256];
    bool found = false;

    if (topic.len == 0 || topic.len >= sizeof name || memchr(topic.bytes, 0, topic.len) != NULL) {
        return false;
    }
    memcpy(name, topic.bytes, topic.len);
    name[topic.len] = '\0';
    for (size_t i = 0; i < config->input.topics.n && !found; i++) {
        found = is_named(config->input.topics.items[i], name);
    }
    return found || strcmp(config->output.topics[GS_STREAM_OBSERVATIONS], name) == 0;
}

enum gs_status gs_dlq_may_go(const struct gs_dlq_queue *queue, const struct gs_dead_letter *letter,
                             struct gs_error *why)
{
    if (letter->code.bytes == NULL || letter->topic.bytes == NULL) {
        return gs_fail(why, GS_BAD_FORMAT, "it has no headers of a dead letter");
    }
    if (letter->cut) {
        return gs_fail(why, GS_BAD_FORMAT,
                       "it was cut to fit; the whole record is in %.*s [%" PRId32
                       "] at offset %" PRId64 ", as long as that keeps it",
                       GS_STR_ARGS(letter->topic), letter->partition, letter->offset);
    }
    if (!is_input(queue->config, letter->topic)) {
        return gs_fail(why, GS_BAD_FORMAT, "%.*s is no input topic of this configuration",
                       GS_STR_ARGS(letter->topic));
    }
    if (letter->redrives >= queue->filter->max_redrives) {
        return gs_fail(why, GS_BAD_FORMAT,
                       "it was sent again %u times and came back: mend what refuses it first "
                       "(--max-redrives)",
                       letter->redrives);
    }
    return GS_OK;
}

bool gs_dlq_time(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    char *end = NULL;
    struct gs_error err;

    const long long n = strtoll(text, &end, 10);
    for (size_t i = 0; i < GS_COUNT(units) && end != text; i++) {
        if (end[0] == units[i].unit && end[1] == '\0' && n >= 0 && n <= now_ms / units[i].ms) {
            *ret_ms = now_ms - n * units[i].ms;
            return true;
        }
    }
    return gs_time_parse(gs_str(text), ret_ms, &err) == GS_OK;
}

/* ---- what is said of them ---- */

static void put_code(void *arg, struct gs_str code)
{
    struct gs_buf *out = arg;

    if (out->len > 0 && out->bytes[out->len - 1] != '[') {
        gs_buf_putc(out, ',');
    }
    gs_buf_json_str(out, code);
}

static void put_letter(const struct gs_dead_letter *letter, struct gs_buf *out)
{
    gs_buf_printf(out, "\"partition\":%" PRId32 ",\"offset\":%" PRId64, letter->record->partition,
                  letter->record->offset);
    gs_member_time(out, "time", letter->timestamp_ms);
    gs_member_text(out, "reason", letter->code);
    gs_member_text(out, "message", letter->message);
    gs_member_text(out, "stage", letter->stage);
    gs_member_text(out, "topic", letter->topic);
    gs_member_int(out, "topic_partition", letter->partition);
    gs_member_int(out, "topic_offset", letter->offset);
    gs_buf_printf(out, ",\"bytes\":%zu,\"cut\":%s,\"redrives\":%u,\"history\":[",
                  letter->record->value.len, letter->cut ? "true" : "false", letter->redrives);
    gs_dead_letter_history(letter, put_code, out);
    gs_buf_putc(out, ']');
}

void gs_dlq_tell(const struct gs_dead_letter *letter, const char *state, int32_t to,
                 const char *why)
{
    struct gs_buf line = {.max = 1 << 20};

    gs_buf_printf(&line, "{\"state\":\"%s\",", state);
    put_letter(letter, &line);
    if (to >= 0) {
        gs_buf_printf(&line, ",\"to_partition\":%" PRId32, to);
    }
    if (why != NULL) {
        gs_buf_puts(&line, ",\"why\":");
        gs_buf_json_str(&line, gs_str(why));
    }
    gs_buf_puts(&line, "}\n");
    if (gs_buf_ok(&line)) {
        (void)fwrite(line.bytes, 1, line.len, stdout);
    }
    gs_buf_done(&line);
}
