/* The evidence that a key's negative share is above its baseline: a discounted Shiryaev-Roberts sum
 * of likelihood ratios.
 *
 * A closed bin holds n messages, k of them negative (a sum of probabilities). The null hypothesis
 * is a share of mu_0 or less: the baseline and what is tolerated beside it. Three alternatives mu_j
 * lie 0.6, 1.1 and 1.8 log odds above mu_0, and the terms of M are sums for one of them (j) and one
 * horizon (h):
 *
 *     L_j   = [ BB(k | n, mu_j, rho) / BB(k | n, mu_0, rho) ]^eta
 *     M_jh <- (gamma_h M_jh + 1 - gamma_h) L_j        M_jh = 0 at first
 *     M     = sum of w_jh M_jh                        the weights w add up to 1
 *
 * Nobody knows in which bin a rise begins. Written out, M_jh is a mixture over all bins s in which
 * it may have begun, where older ones weigh less:
 *
 *     M_jh(t) = (1 - gamma_h) sum over s <= t of gamma_h^(t-s) L_j(s) L_j(s+1) … L_j(t)
 *
 * Nor does anybody know how long it lasts. 1 / (1 - gamma_h) is half an hour, six hours, one day and
 * three days: a key with few messages needs the long ones, since its evidence grows slowly, and
 * there a start costs little (1 / 864). The short one finds a violent rise at once.
 *
 * What a threshold means: as long as the share is at most mu_0, each L_j has an expectation of at
 * most 1 given the bins before it, hence M has too, at every time. So M >= c has a probability of
 * at most 1/c (Markov), and M gains at most sum of w_jh (1 - gamma_h) a bin in expectation: 6.9 a
 * day (gs_starts_a_day()), so the mean time to a false alarm is at least c / 6.9 days. This is as
 * true as rho and the baseline are; peers.c makes thresholds of it, and of what is measured.
 *
 * Why it is built so:
 *
 *     beta-binomial   messages are not independent. rho is the key's own overdispersion and what
 *                     the variance v of the baseline adds: rho + v mu (1 - mu)
 *     mu_0 moves up   by twice what the baseline's standard deviation exceeds 0.2. Its error is the
 *                     same in all bins, so a larger rho alone would not cover it
 *     eta <= 1        weakens the evidence of keys whose bins swing together (baseline.c); a power
 *                     of at most 1 keeps the expectation at 1 or less
 *     learning        while neither the key nor its kind is known well, bins count as empty
 *     ceiling         M stays at or under ten times what any tier needs (gs_max_m()), so that it
 *                     comes down within hours. Lowering M keeps the bound
 *     empty bins      have L = 1, so M moves towards 1 in closed form, any number of bins at once
 *
 * What has to stay as it is: b, v, rho and eta must come from earlier bins only, or the expectation
 * of L is no longer bounded; the delay line of baseline.c sees to that. The bin's exact integer
 * sums are used, not the rounded ones of the ring.
 *
 * Source: Shiryaev 1963 and Pollak 1985 for the sum; Shin, Ramdas and Rinaldo 2022,
 * arXiv:2203.03532, for its reading as an e-detector; Page 1954 for the start of a run. */
#include "alerting/detector/betabin.h"
#include "alerting/detector/watch_internal.h"

#include <math.h>

const double gs_shift[GS_SHIFTS] = {0.6, 1.1, 1.8}; /* log odds above the tolerated */
/* The terms of M: how fast each forgets (1 - gamma; half an hour, six hours, one day, three days),
 * the rise it looks for, and its weight. */
enum { HALF_HOUR, SIX_HOURS, ONE_DAY, THREE_DAYS, HORIZONS };
static const double forget[HORIZONS] = {1.0 / 6.0, 1.0 / 72.0, 1.0 / 288.0, 1.0 / 864.0};
static const struct {
    uint8_t horizon, shift;
    double weight;
} terms[GS_TERMS] = {
    {HALF_HOUR, 2, 0.10}, {SIX_HOURS, 0, 0.15}, {SIX_HOURS, 1, 0.15},  {SIX_HOURS, 2, 0.15},
    {ONE_DAY, 0, 0.125},  {ONE_DAY, 1, 0.125},  {THREE_DAYS, 0, 0.10}, {THREE_DAYS, 1, 0.10},
};
static const double known_sd = 0.2; /* of the baseline; what is above counts as tolerance, twice */
static const double learning_v = 0.25;
static const double max_log_ratio = 60.0;

double gs_key_m(const struct gs_key *key)
{
    double sum = 0.0;
    for (size_t j = 0; j < GS_TERMS; j++) {
        sum += terms[j].weight * (double)key->m[j];
    }
    return sum;
}

double gs_starts_a_day(const struct gs_detector_params *params)
{
    double starts = 0.0;
    for (size_t j = 0; j < GS_TERMS; j++) {
        starts += terms[j].weight * forget[terms[j].horizon];
    }
    return starts * 86400000.0 / (double)params->options.bin_ms;
}

/* The uncertainty of the baseline counts in two ways. From bin to bin it adds to the
 * overdispersion; but it is one error for all bins, so a poorly known baseline also moves what is
 * tolerated up. */
static double null_log_odds(const struct gs_detector_params *params, double log_odds, double v)
{
    return log_odds + params->options.tolerance_logit + 2.0 * fmax(0.0, sqrt(v) - known_sd);
}

static double rho_with(double mu, double v, double rho)
{
    return fmin(fmax(rho + v * mu * (1.0 - mu), 1e-4), 0.5);
}

/* Far from one half the shares of neighbouring log odds run together; BB needs them above 0 and
 * below 1. */
static double share_at(double log_odds)
{
    return gs_sigmoid(fmin(fmax(log_odds, -12.0), 12.0));
}

void gs_log_ratios(const struct gs_detector_params *params, double log_odds, double v, double rho,
                   double eta, const double n_k[2], double ret[GS_SHIFTS])
{
    const double n = n_k[0];
    const double k = fmin(fmax(n_k[1], 0.0), n);
    const double null_odds = null_log_odds(params, log_odds, v);
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
    double kept[HORIZONS];
    for (size_t h = 0; h < HORIZONS; h++) {
        kept[h] = bins == 1 ? 1.0 - forget[h] : exp((double)bins * log1p(-forget[h]));
    }
    for (size_t j = 0; j < GS_TERMS; j++) {
        const double k = kept[terms[j].horizon];
        key->m[j] = (float)((double)key->m[j] * k + (1.0 - k));
    }
    key->cusum *= (float)kept[SIX_HOURS];
}

/* Follows the start of the run of evidence: a sum of the log ratios that starts again whenever it
 * falls to 0 (Page 1954). Its last start is the most likely beginning of the change. It is shown on
 * alerts and does not decide on them. */
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

void gs_key_judge(const struct gs_detector_params *params, const struct gs_kind *kind,
                  const struct gs_habit *habit, struct gs_key *key, const struct gs_open_bin *bin,
                  double max_m)
{
    double log_l[GS_SHIFTS];

    if (bin->n == 0 || gs_key_learning(kind, key)) {
        gs_key_idle(key, 1);
        return;
    }
    const double n = (double)bin->n / GS_WEIGHT_ONE;
    const double k = (double)bin->k / ((double)GS_WEIGHT_ONE * GS_P_ONE);
    const double odds = (double)key->b + gs_season(kind, habit, gs_bin_cell(params, bin->bin));
    gs_log_ratios(params, odds, (double)key->v, gs_key_rho(key), gs_key_eta(key),
                  (const double[]){n, k}, log_l);
    double l[GS_SHIFTS];
    for (size_t j = 0; j < GS_SHIFTS; j++) {
        l[j] = exp(log_l[j]);
    }
    for (size_t j = 0; j < GS_TERMS; j++) {
        const double f = forget[terms[j].horizon];
        const double before = (double)key->m[j] * (1.0 - f) + f;
        key->m[j] = (float)fmin(before * l[terms[j].shift], max_m);
    }
    follow_start(key, log_l);
    key->long_n += (float)n;
    key->long_k += (float)k;
    key->long_e += (float)(n * gs_sigmoid(odds));
}

/* What M would be after three hours in which each bin had n messages and this share of them
 * negative, from nothing: the sums at the top of this file with the mean of log L_j for each bin. */
static double evidence_of(const struct gs_detector_params *params, const struct gs_key *key,
                          double odds, double n, double p)
{
    const double null = null_log_odds(params, odds, (double)key->v);
    const double rho = rho_with(gs_sigmoid(odds), (double)key->v, gs_key_rho(key));
    const double counts = gs_key_eta(key) * n / (1.0 + fmax(n - 1.0, 0.0) * rho);
    const double q = share_at(null);
    double grows[GS_SHIFTS];
    double m = 0.0;

    for (size_t j = 0; j < GS_SHIFTS; j++) {
        const double r = share_at(null + gs_shift[j]);
        grows[j] = counts * (p * log(r / q) + (1.0 - p) * log((1.0 - r) / (1.0 - q)));
    }
    for (size_t j = 0; j < GS_TERMS; j++) {
        const double f = forget[terms[j].horizon];
        const double g = (1.0 - f) * exp(fmin(grows[terms[j].shift], 10.0));
        const double sum = fabs(g - 1.0) < 1e-9 ? (double)GS_DELAY_BINS
                                                : g * (pow(g, GS_DELAY_BINS) - 1.0) / (g - 1.0);
        m += terms[j].weight * f * sum;
    }
    return m;
}

/* Whether a rise of so many log odds, at the volume of the last three hours and as steadily as it
 * may be, would be seen within three hours: the evidence has to reach the threshold, and the excess
 * has to be large enough to fire. A larger rise is seen too. */
static bool would_be_seen(const struct gs_detector_params *params, const struct gs_key *key,
                          double odds, double rise, double threshold)
{
    const double n = gs_key_delayed(key) / GS_DELAY_BINS;
    const double p = share_at(odds + rise);
    const double mu = gs_sigmoid(odds);

    return mu <= params->options.max_expected_share && p - mu >= params->options.min_excess_share &&
           GS_DELAY_BINS * n * (p - mu) >= params->options.min_excess_count &&
           evidence_of(params, key, odds, n, p) >= threshold;
}

double gs_key_detectable_rise(const struct gs_detector_params *params, const struct gs_kind *kind,
                              const struct gs_habit *habit, const struct gs_key *key,
                              double threshold)
{
    const double odds = (double)key->b + gs_season(kind, habit, gs_bin_cell(params, key->last));
    int low = 3; /* tenths; less is tolerated */
    int high = GS_LARGEST_RISE * 10;

    if (gs_key_learning(kind, key) || !would_be_seen(params, key, odds, high / 10.0, threshold)) {
        return (double)INFINITY;
    }
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (would_be_seen(params, key, odds, middle / 10.0, threshold)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high / 10.0;
}
