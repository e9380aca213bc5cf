/* From cleaned texts to answers, in the order of asking, with as little of the encoder as will do:
 *
 *     text ─► fast tier ─┬─ sure enough (gates), or behind (deadline) ────────────┐
 *                        └─► cache ─┬─ seen lately ───────────────────────────────┤
 *                                   └─► ids ─► pack of texts ─► encoder ─► logits ─┴─► done, in
 * order
 *
 * A text that needs the encoder waits for its pack; those behind it wait too. A pack is run when it
 * is full (max_tokens, or what slice_ms leaves time for), when its oldest text has waited
 * max_wait_ms, and at a flush. With the fast tier alone nothing waits and nothing is copied.
 *
 * Threads: owned by one thread. */
#ifndef GS_DEPLOY_ANSWERS_H
#define GS_DEPLOY_ANSWERS_H

#include "deploy/daemon/model_folder.h"

enum { GS_ANSWERS_MAX_WAITING = 1024 };

struct gs_answers; /* opaque */

struct gs_answer {
    void *item; /* as it was asked with */
    const struct gs_prediction *said;
    bool degraded; /* the fast tier's, because the lane was behind */
};

/* Called once for each question, in order; from inside ask, flush and tick. A failure is handed on,
 * and what still waits has to be cleared. */
typedef enum gs_status gs_answers_fn(void *arg, const struct gs_answer *answer,
                                     struct gs_error *err);

/* Stands for gs_model_logits() in tests. */
typedef enum gs_status gs_answers_run_fn(void *arg, const struct gs_model *model,
                                         struct gs_model_work *work,
                                         const struct gs_model_input *inputs, size_t n, float *ret,
                                         struct gs_error *err);

struct gs_answers_options {
    size_t max_tokens;         /* of one pack; 0: 2048 */
    size_t max_message_tokens; /* longer texts are cut; 0: what the model reads */
    int64_t max_wait_ms;       /* 0: a pack is run by size and flush alone */
    int64_t slice_ms;          /* a pack's time at most, as far as the speed so far tells; 0: any */
    int64_t deadline_ms;       /* age at which the fast tier takes over; 0: never */
    size_t cache_entries, cache_bytes; /* 0 entries: no cache */

    gs_answers_fn *done;
    void *done_arg;
    /* Each pack that was run; may be NULL. */
    void (*packed)(void *arg, size_t n_messages, size_t n_tokens, double seconds);
    void *packed_arg;

    gs_answers_run_fn *run; /* NULL: gs_model_logits() */
    void *run_arg;
    int64_t (*clock_ns)(void *arg); /* monotonic; NULL: gs_clock_monotonic_ns() */
    void *clock_arg;
};

/* Takes the folder for as long as it lives. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_answers_new(struct gs_model_folder *folder,
                              const struct gs_answers_options *options, struct gs_answers **ret,
                              struct gs_error *err);
void gs_answers_free(struct gs_answers *answers); /* NULL is fine */

struct gs_question {
    struct gs_str text; /* cleaned; good until it is answered or cleared */
    size_t lang;
    const uint32_t *hashes; /* [n_hashes] n-grams; needed where the model has a fast tier */
    size_t n_hashes;
    int64_t now_ms, age_ms; /* of its record, for the deadline; age -1: unknown */
    void *item;
};

/* One more text. Failures: of done, of the encoder, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_answers_ask(struct gs_answers *answers, const struct gs_question *question,
                              struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_answers_flush(struct gs_answers *answers, struct gs_error *err);
/* Flushes when the oldest has waited for max_wait_ms. */
GS_MUST_CHECK enum gs_status gs_answers_tick(struct gs_answers *answers, struct gs_error *err);
/* Until that is so; -1: nothing waits, or for ever. */
int64_t gs_answers_due_ms(const struct gs_answers *answers);
/* Nothing is left to read: a lane that is behind is in time again, once its hold is over. */
void gs_answers_idle(struct gs_answers *answers, int64_t now_ms);
size_t gs_answers_waiting(const struct gs_answers *answers);
void gs_answers_clear(struct gs_answers *answers); /* forgets those that wait */

struct gs_model_folder *gs_answers_folder(const struct gs_answers *answers);
struct gs_model_work *gs_answers_work(const struct gs_answers *answers);
bool gs_answers_behind(const struct gs_answers *answers);

/* Since it was made. */
struct gs_answers_stats {
    uint64_t packs, encoded, tokens; /* encoded: messages in packs */
    uint64_t truncated;              /* messages cut at the token limit */
    uint64_t cache_hits, cache_misses, cache_evictions;
    uint64_t accepted;  /* by the gates */
    uint64_t fallbacks; /* times it fell behind */
    double seconds;     /* in the encoder */
};
const struct gs_answers_stats *gs_answers_stats(const struct gs_answers *answers);

#endif
