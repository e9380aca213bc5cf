/* The vector operations of poly.h for 8 floats, and the 16 lanes that encoder.h defines sums by:
 * two vectors, lanes 0 to 7 and 8 to 15. Reads and writes of fewer than 16 values touch only those.
 */
#ifndef GS_CLASSIFIER_ENCODER_VEC_AVX2_H
#define GS_CLASSIFIER_ENCODER_VEC_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

typedef __m256 vec;

struct lanes {
    vec lo, hi;
};

static inline vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

static inline vec vec_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

static inline vec vec_div(vec a, vec b)
{
    return _mm256_div_ps(a, b);
}

static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vec vec_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}

static inline vec vec_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}

static inline vec vec_abs(vec a)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a);
}

static inline vec vec_with_sign(vec a, vec b)
{
    return _mm256_or_ps(a, _mm256_and_ps(b, _mm256_set1_ps(-0.0F)));
}

static inline vec vec_scale(vec a, vec t)
{
    const __m256i n = _mm256_slli_epi32(_mm256_castps_si256(t), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), n));
}

/* All bits in the lanes below n, none in the others; any n. */
static inline __m256i vec_mask(size_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < 8 ? (int)n : 8), lane);
}

/* The first min(n, 8) floats at p, 0 after them. */
static inline vec vec_load_part(const float *p, size_t n)
{
    return _mm256_maskload_ps(p, vec_mask(n));
}

static inline void vec_store_part(float *p, size_t n, vec v)
{
    _mm256_maskstore_ps(p, vec_mask(n), v);
}

static inline struct lanes lanes_set(float x)
{
    return (struct lanes){vec_set(x), vec_set(x)};
}

static inline struct lanes lanes_load(const float *p)
{
    return (struct lanes){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}

static inline void lanes_store(float *p, struct lanes v)
{
    _mm256_storeu_ps(p, v.lo);
    _mm256_storeu_ps(p + 8, v.hi);
}

static inline struct lanes lanes_load_part(const float *p, size_t n)
{
    if (n <= 8) {
        return (struct lanes){vec_load_part(p, n), vec_set(0.0F)};
    }
    return (struct lanes){_mm256_loadu_ps(p), vec_load_part(p + 8, n - 8)};
}

static inline void lanes_store_part(float *p, size_t n, struct lanes v)
{
    if (n == 16) {
        lanes_store(p, v);
        return;
    }
    if (n <= 8) {
        vec_store_part(p, n, v.lo);
        return;
    }
    _mm256_storeu_ps(p, v.lo);
    vec_store_part(p + 8, n - 8, v.hi);
}

/* v in the lanes below n, other after them; n <= 16. */
static inline struct lanes lanes_or(struct lanes v, size_t n, struct lanes other)
{
    const __m256 lo = _mm256_castsi256_ps(vec_mask(n));
    const __m256 hi = _mm256_castsi256_ps(vec_mask(n < 8 ? 0 : n - 8));
    return (struct lanes){_mm256_blendv_ps(other.lo, v.lo, lo),
                          _mm256_blendv_ps(other.hi, v.hi, hi)};
}

static inline struct lanes lanes_add(struct lanes a, struct lanes b)
{
    return (struct lanes){vec_add(a.lo, b.lo), vec_add(a.hi, b.hi)};
}

static inline struct lanes lanes_sub(struct lanes a, struct lanes b)
{
    return (struct lanes){vec_sub(a.lo, b.lo), vec_sub(a.hi, b.hi)};
}

static inline struct lanes lanes_mul(struct lanes a, struct lanes b)
{
    return (struct lanes){vec_mul(a.lo, b.lo), vec_mul(a.hi, b.hi)};
}

static inline struct lanes lanes_fma(struct lanes a, struct lanes b, struct lanes c)
{
    return (struct lanes){vec_fma(a.lo, b.lo, c.lo), vec_fma(a.hi, b.hi, c.hi)};
}

static inline struct lanes lanes_min(struct lanes a, struct lanes b)
{
    return (struct lanes){vec_min(a.lo, b.lo), vec_min(a.hi, b.hi)};
}

static inline struct lanes lanes_max(struct lanes a, struct lanes b)
{
    return (struct lanes){vec_max(a.lo, b.lo), vec_max(a.hi, b.hi)};
}

static inline float lanes_sum(struct lanes v)
{
    const vec by8 = vec_add(v.lo, v.hi);
    const __m128 by4 = _mm_add_ps(_mm256_castps256_ps128(by8), _mm256_extractf128_ps(by8, 1));
    const __m128 by2 = _mm_add_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_add_ss(by2, _mm_movehdup_ps(by2)));
}

static inline float lanes_least(struct lanes v)
{
    const vec by8 = vec_min(v.lo, v.hi);
    const __m128 by4 = _mm_min_ps(_mm256_castps256_ps128(by8), _mm256_extractf128_ps(by8, 1));
    const __m128 by2 = _mm_min_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_min_ss(by2, _mm_movehdup_ps(by2)));
}

static inline float lanes_most(struct lanes v)
{
    const vec by8 = vec_max(v.lo, v.hi);
    const __m128 by4 = _mm_max_ps(_mm256_castps256_ps128(by8), _mm256_extractf128_ps(by8, 1));
    const __m128 by2 = _mm_max_ps(by4, _mm_movehl_ps(by4, by4));
    return _mm_cvtss_f32(_mm_max_ss(by2, _mm_movehdup_ps(by2)));
}

#endif
