/* Beta-binomial likelihoods: counts whose share itself varies from bin to bin.
 *
 * Source: Skellam 1948 for the distribution; Stirling's series (Abramowitz and Stegun 6.1.41) for
 * lgamma. */
#ifndef GS_ALERTING_BETABIN_H
#define GS_ALERTING_BETABIN_H

/* log Gamma(x) for 0 < x < 1e300. Within 1e-9 relative of libm (1e-12 absolute near its zeros at 1
 * and 2), and reentrant, which lgamma() is not (signgam). */
double gs_lgamma(double x);

/* The part of log BB(k | n, mu, rho) that depends on mu: enough for ratios at equal n, k and rho.
 * 0 <= k <= n, both may be fractions; mu and rho in (0, 1). */
double gs_betabin_log(double n, double k, double mu, double rho);

double gs_sigmoid(double x);
double gs_logit(double p); /* p in (0, 1) */

#endif
