/* The scans with AVX2: 32 bytes at a time, the rest by the scalar row. */
#include "ingest/text/clean/scan.h"

#include <immintrin.h>

static __m256i load32(const uint8_t *bytes)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)bytes);
}

static size_t plain(const uint8_t *bytes, size_t n)
{
    const __m256i low = _mm256_set1_epi8(0x1F);
    const __m256i del = _mm256_set1_epi8(0x7F);
    const __m256i blank = _mm256_set1_epi8(' ');
    uint32_t carry = 0; /* 1 when the byte before is a blank */
    size_t i = 0;

    for (; i + 32 <= n; i += 32) {
        const __m256i v = load32(bytes + i);
        /* Signed comparison: bytes from 0x80 on are below 0x1F too. */
        const __m256i good =
            _mm256_andnot_si256(_mm256_cmpeq_epi8(v, del), _mm256_cmpgt_epi8(v, low));
        const uint32_t blanks = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, blank));
        const uint32_t bad =
            ~(uint32_t)_mm256_movemask_epi8(good) | (blanks & ((blanks << 1) | carry));
        if (bad != 0) {
            return i + (size_t)__builtin_ctz(bad);
        }
        carry = blanks >> 31;
    }
    if (carry != 0 && i < n && bytes[i] == ' ') {
        return i;
    }
    return i + gs_scan_scalar.plain(bytes + i, n - i);
}

static __m256i half_table(const uint8_t table[16])
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table));
}

/* Muła's set lookup: one shuffle by the low nibble gives eight flags, one by the high nibble
 * says which of them counts; bytes from 0x80 on take theirs from the second table. */
static size_t find(const uint8_t *bytes, size_t n, const struct gs_byteset *set)
{
    const __m256i below = half_table(set->below);
    const __m256i above = half_table(set->above);
    const __m256i nibble = _mm256_set1_epi8(0x0F);
    const __m256i bit =
        _mm256_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16,
                         32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
    const __m256i zero = _mm256_setzero_si256();
    size_t i = 0;

    for (; i + 32 <= n; i += 32) {
        const __m256i v = load32(bytes + i);
        const __m256i low = _mm256_and_si256(v, nibble);
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble);
        const __m256i flags =
            _mm256_blendv_epi8(_mm256_shuffle_epi8(below, low), _mm256_shuffle_epi8(above, low), v);
        const __m256i hit = _mm256_and_si256(flags, _mm256_shuffle_epi8(bit, high));
        const uint32_t miss = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(hit, zero));
        if (miss != UINT32_MAX) {
            return i + (size_t)__builtin_ctz(~miss);
        }
    }
    return i + gs_scan_scalar.find(bytes + i, n - i, set);
}

static size_t ascii(const uint8_t *bytes, size_t n)
{
    size_t i = 0;

    for (; i + 32 <= n; i += 32) {
        const uint32_t high = (uint32_t)_mm256_movemask_epi8(load32(bytes + i));
        if (high != 0) {
            return i + (size_t)__builtin_ctz(high);
        }
    }
    return i + gs_scan_scalar.ascii(bytes + i, n - i);
}

const struct gs_scan gs_scan_avx2 = {"avx2", plain, find, ascii};
