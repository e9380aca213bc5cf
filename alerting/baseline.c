/* What is normal for a key: a logistic filter that follows the log odds b of its negative share,
 * with the variance v of our knowledge of it, and how much more than binomial its bins vary.
 *
 * Source: the extended Kalman filter for binomial data as in West and Harrison, Bayesian
 * Forecasting and Dynamic Models, chapter 14; the moment estimate of overdispersion as in Williams
 * 1982. */
#include "alerting/betabin.h"
#include "alerting/watch_parts.h"

#include <math.h>

static const double first_v = 0.5; /* also its ceiling */
static const double drift_a_day = 0.02;
static const double season_drift_a_day = 0.0005;
static const double rho_first = 0.05;
static const double rho_count =
    200.0; /* what the first guess weighs, in messages' pairs * variance */
static const double rho_half_life_days = 10.0;
static const double rho_least = 0.002;
static const double rho_most = 0.5;
static const double winsor = 2.5;
static const double max_b = 8.0;
static const double ratio_hours = 24.0; /* hours that the first guess, eta = 1, weighs */
static const double ratio_max_v =
    0.05; /* until then an unknown baseline would read as correlation */

static int32_t bins_of(int64_t ms, int64_t bin_ms)
{
    const int64_t bins = (ms + bin_ms - 1) / bin_ms;
    return (int32_t)(bins > 1 << 30 ? 1 << 30 : bins);
}

void gs_model_init(struct gs_model *model, const struct gs_watch_options *options)
{
    const double bins_a_day = 86400000.0 / (double)options->bin_ms;
    double weight = 1.0;

    *model = (struct gs_model){.options = *options};
    model->drift = drift_a_day / bins_a_day;
    model->season_drift = season_drift_a_day / bins_a_day;
    model->keep = exp2(-1.0 / (rho_half_life_days * bins_a_day));
    for (size_t i = 0; i < 256; i++) {
        model->weight[i] = (uint32_t)(weight * GS_WEIGHT_ONE + 0.5);
        weight *= options->dup_weight;
    }
    model->clear_bins = bins_of(options->clear_after_ms, options->bin_ms);
    model->cooldown_bins = bins_of(options->cooldown_ms, options->bin_ms);
    model->new_normal_bins = bins_of(options->new_normal_after_ms, options->bin_ms);
    model->id_bins = GS_HOUR_BINS + 1 + bins_of(options->lateness_ms, options->bin_ms);
    model->story_bins = bins_of(options->drop_after_ms, options->bin_ms);
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

/* One bin of n messages with this negative share tells what the log odds are. */
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

static void leave(const struct gs_model *model, const struct gs_kind *kind,
                  const struct gs_teach *teach, struct gs_key *key, int32_t bin)
{
    const int32_t at = gs_bin_mod(bin, GS_DELAY_BINS);

    if (key->n[at] != 0 && (bin < teach->frozen_from || bin > teach->frozen_to)) {
        const int cell = gs_bin_cell(model, bin);
        const double n = gs_unpack(key->n[at]);
        const double share = key->share[at] / 65535.0;
        const double rho = gs_key_rho(key);
        learn(key, (double)kind->s[cell], n, share);
        if (teach->kind != NULL) {
            gs_kind_teach(teach->kind, cell, n, share, rho);
        }
        if (teach->all != NULL) {
            gs_kind_teach(teach->all, cell, n, share, rho);
        }
    }
    if (gs_bin_mod(bin, GS_HOUR_BINS) == GS_HOUR_BINS - 1) {
        fold_hour(key, exp2(-1.0 / (rho_half_life_days * 24.0)));
    }
    key->n[at] = 0;
    key->share[at] = 0;
}

static void decay(const struct gs_model *model, struct gs_key *key, int64_t bins)
{
    const double keep = bins == 1 ? model->keep : bins == 0 ? 1.0 : pow(model->keep, (double)bins);

    key->rho_num *= (float)keep;
    key->rho_den *= (float)keep;
}

void gs_key_advance(const struct gs_model *model, const struct gs_kind *kind,
                    const struct gs_teach *teach, struct gs_key *key, int32_t bin)
{
    const int32_t from = key->last;
    const int64_t gap = (int64_t)bin - from;
    const int64_t steps = gap < GS_DELAY_BINS ? gap : GS_DELAY_BINS;

    if (gap <= 0) {
        return;
    }
    decay(model, key, steps);
    /* After 36 steps the ring is empty: nothing happens in the other bins but the drift. */
    for (int64_t i = 1; i <= steps; i++) {
        key->v = (float)fmin((double)key->v + model->drift, first_v);
        leave(model, kind, teach, key, (int32_t)(from + i - GS_DELAY_BINS));
        key->reach[gs_bin_mod((int32_t)(from + i), GS_HOUR_BINS)] = 0;
    }
    key->v = (float)fmin((double)key->v + model->drift * (double)(gap - steps), first_v);
    decay(model, key, gap - steps);
    key->last = bin;
    if (gap >= GS_HOUR_BINS) { /* 8 bits of a bin's number would come round */
        memset(key->pub, 0, sizeof key->pub);
    }
}
