/* Margins → probabilities, fitted on rows that the trial model has not seen: topics and risks.
 * The sentiment's mixture is in mixture.c.
 *
 * Each head of a profile has one factor and each column an offset (Platt scaling with the slope
 * shared, since rare labels cannot carry one of their own); each register's three sentiments
 * likewise; the gates likewise. Then one temperature per head and language over the whole mixture.
 */
#include "classifier/train/calibrate.h"

#include <math.h>
#include <stdlib.h>

static double softplus(double x)
{
    return x > 30.0 ? x : log1p(exp(x));
}

/* The labels of a head: params[0] the shared factor, or params[0] one label's offset. */
struct labels {
    const struct gs_held *held;
    const struct gs_calibration *calibration;
    size_t profile, head;
    int label; /* -1: all */
};

static double labels_loss(const double *params, const void *arg)
{
    const struct labels *l = arg;
    const struct gs_profile *p = &l->held->model->profiles[l->profile];
    double loss = l->label < 0 ? 0.0 : 0.05 * params[0] * params[0];

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

static void fit_labels(const struct gs_held *held, size_t profile, size_t head,
                       struct gs_calibration *ret)
{
    enum { ROUNDS = 4 };
    const struct gs_profile *p = &held->model->profiles[profile];
    struct labels l = {.held = held, .calibration = ret, .profile = profile, .head = head};

    for (int round = 0; round < ROUNDS; round++) {
        double factor[1] = {round == 0 ? 3.0 : 0.0};
        l.label = -1;
        for (size_t k = 0; k < held->model->n_labels[head]; k++) {
            const int column = p->columns[head][k];
            factor[0] = round > 0 && column >= 0 ? (double)ret->factor[profile][column] : factor[0];
        }
        gs_minimise(labels_loss, &l, factor, 1, round == 0 ? 20.0 : 3.0, 1);
        for (size_t k = 0; k < held->model->n_labels[head]; k++) {
            const int column = p->columns[head][k];
            if (column >= 0) {
                ret->factor[profile][column] = (float)factor[0];
            }
        }
        for (size_t k = 0; k < held->model->n_labels[head]; k++) {
            const int column = p->columns[head][k];
            if (column >= 0) {
                double offset[1] = {(double)ret->offset[profile][column]};
                l.label = (int)k;
                gs_minimise(labels_loss, &l, offset, 1, round == 0 ? 20.0 : 3.0, 1);
                ret->offset[profile][column] = (float)offset[0];
            }
        }
    }
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
