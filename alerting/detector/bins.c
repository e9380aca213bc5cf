/* The ring of a key: the messages and shares of its last 36 bins in few bytes, and what is read
 * from them.
 *
 *     n[36]       messages, gs_pack(): 16 bits with 11 of mantissa
 *     share[36]   the negative part, in 1/255
 *     reach[12]   messages with copies, of the last hour only
 *
 * A bin stands at its number modulo the length, so nothing moves when time does; gs_key_advance()
 * clears the places it passes over. Rounding is harmless here: evidence is computed from the exact
 * sums of the open bin (statistic.c), and the ring feeds only the baseline, the gates and what is
 * shown. The numbers of bins, hours and weekdays are here too. */
#include "alerting/detector/betabin.h"
#include "alerting/detector/watch_internal.h"

#include <math.h>

enum { MANTISSA = 11, MAX_EXPONENT = 31 };

uint16_t gs_pack(double n)
{
    if (!(n > 0.0)) {
        return 0;
    }
    double sixteenths = n * 16.0;
    uint32_t exponent = 0;
    while (sixteenths >= (1 << MANTISSA) - 0.5 && exponent < MAX_EXPONENT) {
        sixteenths *= 0.5;
        exponent++;
    }
    uint32_t mantissa = (uint32_t)(fmin(sixteenths, (1 << MANTISSA) - 1) + 0.5);
    if (mantissa == 0) {
        mantissa = 1; /* there was something */
    }
    return (uint16_t)(exponent << MANTISSA | mantissa);
}

double gs_unpack(uint16_t packed)
{
    return ldexp((double)(packed & ((1 << MANTISSA) - 1)), (packed >> MANTISSA) - 4);
}

int32_t gs_bin_mod(int32_t bin, int32_t n)
{
    const int32_t r = bin % n;
    return r < 0 ? r + n : r;
}

int64_t gs_bin_to_ms(const struct gs_detector_params *params, int32_t bin)
{
    return (int64_t)bin * params->options.bin_ms;
}

int64_t gs_bound_ms(int64_t ms)
{
    const int64_t first = -62167219200000; /* 0000-01-01 */
    const int64_t last = 127174492800000;  /* 6000-01-01 */
    return ms < first ? first : ms > last ? last : ms;
}

int32_t gs_ms_to_bin(const struct gs_detector_params *params, int64_t ms)
{
    const int64_t bin = ms / params->options.bin_ms;
    return (int32_t)(ms % params->options.bin_ms < 0 ? bin - 1 : bin);
}

int64_t gs_bin_day(const struct gs_detector_params *params, int32_t bin)
{
    const int64_t day_ms = 86400000;
    const int64_t ms = gs_bin_to_ms(params, bin);

    return ms >= 0 ? ms / day_ms : -((-ms + day_ms - 1) / day_ms);
}

int gs_bin_cell(const struct gs_detector_params *params, int32_t bin)
{
    const int64_t hour_ms = 3600000;
    const int64_t ms = gs_bin_to_ms(params, bin);
    const int64_t hours = ms >= 0 ? ms / hour_ms : -((-ms + hour_ms - 1) / hour_ms);
    const int64_t hour = (hours % 24 + 24) % 24;
    const int64_t day = (hours - hour) / 24;
    const int64_t weekday = ((day + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; 0 is Sunday */

    return (int)(hour + (weekday == 0 || weekday == 6 ? 24 : 0));
}

void gs_key_absorb(struct gs_key *key, const struct gs_open_bin *bin)
{
    const int32_t at = gs_bin_mod(key->last, GS_DELAY_BINS);

    key->reach[gs_bin_mod(key->last, GS_HOUR_BINS)] = gs_pack(bin->reach);
    key->n_total += bin->reach < UINT32_MAX - key->n_total ? bin->reach : 0;
    if (bin->n > 0) {
        const double share = (double)bin->k / ((double)bin->n * GS_P_ONE);
        key->n[at] = gs_pack((double)bin->n / GS_WEIGHT_ONE);
        key->share[at] = (uint8_t)(share * GS_SHARE_ONE + 0.5);
    }
}

/* n = stories + dup_weight * second copies + less for third ones: exact when copies weigh nothing,
 * else a lower bound; reach 0: it is not known. */
static double count_stories(double n, double reach, double dup_weight)
{
    const double by_reach = (n - dup_weight * reach) / (1.0 - dup_weight);
    return fmax(0.0, floor((reach > 0.0 ? by_reach : n * (1.0 - dup_weight)) + 0.5));
}

static void sum_bins(const struct gs_detector_params *params, const struct gs_kind *kind,
                     const struct gs_habit *habit, const struct gs_key *key, int32_t bins,
                     struct gs_hour *hour)
{
    int cell = -1;
    double mu = 0.0;

    for (int32_t i = 0; i < bins; i++) {
        const int32_t bin = key->last - i;
        const int32_t at = gs_bin_mod(bin, GS_DELAY_BINS);
        if (key->n[at] == 0) {
            continue;
        }
        const int now = gs_bin_cell(params, bin);
        if (now != cell) { /* at most twice in an hour */
            cell = now;
            mu = gs_sigmoid((double)key->b + gs_season(kind, habit, cell));
        }
        const double n = gs_unpack(key->n[at]);
        hour->n += n;
        hour->k += n * key->share[at] / GS_SHARE_ONE;
        hour->expected += n * mu;
    }
    hour->bins = bins;
}

void gs_key_hour(const struct gs_detector_params *params, const struct gs_kind *kind,
                 const struct gs_habit *habit, const struct gs_key *key, struct gs_hour *ret)
{
    struct gs_hour hour = {0};

    sum_bins(params, kind, habit, key, GS_HOUR_BINS, &hour);
    for (size_t i = 0; i < GS_HOUR_BINS; i++) {
        hour.reach += gs_unpack(key->reach[i]);
    }
    hour.stories = count_stories(hour.n, hour.reach, params->options.dup_weight);
    *ret = hour;
}

void gs_watch_hour(const struct gs_watch *watch, const struct gs_key *key, struct gs_hour *ret)
{
    gs_key_hour(&watch->params, &watch->now.kinds[key->kind], gs_key_habit(watch, key), key, ret);
    ret->publishers = gs_key_publishers(watch, key);
}

void gs_watch_window(const struct gs_watch *watch, const struct gs_key *key, int32_t bins,
                     struct gs_hour *ret)
{
    gs_watch_hour(watch, key, ret);
    if (bins <= GS_HOUR_BINS) {
        return;
    }
    struct gs_hour longer = {.reach = ret->reach, .bins = bins};
    if (bins <= GS_DELAY_BINS) {
        sum_bins(&watch->params, &watch->now.kinds[key->kind], gs_key_habit(watch, key), key, bins,
                 &longer);
    } else {
        longer.n = (double)key->long_n;
        longer.k = (double)key->long_k;
        longer.expected = (double)key->long_e;
    }
    longer.reach = fmax(longer.reach, longer.n); /* the ring counts copies for an hour only */
    longer.stories = count_stories(longer.n, 0.0, watch->params.options.dup_weight);
    longer.publishers = fmax(ret->publishers, (double)gs_key_listed(key, bins));
    *ret = longer;
}

double gs_key_expected(const struct gs_detector_params *params, const struct gs_kind *kind,
                       const struct gs_habit *habit, const struct gs_key *key)
{
    return gs_sigmoid((double)key->b + gs_season(kind, habit, gs_bin_cell(params, key->last)));
}

double gs_key_expected_sd(const struct gs_key *key, double mu)
{
    const double rho = gs_key_rho(key);
    const double w = mu * (1.0 - mu);
    double n = 0.0;
    double var = 0.0;

    for (int32_t i = 0; i < GS_HOUR_BINS; i++) {
        const double in_bin = gs_unpack(key->n[gs_bin_mod(key->last - i, GS_DELAY_BINS)]);
        n += in_bin;
        var += in_bin * w * (1.0 + fmax(in_bin - 1.0, 0.0) * rho);
    }
    var = var / gs_key_eta(key) + n * w * n * w * (double)key->v;
    return n > 0.0 ? sqrt(var) / n : 0.0;
}

double gs_key_delayed(const struct gs_key *key)
{
    double n = 0.0;

    for (size_t i = 0; i < GS_DELAY_BINS; i++) {
        n += gs_unpack(key->n[i]);
    }
    return n;
}
