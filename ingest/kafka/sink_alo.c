/* At least once: the offsets of a batch are committed after all of its outputs have arrived.
 *
 *     put … put ─► flush until every delivery report is in ─┬─ all good: commit the offsets
 *                                                           └─ one failed: rewind the source
 *
 * The order is the promise: a crash between the two repeats the batch, and nothing is lost. For the
 * same reason a batch that failed is made again as a whole; the part of it that was delivered is
 * then there twice. */
#include "ingest/kafka/kafka_internal.h"

static enum gs_status alo_begin(struct gs_sink *base, struct gs_error *err)
{
    return gs_kafka_sink_begin_batch(gs_kafka_sink_of(base), err);
}

enum gs_status gs_kafka_alo_drain(struct gs_kafka_sink *sink, struct gs_error *err)
{
    /* librdkafka reports every record within message.timeout.ms; twice that is a hanging client. */
    const int64_t deadline = gs_kafka_deadline(2 * GS_KAFKA_DELIVERY_MS);

    while (sink->in_flight > 0) {
        (void)rd_kafka_flush(sink->client.rk, gs_kafka_slice_ms(&sink->client));
        if (sink->in_flight > 0 && gs_kafka_give_up(&sink->client, deadline)) {
            sink->stats.fences++;
            return gs_fail(err, GS_FENCED, "%llu deliveries were not reported in time",
                           (unsigned long long)sink->in_flight);
        }
    }
    return GS_OK;
}

/* Back to the last commit; gives the cause's status, or a worse one. */
static enum gs_status drain_and_rewind(struct gs_kafka_sink *sink, struct gs_source *source,
                                       const struct gs_error *cause, struct gs_error *err)
{
    enum gs_status status = gs_kafka_alo_drain(sink, err);

    if (status == GS_OK && source != NULL) {
        status = gs_kafka_source_rewind(gs_kafka_source_of(source), err);
    }
    if (status != GS_OK) {
        return status;
    }
    gs_kafka_sink_end_batch(sink);
    sink->stats.aborts++;
    sink->stats.fences += cause->status == GS_FENCED;
    return gs_fail(err, cause->status, "%s", cause->message);
}

static enum gs_status alo_put(struct gs_sink *base, enum gs_stream stream,
                              const struct gs_output *output, struct gs_error *err)
{
    struct gs_kafka_sink *sink = gs_kafka_sink_of(base);
    enum gs_status status = gs_kafka_sink_check_void(sink, err);

    if (status == GS_OK) {
        status = gs_kafka_sink_enqueue(sink, stream, output, err);
        sink->stats.fences += status == GS_FENCED;
    }
    return status;
}

/* Deliveries first, offsets after: the order is the promise. */
static enum gs_status commit_when_delivered(struct gs_kafka_sink *sink,
                                            struct gs_kafka_source *source,
                                            const rd_kafka_topic_partition_list_t *offsets,
                                            struct gs_error *err)
{
    enum gs_status status = gs_kafka_alo_drain(sink, err);

    if (status == GS_OK && sink->failure != RD_KAFKA_RESP_ERR_NO_ERROR) {
        status = gs_kafka_sink_failure(sink, err);
    }
    if (status == GS_OK && offsets->cnt > 0) {
        status = gs_kafka_source_commit_offsets(source, offsets, err);
    }
    return status;
}

static enum gs_status alo_commit(struct gs_sink *base, struct gs_source *from, struct gs_error *err)
{
    struct gs_kafka_sink *sink = gs_kafka_sink_of(base);
    struct gs_kafka_source *source = gs_kafka_source_of(from);
    struct gs_error why = {GS_OK, ""};

    enum gs_status status = gs_kafka_sink_check_void(sink, err);
    if (status != GS_OK) {
        return status;
    }
    rd_kafka_topic_partition_list_t *offsets = gs_kafka_source_offsets(source, false);
    if (offsets == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "offsets to commit");
    }
    if (sink->n_put == 0 && (offsets->cnt == 0 || !gs_kafka_source_due(source))) {
        gs_kafka_sink_end_batch(sink);
        goto done;
    }
    status = commit_when_delivered(sink, source, offsets, &why);
    if (status != GS_OK) {
        status = drain_and_rewind(sink, from, &why, err);
        goto done;
    }
    gs_kafka_sink_end_batch(sink);
    gs_kafka_source_committed(source);
    sink->stats.commits++;

done:
    rd_kafka_topic_partition_list_destroy(offsets);
    return status;
}

static enum gs_status alo_abort(struct gs_sink *base, struct gs_source *source,
                                struct gs_error *err)
{
    const struct gs_error cause = {GS_OK, ""};

    return drain_and_rewind(gs_kafka_sink_of(base), source, &cause, err);
}

static void alo_close(struct gs_sink *base)
{
    gs_kafka_sink_close(gs_kafka_sink_of(base));
}

const struct gs_sink_ops gs_kafka_alo_ops = {alo_begin, alo_put, alo_commit, alo_abort, alo_close};
