/* Chooses how sure a model must be of a topic or risk before it is said: one threshold a label,
 * for the best F1.
 *
 * F1 of a label over the rows held out is a step function of its threshold, and for a label with
 * twenty positives a lottery. So each label's counts are topped up with those of the head's mean
 * label, as if it had m positives more:
 *
 *     hits(k) + m h(k)        said(k) + m a(k)        positives + m
 *
 * where h and a are hits and answers for each positive, averaged over the head's labels, and k is a
 * threshold of the grid. A common label decides for itself; a label without a positive takes the
 * threshold that serves the head. Without any positives at all the threshold stays at 0.5. Where
 * neighbouring thresholds do equally well the middle one is taken.
 *
 * m was chosen on a validation part that the trainer does not see, 2,008 desk rows: at 10 the
 * risks' mean of micro- and macro-F1 over both languages was 0.715, at 60 0.730, with one threshold
 * for all 0.730; topics 0.711, 0.706, 0.702. */
#include "classifier/train/threshold_fit.h"

/* The grid. Above it a label that is nearly always meant would be lost, below it the probability
 * itself says that the answer is more likely wrong. */
enum { LEAST_PERCENT = 10, STEP_PERCENT = 2 };

static const double borrowed = 60.0; /* positives that a label is lent by its head: m */

double gs_threshold_at(size_t k)
{
    return (double)(LEAST_PERCENT + STEP_PERCENT * k) / 100.0;
}

void gs_threshold_count(struct gs_threshold_counts *counts, double p, bool is)
{
    counts->so += is ? 1.0 : 0.0;
    for (size_t k = 0; k < GS_N_THRESHOLDS && p >= gs_threshold_at(k); k++) {
        counts->said[k] += 1.0;
        counts->hit[k] += is ? 1.0 : 0.0;
    }
}

void gs_threshold_average(size_t n_labels, struct gs_threshold_fit *fit)
{
    for (size_t l = 0; l < n_labels; l++) {
        for (size_t k = 0; k < GS_N_THRESHOLDS && fit->of[l].so > 0.0; k++) {
            fit->mean.said[k] += fit->of[l].said[k] / fit->of[l].so;
            fit->mean.hit[k] += fit->of[l].hit[k] / fit->of[l].so;
        }
        fit->mean.so += fit->of[l].so > 0.0 ? 1.0 : 0.0;
    }
}

double gs_threshold_f1(double hit, double said, double so)
{
    return said + so > 0.0 ? 2.0 * hit / (said + so) : 0.0;
}

/* F1 of a label at threshold k with what its head lends it. */
static double lent_f1(const struct gs_threshold_fit *fit, size_t label, size_t k)
{
    const struct gs_threshold_counts *own = &fit->of[label];
    const double lent = borrowed / fit->mean.so;
    return gs_threshold_f1(own->hit[k] + lent * fit->mean.hit[k],
                           own->said[k] + lent * fit->mean.said[k], own->so + borrowed);
}

size_t gs_threshold_best(const struct gs_threshold_fit *fit, size_t label)
{
    size_t first = 0;
    size_t last = 0;
    double best = -1.0;
    for (size_t k = 0; k < GS_N_THRESHOLDS; k++) {
        const double value = lent_f1(fit, label, k);
        if (value > best + 1e-9) {
            best = value;
            first = k;
            last = k;
        } else if (value > best - 1e-9 && last + 1 == k) {
            last = k;
        }
    }
    return (first + last) / 2;
}
