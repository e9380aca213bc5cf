/* The vector operations of poly.h for one float: what every row's vectors do in each lane. */
#ifndef GS_CLASSIFIER_ENCODER_VEC_SCALAR_H
#define GS_CLASSIFIER_ENCODER_VEC_SCALAR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float vec;

static inline vec vec_set(float x)
{
    return x;
}

static inline vec vec_add(vec a, vec b)
{
    return a + b;
}

static inline vec vec_sub(vec a, vec b)
{
    return a - b;
}

static inline vec vec_mul(vec a, vec b)
{
    return a * b;
}

static inline vec vec_div(vec a, vec b)
{
    return a / b;
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return fmaf(a, b, c);
}

/* b when neither is larger, -0 and +0 included: what x86's max and min do. */
static inline vec vec_max(vec a, vec b)
{
    return a > b ? a : b;
}

static inline vec vec_min(vec a, vec b)
{
    return a < b ? a : b;
}

static inline vec vec_abs(vec a)
{
    return fabsf(a);
}

/* The size of a, which is not negative, with the sign of b. */
static inline vec vec_with_sign(vec a, vec b)
{
    return copysignf(a, b);
}

/* a * 2^n, where t = 1.5 * 2^23 + n holds n in its low bits; no overflow, no denormals. */
static inline vec vec_scale(vec a, vec t)
{
    uint32_t bits = 0;
    uint32_t n = 0;
    memcpy(&bits, &a, sizeof bits);
    memcpy(&n, &t, sizeof n);
    bits += n << 23;
    memcpy(&a, &bits, sizeof a);
    return a;
}

#endif
