/* Looks at a group's positions, and moves them, from outside the group: for `groundswell lag` and
 * `groundswell offsets`.
 *
 * Threads: any; each call makes a client of its own and ends it. */
#ifndef GS_INGEST_KAFKA_INSPECT_H
#define GS_INGEST_KAFKA_INSPECT_H

#include "ingest/kafka/kafka.h"

/* Where a group stands in one partition of its input. */
struct gs_kafka_standing {
    const char *topic;
    int32_t partition;
    int64_t committed; /* -1: the group has no offset here */
    int64_t low, end;  /* the first record that is there; behind the last that is committed */
    int64_t lag;       /* records that wait */
    int64_t since_ms;  /* the time of the oldest record that waits; -1: none, or not known */
    const char *owner; /* the member that reads it; NULL: nobody */
};

/* Calls each once for every partition of options->topics, in order; everything in the struct is
 * lent for the call. *ret_members: the members of the group now. options->instance is not used.
 * GS_AGAIN: no broker answers; GS_IO. */
GS_MUST_CHECK
enum gs_status gs_kafka_standings(const struct gs_kafka_options *options,
                                  void (*each)(void *arg, const struct gs_kafka_standing *standing),
                                  void *arg, size_t *ret_members, struct gs_error *err);

enum gs_kafka_move_kind {
    GS_MOVE_TO,       /* to `offset` */
    GS_MOVE_BY,       /* `offset` records on from where the group stands */
    GS_MOVE_TO_FIRST, /* the first record that is there */
    GS_MOVE_TO_END
};

struct gs_kafka_move {
    const char *topic;
    int32_t partition;
    enum gs_kafka_move_kind kind;
    int64_t offset;
    int64_t from, to; /* filled in: what it was (-1: none), what it is now */
};

/* Moves the group's position in one partition. The group must be at rest: the broker refuses it while
 * the group has members, and so do we, with a sentence (GS_BAD_CONFIG). The new position is held to
 * what the partition has: GS_BAD_CONFIG for one outside of it. GS_AGAIN, GS_IO as above. */
GS_MUST_CHECK
enum gs_status gs_kafka_move(const struct gs_kafka_options *options, struct gs_kafka_move *move,
                             struct gs_error *err);

#endif
