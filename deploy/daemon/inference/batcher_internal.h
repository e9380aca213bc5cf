/* Shared by batcher.c (the queue of requests) and micro_batch.c (texts to logits). */
#ifndef GS_DEPLOY_BATCHER_INTERNAL_H
#define GS_DEPLOY_BATCHER_INTERNAL_H

#include "deploy/daemon/inference/batcher.h"
#include "deploy/daemon/inference/batcher_cache.h"
#include "deploy/daemon/inference/deadline.h"
#include "ingest/base/clock.h"

/* Micro-batches in one call at most: one to make room, one that is full. */
enum { GS_MAX_RAN = 2 };

enum gs_waiting_state {
    GS_SETTLED,        /* the answer is there: the fast tier's or the cache's */
    GS_IN_MICRO_BATCH, /* the encoder has to be run */
    GS_TWIN,           /* the same text is in the micro-batch already */
};

/* A text that the encoder is asked for, or would be. */
struct gs_reading {
    struct gs_str text;
    uint64_t hash;
    enum gs_waiting_state state;
    size_t input; /* GS_IN_MICRO_BATCH: of inputs; GS_TWIN: that of the same text */
};

/* The message comes first, its entities' texts behind it. */
enum { GS_MAX_READINGS = 1 + GS_MAX_READ_ENTITIES };

/* A message on its way. */
struct gs_waiting {
    struct gs_prediction prediction;
    void *item;
    size_t lang;
    struct gs_reading readings[GS_MAX_READINGS];
    size_t n_readings;
    float entities[GS_MAX_READ_ENTITIES][GS_N_SENTIMENTS];
    bool degraded;
};

/* Says whose an input of the micro-batch is. */
struct gs_owner {
    size_t waiting, reading;
};

struct gs_batcher {
    struct gs_batcher_options options;
    struct gs_model_folder *folder;
    const struct gs_model_info *info;
    struct gs_model_workspace *work;
    struct gs_tokenizer_workspace *tokens[GS_MAX_ENCODERS]; /* of the model's encoders */
    struct gs_prediction_cache *cache;                      /* NULL: none */
    struct gs_overload overload;
    size_t max_message_tokens[GS_MAX_ENCODERS];

    /* [GS_BATCHER_MAX_WAITING], or [1] without an encoder; in the order of the requests:
     *
     *     taken │ ready, to be taken │ waiting for the micro-batch
     *     0     n_taken              n_ready                      n
     */
    struct gs_waiting *waiting;
    size_t n_taken, n_ready, n;
    int64_t oldest_ns;             /* when the first that needs the encoder came */
    struct gs_model_input *inputs; /* [max_inputs] the micro-batch */
    struct gs_owner *owners;       /* [max_inputs] */
    size_t max_inputs;             /* all readings of all that may wait */
    size_t n_inputs, n_tokens;
    int32_t *new_ids;                      /* [..] of the readings that join next */
    int32_t *ids;                          /* [room] of the micro-batch */
    size_t room, limit;                    /* tokens of a micro-batch now */
    float *logits;                         /* [max_inputs][n_logits] */
    struct gs_micro_batch ran[GS_MAX_RAN]; /* by the last call */
    size_t n_ran;
    struct gs_batcher_stats stats;
};

static inline int64_t gs_batcher_now_ns(const struct gs_batcher *b)
{
    return b->options.clock_ns != NULL ? b->options.clock_ns(b->options.clock_arg)
                                       : gs_clock_monotonic_ns();
}

/* batcher.c: runs the encoder on the micro-batch, if there is one; all requests are ready then. */
GS_MUST_CHECK enum gs_status gs_batcher_settle(struct gs_batcher *b, struct gs_error *err);

/* micro_batch.c: everything that only an encoder needs. */
GS_MUST_CHECK enum gs_status gs_micro_batch_init(struct gs_batcher *b, struct gs_error *err);
/* The logits of what has been put together; they go to the cache, and set the next one's size. */
GS_MUST_CHECK enum gs_status gs_micro_batch_run(struct gs_batcher *b, struct gs_error *err);
/* All readings of the message that are neither cached nor in the micro-batch join it; what has no
 * room for them is run before. A message that was seen lately itself may join for its entities. */
GS_MUST_CHECK
enum gs_status gs_micro_batch_join(struct gs_batcher *b, struct gs_waiting *w,
                                   struct gs_error *err);
/* Tells whether the message's own text was seen lately: in the cache (w has its prediction), or in
 * the micro-batch (it is a twin). */
bool gs_prediction_seen(struct gs_batcher *b, struct gs_waiting *w);
/* The answer of one reading, from its logits. */
void gs_reading_answer(const struct gs_batcher *b, struct gs_waiting *w, size_t reading,
                       const float *logits);

#endif
