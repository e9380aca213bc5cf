/* From an SVM's margins to probabilities: topics and risks, on the rows that the trial model has
 * not seen. (The sentiment's mixture of experts is in mixture.c.)
 *
 *     score of a label's column ─► factor of the head × score + offset of the label ─► sigmoid
 *
 * This is Platt scaling with the slope shared by a head's labels, since a rare label cannot carry
 * one of its own. Even an offset is too much for a label that was met twice: each fit therefore
 * sees a few pseudo-rows more, which lie where the label's scores lie on average and carry it as
 * often as the training rows do. With hundreds of real rows they weigh nothing, with none they are
 * all there is, and the label then has about the probability of its share. */
#include "classifier/train/calibrate.h"

#include <math.h>
#include <stdlib.h>

static double softplus(double x)
{
    return x > 30.0 ? x : log1p(exp(x));
}

/* Pseudo-rows of an offset's fit: what the prior weighs against the rows held out. */
static const double prior_rows = 8.0;

/* A head's labels in one profile, as a loss of params[0]: the factor that all share, or one label's
 * offset. */
struct labels {
    const struct gs_held *held;
    const struct gs_calibration *calibration;
    size_t profile, head;
    int label;   /* -1: all */
    double mean; /* score of the label's column over the rows held out */
};

/* The pseudo-rows' part of the loss of one label's offset. */
static double prior_loss(const struct labels *l, double offset)
{
    const int column = l->held->model->profiles[l->profile].columns[l->head][l->label];
    const double prior = (double)l->calibration->priors[l->profile][l->head][l->label];
    const double logit = (double)l->calibration->factor[l->profile][column] * l->mean + offset;
    return prior_rows * (prior * softplus(-logit) + (1.0 - prior) * softplus(logit));
}

static double labels_loss(const double *params, const void *arg)
{
    const struct labels *l = arg;
    const struct gs_profile *p = &l->held->model->profiles[l->profile];
    double loss = l->label < 0 ? 0.0 : prior_loss(l, params[0]);

    for (size_t i = 0; i < l->held->n; i++) {
        const struct gs_held_row *h = &l->held->rows[i];
        if (h->row->profile != l->profile || !h->row->has[l->head]) {
            continue;
        }
        const size_t first = l->label < 0 ? 0 : (size_t)l->label;
        const size_t end = l->label < 0 ? l->held->model->n_labels[l->head] : first + 1;
        for (size_t k = first; k < end; k++) {
            const int column = p->columns[l->head][k];
            if (column < 0 || (h->knows[l->head] >> k & 1U) == 0) {
                continue;
            }
            const double factor =
                l->label < 0 ? params[0] : (double)l->calibration->factor[l->profile][column];
            const double offset =
                l->label < 0 ? (double)l->calibration->offset[l->profile][column] : params[0];
            const double logit = factor * (double)h->scores[column] + offset;
            loss += softplus((h->row->labels[l->head] >> k & 1U) != 0 ? -logit : logit);
        }
    }
    return loss;
}

/* The mean of a column's scores, which says where they lie; -1, where the hinge puts what is not
 * the label, without rows. */
static double mean_score(const struct gs_held *held, size_t profile, int column)
{
    double sum = -1.0;
    double n = 1.0;
    for (size_t i = 0; i < held->n; i++) {
        if (held->rows[i].row->profile == profile) {
            sum += (double)held->rows[i].scores[column];
            n += 1.0;
        }
    }
    return sum / n;
}

static void fit_offsets(struct labels *l, double reach, struct gs_calibration *ret)
{
    const struct gs_profile *p = &l->held->model->profiles[l->profile];
    for (size_t k = 0; k < l->held->model->n_labels[l->head]; k++) {
        const int column = p->columns[l->head][k];
        if (column >= 0) {
            double offset[1] = {(double)ret->offset[l->profile][column]};
            l->label = (int)k;
            l->mean = mean_score(l->held, l->profile, column);
            gs_minimise(labels_loss, l, offset, 1, reach, 1);
            ret->offset[l->profile][column] = (float)offset[0];
        }
    }
}

/* The factor and the offsets in turn: each is a convex problem of one number, given the other. */
static void fit_labels(const struct gs_held *held, size_t profile, size_t head,
                       struct gs_calibration *ret)
{
    enum { ROUNDS = 4 };
    const struct gs_profile *p = &held->model->profiles[profile];
    struct labels l = {.held = held, .calibration = ret, .profile = profile, .head = head};
    double factor[1] = {3.0};

    for (int round = 0; round < ROUNDS; round++) {
        const double reach = round == 0 ? 20.0 : 3.0;
        l.label = -1;
        gs_minimise(labels_loss, &l, factor, 1, reach, 1);
        for (size_t k = 0; k < held->model->n_labels[head]; k++) {
            const int column = p->columns[head][k];
            if (column >= 0) {
                ret->factor[profile][column] = (float)factor[0];
            }
        }
        fit_offsets(&l, reach, ret);
    }
    ret->head_factor[profile][head] = (float)factor[0];
}

void gs_calibrate_columns(const struct gs_held *held, struct gs_calibration *ret)
{
    for (size_t profile = 0; profile < GS_N_PROFILES; profile++) {
        for (size_t c = 0; c < GS_MAX_WIDTH; c++) {
            ret->factor[profile][c] = 1.0F;
            ret->offset[profile][c] = 0.0F;
        }
        gs_calibrate_mixture(held, profile, ret);
        fit_labels(held, profile, GS_HEAD_TOPICS, ret);
        fit_labels(held, profile, GS_HEAD_RISKS, ret);
    }
}
