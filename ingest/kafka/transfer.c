/* A transactional producer that writes a group's places (transfer.h).
 *
 * It is for a command that a person runs, and can run again: so an error that does not pass by itself
 * ends it, and the next one begins with init_transactions, which ends or completes what this one left.
 * That is also why no strict mode is needed: each transfer has an epoch of its own.
 *
 * Every record is a batch of its own. A topic's limit is then that of a record, whatever the limits
 * of the other topics are, and a refused record takes no other one with it but those of its
 * transaction. */
#include "ingest/kafka/transfer.h"

#include "ingest/kafka/kafka_internal.h"
#include "ingest/kafka/txn_call.h"

#include <stdlib.h>
#include <string.h>

struct target {
    char *name;
    rd_kafka_topic_t *rkt;
    struct gs_kafka_target is;
    struct gs_error fault; /* status GS_OK: it can be written to */
};

struct gs_kafka_transfer {
    struct gs_kafka_client client;
    const char *group;
    int transaction_ms;
    struct target *targets;
    size_t n_targets;
    bool begun;
    rd_kafka_resp_err_t failure; /* the first delivery that failed in this transaction */
    char failed_topic[64];
};

/* ---- opening ---- */

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    const struct gs_kafka_client *client = opaque;
    struct gs_kafka_transfer *transfer = client->owner;

    (void)rk;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
        message->err != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
        message->err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT &&
        transfer->failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
        transfer->failure = message->err;
        (void)snprintf(transfer->failed_topic, sizeof transfer->failed_topic, "%s",
                       rd_kafka_topic_name(message->rkt));
    }
}

static enum gs_status make_conf(const struct gs_kafka_options *options, rd_kafka_conf_t **ret,
                                struct gs_error *err)
{
    static const struct gs_property own[] = {
        {"batch.num.messages", "1"},
        /* The topics' limits are looked at, and they are larger than the client's default. */
        {"message.max.bytes", "1000000000"},
    };
    char why[160];
    enum gs_status status = gs_kafka_conf_producer(options, ret, err);

    for (size_t i = 0; i < GS_COUNT(own) && status == GS_OK; i++) {
        if (rd_kafka_conf_set(*ret, own[i].name, own[i].value, why, sizeof why) !=
            RD_KAFKA_CONF_OK) {
            rd_kafka_conf_destroy(*ret);
            status = gs_fail(err, GS_BAD_CONFIG, "kafka property %s: %s", own[i].name, why);
        }
    }
    return status;
}

/* ---- the transaction's calls ---- */

/* What passes is tried again until the deadline; the rest is GS_IO. */
static enum gs_status run(struct gs_kafka_transfer *transfer, const struct gs_txn_call *call,
                          int64_t deadline_ns, struct gs_error *err)
{
    for (unsigned attempt = 0;; attempt++) {
        rd_kafka_error_t *error = gs_txn_call_once(&transfer->client, call);
        if (error == NULL) {
            return GS_OK;
        }
        const bool again = rd_kafka_error_is_retriable(error) && !gs_kafka_past(deadline_ns);
        if (!again) {
            (void)gs_fail(err, GS_IO, "%s: %s: %s", call->what, rd_kafka_error_name(error),
                          rd_kafka_error_string(error));
        }
        rd_kafka_error_destroy(error);
        if (!again) {
            return GS_IO;
        }
        gs_kafka_back_off(attempt);
    }
}

static void roll_back(struct gs_kafka_transfer *transfer)
{
    const struct gs_txn_call call = {.api = GS_TXN_ABORT, .what = "abort_transaction"};
    struct gs_error err;

    if (transfer->begun &&
        run(transfer, &call, gs_txn_deadline(transfer->transaction_ms), &err) != GS_OK) {
        gs_kafka_log(&transfer->client, GS_LOG_WARNING,
                     "a transaction is left to time out at the broker: %s", err.message);
    }
    transfer->begun = false;
}

/* ---- the interface ---- */

enum gs_status gs_kafka_transfer_open(const struct gs_kafka_options *options,
                                      struct gs_kafka_transfer **ret, struct gs_error *err)
{
    const struct gs_txn_call init = {.api = GS_TXN_INIT, .what = "init_transactions"};
    rd_kafka_conf_t *conf = NULL;
    struct gs_kafka_options own = *options;
    struct gs_kafka_transfer *transfer = calloc(1, sizeof *transfer);

    if (transfer == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a transfer");
    }
    own.delivery = GS_EXACTLY_ONCE;
    transfer->group = options->group;
    transfer->transaction_ms = gs_kafka_transaction_ms(options);
    gs_kafka_client_init(&transfer->client, transfer, options);
    enum gs_status status = make_conf(&own, &conf, err);
    if (status == GS_OK) {
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
        status = gs_kafka_client_start(&transfer->client, RD_KAFKA_PRODUCER, conf, err);
    }
    if (status == GS_OK) {
        status = run(transfer, &init, gs_kafka_deadline(GS_KAFKA_OPEN_MS), err);
    }
    if (status != GS_OK) {
        gs_kafka_transfer_close(transfer);
        return status;
    }
    *ret = transfer;
    return GS_OK;
}

void gs_kafka_transfer_close(struct gs_kafka_transfer *transfer)
{
    if (transfer == NULL) {
        return;
    }
    if (transfer->client.rk != NULL) {
        roll_back(transfer);
        (void)rd_kafka_purge(transfer->client.rk,
                             RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        (void)rd_kafka_flush(transfer->client.rk, GS_KAFKA_SLICE_MS);
    }
    for (size_t i = 0; i < transfer->n_targets; i++) {
        if (transfer->targets[i].rkt != NULL) {
            rd_kafka_topic_destroy(transfer->targets[i].rkt);
        }
        free(transfer->targets[i].name);
    }
    free(transfer->targets);
    if (gs_kafka_client_stop(&transfer->client)) {
        free(transfer);
    }
}

static enum gs_status look_up(struct gs_kafka_transfer *transfer, struct target *target,
                              struct gs_error *err)
{
    target->rkt = rd_kafka_topic_new(transfer->client.rk, target->name, NULL);
    if (target->rkt == NULL) {
        return gs_fail(err, GS_BAD_CONFIG, "topic \"%s\": %s", target->name,
                       rd_kafka_err2str(rd_kafka_last_error()));
    }
    const enum gs_status status = gs_kafka_topic_check(&transfer->client, "target", target->rkt,
                                                       gs_kafka_deadline(GS_KAFKA_OPEN_MS), err);
    if (status != GS_OK) {
        return status;
    }
    target->is.n_partitions = gs_kafka_topic_partitions(&transfer->client, target->rkt);
    const size_t limit = gs_kafka_topic_limit(&transfer->client, target->name);
    target->is.max_bytes = limit == SIZE_MAX                 ? SIZE_MAX
                           : limit > GS_KAFKA_BATCH_OVERHEAD ? limit - GS_KAFKA_BATCH_OVERHEAD
                                                             : 0;
    return GS_OK;
}

enum gs_status gs_kafka_transfer_target(struct gs_kafka_transfer *transfer, const char *topic,
                                        size_t *ret_index, struct gs_kafka_target *ret,
                                        struct gs_error *err)
{
    size_t i = 0;

    while (i < transfer->n_targets && strcmp(transfer->targets[i].name, topic) != 0) {
        i++;
    }
    if (i == transfer->n_targets) {
        struct target *more = realloc(transfer->targets, (i + 1) * sizeof *more);
        char *name = strdup(topic);
        transfer->targets = more == NULL ? transfer->targets : more;
        if (more == NULL || name == NULL) {
            free(name);
            return gs_fail(err, GS_NO_MEMORY, "a target");
        }
        more[i] = (struct target){.name = name};
        transfer->n_targets++;
        (void)look_up(transfer, &more[i], &more[i].fault);
    }
    const struct target *target = &transfer->targets[i];
    if (target->fault.status != GS_OK) {
        return gs_fail(err, target->fault.status, "%s", target->fault.message);
    }
    *ret_index = i;
    *ret = target->is;
    return GS_OK;
}

/* The transaction has failed: a record's delivery, which decides, or a call. */
static enum gs_status fail(struct gs_kafka_transfer *transfer, const struct gs_error *why,
                           struct gs_error *err)
{
    roll_back(transfer);
    const rd_kafka_resp_err_t code = transfer->failure;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return gs_fail(err, GS_IO, "%s", why->message);
    }
    return gs_fail(err, gs_kafka_refuses_record(code) ? GS_BAD_FORMAT : GS_IO, "topic \"%s\": %s",
                   transfer->failed_topic, rd_kafka_err2str(code));
}

static enum gs_status begin(struct gs_kafka_transfer *transfer, struct gs_error *err)
{
    const struct gs_txn_call call = {.api = GS_TXN_BEGIN, .what = "begin_transaction"};

    if (transfer->begun) {
        return GS_OK;
    }
    transfer->failure = RD_KAFKA_RESP_ERR_NO_ERROR;
    const enum gs_status status =
        run(transfer, &call, gs_txn_deadline(transfer->transaction_ms), err);
    transfer->begun = status == GS_OK;
    return status;
}

enum gs_status gs_kafka_transfer_put(struct gs_kafka_transfer *transfer, size_t index,
                                     const struct gs_output *output, struct gs_error *err)
{
    const int64_t deadline = gs_txn_deadline(transfer->transaction_ms);
    struct gs_error why = {GS_OK, ""};
    enum gs_status status = begin(transfer, err);

    if (status != GS_OK) {
        return status;
    }
    for (;;) {
        const rd_kafka_resp_err_t code =
            gs_kafka_produce(transfer->client.rk, transfer->targets[index].rkt, output);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            (void)rd_kafka_poll(transfer->client.rk, 0);
            return GS_OK;
        }
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL || gs_kafka_past(deadline)) {
            (void)gs_fail(&why, GS_IO, "topic \"%s\": %s", transfer->targets[index].name,
                          rd_kafka_err2str(code));
            return fail(transfer, &why, err);
        }
        (void)rd_kafka_poll(transfer->client.rk, 10);
    }
}

/* NULL without memory. */
static rd_kafka_topic_partition_list_t *list_of(const char *topic,
                                                const struct gs_kafka_place *places, size_t n)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);

    for (size_t i = 0; i < n && list != NULL; i++) {
        rd_kafka_topic_partition_t *to =
            rd_kafka_topic_partition_list_add(list, topic, places[i].partition);
        to->offset = places[i].offset;
        to->metadata = gs_str_copy(places[i].note); /* the list frees it */
        to->metadata_size = places[i].note.len;
        if (to->metadata == NULL) {
            to->metadata_size = 0;
            rd_kafka_topic_partition_list_destroy(list);
            list = NULL;
        }
    }
    return list;
}

static enum gs_status end(struct gs_kafka_transfer *transfer,
                          const rd_kafka_topic_partition_list_t *offsets, struct gs_error *err)
{
    struct gs_txn_call send = {
        .api = GS_TXN_SEND_OFFSETS, .what = "send_offsets", .offsets = offsets};
    const struct gs_txn_call commit = {.api = GS_TXN_COMMIT, .what = "commit_transaction"};
    rd_kafka_consumer_group_metadata_t *group =
        rd_kafka_consumer_group_metadata_new(transfer->group);

    send.group = group;
    enum gs_status status = run(transfer, &send, gs_txn_deadline(transfer->transaction_ms), err);
    if (status == GS_OK) {
        status = run(transfer, &commit, gs_txn_deadline(transfer->transaction_ms), err);
    }
    rd_kafka_consumer_group_metadata_destroy(group);
    return status;
}

enum gs_status gs_kafka_transfer_commit(struct gs_kafka_transfer *transfer, const char *topic,
                                        const struct gs_kafka_place *places, size_t n_places,
                                        struct gs_error *err)
{
    struct gs_error why = {GS_OK, ""};
    rd_kafka_topic_partition_list_t *offsets = list_of(topic, places, n_places);

    if (offsets == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "offsets to commit");
    }
    enum gs_status status = begin(transfer, &why);
    if (status == GS_OK) {
        status = end(transfer, offsets, &why);
    }
    rd_kafka_topic_partition_list_destroy(offsets);
    if (status != GS_OK) {
        return fail(transfer, &why, err);
    }
    transfer->begun = false;
    return GS_OK;
}
