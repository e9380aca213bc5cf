/* Exactly once: outputs and offsets in one Kafka transaction (KIP-98, KIP-447).
 *
 *     begin_transaction             put off until something is put or committed:
 *                                   an idle lane makes no transactions
 *     producev …                    outputs, through sink.c
 *     send_offsets_to_transaction   with the group metadata of this moment: the broker refuses a
 *                                   member of an older generation
 *     commit_transaction
 *
 * Every call goes through call_until(), which looks at an error in this order:
 *
 *     it requires an abort    abort at the broker, rewind the source: GS_ABORTED
 *     it may be repeated      the same call with the same arguments (librdkafka resumes it), until
 *                             the deadline, which lies past the transaction's own timeout so that
 *                             its end is met and not guessed; too late: GS_FENCED
 *     a person has to act     GS_IO
 *     anything else           the producer is of no more use: GS_FENCED
 *
 * producev() only says that the transaction has failed; a call that is not valid while one is open
 * says why (find_cause). After an abort the partitions that are kept are rewound too: what was read
 * of them since the last commit is read again.
 *
 * Strict: a request that timed out may still reach the broker and touch a later transaction (before
 * KIP-890 part 2, which no librdkafka has). sink_open.c sees such requests; the next begin then
 * makes the producer new, whose init_transactions fences the straggler.
 *
 * What has to stay as it is: positions move on (gs_kafka_source_committed()) only after
 * commit_transaction has succeeded. The offsets of a commit are listed once and used by every
 * repeat of its calls. GS_ABORTED is returned only after the abort and the rewind, so that the
 * owner may begin again at once. The group metadata is fetched for each commit and not kept: it
 * carries the generation of the group, by which the broker refuses a former member.
 *
 * A lane that is asked to stop gives up waiting early (client.c); the transaction then times out at
 * the broker, and what was in it is read again at the next start. */
#include "ingest/kafka/kafka_internal.h"
#include "ingest/kafka/txn_call.h"

#include <stdio.h>

/* GS_AGAIN: the same call once more. GS_ABORTED: the transaction has to be aborted. */
static enum gs_status class_of(const char *what, const rd_kafka_error_t *error, bool late,
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

/* The client does not say which of the batch's topics may not be written to (its log does). */
static void blame_topics(const struct gs_kafka_sink *sink, struct gs_error *err)
{
    char list[160] = "";
    size_t len = 0;

    for (size_t i = 0; i < GS_N_STREAMS && len < sizeof list; i++) {
        if (sink->topics[i].name != NULL) {
            len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", len == 0 ? "" : ", ",
                                    sink->topics[i].name);
        }
    }
    (void)gs_fail(err, err->status, "no right to write to one of %s (Topic authorization failed)",
                  list);
}

/* *ret_must_abort: the failure leaves a transaction that has to be aborted. */
static enum gs_status call_until(struct gs_kafka_sink *sink, const struct gs_txn_call *call,
                                 int64_t deadline_ns, bool *ret_must_abort, struct gs_error *err)
{
    struct gs_error why;

    for (unsigned attempt = 0;; attempt++) {
        rd_kafka_error_t *error = gs_txn_call_once(&sink->client, call);
        if (error == NULL) {
            return GS_OK;
        }
        const bool late = gs_kafka_give_up(&sink->client, deadline_ns);
        const enum gs_status status = class_of(call->what, error, late, &why);
        *ret_must_abort = rd_kafka_error_txn_requires_abort(error) != 0;
        if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
            blame_topics(sink, &why);
        }
        rd_kafka_error_destroy(error);
        if (status != GS_AGAIN) {
            return gs_fail(err, status, "%s", why.message);
        }
        sink->stats.retries++;
        gs_kafka_log(&sink->client, GS_LOG_WARNING, "%s, again", why.message);
        gs_kafka_back_off(attempt);
    }
}

enum gs_status gs_kafka_txn_init(struct gs_kafka_sink *sink, int64_t deadline_ns,
                                 struct gs_error *err)
{
    const struct gs_txn_call call = {.api = GS_TXN_INIT, .what = "init_transactions"};
    bool must_abort = false;
    struct gs_error why = {GS_OK, ""};
    const enum gs_status status = call_until(sink, &call, deadline_ns, &must_abort, &why);

    if (status == GS_OK) {
        return GS_OK;
    }
    if (status == GS_IO) {
        return gs_fail(err, GS_IO, "%s", why.message);
    }
    /* A coordinator that does not answer until the deadline is a broker that is down. */
    const bool late = gs_kafka_past(deadline_ns) && !gs_kafka_stopping(&sink->client);
    return gs_fail(err, late ? GS_AGAIN : GS_FENCED, "%s", why.message);
}

enum gs_status gs_kafka_txn_roll_back(struct gs_kafka_sink *sink, int limit_ms,
                                      struct gs_error *err)
{
    const struct gs_txn_call call = {.api = GS_TXN_ABORT, .what = "abort_transaction"};
    bool must_abort = false;

    if (!sink->begun) {
        return GS_OK;
    }
    const enum gs_status status =
        call_until(sink, &call, gs_kafka_deadline(limit_ms), &must_abort, err);
    if (status == GS_OK) {
        sink->begun = false;
        sink->stats.aborts++;
    }
    return status == GS_ABORTED ? GS_FENCED : status;
}

/* After a call that failed with `cause`: leaves no transaction, the source where its last commit
 * was. */
static enum gs_status abort_and_rewind(struct gs_kafka_sink *sink, struct gs_source *source,
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
static enum gs_status end_failed_call(struct gs_kafka_sink *sink, struct gs_source *source,
                                      bool must_abort, const struct gs_error *cause,
                                      struct gs_error *err)
{
    if (must_abort || cause->status == GS_ABORTED) {
        return abort_and_rewind(sink, source, cause, err);
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
    return gs_kafka_sink_begin_batch(sink, err);
}

static enum gs_status begin_if_needed(struct gs_kafka_sink *sink, bool *ret_must_abort,
                                      struct gs_error *err)
{
    const struct gs_txn_call call = {.api = GS_TXN_BEGIN, .what = "begin_transaction"};

    if (sink->begun) {
        return GS_OK;
    }
    const enum gs_status status =
        call_until(sink, &call, gs_txn_deadline(sink->transaction_ms), ret_must_abort, err);
    sink->begun = status == GS_OK;
    return status;
}

/* producev() only says that the transaction has failed. A call that is not valid now says why: this
 * one can do nothing else while a transaction is open. */
static enum gs_status find_cause(struct gs_kafka_sink *sink, bool *ret_must_abort,
                                 struct gs_error *err)
{
    const struct gs_txn_call call = {.api = GS_TXN_BEGIN, .what = "put"};
    const enum gs_status status =
        call_until(sink, &call, gs_txn_deadline(sink->transaction_ms), ret_must_abort, err);

    return status == GS_OK ? gs_fail(err, GS_ABORTED, "the transaction has failed") : status;
}

static enum gs_status txn_put(struct gs_sink *base, enum gs_stream stream,
                              const struct gs_output *output, struct gs_error *err)
{
    struct gs_kafka_sink *sink = gs_kafka_sink_of(base);
    struct gs_error why = {GS_OK, ""};
    bool must_abort = false;

    enum gs_status status = gs_kafka_sink_check_void(sink, err);
    if (status != GS_OK) {
        return status;
    }
    status = begin_if_needed(sink, &must_abort, &why);
    if (status == GS_OK) {
        status = gs_kafka_sink_enqueue(sink, stream, output, &why);
    }
    if (status == GS_OK) {
        sink->put_state |= stream == GS_STREAM_STATE;
        return GS_OK;
    }
    if (status == GS_ABORTED && sink->begun) {
        status = find_cause(sink, &must_abort, &why);
    }
    if (status == GS_BAD_FORMAT || (status == GS_IO && !must_abort)) {
        return gs_fail(err, status, "%s", why.message); /* the record's or the topic's fault */
    }
    return end_failed_call(sink, sink->source == NULL ? NULL : &sink->source->base, must_abort,
                           &why, err);
}

static enum gs_status send_offsets(struct gs_kafka_sink *sink, struct gs_kafka_source *source,
                                   const rd_kafka_topic_partition_list_t *offsets,
                                   bool *ret_must_abort, struct gs_error *err)
{
    struct gs_txn_call call = {
        .api = GS_TXN_SEND_OFFSETS, .what = "send_offsets", .offsets = offsets};

    if (offsets->cnt == 0) {
        return GS_OK;
    }
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(source->client.rk);
    if (group == NULL) {
        return gs_fail(err, GS_FENCED, "the consumer has no group");
    }
    call.group = group;
    const enum gs_status status =
        call_until(sink, &call, gs_txn_deadline(sink->transaction_ms), ret_must_abort, err);
    rd_kafka_consumer_group_metadata_destroy(group);
    return status;
}

static enum gs_status end_transaction(struct gs_kafka_sink *sink, struct gs_kafka_source *source,
                                      const rd_kafka_topic_partition_list_t *offsets,
                                      bool *ret_must_abort, struct gs_error *err)
{
    const struct gs_txn_call call = {.api = GS_TXN_COMMIT, .what = "commit_transaction"};
    enum gs_status status = begin_if_needed(sink, ret_must_abort, err);

    if (status == GS_OK) {
        status = send_offsets(sink, source, offsets, ret_must_abort, err);
    }
    if (status == GS_OK) {
        status =
            call_until(sink, &call, gs_txn_deadline(sink->transaction_ms), ret_must_abort, err);
    }
    return status;
}

static enum gs_status txn_commit(struct gs_sink *base, struct gs_source *from, struct gs_error *err)
{
    struct gs_kafka_sink *sink = gs_kafka_sink_of(base);
    struct gs_kafka_source *source = gs_kafka_source_of(from);
    struct gs_error why = {GS_OK, ""};
    bool must_abort = false;

    enum gs_status status = gs_kafka_sink_check_void(sink, err);
    if (status != GS_OK) {
        return status;
    }
    /* State may be that of a partition which has not moved (time has). Its offset goes along all the
     * same: it carries the generation, by which the broker refuses a former owner's state. */
    rd_kafka_topic_partition_list_t *offsets = gs_kafka_source_offsets(source, sink->put_state);
    if (offsets == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "offsets to commit");
    }
    if (sink->n_put == 0 && (offsets->cnt == 0 || !gs_kafka_source_due(source))) {
        gs_kafka_sink_end_batch(sink); /* nothing to make durable, or not worth a transaction yet */
        goto done;
    }
    status = end_transaction(sink, source, offsets, &must_abort, &why);
    if (status != GS_OK) {
        status = end_failed_call(sink, from, must_abort, &why, err);
        goto done;
    }
    gs_kafka_sink_end_batch(sink);
    gs_kafka_source_committed(source);
    sink->stats.commits++;

done:
    rd_kafka_topic_partition_list_destroy(offsets);
    return status;
}

static enum gs_status txn_abort(struct gs_sink *base, struct gs_source *source,
                                struct gs_error *err)
{
    struct gs_kafka_sink *sink = gs_kafka_sink_of(base);
    const struct gs_error cause = {GS_OK, ""};

    return abort_and_rewind(sink, source, &cause, err);
}

static void txn_close(struct gs_sink *base)
{
    gs_kafka_sink_close(gs_kafka_sink_of(base));
}

const struct gs_sink_ops gs_kafka_txn_ops = {txn_begin, txn_put, txn_commit, txn_abort, txn_close};
