/* Fine-tuning of a published encoder on labelled rows.
 *
 *     folder + rows ─► epochs of steps ─► after each epoch: validation ─► best weights ─► folder
 *                          │
 *                          └─► checkpoint.bin, from which a run goes on to the same numbers
 *
 * A run is a function of base, data, options and seed, to the bit, whatever number of threads up to
 * the number of shards works on it, and wherever it was interrupted.
 *
 * Threads: owned by one thread, which starts its own. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_TUNE_H
#define GS_CLASSIFIER_TRAIN_ENCODER_TUNE_H

#include "classifier/eval/classification_metrics.h"
#include "classifier/train/encoder/optimizer.h"
#include "classifier/train/encoder/tune_quality.h"
#include "classifier/train/encoder/tune_step.h"

#define GS_TUNE_FREEZE_NONE SIZE_MAX      /* embeddings are trained too */
#define GS_TUNE_FREEZE_ALL (SIZE_MAX - 1) /* a linear probe: the heads alone */

struct gs_tune_options {
    const char *base, *out; /* folders; out is there */
    const char *name, *version;
    uint64_t seed;
    size_t epochs, batch, threads, shards;
    size_t batch_tokens;  /* that go through the network together, in each shard */
    size_t max_tokens;    /* of a row, as the data was cut; for the folder's manifest */
    size_t layers;        /* the first so many are kept; 0: all */
    size_t frozen_layers; /* embeddings and the first so many layers stay as they are */
    size_t patience;      /* epochs without a better figure after which it stops; 0: all epochs */
    size_t bucket;        /* batches among which rows of like length come together; 0: none */
    enum gs_net_pooling pooling;
    struct gs_optimizer_options optimizer; /* frozen is set by the tuner */
    struct gs_net_dropout dropout;         /* seed is set by the tuner */
    struct gs_tune_targets targets;
    double r_drop, warm_up;
    bool cosine;
    double checkpoint_s; /* seconds between checkpoints */
    bool resume;
    size_t max_bytes; /* refuse to take more; 0: any */
};

struct gs_tune_plan {
    size_t n_parameters, bytes;       /* bytes: the most that the run takes */
    size_t n_train, n_valid;          /* rows; n_train: of one epoch */
    size_t steps;                     /* of one epoch */
    size_t n_out, n_kept;             /* outputs; those that go on from the base's own head */
    double macs_a_token, macs_a_pair; /* forwards and backwards */
};

struct gs_tune_progress {
    size_t epoch, step, steps;      /* from 0 */
    double loss, parts[GS_N_HEADS]; /* of this step */
    double length, lr;              /* the gradient's length before clipping */
    size_t n_tokens, n_pairs;
    double seconds, cpu_seconds; /* of this step; cpu: of all threads together */
};

struct gs_tune_epoch {
    size_t epoch;
    double loss;                    /* mean of its steps */
    struct gs_tune_quality quality; /* on validation rows; n 0: there are none */
    bool best;
};

/* A run tells its caller of these, all on the caller's thread. Any may be NULL. */
struct gs_tune_events {
    void (*step)(void *arg, const struct gs_tune_progress *progress);
    void (*epoch)(void *arg, const struct gs_tune_epoch *epoch);
    void (*warn)(void *arg,
                 const char *line); /* survived: a checkpoint that could not be written */
    bool (*stop)(void *arg);        /* asked after each step: true writes a checkpoint and ends */
    void *arg;
};

struct gs_tuner; /* opaque */

/* Reads config.json of the base, plans, and refuses what cannot be: GS_NO_MEMORY says how much it
 * would take and how much there is. data is borrowed. Then loads the weights. */
GS_MUST_CHECK
enum gs_status gs_tuner_new(const struct gs_tune_options *options, const struct gs_tune_data *data,
                            struct gs_tuner **ret, struct gs_error *err);
void gs_tuner_free(struct gs_tuner *tuner); /* NULL is fine */
const struct gs_tune_plan *gs_tuner_plan(const struct gs_tuner *tuner);

/* Trains. GS_ABORTED: stopped; the checkpoint says where, unless warn did. GS_BAD_FORMAT: the loss
 * is not a number. With options.resume: goes on from checkpoint.bin in out, or begins where there
 * is none. */
GS_MUST_CHECK
enum gs_status gs_tuner_run(struct gs_tuner *tuner, const struct gs_tune_events *events,
                            struct gs_error *err);

/* After a run: the best weights, calibrated on the validation rows, as a folder; the checkpoint is
 * removed. ret: how good they are. provenance: a JSON object. */
GS_MUST_CHECK
enum gs_status gs_tuner_write(struct gs_tuner *tuner, const char *provenance,
                              struct gs_tune_quality *ret, struct gs_error *err);

/* After gs_tuner_write(): how the validation rows are answered by what was written, with thresholds
 * and temperatures that were fitted on the same rows. ret->n is 0 where no row knows the head.
 * GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_tuner_held_out(const struct gs_tuner *tuner, enum gs_head head,
                                 struct gs_eval_report *ret, struct gs_error *err);

/* A validation row whose sentiment is another one than was said. */
struct gs_tune_mistake {
    size_t set, line; /* line: of the set's file, from 1 */
    int truth, said;  /* enum gs_sentiment */
    float p;          /* of said */
};

/* After gs_tuner_write(): up to max of them, the surest first. */
size_t gs_tuner_worst(const struct gs_tuner *tuner, struct gs_tune_mistake *ret, size_t max);

/* Multiplications a CPU second of OpenBLAS' sgemm alone at a layer's widest shape, all threads at
 * it together: what a step's rate is held against. In CPU time, so that what else runs on the
 * machine counts on neither side. */
double gs_tuner_gemm_rate(const struct gs_tuner *tuner);

/* Logits [n][n_out] of rows by the weights as they are; for tests. */
void gs_tuner_predict(struct gs_tuner *tuner, const uint32_t *rows, size_t n, float *ret);
/* The weights as they are; for tests. */
const struct gs_net *gs_tuner_net(const struct gs_tuner *tuner);

#endif
