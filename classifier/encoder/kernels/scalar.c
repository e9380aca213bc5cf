/* The definition of the encoder's loops: every other row gives the same bits. */
#include "classifier/encoder/kernels/kernels.h"
#include "classifier/encoder/kernels/vec_scalar.h"

/* Needs the vectors above. */
#include "classifier/encoder/kernels/poly.h"

#include <float.h>

enum { LANES = 16 };

/* A sum of many floats: 16 partial ones, added pairwise at the end. */
struct lanes {
    float v[LANES];
};

static float lanes_sum(struct lanes s)
{
    for (size_t half = LANES / 2; half > 0; half /= 2) {
        for (size_t l = 0; l < half; l++) {
            s.v[l] += s.v[l + half];
        }
    }
    return s.v[0];
}

/* 16 neighbouring outputs of one row, from column j, a multiple of 16. */
static void sums_16(const struct gs_q8_linear *w, const uint8_t *q, size_t j, int32_t sums[LANES])
{
    const int8_t *panel = w->packed + j * w->k_padded;
    memset(sums, 0, LANES * sizeof *sums);
    for (size_t k = 0; k < w->k_padded; k += 4) {
        for (size_t l = 0; l < LANES; l++) {
            const int8_t *b = panel + k * LANES + l * 4;
            sums[l] += q[k] * b[0] + q[k + 1] * b[1] + q[k + 2] * b[2] + q[k + 3] * b[3];
        }
    }
}

static void q8_sums(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                    int32_t *sums, size_t ld)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < w->n_padded; j += LANES) {
            sums_16(w, x->q + i * x->k_padded, j, sums + i * ld + j);
        }
    }
}

static void q8_linear(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                      enum gs_activation act, float *y, size_t ld)
{
    int32_t sums[LANES];
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < w->n_padded; j++) {
            if (j % LANES == 0) {
                sums_16(w, x->q + i * x->k_padded, j, sums);
            }
            const float base = fmaf(x->offset[i], w->sum[j], w->bias[j]);
            const float product = (float)sums[j % LANES] * w->scale[j];
            y[i * ld + j] = gs_poly_activate(fmaf(x->scale[i], product, base), act);
        }
    }
}

static void quantize(const float *x, size_t ld, size_t m, size_t k, const float *smooth,
                     struct gs_q8_rows *ret)
{
    for (size_t i = 0; i < m; i++, x += ld) {
        uint8_t *q = ret->q + i * ret->k_padded;
        float min = FLT_MAX;
        float max = -FLT_MAX;
        for (size_t j = 0; j < k; j++) {
            const float v = smooth != NULL ? x[j] * smooth[j] : x[j];
            min = vec_min(min, v);
            max = vec_max(max, v);
        }
        const float offset = min + 0.0F;
        const float scale = (max - min) / 127.0F;
        ret->offset[i] = offset;
        ret->scale[i] = scale < FLT_MIN ? 0.0F : scale;
        memset(q, 0, ret->k_padded);
        if (scale < FLT_MIN) {
            continue;
        }
        for (size_t j = 0; j < k; j++) {
            const float v = smooth != NULL ? x[j] * smooth[j] : x[j];
            const float rounded = fmaf(v - offset, 1.0F / scale, GS_ROUNDER);
            uint32_t bits = 0;
            memcpy(&bits, &rounded, sizeof bits);
            q[j] = (uint8_t)bits;
        }
    }
}

// NOLINTNEXTLINE(readability-function-size): the header's arguments
static void layer_norm(const float *x, const float *residual, size_t ld, size_t m, size_t n,
                       const float *gamma, const float *beta, float eps, float *y)
{
    for (size_t i = 0; i < m; i++) {
        const float *row = x + i * ld;
        float *z = y + i * ld;
        struct lanes sum = {{0}};
        struct lanes squares = {{0}};
        for (size_t j = 0; j < n; j++) {
            z[j] = residual != NULL ? row[j] + residual[i * ld + j] : row[j];
            sum.v[j % LANES] += z[j];
        }
        const float mean = lanes_sum(sum) / (float)n;
        for (size_t j = 0; j < n; j++) {
            const float d = z[j] - mean;
            squares.v[j % LANES] = fmaf(d, d, squares.v[j % LANES]);
        }
        const float var = lanes_sum(squares) / (float)n;
        const float inverse = 1.0F / sqrtf(var + eps);
        for (size_t j = 0; j < n; j++) {
            z[j] = fmaf((z[j] - mean) * inverse, gamma[j], beta[j]);
        }
    }
}

static size_t round_up(size_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* For every row of kernels: the keys of a head turned on their side, [d][s], its values [s][d],
 * and the scores of a block of queries; all with rows of whole vectors. */
size_t gs_attention_workspace(size_t s, size_t d)
{
    enum { QUERIES = 8 };
    return d * round_up(s) + round_up(s) * round_up(d) + QUERIES * round_up(s);
}

/* e = exp(score - max) of one query against every key; returns their sum. */
static float exp_scores(const float *q, const float *keys, const struct gs_attention_shape *shape,
                        float *e)
{
    float max = -FLT_MAX;
    struct lanes sum = {{0}};
    for (size_t j = 0; j < shape->s; j++) {
        float dot = 0;
        for (size_t c = 0; c < shape->d; c++) {
            dot = fmaf(q[c], keys[j * shape->ld + c], dot);
        }
        e[j] = dot * shape->scale;
        max = vec_max(max, e[j]);
    }
    for (size_t j = 0; j < shape->s; j++) {
        e[j] = gs_poly_exp(e[j] - max);
        sum.v[j % LANES] += e[j];
    }
    return lanes_sum(sum);
}

/* ret = the values mixed by e, times factor. */
static void mix_values(const float *e, const float *values, const struct gs_attention_shape *shape,
                       float factor, float *ret)
{
    for (size_t c = 0; c < shape->d; c++) {
        float mix = 0;
        for (size_t j = 0; j < shape->s; j++) {
            mix = fmaf(e[j], values[j * shape->ld + c], mix);
        }
        ret[c] = mix * factor;
    }
}

static void attention(const float *qkv, const struct gs_attention_shape *shape, float *work,
                      float *out)
{
    for (size_t h = 0; h < shape->heads; h++) {
        const float *head = qkv + h * shape->d;
        for (size_t i = 0; i < shape->n_queries; i++) {
            const float sum = exp_scores(head + i * shape->ld, head + shape->k_at, shape, work);
            mix_values(work, head + shape->v_at, shape, 1.0F / sum,
                       out + i * shape->out_ld + h * shape->d);
        }
    }
}

static void activate(float *x, size_t n, enum gs_activation act)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = gs_poly_activate(x[i], act);
    }
}

static void mean_rows(const float *x, size_t ld, size_t m, size_t n, float *ret)
{
    for (size_t j = 0; j < n; j++) {
        float sum = 0;
        for (size_t i = 0; i < m; i++) {
            sum += x[i * ld + j];
        }
        ret[j] = sum / (float)m;
    }
}

static void unit_length(float *x, size_t n)
{
    struct lanes squares = {{0}};
    for (size_t j = 0; j < n; j++) {
        squares.v[j % LANES] = fmaf(x[j], x[j], squares.v[j % LANES]);
    }
    const float sum = lanes_sum(squares);
    if (sum == 0.0F) {
        return;
    }
    const float inverse = 1.0F / sqrtf(sum);
    for (size_t j = 0; j < n; j++) {
        x[j] *= inverse;
    }
}

const struct gs_encoder_kernels gs_encoder_kernels_scalar = {
    .name = "scalar",
    .row_block = 1,
    .linear = q8_linear,
    .sums = q8_sums,
    .quantize = quantize,
    .layer_norm = layer_norm,
    .attention = attention,
    .activate = activate,
    .mean_rows = mean_rows,
    .unit_length = unit_length,
};
