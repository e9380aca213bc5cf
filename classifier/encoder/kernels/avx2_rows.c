/* The loops over a row of floats: quantize, layer_norm, activate, mean_rows, unit_length. */
#include "classifier/encoder/kernels/avx2.h"
#include "classifier/encoder/kernels/vec_avx2.h"

/* Needs the vectors above. */
#include "classifier/encoder/kernels/poly.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { LANES = 16 };

/* Up to 16 values from column j of a row of k, smoothed; 0 past the row. */
static inline struct lanes smoothed(const float *x, const float *smooth, size_t j, size_t k)
{
    if (j + LANES <= k) {
        const struct lanes v = lanes_load(x + j);
        return smooth != NULL ? lanes_mul(v, lanes_load(smooth + j)) : v;
    }
    const struct lanes v = lanes_load_part(x + j, k - j);
    return smooth != NULL ? lanes_mul(v, lanes_load_part(smooth + j, k - j)) : v;
}

static inline void range_of(const float *x, const float *smooth, size_t k, float *min, float *max)
{
    struct lanes least = lanes_set(FLT_MAX);
    struct lanes most = lanes_set(-FLT_MAX);
    size_t j = 0;

    for (; j + LANES <= k; j += LANES) {
        const struct lanes v = smoothed(x, smooth, j, k);
        least = lanes_min(least, v);
        most = lanes_max(most, v);
    }
    if (j < k) {
        const struct lanes v = smoothed(x, smooth, j, k);
        least = lanes_min(least, lanes_or(v, k - j, least));
        most = lanes_max(most, lanes_or(v, k - j, most));
    }
    *min = lanes_least(least);
    *max = lanes_most(most);
}

/* 16 values in 0 to 127, as bytes. */
static inline __m128i rounded(struct lanes v, vec offset, vec inverse)
{
    const vec rounder = vec_set(GS_ROUNDER);
    const __m256i byte = _mm256_set1_epi32(0x7f);
    const vec lo = vec_fma(vec_sub(v.lo, offset), inverse, rounder);
    const vec hi = vec_fma(vec_sub(v.hi, offset), inverse, rounder);
    const __m256i words = _mm256_packus_epi32(_mm256_and_si256(_mm256_castps_si256(lo), byte),
                                              _mm256_and_si256(_mm256_castps_si256(hi), byte));
    const __m256i in_order = _mm256_permute4x64_epi64(words, _MM_SHUFFLE(3, 1, 2, 0));
    return _mm_packus_epi16(_mm256_castsi256_si128(in_order),
                            _mm256_extracti128_si256(in_order, 1));
}

static inline void quantize_row(const float *x, const float *smooth, size_t k, float offset,
                                float scale, uint8_t *q)
{
    const vec offset8 = vec_set(offset);
    const vec inverse = vec_set(1.0F / scale);
    size_t j = 0;

    for (; j + LANES <= k; j += LANES) {
        _mm_storeu_si128((void *)(q + j), rounded(smoothed(x, smooth, j, k), offset8, inverse));
    }
    if (j < k) {
        uint8_t last[LANES];
        _mm_storeu_si128((void *)last, rounded(smoothed(x, smooth, j, k), offset8, inverse));
        memcpy(q + j, last, k - j);
    }
}

void gs_quantize_avx2(const float *x, size_t ld, size_t m, size_t k, const float *smooth,
                      struct gs_q8_rows *ret)
{
    for (size_t i = 0; i < m; i++) {
        const float *row = x + i * ld;
        uint8_t *q = ret->q + i * ret->k_padded;
        float min = 0;
        float max = 0;

        range_of(row, smooth, k, &min, &max);
        const float scale = (max - min) / 127.0F;
        ret->offset[i] = min + 0.0F;
        if (scale < FLT_MIN) {
            ret->scale[i] = 0.0F;
            memset(q, 0, ret->k_padded);
            continue;
        }
        ret->scale[i] = scale;
        quantize_row(row, smooth, k, min + 0.0F, scale, q);
        memset(q + k, 0, ret->k_padded - k);
    }
}

/* z = x + residual into y; returns its sum. */
static inline float add_residual(const float *x, const float *residual, size_t n, float *y)
{
    struct lanes sum = lanes_set(0.0F);
    size_t j = 0;

    for (; j + LANES <= n; j += LANES) {
        struct lanes z = lanes_load(x + j);
        if (residual != NULL) {
            z = lanes_add(z, lanes_load(residual + j));
        }
        lanes_store(y + j, z);
        sum = lanes_add(sum, z);
    }
    if (j < n) {
        struct lanes z = lanes_load_part(x + j, n - j);
        if (residual != NULL) {
            z = lanes_add(z, lanes_load_part(residual + j, n - j));
        }
        lanes_store_part(y + j, n - j, z);
        sum = lanes_add(sum, z);
    }
    return lanes_sum(sum);
}

static inline float squares_around(const float *z, size_t n, float mean)
{
    const struct lanes mean16 = lanes_set(mean);
    struct lanes sum = lanes_set(0.0F);
    size_t j = 0;

    for (; j + LANES <= n; j += LANES) {
        const struct lanes d = lanes_sub(lanes_load(z + j), mean16);
        sum = lanes_fma(d, d, sum);
    }
    if (j < n) {
        const struct lanes d = lanes_sub(lanes_load_part(z + j, n - j), mean16);
        const struct lanes kept = lanes_or(d, n - j, lanes_set(0.0F));
        sum = lanes_fma(kept, kept, sum);
    }
    return lanes_sum(sum);
}

static inline struct lanes normed(struct lanes z, struct lanes mean, struct lanes inverse,
                                  struct lanes gamma, struct lanes beta)
{
    return lanes_fma(lanes_mul(lanes_sub(z, mean), inverse), gamma, beta);
}

static inline void norm_row(float *y, size_t n, float mean, float inverse, const float *gamma,
                            const float *beta)
{
    const struct lanes mean16 = lanes_set(mean);
    const struct lanes inverse16 = lanes_set(inverse);
    size_t j = 0;

    for (; j + LANES <= n; j += LANES) {
        lanes_store(y + j, normed(lanes_load(y + j), mean16, inverse16, lanes_load(gamma + j),
                                  lanes_load(beta + j)));
    }
    if (j < n) {
        const size_t left = n - j;
        lanes_store_part(y + j, left,
                         normed(lanes_load_part(y + j, left), mean16, inverse16,
                                lanes_load_part(gamma + j, left), lanes_load_part(beta + j, left)));
    }
}

// NOLINTNEXTLINE(readability-function-size): the contract has nine parameters
void gs_layer_norm_avx2(const float *x, const float *residual, size_t ld, size_t m, size_t n,
                        const float *gamma, const float *beta, float eps, float *y)
{
    for (size_t i = 0; i < m; i++) {
        const size_t at = i * ld;
        const float *other = residual != NULL ? residual + at : NULL;
        const float mean = add_residual(x + at, other, n, y + at) / (float)n;
        const float var = squares_around(y + at, n, mean) / (float)n;
        norm_row(y + at, n, mean, 1.0F / sqrtf(var + eps), gamma, beta);
    }
}

void gs_activate_avx2(float *x, size_t n, enum gs_activation act)
{
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        _mm256_storeu_ps(x + i, gs_poly_activate(_mm256_loadu_ps(x + i), act));
    }
    if (i < n) {
        vec_store_part(x + i, n - i, gs_poly_activate(vec_load_part(x + i, n - i), act));
    }
}

void gs_mean_rows_avx2(const float *x, size_t ld, size_t m, size_t n, float *ret)
{
    const struct lanes count = lanes_set((float)m);

    for (size_t j = 0; j < n; j += LANES) {
        const size_t left = n - j < LANES ? n - j : LANES;
        struct lanes sum = lanes_set(0.0F);
        for (size_t i = 0; i < m; i++) {
            const float *at = x + i * ld + j;
            sum = lanes_add(sum, left == LANES ? lanes_load(at) : lanes_load_part(at, left));
        }
        lanes_store_part(ret + j, left,
                         (struct lanes){vec_div(sum.lo, count.lo), vec_div(sum.hi, count.hi)});
    }
}

void gs_unit_length_avx2(float *x, size_t n)
{
    struct lanes squares = lanes_set(0.0F);
    size_t j = 0;

    for (; j + LANES <= n; j += LANES) {
        const struct lanes v = lanes_load(x + j);
        squares = lanes_fma(v, v, squares);
    }
    const struct lanes last = lanes_load_part(x + j, n - j);
    squares = lanes_fma(last, last, squares);
    const float sum = lanes_sum(squares);
    if (sum == 0.0F) {
        return;
    }
    const struct lanes inverse = lanes_set(1.0F / sqrtf(sum));
    for (j = 0; j < n; j += LANES) {
        const size_t left = n - j < LANES ? n - j : LANES;
        lanes_store_part(x + j, left, lanes_mul(lanes_load_part(x + j, left), inverse));
    }
}
