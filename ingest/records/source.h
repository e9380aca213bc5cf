/* Sources and sinks of records: two small interfaces.
 *
 * A lane (one thread) has one source and one sink and works in batches:
 *
 *     gs_sink_begin
 *         gs_source_poll … gs_sink_put …   until the batch is full or its time is up
 *     gs_sink_commit(sink, source)         outputs and the source's position get durable together
 *
 * Kafka exactly-once does that in one transaction, Kafka at-least-once by waiting for every
 * delivery report and then committing offsets, files by flushing.
 *
 * GS_ABORTED from any sink call: everything put since gs_sink_begin is void and the source has been
 * rewound to its last committed position; the caller undoes its own state and begins again.
 * GS_FENCED: as GS_ABORTED, and source and sink must be closed and made new. Anything else but
 * GS_OK and GS_AGAIN is fatal for the lane.
 *
 * Threads: a source and a sink are owned by one thread. */
#ifndef GS_INGEST_SOURCE_H
#define GS_INGEST_SOURCE_H

#include "ingest/base/error.h"
#include "ingest/records/record.h"

/* The streams that a sink writes; the implementation knows the topic or file of each. */
enum gs_stream {
    GS_STREAM_TAGGED,
    GS_STREAM_OBSERVATIONS,
    GS_STREAM_ALERTS,
    GS_STREAM_INCIDENTS,
    GS_STREAM_LATE,
    GS_STREAM_DLQ,
    GS_STREAM_STATE,
    GS_N_STREAMS
};
const char *gs_stream_name(enum gs_stream stream); /* "tagged" … */

struct gs_source;
struct gs_sink;

/* The events of a source: called from inside gs_source_poll(), on the thread of its owner. */
struct gs_source_events {
    void *arg;
    /* This partition is ours from now on; its records come once its state is restored. */
    void (*assigned)(void *arg, struct gs_str topic, int32_t partition);
    /* Partitions are about to be revoked. Before it returns, the owner ends its open batch: it
     * commits when !lost, it aborts when lost. Then it drops the state of the partitions that
     * `revoked` names next. */
    void (*revoking)(void *arg, bool lost);
    void (*revoked)(void *arg, struct gs_str topic, int32_t partition);
    /* Between `assigned` and the partition's first record: kept for each record of what is kept of
     * its state, where the source knows of such (Kafka: a changelog), in the order in which they
     * were written, value.bytes NULL for a tombstone, lent for the call; then restore, once, with
     * the offset of the first record that will come. Both or neither may be NULL. A failure is
     * that of the poll that is under way; the partition gives no record then. */
    enum gs_status (*kept)(void *arg, struct gs_str topic, int32_t partition, struct gs_str key,
                           struct gs_str value, struct gs_error *err);
    enum gs_status (*restore)(void *arg, struct gs_str topic, int32_t partition, int64_t offset,
                              struct gs_error *err);
};

struct gs_source_ops {
    enum gs_status (*poll)(struct gs_source *source, int timeout_ms, struct gs_record *ret,
                           struct gs_error *err);
    enum gs_status (*rewind)(struct gs_source *source, struct gs_error *err);
    bool (*idle)(const struct gs_source *source, struct gs_str topic, int32_t partition);
    int64_t (*lag)(const struct gs_source *source);
    void (*close)(struct gs_source *source);
    enum gs_status (*commit)(struct gs_source *source, struct gs_error *err); /* may be NULL */
    enum gs_status (*holds)(struct gs_source *source, struct gs_str topic, int32_t partition,
                            int64_t from, int64_t to, bool *ret,
                            struct gs_error *err); /* the same */
    /* A failed poll voids nothing (files): what was given before it is good, and the owner ends its
     * batch with it as at the end of the input before it reports the failure. */
    bool ends_well;
};

struct gs_source {
    const struct gs_source_ops *ops;
    struct gs_source_events events;
};

/* GS_OK and a record; GS_AGAIN when none came within timeout_ms; GS_CLOSED at the end of the input
 * (files); GS_FENCED; GS_IO. A record read is "taken": the position moves past it. */
static inline enum gs_status gs_source_poll(struct gs_source *source, int timeout_ms,
                                            struct gs_record *ret, struct gs_error *err)
{
    return source->ops->poll(source, timeout_ms, ret, err);
}
/* Everything taken so far is done with: the committed position moves here, and what the records
 * borrowed is gone. A sink calls it at the end of its commit for a source of another kind (a Kafka
 * source then commits its offsets, a file source gives its buffers free); who polls without a sink
 * calls it after each batch. GS_OK for a source without commit and for NULL. */
static inline enum gs_status gs_source_commit(struct gs_source *source, struct gs_error *err)
{
    return source == NULL || source->ops->commit == NULL ? GS_OK : source->ops->commit(source, err);
}
/* Back to the last committed position, all partitions that are kept. */
static inline enum gs_status gs_source_rewind(struct gs_source *source, struct gs_error *err)
{
    return source->ops->rewind(source, err);
}
/* True when the broker has confirmed that this partition has nothing more for now. */
static inline bool gs_source_idle(const struct gs_source *source, struct gs_str topic,
                                  int32_t partition)
{
    return source->ops->idle(source, topic, partition);
}
/* Records known to wait behind our position; -1 unknown. */
static inline int64_t gs_source_lag(const struct gs_source *source)
{
    return source->ops->lag(source);
}
/* Tells whether records can be read from `from` on and before `to`, not only gaps and ends of
 * transactions. From inside `restore`. True where the source cannot tell. GS_FENCED, GS_IO. */
static inline enum gs_status gs_source_holds(struct gs_source *source, struct gs_str topic,
                                             int32_t partition, int64_t from, int64_t to, bool *ret,
                                             struct gs_error *err)
{
    *ret = true;
    return source->ops->holds == NULL
               ? GS_OK
               : source->ops->holds(source, topic, partition, from, to, ret, err);
}
static inline void gs_source_close(struct gs_source *source) /* NULL is fine */
{
    if (source != NULL) {
        source->ops->close(source);
    }
}

/* One record to write; borrowed for the call. */
struct gs_output {
    struct gs_str key;   /* {NULL, 0}: none */
    struct gs_str value; /* {NULL, 0}: null, a tombstone */
    const struct gs_header *headers;
    size_t n_headers;
    int64_t timestamp_ms; /* -1: now */
    int32_t partition;    /* -1: by key */
};

struct gs_sink_ops {
    enum gs_status (*begin)(struct gs_sink *sink, struct gs_error *err);
    enum gs_status (*put)(struct gs_sink *sink, enum gs_stream stream,
                          const struct gs_output *output, struct gs_error *err);
    enum gs_status (*commit)(struct gs_sink *sink, struct gs_source *source, struct gs_error *err);
    enum gs_status (*abort)(struct gs_sink *sink, struct gs_source *source, struct gs_error *err);
    void (*close)(struct gs_sink *sink);
};

struct gs_sink {
    const struct gs_sink_ops *ops;
};

static inline enum gs_status gs_sink_begin(struct gs_sink *sink, struct gs_error *err)
{
    return sink->ops->begin(sink, err);
}
/* GS_BAD_FORMAT: the record itself is refused (too large for the topic); nothing else is harmed,
 * the caller sends it to the DLQ. GS_IO for a stream that has no topic or file, or a DLQ that is
 * missing or not authorized. */
static inline enum gs_status gs_sink_put(struct gs_sink *sink, enum gs_stream stream,
                                         const struct gs_output *output, struct gs_error *err)
{
    return sink->ops->put(sink, stream, output, err);
}
static inline enum gs_status gs_sink_commit(struct gs_sink *sink, struct gs_source *source,
                                            struct gs_error *err)
{
    return sink->ops->commit(sink, source, err);
}
/* Voids the open batch and rewinds the source. GS_OK, GS_FENCED or GS_IO. */
static inline enum gs_status gs_sink_abort(struct gs_sink *sink, struct gs_source *source,
                                           struct gs_error *err)
{
    return sink->ops->abort(sink, source, err);
}
static inline void gs_sink_close(struct gs_sink *sink) /* NULL is fine */
{
    if (sink != NULL) {
        sink->ops->close(sink);
    }
}

#endif
