/* From cleaned texts to predictions, in the order of the requests, with as little of the encoder as
 * will do:
 *
 *     text ─► fast tier ─┬─ sure enough (gates), behind (deadline), no encoder ─┐
 *                        │                                 reads the language    │
 *                        └─► cache ─┬─ seen lately ─────────────────────────────┤
 *                                   └─► ids ─► micro-batch ─► encoder ─► logits ─┴─► next, in order
 *
 * Where the model knows the sentiment toward an entity alone (gs_model_reads_entities()), a request
 * names texts in which one is marked; they are read beside the message if that is shown to the
 * encoder, in the same micro-batch.
 *
 * A text that needs the encoder waits for its micro-batch; those behind it wait too. One is run when it
 * is full (max_tokens, or what slice_ms leaves time for), when its oldest text has waited
 * max_wait_ms, and at a flush. With the fast tier alone nothing waits and nothing is copied.
 *
 * Threads: owned by one thread. */
#ifndef GS_DEPLOY_BATCHER_H
#define GS_DEPLOY_BATCHER_H

#include "deploy/daemon/inference/model_folder.h"

enum { GS_BATCHER_MAX_WAITING = 1024, GS_MAX_READ_ENTITIES = 4 /* of a message */ };

struct gs_batcher; /* opaque */

/* One request, answered. The prediction is good until the next call of add, flush, tick or clear. */
struct gs_reply {
    void *item; /* of the request */
    const struct gs_prediction *prediction;
    const float (*entities)[GS_N_SENTIMENTS]; /* [n_entities] sentiment toward each marked entity */
    size_t n_entities; /* those of the request, or 0: the fast tier answered alone */
    bool degraded;     /* the fast tier's, because the lane was behind */
};

/* A micro-batch that was run through the encoder. */
struct gs_micro_batch {
    size_t n_messages, n_tokens;
    double seconds;
};

/* Stands for gs_model_logits() in tests. */
typedef enum gs_status gs_batcher_run_fn(void *arg, const struct gs_model *model,
                                         struct gs_model_workspace *work,
                                         const struct gs_model_input *inputs, size_t n, float *ret,
                                         struct gs_error *err);

struct gs_batcher_options {
    size_t max_tokens;         /* of one micro-batch; 0: 2048. A message that is longer with its
                                  entities' texts is one alone */
    size_t max_message_tokens; /* longer texts are cut; 0: what their encoder reads */
    int64_t max_wait_ms;       /* 0: they are run by size and flush alone */
    int64_t slice_ms; /* a micro-batch's time at most, as far as the speed so far tells; 0: any */
    int64_t deadline_ms;               /* age at which the fast tier takes over; 0: never */
    size_t cache_entries, cache_bytes; /* 0 entries: no cache */

    gs_batcher_run_fn *run; /* NULL: gs_model_logits() */
    void *run_arg;
    int64_t (*clock_ns)(void *arg); /* monotonic; NULL: gs_clock_monotonic_ns() */
    void *clock_arg;
};

/* Takes the folder for as long as it lives. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_batcher_new(struct gs_model_folder *folder,
                              const struct gs_batcher_options *options, struct gs_batcher **ret,
                              struct gs_error *err);
void gs_batcher_free(struct gs_batcher *batcher); /* NULL is fine */

struct gs_request {
    struct gs_str text; /* cleaned; good until it is answered or cleared */
    size_t lang;
    const uint32_t *hashes; /* [n_hashes] n-grams; needed where the model has a fast tier */
    size_t n_hashes;
    const struct gs_str
        *marked;            /* [n_marked] the text with an entity marked, good as long as text */
    size_t n_marked;        /* GS_MAX_READ_ENTITIES at most; 0 where the model reads none */
    int64_t now_ms, age_ms; /* of its record, for the deadline; age -1: unknown */
    void *item;
};

/* Takes one request in. What can be answered is then ready: take it with gs_batcher_next() until
 * there is nothing left, before the next add. Failures: of the encoder, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_batcher_add(struct gs_batcher *batcher, const struct gs_request *request,
                              struct gs_error *err);
/* The next answer, in the order of the requests; false: none is ready. */
bool gs_batcher_next(struct gs_batcher *batcher, struct gs_reply *ret);
/* Answers all that wait: they are ready. */
GS_MUST_CHECK enum gs_status gs_batcher_flush(struct gs_batcher *batcher, struct gs_error *err);
/* Flushes when the oldest has waited for max_wait_ms. */
GS_MUST_CHECK enum gs_status gs_batcher_tick(struct gs_batcher *batcher, struct gs_error *err);
/* Until that is so; -1: nothing waits, or for ever. */
int64_t gs_batcher_due_ms(const struct gs_batcher *batcher);
/* Nothing is left to read: a lane that is behind is in time again, once its hold is over. */
void gs_batcher_idle(struct gs_batcher *batcher, int64_t now_ms);
/* The micro-batches that the last add, flush or tick has run: two at most. */
size_t gs_batcher_ran(const struct gs_batcher *batcher, const struct gs_micro_batch **ret);
size_t gs_batcher_waiting(const struct gs_batcher *batcher);
void gs_batcher_clear(struct gs_batcher *batcher); /* forgets those that wait */

struct gs_model_folder *gs_batcher_folder(const struct gs_batcher *batcher);
struct gs_model_workspace *gs_batcher_workspace(const struct gs_batcher *batcher);
bool gs_batcher_behind(const struct gs_batcher *batcher);

/* Since it was made. */
struct gs_batcher_stats {
    uint64_t micro_batches, encoded, tokens; /* encoded: texts in micro-batches */
    uint64_t unknown_tokens;                 /* that the encoder has no word for */
    uint64_t truncated;                      /* texts cut at the token limit */
    uint64_t cache_hits, cache_misses, cache_evictions;
    uint64_t accepted;  /* by the gates */
    uint64_t fallbacks; /* times it fell behind */
    double seconds;     /* in the encoder */
};
const struct gs_batcher_stats *gs_batcher_stats(const struct gs_batcher *batcher);

#endif
