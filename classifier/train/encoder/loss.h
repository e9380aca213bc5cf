/* Computes what a batch's logits cost, and the gradient of that.
 *
 * Heads are ranges of the logits. A head of one label (softmax) costs -sum t log p; a head of
 * several (sigmoids) costs the binary cross-entropies of its labels, summed. Targets may be soft.
 * A row's unknowns weigh nothing: a whole head, some labels of it, or, in a set without a
 * neutral class, a class of the softmax, which is then taken over the others alone.
 *
 *     L = sum over heads h of  factor[h] / norm[h] * sum over rows of weight * cost
 *
 * Distillation (Hinton et al. 2015, arXiv:1503.02531): targets of a teacher's logits at temperature
 * T, the student's taken at the same T, times T^2. R-Drop (Liang et al. 2021, arXiv:2106.14448):
 * rows 2 i and 2 i + 1 are one text under two dropouts, and cost their symmetric divergence too.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_LOSS_H
#define GS_CLASSIFIER_TRAIN_ENCODER_LOSS_H

#include "classifier/train/encoder/real.h"

#include <stdbool.h>

enum { GS_LOSS_MAX_HEADS = 4, GS_LOSS_MAX_OUT = 160 };

struct gs_loss_head {
    size_t first, n; /* of the logits */
    bool single;     /* softmax; else sigmoids */
    double factor;
};

struct gs_loss {
    struct gs_loss_head heads[GS_LOSS_MAX_HEADS];
    size_t n_heads, n_out;
    double temperature; /* of targets that a teacher gave */
    double r_drop;      /* weight of the divergence; 0: rows are not pairs */
};

/* One row's targets. */
struct gs_loss_row {
    const gs_real *targets; /* [n_out] */
    const gs_real *weights; /* [n_out] of each label; of a softmax: 0 excludes the class, the
                               weight of the row is weight[head] */
    double weight[GS_LOSS_MAX_HEADS]; /* over norm; 0: the head is not known */
    bool soft[GS_LOSS_MAX_HEADS];     /* targets are a teacher's, at the temperature */
};

/* Gives the loss; parts [n_heads] (NULL: not wanted) has each head's share added, before factor.
 * d_logits [n][n_out] is set. */
double gs_loss_run(const struct gs_loss *loss, const struct gs_loss_row *rows, size_t n,
                   const gs_real *logits, gs_real *d_logits, double *parts);

/* p [n] of logits: softmax over those whose weight is not 0 (weights NULL: all), or sigmoids; taken
 * at a temperature. */
void gs_loss_shares(const gs_real *logits, const gs_real *weights, size_t n, bool single,
                    double temperature, double *p);

#endif
