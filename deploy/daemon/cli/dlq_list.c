/* groundswell dlq ls and show: letters as lines of JSON with a table of reasons, and one letter as it
 * came. */
#include "deploy/daemon/cli/dlq_list.h"

#include "deploy/daemon/cli/command.h"
#include "ingest/base/escape.h"
#include "ingest/records/dlq_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- ls ---- */

/* How many letters have one reason; the last place is for what is none of ours. */
struct tally {
    const char *reason;
    uint64_t n, n_waiting, n_refused;
};

static struct tally *tally_of(struct tally *tallies, struct gs_str code)
{
    int i = 1;

    while (i < GS_N_REJECTS && !gs_str_equal(code, gs_str(gs_reject_name((enum gs_reject)i)))) {
        i++;
    }
    tallies[i].reason = i < GS_N_REJECTS ? gs_reject_name((enum gs_reject)i) : "(another)";
    return &tallies[i];
}

static void list_letter(struct tally *tallies, const struct gs_dlq_queue *queue,
                        const struct gs_dead_letter *letter)
{
    const struct gs_record *record = letter->record;
    const bool sent = gs_ledger_sent(&queue->ledgers[record->partition], record->offset);
    struct gs_error why = {GS_OK, ""};
    const bool refused = !sent && gs_dlq_may_go(queue, letter, &why) != GS_OK;
    struct tally *tally = tally_of(tallies, letter->code);

    tally->n++;
    tally->n_waiting += !sent && !refused;
    tally->n_refused += refused;
    gs_dlq_tell(letter,
                sent      ? "sent"
                : refused ? "refused"
                          : "waiting",
                -1, refused ? why.message : NULL);
}

static int more_letters(const void *a, const void *b)
{
    const struct tally *left = a;
    const struct tally *right = b;

    return left->n < right->n ? 1 : left->n > right->n ? -1 : 0;
}

static void print_tallies(struct tally *tallies)
{
    qsort(tallies, GS_N_REJECTS + 1, sizeof tallies[0], more_letters);
    for (size_t i = 0; i <= GS_N_REJECTS && tallies[i].n > 0; i++) {
        if (i == 0) {
            gs_print_line(stderr, "%10s %10s %10s  reason", "letters", "waiting", "refused");
        }
        gs_print_line(stderr, "%10" PRIu64 " %10" PRIu64 " %10" PRIu64 "  %s", tallies[i].n,
                      tallies[i].n_waiting, tallies[i].n_refused, tallies[i].reason);
    }
}

int gs_dlq_list(struct gs_dlq_queue *queue, bool quiet)
{
    struct tally tallies[GS_N_REJECTS + 1] = {{.n = 0}};
    struct gs_error err = {GS_OK, ""};
    struct gs_record record = {.partition = 0};
    struct gs_dead_letter letter;
    int64_t before = 0;

    enum gs_status status = gs_dlq_queue_open(queue, &err);
    while (status == GS_OK) {
        status = gs_dlq_queue_next(queue, &record, &letter, &before, &err);
        if (status == GS_OK && gs_dlq_matches(queue->filter, &letter)) {
            list_letter(tallies, queue, &letter);
        }
        if (status == GS_OK) {
            gs_kafka_reader_release(queue->reader);
        }
    }
    if (!quiet) {
        print_tallies(tallies);
    }
    return status == GS_CLOSED ? GS_EXIT_OK : gs_command_failed("dlq", &err);
}

/* ---- show ---- */

static void show_bytes(const char *name, struct gs_str bytes)
{
    struct gs_buf line = {.max = 1U << 30};

    gs_buf_printf(&line, "%s ", name);
    if (bytes.bytes == NULL) {
        gs_buf_puts(&line, "(null)");
    } else {
        gs_buf_terminal(&line, bytes);
    }
    gs_buf_putc(&line, '\n');
    if (gs_buf_ok(&line)) {
        (void)fwrite(line.bytes, 1, line.len, stdout);
    }
    gs_buf_done(&line);
}

static void show_text(const struct gs_record *record)
{
    struct gs_buf time = {.max = 64};

    gs_buf_json_time(&time, record->timestamp_ms);
    gs_print_line(stdout, "position %.*s [%" PRId32 "] offset %" PRId64, GS_STR_ARGS(record->topic),
                  record->partition, record->offset);
    gs_print_line(stdout, "time %.*s", GS_STR_ARGS(gs_buf_str(&time)));
    show_bytes("key", record->key);
    for (size_t i = 0; i < record->n_headers; i++) {
        struct gs_buf name = {.max = 1 << 20};
        gs_buf_puts(&name, "header ");
        gs_buf_terminal(&name, record->headers[i].name);
        gs_buf_puts(&name, ":");
        gs_buf_putc(&name, '\0');
        show_bytes(gs_buf_ok(&name) ? name.bytes : "header", record->headers[i].value);
        gs_buf_done(&name);
    }
    gs_print_line(stdout, "value, %zu bytes", record->value.len);
    show_bytes("", record->value);
    gs_buf_done(&time);
}

static void show_json(const struct gs_record *record)
{
    const struct gs_output output = {.key = record->key,
                                     .value = record->value,
                                     .headers = record->headers,
                                     .n_headers = record->n_headers,
                                     .timestamp_ms = record->timestamp_ms};
    struct gs_buf line = {.max = 1U << 30};

    gs_dlq_encode(&output, &line);
    gs_buf_putc(&line, '\n');
    if (gs_buf_ok(&line)) {
        (void)fwrite(line.bytes, 1, line.len, stdout);
    }
    gs_buf_done(&line);
}

static enum gs_status find(struct gs_dlq_queue *queue, int32_t partition, int64_t offset,
                           struct gs_record *ret, struct gs_error *err)
{
    int64_t low = 0;
    int64_t end = 0;
    enum gs_status status =
        gs_kafka_reader_open(&queue->kafka, queue->topic, false, &queue->reader, err);

    if (status != GS_OK) {
        return status;
    }
    const int32_t n = gs_kafka_reader_partitions(queue->reader);
    if (partition >= n) {
        return gs_fail(err, GS_BAD_CONFIG, "topic \"%s\" has the partitions 0 to %" PRId32,
                       queue->topic, n - 1);
    }
    for (int32_t i = 0; i < n; i++) {
        gs_kafka_reader_bounds(queue->reader, i, &low, &end);
        gs_kafka_reader_seek(queue->reader, i, i == partition ? offset : end);
    }
    gs_kafka_reader_bounds(queue->reader, partition, &low, &end);
    for (status = GS_AGAIN; status == GS_AGAIN;) {
        status = gs_kafka_reader_next(queue->reader, 100, ret, err);
    }
    if (status == GS_CLOSED || (status == GS_OK && ret->offset != offset)) {
        status = gs_fail(err, GS_BAD_CONFIG,
                         "%s [%" PRId32 "] has no letter at offset %" PRId64
                         "; its offsets are %" PRId64 " to %" PRId64,
                         queue->topic, partition, offset, low, end);
    }
    return status;
}

int gs_dlq_show(struct gs_dlq_queue *queue, int32_t partition, int64_t offset,
                enum gs_dlq_form form)
{
    struct gs_error err = {GS_OK, ""};
    struct gs_record record = {.partition = 0};

    if (find(queue, partition, offset, &record, &err) != GS_OK) {
        return gs_command_failed("dlq", &err);
    }
    switch (form) {
    case GS_DLQ_TEXT:
        show_text(&record);
        break;
    case GS_DLQ_JSON:
        show_json(&record);
        break;
    case GS_DLQ_RAW:
        (void)fwrite(record.value.bytes, 1, record.value.len, stdout);
        break;
    }
    return GS_EXIT_OK;
}
