/* The vector operations of poly.h for 16 floats, and loads, stores and sums of the AVX-512 rows. */
#ifndef GS_CLASSIFIER_ENCODER_VEC_AVX512_H
#define GS_CLASSIFIER_ENCODER_VEC_AVX512_H

#include <immintrin.h>
#include <stddef.h>

typedef __m512 vec;

enum { VEC = 16, VECS_2 = 2 * VEC, VECS_3 = 3 * VEC, VECS_4 = 4 * VEC };

static inline vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vec vec_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}

static inline vec vec_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}

static inline vec vec_abs(vec a)
{
    return _mm512_abs_ps(a);
}

static inline vec vec_with_sign(vec a, vec b)
{
    const __m512i sign = _mm512_set1_epi32((int)0x80000000U);
    return _mm512_castsi512_ps(
        _mm512_or_epi32(_mm512_castps_si512(a), _mm512_and_epi32(_mm512_castps_si512(b), sign)));
}

static inline vec vec_scale(vec a, vec t)
{
    const __m512i n = _mm512_slli_epi32(_mm512_castps_si512(t), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), n));
}

/* Marks the lanes of the vector at i < n that are inside n values. */
static inline __mmask16 vec_mask(size_t i, size_t n)
{
    return (__mmask16)(i + VEC <= n ? 0xFFFFU : (1U << (n - i)) - 1U);
}

/* Lanes added pairwise: l + (l + 8), then + 4, + 2, + 1. */
static inline float vec_sum(vec a)
{
    const __m256 low = _mm512_castps512_ps256(a);
    const __m256 high = _mm512_extractf32x8_ps(a, 1);
    const __m256 by8 = _mm256_add_ps(low, high);
    const __m128 by4 = _mm_add_ps(_mm256_castps256_ps128(by8), _mm256_extractf128_ps(by8, 1));
    const __m128 by2 = _mm_add_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_add_ss(by2, _mm_shuffle_ps(by2, by2, 1)));
}

#endif
