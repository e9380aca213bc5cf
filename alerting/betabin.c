#include "alerting/betabin.h"

#include <math.h>

double gs_lgamma(double x)
{
    const double half_log_2pi = 0.91893853320467274178;
    double product = 1.0;

    /* Gamma(x) = Gamma(x + m) / (x (x+1) ... (x+m-1)): Stirling's series is exact enough from 8 on.
     */
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
