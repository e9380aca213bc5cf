/* Margins → probabilities, fitted on rows that the trial model has not seen.
 *
 * Each head of a profile has one factor and each column an offset (Platt scaling with the slope
 * shared, since rare labels cannot carry one of their own); each register's three sentiments
 * likewise; the gates likewise. Then one temperature per head and language over the whole mixture.
 */
#include "classifier/train/calibrate.h"

#include <math.h>
#include <stdlib.h>

enum { N_PARAMS = 1 + GS_MAX_EXPERTS, CYCLES = 12 };

static double softplus(double x)
{
    return x > 30.0 ? x : log1p(exp(x));
}

/* log of the sum of exp over those of mask. */
static double log_sum(const double *logits, size_t n, unsigned mask)
{
    double top = -INFINITY;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        top = (mask >> i & 1U) != 0 && logits[i] > top ? logits[i] : top;
    }
    for (size_t i = 0; i < n; i++) {
        sum += (mask >> i & 1U) != 0 ? exp(logits[i] - top) : 0.0;
    }
    return top + log(sum);
}

/* A choice among n columns: params are a factor and n offsets. */
struct choice {
    const struct gs_held *held;
    size_t profile;
    int registr; /* -1: the gates of all */
    int columns[GS_MAX_EXPERTS];
    size_t n;
};

static bool choice_wants(const struct choice *c, const struct gs_held_row *h, size_t *ret_answer,
                         unsigned *ret_mask)
{
    if (h->row->profile != c->profile || h->row->sentiment < 0) {
        return false;
    }
    if (c->registr < 0) {
        *ret_answer = h->expert;
        *ret_mask = (1U << c->n) - 1U;
        return h->expert < c->n;
    }
    *ret_answer = (size_t)h->row->sentiment;
    *ret_mask = h->row->binary ? 1U << GS_NEGATIVE | 1U << GS_POSITIVE : 7U;
    return h->expert == (size_t)c->registr;
}

static double choice_loss(const double *params, const void *arg)
{
    const struct choice *c = arg;
    double loss = 0.0;
    for (size_t i = 0; i < c->held->n; i++) {
        const struct gs_held_row *h = &c->held->rows[i];
        double logits[GS_MAX_EXPERTS];
        size_t answer = 0;
        unsigned mask = 0;
        if (!choice_wants(c, h, &answer, &mask)) {
            continue;
        }
        for (size_t k = 0; k < c->n; k++) {
            logits[k] = params[0] * (double)h->scores[c->columns[k]] + params[1 + k];
        }
        loss += log_sum(logits, c->n, mask) - logits[answer];
    }
    for (size_t k = 0; k < c->n; k++) { /* offsets are only known up to a constant */
        loss += 0.1 * params[1 + k] * params[1 + k];
    }
    return loss;
}

static void fit_choice(const struct choice *c, struct gs_calibration *ret)
{
    double params[N_PARAMS] = {2.0};
    gs_minimise(choice_loss, c, params, 1 + c->n, CYCLES);
    for (size_t k = 0; k < c->n; k++) {
        ret->factor[c->profile][c->columns[k]] = (float)params[0];
        ret->offset[c->profile][c->columns[k]] = (float)params[1 + k];
    }
}

/* A register without a neutral class takes the others' neutral offset: what its own rows cannot
 * tell. */
static void lend_neutral(const struct gs_held *held, size_t profile, const bool *binary,
                         struct gs_calibration *ret)
{
    const struct gs_profile *p = &held->model->profiles[profile];
    float sum = 0.0F;
    size_t n = 0;
    for (size_t e = 0; e < p->n_experts; e++) {
        if (!binary[e]) {
            sum += ret->offset[profile][p->experts[e].columns[GS_NEUTRAL]];
            n++;
        }
    }
    for (size_t e = 0; e < p->n_experts; e++) {
        const int column = p->experts[e].columns[GS_NEUTRAL];
        if (binary[e] && column >= 0) {
            ret->offset[profile][column] = n > 0 ? sum / (float)n : -3.0F;
        }
    }
}

static void fit_sentiment(const struct gs_held *held, size_t profile, struct gs_calibration *ret)
{
    const struct gs_profile *p = &held->model->profiles[profile];
    struct choice c = {.held = held, .profile = profile, .n = GS_N_SENTIMENTS};
    bool binary[GS_MAX_EXPERTS];

    for (size_t e = 0; e < p->n_experts; e++) {
        binary[e] = true;
        for (size_t i = 0; i < held->n; i++) {
            const struct gs_held_row *h = &held->rows[i];
            binary[e] = binary[e] && !(h->row->profile == profile && h->expert == e &&
                                       h->row->sentiment >= 0 && !h->row->binary);
        }
        c.registr = (int)e;
        for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
            c.columns[s] = p->experts[e].columns[s];
        }
        fit_choice(&c, ret);
    }
    lend_neutral(held, profile, binary, ret);
    if (p->n_experts > 1) {
        c.registr = -1;
        c.n = p->n_experts;
        for (size_t e = 0; e < p->n_experts; e++) {
            c.columns[e] = p->experts[e].gate;
        }
        fit_choice(&c, ret);
    }
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
        gs_minimise(labels_loss, &l, factor, 1, 1);
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
                gs_minimise(labels_loss, &l, offset, 1, 1);
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
        fit_sentiment(held, profile, ret);
        fit_labels(held, profile, GS_HEAD_TOPICS, ret);
        fit_labels(held, profile, GS_HEAD_RISKS, ret);
    }
}
