/* The number that the network computes with: float, or double where GS_NET_DOUBLE is defined. The
 * same sources are built a second time in double for the gradient checks, in which central
 * differences would drown in float's rounding.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_REAL_H
#define GS_CLASSIFIER_TRAIN_ENCODER_REAL_H

#include <stddef.h>

#ifdef GS_NET_DOUBLE
typedef double gs_real;
#else
typedef float gs_real;
#endif

/* A matrix in a larger one: rows of ld numbers, row-major. */
struct gs_mat {
    gs_real *at;
    size_t ld;
};
struct gs_cmat {
    const gs_real *at;
    size_t ld;
};

/* c [m][n] = alpha a [m][k] b[n][k]^T + beta c: a layer forward, weights stored [out][in]. */
void gs_gemm_nt(size_t m, size_t n, size_t k, gs_real alpha, struct gs_cmat a, struct gs_cmat b,
                gs_real beta, struct gs_mat c);
/* c [m][n] = alpha a [m][k] b[k][n] + beta c: what a layer's input gets of its output. */
void gs_gemm_nn(size_t m, size_t n, size_t k, gs_real alpha, struct gs_cmat a, struct gs_cmat b,
                gs_real beta, struct gs_mat c);
/* c [m][n] = alpha a[k][m]^T b[k][n] + beta c: what weights get, k being tokens. */
void gs_gemm_tn(size_t m, size_t n, size_t k, gs_real alpha, struct gs_cmat a, struct gs_cmat b,
                gs_real beta, struct gs_mat c);

#endif
