/* The consumer of a lane: poll, rewind, and the commit of positions that moved without a record.
 *
 *     consumer_poll() ─┬─ a record          lent to the owner (held.c); its position moves
 *                      ├─ end of partition  the position moves past control records; idle
 *                      └─ an error          passes by itself, or ends the lane (errors.c)
 *
 * librdkafka fetches ahead in its own threads, so a poll mostly takes what is there. Positions are
 * our own (positions.c); the consumer's offset store is off. */
#include "ingest/kafka/kafka_internal.h"

/* ---- positions ---- */

rd_kafka_topic_partition_list_t *gs_kafka_source_offsets(const struct gs_kafka_source *source,
                                                         bool all)
{
    const struct gs_kafka_positions *positions = &source->positions;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)positions->n);

    for (size_t i = 0; i < positions->n && list != NULL; i++) {
        const struct gs_kafka_position *at = &positions->at[i];
        if (all || at->next != at->stored) {
            rd_kafka_topic_partition_list_add(list, at->topic.bytes, at->partition)->offset =
                at->next;
        }
    }
    return list;
}

bool gs_kafka_source_due(const struct gs_kafka_source *source)
{
    return source->n_taken > 0 ||
           gs_kafka_past(source->committed_ns + GS_KAFKA_IDLE_COMMIT_MS * INT64_C(1000000));
}

void gs_kafka_source_committed(struct gs_kafka_source *source)
{
    gs_kafka_positions_commit(&source->positions);
    gs_kafka_held_release(&source->held);
    source->n_taken = 0;
    source->committed_ns = gs_clock_monotonic_ns();
}

enum gs_status gs_kafka_source_seek(struct gs_kafka_source *source,
                                    rd_kafka_topic_partition_list_t *list, struct gs_error *err)
{
    if (list->cnt == 0) {
        return GS_OK;
    }
    /* 2.0 takes the timeout for microseconds; the seek is local, so it needs none. */
    rd_kafka_error_t *error = rd_kafka_seek_partitions(source->client.rk, list, -1);
    if (error != NULL) {
        const enum gs_status status =
            gs_fail(err, GS_FENCED, "cannot rewind: %s", rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
        return status;
    }
    for (int i = 0; i < list->cnt; i++) {
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return gs_fail(err, GS_FENCED, "cannot rewind %s [%d] to %lld: %s",
                           list->elems[i].topic, (int)list->elems[i].partition,
                           (long long)list->elems[i].offset, rd_kafka_err2str(list->elems[i].err));
        }
    }
    return GS_OK;
}

/* The partitions that have moved since the last commit, with where they go back to. */
static rd_kafka_topic_partition_list_t *moved(const struct gs_kafka_positions *positions)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)positions->n);

    for (size_t i = 0; i < positions->n && list != NULL; i++) {
        const struct gs_kafka_position *at = &positions->at[i];
        if (at->next != at->kept) {
            rd_kafka_topic_partition_list_add(list, at->topic.bytes, at->partition)->offset =
                at->kept;
        }
    }
    return list;
}

enum gs_status gs_kafka_source_rewind(struct gs_kafka_source *source, struct gs_error *err)
{
    rd_kafka_topic_partition_list_t *list = moved(&source->positions);
    enum gs_status status = GS_OK;

    if (list == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "rewinding");
    }
    gs_kafka_held_release(&source->held);
    source->n_taken = 0;
    (void)gs_kafka_positions_rewind(&source->positions);
    if (!source->leaving) {
        status = gs_kafka_source_seek(source, list, err);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

static enum gs_status source_rewind(struct gs_source *base, struct gs_error *err)
{
    return gs_kafka_source_rewind(gs_kafka_source_of(base), err);
}

/* ---- poll ---- */

/* A topic that was there at the start may be reported missing while a broker restarts. */
static enum gs_status missing_topic(struct gs_kafka_source *source,
                                    const rd_kafka_message_t *message, struct gs_error *err)
{
    if (source->missing_since_ns == 0) {
        source->missing_since_ns = gs_clock_monotonic_ns();
    }
    if (!gs_kafka_past(source->missing_since_ns + GS_KAFKA_GONE_MS * INT64_C(1000000))) {
        source->stats.retries++;
        return GS_AGAIN;
    }
    return gs_fail(err, GS_IO, "input topic is gone: %s", rd_kafka_message_errstr(message));
}

static const char *topic_of(const rd_kafka_message_t *message)
{
    return message->rkt == NULL ? "input" : rd_kafka_topic_name(message->rkt);
}

static enum gs_status fatal_error(struct gs_kafka_source *source, struct gs_error *err)
{
    char why[160];
    const rd_kafka_resp_err_t code = rd_kafka_fatal_error(source->client.rk, why, sizeof why);

    return gs_fail(err, gs_kafka_needs_person(code) ? GS_IO : GS_FENCED, "consumer: %s: %s",
                   rd_kafka_err2name(code), why);
}

/* GS_AGAIN when the error passes by itself. */
static enum gs_status consumer_error(struct gs_kafka_source *source,
                                     const rd_kafka_message_t *message, struct gs_error *err)
{
    const rd_kafka_resp_err_t code = message->err;

    if (code == RD_KAFKA_RESP_ERR__FATAL ||
        rd_kafka_fatal_error(source->client.rk, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return fatal_error(source, err);
    }
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
        return missing_topic(source, message, err);
    }
    if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        return gs_fail(err, GS_IO,
                       "%s [%d]: our position %lld is not there any more, records were deleted "
                       "before they were read; `groundswell offsets skip` goes on (%s)",
                       topic_of(message), (int)message->partition, (long long)message->offset,
                       rd_kafka_message_errstr(message));
    }
    if (gs_kafka_unreadable(code) || gs_kafka_needs_person(code)) {
        return gs_fail(err, GS_IO, "%s [%d] at %lld: %s", topic_of(message),
                       (int)message->partition, (long long)message->offset,
                       rd_kafka_message_errstr(message));
    }
    source->stats.retries++;
    gs_kafka_log(&source->client, GS_LOG_WARNING, "%s [%d]: %s, going on", topic_of(message),
                 (int)message->partition, rd_kafka_message_errstr(message));
    return GS_AGAIN;
}

static void reached_end(struct gs_kafka_source *source, const rd_kafka_message_t *message)
{
    struct gs_kafka_position *position = gs_kafka_positions_find(
        &source->positions, gs_str(rd_kafka_topic_name(message->rkt)), message->partition);

    if (position != NULL) {
        /* The position that the client reports here lies behind control records and aborted ones,
         * which it never hands out; taking it over lets the lag become 0. */
        gs_kafka_position_end(position, message->offset);
    }
}

/* GS_OK: the record is lent out; GS_AGAIN: not ours (any more). */
static enum gs_status take(struct gs_kafka_source *source, rd_kafka_message_t *message,
                           struct gs_record *ret, struct gs_error *err)
{
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    struct gs_kafka_position *position = gs_kafka_positions_find(
        &source->positions, gs_str(rd_kafka_topic_name(message->rkt)), message->partition);

    if (position == NULL || message->offset < position->next) {
        return GS_AGAIN;
    }
    const enum gs_status status = gs_kafka_held_add(&source->held, message, ret, err);
    if (status != GS_OK) {
        return status;
    }
    (void)gs_kafka_position_take(position, message->offset);
    ret->topic = position->topic;
    ret->partition = message->partition;
    ret->offset = message->offset;
    ret->timestamp_ms = rd_kafka_message_timestamp(message, &type);
    ret->key = (struct gs_str){message->key, message->key_len};
    ret->value = (struct gs_str){message->payload, message->len};
    source->n_taken++;
    source->stats.consumed++;
    source->missing_since_ns = 0;
    return GS_OK;
}

/* Handles what consumer_poll() gave; destroys it unless it was lent out. */
static enum gs_status deal(struct gs_kafka_source *source, rd_kafka_message_t *message,
                           struct gs_record *ret, struct gs_error *err)
{
    enum gs_status status = GS_AGAIN;

    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        status = take(source, message, ret, err);
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        reached_end(source, message);
    } else {
        status = consumer_error(source, message, err);
    }
    if (status != GS_OK) {
        rd_kafka_message_destroy(message);
    }
    return status;
}

static bool any_moved(const struct gs_kafka_positions *positions)
{
    for (size_t i = 0; i < positions->n; i++) {
        if (positions->at[i].next != positions->at[i].stored) {
            return true;
        }
    }
    return false;
}

/* Positions move without a record: past control records, and to where a new group begins. Between
 * batches they are committed here, or the lag would stay above 0 until the next record. It goes
 * through the sink, because a plain commit that is late could undo what a transaction has committed
 * since. */
static enum gs_status commit_idle(struct gs_kafka_source *source, struct gs_error *err)
{
    struct gs_kafka_sink *sink = source->sink;

    if (sink == NULL || sink->open || source->n_taken > 0 || !gs_kafka_source_due(source) ||
        !any_moved(&source->positions)) {
        return GS_AGAIN;
    }
    enum gs_status status = gs_sink_begin(&sink->base, err);
    if (status == GS_OK) {
        status = gs_sink_commit(&sink->base, &source->base, err);
    }
    source->committed_ns = gs_clock_monotonic_ns();
    return status == GS_OK || status == GS_ABORTED ? GS_AGAIN : status;
}

static enum gs_status source_poll(struct gs_source *base, int timeout_ms, struct gs_record *ret,
                                  struct gs_error *err)
{
    struct gs_kafka_source *source = gs_kafka_source_of(base);
    enum gs_status status = source->n_taken == 0 ? gs_kafka_ownership_check(source, err) : GS_OK;

    if (status != GS_OK) {
        return status;
    }
    if (gs_kafka_held_full(&source->held)) {
        return gs_fail(err, GS_AGAIN, "the batch is full: commit it");
    }
    /* The clock is not read for each record: an event that is not a record ends the waiting. */
    status = GS_AGAIN;
    while (status == GS_AGAIN) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(source->client.rk, timeout_ms);
        if (source->fault.status != GS_OK) {
            if (message != NULL) {
                rd_kafka_message_destroy(message);
            }
            return gs_fail(err, source->fault.status, "%s", source->fault.message);
        }
        if (message == NULL) {
            return commit_idle(source, err);
        }
        status = deal(source, message, ret, err);
        timeout_ms = 0;
    }
    return status;
}

/* ---- the rest of the interface ---- */

static bool source_idle(const struct gs_source *base, struct gs_str topic, int32_t partition)
{
    const struct gs_kafka_source *source = (const struct gs_kafka_source *)base;
    struct gs_kafka_positions positions = source->positions; /* find() only remembers in it */
    const struct gs_kafka_position *at = gs_kafka_positions_find(&positions, topic, partition);

    return at != NULL && at->idle;
}

static int64_t source_lag(const struct gs_source *base)
{
    const struct gs_kafka_source *source = (const struct gs_kafka_source *)base;
    int64_t lag = 0;

    for (size_t i = 0; i < source->positions.n; i++) {
        const struct gs_kafka_position *at = &source->positions.at[i];
        int64_t low = 0;
        int64_t high = 0;
        if (rd_kafka_get_watermark_offsets(source->client.rk, at->topic.bytes, at->partition, &low,
                                           &high) != RD_KAFKA_RESP_ERR_NO_ERROR ||
            high < 0) {
            return -1;
        }
        lag += high > at->next ? high - at->next : 0;
    }
    return source->assigned ? lag + source->ownership.lag : -1;
}

static void source_close(struct gs_source *base)
{
    gs_kafka_source_close(gs_kafka_source_of(base));
}

/* For a sink of another kind, which calls it when its outputs are durable. */
static enum gs_status source_commit(struct gs_source *base, struct gs_error *err)
{
    struct gs_kafka_source *source = gs_kafka_source_of(base);
    struct gs_error why = {GS_OK, ""};
    rd_kafka_topic_partition_list_t *offsets = gs_kafka_source_offsets(source, false);

    if (offsets == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "offsets to commit");
    }
    enum gs_status status = GS_OK;
    if (offsets->cnt > 0 && gs_kafka_source_due(source)) {
        status = gs_kafka_source_commit_offsets(source, offsets, &why);
        if (status == GS_OK) {
            gs_kafka_source_committed(source);
        }
    }
    rd_kafka_topic_partition_list_destroy(offsets);
    if (status == GS_ABORTED) {
        status = gs_kafka_source_rewind(source, &why) == GS_OK ? GS_ABORTED : why.status;
    }
    return status == GS_OK ? GS_OK : gs_fail(err, status, "%s", why.message);
}

const struct gs_source_ops gs_kafka_source_ops = {.poll = source_poll,
                                                  .rewind = source_rewind,
                                                  .idle = source_idle,
                                                  .lag = source_lag,
                                                  .close = source_close,
                                                  .commit = source_commit,
                                                  .holds = gs_kafka_source_holds};
