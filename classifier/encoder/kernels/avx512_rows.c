/* Work on rows of floats, 16 at a time: rounding, LayerNorm, activation, mean, length. */
#include "classifier/encoder/kernels/avx512.h"
#include "classifier/encoder/kernels/vec_avx512.h"

/* Needs the vectors above. */
#include "classifier/encoder/kernels/poly.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- rounding to 7 bits ---- */

/* The 16 values at j, smoothed; lanes outside k are 0. */
static inline vec smoothed(const float *x, const float *smooth, size_t j, __mmask16 in)
{
    const vec v = _mm512_maskz_loadu_ps(in, x + j);
    return smooth == NULL ? v : vec_mul(v, _mm512_maskz_loadu_ps(in, smooth + j));
}

static inline void widen_range(vec v, __mmask16 in, vec *min, vec *max)
{
    *min = _mm512_mask_min_ps(*min, in, *min, v);
    *max = _mm512_mask_max_ps(*max, in, *max, v);
}

static inline void range_of(const float *x, const float *smooth, size_t k, float *ret_min,
                            float *ret_max)
{
    vec min[2] = {vec_set(FLT_MAX), vec_set(FLT_MAX)};
    vec max[2] = {vec_set(-FLT_MAX), vec_set(-FLT_MAX)};
    size_t j = 0;
    for (; j + VECS_2 <= k; j += VECS_2) {
        widen_range(smoothed(x, smooth, j, 0xFFFF), 0xFFFF, &min[0], &max[0]);
        widen_range(smoothed(x, smooth, j + VEC, 0xFFFF), 0xFFFF, &min[1], &max[1]);
    }
    for (; j < k; j += VEC) {
        const __mmask16 in = vec_mask(j, k);
        widen_range(smoothed(x, smooth, j, in), in, &min[0], &max[0]);
    }
    *ret_min = _mm512_reduce_min_ps(vec_min(min[0], min[1]));
    *ret_max = _mm512_reduce_max_ps(vec_max(max[0], max[1]));
}

static inline __m128i rounded(vec v, vec offset, vec inverse)
{
    const vec sum = vec_fma(vec_sub(v, offset), inverse, vec_set(GS_ROUNDER));
    return _mm512_cvtepi32_epi8(_mm512_castps_si512(sum));
}

static inline void quantize_row(const float *x, const float *smooth, size_t k, float *ret_scale,
                                float *ret_offset, uint8_t *q)
{
    float min = 0;
    float max = 0;
    range_of(x, smooth, k, &min, &max);
    const float scale = (max - min) / 127.0F;
    const vec offset = vec_set(min + 0.0F);
    *ret_offset = min + 0.0F;
    *ret_scale = scale < FLT_MIN ? 0.0F : scale;
    /* With 0 for 1 / scale every value comes out as 0. */
    const vec inverse = vec_set(scale < FLT_MIN ? 0.0F : 1.0F / scale);
    size_t j = 0;
    for (; j + VEC <= k; j += VEC) {
        _mm_store_si128((__m128i *)(void *)(q + j),
                        rounded(smoothed(x, smooth, j, 0xFFFF), offset, inverse));
    }
    if (j < k) {
        const __mmask16 in = vec_mask(j, k);
        const __m128i bytes = rounded(smoothed(x, smooth, j, in), offset, inverse);
        _mm_store_si128((__m128i *)(void *)(q + j), _mm_maskz_mov_epi8(in, bytes));
    }
}

void gs_quantize_avx512(const float *x, size_t ld, size_t m, size_t k, const float *smooth,
                        struct gs_q8_rows *ret)
{
    const size_t written = (k + VEC - 1) / VEC * VEC;
    for (size_t i = 0; i < m; i++) {
        uint8_t *q = ret->q + i * ret->k_padded;
        if (smooth == NULL) {
            quantize_row(x + i * ld, NULL, k, &ret->scale[i], &ret->offset[i], q);
        } else {
            quantize_row(x + i * ld, smooth, k, &ret->scale[i], &ret->offset[i], q);
        }
        memset(q + written, 0, ret->k_padded - written);
    }
}

/* ---- LayerNorm ---- */

struct norm {
    const float *x, *residual, *gamma, *beta; /* residual may be NULL */
    float *y;
    size_t ld, n;
    float eps;
};

static inline vec added(const struct norm *a, size_t at, __mmask16 in)
{
    const vec v = _mm512_maskz_loadu_ps(in, a->x + at);
    return a->residual == NULL ? v : vec_add(v, _mm512_maskz_loadu_ps(in, a->residual + at));
}

static inline vec squared(vec z, vec mean, __mmask16 in, vec sum)
{
    const vec d = _mm512_maskz_sub_ps(in, z, mean);
    return vec_fma(d, d, sum);
}

/* n_rows rows from the first, 4 or 1: the sums of one row are a chain, four hide its latency. */
static inline __attribute__((always_inline)) void norm_rows(const struct norm *a, size_t first,
                                                            const size_t n_rows)
{
    vec sum[4];
    vec mean[4];
    vec inverse[4];
    for (size_t r = 0; r < n_rows; r++) {
        sum[r] = vec_set(0);
    }
    for (size_t j = 0; j < a->n; j += VEC) {
        const __mmask16 in = vec_mask(j, a->n);
        for (size_t r = 0; r < n_rows; r++) {
            const size_t at = (first + r) * a->ld + j;
            const vec z = added(a, at, in);
            _mm512_mask_storeu_ps(a->y + at, in, z);
            sum[r] = vec_add(sum[r], z);
        }
    }
    for (size_t r = 0; r < n_rows; r++) {
        mean[r] = vec_set(vec_sum(sum[r]) / (float)a->n);
        sum[r] = vec_set(0);
    }
    for (size_t j = 0; j < a->n; j += VEC) {
        const __mmask16 in = vec_mask(j, a->n);
        for (size_t r = 0; r < n_rows; r++) {
            const vec z = _mm512_maskz_loadu_ps(in, a->y + (first + r) * a->ld + j);
            sum[r] = squared(z, mean[r], in, sum[r]);
        }
    }
    for (size_t r = 0; r < n_rows; r++) {
        inverse[r] = vec_set(1.0F / sqrtf(vec_sum(sum[r]) / (float)a->n + a->eps));
    }
    for (size_t j = 0; j < a->n; j += VEC) {
        const __mmask16 in = vec_mask(j, a->n);
        const vec gamma = _mm512_maskz_loadu_ps(in, a->gamma + j);
        const vec beta = _mm512_maskz_loadu_ps(in, a->beta + j);
        for (size_t r = 0; r < n_rows; r++) {
            float *y = a->y + (first + r) * a->ld + j;
            const vec z = vec_sub(_mm512_maskz_loadu_ps(in, y), mean[r]);
            _mm512_mask_storeu_ps(y, in, vec_fma(vec_mul(z, inverse[r]), gamma, beta));
        }
    }
}

// NOLINTNEXTLINE(readability-function-size): the header's arguments
void gs_layer_norm_avx512(const float *x, const float *residual, size_t ld, size_t m, size_t n,
                          const float *gamma, const float *beta, float eps, float *y)
{
    struct norm a = {x, residual, gamma, beta, NULL, ld, n, eps};
    a.y = y;
    size_t i = 0;
    for (; i + 4 <= m; i += 4) {
        norm_rows(&a, i, 4);
    }
    for (; i < m; i++) {
        norm_rows(&a, i, 1);
    }
}

/* ---- the rest ---- */

static inline __attribute__((always_inline)) void activate_all(float *x, size_t n,
                                                               const enum gs_activation act)
{
    size_t i = 0;
    for (; i + VEC <= n; i += VEC) {
        _mm512_storeu_ps(x + i, gs_poly_activate(_mm512_loadu_ps(x + i), act));
    }
    if (i < n) {
        const __mmask16 in = vec_mask(i, n);
        const vec v = gs_poly_activate(_mm512_maskz_loadu_ps(in, x + i), act);
        _mm512_mask_storeu_ps(x + i, in, v);
    }
}

void gs_activate_avx512(float *x, size_t n, enum gs_activation act)
{
    switch (act) {
    case GS_ACT_GELU:
        activate_all(x, n, GS_ACT_GELU);
        break;
    case GS_ACT_GELU_TANH:
        activate_all(x, n, GS_ACT_GELU_TANH);
        break;
    case GS_ACT_RELU:
        activate_all(x, n, GS_ACT_RELU);
        break;
    case GS_ACT_TANH:
        activate_all(x, n, GS_ACT_TANH);
        break;
    case GS_ACT_NONE:
        break;
    }
}

void gs_mean_rows_avx512(const float *x, size_t ld, size_t m, size_t n, float *ret)
{
    for (size_t j = 0; j < n; j += VEC) {
        const __mmask16 in = vec_mask(j, n);
        vec sum = vec_set(0);
        for (size_t i = 0; i < m; i++) {
            sum = vec_add(sum, _mm512_maskz_loadu_ps(in, x + i * ld + j));
        }
        _mm512_mask_storeu_ps(ret + j, in, vec_div(sum, vec_set((float)m)));
    }
}

void gs_unit_length_avx512(float *x, size_t n)
{
    vec squares = vec_set(0);
    for (size_t j = 0; j < n; j += VEC) {
        squares = squared(_mm512_maskz_loadu_ps(vec_mask(j, n), x + j), vec_set(0), vec_mask(j, n),
                          squares);
    }
    const float sum = vec_sum(squares);
    if (sum == 0.0F) {
        return;
    }
    const vec inverse = vec_set(1.0F / sqrtf(sum));
    for (size_t j = 0; j < n; j += VEC) {
        const __mmask16 in = vec_mask(j, n);
        _mm512_mask_storeu_ps(x + j, in, vec_mul(_mm512_maskz_loadu_ps(in, x + j), inverse));
    }
}
