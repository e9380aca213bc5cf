/* Partitions that come and go: the callbacks of a rebalance. librdkafka calls them from inside
 * consumer_poll(), or while the consumer closes, so on the owner's thread.
 *
 *     revoke   `revoking`     the owner ends its batch: it commits, or aborts when the assignment
 *                             is lost already; an abort also rewinds the partitions
 *                             a batch that it leaves open is aborted here (gs_kafka_sink_void())
 *              `revoked`      for each partition: its state is dropped, then its position
 *              unassign
 *
 *     assign   committed()    the group's offsets, asked for until there is an answer without error
 *              first offset   where the group has none: from `start`, made a number; a
 *                             partition that came later begins at its first record
 *              positions      for all partitions
 *              `assigned`     for each partition
 *              restore        what is kept of their state (changelog.c); what makes no sense is
 *                             the state's fault only if the group has not moved on meanwhile
 *              assign         at explicit offsets
 *
 * Why committed offsets are asked for again and again: while another member's open transaction
 * holds them, the broker answers "timed out" *and* -1001 as offset. Taking that for "none" would
 * read the partition again from its first record.
 *
 * Why the first offset is a number and never "end": when the first batch of a new group is aborted,
 * it has to go back to where it began, and "end" would by then be further on.
 *
 * What protects against a member that does not know yet that it has lost its partitions is not
 * rd_kafka_assignment_lost(), which may be late, but the broker: the group's generation goes with
 * send_offsets (sink_txn.c), and one of the past is refused. The lost flag only saves the attempt.
 *
 * What has to stay as it is: the batch ends before positions go, since its offsets are those of the
 * partitions that are revoked. Positions are there before the assignment, since records may come
 * with the next poll. With the eager protocol every revoke takes all partitions: `leaving`, which
 * says that all of them are about to go, is set while the batch ends, and a rewind need not seek.
 * Cooperative assignment keeps some, and the rewind of an abort seeks them.
 *
 * A callback cannot return an error: the first fault is kept, and gs_source_poll() returns it. */
#include "ingest/kafka/kafka_internal.h"

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
        if (gs_kafka_positions_find(&source->positions, topic, partitions->elems[i].partition) ==
            NULL) {
            continue; /* left out when it was assigned */
        }
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
        const rd_kafka_resp_err_t code = first_error(
            rd_kafka_committed(source->client.rk, list, gs_kafka_slice_ms(&source->client)), list);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return GS_OK;
        }
        if (gs_kafka_needs_person(code)) {
            return gs_fail(err, GS_IO, "cannot read the group's offsets: %s",
                           rd_kafka_err2str(code));
        }
        if (gs_kafka_give_up(&source->client, deadline)) {
            return gs_fail(err, GS_FENCED, "the group's offsets cannot be had: %s",
                           rd_kafka_err2str(code));
        }
        source->stats.retries++;
        gs_kafka_back_off(attempt);
    }
}

/* Whether the group has read before: it has an offset of any partition of its topics, or of this
 * topic alone. */
static enum gs_status has_history(struct gs_kafka_source *source, const char *topic, bool *ret,
                                  struct gs_error *err)
{
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(16);
    enum gs_status status = GS_OK;

    *ret = false;
    if (gs_kafka_list_partitions(source, all) && all->cnt > 0) {
        status = fetch_committed(source, all, err);
    }
    for (int i = 0; i < all->cnt && status == GS_OK; i++) {
        *ret |=
            all->elems[i].offset >= 0 && (topic == NULL || strcmp(topic, all->elems[i].topic) == 0);
    }
    rd_kafka_topic_partition_list_destroy(all);
    return status;
}

/* Where a partition without an offset begins: `start` is for the group's first start, and a
 * partition that came later has records that nobody has read. Lanes that start together do not see
 * each other's first offsets as history (fresh_ns). */
static enum gs_status start_of(struct gs_kafka_source *source, const char *topic,
                               enum gs_start *ret, struct gs_error *err)
{
    bool history = false;

    *ret = source->start;
    if (source->start == GS_START_EARLIEST) {
        return GS_OK;
    }
    const bool committed_only = source->start == GS_START_COMMITTED_ONLY;
    const enum gs_status status = has_history(source, committed_only ? topic : NULL, &history, err);
    if (status != GS_OK || committed_only || source->fresh_ns == NULL) {
        *ret = history ? GS_START_EARLIEST : source->start;
        return status;
    }
    int64_t never = 0;
    if (!history) {
        (void)atomic_compare_exchange_strong(source->fresh_ns, &never, gs_clock_monotonic_ns());
    }
    const int64_t fresh = atomic_load(source->fresh_ns);
    const bool first = fresh != 0 && !gs_kafka_past(fresh + GS_KAFKA_FRESH_MS * INT64_C(1000000));
    *ret = history && !first ? GS_START_EARLIEST : source->start;
    return GS_OK;
}

/* The offset at which a partition without a committed one begins: a number, never "end", so that an
 * aborted first batch goes back to where it began. */
static enum gs_status first_offset(struct gs_kafka_source *source, const char *topic,
                                   int32_t partition, int64_t *ret, struct gs_error *err)
{
    const int64_t deadline = gs_kafka_deadline(GS_KAFKA_COMMITTED_MS);
    enum gs_start start = source->start;
    const enum gs_status status = start_of(source, topic, &start, err);

    if (status != GS_OK) {
        return status;
    }
    if (start == GS_START_COMMITTED_ONLY) {
        return gs_fail(err, GS_IO,
                       "%s [%d]: the group has no committed offset; say where to begin (start: "
                       "earliest or latest), or set the group's offsets (groundswell offsets)",
                       topic, (int)partition);
    }
    for (unsigned attempt = 0;; attempt++) {
        int64_t low = 0;
        int64_t high = 0;
        const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
            source->client.rk, topic, partition, &low, &high, gs_kafka_slice_ms(&source->client));
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            *ret = start == GS_START_EARLIEST ? low : high;
            return GS_OK;
        }
        if (gs_kafka_needs_person(code) || gs_kafka_give_up(&source->client, deadline)) {
            return gs_fail(err, gs_kafka_needs_person(code) ? GS_IO : GS_FENCED,
                           "cannot find the first offset of %s [%d]: %s", topic, (int)partition,
                           rd_kafka_err2str(code));
        }
        source->stats.retries++;
        gs_kafka_back_off(attempt);
    }
}

/* Positions for all of list, whose offsets become explicit. */
static enum gs_status add_positions(struct gs_kafka_source *source,
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

/* A static member that comes back gets what it had, topics that are not read any more among it. */
static void leave_out_foreign(struct gs_kafka_source *source,
                              rd_kafka_topic_partition_list_t *partitions)
{
    for (int i = partitions->cnt - 1; i >= 0; i--) {
        if (!gs_kafka_subscribed(source, partitions->elems[i].topic)) {
            source->ownership.foreign = true;
            (void)rd_kafka_topic_partition_list_del_by_idx(partitions, i);
        }
    }
}

/* Whether the group has moved on from the offsets of this assignment, of which this member has read
 * nothing yet: then another member has these partitions. */
static bool overtaken(struct gs_kafka_source *source,
                      const rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_topic_partition_list_t *now = rd_kafka_topic_partition_list_copy(partitions);
    struct gs_error ignored;
    bool moved = false;

    if (fetch_committed(source, now, &ignored) == GS_OK) {
        for (int i = 0; i < now->cnt; i++) {
            moved |=
                now->elems[i].offset >= 0 && now->elems[i].offset != partitions->elems[i].offset;
        }
    }
    rd_kafka_topic_partition_list_destroy(now);
    return moved;
}

/* A member that has slept past its session wakes with an assignment of the past, and reads back what
 * the owner of today is writing: state that goes beyond the offsets that it has just asked for, or
 * half of it. That is no reason to stop. */
static enum gs_status restore(struct gs_kafka_source *source,
                              rd_kafka_topic_partition_list_t *partitions, struct gs_error *err)
{
    const enum gs_status status = gs_kafka_changelog_restore(source, partitions, err);

    if (status == GS_IO && overtaken(source, partitions)) {
        const struct gs_error why = *err;
        return gs_fail(err, GS_FENCED, "another member has these partitions: %s", why.message);
    }
    return status;
}

static void assign(struct gs_kafka_source *source, rd_kafka_topic_partition_list_t *partitions)
{
    const struct gs_source_events *events = &source->base.events;
    struct gs_error err = {GS_OK, ""};

    leave_out_foreign(source, partitions);
    enum gs_status status = add_positions(source, partitions, &err);

    for (int i = 0; i < partitions->cnt && status == GS_OK && events->assigned != NULL; i++) {
        events->assigned(events->arg, gs_str(partitions->elems[i].topic),
                         partitions->elems[i].partition);
    }
    if (status == GS_OK && events->restore != NULL) {
        status = restore(source, partitions, &err);
    }
    if (status == GS_OK) {
        status = apply(source, true, partitions, &err);
    }
    if (status != GS_OK) {
        set_fault(source, &err);
        (void)rd_kafka_assign(source->client.rk, NULL);
        return;
    }
    source->assigned = true;
    gs_kafka_ownership_assigned(source);
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
