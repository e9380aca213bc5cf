/* The loops of net_rows.h. The file that includes this one says under which name (GS_ROWS_TABLE,
 * GS_ROWS_NAME) and is built with the flags of its instruction set. */
#include "classifier/train/encoder/net_rows.h"

#include <math.h>
#include <string.h>

enum { LANES = 16 }; /* partial sums of a row */

#ifdef GS_NET_DOUBLE
static inline gs_real exp_of(gs_real x)
{
    return exp(x);
}
static inline gs_real normal_cdf(gs_real x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}
#else
/* exp(x), relative error 2e-7, as classifier/encoder's own polynomial does it. */
static inline float exp_of(float x)
{
    x = x > -87.0F ? x : -87.0F;
    x = x < 88.0F ? x : 88.0F;
    const float t = x * 1.44269504F + 12582912.0F; /* 1.5 * 2^23: rounds */
    const float n = t - 12582912.0F;
    float r = n * -0x1.62e430p-1F + x;
    r = n * 0x1.05c610p-29F + r;
    float p = 0x1.0fa820p-7F;
    p = p * r + 0x1.573a6cp-5F;
    p = p * r + 0x1.555a6cp-3F;
    p = p * r + 0x1.fffdc6p-2F;
    p = p * r + 0x1.fffff6p-1F;
    p = p * r + 1.0F;
    const int32_t bits = ((int32_t)n + 127) << 23;
    float power = 0.0F;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* Phi(x), absolute error 5e-7: of -|x| as the fourth power of a polynomial, which is less steep. */
static inline float normal_cdf(float x)
{
    float a = x < 0.0F ? -x : x;
    a = a < 5.4F ? a : 5.4F;
    float p = -0x1.7e2f52p-19F;
    p = p * a + 0x1.a0db0ap-15F;
    p = p * a + -0x1.0812ccp-12F;
    p = p * a + -0x1.cd7068p-13F;
    p = p * a + 0x1.0f6698p-8F;
    p = p * a + 0x1.18d1bcp-8F;
    p = p * a + -0x1.998834p-5F;
    p = p * a + -0x1.57a178p-3F;
    p = p * a + 0x1.ae8a9ap-1F;
    p = p * p;
    p = p * p;
    return x < 0.0F ? p : 1.0F - p;
}
#endif

static void add_bias(gs_real *y, size_t m, size_t n, const gs_real *bias)
{
    for (size_t i = 0; i < m; i++) {
        gs_real *restrict row = y + i * n;
        for (size_t j = 0; j < n; j++) {
            row[j] += bias[j];
        }
    }
}

static void sum_rows(const gs_real *y, size_t m, size_t n, gs_real *restrict bias)
{
    for (size_t i = 0; i < m; i++) {
        const gs_real *row = y + i * n;
        for (size_t j = 0; j < n; j++) {
            bias[j] += row[j];
        }
    }
}

static void gelu(gs_real *restrict x, gs_real *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const gs_real v = x[i];
        const gs_real cdf = normal_cdf(v);
        const gs_real pdf =
            (gs_real)0.39894228040143267794 * exp_of((gs_real)-0.5 * v * v); /* 1 / sqrt(2 pi) */
        y[i] = v * cdf;
        x[i] = cdf + v * pdf;
    }
}

/* 0.5 v (1 + tanh(c (v + 0.044715 v^3))), c = sqrt(2 / pi) */
static void gelu_tanh(gs_real *restrict x, gs_real *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double v = (double)x[i];
        const double c = 0.79788456080286535588;
        const double t = tanh(c * (v + 0.044715 * v * v * v));
        y[i] = (gs_real)(0.5 * v * (1.0 + t));
        x[i] = (gs_real)(0.5 * (1.0 + t) +
                         0.5 * v * (1.0 - t * t) * c * (1.0 + 3.0 * 0.044715 * v * v));
    }
}

static void activate(gs_real *x, gs_real *y, size_t n, enum gs_activation act)
{
    switch (act) {
    case GS_ACT_GELU:
        gelu(x, y, n);
        return;
    case GS_ACT_GELU_TANH:
        gelu_tanh(x, y, n);
        return;
    case GS_ACT_TANH:
        for (size_t i = 0; i < n; i++) {
            y[i] = (gs_real)tanh((double)x[i]);
            x[i] = 1 - y[i] * y[i];
        }
        return;
    case GS_ACT_RELU:
        for (size_t i = 0; i < n; i++) {
            y[i] = x[i] > 0 ? x[i] : 0;
            x[i] = x[i] > 0 ? (gs_real)1 : (gs_real)0;
        }
        return;
    case GS_ACT_NONE:
        for (size_t i = 0; i < n; i++) {
            y[i] = x[i];
            x[i] = 1;
        }
    }
}

static void multiply(gs_real *restrict d, const gs_real *restrict slope, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        d[i] *= slope[i];
    }
}

static void add(gs_real *restrict d, const gs_real *restrict more, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        d[i] += more[i];
    }
}

static inline gs_real fold(const gs_real lanes[LANES])
{
    gs_real sum = 0;
    for (size_t l = 0; l < LANES; l++) {
        sum += lanes[l];
    }
    return sum;
}

/* sum of a[i] b[i] */
static gs_real dot(const gs_real *restrict a, const gs_real *restrict b, size_t n)
{
    gs_real lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lanes[l] += a[i + l] * b[i + l];
        }
    }
    for (size_t l = 0; i + l < n; l++) {
        lanes[l] += a[i + l] * b[i + l];
    }
    return fold(lanes);
}

static gs_real total(const gs_real *a, size_t n)
{
    gs_real lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lanes[l] += a[i + l];
        }
    }
    for (size_t l = 0; i + l < n; l++) {
        lanes[l] += a[i + l];
    }
    return fold(lanes);
}

static double square_sum(const gs_real *x, size_t n)
{
    double lanes[LANES] = {0};
    double sum = 0.0;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lanes[l] += (double)x[i + l] * (double)x[i + l];
        }
    }
    for (size_t l = 0; i + l < n; l++) {
        lanes[l] += (double)x[i + l] * (double)x[i + l];
    }
    for (size_t l = 0; l < LANES; l++) {
        sum += lanes[l];
    }
    return sum;
}

/* NOLINTNEXTLINE(readability-function-size): a normalization has these operands */
static void norm(const gs_real *a, const gs_real *b, size_t m, size_t n, const gs_real *gamma,
                 const gs_real *beta, double eps, gs_real *hat, gs_real *rstd, gs_real *y)
{
    for (size_t i = 0; i < m; i++) {
        gs_real *restrict z = hat + i * n;
        gs_real *restrict to = y + i * n;
        const gs_real *from = a + i * n;
        const gs_real *with = b == NULL ? NULL : b + i * n;
        for (size_t j = 0; j < n; j++) {
            z[j] = with == NULL ? from[j] : from[j] + with[j];
        }
        const gs_real mean = total(z, n) / (gs_real)n;
        for (size_t j = 0; j < n; j++) {
            z[j] -= mean;
        }
        const gs_real variance = dot(z, z, n) / (gs_real)n;
        const gs_real scale = (gs_real)(1.0 / sqrt((double)variance + eps));
        rstd[i] = scale;
        for (size_t j = 0; j < n; j++) {
            z[j] *= scale;
            to[j] = z[j] * gamma[j] + beta[j];
        }
    }
}

/* NOLINTNEXTLINE(readability-function-size) */
static void norm_back(const gs_real *dy, const gs_real *hat, const gs_real *rstd, size_t m,
                      size_t n, const gs_real *gamma, gs_real *dx, gs_real *restrict dgamma,
                      gs_real *restrict dbeta)
{
    for (size_t i = 0; i < m; i++) {
        const gs_real *d = dy + i * n;
        const gs_real *z = hat + i * n;
        gs_real *to = dx + i * n;
        if (dgamma != NULL) {
            for (size_t j = 0; j < n; j++) {
                dgamma[j] += d[j] * z[j];
                dbeta[j] += d[j];
            }
        }
        for (size_t j = 0; j < n; j++) {
            to[j] = d[j] * gamma[j];
        }
        const gs_real mean = total(to, n) / (gs_real)n;
        const gs_real along = dot(to, z, n) / (gs_real)n;
        for (size_t j = 0; j < n; j++) {
            to[j] = rstd[i] * (to[j] - mean - z[j] * along);
        }
    }
}

static void softmax(gs_real *x, size_t m, size_t n)
{
    for (size_t i = 0; i < m; i++) {
        gs_real *restrict row = x + i * n;
        gs_real most = row[0];
        for (size_t j = 1; j < n; j++) {
            most = row[j] > most ? row[j] : most;
        }
        for (size_t j = 0; j < n; j++) {
            row[j] = exp_of(row[j] - most);
        }
        const gs_real inverse = 1 / total(row, n);
        for (size_t j = 0; j < n; j++) {
            row[j] *= inverse;
        }
    }
}

static void softmax_back(const gs_real *p, gs_real *d, size_t m, size_t n, gs_real scale)
{
    for (size_t i = 0; i < m; i++) {
        const gs_real *share = p + i * n;
        gs_real *restrict row = d + i * n;
        const gs_real mean = dot(row, share, n);
        for (size_t j = 0; j < n; j++) {
            row[j] = scale * share[j] * (row[j] - mean);
        }
    }
}

/* ---- dropout ---- */

enum { BLOCKS = 16, A_BLOCK = 8, N_ROUNDS = 10 }; /* blocks computed together; numbers of a block */

/* BLOCKS blocks from number first on: 8 numbers of 16 bits each. */
static void draw(const struct gs_noise *noise, uint64_t first, uint16_t to[BLOCKS * A_BLOCK])
{
    uint32_t c0[BLOCKS];
    uint32_t c1[BLOCKS];
    uint32_t c2[BLOCKS];
    uint32_t c3[BLOCKS];
    uint32_t k0 = (uint32_t)noise->seed;
    uint32_t k1 = (uint32_t)(noise->seed >> 32);

    for (size_t b = 0; b < BLOCKS; b++) {
        const uint64_t at = first + b;
        c0[b] = (uint32_t)at;
        c1[b] = (uint32_t)(at >> 32) ^ (noise->site << 8);
        c2[b] = (uint32_t)noise->stream;
        c3[b] = (uint32_t)(noise->stream >> 32);
    }
    for (size_t round = 0; round < N_ROUNDS; round++) {
        for (size_t b = 0; b < BLOCKS; b++) {
            const uint64_t p0 = (uint64_t)0xD2511F53U * c0[b];
            const uint64_t p1 = (uint64_t)0xCD9E8D57U * c2[b];
            c0[b] = (uint32_t)(p1 >> 32) ^ c1[b] ^ k0;
            c2[b] = (uint32_t)(p0 >> 32) ^ c3[b] ^ k1;
            c1[b] = (uint32_t)p1;
            c3[b] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
    }
    for (size_t b = 0; b < BLOCKS; b++) {
        const uint32_t words[4] = {c0[b], c1[b], c2[b], c3[b]};
        for (size_t i = 0; i < 4; i++) {
            to[b * A_BLOCK + 2 * i] = (uint16_t)words[i];
            to[b * A_BLOCK + 2 * i + 1] = (uint16_t)(words[i] >> 16);
        }
    }
}

static void drop(const struct gs_noise *noise, uint64_t first, const gs_real *from, gs_real *to,
                 size_t n)
{
    const uint32_t limit = (uint32_t)((double)noise->rate * 65536.0 + 0.5);
    const gs_real scale = (gs_real)(65536.0 / (65536.0 - (double)limit));
    uint16_t numbers[BLOCKS * A_BLOCK];

    for (size_t i = 0; i < n; i += (size_t)BLOCKS * A_BLOCK) {
        const size_t m = n - i < (size_t)BLOCKS * A_BLOCK ? n - i : (size_t)BLOCKS * A_BLOCK;
        draw(noise, (first + i) / A_BLOCK, numbers);
        for (size_t j = 0; j < m; j++) {
            const gs_real keeps = numbers[j] < limit ? (gs_real)0 : scale;
            to[i + j] = from[i + j] * keeps;
        }
    }
}

/* ---- the optimizer's step ---- */

static void adam(const struct gs_adam_step *step, gs_real *restrict w, const gs_real *restrict grad,
                 gs_real *restrict m, gs_real *restrict v, size_t n)
{
    const gs_real b1 = (gs_real)step->beta1;
    const gs_real b2 = (gs_real)step->beta2;
    const gs_real scale = (gs_real)step->scale;
    const gs_real fix1 = (gs_real)(step->lr * step->fix1);
    const gs_real fix2 = (gs_real)step->fix2;
    const gs_real eps = (gs_real)step->eps;
    const gs_real keep = (gs_real)(1.0F - step->lr * step->decay);

    for (size_t i = 0; i < n; i++) {
        const gs_real g = grad[i] * scale;
        m[i] = b1 * m[i] + (1 - b1) * g;
        v[i] = b2 * v[i] + (1 - b2) * g * g;
#ifdef GS_NET_DOUBLE
        const gs_real root = sqrt(v[i] * fix2);
#else
        const gs_real root = sqrtf(v[i] * fix2);
#endif
        w[i] = w[i] * keep - fix1 * m[i] / (root + eps);
    }
}

const struct gs_net_rows GS_ROWS_TABLE = {
    GS_ROWS_NAME, add_bias, sum_rows,     activate, multiply,   add, norm,
    norm_back,    softmax,  softmax_back, drop,     square_sum, adam};
