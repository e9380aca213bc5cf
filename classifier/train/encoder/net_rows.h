/* The loops over rows of numbers between training's matrix products: plain loops that the compiler
 * turns into vector code, built once for any x86-64 and once for AVX2 (net_rows_body.h is the text
 * of both). One row of functions is picked at the start and kept, so that a run repeats to the bit
 * on a machine.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_NET_ROWS_H
#define GS_CLASSIFIER_TRAIN_ENCODER_NET_ROWS_H

#include "classifier/encoder/config_json.h"
#include "classifier/train/encoder/real.h"

#include <stdbool.h>
#include <stdint.h>

/* Dropout's random numbers come from Philox4x32-10 (Salmon et al. 2011), a function of seed,
 * stream, site and the element's index alone, so that threads and order do not matter and the
 * backward pass draws the same numbers again. */
struct gs_noise {
    uint64_t seed, stream;
    uint32_t site;
    gs_real rate; /* of elements that become 0; the others are multiplied by 1 / (1 - rate) */
};

/* The step that AdamW makes, the same for all numbers of a call. */
struct gs_adam_step {
    float lr, beta1, beta2, eps, decay; /* decay: times lr, off the weight */
    float fix1, fix2;                   /* 1 / (1 - beta^t): the bias correction */
    float scale;                        /* of gradients: clipping */
};

struct gs_net_rows {
    const char *name;
    /* y [m][n] += bias [n] */
    void (*add_bias)(gs_real *y, size_t m, size_t n, const gs_real *bias);
    /* bias [n] += sum of y's m rows */
    void (*sum_rows)(const gs_real *y, size_t m, size_t n, gs_real *bias);
    /* y[i] = act(x[i]), x[i] = act'(x[i]) */
    void (*activate)(gs_real *x, gs_real *y, size_t n, enum gs_activation act);
    /* d[i] *= slope[i] */
    void (*multiply)(gs_real *d, const gs_real *slope, size_t n);
    /* d[i] += add[i] */
    void (*add)(gs_real *d, const gs_real *add, size_t n);
    /* For each of m rows z = a + b (b NULL: a): hat = (z - mean) rstd, y = hat gamma + beta. */
    void (*norm)(const gs_real *a, const gs_real *b, size_t m, size_t n, const gs_real *gamma,
                 const gs_real *beta, double eps, gs_real *hat, gs_real *rstd, gs_real *y);
    /* dx of dy, which may be dx; dgamma and dbeta [n] are added to (both NULL: not wanted). */
    void (*norm_back)(const gs_real *dy, const gs_real *hat, const gs_real *rstd, size_t m,
                      size_t n, const gs_real *gamma, gs_real *dx, gs_real *dgamma, gs_real *dbeta);
    /* Each of m rows of n becomes its softmax. */
    void (*softmax)(gs_real *x, size_t m, size_t n);
    /* d = scale p (d - sum(d p)), row by row */
    void (*softmax_back)(const gs_real *p, gs_real *d, size_t m, size_t n, gs_real scale);
    /* to[i] = from[i], dropped or scaled; first: the index of from[0], a multiple of 8. */
    void (*drop)(const struct gs_noise *noise, uint64_t first, const gs_real *from, gs_real *to,
                 size_t n);
    double (*square_sum)(const gs_real *x, size_t n);
    void (*adam)(const struct gs_adam_step *step, gs_real *w, const gs_real *grad, gs_real *m,
                 gs_real *v, size_t n);
};

/* GS_KERNELS=scalar asks for the plain build. */
const struct gs_net_rows *gs_net_rows_pick(void);
extern const struct gs_net_rows gs_net_rows_plain;
extern const struct gs_net_rows gs_net_rows_avx2; /* x86-64, float only */

#endif
