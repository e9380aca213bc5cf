/* The five calls of librdkafka's transaction API in one form, so that whoever uses it has one loop
 * that looks at errors: sink_txn.c for a lane, transfer.c for a command.
 *
 * Private to ingest/kafka. */
#ifndef GS_INGEST_KAFKA_TXN_CALL_H
#define GS_INGEST_KAFKA_TXN_CALL_H

#include "ingest/kafka/kafka_internal.h"

enum gs_txn_api {
    GS_TXN_INIT,
    GS_TXN_BEGIN,
    GS_TXN_SEND_OFFSETS,
    GS_TXN_COMMIT,
    GS_TXN_ABORT,
};

struct gs_txn_call {
    enum gs_txn_api api;
    const char *what;                                /* for messages */
    const rd_kafka_topic_partition_list_t *offsets;  /* of GS_TXN_SEND_OFFSETS */
    const rd_kafka_consumer_group_metadata_t *group; /* likewise */
};

/* Makes the call once and waits for a slice of time at most. NULL: it is done. A retriable error
 * asks for the same call with the same arguments, which librdkafka resumes. */
rd_kafka_error_t *gs_txn_call_once(struct gs_kafka_client *client, const struct gs_txn_call *call);

/* Past the transaction's own timeout, so that its end at the broker is met and not guessed. */
int64_t gs_txn_deadline(int transaction_ms);

#endif
