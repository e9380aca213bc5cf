/* What happens when partitions come and go. The calls are made by librdkafka from inside
 * consumer_poll(), or while the consumer closes, so on the owner's thread.
 *
 *     revoke   owner ends its batch → its events → our positions go → unassign → rewind what is
 * kept assign   committed offsets → start policy → positions → assign at explicit offsets → its
 * events */
#include "ingest/kafka/lane.h"

#include <string.h>

static bool cooperative(rd_kafka_t *rk)
{
    const char *protocol = rd_kafka_rebalance_protocol(rk);

    return protocol != NULL && strcmp(protocol, "COOPERATIVE") == 0;
}

/* The first fault is kept; gs_source_poll() returns it. */
static void set_fault(struct gs_kafka_source *source, const struct gs_error *err)
{
    if (source->fault.status == GS_OK) {
        source->fault = *err;
    }
}

/* Tells librdkafka the new assignment, NULL for none. */
static enum gs_status apply(struct gs_kafka_source *source, bool assign,
                            rd_kafka_topic_partition_list_t *partitions, struct gs_error *err)
{
    rd_kafka_t *rk = source->client.rk;

    if (!cooperative(rk)) {
        const rd_kafka_resp_err_t code = rd_kafka_assign(rk, assign ? partitions : NULL);
        return code == RD_KAFKA_RESP_ERR_NO_ERROR
                   ? GS_OK
                   : gs_fail(err, GS_FENCED, "cannot take the assignment: %s",
                             rd_kafka_err2str(code));
    }
    rd_kafka_error_t *error = assign ? rd_kafka_incremental_assign(rk, partitions)
                                     : rd_kafka_incremental_unassign(rk, partitions);
    if (error == NULL) {
        return GS_OK;
    }
    const enum gs_status status =
        gs_fail(err, GS_FENCED, "cannot take the assignment: %s", rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return status;
}

/* ---- revoke ---- */

static void end_batch(struct gs_kafka_source *source, bool lost)
{
    if (source->base.events.revoking != NULL) {
        source->base.events.revoking(source->base.events.arg, lost);
    }
    if (source->sink != NULL) {
        gs_kafka_sink_void(source->sink);
    }
}

static void revoke(struct gs_kafka_source *source, rd_kafka_topic_partition_list_t *partitions)
{
    struct gs_error err = {GS_OK, ""};
    const bool closing = source->leaving;

    source->leaving = closing || !cooperative(source->client.rk);
    end_batch(source, rd_kafka_assignment_lost(source->client.rk) != 0);
    for (int i = 0; i < partitions->cnt; i++) {
        const struct gs_str topic = gs_str(partitions->elems[i].topic);
        if (source->base.events.revoked != NULL) {
            source->base.events.revoked(source->base.events.arg, topic,
                                        partitions->elems[i].partition);
        }
        gs_kafka_positions_remove(&source->positions, topic, partitions->elems[i].partition);
    }
    source->assigned = source->positions.n > 0;
    source->leaving = closing;
    if (apply(source, false, partitions, &err) != GS_OK) {
        set_fault(source, &err);
    }
}

/* ---- assign ---- */

static rd_kafka_resp_err_t first_error(rd_kafka_resp_err_t code,
                                       const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        code = list->elems[i].err;
    }
    return code;
}

/* Fills in the group's offsets, RD_KAFKA_OFFSET_INVALID where there is none. While another member's
 * open transaction holds an offset the broker answers with an error *and* -1001: taking that for
 * "none" would begin again from the start. So only an answer without any error counts. */
static enum gs_status fetch_committed(struct gs_kafka_source *source,
                                      rd_kafka_topic_partition_list_t *list, struct gs_error *err)
{
    const int64_t deadline = gs_kafka_deadline(GS_KAFKA_COMMITTED_MS);

    for (unsigned attempt = 0;; attempt++) {
        for (int i = 0; i < list->cnt; i++) {
            list->elems[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
        }
        const rd_kafka_resp_err_t code =
            first_error(rd_kafka_committed(source->client.rk, list, GS_KAFKA_SLICE_MS), list);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return GS_OK;
        }
        if (gs_kafka_needs_person(code)) {
            return gs_fail(err, GS_IO, "cannot read the group's offsets: %s",
                           rd_kafka_err2str(code));
        }
        if (gs_kafka_past(deadline)) {
            return gs_fail(err, GS_FENCED, "the group's offsets cannot be had for %d s: %s",
                           GS_KAFKA_COMMITTED_MS / 1000, rd_kafka_err2str(code));
        }
        source->stats.retries++;
        gs_kafka_back_off(attempt);
    }
}

/* The offset at which a partition without a committed one begins: a number, never "end", so that an
 * aborted first batch goes back to where it began. */
static enum gs_status first_offset(struct gs_kafka_source *source, const char *topic,
                                   int32_t partition, int64_t *ret, struct gs_error *err)
{
    const int64_t deadline = gs_kafka_deadline(GS_KAFKA_COMMITTED_MS);

    if (source->start == GS_START_COMMITTED_ONLY) {
        return gs_fail(err, GS_IO,
                       "%s [%d]: the group has no committed offset; say where to begin (start: "
                       "earliest or latest), or set the group's offsets",
                       topic, (int)partition);
    }
    for (unsigned attempt = 0;; attempt++) {
        int64_t low = 0;
        int64_t high = 0;
        const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
            source->client.rk, topic, partition, &low, &high, GS_KAFKA_SLICE_MS);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            *ret = source->start == GS_START_EARLIEST ? low : high;
            return GS_OK;
        }
        if (gs_kafka_needs_person(code) || gs_kafka_past(deadline)) {
            return gs_fail(err, gs_kafka_needs_person(code) ? GS_IO : GS_FENCED,
                           "cannot find the first offset of %s [%d]: %s", topic, (int)partition,
                           rd_kafka_err2str(code));
        }
        source->stats.retries++;
        gs_kafka_back_off(attempt);
    }
}

/* Positions for all of list, whose offsets become explicit. */
static enum gs_status take_positions(struct gs_kafka_source *source,
                                     rd_kafka_topic_partition_list_t *list, struct gs_error *err)
{
    enum gs_status status = fetch_committed(source, list, err);

    for (int i = 0; i < list->cnt && status == GS_OK; i++) {
        rd_kafka_topic_partition_t *at = &list->elems[i];
        const int64_t stored = at->offset >= 0 ? at->offset : -1;
        if (stored < 0) {
            status = first_offset(source, at->topic, at->partition, &at->offset, err);
        }
        if (status == GS_OK) {
            status = gs_kafka_positions_add(&source->positions, gs_str(at->topic), at->partition,
                                            at->offset, stored, err);
        }
    }
    return status;
}

static void assign(struct gs_kafka_source *source, rd_kafka_topic_partition_list_t *partitions)
{
    struct gs_error err = {GS_OK, ""};
    enum gs_status status = take_positions(source, partitions, &err);

    if (status == GS_OK) {
        status = apply(source, true, partitions, &err);
    }
    if (status != GS_OK) {
        set_fault(source, &err);
        (void)rd_kafka_assign(source->client.rk, NULL);
        return;
    }
    source->assigned = true;
    for (int i = 0; i < partitions->cnt && source->base.events.assigned != NULL; i++) {
        source->base.events.assigned(source->base.events.arg, gs_str(partitions->elems[i].topic),
                                     partitions->elems[i].partition);
    }
}

void gs_kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct gs_kafka_client *client = opaque;
    struct gs_kafka_source *source = client->owner;

    source->stats.rebalances++;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        assign(source, partitions);
    } else if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
        revoke(source, partitions);
    } else {
        gs_kafka_log(client, GS_LOG_WARNING, "rebalance: %s", rd_kafka_err2str(code));
        (void)rd_kafka_assign(rk, NULL);
    }
}
