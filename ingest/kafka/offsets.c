/* Plain offset commits: at-least-once delivery, and sources whose sink is of another kind. */
#include "ingest/kafka/lane.h"

/* One commit request and its answer, waited for so long. */
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
    while (event == NULL && !gs_kafka_past(deadline_ns)) {
        event = rd_kafka_queue_poll(source->replies, GS_KAFKA_SLICE_MS);
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
        if (!gs_kafka_passes(code) || gs_kafka_past(deadline)) {
            return gs_fail(err, GS_FENCED, "offset commit: %s", rd_kafka_err2str(code));
        }
        source->stats.retries++;
        gs_kafka_log(&source->client, GS_LOG_WARNING, "offset commit: %s, again",
                     rd_kafka_err2str(code));
        gs_kafka_back_off(attempt);
    }
}
