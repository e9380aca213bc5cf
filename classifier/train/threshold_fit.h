/* Thresholds of a head's labels, for the best F1 of each, from counts over a grid; what is lent to
 * rare labels is in the implementation's head comment.
 *
 * Internal to the trainer and to combine. */
#ifndef GS_CLASSIFIER_THRESHOLD_FIT_H
#define GS_CLASSIFIER_THRESHOLD_FIT_H

#include "classifier/model.h"

/* The grid's size. */
enum { GS_N_THRESHOLDS = 31 };

/* A label's rows: those that have it, and at each threshold how often it is said, and rightly. */
struct gs_threshold_counts {
    double said[GS_N_THRESHOLDS], hit[GS_N_THRESHOLDS], so;
};

struct gs_threshold_fit { /* {0} is empty */
    struct gs_threshold_counts of[GS_MAX_LABELS];
    struct gs_threshold_counts mean; /* of the labels that have positives, for each positive; so:
                                        labels */
};

double gs_threshold_at(size_t k);

/* A row that knows the label: its probability, and whether it has it. */
void gs_threshold_count(struct gs_threshold_counts *counts, double p, bool is);

/* After the last row: the mean label. mean.so is 0 when no label has a positive; there is nothing
 * to choose then. */
void gs_threshold_average(size_t n_labels, struct gs_threshold_fit *fit);

/* The place on the grid of a label's threshold. */
size_t gs_threshold_best(const struct gs_threshold_fit *fit, size_t label);

/* 0 where undefined. */
double gs_threshold_f1(double hit, double said, double so);

#endif
