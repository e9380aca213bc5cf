/* The loops of the int8 encoder, one row of functions for each instruction set.
 *
 * The scalar row defines every function; all rows give THE SAME BITS, floats included, so that an
 * answer does not depend on the CPU. What makes that possible:
 *
 *   - products are integers: u7 × s8 summed in int32, exact in any order;
 *   - a float sum over n values keeps 16 partial sums, lane l holding the values whose index is l
 *     modulo 16, each extended with fused multiply-add in index order; at the end lanes are added
 *     pairwise: l + (l + 8), then + 4, + 2, + 1. Missing values at the end count as +0;
 *   - a sum that is one lane's own (a score, a mix of values) runs in index order with fma;
 *   - max and min are order-free; NaN never comes in (weights and inputs are checked);
 *   - multiply-then-add is a fused fma where this header says fma and two roundings where not:
 *     files are built with -ffp-contract=off;
 *   - rounding to integers is to nearest, ties to even; no approximated reciprocal or square root;
 *   - exp, tanh and GELU are the polynomials of kernels/poly.h, the same operations in every row.
 *
 * Rows: "scalar"; "avx2" (maddubs + maddwd); "avxvnni" (256-bit vpdpbusd, without AVX-512);
 * "avx512" (AVX-512 VNNI); "amx" (tiles for products, avx512 for the rest). The best that the CPU
 * has and the kernel permits is taken, or what GS_KERNELS names (an unknown name, or one that this
 * CPU has not, means scalar).
 *
 * Threads: stateless, but "amx" asks the kernel for permission once per process and keeps its tile
 * configuration per call. */
#ifndef GS_CLASSIFIER_ENCODER_KERNELS_H
#define GS_CLASSIFIER_ENCODER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum {
    GS_Q8_N = 64,         /* columns are padded with zeros to a multiple of this */
    GS_Q8_K = 64,         /* so are the inputs: an AMX tile's row */
    GS_Q8_MAX_K = 1 << 16 /* 127 * 127 * k stays inside int32 */
};

/* Weights [n][k] of y = x W^T + b, rounded to s8 with one scale per output.
 *
 *   packed  [n_padded / 16][k_padded / 4][16][4]: 16 outputs' next 4 inputs lie together, which is
 *           both vpdpbusd's operand and AMX's B tile; 64-byte aligned
 *   scale   [n_padded] weight = scale * s8
 *   sum     [n_padded] scale * (sum over k of s8)
 *   bias    [n_padded]
 *   pairs   what gs_q8_pairs() made of packed, or NULL: only speed depends on it */
struct gs_q8_linear {
    size_t n, k, n_padded, k_padded;
    const int8_t *packed;
    const float *scale, *sum, *bias;
    const uint16_t *pairs;
};

/* Finds the steps of 4 inputs that may be added in 16 bits, for the row that has no vpdpbusd.
 *
 * vpmaddubsw leaves q[0] * w[0] + q[1] * w[1] in 16 bits, where a second such sum has no room if
 * weights are large. But q <= 127, so the sum of both lies within 127 times the sum of their
 * positive weights and 127 times that of their negative ones: where these are at most 258 for all
 * 16 outputs of a block, both steps share one widening to 32 bits and lose nothing (127 * 258 =
 * 32766). Steps that cannot go with their neighbour go with another; a few stay alone.
 *
 * ret holds gs_q8_pairs_len(w) values: for each block of 16 outputs the number of steps that are
 * in pairs, then all k_padded / 4 steps, the pairs first. */
size_t gs_q8_pairs_len(const struct gs_q8_linear *w);
void gs_q8_pairs(const struct gs_q8_linear *w, uint16_t *ret);

/* Rows of activations in 7 bits, each with its own scale: x ≈ offset + scale * q, 0 <= q <= 127.
 *
 *   q  [m][k_padded], the bytes past k are 0; 64-byte aligned
 *   offset is the row's min (+ 0, so that it is never -0), scale its (max - min) / 127; a row whose
 *   scale would be under FLT_MIN (one of equal values, say) has scale 0 and q 0 */
struct gs_q8_rows {
    uint8_t *q;
    float *scale, *offset;
    size_t k_padded;
};

enum gs_activation { GS_ACT_NONE, GS_ACT_GELU, GS_ACT_RELU, GS_ACT_TANH, GS_ACT_GELU_TANH };

/* y[i][j] = act(fma(x.scale[i], (float)sum(x.q[i] * w.s8[j]) * w.scale[j],
 *                   fma(x.offset[i], w.sum[j], w.bias[j])))       0 <= i < m, 0 <= j < n_padded
 * y has ld >= n_padded floats a row, 64-byte aligned rows. Columns past n come out as act(0). */
typedef void gs_q8_linear_fn(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                             enum gs_activation act, float *y, size_t ld);

/* The sums alone, as int32 [m][ld]: for tests and for measuring. */
typedef void gs_q8_sums_fn(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                           int32_t *sums, size_t ld);

/* Rounds x [m][ld] (k values a row) into rows [m]. smooth [k] or NULL: x[i][j] * smooth[j] is
 * rounded instead. q = round((x - offset) * (1 / scale)), where 1 / scale is one IEEE division and
 * product and rounding are one: the low byte of fma(x - offset, 1 / scale, 1.5 * 2^23). */
typedef void gs_quantize_fn(const float *x, size_t ld, size_t m, size_t k, const float *smooth,
                            struct gs_q8_rows *ret);

/* z = x + residual (residual NULL: x alone), then
 * y = fma((z - mean) * (1 / sqrt(var + eps)), gamma, beta), row by row; mean = sum / n;
 * var = (sum of (z - mean)^2) / n. y may be x or residual. [m] rows of n values, ld floats
 * apart. */
typedef void gs_layer_norm_fn(const float *x, const float *residual, size_t ld, size_t m, size_t n,
                              const float *gamma, const float *beta, float eps, float *y);

/* Self-attention of one message. qkv [s][ld]: row i holds its query (heads × d floats), then at
 * k_at its key and at v_at its value. out [s][out_ld], heads × d floats a row. Only the rows
 * [0, n_queries) of out are made (the last layer of a CLS model wants one).
 *   score[i][j] = (sum over d of q[i][d] * k[j][d], one fma chain in order of d) * scale
 *   e[j] = exp(score[j] - max);  out[i] = (one fma chain over j of e[j] * v[j]) * (1 / sum of e)
 * work holds gs_attention_workspace(s, d) floats, 64-byte aligned. */
struct gs_attention_shape {
    size_t s, n_queries, heads, d, ld, k_at, v_at, out_ld;
    float scale;
};
typedef void gs_attention_fn(const float *qkv, const struct gs_attention_shape *shape, float *work,
                             float *out);
size_t gs_attention_workspace(size_t s, size_t d);

/* x[i] = act(x[i]), n values. */
typedef void gs_activate_fn(float *x, size_t n, enum gs_activation act);

/* ret[j] = (sum over the m rows in order of x[i][j]) / m; and one row scaled to length 1:
 * x[j] * (1 / sqrt(sum of squares)), a row whose squares sum to 0 stays. */
typedef void gs_mean_rows_fn(const float *x, size_t ld, size_t m, size_t n, float *ret);
typedef void gs_unit_length_fn(float *x, size_t n);

/* n rounds of the product instruction on registers alone: how many multiply-adds that was. */
typedef uint64_t gs_peak_rounds_fn(uint64_t n);

struct gs_encoder_kernels {
    const char *name;
    size_t row_block; /* rows of a product that this row likes best: pack to multiples of it */
    gs_q8_linear_fn *linear;
    gs_q8_sums_fn *sums;
    gs_quantize_fn *quantize;
    gs_layer_norm_fn *layer_norm;
    gs_attention_fn *attention;
    gs_activate_fn *activate;
    gs_mean_rows_fn *mean_rows;
    gs_unit_length_fn *unit_length;
    gs_peak_rounds_fn *peak_rounds; /* NULL: scalar */
};

extern const struct gs_encoder_kernels gs_encoder_kernels_scalar, gs_encoder_kernels_avx2,
    gs_encoder_kernels_avxvnni, gs_encoder_kernels_avx512, gs_encoder_kernels_amx;

/* The rows that this CPU can run, scalar first, best last; returns how many. */
size_t gs_encoder_kernels(const struct gs_encoder_kernels *const **ret);
const struct gs_encoder_kernels *gs_encoder_kernels_pick(void);

/* GMAC/s that one core reaches with this row's product instruction on registers alone, over about
 * seconds: the peak that speeds are compared with. 0 for scalar. */
double gs_encoder_peak(const struct gs_encoder_kernels *kernels, double seconds);

#endif
