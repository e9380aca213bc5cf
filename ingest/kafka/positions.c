/* The list of a lane's partitions and where it stands in each (positions.h). It is sorted by topic
 * and partition; a look-up tries the partition found last first, since records come in runs. */
#include "ingest/kafka/positions.h"

#include <stdlib.h>

static int compare(const struct gs_kafka_position *position, struct gs_str topic, int32_t partition)
{
    const size_t shorter = position->topic.len < topic.len ? position->topic.len : topic.len;
    const int order = memcmp(position->topic.bytes, topic.bytes, shorter);

    if (order != 0) {
        return order;
    }
    if (position->topic.len != topic.len) {
        return position->topic.len < topic.len ? -1 : 1;
    }
    return (position->partition > partition) - (position->partition < partition);
}

/* The place of the partition in the list, or the place where it would go. */
static size_t lower_bound(const struct gs_kafka_positions *positions, struct gs_str topic,
                          int32_t partition)
{
    size_t low = 0;
    size_t high = positions->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(&positions->at[middle], topic, partition) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The topic's bytes were allocated by gs_str_copy(); struct gs_str lends them as const. */
static void free_topic(struct gs_kafka_position *position)
{
    union {
        const char *lent;
        char *ours;
    } topic = {position->topic.bytes};

    free(topic.ours);
}

void gs_kafka_positions_done(struct gs_kafka_positions *positions)
{
    for (size_t i = 0; i < positions->n; i++) {
        free_topic(&positions->at[i]);
    }
    free(positions->at);
    *positions = (struct gs_kafka_positions){0};
}

struct gs_kafka_position *gs_kafka_positions_find(struct gs_kafka_positions *positions,
                                                  struct gs_str topic, int32_t partition)
{
    if (positions->last < positions->n &&
        compare(&positions->at[positions->last], topic, partition) == 0) {
        return &positions->at[positions->last];
    }
    const size_t i = lower_bound(positions, topic, partition);
    if (i == positions->n || compare(&positions->at[i], topic, partition) != 0) {
        return NULL;
    }
    positions->last = i;
    return &positions->at[i];
}

static bool grow(struct gs_kafka_positions *positions)
{
    if (positions->n < positions->capacity) {
        return true;
    }
    const size_t capacity = positions->capacity == 0 ? 16 : 2 * positions->capacity;
    struct gs_kafka_position *at = realloc(positions->at, capacity * sizeof *at);
    if (at == NULL) {
        return false;
    }
    positions->at = at;
    positions->capacity = capacity;
    return true;
}

enum gs_status gs_kafka_positions_add(struct gs_kafka_positions *positions, struct gs_str topic,
                                      int32_t partition, int64_t offset, int64_t stored,
                                      struct gs_error *err)
{
    struct gs_kafka_position *position = gs_kafka_positions_find(positions, topic, partition);

    if (position == NULL) {
        char *name = gs_str_copy(topic);
        if (name == NULL || !grow(positions)) {
            free(name);
            return gs_fail(err, GS_NO_MEMORY, "partitions");
        }
        const size_t i = lower_bound(positions, topic, partition);
        position = &positions->at[i];
        memmove(position + 1, position, (positions->n - i) * sizeof *position);
        positions->n++;
        position->topic = (struct gs_str){name, topic.len};
        position->partition = partition;
    }
    position->idle = false;
    position->next = offset;
    position->kept = offset;
    position->stored = stored;
    return GS_OK;
}

void gs_kafka_positions_remove(struct gs_kafka_positions *positions, struct gs_str topic,
                               int32_t partition)
{
    struct gs_kafka_position *position = gs_kafka_positions_find(positions, topic, partition);

    if (position != NULL) {
        const size_t i = (size_t)(position - positions->at);
        free_topic(position);
        memmove(position, position + 1, (positions->n - i - 1) * sizeof *position);
        positions->n--;
    }
}

bool gs_kafka_position_take(struct gs_kafka_position *position, int64_t offset)
{
    if (offset < position->next) {
        return false;
    }
    position->next = offset + 1;
    position->idle = false;
    return true;
}

void gs_kafka_position_end(struct gs_kafka_position *position, int64_t offset)
{
    if (offset > position->next) {
        position->next = offset;
    }
    position->idle = true;
}

void gs_kafka_positions_commit(struct gs_kafka_positions *positions)
{
    for (size_t i = 0; i < positions->n; i++) {
        positions->at[i].kept = positions->at[i].next;
        positions->at[i].stored = positions->at[i].next;
    }
}

size_t gs_kafka_positions_rewind(struct gs_kafka_positions *positions)
{
    size_t n = 0;

    for (size_t i = 0; i < positions->n; i++) {
        struct gs_kafka_position *position = &positions->at[i];
        if (position->next != position->kept) {
            position->next = position->kept;
            position->idle = false;
            n++;
        }
    }
    return n;
}
