/* The tuner: tune_new.c plans and takes memory, tune.c trains.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_TUNE_INTERNAL_H
#define GS_CLASSIFIER_TRAIN_ENCODER_TUNE_INTERNAL_H

#include "classifier/train/encoder/checkpoint.h"
#include "classifier/train/encoder/pretrained.h"
#include "classifier/train/encoder/tune.h"

struct gs_tuner {
    struct gs_tune_options options;
    const struct gs_tune_data *data;
    struct gs_tune_plan plan;
    struct gs_pretrained *base;
    struct gs_stepper *stepper;
    struct gs_optimizer optimizer;
    uint32_t *order;                        /* [plan.n_train] rows of the epoch */
    uint32_t *valid;                        /* [plan.n_valid] */
    float *logits;                          /* [plan.n_valid][n_out] */
    struct gs_tune_calibration calibration; /* of what gs_tuner_write() has written */
    float *best_values, *best_words;
    uint64_t fingerprint;
    struct gs_checkpoint_state state;
    double saved_s;
};

#endif
