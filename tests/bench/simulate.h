/* Random draws for the detector's studies: the same numbers for the same seed, everywhere. */
#ifndef GS_BENCH_SIMULATE_H
#define GS_BENCH_SIMULATE_H

#include <math.h>
#include <stdint.h>

struct draw {
    uint64_t state;
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t draw_bits(struct draw *draw)
{
    uint64_t z = (draw->state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

static inline double draw_unit(struct draw *draw) /* in (0, 1) */
{
    return ((double)(draw_bits(draw) >> 11) + 0.5) * 0x1p-53;
}

static inline double draw_normal(struct draw *draw) /* Box and Muller */
{
    const double r = sqrt(-2.0 * log(draw_unit(draw)));
    return r * cos(6.283185307179586 * draw_unit(draw));
}

/* Marsaglia and Tsang 2000; shapes under 1 by its boost. */
static inline double draw_gamma(struct draw *draw, double shape)
{
    const double d = (shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0;
    const double c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        const double x = draw_normal(draw);
        const double v = 1.0 + c * x;
        if (v > 0.0) {
            const double v3 = v * v * v;
            if (log(draw_unit(draw)) < 0.5 * x * x + d - d * v3 + d * log(v3)) {
                return d * v3 * (shape < 1.0 ? pow(draw_unit(draw), 1.0 / shape) : 1.0);
            }
        }
    }
}

/* A share with this mean and within-bin correlation: Beta, as in the beta-binomial. */
static inline double draw_share(struct draw *draw, double mean, double rho)
{
    if (rho <= 0.0) {
        return mean;
    }
    const double size = (1.0 - rho) / rho;
    const double a = draw_gamma(draw, mean * size);
    const double b = draw_gamma(draw, (1.0 - mean) * size);
    return a + b > 0.0 ? a / (a + b) : mean;
}

static inline int draw_poisson(struct draw *draw, double mean)
{
    if (mean > 50.0) {
        const double n = mean + sqrt(mean) * draw_normal(draw) + 0.5;
        return n < 0.0 ? 0 : (int)n;
    }
    const double limit = exp(-mean);
    int n = 0;
    double product = draw_unit(draw);
    while (product > limit) {
        product *= draw_unit(draw);
        n++;
    }
    return n;
}

#endif
