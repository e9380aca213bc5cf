/* Writes records to topics and, in the same transaction, where a group stands in another topic: what
 * `groundswell dlq redrive` needs so that neither a kill nor a second run doubles a record.
 *
 *     gs_kafka_transfer_open          fences a transfer of the same name, ends what it left open
 *         places are read now         gs_kafka_reader_places(): they are settled
 *         gs_kafka_transfer_target    each topic that is written to
 *         gs_kafka_transfer_put …
 *         gs_kafka_transfer_commit    records and places, all or nothing
 *     gs_kafka_transfer_close         what was put and not committed is void
 *
 * It is no member of the group, and the group must have none: the transactional id alone says whose
 * places they are (KIP-98). Source and topic are read by somebody else (reader.h).
 *
 * Threads: owned by one. */
#ifndef GS_INGEST_TRANSFER_H
#define GS_INGEST_TRANSFER_H

#include "ingest/kafka/reader.h"

struct gs_kafka_transfer; /* opaque */

struct gs_kafka_target {
    int32_t n_partitions;
    size_t
        max_bytes; /* of one record by gs_kafka_output_size(); SIZE_MAX: the broker does not tell */
};

/* options: brokers, properties, transaction_timeout_ms, group; instance is the transactional id.
 * Strings are borrowed. GS_AGAIN: no broker answers. GS_IO: rights. GS_BAD_CONFIG, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_kafka_transfer_open(const struct gs_kafka_options *options,
                                      struct gs_kafka_transfer **ret, struct gs_error *err);
void gs_kafka_transfer_close(struct gs_kafka_transfer *transfer); /* NULL is fine */

/* Looks a topic up, once: the answer is kept. *ret_index is for gs_kafka_transfer_put(). GS_IO: it
 * does not exist, or there is no right to it; GS_AGAIN, GS_BAD_CONFIG, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_kafka_transfer_target(struct gs_kafka_transfer *transfer, const char *topic,
                                        size_t *ret_index, struct gs_kafka_target *ret,
                                        struct gs_error *err);

/* Any failure voids what was put since the last commit. GS_IO. */
GS_MUST_CHECK
enum gs_status gs_kafka_transfer_put(struct gs_kafka_transfer *transfer, size_t index,
                                     const struct gs_output *output, struct gs_error *err);

/* GS_BAD_FORMAT: the broker has refused a record (size, time), which of them it does not say; all are
 * void and others may be put. GS_IO: void, or committed without our being told: a new transfer finds
 * out. places: of `topic`, the notes are copied. */
GS_MUST_CHECK
enum gs_status gs_kafka_transfer_commit(struct gs_kafka_transfer *transfer, const char *topic,
                                        const struct gs_kafka_place *places, size_t n_places,
                                        struct gs_error *err);

#endif
