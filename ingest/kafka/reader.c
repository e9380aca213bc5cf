/* A reader of one topic (reader.h): the client of inspect.c, with partitions assigned by hand.
 *
 * A partition is over when a record at or behind its end comes, or when the broker says that there is
 * nothing more (control records have offsets too, so the last record may lie before the end). */
#include "ingest/kafka/reader.h"

#include "ingest/kafka/inspect_internal.h"

#include <stdlib.h>

enum { SILENCE_MS = 30000 };

struct bound {
    int64_t low, end, from;
    bool over;
};

struct gs_kafka_reader {
    struct gs_kafka_inspector at;
    struct gs_kafka_options options;
    struct gs_kafka_held held;
    struct bound *bounds; /* [n] */
    int32_t n, n_open;
    bool follow, started;
    int64_t patience_ns; /* until then somebody must have said something */
};

/* ---- opening ---- */

static enum gs_status ask_bounds(struct gs_kafka_reader *reader, struct gs_error *err)
{
    const rd_kafka_topic_partition_list_t *list = reader->at.list;
    enum gs_status status = GS_OK;

    reader->bounds = calloc((size_t)list->cnt + 1, sizeof *reader->bounds);
    if (reader->bounds == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a reader");
    }
    reader->n = list->cnt;
    for (int i = 0; i < list->cnt && status == GS_OK; i++) {
        struct bound *bound = &reader->bounds[i];
        status =
            gs_kafka_inspector_ends(&reader->at, &list->elems[i], &bound->low, &bound->end, err);
        bound->from = bound->low;
    }
    return status;
}

enum gs_status gs_kafka_reader_open(const struct gs_kafka_options *options, const char *topic,
                                    bool follow, struct gs_kafka_reader **ret, struct gs_error *err)
{
    struct gs_kafka_reader *reader = calloc(1, sizeof *reader);

    if (reader == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a reader");
    }
    reader->options = *options;
    reader->follow = follow;
    reader->held.max = SIZE_MAX;
    reader->held.max_bytes = SIZE_MAX;
    enum gs_status status = gs_kafka_inspector_start(&reader->at, &reader->options, err);
    if (status == GS_OK) {
        status = gs_kafka_inspector_add_topic(&reader->at, topic, err);
    }
    if (status == GS_OK) {
        status = ask_bounds(reader, err);
    }
    if (status != GS_OK) {
        gs_kafka_reader_close(reader);
        return status;
    }
    *ret = reader;
    return GS_OK;
}

void gs_kafka_reader_close(struct gs_kafka_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    gs_kafka_held_done(&reader->held);
    if (reader->started) {
        (void)rd_kafka_assign(reader->at.client.rk, NULL);
    }
    gs_kafka_inspector_stop(&reader->at);
    free(reader->bounds);
    free(reader);
}

int32_t gs_kafka_reader_partitions(const struct gs_kafka_reader *reader)
{
    return reader->n;
}

void gs_kafka_reader_bounds(const struct gs_kafka_reader *reader, int32_t partition,
                            int64_t *ret_low, int64_t *ret_end)
{
    *ret_low = reader->bounds[partition].low;
    *ret_end = reader->bounds[partition].end;
}

void gs_kafka_reader_seek(struct gs_kafka_reader *reader, int32_t partition, int64_t from)
{
    struct bound *bound = &reader->bounds[partition];

    bound->from = from < bound->low ? bound->low : from > bound->end ? bound->end : from;
}

enum gs_status gs_kafka_reader_places(struct gs_kafka_reader *reader,
                                      void (*each)(void *arg, const struct gs_kafka_place *place),
                                      void *arg, struct gs_error *err)
{
    const rd_kafka_topic_partition_list_t *list = reader->at.list;
    const enum gs_status status = gs_kafka_inspector_committed(&reader->at, err);

    for (int i = 0; i < list->cnt && status == GS_OK; i++) {
        const rd_kafka_topic_partition_t *here = &list->elems[i];
        each(arg, &(struct gs_kafka_place){here->partition,
                                           here->offset >= 0 ? here->offset : -1,
                                           {here->metadata, here->metadata_size}});
    }
    return status;
}

/* ---- reading ---- */

static enum gs_status start(struct gs_kafka_reader *reader, struct gs_error *err)
{
    const rd_kafka_topic_partition_list_t *list = reader->at.list;
    rd_kafka_topic_partition_list_t *from = rd_kafka_topic_partition_list_new(list->cnt);

    for (int i = 0; i < list->cnt; i++) {
        struct bound *bound = &reader->bounds[i];
        bound->over = !reader->follow && bound->from >= bound->end;
        if (!bound->over) {
            rd_kafka_topic_partition_list_add(from, list->elems[i].topic, list->elems[i].partition)
                ->offset = bound->from;
            reader->n_open++;
        }
    }
    const rd_kafka_resp_err_t code = rd_kafka_assign(reader->at.client.rk, from);
    rd_kafka_topic_partition_list_destroy(from);
    reader->started = true;
    reader->patience_ns = gs_kafka_deadline(SILENCE_MS);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? GS_OK
               : gs_fail(err, GS_IO, "cannot read: %s", rd_kafka_err2str(code));
}

/* The reader has come to `next` in the partition. */
static void move_to(struct gs_kafka_reader *reader, int32_t partition, int64_t next)
{
    struct bound *bound = &reader->bounds[partition];

    if (!bound->over && !reader->follow && next >= bound->end) {
        bound->over = true;
        reader->n_open--;
    }
}

static enum gs_status fault(struct gs_kafka_reader *reader, const rd_kafka_message_t *message,
                            struct gs_error *err)
{
    const char *topic = reader->at.list->elems[0].topic;
    char reason[GS_KAFKA_REASON];

    if (gs_kafka_passes(message->err) && (reader->follow || !gs_kafka_past(reader->patience_ns))) {
        return GS_AGAIN;
    }
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        return gs_fail(err, GS_IO, "%s [%d]: retention has deleted what was to be read; again?",
                       topic, (int)message->partition);
    }
    if (gs_kafka_passes(message->err)) {
        gs_kafka_reason(&reader->at.client, reason);
        return gs_fail(err, GS_IO, "is Kafka at %s? %s", reader->at.client.brokers, reason);
    }
    return gs_fail(err, GS_IO, "%s [%d], offset %lld: %s", topic, (int)message->partition,
                   (long long)message->offset, rd_kafka_message_errstr(message));
}

/* Takes the message over. */
static enum gs_status take(struct gs_kafka_reader *reader, rd_kafka_message_t *message,
                           struct gs_record *ret, struct gs_error *err)
{
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;

    reader->patience_ns = gs_kafka_deadline(SILENCE_MS);
    if (reader->bounds[message->partition].over ||
        (!reader->follow && message->offset >= reader->bounds[message->partition].end)) {
        move_to(reader, message->partition, message->offset);
        rd_kafka_message_destroy(message);
        return GS_AGAIN;
    }
    *ret = (struct gs_record){.topic = gs_str(rd_kafka_topic_name(message->rkt)),
                              .partition = message->partition,
                              .offset = message->offset,
                              .timestamp_ms = rd_kafka_message_timestamp(message, &type),
                              .key = {message->key, message->key_len},
                              .value = {message->payload, message->len}};
    const enum gs_status status = gs_kafka_held_add(&reader->held, message, ret, err);
    if (status != GS_OK) {
        rd_kafka_message_destroy(message);
        return status;
    }
    move_to(reader, ret->partition, ret->offset + 1);
    return GS_OK;
}

static enum gs_status silent(struct gs_kafka_reader *reader, struct gs_error *err)
{
    char reason[GS_KAFKA_REASON];

    if (reader->follow || !gs_kafka_past(reader->patience_ns)) {
        return GS_AGAIN;
    }
    gs_kafka_reason(&reader->at.client, reason);
    return gs_fail(err, GS_IO, "nothing came for %d s: is Kafka at %s? %s", SILENCE_MS / 1000,
                   reader->at.client.brokers, reason);
}

enum gs_status gs_kafka_reader_next(struct gs_kafka_reader *reader, int timeout_ms,
                                    struct gs_record *ret, struct gs_error *err)
{
    enum gs_status status = reader->started ? GS_OK : start(reader, err);

    if (status != GS_OK) {
        return status;
    }
    if (reader->n_open == 0) {
        return GS_CLOSED;
    }
    rd_kafka_message_t *message = rd_kafka_consumer_poll(reader->at.client.rk, timeout_ms);
    if (message == NULL) {
        return silent(reader, err);
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return take(reader, message, ret, err);
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        reader->patience_ns = gs_kafka_deadline(SILENCE_MS);
        move_to(reader, message->partition, message->offset);
        status = GS_AGAIN;
    } else {
        status = fault(reader, message, err);
    }
    rd_kafka_message_destroy(message);
    return status == GS_AGAIN && reader->n_open == 0 ? GS_CLOSED : status;
}

void gs_kafka_reader_release(struct gs_kafka_reader *reader)
{
    gs_kafka_held_release(&reader->held);
}
