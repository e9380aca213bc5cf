/* The row sum with AVX-512: 64 columns at a time, and 32 at the end of a row. */
#include "classifier/ngram/kernels/rows.h"

#include <immintrin.h>

enum { LANES = 32, TWO_LANES = 64, BEFORE_WIDENING = 256 }; /* 256 * -128 still fits 16 bits */

static void widen(__m512i sum, int32_t *sums)
{
    const __m512i low = _mm512_cvtepi16_epi32(_mm512_castsi512_si256(sum));
    const __m512i high = _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(sum, 1));

    _mm512_storeu_si512(sums, _mm512_add_epi32(_mm512_loadu_si512(sums), low));
    _mm512_storeu_si512(sums + 16, _mm512_add_epi32(_mm512_loadu_si512(sums + 16), high));
}

/* At most BEFORE_WIDENING rows; two stripes of 32 columns at a time keep two additions in flight.
 */
static void sum_64(const int8_t *stripe, size_t width, const uint32_t *index, size_t n,
                   int32_t *sums)
{
    __m512i low = _mm512_setzero_si512();
    __m512i high = _mm512_setzero_si512();

    for (size_t i = 0; i < n; i++) {
        const __m256i *row = (const __m256i *)(const void *)(stripe + (size_t)index[i] * width);
        low = _mm512_add_epi16(low, _mm512_cvtepi8_epi16(_mm256_load_si256(row)));
        high = _mm512_add_epi16(high, _mm512_cvtepi8_epi16(_mm256_load_si256(row + 1)));
    }
    widen(low, sums);
    widen(high, sums + LANES);
}

static void sum_32(const int8_t *stripe, size_t width, const uint32_t *index, size_t n,
                   int32_t *sums)
{
    __m512i sum = _mm512_setzero_si512();

    for (size_t i = 0; i < n; i++) {
        const __m256i *row = (const __m256i *)(const void *)(stripe + (size_t)index[i] * width);
        sum = _mm512_add_epi16(sum, _mm512_cvtepi8_epi16(_mm256_load_si256(row)));
    }
    widen(sum, sums);
}

void gs_rows_sum_avx512(const int8_t *rows, size_t width, const uint32_t *index, size_t n,
                        int32_t *sums)
{
    for (size_t at = 0; at < n; at += BEFORE_WIDENING) {
        const size_t part = n - at < BEFORE_WIDENING ? n - at : BEFORE_WIDENING;
        size_t c = 0;
        for (; c + TWO_LANES <= width; c += TWO_LANES) {
            sum_64(rows + c, width, index + at, part, sums + c);
        }
        if (c < width) {
            sum_32(rows + c, width, index + at, part, sums + c);
        }
    }
}
