/* The pieces of calibration. Internal to the trainer. */
#ifndef GS_CLASSIFIER_CALIBRATE_H
#define GS_CLASSIFIER_CALIBRATE_H

#include "classifier/train/train_internal.h"

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

/* Cross-entropy of a sentiment's logits (times inverse_t) against one row, among the classes that
 * the row's set knows. A part of the truth, smooth, goes to the other classes, as Platt (1999) has
 * it: n rows can show that an answer is right n times out of n, but not that it always is, so
 * smooth is 1 / (n + 2). */
double gs_calibrate_loss(const struct gs_row *row, const double logits[GS_N_SENTIMENTS],
                         double inverse_t, double smooth);

/* Factors and offsets of a profile's sentiment columns and gates. */
void gs_calibrate_mixture(const struct gs_held *held, size_t profile, struct gs_calibration *ret);

/* Factors and offsets of all columns. */
void gs_calibrate_columns(const struct gs_held *held, struct gs_calibration *ret);

/* Counts how common each label is among the rows that train, into ret->priors. A language with few
 * rows borrows from both languages together. */
void gs_calibrate_priors(const struct gs_trainer *t, struct gs_calibration *ret);

/* One threshold for each label of a head, for the best F1 on the rows held out. The predictions are
 * those of the trial model before temperatures. */
GS_MUST_CHECK
enum gs_status gs_calibrate_thresholds(struct gs_trainer *t, const struct gs_held *held,
                                       const struct gs_prediction *predictions, size_t head,
                                       struct gs_calibration *ret, struct gs_error *err);

/* Temperatures, thresholds and the margin, for a model whose columns are calibrated. */
GS_MUST_CHECK
enum gs_status gs_calibrate_answers(struct gs_trainer *t, const struct gs_held *held,
                                    struct gs_model *calibrated, struct gs_calibration *ret,
                                    struct gs_error *err);

#endif
