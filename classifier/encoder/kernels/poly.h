/* exp, tanh and GELU as polynomials, written once for all rows: the file that includes this one has
 * included its encoder_vec_….h, which says what a vec is and what the operations on it do. So every
 * row does the same operations in the same order, and all give the same bits.
 *
 * The errors are the largest over the floats of the range against libm's double functions;
 * tests/unit/classifier/encoder/kernels/test_poly.c measures them. The coefficients are minimax
 * fits, made for the float arithmetic here: changing one changes the answers of every model. */
#ifndef GS_CLASSIFIER_POLY_H
#define GS_CLASSIFIER_POLY_H

#include "classifier/encoder/kernels/kernels.h"

/* Added to x, |x| < 2^22, it leaves round(x) in the low bits of the sum. */
#define GS_ROUNDER 12582912.0F /* 1.5 * 2^23 */

/* exp(x), relative error 1.7e-7; exp(0) is 1. Below -87 it is exp(-87) = 1.6e-38, above 88
 * exp(88) = 1.7e38: no denormals, no infinity.
 * x = n ln 2 + r; exp(x) = 2^n exp(r), |r| <= ln 2 / 2; ln 2 is subtracted in two parts. */
static inline vec gs_poly_exp(vec x)
{
    x = vec_min(vec_max(x, vec_set(-87.0F)), vec_set(88.0F));
    const vec t = vec_fma(x, vec_set(1.44269504F), vec_set(GS_ROUNDER));
    const vec n = vec_sub(t, vec_set(GS_ROUNDER));
    vec r = vec_fma(n, vec_set(-0x1.62e430p-1F), x);
    r = vec_fma(n, vec_set(0x1.05c610p-29F), r);

    vec p = vec_set(0x1.0fa820p-7F);
    p = vec_fma(p, r, vec_set(0x1.573a6cp-5F));
    p = vec_fma(p, r, vec_set(0x1.555a6cp-3F));
    p = vec_fma(p, r, vec_set(0x1.fffdc6p-2F));
    p = vec_fma(p, r, vec_set(0x1.fffff6p-1F));
    p = vec_fma(p, r, vec_set(1.0F));
    return vec_scale(p, t);
}

/* tanh(x), absolute error 2e-7; exactly odd. (1 - e) / (1 + e), e = exp(-2 |x|). */
static inline vec gs_poly_tanh(vec x)
{
    const vec one = vec_set(1.0F);
    const vec e = gs_poly_exp(vec_mul(vec_abs(x), vec_set(-2.0F)));
    return vec_with_sign(vec_div(vec_sub(one, e), vec_add(one, e)), x);
}

/* GELU is x P(x) for a P that rises from 0 to 1, with P(-x) = 1 - P(x). So it is
 * max(x, 0) - |x| P(-|x|): the second term is small, dies out, and needs one polynomial for both
 * signs. P(-a) falls too steeply for a short polynomial, its fourth root does not. */
static inline vec gs_poly_gelu_of_root(vec x, vec a, vec root)
{
    const vec square = vec_mul(root, root);
    return vec_sub(vec_max(x, vec_set(0.0F)), vec_mul(a, vec_mul(square, square)));
}

/* x Phi(x), Phi the normal distribution (the erf form of Hendrycks and Gimpel 2016,
 * arXiv:1606.08415): absolute error 5e-7, relative 3e-5 near 0; 0 at 0. */
static inline vec gs_poly_gelu(vec x)
{
    const vec a = vec_min(vec_abs(x), vec_set(5.4F));
    vec p = vec_set(-0x1.7e2f52p-19F);
    p = vec_fma(p, a, vec_set(0x1.a0db0ap-15F));
    p = vec_fma(p, a, vec_set(-0x1.0812ccp-12F));
    p = vec_fma(p, a, vec_set(-0x1.cd7068p-13F));
    p = vec_fma(p, a, vec_set(0x1.0f6698p-8F));
    p = vec_fma(p, a, vec_set(0x1.18d1bcp-8F));
    p = vec_fma(p, a, vec_set(-0x1.998834p-5F));
    p = vec_fma(p, a, vec_set(-0x1.57a178p-3F));
    p = vec_fma(p, a, vec_set(0x1.ae8a9ap-1F));
    return gs_poly_gelu_of_root(x, a, p);
}

/* The same paper's 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))): absolute error 6e-7,
 * relative 4e-5 near 0; 0 at 0. */
static inline vec gs_poly_gelu_tanh(vec x)
{
    const vec a = vec_min(vec_abs(x), vec_set(5.2F));
    vec p = vec_set(0x1.5430ccp-20F);
    p = vec_fma(p, a, vec_set(-0x1.94887cp-16F));
    p = vec_fma(p, a, vec_set(0x1.74d32ap-13F));
    p = vec_fma(p, a, vec_set(-0x1.269888p-11F));
    p = vec_fma(p, a, vec_set(-0x1.1d5296p-15F));
    p = vec_fma(p, a, vec_set(0x1.182c7cp-8F));
    p = vec_fma(p, a, vec_set(0x1.14d768p-8F));
    p = vec_fma(p, a, vec_set(-0x1.988ed4p-5F));
    p = vec_fma(p, a, vec_set(-0x1.57af20p-3F));
    p = vec_fma(p, a, vec_set(0x1.ae8ad0p-1F));
    return gs_poly_gelu_of_root(x, a, p);
}

static inline vec gs_poly_activate(vec x, enum gs_activation act)
{
    switch (act) {
    case GS_ACT_GELU:
        return gs_poly_gelu(x);
    case GS_ACT_GELU_TANH:
        return gs_poly_gelu_tanh(x);
    case GS_ACT_RELU:
        return vec_max(x, vec_set(0.0F));
    case GS_ACT_TANH:
        return gs_poly_tanh(x);
    case GS_ACT_NONE:
        break;
    }
    return x;
}

#endif
