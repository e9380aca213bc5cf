/* The offsets of a lane in each of its partitions. They are kept by us: the consumer's own offset
 * store is off.
 *
 *     stored ≤ kept ≤ next
 *
 *     kept     where a rewind goes: the last commit, or where the assignment began
 *     next     the offset after the last record taken
 *     stored   what the group has on the broker, -1 for nothing; differs from kept only until the
 *              first commit
 *
 * Threads: owned by one thread. A pointer to a position is good until the next add or remove. */
#ifndef GS_INGEST_KAFKA_POSITIONS_H
#define GS_INGEST_KAFKA_POSITIONS_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

struct gs_kafka_position {
    struct gs_str topic; /* NUL-terminated, stays where it is while the partition is owned */
    int32_t partition;
    bool idle; /* the broker confirmed that nothing more is there for now */
    int64_t next, kept, stored;
};

/* Sorted by topic and partition. {0} is a valid empty one; end it with
 * gs_kafka_positions_done(). */
struct gs_kafka_positions {
    struct gs_kafka_position *at;
    size_t n, capacity;
    size_t last; /* found last: records come in runs of one partition */
};

void gs_kafka_positions_done(struct gs_kafka_positions *positions);

/* NULL when it is not ours. */
struct gs_kafka_position *gs_kafka_positions_find(struct gs_kafka_positions *positions,
                                                  struct gs_str topic, int32_t partition);

/* A partition that begins at offset; one that is there already begins again. stored is the group's
 * offset or -1. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_kafka_positions_add(struct gs_kafka_positions *positions, struct gs_str topic,
                                      int32_t partition, int64_t offset, int64_t stored,
                                      struct gs_error *err);
void gs_kafka_positions_remove(struct gs_kafka_positions *positions, struct gs_str topic,
                               int32_t partition);

/* Takes the record at offset. False when it lies before our position: it was taken before. */
bool gs_kafka_position_take(struct gs_kafka_position *position, int64_t offset);

/* The broker says that nothing lies between our position and offset, nor behind it for now. */
void gs_kafka_position_end(struct gs_kafka_position *position, int64_t offset);

/* Everything taken is committed. */
void gs_kafka_positions_commit(struct gs_kafka_positions *positions);

/* next goes back to kept everywhere; the number that moved. */
size_t gs_kafka_positions_rewind(struct gs_kafka_positions *positions);

#endif
