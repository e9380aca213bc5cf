/* The cost of a batch's rows and its gradient, head by head, in doubles: softmax and sigmoids
 * first, then R-Drop's divergence of the two copies of a text. loss.h has the formulas. */
#include "classifier/train/encoder/loss.h"

#include <math.h>

void gs_loss_shares(const gs_real *logits, const gs_real *weights, size_t n, bool single,
                    double temperature, double *p)
{
    double most = -HUGE_VAL;
    double sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        const double z = (double)logits[i] / temperature;
        p[i] = single ? z : z >= 0.0 ? 1.0 / (1.0 + exp(-z)) : exp(z) / (1.0 + exp(z));
        most = (weights == NULL || weights[i] > 0) && z > most ? z : most;
    }
    for (size_t i = 0; i < n && single; i++) {
        p[i] = weights == NULL || weights[i] > 0 ? exp(p[i] - most) : 0.0;
        sum += p[i];
    }
    for (size_t i = 0; i < n && single; i++) {
        p[i] /= sum;
    }
}

/* log(1 + exp(z)) without overflow */
static double softplus(double z)
{
    return z > 0.0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

/* scale: what a unit of cost counts. */
static double single_cost(const struct gs_loss_head *head, const struct gs_loss_row *row,
                          const gs_real *z, double temperature, double scale, gs_real *d)
{
    double p[GS_LOSS_MAX_OUT];
    double cost = 0.0;
    double all = 0.0;
    const gs_real *weights = row->weights + head->first;
    const gs_real *targets = row->targets + head->first;

    gs_loss_shares(z, weights, head->n, true, temperature, p);
    for (size_t i = 0; i < head->n; i++) {
        all += (double)targets[i];
        if (targets[i] > 0) {
            cost -= (double)targets[i] * log(p[i] > 1e-300 ? p[i] : 1e-300);
        }
    }
    /* d/dz of T^2 cost(z / T) is T (p - t) */
    for (size_t i = 0; i < head->n; i++) {
        d[i] += (gs_real)(scale * temperature * (p[i] * all - (double)targets[i]));
    }
    return temperature * temperature * cost;
}

static double multi_cost(const struct gs_loss_head *head, const struct gs_loss_row *row,
                         const gs_real *z, double temperature, double scale, gs_real *d)
{
    double p[GS_LOSS_MAX_OUT];
    double cost = 0.0;
    const gs_real *weights = row->weights + head->first;
    const gs_real *targets = row->targets + head->first;

    gs_loss_shares(z, NULL, head->n, false, temperature, p);
    for (size_t i = 0; i < head->n; i++) {
        const double w = (double)weights[i];
        const double at = (double)z[i] / temperature;
        cost += w * (softplus(at) - (double)targets[i] * at);
        d[i] += (gs_real)(scale * temperature * w * (p[i] - (double)targets[i]));
    }
    return temperature * temperature * cost;
}

/* ---- R-Drop ---- */

/* Half the divergence both ways of two softmaxes, and its gradient for both. */
static double single_divergence(const double *p, const double *q, size_t n, double scale,
                                gs_real *d_p, gs_real *d_q)
{
    double p_from_q = 0.0;
    double q_from_p = 0.0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] > 0.0 && q[i] > 0.0) {
            p_from_q += p[i] * log(p[i] / q[i]);
            q_from_p += q[i] * log(q[i] / p[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (p[i] > 0.0 && q[i] > 0.0) {
            const double ratio = log(p[i] / q[i]);
            d_p[i] += (gs_real)(0.5 * scale * (p[i] * (ratio - p_from_q) + p[i] - q[i]));
            d_q[i] += (gs_real)(0.5 * scale * (q[i] * (-ratio - q_from_p) + q[i] - p[i]));
        }
    }
    return 0.5 * (p_from_q + q_from_p);
}

/* The same of two sigmoids: (p - q)(z_p - z_q) is the sum of both divergences. */
static double multi_divergence(const struct gs_loss_head *head, const gs_real *weights,
                               const gs_real *z, const gs_real *other, double scale, gs_real *d_p,
                               gs_real *d_q)
{
    double p[GS_LOSS_MAX_OUT];
    double q[GS_LOSS_MAX_OUT];
    double sum = 0.0;

    gs_loss_shares(z, NULL, head->n, false, 1.0, p);
    gs_loss_shares(other, NULL, head->n, false, 1.0, q);
    for (size_t i = 0; i < head->n; i++) {
        const double apart = (double)z[i] - (double)other[i];
        const double w = (double)weights[i];
        const double s = 0.5 * scale * w;
        sum += 0.5 * w * (p[i] - q[i]) * apart;
        d_p[i] += (gs_real)(s * (p[i] * (1.0 - p[i]) * apart + p[i] - q[i]));
        d_q[i] -= (gs_real)(s * (q[i] * (1.0 - q[i]) * apart + p[i] - q[i]));
    }
    return sum;
}

static double divergence(const struct gs_loss *loss, const struct gs_loss_head *head,
                         const struct gs_loss_row *row, double scale, const gs_real *z, gs_real *d)
{
    const gs_real *other = z + loss->n_out;
    const gs_real *weights = row->weights + head->first;
    double p[GS_LOSS_MAX_OUT];
    double q[GS_LOSS_MAX_OUT];

    if (!head->single) {
        return multi_divergence(head, weights, z, other, scale, d, d + loss->n_out);
    }
    gs_loss_shares(z, weights, head->n, true, 1.0, p);
    gs_loss_shares(other, weights, head->n, true, 1.0, q);
    return single_divergence(p, q, head->n, scale, d, d + loss->n_out);
}

double gs_loss_run(const struct gs_loss *loss, const struct gs_loss_row *rows, size_t n,
                   const gs_real *logits, gs_real *d_logits, double *parts)
{
    double sum = 0.0;

    for (size_t i = 0; i < n * loss->n_out; i++) {
        d_logits[i] = 0;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t h = 0; h < loss->n_heads; h++) {
            const struct gs_loss_head *head = &loss->heads[h];
            const gs_real *z = logits + i * loss->n_out + head->first;
            gs_real *d = d_logits + i * loss->n_out + head->first;
            const double weight = rows[i].weight[h];
            const double t = rows[i].soft[h] ? loss->temperature : 1.0;
            if (weight == 0.0) {
                continue;
            }
            double cost = (head->single ? single_cost : multi_cost)(head, &rows[i], z, t,
                                                                    weight * head->factor, d);
            if (loss->r_drop > 0.0 && i % 2 == 0 && i + 1 < n) {
                cost += 2.0 * loss->r_drop *
                        divergence(loss, head, &rows[i], 2.0 * loss->r_drop * weight * head->factor,
                                   z, d);
            }
            sum += weight * head->factor * cost;
            if (parts != NULL) {
                parts[h] += weight * cost;
            }
        }
    }
    return sum;
}
