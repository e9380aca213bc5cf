/* One linear SVM with squared hinge loss over sparse rows, by dual coordinate descent.
 *
 * A row's features are a set of ids; feature j has the squared value squares[j]; the row is
 * L2-normalized by inverse_norm. Weights come out folded: score = inverse_norm * sum of w[j] +
 * bias.
 *
 * Internal to the trainer. */
#ifndef GS_CLASSIFIER_SOLVE_H
#define GS_CLASSIFIER_SOLVE_H

#include "ingest/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gs_svm_problem {
    const uint32_t *ids;       /* pool of feature ids */
    const size_t *at;          /* [..] where a row's ids begin; at[row + 1] where they end */
    const float *inverse_norm; /* [..] of a row */
    const uint8_t *squares;    /* [n_features] */
    size_t n_features;
    size_t n;              /* examples */
    const uint32_t *rows;  /* [n] which row */
    const int8_t *y;       /* [n] +1 or -1 */
    const float *cost;     /* [n] C */
    const uint8_t *domain; /* [n] below n_domains */
    size_t n_domains;
    float share; /* of the weights, between domains */
    float tolerance;
    size_t max_passes;
    uint64_t seed;
};

enum { GS_MAX_PASSES = 256 };

struct gs_solution {
    float *weights; /* [n_domains][n_features], the caller's room */
    float *bias;    /* [n_domains] */
    size_t passes;
    double violation;
    float loss[GS_MAX_PASSES]; /* mean squared hinge, as each pass met it */
};

/* GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_solve(const struct gs_svm_problem *problem, struct gs_solution *ret,
                        struct gs_error *err);

/* The next number of a splitmix64 stream. */
uint64_t gs_train_random(uint64_t *state);

#endif
