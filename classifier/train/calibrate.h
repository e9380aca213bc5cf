/* The pieces of calibration. Internal to the trainer. */
#ifndef GS_CLASSIFIER_CALIBRATE_H
#define GS_CLASSIFIER_CALIBRATE_H

#include "classifier/train/trainer.h"

struct gs_held_row {
    const struct gs_row *row;
    const float *scores; /* [GS_MAX_WIDTH] of the trial model's columns */
    size_t expert;       /* its register's, in its profile; GS_MAX_EXPERTS: none */
    uint64_t knows[GS_N_HEADS];
    const uint32_t *hashes;
    size_t n_hashes;
};

struct gs_held {
    const struct gs_model *model;
    struct gs_held_row *rows;
    float *scores;
    size_t n;
};

/* Coordinate descent by golden section on a function of n params: each within reach of where it is,
 * and less with each cycle. */
void gs_minimise(double (*loss)(const double *params, const void *arg), const void *arg,
                 double *params, size_t n, double reach, size_t cycles);

/* Factors and offsets of a profile's sentiment columns and gates. */
void gs_calibrate_mixture(const struct gs_held *held, size_t profile, struct gs_calibration *ret);

/* Factors and offsets of all columns. */
void gs_calibrate_columns(const struct gs_held *held, struct gs_calibration *ret);

/* Temperatures, thresholds and the margin, for a model whose columns are calibrated. */
GS_MUST_CHECK
enum gs_status gs_calibrate_answers(struct gs_trainer *t, const struct gs_held *held,
                                    struct gs_model *calibrated, struct gs_calibration *ret,
                                    struct gs_error *err);

#endif
