/* The gradient of one step: rows of the data in, gradients of all shards out.
 *
 *     rows of the step ─► longest first, dealt to the shards ─► each shard: batches of at most
 *     max_tokens ─► forward ─► loss ─► backward, added up
 *
 * The number of shards decides on the bits of a run, the number of threads does not.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_TUNE_STEP_H
#define GS_CLASSIFIER_TRAIN_ENCODER_TUNE_STEP_H

#include "classifier/train/encoder/net.h"
#include "classifier/train/encoder/tune_data.h"

enum { GS_STEP_MESSAGES = 256 }; /* of a batch */

struct gs_step_options {
    size_t n_shards, n_threads;
    size_t max_tokens; /* of a batch; at least the longest row twice */
    size_t max_rows;   /* of a step */
    size_t frozen;
    struct gs_net_dropout dropout; /* stream is set by the step */
    struct gs_tune_targets targets;
    double r_drop;
};

struct gs_stepper; /* opaque */

GS_MUST_CHECK
enum gs_status gs_stepper_new(const struct gs_net *net, const struct gs_tune_data *data,
                              const struct gs_step_options *options, struct gs_stepper **ret,
                              struct gs_error *err);
void gs_stepper_free(struct gs_stepper *stepper); /* NULL is fine */
size_t gs_stepper_bytes(const struct gs_net_shape *shape, const struct gs_net_layout *layout,
                        const struct gs_step_options *options, size_t longest);

struct gs_step_result {
    double loss;
    double parts[GS_LOSS_MAX_HEADS];  /* mean cost of each head's rows; 0 where none is known */
    size_t n_tokens;                  /* that went through the network */
    size_t n_pairs;                   /* of tokens, in attention */
    const struct gs_net_grads *grads; /* [n_shards] */
    const int32_t *touched;           /* [n_touched] */
    size_t n_touched;
};

/* rows [n] of the data, n at most max_rows; number: the step's, which dropout's numbers hang on. */
void gs_stepper_run(struct gs_stepper *stepper, const uint32_t *rows, size_t n, uint64_t number,
                    struct gs_step_result *ret);

/* Logits [n][n_out] of rows, without dropout. */
void gs_stepper_predict(struct gs_stepper *stepper, const struct gs_net *net, const uint32_t *rows,
                        size_t n, float *ret);

const struct gs_loss *gs_stepper_loss(const struct gs_stepper *stepper);

#endif
