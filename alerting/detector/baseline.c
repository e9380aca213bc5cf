/* The baseline of a key, or what is normal for it: a filter that follows the log odds b of its
 * negative share and knows how well it knows them (the variance v), and two numbers that say how
 * much its bins vary.
 *
 *     a bin closes and is judged                             36 bins later it teaches
 *        │                                                      │
 *        ▼                                                      ▼
 *        ├── the last hour ──┼──── rest of the delay line ──────┤──► b, v, rho, eta of the key
 *        0                  12 bins                            36   ──► its kind, its habit
 *
 * A key expects the share mu = sigmoid(b + season), where season is its kind's offset for the hour
 * (kinds.c) and its own habit (habits.c). Every bin adds drift to v, 0.02 a day and up to 0.5,
 * since a level that nobody has looked at may have moved. A bin of n messages that leaves the delay
 * line teaches:
 *
 *     w      = mu (1 - mu)
 *     n_eff  = n / (1 + (n - 1) rho)        what n messages that are not independent are worth
 *     z      = n (share - mu), at most 2.5 standard deviations either way
 *     1/v   <- 1/v + n_eff w
 *     b     <- b + v z n_eff / n
 *
 * rho, the overdispersion, is a ratio of moments: the sum of z^2 - n w - n^2 w^2 v (what is left of
 * the variance when chance and the error of b are taken off) over the sum of n (n - 1) w. Both
 * forget with a half-life of ten days and begin with rho = 0.05 at a weight of 200.
 *
 * eta, the power that statistic.c raises a key's likelihood ratios to, answers another question:
 * whether the bins of an hour swing together. Its inverse is the mean of (sum of z)^2 / (sum of
 * variances) over hours, which is 1 for independent bins; 24 hours at 1 are the first guess, and
 * hours count only while v is small, since an unknown level would look like bins that swing
 * together.
 *
 * Why three hours: a rise must not become normal before it is judged. Evidence needs up to three
 * hours to grow at low volume, and once an alert fires, the bins from its start on are as a rule
 * still in the line and can be kept from teaching (frozen_from to frozen_to). The limit on z keeps
 * one wild bin from moving b far.
 *
 * A key is touched only when it has messages or an alert, so gs_key_advance() goes over any gap:
 * after 36 steps the ring is empty and only drift and decay remain, which have closed forms. Called
 * with a teach that has no receivers it changes nothing but the key it is given; views.c does that
 * with a copy.
 *
 * What has to stay as it is: bins teach strictly after they are judged (statistic.c relies on it),
 * and in order of time. first_v, where v begins and which it never exceeds, has to be above
 * learning_v of statistic.c, or keys would be judged before anything is known of them.
 *
 * Source: the extended Kalman filter for binomial data as in West and Harrison, Bayesian
 * Forecasting and Dynamic Models, chapter 14; the moment estimate of overdispersion as in Williams
 * 1982. */
#include "alerting/detector/betabin.h"
#include "alerting/detector/watch_internal.h"

#include <math.h>

static const double first_v = 0.5; /* also its ceiling */
static const double drift_a_day = 0.02;
static const double season_drift_a_day = 0.0005;
static const double rho_first = 0.05;
static const double rho_count = 200.0; /* weight of rho_first, in pairs of messages * variance */
static const double rho_half_life_days = 10.0;
static const double rho_least = 0.002;
static const double rho_most = 0.5;
static const double winsor = 2.5;
static const double max_b = 8.0;
static const double ratio_hours = 24.0; /* the weight of the first guess, eta = 1 */
/* Above it, an unknown baseline would look like bins that swing together. */
static const double ratio_max_v = 0.05;

static int32_t bins_of(int64_t ms, int64_t bin_ms)
{
    const int64_t bins = (ms + bin_ms - 1) / bin_ms;
    return (int32_t)(bins > 1 << 30 ? 1 << 30 : bins);
}

void gs_detector_params_init(struct gs_detector_params *params,
                             const struct gs_watch_options *options)
{
    const double bins_a_day = 86400000.0 / (double)options->bin_ms;
    double weight = 1.0;

    *params = (struct gs_detector_params){.options = *options};
    params->drift = drift_a_day / bins_a_day;
    params->season_drift = season_drift_a_day / bins_a_day;
    params->keep = exp2(-1.0 / (rho_half_life_days * bins_a_day));
    for (size_t i = 0; i < 256; i++) {
        params->weight[i] = (uint32_t)(weight * GS_WEIGHT_ONE + 0.5);
        weight *= options->dup_weight;
    }
    params->clear_bins = bins_of(options->clear_after_ms, options->bin_ms);
    params->cooldown_bins = bins_of(options->cooldown_ms, options->bin_ms);
    params->new_normal_bins = bins_of(options->new_normal_after_ms, options->bin_ms);
    params->event_bins = bins_of(options->event_window_ms, options->bin_ms);
    params->event_cooldown_bins = bins_of(options->event_cooldown_ms, options->bin_ms);
    params->id_bins = GS_HOUR_BINS + 1 + bins_of(options->lateness_ms, options->bin_ms);
    params->story_bins = bins_of(options->drop_after_ms, options->bin_ms);
}

void gs_key_born(const struct gs_kind *all, const struct gs_kind *kind, struct gs_key *key,
                 int32_t bin)
{
    const double known = 0.25;

    key->born = true;
    key->last = bin - 1;
    key->b = (double)kind->v <= known ? kind->b : all->b;
    key->v = (float)first_v;
    key->excess_from = bin;
}

double gs_key_rho(const struct gs_key *key)
{
    const double rho =
        ((double)key->rho_num + rho_first * rho_count) / ((double)key->rho_den + rho_count);
    return fmin(fmax(rho, rho_least), rho_most);
}

double gs_key_eta(const struct gs_key *key)
{
    const double ratio =
        ((double)key->ratio_sum + ratio_hours) / ((double)key->ratio_n + ratio_hours);
    return fmin(fmax(1.0 / ratio, 0.1), 1.0);
}

/* Learns from one bin of n messages with this negative share. */
static void learn(struct gs_key *key, double season, double n, double share)
{
    const double mu = gs_sigmoid((double)key->b + season);
    const double w = mu * (1.0 - mu);
    const double more = fmax(n - 1.0, 0.0);
    const double spread = 1.0 + more * gs_key_rho(key);
    const double var = n * w * spread;
    const double by_v = n * w * n * w * (double)key->v;
    const double most = winsor * sqrt(var + by_v);
    const double z = fmin(fmax(n * (share - mu), -most), most);
    const double n_eff = n / spread;

    if (more > 0.0) {
        key->rho_num += (float)(z * z - n * w - by_v);
        key->rho_den += (float)(n * more * w);
    }
    if ((double)key->v <= ratio_max_v) {
        key->hour_z += (float)z;
        key->hour_var += (float)(var + by_v);
    }
    const double v = 1.0 / (1.0 / (double)key->v + n_eff * w);
    key->v = (float)v;
    key->b = (float)fmin(fmax((double)key->b + v * z * n_eff / n, -max_b), max_b);
}

/* Bins of an hour that swing together make its sum vary more than they do one by one. */
static void fold_hour(struct gs_key *key, double hours_kept)
{
    if (key->hour_var > 0.0F) {
        const double ratio =
            fmin((double)key->hour_z * (double)key->hour_z / (double)key->hour_var, 25.0);
        key->ratio_sum = (float)((double)key->ratio_sum * hours_kept + ratio);
        key->ratio_n = (float)((double)key->ratio_n * hours_kept + 1.0);
    }
    key->hour_z = 0.0F;
    key->hour_var = 0.0F;
}

static void leave(const struct gs_detector_params *params, const struct gs_kind *kind,
                  const struct gs_teach *teach, struct gs_key *key, int32_t bin)
{
    const int32_t at = gs_bin_mod(bin, GS_DELAY_BINS);

    const bool frozen = bin >= teach->frozen_from && bin <= teach->frozen_to;

    if (key->n[at] != 0 && (!frozen || teach->habit != NULL)) {
        const int cell = gs_bin_cell(params, bin);
        const double n = gs_unpack(key->n[at]);
        const double share = key->share[at] / (double)GS_SHARE_ONE;
        const double rho = gs_key_rho(key);
        const double habit = teach->habit == NULL ? 0.0 : gs_habit_offset(teach->habit, cell);
        const double odds = (double)key->b + (double)kind->s[cell];
        if (teach->habit != NULL) {
            gs_habit_learn(teach->habit, params, bin, &(struct gs_bin_lesson){n, share, rho, odds});
        }
        if (!frozen) {
            learn(key, (double)kind->s[cell] + habit, n, share);
        }
        if (!frozen && habit == 0.0 && teach->kind != NULL) {
            gs_kind_teach(teach->kind, cell, n, share, rho);
        }
        if (!frozen && habit == 0.0 && teach->all != NULL) {
            gs_kind_teach(teach->all, cell, n, share, rho);
        }
    }
    if (gs_bin_mod(bin, GS_HOUR_BINS) == GS_HOUR_BINS - 1) {
        fold_hour(key, exp2(-1.0 / (rho_half_life_days * 24.0)));
    }
    key->n[at] = 0;
    key->share[at] = 0;
}

static void decay(const struct gs_detector_params *params, struct gs_key *key, int64_t bins)
{
    const double keep = bins == 1   ? params->keep
                        : bins == 0 ? 1.0
                                    : pow(params->keep, (double)bins);

    key->rho_num *= (float)keep;
    key->rho_den *= (float)keep;
}

void gs_key_advance(const struct gs_detector_params *params, const struct gs_kind *kind,
                    const struct gs_teach *teach, struct gs_key *key, int32_t bin)
{
    const int32_t from = key->last;
    const int64_t gap = (int64_t)bin - from;
    const int64_t steps = gap < GS_DELAY_BINS ? gap : GS_DELAY_BINS;

    if (gap <= 0) {
        return;
    }
    const float left = (float)exp(-(double)gap / GS_DAY_BINS);
    key->long_n *= left;
    key->long_k *= left;
    key->long_e *= left;
    decay(params, key, steps);
    /* After 36 steps the ring is empty: nothing happens in the other bins but the drift. */
    for (int64_t i = 1; i <= steps; i++) {
        key->v = (float)fmin((double)key->v + params->drift, first_v);
        leave(params, kind, teach, key, (int32_t)(from + i - GS_DELAY_BINS));
        key->reach[gs_bin_mod((int32_t)(from + i), GS_HOUR_BINS)] = 0;
    }
    key->v = (float)fmin((double)key->v + params->drift * (double)(gap - steps), first_v);
    decay(params, key, gap - steps);
    key->last = bin;
}
