/* Plain offset commits, outside any transaction: for at-least-once delivery, and for sources whose
 * sink is of another kind.
 *
 * A commit is a request and an answer on a queue of its own, so that waiting for it serves no other
 * events. Errors that pass by themselves are repeated for a minute. A lost membership means that
 * somebody else has the partitions now (GS_ABORTED); the rest needs new clients (GS_FENCED) or a
 * person (GS_IO). */
#include "ingest/kafka/kafka_internal.h"

/* One commit request; waits for its answer until the deadline. */
static rd_kafka_resp_err_t commit_once(struct gs_kafka_source *source,
                                       const rd_kafka_topic_partition_list_t *offsets,
                                       int64_t deadline_ns)
{
    rd_kafka_event_t *event = NULL;
    rd_kafka_resp_err_t code =
        rd_kafka_commit_queue(source->client.rk, offsets, source->replies, NULL, NULL);

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return code;
    }
    while (event == NULL && !gs_kafka_give_up(&source->client, deadline_ns)) {
        event = rd_kafka_queue_poll(source->replies, gs_kafka_slice_ms(&source->client));
    }
    if (event == NULL) {
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    }
    code = rd_kafka_event_error(event);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
    for (int i = 0; list != NULL && i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        code = list->elems[i].err;
    }
    rd_kafka_event_destroy(event);
    return code;
}

enum gs_status gs_kafka_source_commit_offsets(struct gs_kafka_source *source,
                                              const rd_kafka_topic_partition_list_t *offsets,
                                              struct gs_error *err)
{
    const int64_t deadline = gs_kafka_deadline(2 * GS_KAFKA_DELIVERY_MS);
    char why[160];

    for (unsigned attempt = 0;; attempt++) {
        const rd_kafka_resp_err_t code = commit_once(source, offsets, deadline);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return GS_OK;
        }
        if (rd_kafka_fatal_error(source->client.rk, why, sizeof why) !=
                RD_KAFKA_RESP_ERR_NO_ERROR ||
            code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
            return gs_fail(err, GS_FENCED, "offset commit: %s", rd_kafka_err2str(code));
        }
        if (gs_kafka_needs_person(code)) {
            return gs_fail(err, GS_IO, "offset commit: %s", rd_kafka_err2str(code));
        }
        if (gs_kafka_lost_membership(code)) {
            return gs_fail(err, GS_ABORTED, "offset commit: %s", rd_kafka_err2str(code));
        }
        if (!gs_kafka_passes(code) || gs_kafka_give_up(&source->client, deadline)) {
            return gs_fail(err, GS_FENCED, "offset commit: %s", rd_kafka_err2str(code));
        }
        source->stats.retries++;
        gs_kafka_log(&source->client, GS_LOG_WARNING, "offset commit: %s, again",
                     rd_kafka_err2str(code));
        gs_kafka_back_off(attempt);
    }
}
