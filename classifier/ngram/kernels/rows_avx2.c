/* The row sum with AVX2: 32 columns at a time, int8 widened to int16 and added, then to int32. */
#include "classifier/ngram/kernels/rows.h"

#include <immintrin.h>

enum { LANES = 32, BEFORE_WIDENING = 256 }; /* 256 * -128 still fits 16 bits */

static void widen(__m256i sum, int32_t *sums)
{
    const __m256i low = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(sum));
    const __m256i high = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(sum, 1));
    __m256i *to = (__m256i *)sums;

    _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), low));
    _mm256_storeu_si256(to + 1, _mm256_add_epi32(_mm256_loadu_si256(to + 1), high));
}

/* At most BEFORE_WIDENING rows of one stripe of 32 columns. */
static void sum_stripe(const int8_t *stripe, size_t width, const uint32_t *index, size_t n,
                       int32_t *sums)
{
    __m256i low = _mm256_setzero_si256();
    __m256i high = _mm256_setzero_si256();

    for (size_t i = 0; i < n; i++) {
        const __m128i *row = (const __m128i *)(const void *)(stripe + (size_t)index[i] * width);
        low = _mm256_add_epi16(low, _mm256_cvtepi8_epi16(_mm_load_si128(row)));
        high = _mm256_add_epi16(high, _mm256_cvtepi8_epi16(_mm_load_si128(row + 1)));
    }
    widen(low, sums);
    widen(high, sums + 16);
}

void gs_rows_sum_avx2(const int8_t *rows, size_t width, const uint32_t *index, size_t n,
                      int32_t *sums)
{
    for (size_t at = 0; at < n; at += BEFORE_WIDENING) {
        const size_t part = n - at < BEFORE_WIDENING ? n - at : BEFORE_WIDENING;
        for (size_t c = 0; c < width; c += LANES) {
            sum_stripe(rows + c, width, index + at, part, sums + c);
        }
    }
}
