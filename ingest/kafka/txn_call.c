/* One call of the transaction API (txn_call.h). */
#include "ingest/kafka/txn_call.h"

rd_kafka_error_t *gs_txn_call_once(struct gs_kafka_client *client, const struct gs_txn_call *call)
{
    switch (call->api) {
    case GS_TXN_INIT:
        return rd_kafka_init_transactions(client->rk, gs_kafka_slice_ms(client));
    case GS_TXN_BEGIN:
        return rd_kafka_begin_transaction(client->rk);
    case GS_TXN_SEND_OFFSETS:
        return rd_kafka_send_offsets_to_transaction(client->rk, call->offsets, call->group,
                                                    gs_kafka_slice_ms(client));
    case GS_TXN_COMMIT:
        return rd_kafka_commit_transaction(client->rk, gs_kafka_slice_ms(client));
    case GS_TXN_ABORT:
        break;
    }
    return rd_kafka_abort_transaction(client->rk, gs_kafka_slice_ms(client));
}

int64_t gs_txn_deadline(int transaction_ms)
{
    return gs_kafka_deadline(3 * transaction_ms);
}
