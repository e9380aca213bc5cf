/* The client with which inspect.c and reader.c look at a running system from outside its groups.
 * Private to ingest/kafka. */
#ifndef GS_INGEST_INSPECT_INTERNAL_H
#define GS_INGEST_INSPECT_INTERNAL_H

#include "ingest/kafka/kafka_internal.h"

/* A consumer that joins no group, and what it has asked. {.list = NULL} is one to start. */
struct gs_kafka_inspector {
    struct gs_kafka_client client;
    const struct gs_kafka_options *options;
    int64_t deadline_ns;
    rd_kafka_topic_partition_list_t *list; /* partitions and their committed offsets */
    struct gs_kafka_group group;
};

/* options stay where they are until the end; `instance` is taken out. Stop it whatever this says. */
GS_MUST_CHECK enum gs_status gs_kafka_inspector_start(struct gs_kafka_inspector *at,
                                                      struct gs_kafka_options *options,
                                                      struct gs_error *err);
void gs_kafka_inspector_stop(struct gs_kafka_inspector *at);
/* Looks the topic up and adds its partitions to the list. GS_AGAIN, GS_IO, GS_BAD_CONFIG. */
GS_MUST_CHECK enum gs_status gs_kafka_inspector_add_topic(struct gs_kafka_inspector *at,
                                                          const char *topic, struct gs_error *err);
/* The committed offsets of the list's partitions, with what was noted beside them. GS_IO. */
GS_MUST_CHECK enum gs_status gs_kafka_inspector_committed(struct gs_kafka_inspector *at,
                                                          struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_kafka_inspector_ends(struct gs_kafka_inspector *at,
                                                     const rd_kafka_topic_partition_t *partition,
                                                     int64_t *ret_low, int64_t *ret_end,
                                                     struct gs_error *err);

#endif
