/* The structs and functions that the files of this module share: the two clients of a lane, and
 * which knows which.
 *
 *     gs_kafka_source ── consumer ── positions, held records
 *           │ ▲
 *           ▼ │  each forgets the other when it is closed
 *     gs_kafka_sink ──── producer ── output topics, open batch
 *
 * Private to ingest/kafka; the contract is in kafka.h. */
#ifndef GS_INGEST_KAFKA_INTERNAL_H
#define GS_INGEST_KAFKA_INTERNAL_H

#include "ingest/base/clock.h"
#include "ingest/base/log.h"
#include "ingest/kafka/kafka.h"
#include "ingest/kafka/positions.h"

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

enum {
    GS_KAFKA_TRANSACTION_MS = 10000, /* when the options say 0 */
    GS_KAFKA_OPEN_MS = 30000,
    GS_KAFKA_DELIVERY_MS = 30000, /* at-least-once: limit for one record */
    GS_KAFKA_SLICE_MS = 2000,     /* one call that waits; the clock is read in between */
    GS_KAFKA_MISSING_MS = 3000,   /* a new topic may not be known everywhere yet */
    GS_KAFKA_GONE_MS = 30000,     /* the same for an input topic that was there */
    GS_KAFKA_COMMITTED_MS = 60000,
    GS_KAFKA_RESTORE_MS = 60000,    /* reading the changelog may stand still, at least */
    GS_KAFKA_IDLE_COMMIT_MS = 1000, /* positions that moved without a record */
    GS_KAFKA_CLOSE_MS = 10000,
    GS_KAFKA_SHUTDOWN_MS = 5000,     /* when the options say 0 */
    GS_KAFKA_FRESH_MS = 300000,      /* so long a new group's lanes begin as on its first start */
    GS_KAFKA_UNREACHABLE_MS = 30000, /* "is Kafka at …?" is logged once in this time */
};

/* A librdkafka client and where its log lines go; the opaque of all its callbacks. */
struct gs_kafka_client {
    rd_kafka_t *rk;
    void *owner; /* the source or the sink */
    void (*_Atomic log)(void *arg, int level, const char *message);
    void *log_arg;
    char brokers[128];              /* kafka.brokers, for messages */
    const _Atomic int64_t *stop_ns; /* NULL: never asked to stop */
    int shutdown_ms;
    _Atomic int64_t *_Atomic heard_ns; /* when a broker answered last; NULL: nobody asks */
    int64_t noticed_ns;                /* when a call first saw it set; 0: not yet */
    atomic_bool suspect;  /* a request of the transaction protocol ended without an answer */
    int32_t broker_id;    /* one that answered; -1 none yet */
    char last_error[320]; /* of the connection, for messages; owner's thread */
    char protocol[24], mechanism[24]; /* what it speaks: security.protocol, sasl.mechanism */
    atomic_int
        x509_error; /* what OpenSSL found wrong with a broker's certificate last; 0: nothing */
};

struct gs_kafka_sink;

struct gs_kafka_header_block {
    size_t capacity;
    struct gs_header at[];
};

/* Messages whose bytes are lent to the owner until its next commit or rewind. */
struct gs_kafka_held {
    rd_kafka_message_t **messages;
    size_t n, capacity;
    size_t max, max_bytes; /* the batch is full at either */
    size_t bytes;
    struct gs_kafka_header_block **blocks; /* kept over batches */
    size_t n_blocks;
    size_t block, used; /* where the next headers go */
};

/* Whether every partition that is subscribed to has an owner (ownership.c). */
struct gs_kafka_ownership {
    rd_kafka_topic_partition_list_t *subscription;
    char *group, *instance;
    bool patterns;     /* a topic is a pattern: nothing is looked at */
    int64_t due_ns;    /* the next question */
    unsigned n_seen;   /* times in a row that partitions without an owner were seen */
    unsigned patience; /* so often before something is done */
    bool foreign;      /* the assignment has topics that are not subscribed to */
    bool joining;      /* we have left the group, and join it once all is revoked */
    int64_t lag;       /* records that wait where nobody reads */
};

/* Where the state of the input's partitions is kept (changelog.c). */
struct gs_kafka_changelog {
    char *topic;           /* NULL: nowhere */
    rd_kafka_conf_t *conf; /* of the clients that read it */
    int patience_ms;       /* so long reading may stand still */
};

struct gs_kafka_source {
    struct gs_source base; /* first: the caller holds a pointer to it */
    struct gs_kafka_client client;
    struct gs_kafka_sink *sink; /* NULL once closed */
    struct gs_kafka_positions positions;
    struct gs_kafka_held held;
    struct gs_kafka_ownership ownership;
    struct gs_kafka_changelog changelog;
    rd_kafka_queue_t *replies; /* of offset commits */
    enum gs_start start;
    bool leave_on_stop;
    _Atomic int64_t
        *fresh_ns; /* when a lane of this group saw it without any offset; may be NULL */
    bool assigned;
    bool leaving;             /* every partition is about to go: a rewind need not seek */
    uint64_t n_taken;         /* since the last commit or rewind */
    int64_t committed_ns;     /* when offsets were committed last */
    int64_t missing_since_ns; /* an input topic is reported missing; 0: no */
    struct gs_error fault;    /* of a rebalance; status GS_OK: none */
    struct gs_kafka_stats stats;
};

struct gs_kafka_topic {
    char *name; /* NULL: this stream has none */
    rd_kafka_topic_t *rkt;
    size_t limit;     /* the topic's max.message.bytes; SIZE_MAX: not known */
    size_t max_bytes; /* of one record, by that limit */
    size_t refused;   /* the broker refused a record of this size alone; SIZE_MAX: none yet */
    char policy[32];  /* its cleanup.policy; "": not known */
};

struct gs_kafka_sink {
    struct gs_sink base; /* first */
    struct gs_kafka_client client;
    struct gs_kafka_source *source; /* NULL once closed */
    rd_kafka_conf_t *conf;          /* for making the producer again */
    struct gs_kafka_topic topics[GS_N_STREAMS];
    enum gs_delivery delivery;
    bool strict;
    bool sized;      /* the user has set message.max.bytes: it stays */
    bool limits_due; /* a record was refused for its size: the topics' limits are read again */
    int transaction_ms, open_ms;
    bool open;                   /* between begin and commit */
    bool begun;                  /* the transaction has been begun at the client */
    bool voided;                 /* aborted by us; the owner's next call reports it */
    uint64_t n_put;              /* in this batch */
    bool put_state;              /* in this batch: it holds for partitions of the input that have
                                    not moved too */
    uint64_t in_flight;          /* enqueued and not yet reported */
    rd_kafka_resp_err_t failure; /* the first failed delivery of this batch */
    char failed_topic[64];
    struct gs_kafka_stats stats;
};

static inline struct gs_kafka_source *gs_kafka_source_of(struct gs_source *base)
{
    return (struct gs_kafka_source *)base;
}
static inline struct gs_kafka_sink *gs_kafka_sink_of(struct gs_sink *base)
{
    return (struct gs_kafka_sink *)base;
}

/* ---- conf.c ---- */

/* Settings of the lane's clients, the user's properties applied and checked. GS_BAD_CONFIG. */
GS_MUST_CHECK enum gs_status gs_kafka_conf_consumer(const struct gs_kafka_options *options,
                                                    rd_kafka_conf_t **ret, struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_kafka_conf_producer(const struct gs_kafka_options *options,
                                                    rd_kafka_conf_t **ret, struct gs_error *err);
/* options->transaction_timeout_ms, or its default. */
int gs_kafka_transaction_ms(const struct gs_kafka_options *options);
/* An idempotent producer outside any lane. */
GS_MUST_CHECK enum gs_status gs_kafka_conf_feed(const char *brokers,
                                                const struct gs_property *properties,
                                                size_t n_properties, rd_kafka_conf_t **ret,
                                                struct gs_error *err);

/* ---- client.c ---- */

/* Fills in what a client takes over from the options; owner: the source or the sink. */
void gs_kafka_client_init(struct gs_kafka_client *client, void *owner,
                          const struct gs_kafka_options *options);
/* Takes conf over, whatever happens; sets client->rk. */
GS_MUST_CHECK enum gs_status gs_kafka_client_start(struct gs_kafka_client *client,
                                                   rd_kafka_type_t type, rd_kafka_conf_t *conf,
                                                   struct gs_error *err);
/* Ends the client; gives up waiting for its threads after GS_KAFKA_CLOSE_MS. False then: they still
 * run and may call back, so the client's owner must not be freed. */
bool gs_kafka_client_stop(struct gs_kafka_client *client);
/* True when the lane was asked to stop. */
bool gs_kafka_stopping(const struct gs_kafka_client *client);
/* True when waiting has to end: the deadline is past, or the lane was asked to stop long enough
 * ago. */
bool gs_kafka_give_up(struct gs_kafka_client *client, int64_t deadline_ns);
/* The time that one call may wait now: GS_KAFKA_SLICE_MS, or what is left of the time to stop. */
int gs_kafka_slice_ms(struct gs_kafka_client *client);
/* The time at which closing has to be over. */
int64_t gs_kafka_close_deadline(const struct gs_kafka_client *client);
GS_PRINTF(3, 4)
void gs_kafka_log(const struct gs_kafka_client *client, enum gs_log_level level, const char *fmt,
                  ...);

/* ---- reason.c ---- */

enum { GS_KAFKA_REASON = 200 };
/* Why the client does not get in, in one sentence. On the owner's thread; may look at the port itself,
 * which takes some seconds at most. */
void gs_kafka_reason(const struct gs_kafka_client *client, char reason[GS_KAFKA_REASON]);

/* ---- topics.c ---- */

/* Looks a topic up until the deadline. what says whose it is: "stream dlq", "input". */
GS_MUST_CHECK enum gs_status gs_kafka_topic_check(struct gs_kafka_client *client, const char *what,
                                                  rd_kafka_topic_t *rkt, int64_t deadline_ns,
                                                  struct gs_error *err);
/* True when a broker says now that there is no such topic. */
bool gs_kafka_topic_missing(struct gs_kafka_client *client, rd_kafka_topic_t *rkt);
/* How many partitions it has now; -1: nobody says. */
int gs_kafka_topic_partitions(struct gs_kafka_client *client, rd_kafka_topic_t *rkt);
/* The max.message.bytes of each topic of the sink, where the broker tells. */
void gs_kafka_topics_limits(struct gs_kafka_sink *sink);
/* Calls each with a topic's settings; false: the broker does not tell. */
bool gs_kafka_topic_settings(struct gs_kafka_client *client, const char *topic,
                             void (*each)(void *arg, const char *name, const char *value),
                             void *arg);
/* The max.message.bytes of one topic; SIZE_MAX: the broker does not tell. */
size_t gs_kafka_topic_limit(struct gs_kafka_client *client, const char *topic);

/* ---- source.c, source_open.c, rebalance.c ---- */

extern const struct gs_source_ops gs_kafka_source_ops;

/* Closes *sink's other half on failure; subscribes last, when the sink is ready. */
GS_MUST_CHECK enum gs_status gs_kafka_source_open(const struct gs_kafka_options *options,
                                                  const struct gs_source_events *events,
                                                  struct gs_kafka_source **ret,
                                                  struct gs_error *err);
void gs_kafka_source_close(struct gs_kafka_source *source); /* NULL is fine */
GS_MUST_CHECK enum gs_status gs_kafka_source_rewind(struct gs_kafka_source *source,
                                                    struct gs_error *err);
/* Seeks the partitions that `list` names. GS_FENCED. */
GS_MUST_CHECK enum gs_status gs_kafka_source_seek(struct gs_kafka_source *source,
                                                  rd_kafka_topic_partition_list_t *list,
                                                  struct gs_error *err);
/* New list of the positions to commit (it may be empty), or of all; NULL without memory. */
rd_kafka_topic_partition_list_t *gs_kafka_source_offsets(const struct gs_kafka_source *source,
                                                         bool all);
/* Commits them at the broker. GS_OK, GS_ABORTED (no member any more), GS_FENCED, GS_IO. */
GS_MUST_CHECK enum gs_status
gs_kafka_source_commit_offsets(struct gs_kafka_source *source,
                               const rd_kafka_topic_partition_list_t *offsets,
                               struct gs_error *err);
/* True when positions have to be committed now, though nothing was put. */
bool gs_kafka_source_due(const struct gs_kafka_source *source);
/* The positions are durable; lent records end. */
void gs_kafka_source_committed(struct gs_kafka_source *source);
void gs_kafka_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                           rd_kafka_topic_partition_list_t *partitions, void *opaque);

/* ---- changelog.c ---- */

/* Also without a changelog: for gs_source_ops.holds. GS_NO_MEMORY, GS_BAD_CONFIG. */
GS_MUST_CHECK enum gs_status gs_kafka_changelog_init(struct gs_kafka_changelog *changelog,
                                                     const struct gs_kafka_options *options,
                                                     struct gs_error *err);
void gs_kafka_changelog_done(struct gs_kafka_changelog *changelog);
/* Reads what is kept of the partitions in list, whose offsets are where they go on, and gives it to
 * the events. GS_FENCED, GS_IO, or what they say. */
GS_MUST_CHECK enum gs_status gs_kafka_changelog_restore(struct gs_kafka_source *source,
                                                        const rd_kafka_topic_partition_list_t *list,
                                                        struct gs_error *err);
/* gs_source_ops.holds */
enum gs_status gs_kafka_source_holds(struct gs_source *base, struct gs_str topic, int32_t partition,
                                     int64_t from, int64_t to, bool *ret, struct gs_error *err);

/* ---- group.c ---- */

struct gs_kafka_member {
    const char *name; /* its client.id, which is a lane's instance */
    rd_kafka_topic_partition_list_t *owned;
};
struct gs_kafka_group {
    const struct rd_kafka_group_list *list;
    struct gs_kafka_member *at;
    size_t n;
    bool stable; /* it is not about to form */
};

/* The group's members now; waits for the brokers. End *ret with gs_kafka_group_done(), whatever it
 * returns. A group that nobody has heard of has no members. */
rd_kafka_resp_err_t gs_kafka_group_read(rd_kafka_t *rk, const char *name, int timeout_ms,
                                        struct gs_kafka_group *ret);
void gs_kafka_group_done(struct gs_kafka_group *group);
/* The partitions that an assignment's bytes name, as far as they can be read. */
rd_kafka_topic_partition_list_t *gs_kafka_assignment_read(const void *assignment, size_t size);

/* ---- ownership.c ---- */

/* Copies what is subscribed to. The client has started. GS_NO_MEMORY. */
GS_MUST_CHECK enum gs_status gs_kafka_ownership_init(struct gs_kafka_source *source,
                                                     const struct gs_kafka_options *options,
                                                     struct gs_error *err);
void gs_kafka_ownership_done(struct gs_kafka_ownership *own);
GS_MUST_CHECK enum gs_status gs_kafka_subscribe(struct gs_kafka_source *source,
                                                struct gs_error *err);
bool gs_kafka_subscribed(const struct gs_kafka_source *source, const char *topic);
/* All partitions of the subscribed topics, patterns left out; false: not all could be looked up. */
bool gs_kafka_list_partitions(struct gs_kafka_source *source,
                              rd_kafka_topic_partition_list_t *list);
/* There is a new assignment: it is looked at soon. */
void gs_kafka_ownership_assigned(struct gs_kafka_source *source);
/* Looks whether partitions have no owner when that is due, and joins the group anew for them. From
 * outside any callback; costs a look at the clock when nothing is due. GS_IO: cannot subscribe. */
GS_MUST_CHECK enum gs_status gs_kafka_ownership_check(struct gs_kafka_source *source,
                                                      struct gs_error *err);

/* ---- held.c ---- */

bool gs_kafka_held_full(const struct gs_kafka_held *held);
/* Keeps the message and fills the record's headers from it. GS_NO_MEMORY. */
GS_MUST_CHECK enum gs_status gs_kafka_held_add(struct gs_kafka_held *held,
                                               rd_kafka_message_t *message, struct gs_record *ret,
                                               struct gs_error *err);
void gs_kafka_held_release(struct gs_kafka_held *held);
void gs_kafka_held_done(struct gs_kafka_held *held);

/* ---- sink.c, sink_open.c ---- */

void gs_kafka_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);

GS_MUST_CHECK enum gs_status gs_kafka_sink_open(const struct gs_kafka_options *options,
                                                struct gs_kafka_sink **ret, struct gs_error *err);
void gs_kafka_sink_close(struct gs_kafka_sink *sink); /* NULL is fine */
/* Ends the producer and makes it new, the transactional id's open transaction fenced. */
GS_MUST_CHECK enum gs_status gs_kafka_sink_renew(struct gs_kafka_sink *sink, struct gs_error *err);
/* Reads the topics' limits again after a record was refused for its size, and makes the producer new
 * where batches have to be smaller. Between batches. GS_OK, GS_FENCED, GS_IO. */
GS_MUST_CHECK enum gs_status gs_kafka_sink_refresh(struct gs_kafka_sink *sink,
                                                   struct gs_error *err);
/* Enqueues one record, waiting while the queue is full. GS_OK, GS_BAD_FORMAT, GS_ABORTED (the
 * transaction has to be aborted), GS_FENCED, GS_IO, GS_NO_MEMORY. */
GS_MUST_CHECK enum gs_status gs_kafka_sink_enqueue(struct gs_kafka_sink *sink,
                                                   enum gs_stream stream,
                                                   const struct gs_output *output,
                                                   struct gs_error *err);
/* The meaning of the failed delivery of this batch: GS_ABORTED, GS_FENCED, or GS_IO when repeating
 * it cannot help. */
enum gs_status gs_kafka_sink_failure(struct gs_kafka_sink *sink, struct gs_error *err);
/* Ends the batch of an owner that did not end it when its partitions were revoked. */
void gs_kafka_sink_void(struct gs_kafka_sink *sink);
/* GS_ABORTED once after the batch was voided, else GS_OK. */
enum gs_status gs_kafka_sink_check_void(struct gs_kafka_sink *sink, struct gs_error *err);
/* The batch is over: counters of it start again. */
void gs_kafka_sink_end_batch(struct gs_kafka_sink *sink);
/* A new one may be put into, the topics' limits read again first where that is due. */
GS_MUST_CHECK enum gs_status gs_kafka_sink_begin_batch(struct gs_kafka_sink *sink,
                                                       struct gs_error *err);

/* ---- sink_txn.c, sink_alo.c ---- */

extern const struct gs_sink_ops gs_kafka_txn_ops, gs_kafka_alo_ops;
GS_MUST_CHECK enum gs_status gs_kafka_txn_init(struct gs_kafka_sink *sink, int64_t deadline_ns,
                                               struct gs_error *err);
/* Aborts at the broker, without the source. GS_OK, GS_FENCED, GS_IO. */
GS_MUST_CHECK enum gs_status gs_kafka_txn_roll_back(struct gs_kafka_sink *sink, int limit_ms,
                                                    struct gs_error *err);
/* Waits until every delivery has been reported. GS_FENCED when that takes too long. */
GS_MUST_CHECK enum gs_status gs_kafka_alo_drain(struct gs_kafka_sink *sink, struct gs_error *err);

/* ---- produce.c ---- */

/* One producev() call. Headers are copied; nothing is kept on failure. */
rd_kafka_resp_err_t gs_kafka_produce(rd_kafka_t *rk, rd_kafka_topic_t *rkt,
                                     const struct gs_output *output);
/* What a batch of one record adds to them. */
enum { GS_KAFKA_BATCH_OVERHEAD = 128 };

/* ---- errors.c ---- */

/* A person has to act: authorisation, a missing topic, something unsupported. Repeating does not
 * help. */
bool gs_kafka_needs_person(rd_kafka_resp_err_t code);
/* The broker does not want this record: another one it may take. */
bool gs_kafka_refuses_record(rd_kafka_resp_err_t code);
/* Passes by itself: connections, coordinators, leaders, timeouts. */
bool gs_kafka_passes(rd_kafka_resp_err_t code);
/* Our membership of the group has ended; a rebalance follows. */
bool gs_kafka_lost_membership(rd_kafka_resp_err_t code);
/* The input's bytes cannot be read by this library. */
bool gs_kafka_unreadable(rd_kafka_resp_err_t code);

static inline int64_t gs_kafka_deadline(int limit_ms)
{
    return gs_clock_monotonic_ns() + (int64_t)limit_ms * 1000000;
}
static inline bool gs_kafka_past(int64_t deadline_ns)
{
    return gs_clock_monotonic_ns() >= deadline_ns;
}
/* Sleeps a growing time between repeats: 5, 10, 20 … 500 ms. */
void gs_kafka_back_off(unsigned attempt);

#endif
