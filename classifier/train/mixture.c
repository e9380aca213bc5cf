/* Calibration of the sentiment: the experts and the gates that mix them.
 *
 *     a register's three columns ─► one factor, three offsets ─► logits of that expert ──┐
 *     the gate columns ─► one factor, an offset each ─► softmax: the experts' shares ────┴─► logits
 *
 * It is fitted in three steps: each register's columns on the rows of that register, then the gates
 * on which register a row is of, then everything together on the mixture's own loss, since rows
 * whose register the gates cannot tell are what makes a mixture too sure of itself. Registers weigh
 * alike, however many rows they have.
 *
 * Few rows must not make it sure. Rows that are told apart without a mistake have no best factor,
 * only ever larger ones: the smoothed truth and a pull towards the usual factor bound it. */
#include "classifier/train/calibrate.h"

#include <math.h>
#include <string.h>

enum { PER_EXPERT = 1 + GS_N_SENTIMENTS, MAX_PARAMS = GS_MAX_EXPERTS * (PER_EXPERT + 1) + 1 };

struct mixture {
    const struct gs_held *held;
    const struct gs_profile *profile;
    size_t which;
    bool binary[GS_MAX_EXPERTS]; /* no row of the register knows neutral */
    double weight[GS_MAX_EXPERTS];
    double smooth[GS_MAX_EXPERTS]; /* of gs_calibrate_loss() */
    size_t only;                   /* expert that a fit is about */
};

/* A margin is usually worth this in logits; a factor that a handful of rows cannot tell stays
 * there. */
static const double usual_factor = 2.0;

/* params: per expert a factor and three offsets; then the gates' factor and an offset each. */
static double *gates_of(double *params, size_t n_experts)
{
    return params + n_experts * PER_EXPERT;
}

static bool wants(const struct mixture *m, const struct gs_held_row *h)
{
    return h->row->profile == m->which && h->row->sentiment >= 0 &&
           h->expert < m->profile->n_experts;
}

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

static unsigned classes_of(const struct gs_row *row)
{
    return row->binary ? 1U << GS_NEGATIVE | 1U << GS_POSITIVE : 7U;
}

double gs_calibrate_loss(const struct gs_row *row, const double logits[GS_N_SENTIMENTS],
                         double inverse_t, double smooth)
{
    const unsigned classes = classes_of(row);
    const double others = row->binary ? 1.0 : 2.0;
    double scaled[GS_N_SENTIMENTS];
    double loss = 0.0;
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        scaled[s] = inverse_t * logits[s];
    }
    const double all = log_sum(scaled, GS_N_SENTIMENTS, classes);
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        if ((classes >> s & 1U) != 0) {
            const double part = s == (size_t)row->sentiment ? 1.0 - smooth : smooth / others;
            loss += part * (all - scaled[s]);
        }
    }
    return loss;
}

static double expert_logit(const struct mixture *m, const float *scores, size_t e, size_t s,
                           const double *params)
{
    const int column = m->profile->experts[e].columns[s];
    return params[0] * (double)scores[column] + params[1 + s];
}

/* One register's columns, on its own rows. */
static double expert_loss(const double *params, const void *arg)
{
    const struct mixture *m = arg;
    double loss = 0.0;
    for (size_t i = 0; i < m->held->n; i++) {
        const struct gs_held_row *h = &m->held->rows[i];
        if (wants(m, h) && h->expert == m->only) {
            double logits[GS_N_SENTIMENTS];
            for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
                logits[s] = expert_logit(m, h->scores, m->only, s, params);
            }
            loss += gs_calibrate_loss(h->row, logits, 1.0, m->smooth[m->only]);
        }
    }
    loss += 0.5 * (params[0] - usual_factor) * (params[0] - usual_factor);
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) { /* offsets are only known up to a constant */
        loss += 0.1 * params[1 + s] * params[1 + s];
    }
    return loss;
}

static void gate_logits(const struct mixture *m, const float *scores, const double *params,
                        double *logits)
{
    for (size_t e = 0; e < m->profile->n_experts; e++) {
        const int column = m->profile->experts[e].gate;
        logits[e] = column < 0 ? 0.0 : params[0] * (double)scores[column] + params[1 + e];
    }
}

static double gate_loss(const double *params, const void *arg)
{
    const struct mixture *m = arg;
    const size_t n = m->profile->n_experts;
    double loss = 0.0;
    for (size_t i = 0; i < m->held->n; i++) {
        const struct gs_held_row *h = &m->held->rows[i];
        if (wants(m, h)) {
            double logits[GS_MAX_EXPERTS];
            gate_logits(m, h->scores, params, logits);
            loss += m->weight[h->expert] * (log_sum(logits, n, (1U << n) - 1U) - logits[h->expert]);
        }
    }
    for (size_t e = 0; e < n; e++) {
        loss += 0.1 * params[1 + e] * params[1 + e];
    }
    return loss;
}

static double mixture_loss(const double *params, const void *arg)
{
    const struct mixture *m = arg;
    const size_t n = m->profile->n_experts;
    double loss = 0.0;
    for (size_t i = 0; i < m->held->n; i++) {
        const struct gs_held_row *h = &m->held->rows[i];
        double gates[GS_MAX_EXPERTS];
        double logits[GS_N_SENTIMENTS] = {0};
        if (!wants(m, h)) {
            continue;
        }
        gate_logits(m, h->scores, params + n * PER_EXPERT, gates);
        const double total = log_sum(gates, n, (1U << n) - 1U);
        for (size_t e = 0; e < n; e++) {
            const double share = exp(gates[e] - total);
            for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
                logits[s] += share * expert_logit(m, h->scores, e, s, params + e * PER_EXPERT);
            }
        }
        loss += m->weight[h->expert] * gs_calibrate_loss(h->row, logits, 1.0, m->smooth[h->expert]);
    }
    for (size_t k = 0; k < n * (PER_EXPERT + 1) + 1; k++) {
        loss += 0.02 * params[k] * params[k];
    }
    return loss;
}

static void look(struct mixture *m)
{
    double n[GS_MAX_EXPERTS] = {0};
    for (size_t e = 0; e < GS_MAX_EXPERTS; e++) {
        m->binary[e] = true;
    }
    for (size_t i = 0; i < m->held->n; i++) {
        const struct gs_held_row *h = &m->held->rows[i];
        if (wants(m, h)) {
            n[h->expert] += 1.0;
            m->binary[h->expert] = m->binary[h->expert] && h->row->binary;
        }
    }
    for (size_t e = 0; e < GS_MAX_EXPERTS; e++) {
        m->weight[e] = n[e] > 0.0 ? 1.0 : 0.0;
        m->smooth[e] = 1.0 / (n[e] + 2.0);
    }
}

/* A register without a neutral class takes the others' neutral offset: what its own rows cannot
 * tell. */
static void lend_neutral(const struct mixture *m, double *params)
{
    double sum = 0.0;
    double n = 0.0;
    for (size_t e = 0; e < m->profile->n_experts; e++) {
        if (!m->binary[e]) {
            sum += params[e * PER_EXPERT + 1 + GS_NEUTRAL];
            n += 1.0;
        }
    }
    for (size_t e = 0; e < m->profile->n_experts; e++) {
        if (m->binary[e]) {
            params[e * PER_EXPERT + 1 + GS_NEUTRAL] = n > 0.0 ? sum / n : -3.0;
        }
    }
}

static void keep(const struct mixture *m, const double *params, struct gs_calibration *ret)
{
    const size_t n = m->profile->n_experts;
    for (size_t e = 0; e < n; e++) {
        for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
            const int column = m->profile->experts[e].columns[s];
            ret->factor[m->which][column] = (float)params[e * PER_EXPERT];
            ret->offset[m->which][column] = (float)params[e * PER_EXPERT + 1 + s];
        }
        const int gate = m->profile->experts[e].gate;
        if (gate >= 0) {
            ret->factor[m->which][gate] = (float)params[n * PER_EXPERT];
            ret->offset[m->which][gate] = (float)params[n * PER_EXPERT + 1 + e];
        }
    }
}

void gs_calibrate_mixture(const struct gs_held *held, size_t profile, struct gs_calibration *ret)
{
    struct mixture m = {.held = held, .profile = &held->model->profiles[profile], .which = profile};
    const size_t n = m.profile->n_experts;
    double params[MAX_PARAMS] = {0};

    if (n == 0) {
        return;
    }
    look(&m);
    for (m.only = 0; m.only < n; m.only++) {
        params[m.only * PER_EXPERT] = usual_factor;
        gs_minimise(expert_loss, &m, params + m.only * PER_EXPERT, PER_EXPERT, 20.0, 10);
    }
    lend_neutral(&m, params);
    if (n > 1) {
        gates_of(params, n)[0] = 2.0;
        gs_minimise(gate_loss, &m, gates_of(params, n), 1 + n, 20.0, 10);
        gs_minimise(mixture_loss, &m, params, n * (PER_EXPERT + 1) + 1, 1.0, 5);
    }
    keep(&m, params, ret);
}
