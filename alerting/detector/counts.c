/* Scores counts of messages by a seasonal negative binomial.
 *
 *     counts ─► sum of nine intervals ─► upper tail of NB(level x hour, dispersion) ─► surprise
 *     surprise ─► above what 98.5 % of the past was, in units of how far the rest exceeded it ─► score
 *
 * Expected: a level (half-life 14 days) times a factor of the hour of the day. The dispersion of
 * windows around that is learnt slowly, so that one surge does not make the next one look usual.
 * Counts of social media have a heavier tail than any negative binomial: what is usual in the
 * surprises themselves, a quantile and the mean excess over it, turns them into a score that means
 * the same for a busy stream and a quiet one.
 *
 * A surge teaches little: a count is cut at three standard deviations, a window at six, an excess at
 * ten times their mean.
 *
 * An episode is shown once: for a day after a score was shown, only one that is 1.4 times as high is
 * shown again. So a threshold is crossed about once in a surge, whatever it is.
 *
 * Sources: DiDonato and Morris 1992, doi:10.1145/131766.131776, for the incomplete beta function (its
 * continued fraction, by Lentz's method). The rates were chosen on the five public files of NAB's
 * realTweets (tests/bench/nab_score.py), intervals of five minutes; one setting for all. */
#include "alerting/detector/counts.h"

#include "alerting/detector/betabin.h"

#include <math.h>

static const double day_rows = 288.0;
static const double half_life_days = 14.0;
static const double hour_rate = 0.002;
static const double dispersion_rate = 0.0005;
static const double quantile_rate = 0.0005, quantile_of = 0.985;
static const double beyond_rate = 0.02;
static const double episode_gain = 1.4;
static const int64_t episode_ms = 86400000;
static const double most_surprise = 60.0; /* powers of ten */

void gs_counts_init(struct gs_counts *counts)
{
    *counts = (struct gs_counts){.dispersion = 0.1, .quantile = 2.0, .beyond = 0.5};
    for (int h = 0; h < 24; h++) {
        counts->hours[h] = 1.0;
    }
}

static double clamp(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

static double not_zero(double x)
{
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

/* The continued fraction of I_x(a, b), for x below (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x)
{
    double c = 1.0;
    double d = 1.0 / not_zero(1.0 - (a + b) * x / (a + 1.0));
    double h = d;

    for (int i = 1; i < 500; i++) {
        const double m = i;
        const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / not_zero(1.0 + even * d);
        c = not_zero(1.0 + even / c);
        h *= d * c;
        d = 1.0 / not_zero(1.0 + odd * d);
        c = not_zero(1.0 + odd / c);
        h *= d * c;
        if (fabs(d * c - 1.0) < 1e-10) {
            break;
        }
    }
    return h;
}

double gs_counts_tail(double x, double mean, double dispersion)
{
    const double ln10 = 2.302585092994046;
    const double size = 1.0 / dispersion;
    const double p = mean / (mean + size);
    const double front =
        gs_lgamma(x + size) - gs_lgamma(x) - gs_lgamma(size) + x * log(p) + size * log1p(-p);

    if (p < (x + 1.0) / (x + size + 2.0)) {
        return (front + log(fraction(x, size, p) / x)) / ln10;
    }
    const double below = exp(front) * fraction(size, x, 1.0 - p) / size;
    return log10(fmax(1.0 - below, 1e-300));
}

static int hour_of(int64_t at_ms)
{
    const int64_t hour_ms = 3600000;
    const int64_t in_day = (at_ms % (24 * hour_ms) + 24 * hour_ms) % (24 * hour_ms);
    return (int)(in_day / hour_ms);
}

/* The newest count goes in; returns the sum, and how many there are. */
static double slide(struct gs_counts *counts, double count, double *ret_n)
{
    double sum = 0.0;

    counts->window[counts->n % GS_COUNTS_WINDOW] = count;
    for (int i = 0; i < GS_COUNTS_WINDOW; i++) {
        sum += counts->window[i];
    }
    *ret_n = counts->n + 1 < GS_COUNTS_WINDOW ? (double)(counts->n + 1) : GS_COUNTS_WINDOW;
    return sum;
}

static void learn_level(struct gs_counts *counts, int hour, double count)
{
    const double rate =
        fmax(1.0 - exp2(-1.0 / (half_life_days * day_rows)), 1.0 / ((double)counts->n + 2.0));
    double *factor = &counts->hours[hour];
    const double base = counts->level * *factor;
    const double sd = sqrt(fmax(base, 0.2) + base * base * counts->dispersion);
    const double cut = fmin(count, base + 3.0 * sd);

    counts->level += rate * (cut / *factor - counts->level);
    *factor += hour_rate * (cut / fmax(counts->level, 0.05) - *factor);
    *factor = clamp(*factor, 0.2, 5.0);
}

static void learn_window(struct gs_counts *counts, double seen, double expected)
{
    const double sd = sqrt(expected + expected * expected * counts->dispersion);
    const double off = fmin(seen - expected, 6.0 * sd);
    const double now = fmin((off * off - expected) / (expected * expected), 5.0);

    counts->dispersion += dispersion_rate * (now - counts->dispersion);
    counts->dispersion = clamp(counts->dispersion, 0.01, 3.0);
}

static void learn_tail(struct gs_counts *counts, double surprise)
{
    const double n = (double)counts->n + 1.0;
    const double step = 3.0 * fmax(quantile_rate, 1.0 / (n + 10.0));

    counts->quantile += step * (quantile_of - (surprise <= counts->quantile ? 1.0 : 0.0));
    counts->quantile = fmax(counts->quantile, 0.3);
    if (surprise > counts->quantile) {
        const double rate = fmax(beyond_rate, 1.0 / (0.02 * n + 5.0));
        const double excess = fmin(surprise - counts->quantile, 10.0 * counts->beyond);
        counts->beyond = fmax(counts->beyond + rate * (excess - counts->beyond), 0.1);
    }
}

/* What is shown of an excess over the quantile. */
static double show(struct gs_counts *counts, int64_t at_ms, double excess)
{
    if (at_ms - counts->mark_ms >= episode_ms) {
        counts->mark = 0.0;
    }
    if (excess <= counts->mark * episode_gain) {
        return 0.0;
    }
    counts->mark = excess;
    counts->mark_ms = at_ms;
    return excess / (excess + 10.0);
}

struct gs_counts_result gs_counts_add(struct gs_counts *counts, int64_t at_ms, double count)
{
    const int hour = hour_of(at_ms);
    double n = 0.0;

    if (counts->n == 0) {
        counts->level = fmax(count, 0.5);
    }
    const double seen = slide(counts, count, &n);
    const double expected = fmax(counts->level * counts->hours[hour], 0.02) * n;
    const double surprise =
        seen > 0.0 ? clamp(-gs_counts_tail(seen, expected, counts->dispersion), 0.0, most_surprise)
                   : 0.0;
    const double excess = fmax(surprise - counts->quantile, 0.0) / counts->beyond;
    const struct gs_counts_result result = {show(counts, at_ms, excess), expected, seen};

    learn_level(counts, hour, count);
    learn_window(counts, seen, expected);
    learn_tail(counts, surprise);
    counts->n++;
    return result;
}
