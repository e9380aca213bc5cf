/* int32 sums by vpmaddubsw, which adds two u8 × s8 products in 16 bits: 7-bit inputs cannot
 * saturate it. Tiles of 4 rows × 16 outputs: 8 sums, 2 or 4 registers of weights, one or two of
 * inputs and the ones that widen. Written without loops over the sums, so that compilers keep them
 * in registers. */
#include "classifier/encoder/kernels/avx2.h"

#include <immintrin.h>
#include <string.h>

static inline __m256i load(const void *p)
{
    return _mm256_load_si256(p);
}

/* The next four inputs of a row, in every lane. */
static inline __m256i inputs(const uint8_t *q)
{
    int32_t four = 0;

    memcpy(&four, q, sizeof four);
    return _mm256_set1_epi32(four);
}

static inline __m256i widen_add(__m256i sum, __m256i products)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
}

/* One row, one step. */
static inline void step1(__m256i sum[2], const uint8_t *q, const __m256i w[2])
{
    const __m256i a = inputs(q);

    sum[0] = widen_add(sum[0], _mm256_maddubs_epi16(a, w[0]));
    sum[1] = widen_add(sum[1], _mm256_maddubs_epi16(a, w[1]));
}

/* One row, two steps, which gs_q8_pairs() allows to be added in 16 bits. */
static inline void step2(__m256i sum[2], const uint8_t *q, const uint8_t *p, const __m256i w[4])
{
    const __m256i a = inputs(q);
    const __m256i b = inputs(p);

    sum[0] = widen_add(
        sum[0], _mm256_add_epi16(_mm256_maddubs_epi16(a, w[0]), _mm256_maddubs_epi16(b, w[2])));
    sum[1] = widen_add(
        sum[1], _mm256_add_epi16(_mm256_maddubs_epi16(a, w[1]), _mm256_maddubs_epi16(b, w[3])));
}

static inline void steps1(__m256i sum[8], const uint8_t *q, size_t q_ld, const int8_t *step,
                          size_t n_rows)
{
    const __m256i w[2] = {load(step), load(step + 32)};

    step1(sum, q, w);
    if (n_rows > 1) {
        step1(sum + 2, q + q_ld, w);
    }
    if (n_rows > 2) {
        step1(sum + 4, q + 2 * q_ld, w);
    }
    if (n_rows > 3) {
        step1(sum + 6, q + 3 * q_ld, w);
    }
}

static inline void steps2(__m256i sum[8], const uint8_t *q, size_t q_ld, const int8_t *block,
                          const uint16_t pair[2], size_t n_rows)
{
    const int8_t *s = block + 64 * (size_t)pair[0];
    const int8_t *t = block + 64 * (size_t)pair[1];
    const __m256i w[4] = {load(s), load(s + 32), load(t), load(t + 32)};
    const uint8_t *p = q + 4 * (size_t)pair[1];

    q += 4 * (size_t)pair[0];
    step2(sum, q, p, w);
    if (n_rows > 1) {
        step2(sum + 2, q + q_ld, p + q_ld, w);
    }
    if (n_rows > 2) {
        step2(sum + 4, q + 2 * q_ld, p + 2 * q_ld, w);
    }
    if (n_rows > 3) {
        step2(sum + 6, q + 3 * q_ld, p + 3 * q_ld, w);
    }
}

static inline void store(int32_t *ret, const __m256i sum[2])
{
    _mm256_storeu_si256((void *)ret, sum[0]);
    _mm256_storeu_si256((void *)(ret + 8), sum[1]);
}

static inline __attribute__((always_inline)) void tile(const struct gs_q8_linear *w, size_t block,
                                                       const uint8_t *q, size_t q_ld, size_t n_rows,
                                                       int32_t *ret, size_t ld)
{
    const int8_t *packed = w->packed + block * GS_TILE_N * w->k_padded;
    const size_t n_steps = w->k_padded / 4;
    const __m256i zero = _mm256_setzero_si256();
    __m256i sum[8] = {zero, zero, zero, zero, zero, zero, zero, zero};

    if (w->pairs == NULL) {
        for (size_t i = 0; i < n_steps; i++) {
            steps1(sum, q + 4 * i, q_ld, packed + 64 * i, n_rows);
        }
    } else {
        const uint16_t *step = w->pairs + block * (1 + n_steps);
        const size_t n_paired = *step++;
        for (size_t i = 0; i < n_paired; i += 2) {
            steps2(sum, q, q_ld, packed, step + i, n_rows);
        }
        for (size_t i = n_paired; i < n_steps; i++) {
            steps1(sum, q + 4 * (size_t)step[i], q_ld, packed + 64 * (size_t)step[i], n_rows);
        }
    }
    store(ret, sum);
    if (n_rows > 1) {
        store(ret + ld, sum + 2);
    }
    if (n_rows > 2) {
        store(ret + 2 * ld, sum + 4);
    }
    if (n_rows > 3) {
        store(ret + 3 * ld, sum + 6);
    }
}

void gs_q8_tile_avx2(const struct gs_q8_linear *w, size_t block, const uint8_t *q, size_t q_ld,
                     size_t n_rows, int32_t *sums, size_t ld)
{
    switch (n_rows) {
    case 1:
        tile(w, block, q, q_ld, 1, sums, ld);
        break;
    case 2:
        tile(w, block, q, q_ld, 2, sums, ld);
        break;
    case 3:
        tile(w, block, q, q_ld, 3, sums, ld);
        break;
    default:
        tile(w, block, q, q_ld, 4, sums, ld);
        break;
    }
}

/* The compiler must believe that q changes, or it would multiply once only. */
static inline __m256i peak_step(__m256i sum, __m256i *q, __m256i w)
{
    __asm__ volatile("" : "+x"(*q));
    return widen_add(sum, _mm256_maddubs_epi16(*q, w));
}

uint64_t gs_peak_rounds_avx2(uint64_t n)
{
    const __m256i w = _mm256_set1_epi8(1);
    __m256i q = w;
    __m256i a = _mm256_setzero_si256();
    __m256i b = a;
    __m256i c = a;
    __m256i d = a;

    for (uint64_t i = 0; i < n; i++) {
        a = peak_step(a, &q, w);
        b = peak_step(b, &q, w);
        c = peak_step(c, &q, w);
        d = peak_step(d, &q, w);
        a = peak_step(a, &q, w);
        b = peak_step(b, &q, w);
        c = peak_step(c, &q, w);
        d = peak_step(d, &q, w);
    }
    __asm__ volatile("" : : "x"(a), "x"(b), "x"(c), "x"(d));
    return n * 8 * 32;
}
