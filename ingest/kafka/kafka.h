/* Kafka as source and sink (librdkafka), and its in-process mock cluster as embedded broker.
 *
 * Source: KIP-98/KIP-447 exactly-once as deploy/docs/streaming.md describes: the order of calls and
 * the handling of each error class are the contract of this file. */
#ifndef GS_INGEST_KAFKA_H
#define GS_INGEST_KAFKA_H

#include "ingest/records/source.h"

enum gs_delivery { GS_EXACTLY_ONCE, GS_AT_LEAST_ONCE };
enum gs_start { GS_START_COMMITTED_ONLY, GS_START_EARLIEST, GS_START_LATEST };

struct gs_property {
    const char *name, *value; /* librdkafka's */
};

struct gs_kafka_options {
    const char *brokers;
    const char *group;         /* consumer group, "groundswell-tag" */
    const char *instance;      /* stable name of this lane: group-stage-instance-lane */
    const char *const *topics; /* input */
    size_t n_topics;
    const char *output[GS_N_STREAMS]; /* topic of each stream, or NULL */
    enum gs_delivery delivery;
    enum gs_start start; /* where a group without committed offsets begins */
    bool strict;         /* recreate the producer after a timed-out EndTxn (see streaming.md §2) */
    int transaction_timeout_ms;
    const struct gs_property *properties; /* kafka.properties from the configuration, applied last;
                                             those that would break delivery are refused */
    size_t n_properties;
    int open_timeout_ms;    /* how long gs_kafka_open waits for a broker that is down; 0: 30000 */
    size_t max_batch;       /* records that one batch may hold; 0: 100000 */
    size_t max_batch_bytes; /* their bytes; 0: 64 MiB. A record over it still comes, alone */
    /* Log lines of librdkafka and of errors that were survived, level an enum gs_log_level. Called
     * from any thread; may be NULL. */
    void (*log)(void *arg, int level, const char *message);
    void *log_arg;
};

/* Counters of one connection that the daemon copies to its metrics; plain numbers, read on the
 * owner's thread. */
struct gs_kafka_stats {
    uint64_t consumed, produced, commits, aborts, rebalances, retries, delivery_failures, fences;
};

/* A pair for one lane, connected: the producer is ready (its transactional id is ours), topics are
 * looked up, the consumer has subscribed. Partitions come later, from inside gs_source_poll(), as
 * events tell.
 *
 * GS_IO: a broker that could not be had within open_timeout_ms, or a topic that is missing or not
 * authorised (the DLQ included); it names topic and stream. GS_BAD_CONFIG names a property that
 * librdkafka or we refuse. GS_FENCED: try again. options' strings are copied. The sink works only
 * with its own source.
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
 * Closing either first is fine when no batch is open. Closing the source leaves the group (a static
 * member keeps its partitions for session.timeout.ms) and calls revoking and revoked. Both are
 * bounded (some 20 s at worst). */
GS_MUST_CHECK
enum gs_status gs_kafka_open(const struct gs_kafka_options *options,
                             const struct gs_source_events *events, struct gs_source **ret_source,
                             struct gs_sink **ret_sink, struct gs_error *err);
void gs_kafka_stats(const struct gs_source *source, const struct gs_sink *sink,
                    struct gs_kafka_stats *ret);

/* Whether the source has a partition assignment (readiness). */
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
