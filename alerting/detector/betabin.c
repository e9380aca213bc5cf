/* Likelihoods of the beta-binomial distribution, with a log Gamma of our own.
 *
 * A bin's n and k are sums of weights and probabilities, so both may be fractions, and the rising
 * factorials of the distribution become ratios of Gamma functions: log of a (a+1) … (a+k-1) = log
 * Gamma(a+k) - log Gamma(a). Factors that do not depend on mu are left out, since only ratios at
 * equal n, k and rho are used.
 *
 * libm's lgamma() writes the sign to a global variable, so threads would race on it. This one
 * shifts x up to 8 and more, where Stirling's series is exact enough. */
#include "alerting/detector/betabin.h"

#include <math.h>

double gs_lgamma(double x)
{
    const double half_log_2pi = 0.91893853320467274178;
    double product = 1.0;

    /* Gamma(x) = Gamma(x + m) / (x (x+1) ... (x+m-1)): from 8 on Stirling is exact enough. */
    while (x < 8.0) {
        product *= x;
        x += 1.0;
    }
    const double r = 1.0 / x;
    const double r2 = r * r;
    const double series =
        r *
        (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 * (1.0 / 1188)))));
    const double stirling = (x - 0.5) * log(x) - x + half_log_2pi + series;

    return product == 1.0 ? stirling : stirling - log(product);
}

/* log of a (a+1) ... (a+k-1), for real k. */
static double log_rising(double a, double k)
{
    return k <= 0.0 ? 0.0 : gs_lgamma(a + k) - gs_lgamma(a);
}

double gs_betabin_log(double n, double k, double mu, double rho)
{
    const double size = (1.0 - rho) / rho; /* alpha + beta */

    return log_rising(mu * size, k) + log_rising((1.0 - mu) * size, n - k);
}

double gs_sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

double gs_logit(double p)
{
    return log(p / (1.0 - p));
}
