/* Kafka as source and sink (librdkafka), and its in-process mock cluster as embedded broker.
 *
 * Source: KIP-98/KIP-447 exactly-once as deploy/docs/streaming.md describes: the order of calls and
 * the handling of each error class are the contract of this file. */
#ifndef GS_INGEST_KAFKA_H
#define GS_INGEST_KAFKA_H

#include "ingest/records/source.h"

#include <stdatomic.h>

enum gs_delivery { GS_EXACTLY_ONCE, GS_AT_LEAST_ONCE };
enum gs_start { GS_START_COMMITTED_ONLY, GS_START_EARLIEST, GS_START_LATEST };

struct gs_property {
    const char *name, *value; /* librdkafka's */
};

/* GS_OK when a lane's clients may be given the property, by our rules and by librdkafka's own.
 * GS_BAD_CONFIG says why not; an unknown name comes with the one that may have been meant. */
GS_MUST_CHECK
enum gs_status gs_kafka_property_check(const struct gs_property *property, struct gs_error *err);

struct gs_kafka_options {
    const char *brokers;
    const char *group;         /* consumer group, "groundswell-tag" */
    const char *instance;      /* stable name of this lane: group-stage-instance-lane */
    const char *const *topics; /* input */
    size_t n_topics;
    const char *output[GS_N_STREAMS]; /* topic of each stream, or NULL */
    /* output[GS_STREAM_STATE] is a changelog, and read back at each assignment: the state of input
     * partition N is its partition N (gs_source_events). It has to be compacted, and wants
     * exactly-once delivery and a single input topic. Reading may stand still for a minute, and for
     * three times transaction_timeout_ms. */
    enum gs_delivery delivery;
    /* Where a group without committed offsets begins. A partition that comes later, when the group
     * has offsets of others, begins at its first record whatever this says: only _COMMITTED_ONLY
     * asks for a decision where its topic is new as well. */
    enum gs_start start;
    /* Shared by the lanes of one group, 0 at first: when one of them found the group without any
     * offset. The others then begin as on a first start too, though offsets are there by now. NULL:
     * a lane decides alone. */
    _Atomic int64_t *fresh_ns;
    bool strict; /* recreate the producer after a timed-out EndTxn (see streaming.md §2) */
    int transaction_timeout_ms;
    const struct gs_property *properties; /* kafka.properties from the configuration, applied last;
                                             those that would break delivery are refused */
    size_t n_properties;
    int open_timeout_ms;     /* how long gs_kafka_open waits for a broker that is down; 0: 30000 */
    size_t max_batch;        /* records that one batch may hold; 0: 100000 */
    size_t max_batch_bytes;  /* their bytes; 0: 64 MiB. A record over it still comes, alone */
    int shutdown_timeout_ms; /* from a stop until all is closed; 0: 5000 */
    /* The time at which the lane was asked to stop (monotonic ns; 0: it was not), set by any
     * thread. From then on nothing is opened any more, whatever waits for a broker gives up after
     * half of shutdown_timeout_ms, and closing is over after nine tenths of it. Must outlive both
     * clients; NULL: never. */
    const _Atomic int64_t *stop_ns;
    bool
        leave_on_stop; /* a source that closes after a stop takes a static member out of its group */
    /* When a broker last answered either client (monotonic ns), written from any thread. Must
     * outlive both; may be NULL. */
    _Atomic int64_t *heard_ns;
    /* Log lines of librdkafka and of errors that were survived, level an enum gs_log_level. Called
     * from any thread; may be NULL. */
    void (*log)(void *arg, int level, const char *message);
    void *log_arg;
};

/* Counters of one connection that the daemon copies to its metrics; plain numbers, read on the
 * owner's thread. */
struct gs_kafka_stats {
    uint64_t consumed, produced, commits, aborts, rebalances, retries, delivery_failures, fences;
    uint64_t unowned; /* partitions of the input that no member of the group owns now */
};

/* A pair for one lane, connected: the producer is ready (its transactional id is ours), topics are
 * looked up, the consumer has subscribed. Partitions come later, from inside gs_source_poll(), as
 * events tell.
 *
 * GS_AGAIN: no broker could be had within open_timeout_ms; it may be called again. GS_IO: a topic
 * that is missing or not authorized (the DLQ included); it names topic and stream. GS_BAD_CONFIG
 * names a property that librdkafka or we refuse. GS_FENCED: try again. options' strings are copied.
 * The sink works only with its own source.
 *
 * Polling: GS_AGAIN may come before timeout_ms is over, when something other than a record came,
 * and comes at once while the batch is full (max_batch, max_batch_bytes): commit it then. Records
 * are lent until the next commit, abort or rewind. Positions that moved without a record are
 * committed from inside poll while no batch is open. GS_FENCED as for a sink; GS_IO: nothing can be
 * read any more, the message says what to do.
 *
 * Events: `revoking` may call commit or abort. A batch that it leaves open is aborted, and the sink
 * says GS_ABORTED at its next call. An empty assignment is an assignment (more lanes than
 * partitions).
 *
 * GS_FENCED also says that the lane was asked to stop (options->stop_ns) before it was done.
 *
 * Closing either first is fine when no batch is open. Closing the source leaves the group (a static
 * member keeps its partitions for session.timeout.ms, unless leave_on_stop and the lane was asked to
 * stop) and calls revoking and revoked. Both are
 * bounded (some 20 s at worst). */
GS_MUST_CHECK
enum gs_status gs_kafka_open(const struct gs_kafka_options *options,
                             const struct gs_source_events *events, struct gs_source **ret_source,
                             struct gs_sink **ret_sink, struct gs_error *err);
void gs_kafka_stats(const struct gs_source *source, const struct gs_sink *sink,
                    struct gs_kafka_stats *ret);

/* A record's bytes in a batch, near enough: what a topic's max.message.bytes is held against. */
size_t gs_kafka_output_size(const struct gs_output *output);

/* True when the source has a partition assignment (readiness). */
bool gs_kafka_assigned(const struct gs_source *source);

/* ---- embedded broker: librdkafka's mock cluster, for the demo and quick tests ---- */

struct gs_broker; /* opaque */

/* One in-process broker; keeps nothing on disk and does not enforce transactions (use
 * GS_AT_LEAST_ONCE with it, and never as proof of delivery guarantees). */
GS_MUST_CHECK
enum gs_status gs_broker_start(const char *const *topics, size_t n_topics, int n_partitions,
                               struct gs_broker **ret, struct gs_error *err);
const char *gs_broker_address(const struct gs_broker *broker); /* "127.0.0.1:port" */
void gs_broker_stop(struct gs_broker *broker);                 /* NULL is fine */

/* A plain idempotent producer for the demo's feed and for tools: put waits while the queue is full;
 * flush waits for every delivery report and fails when one failed. */
struct gs_feed;
GS_MUST_CHECK
enum gs_status gs_feed_open(const char *brokers, const char *topic,
                            const struct gs_property *properties, size_t n_properties,
                            struct gs_feed **ret, struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_feed_put(struct gs_feed *feed, const struct gs_output *output,
                           struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_feed_flush(struct gs_feed *feed, struct gs_error *err);
void gs_feed_close(struct gs_feed *feed);

#endif
