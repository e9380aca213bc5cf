/* A lane: one thread's loop over one source, one sink and one stage, in batches.
 *
 *      ┌─────────── batch ────────────┐
 *      begin → poll → stage.record ×N → stage.finish → commit → stage.committed
 *                 │                                      │
 *                 └── rebalance: end the batch here      └── GS_ABORTED → stage.undone, again
 *                                                            GS_FENCED  → stage.undone, new clients
 *
 * A batch ends after max_messages records, 32 MiB of them or max_time_ms, whichever comes first.
 * After an abort the next batch is half as large, down to a single record, and grows back with each
 * commit: so a record that the broker refuses is found, and told to the stage (`suspect`) instead
 * of stopping the lane for ever.
 *
 * Threads: gs_lane_run() on the lane's thread; gs_lane_stop() and the readers from any. */
#ifndef GS_DEPLOY_LANE_H
#define GS_DEPLOY_LANE_H

#include "ingest/records/source.h"

#include <stdatomic.h>

struct gs_shard;

enum { GS_EVERY_PARTITION = -1 };

/* A stage is these functions. Every call comes from the lane's thread, inside an open batch
 * unless said otherwise. */
struct gs_stage_ops {
    /* A batch begins: state changes from here on can be undone. */
    void (*begin)(void *self);
    /* One record in. suspect: the broker has refused this record's output before; send it to the
     * DLQ. GS_OK, or a sink's failure handed on. */
    enum gs_status (*record)(void *self, const struct gs_record *record, bool suspect,
                             struct gs_sink *sink, struct gs_error *err);
    /* Tells whether finish has something to do though no record came (event time moved on); outside
     * a batch. NULL: it never has. */
    bool (*pending)(void *self, const struct gs_source *source);
    /* Nothing came and no batch is open; may be NULL. */
    void (*idle)(void *self, const struct gs_source *source);
    /* Something of the batch waits and is due in so many ms (-1: nothing is): tick is called when
     * nothing came until then. Both may be NULL. */
    int64_t (*due_ms)(void *self);
    enum gs_status (*tick)(void *self, struct gs_sink *sink, struct gs_error *err);
    /* Last outputs of the batch. */
    enum gs_status (*finish)(void *self, const struct gs_source *source, struct gs_sink *sink,
                             struct gs_error *err);
    /* The input is at its end: called once before the last finish; may be NULL. */
    enum gs_status (*end)(void *self, struct gs_sink *sink, struct gs_error *err);
    void (*committed)(void *self);
    void (*undone)(void *self);
    /* Partitions come and go; outside a batch. partition GS_EVERY_PARTITION: all that are left,
     * since the clients were closed. Both may be NULL. */
    void (*assigned)(void *self, struct gs_str topic, int32_t partition);
    void (*revoked)(void *self, struct gs_str topic, int32_t partition);
    /* As in gs_source_events, before the partition's first record; both may be NULL. */
    enum gs_status (*kept)(void *self, struct gs_str topic, int32_t partition, struct gs_str key,
                           struct gs_str value, struct gs_error *err);
    enum gs_status (*restore)(void *self, struct gs_source *source, struct gs_str topic,
                              int32_t partition, int64_t offset, struct gs_error *err);
};

/* What can be seen of a lane's clients. */
struct gs_lane_clients {
    bool assigned;      /* there is an assignment */
    uint64_t n_unowned; /* partitions of the input that nobody reads, in the whole group */
};

struct gs_lane_options {
    const char *name;  /* "tag 0", for the log */
    const char *stage; /* "tag", a label */
    const struct gs_stage_ops *ops;
    void *self; /* the stage */
    size_t max_messages;
    int max_time_ms;
    /* Makes a fresh source and sink; called at start and after GS_FENCED. GS_AGAIN: nobody answers.
     * That ends a lane at its start; one that ran before goes on trying until it is stopped. */
    enum gs_status (*open)(void *arg, const struct gs_source_events *events,
                           struct gs_source **ret_source, struct gs_sink **ret_sink,
                           struct gs_error *err);
    void *open_arg;
    struct gs_shard *shard; /* this lane's counters */
    /* Called after commits and idle polls, to look at the clients. May be NULL: assigned is then
     * true once the clients are open. */
    void (*sample)(void *arg, const struct gs_source *source, const struct gs_sink *sink,
                   struct gs_lane_clients *ret);
};

/* Others may see this of a lane while it runs. */
struct gs_lane_status {
    _Atomic int64_t progress_ms; /* wall clock of the last commit, or of the last poll that found
                                    nothing to do */
    _Atomic int64_t lag;         /* records that wait; -1 unknown */
    _Atomic uint64_t consumed;   /* committed records */
    _Atomic int n_partitions;
    _Atomic uint64_t n_unowned; /* partitions of the input that no member of the group owns */
    _Atomic bool assigned;      /* has had an assignment, also an empty one */
    _Atomic bool settled; /* … and the state of its partitions is there; false from the moment
                                   at which any is taken away until the next is restored */
    _Atomic bool failed;
};

struct gs_lane; /* opaque */

GS_MUST_CHECK
enum gs_status gs_lane_new(const struct gs_lane_options *options, struct gs_lane **ret,
                           struct gs_error *err);
void gs_lane_free(struct gs_lane *lane); /* NULL is fine; not while it runs */

/* Runs until gs_lane_stop(), the end of the input, or a failure: GS_OK or why it gave up. What is
 * in flight at a stop is finished. Clients lost (GS_FENCED) are made new, at most 10 times in 5
 * minutes. */
GS_MUST_CHECK enum gs_status gs_lane_run(struct gs_lane *lane, struct gs_error *err);
void gs_lane_stop(struct gs_lane *lane); /* async-signal-safe */
/* When it was asked to stop (monotonic ns), 0: not yet. What `open` makes looks at it, so that
 * waiting for a broker ends too. */
const _Atomic int64_t *gs_lane_stop_ns(const struct gs_lane *lane);
const struct gs_lane_status *gs_lane_status(const struct gs_lane *lane);

#endif
