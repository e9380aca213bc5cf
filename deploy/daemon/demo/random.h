/* The demo's own random numbers: the same stream for a seed on every machine. SplitMix64, Steele,
 * Lea and Flood 2014. */
#ifndef GS_DEMO_RANDOM_H
#define GS_DEMO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct gs_demo_random {
    uint64_t state;
};

static inline uint64_t gs_demo_random(struct gs_demo_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* In [0, 1). */
static inline double gs_demo_unit(struct gs_demo_random *random)
{
    return (double)(gs_demo_random(random) >> 11) * 0x1p-53;
}

/* In [0, n); n >= 1. */
static inline size_t gs_demo_below(struct gs_demo_random *random, size_t n)
{
    return (size_t)(gs_demo_unit(random) * (double)n);
}

/* low to high, both included. */
static inline unsigned gs_demo_between(struct gs_demo_random *random, unsigned low, unsigned high)
{
    return low + (unsigned)gs_demo_below(random, (size_t)(high - low) + 1);
}

#endif
