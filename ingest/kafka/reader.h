/* Reads one topic from outside any group, from chosen positions to the ends that it had at the
 * opening, or on and on: for `groundswell dlq` and `groundswell tap`. It commits nothing.
 *
 *     gs_kafka_reader_open
 *         gs_kafka_reader_bounds, gs_kafka_reader_seek      each partition
 *     gs_kafka_reader_next …                                records are lent
 *     gs_kafka_reader_release                               … until here
 *     gs_kafka_reader_close
 *
 * Only what is committed is read. A partition's records come in their order, those of several
 * partitions as they arrive.
 *
 * Threads: owned by one. */
#ifndef GS_INGEST_READER_H
#define GS_INGEST_READER_H

#include "ingest/kafka/kafka.h"

struct gs_kafka_reader; /* opaque */

/* Where a group stands in a partition, and what it has noted beside that. */
struct gs_kafka_place {
    int32_t partition;
    int64_t offset; /* -1: it has none */
    struct gs_str note;
};

/* options: brokers, properties and a group, whose offsets gs_kafka_reader_places() tells; the strings
 * are borrowed until the close, as is topic. follow: it does not end, and
 * waits for brokers that are away.
 *
 * Every partition is read from its first record unless gs_kafka_reader_seek() says otherwise.
 * GS_AGAIN: no broker answers; GS_IO: there is no such topic, or no right to it; GS_BAD_CONFIG;
 * GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_kafka_reader_open(const struct gs_kafka_options *options, const char *topic,
                                    bool follow, struct gs_kafka_reader **ret,
                                    struct gs_error *err);
void gs_kafka_reader_close(struct gs_kafka_reader *reader); /* NULL is fine */

/* Partitions are 0 to n - 1. */
int32_t gs_kafka_reader_partitions(const struct gs_kafka_reader *reader);
/* The first record that is there, and behind the last that was committed at the opening. */
void gs_kafka_reader_bounds(const struct gs_kafka_reader *reader, int32_t partition,
                            int64_t *ret_low, int64_t *ret_end);
/* Before the first record is read. `from` is held to the bounds; at the end nothing is read of the
 * partition, unless it is followed. */
void gs_kafka_reader_seek(struct gs_kafka_reader *reader, int32_t partition, int64_t from);

/* Calls each once a partition with the group's committed offset; the note is lent for the call. Waits
 * while a transaction holds an offset. GS_IO. */
GS_MUST_CHECK
enum gs_status gs_kafka_reader_places(struct gs_kafka_reader *reader,
                                      void (*each)(void *arg, const struct gs_kafka_place *place),
                                      void *arg, struct gs_error *err);

/* GS_OK and a record; GS_AGAIN: none within timeout_ms; GS_CLOSED: all partitions were read to their
 * ends; GS_IO: nothing more can be read (retention has deleted what was to come, no broker has
 * answered for half a minute, rights, bytes that cannot be read); GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_kafka_reader_next(struct gs_kafka_reader *reader, int timeout_ms,
                                    struct gs_record *ret, struct gs_error *err);
void gs_kafka_reader_release(struct gs_kafka_reader *reader);

#endif
