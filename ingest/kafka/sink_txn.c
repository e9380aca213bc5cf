/* Exactly once: outputs and offsets in one Kafka transaction (KIP-98, KIP-447).
 *
 *     begin_transaction    put off until something is put or committed: an idle lane makes no
 * transactions producev … send_offsets_to_transaction    with the group metadata of this moment
 *     commit_transaction
 *
 * An error is looked at in this order: requires abort → abort, rewind, GS_ABORTED; retriable → the
 * same call with the same arguments, for a bounded time; else the producer is of no more use:
 * GS_FENCED, or GS_IO when a person has to act. */
#include "ingest/kafka/lane.h"

#include <stdio.h>

/* One call of the transaction API. */
struct step {
    const char *what;
    rd_kafka_error_t *(*call)(struct gs_kafka_sink *sink, const struct step *step);
    const rd_kafka_topic_partition_list_t *offsets;
    const rd_kafka_consumer_group_metadata_t *group;
};

static rd_kafka_error_t *call_init(struct gs_kafka_sink *sink, const struct step *step)
{
    (void)step;
    return rd_kafka_init_transactions(sink->client.rk, GS_KAFKA_SLICE_MS);
}

static rd_kafka_error_t *call_begin(struct gs_kafka_sink *sink, const struct step *step)
{
    (void)step;
    return rd_kafka_begin_transaction(sink->client.rk);
}

static rd_kafka_error_t *call_offsets(struct gs_kafka_sink *sink, const struct step *step)
{
    return rd_kafka_send_offsets_to_transaction(sink->client.rk, step->offsets, step->group,
                                                GS_KAFKA_SLICE_MS);
}

static rd_kafka_error_t *call_commit(struct gs_kafka_sink *sink, const struct step *step)
{
    (void)step;
    return rd_kafka_commit_transaction(sink->client.rk, GS_KAFKA_SLICE_MS);
}

static rd_kafka_error_t *call_abort(struct gs_kafka_sink *sink, const struct step *step)
{
    (void)step;
    return rd_kafka_abort_transaction(sink->client.rk, GS_KAFKA_SLICE_MS);
}

/* GS_AGAIN: the same call once more. GS_ABORTED: the transaction has to be aborted. */
static enum gs_status classify(const char *what, const rd_kafka_error_t *error, bool late,
                               struct gs_error *err)
{
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    enum gs_status status = GS_FENCED;

    if (rd_kafka_error_txn_requires_abort(error)) {
        status = gs_kafka_needs_person(code) ? GS_IO : GS_ABORTED;
    } else if (rd_kafka_error_is_retriable(error)) {
        status = late ? GS_FENCED : GS_AGAIN;
    } else if (gs_kafka_needs_person(code)) {
        status = GS_IO;
    }
    return gs_fail(err, status, "%s: %s: %s", what, rd_kafka_error_name(error),
                   rd_kafka_error_string(error));
}

/* *ret_abort: whether the failure leaves a transaction that has to be aborted. */
static enum gs_status run(struct gs_kafka_sink *sink, const struct step *step, int64_t deadline_ns,
                          bool *ret_abort, struct gs_error *err)
{
    struct gs_error why;

    for (unsigned attempt = 0;; attempt++) {
        rd_kafka_error_t *error = step->call(sink, step);
        if (error == NULL) {
            return GS_OK;
        }
        const enum gs_status status = classify(step->what, error, gs_kafka_past(deadline_ns), &why);
        *ret_abort = rd_kafka_error_txn_requires_abort(error) != 0;
        rd_kafka_error_destroy(error);
        if (status != GS_AGAIN) {
            return gs_fail(err, status, "%s", why.message);
        }
        sink->stats.retries++;
        gs_kafka_log(&sink->client, GS_LOG_WARNING, "%s, again", why.message);
        gs_kafka_back_off(attempt);
    }
}

static int64_t deadline_of(const struct gs_kafka_sink *sink)
{
    /* Past the transaction's own timeout, so that its end at the broker is met, not guessed. */
    return gs_kafka_deadline(3 * sink->transaction_ms);
}

enum gs_status gs_kafka_txn_init(struct gs_kafka_sink *sink, int64_t deadline_ns,
                                 struct gs_error *err)
{
    const struct step step = {.what = "init_transactions", .call = call_init};
    bool abort = false;
    const enum gs_status status = run(sink, &step, deadline_ns, &abort, err);

    /* At the start a coordinator that cannot be had for so long is what a broker that is down is.
     */
    if (status != GS_OK && err != NULL && gs_kafka_past(deadline_ns)) {
        err->status = GS_IO;
        return GS_IO;
    }
    return status == GS_ABORTED ? GS_FENCED : status;
}

enum gs_status gs_kafka_txn_roll_back(struct gs_kafka_sink *sink, int limit_ms,
                                      struct gs_error *err)
{
    const struct step step = {.what = "abort_transaction", .call = call_abort};
    bool abort = false;

    if (!sink->begun) {
        return GS_OK;
    }
    const enum gs_status status = run(sink, &step, gs_kafka_deadline(limit_ms), &abort, err);
    if (status == GS_OK) {
        sink->begun = false;
        sink->stats.aborts++;
    }
    return status == GS_ABORTED ? GS_FENCED : status;
}

/* After a call that failed with `cause`: leaves no transaction, the source where its last commit
 * was. */
static enum gs_status recover(struct gs_kafka_sink *sink, struct gs_source *source,
                              const struct gs_error *cause, struct gs_error *err)
{
    struct gs_error why = *cause;
    enum gs_status status = gs_kafka_txn_roll_back(sink, 3 * sink->transaction_ms, err);

    if (status == GS_OK && sink->failure != RD_KAFKA_RESP_ERR_NO_ERROR) {
        (void)gs_kafka_sink_failure(sink, &why); /* says which record's topic refused, and why */
    }
    if (status == GS_OK && source != NULL) {
        status = gs_kafka_source_rewind(gs_kafka_source_of(source), err);
    }
    if (status != GS_OK) {
        sink->stats.fences += status == GS_FENCED;
        return status;
    }
    gs_kafka_sink_end_batch(sink);
    return gs_fail(err, why.status, "%s", why.message);
}

/* The end of a failed call: with an abort where that is asked for. */
static enum gs_status fail(struct gs_kafka_sink *sink, struct gs_source *source, bool abort,
                           const struct gs_error *cause, struct gs_error *err)
{
    if (abort || cause->status == GS_ABORTED) {
        return recover(sink, source, cause, err);
    }
    sink->stats.fences += cause->status == GS_FENCED;
    return gs_fail(err, cause->status, "%s", cause->message);
}

/* ---- the interface ---- */

static enum gs_status txn_begin(struct gs_sink *base, struct gs_error *err)
{
    struct gs_kafka_sink *sink = gs_kafka_sink_of(base);

    if (sink->strict && atomic_load(&sink->client.suspect)) {
        const enum gs_status status = gs_kafka_sink_renew(sink, err);
        if (status != GS_OK) {
            return status;
        }
    }
    gs_kafka_sink_end_batch(sink);
    sink->open = true;
    return GS_OK;
}

static enum gs_status begin_now(struct gs_kafka_sink *sink, bool *ret_abort, struct gs_error *err)
{
    const struct step step = {.what = "begin_transaction", .call = call_begin};

    if (sink->begun) {
        return GS_OK;
    }
    const enum gs_status status = run(sink, &step, deadline_of(sink), ret_abort, err);
    sink->begun = status == GS_OK;
    return status;
}

/* producev() only says that the transaction has failed. A call that is not valid now says why: this
 * one can do nothing else while a transaction is open. */
static enum gs_status ask_why(struct gs_kafka_sink *sink, bool *ret_abort, struct gs_error *err)
{
    const struct step step = {.what = "put", .call = call_begin};
    const enum gs_status status = run(sink, &step, deadline_of(sink), ret_abort, err);

    return status == GS_OK ? gs_fail(err, GS_ABORTED, "the transaction has failed") : status;
}

static enum gs_status txn_put(struct gs_sink *base, enum gs_stream stream,
                              const struct gs_output *output, struct gs_error *err)
{
    struct gs_kafka_sink *sink = gs_kafka_sink_of(base);
    struct gs_error why = {GS_OK, ""};
    bool abort = false;

    enum gs_status status = gs_kafka_sink_check_void(sink, err);
    if (status != GS_OK) {
        return status;
    }
    status = begin_now(sink, &abort, &why);
    if (status == GS_OK) {
        status = gs_kafka_sink_enqueue(sink, stream, output, &why);
    }
    if (status == GS_OK) {
        return GS_OK;
    }
    if (status == GS_ABORTED && sink->begun) {
        status = ask_why(sink, &abort, &why);
    }
    if (status == GS_BAD_FORMAT || (status == GS_IO && !abort)) {
        return gs_fail(err, status, "%s", why.message); /* the record's or the topic's fault */
    }
    return fail(sink, sink->source == NULL ? NULL : &sink->source->base, abort, &why, err);
}

static enum gs_status send_offsets(struct gs_kafka_sink *sink, struct gs_kafka_source *source,
                                   const rd_kafka_topic_partition_list_t *offsets, bool *ret_abort,
                                   struct gs_error *err)
{
    struct step step = {.what = "send_offsets", .call = call_offsets, .offsets = offsets};

    if (offsets->cnt == 0) {
        return GS_OK;
    }
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(source->client.rk);
    if (group == NULL) {
        return gs_fail(err, GS_FENCED, "the consumer has no group");
    }
    step.group = group;
    const enum gs_status status = run(sink, &step, deadline_of(sink), ret_abort, err);
    rd_kafka_consumer_group_metadata_destroy(group);
    return status;
}

static enum gs_status end(struct gs_kafka_sink *sink, struct gs_kafka_source *source,
                          const rd_kafka_topic_partition_list_t *offsets, bool *ret_abort,
                          struct gs_error *err)
{
    const struct step step = {.what = "commit_transaction", .call = call_commit};
    enum gs_status status = begin_now(sink, ret_abort, err);

    if (status == GS_OK) {
        status = send_offsets(sink, source, offsets, ret_abort, err);
    }
    if (status == GS_OK) {
        status = run(sink, &step, deadline_of(sink), ret_abort, err);
    }
    return status;
}

static enum gs_status txn_commit(struct gs_sink *base, struct gs_source *from, struct gs_error *err)
{
    struct gs_kafka_sink *sink = gs_kafka_sink_of(base);
    struct gs_kafka_source *source = gs_kafka_source_of(from);
    struct gs_error why = {GS_OK, ""};
    bool abort = false;

    enum gs_status status = gs_kafka_sink_check_void(sink, err);
    if (status != GS_OK) {
        return status;
    }
    rd_kafka_topic_partition_list_t *offsets = gs_kafka_source_offsets(source);
    if (offsets == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "offsets to commit");
    }
    if (sink->n_put == 0 && (offsets->cnt == 0 || !gs_kafka_source_due(source))) {
        gs_kafka_sink_end_batch(sink); /* nothing to make durable, or not worth a transaction yet */
    } else if ((status = end(sink, source, offsets, &abort, &why)) == GS_OK) {
        gs_kafka_sink_end_batch(sink);
        gs_kafka_source_committed(source);
        sink->stats.commits++;
    } else {
        status = fail(sink, from, abort, &why, err);
    }
    rd_kafka_topic_partition_list_destroy(offsets);
    return status;
}

static enum gs_status txn_abort(struct gs_sink *base, struct gs_source *source,
                                struct gs_error *err)
{
    struct gs_kafka_sink *sink = gs_kafka_sink_of(base);
    const struct gs_error cause = {GS_OK, ""};
    const enum gs_status status = recover(sink, source, &cause, err);

    return status;
}

static void txn_close(struct gs_sink *base)
{
    gs_kafka_sink_close(gs_kafka_sink_of(base));
}

const struct gs_sink_ops gs_kafka_txn_ops = {txn_begin, txn_put, txn_commit, txn_abort, txn_close};
