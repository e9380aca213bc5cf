/* The evidence that a key's negative share is above its baseline: a discounted Shiryaev-Roberts sum
 * of likelihood ratios,
 *
 *     M_j <- (gamma M_j + 1 - gamma) L_j,   L_j = [BB(k|n, mu_j, rho) / BB(k|n, mu_0, rho)]^eta,
 *
 * and M the mean of M_j. If no ratio has an expectation above 1, neither has M, at any time, and M
 * >= c has a probability of at most 1/c (Markov). Lowering M, as the ceiling does, only makes that
 * safer.
 *
 * Source: Pollak 1985 and Shiryaev 1963 for the sum; Shin, Ramdas and Rinaldo 2022,
 * arXiv:2203.03532, for its reading as an e-detector. */
#include "alerting/betabin.h"
#include "alerting/watch_parts.h"

#include <math.h>

const double gs_shift[GS_SHIFTS] = {0.6, 1.1, 1.8}; /* log odds above the tolerated */
static const double forget = 1.0 / 72.0;            /* 1 - gamma: six hours */
static const double known_sd = 0.2; /* of the baseline; what is above counts as tolerance, twice */
static const double learning_v = 0.25;
static const double max_log_ratio = 60.0;

double gs_key_m(const struct gs_key *key)
{
    double sum = 0.0;
    for (size_t j = 0; j < GS_SHIFTS; j++) {
        sum += (double)key->m[j];
    }
    return sum / GS_SHIFTS;
}

/* The baseline's own uncertainty has two faces. From bin to bin it adds to the overdispersion; but
 * it is one error for all bins, so a poorly known baseline also moves what is tolerated up. */
static double null_log_odds(const struct gs_model *model, double log_odds, double v)
{
    return log_odds + model->options.tolerance_logit + 2.0 * fmax(0.0, sqrt(v) - known_sd);
}

static double rho_with(double mu, double v, double rho)
{
    return fmin(fmax(rho + v * mu * (1.0 - mu), 1e-4), 0.5);
}

/* Far from one half the shares of neighbouring log odds run together; BB needs them inside (0, 1).
 */
static double share_at(double log_odds)
{
    return gs_sigmoid(fmin(fmax(log_odds, -12.0), 12.0));
}

void gs_log_ratios(const struct gs_model *model, double log_odds, double v, double rho, double eta,
                   const double n_k[2], double ret[GS_SHIFTS])
{
    const double n = n_k[0];
    const double k = fmin(fmax(n_k[1], 0.0), n);
    const double null_odds = null_log_odds(model, log_odds, v);
    const double rho_eff = rho_with(gs_sigmoid(log_odds), v, rho);
    const double null_log = gs_betabin_log(n, k, share_at(null_odds), rho_eff);

    for (size_t j = 0; j < GS_SHIFTS; j++) {
        const double log_j = gs_betabin_log(n, k, share_at(null_odds + gs_shift[j]), rho_eff);
        ret[j] = fmin(fmax(eta * (log_j - null_log), -max_log_ratio), max_log_ratio);
    }
}

bool gs_key_learning(const struct gs_kind *kind, const struct gs_key *key)
{
    return (double)key->v > learning_v && (double)kind->v > learning_v;
}

void gs_key_idle(struct gs_key *key, int64_t bins)
{
    if (bins <= 0) {
        return;
    }
    const double kept = bins == 1 ? 1.0 - forget : exp((double)bins * log1p(-forget));
    for (size_t j = 0; j < GS_SHIFTS; j++) {
        key->m[j] = (float)((double)key->m[j] * kept + (1.0 - kept));
    }
    key->cusum *= (float)kept;
}

/* Where the run of evidence began: a sum of the log ratios that starts again whenever it falls to 0
 * (Page 1954). It is the most likely start of the change, and only told, not tested. */
static void follow_start(struct gs_key *key, const double log_l[GS_SHIFTS])
{
    double most = log_l[0];
    for (size_t j = 1; j < GS_SHIFTS; j++) {
        most = fmax(most, log_l[j]);
    }
    double mean = 0.0;
    for (size_t j = 0; j < GS_SHIFTS; j++) {
        mean += exp(log_l[j] - most) / GS_SHIFTS;
    }
    if (key->cusum <= 0.0F) {
        key->cusum = 0.0F;
        key->excess_from = key->last;
    }
    const double sum = fmin((double)key->cusum + most + log(mean), max_log_ratio);
    key->cusum = sum > 0.0 ? (float)sum : 0.0F;
}

void gs_key_judge(const struct gs_model *model, const struct gs_kind *kind, struct gs_key *key,
                  const struct gs_open_bin *bin, double max_m)
{
    double log_l[GS_SHIFTS];

    if (bin->n == 0 || gs_key_learning(kind, key)) {
        gs_key_idle(key, 1);
        return;
    }
    const double n = (double)bin->n / GS_WEIGHT_ONE;
    const double k = (double)bin->k / ((double)GS_WEIGHT_ONE * GS_P_ONE);
    const double odds = (double)key->b + (double)kind->s[gs_bin_cell(model, bin->bin)];
    gs_log_ratios(model, odds, (double)key->v, gs_key_rho(key), gs_key_eta(key),
                  (const double[]){n, k}, log_l);
    for (size_t j = 0; j < GS_SHIFTS; j++) {
        const double before = (double)key->m[j] * (1.0 - forget) + forget;
        key->m[j] = (float)fmin(before * exp(log_l[j]), max_m);
    }
    follow_start(key, log_l);
}

/* Could a share 1.2 above the baseline be seen within three hours? The evidence has to grow from
 * the weight of one start to the lowest tier, and the excess over an hour has to be large enough to
 * fire. */
bool gs_key_detectable(const struct gs_model *model, const struct gs_kind *kind,
                       const struct gs_key *key)
{
    const double yardstick = 1.2;
    const double odds = (double)key->b + (double)kind->s[gs_bin_cell(model, key->last)];
    const double n = gs_key_delayed(key) / GS_DELAY_BINS;
    const double p = share_at(odds + yardstick);
    const double q = share_at(null_log_odds(model, odds, (double)key->v));
    const double mu = gs_sigmoid(odds);

    if (gs_key_learning(kind, key) || q >= p ||
        GS_HOUR_BINS * n * (p - mu) < model->options.min_excess_count) {
        return false;
    }
    const double rho = rho_with(mu, (double)key->v, gs_key_rho(key));
    const double a_message = p * log(p / q) + (1.0 - p) * log((1.0 - p) / (1.0 - q));
    const double a_bin = gs_key_eta(key) * n * a_message / (1.0 + fmax(n - 1.0, 0.0) * rho);
    return GS_DELAY_BINS * a_bin >= log(model->options.info_evidence / forget);
}
