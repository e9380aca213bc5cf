/* Sends dead letters again (dlq_redrive.h).
 *
 *     letter ─► meant? sent already? may it go? ─► batch ─► one transaction: records to their topics,
 *                                                           ledgers to the group's offsets
 *
 * What was sent and what the ledger says are one commit, so a kill at any moment and a second run
 * leave each letter sent once. A second run at the same time fences the first by the transactional id.
 *
 * Only letters that were there at the start are looked at: one that comes back while this runs waits
 * for the next run, and then for the bound on redrives.
 *
 * When the broker refuses a record it takes its whole transaction with it, and does not say which one
 * it was: the letters are sent one by one then, and the one that is refused alone waits on. */
#include "deploy/daemon/cli/dlq_redrive.h"

#include "deploy/daemon/cli/command.h"
#include "ingest/base/escape.h"
#include "ingest/base/log.h"
#include "ingest/kafka/transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    MOST_LETTERS = 100, /* of one transaction: it is over soon, and readers wait for it */
    MOST_BYTES = 8 << 20,
};

struct item {
    struct gs_record record;
    struct gs_dead_letter letter;
    struct gs_redrive redrive;
    int64_t before;
    size_t target;
};

struct redriver {
    struct gs_dlq_queue *queue;
    struct gs_kafka_transfer *transfer; /* NULL: dry */
    struct item *items;                 /* [MOST_LETTERS] */
    size_t n_items, n_bytes;
    struct gs_ledger *next; /* [partitions]: the ledgers as they are once the batch is sent */
    bool *touched;
    struct gs_kafka_place *places;
    struct gs_buf *notes;
    uint64_t n_sent, n_refused, n_passed, n_before;
};

/* ---- what is said ---- */

static void refuse(struct redriver *redriver, const struct gs_dead_letter *letter, const char *why)
{
    redriver->n_refused++;
    gs_dlq_tell(letter, "refused", -1, why);
}

static void tell_sent(struct redriver *redriver, const struct item *item)
{
    redriver->n_sent++;
    gs_dlq_tell(&item->letter, "redriven", item->redrive.output.partition, NULL);
}

/* ---- the ledgers of the batch ---- */

static enum gs_status touch(struct redriver *redriver, int32_t partition, struct gs_error *err)
{
    if (redriver->touched[partition]) {
        return GS_OK;
    }
    const enum gs_status status =
        gs_ledger_copy(&redriver->queue->ledgers[partition], &redriver->next[partition], err);
    redriver->touched[partition] = status == GS_OK;
    return status;
}

static enum gs_status pass(struct redriver *redriver, const struct gs_record *record,
                           int64_t before, bool send, struct gs_error *err)
{
    const enum gs_status status = touch(redriver, record->partition, err);

    return status == GS_OK ? gs_ledger_pass(&redriver->next[record->partition], before,
                                            record->offset, send, err)
                           : status;
}

static void forget(struct redriver *redriver)
{
    for (int32_t i = 0; i < redriver->queue->n; i++) {
        if (redriver->touched[i]) {
            gs_ledger_done(&redriver->next[i]);
            redriver->touched[i] = false;
        }
    }
}

static void keep(struct redriver *redriver)
{
    for (int32_t i = 0; i < redriver->queue->n; i++) {
        if (redriver->touched[i]) {
            gs_ledger_done(&redriver->queue->ledgers[i]);
            redriver->queue->ledgers[i] = redriver->next[i];
            redriver->next[i] = (struct gs_ledger){.n = 0};
            redriver->touched[i] = false;
        }
    }
}

/* ---- a batch ---- */

static enum gs_status commit(struct redriver *redriver, struct gs_error *err)
{
    size_t n = 0;

    for (int32_t i = 0; i < redriver->queue->n; i++) {
        if (redriver->touched[i]) {
            gs_buf_reset(&redriver->notes[i]);
            gs_ledger_write(&redriver->next[i], &redriver->notes[i]);
            redriver->places[n++] = (struct gs_kafka_place){i, redriver->next[i].first,
                                                            gs_buf_str(&redriver->notes[i])};
            if (!gs_buf_ok(&redriver->notes[i])) {
                return gs_fail(err, GS_NO_MEMORY, "a ledger");
            }
        }
    }
    return gs_kafka_transfer_commit(redriver->transfer, redriver->queue->topic, redriver->places, n,
                                    err);
}

static enum gs_status put(struct redriver *redriver, const struct item *item, struct gs_error *err)
{
    return gs_kafka_transfer_put(redriver->transfer, item->target, &item->redrive.output, err);
}

/* One of a batch that the broker refused. */
static enum gs_status send_alone(struct redriver *redriver, struct item *item, struct gs_error *err)
{
    enum gs_status status = pass(redriver, &item->record, item->before, true, err);

    if (status == GS_OK) {
        status = put(redriver, item, err);
    }
    if (status == GS_OK) {
        status = commit(redriver, err);
    }
    if (status == GS_OK) {
        keep(redriver);
        tell_sent(redriver, item);
        return GS_OK;
    }
    forget(redriver);
    if (status == GS_BAD_FORMAT) {
        refuse(redriver, &item->letter, err->message);
        return GS_OK;
    }
    return status;
}

static enum gs_status send_all(struct redriver *redriver, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < redriver->n_items && status == GS_OK; i++) {
        status = put(redriver, &redriver->items[i], err);
    }
    if (status == GS_OK) {
        status = commit(redriver, err);
    }
    if (status == GS_OK) {
        keep(redriver);
        for (size_t i = 0; i < redriver->n_items; i++) {
            tell_sent(redriver, &redriver->items[i]);
        }
        return GS_OK;
    }
    forget(redriver);
    for (size_t i = 0; i < redriver->n_items && status == GS_BAD_FORMAT; i++) {
        const enum gs_status alone = send_alone(redriver, &redriver->items[i], err);
        status = alone == GS_OK ? GS_BAD_FORMAT : alone;
    }
    return status == GS_BAD_FORMAT ? GS_OK : status;
}

static enum gs_status flush(struct redriver *redriver, struct gs_error *err)
{
    const enum gs_status status = redriver->n_items > 0 ? send_all(redriver, err) : GS_OK;

    for (size_t i = 0; i < redriver->n_items; i++) {
        gs_redrive_done(&redriver->items[i].redrive);
    }
    redriver->n_items = 0;
    redriver->n_bytes = 0;
    gs_kafka_reader_release(redriver->queue->reader);
    return status;
}

/* ---- letters ---- */

/* Makes the record and finds its topic. GS_BAD_FORMAT: it is refused. */
static enum gs_status prepare(struct redriver *redriver, struct item *item, struct gs_error *err)
{
    struct gs_kafka_target target;
    char topic[256];
    enum gs_status status = gs_redrive_make(&item->letter, &item->redrive, err);

    if (status != GS_OK) {
        return status;
    }
    (void)snprintf(topic, sizeof topic, "%.*s", GS_STR_ARGS(item->letter.topic));
    status = gs_kafka_transfer_target(redriver->transfer, topic, &item->target, &target, err);
    if (status == GS_OK && gs_kafka_output_size(&item->redrive.output) > target.max_bytes) {
        status = gs_fail(err, GS_BAD_FORMAT,
                         "with its history it has %zu bytes, and topic \"%s\" takes %zu: raise its "
                         "max.message.bytes",
                         gs_kafka_output_size(&item->redrive.output), topic, target.max_bytes);
    }
    if (status != GS_OK) {
        gs_redrive_done(&item->redrive);
        return status == GS_IO ? GS_BAD_FORMAT : status;
    }
    if (item->redrive.output.partition >= target.n_partitions) {
        item->redrive.output.partition = -1; /* by key, then */
    }
    return GS_OK;
}

static enum gs_status add(struct redriver *redriver, struct item *item, struct gs_error *err)
{
    struct gs_error why = {GS_OK, ""};

    if (gs_dlq_may_go(redriver->queue, &item->letter, &why) != GS_OK) {
        refuse(redriver, &item->letter, why.message);
        return GS_OK;
    }
    if (redriver->transfer == NULL) {
        redriver->n_sent++;
        gs_dlq_tell(&item->letter, "would_redrive", item->letter.partition, NULL);
        return GS_OK;
    }
    enum gs_status status = touch(redriver, item->record.partition, err);
    if (status == GS_OK && !gs_ledger_fits(&redriver->next[item->record.partition], item->before)) {
        refuse(redriver, &item->letter,
               "too many letters wait between those that were sent: send those before it first");
        return GS_OK;
    }
    if (status == GS_OK) {
        status = prepare(redriver, item, &why);
    }
    if (status == GS_BAD_FORMAT) {
        refuse(redriver, &item->letter, why.message);
        return GS_OK;
    }
    if (status != GS_OK) {
        return gs_fail(err, status, "%s", why.message);
    }
    redriver->n_items++;
    redriver->n_bytes += item->record.value.len;
    return pass(redriver, &item->record, item->before, true, err);
}

static enum gs_status take(struct redriver *redriver, struct item *item, struct gs_error *err)
{
    const struct gs_ledger *ledger = redriver->touched[item->record.partition]
                                         ? &redriver->next[item->record.partition]
                                         : &redriver->queue->ledgers[item->record.partition];

    if (gs_ledger_sent(ledger, item->record.offset)) {
        redriver->n_before++;
        return pass(redriver, &item->record, item->before, false, err);
    }
    if (!gs_dlq_matches(redriver->queue->filter, &item->letter)) {
        redriver->n_passed++;
        return GS_OK;
    }
    return add(redriver, item, err);
}

static enum gs_status run(struct redriver *redriver, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    while (status == GS_OK) {
        struct item *item = &redriver->items[redriver->n_items];
        status =
            gs_dlq_queue_next(redriver->queue, &item->record, &item->letter, &item->before, err);
        if (status == GS_OK) {
            status = take(redriver, item, err);
        }
        if (status == GS_OK && (redriver->n_items == MOST_LETTERS ||
                                redriver->n_bytes >= MOST_BYTES || redriver->n_items == 0)) {
            status = flush(redriver, err);
        }
    }
    if (status == GS_CLOSED || status == GS_ABORTED) { /* what is in flight is finished */
        const enum gs_status last = flush(redriver, err);
        return last != GS_OK ? last : status == GS_CLOSED ? GS_OK : status;
    }
    return status;
}

/* ---- the command ---- */

static enum gs_status start(struct redriver *redriver, bool dry, struct gs_error *err)
{
    struct gs_dlq_queue *queue = redriver->queue;
    enum gs_status status = GS_OK;

    if (!dry) { /* first: it settles what an earlier run left */
        status = gs_kafka_transfer_open(&queue->kafka, &redriver->transfer, err);
    }
    if (status == GS_OK) {
        status = gs_dlq_queue_open(queue, err);
    }
    if (status != GS_OK) {
        return status;
    }
    const size_t n = (size_t)queue->n;
    redriver->items = calloc(MOST_LETTERS, sizeof *redriver->items);
    redriver->next = calloc(n, sizeof *redriver->next);
    redriver->touched = calloc(n, sizeof *redriver->touched);
    redriver->places = calloc(n, sizeof *redriver->places);
    redriver->notes = calloc(n, sizeof *redriver->notes);
    if (redriver->items == NULL || redriver->next == NULL || redriver->touched == NULL ||
        redriver->places == NULL || redriver->notes == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a redrive");
    }
    for (size_t i = 0; i < n; i++) {
        redriver->notes[i].max = 1 << 20;
    }
    return GS_OK;
}

static void done(struct redriver *redriver)
{
    gs_kafka_transfer_close(redriver->transfer);
    for (size_t i = 0; i < redriver->n_items; i++) {
        gs_redrive_done(&redriver->items[i].redrive);
    }
    for (int32_t i = 0; i < redriver->queue->n; i++) {
        if (redriver->next != NULL) {
            gs_ledger_done(&redriver->next[i]);
        }
        if (redriver->notes != NULL) {
            gs_buf_done(&redriver->notes[i]);
        }
    }
    free(redriver->items);
    free(redriver->next);
    free(redriver->touched);
    free(redriver->places);
    free(redriver->notes);
}

int gs_dlq_redrive(struct gs_dlq_queue *queue, bool dry, bool quiet)
{
    struct redriver redriver = {.queue = queue};
    struct gs_error err = {GS_OK, ""};

    enum gs_status status = start(&redriver, dry, &err);
    if (status == GS_OK) {
        status = run(&redriver, &err);
    }
    if (redriver.n_sent > 0 && !dry) {
        gs_log(GS_LOG_WARNING, "audit",
               "dlq redrive: %" PRIu64 " letters of %s sent again, by uid %lu", redriver.n_sent,
               queue->topic, (unsigned long)getuid());
    }
    if (!quiet) {
        gs_print_line(stderr,
                      "%" PRIu64 " %s, %" PRIu64 " refused, %" PRIu64 " not meant, %" PRIu64
                      " sent before",
                      redriver.n_sent, dry ? "would be sent" : "sent", redriver.n_refused,
                      redriver.n_passed, redriver.n_before);
    }
    const bool refused = redriver.n_refused > 0;
    done(&redriver);
    if (status != GS_OK) {
        return gs_command_failed("dlq", &err);
    }
    return refused ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}
