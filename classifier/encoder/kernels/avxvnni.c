/* The row for CPUs with vpdpbusd in 256 bits but without AVX-512: its own product, the rest is
 * avx2's. 6 rows × 16 outputs: 12 sums hide the instruction's latency, 2 registers of weights, one
 * of inputs. Written without loops over the sums, so that compilers keep them in registers. */
#include "classifier/encoder/kernels/avx2.h"

#include <immintrin.h>
#include <string.h>

static inline __m256i load(const void *p)
{
    return _mm256_load_si256(p);
}

/* One row, four inputs. */
static inline void step(__m256i sum[2], const uint8_t *q, const __m256i w[2])
{
    int32_t four = 0;

    memcpy(&four, q, sizeof four);
    sum[0] = _mm256_dpbusd_avx_epi32(sum[0], _mm256_set1_epi32(four), w[0]);
    sum[1] = _mm256_dpbusd_avx_epi32(sum[1], _mm256_set1_epi32(four), w[1]);
}

static inline void steps(__m256i sum[12], const uint8_t *q, size_t q_ld, const int8_t *packed,
                         size_t n_rows)
{
    const __m256i w[2] = {load(packed), load(packed + 32)};

    step(sum, q, w);
    if (n_rows > 1) {
        step(sum + 2, q + q_ld, w);
    }
    if (n_rows > 2) {
        step(sum + 4, q + 2 * q_ld, w);
    }
    if (n_rows > 3) {
        step(sum + 6, q + 3 * q_ld, w);
    }
    if (n_rows > 4) {
        step(sum + 8, q + 4 * q_ld, w);
    }
    if (n_rows > 5) {
        step(sum + 10, q + 5 * q_ld, w);
    }
}

static inline void store(int32_t *ret, const __m256i sum[2])
{
    _mm256_storeu_si256((void *)ret, sum[0]);
    _mm256_storeu_si256((void *)(ret + 8), sum[1]);
}

static inline void store_rows(int32_t *ret, size_t ld, const __m256i sum[12], size_t n_rows)
{
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
    if (n_rows > 4) {
        store(ret + 4 * ld, sum + 8);
    }
    if (n_rows > 5) {
        store(ret + 5 * ld, sum + 10);
    }
}

static inline __attribute__((always_inline)) void tile(const struct gs_q8_linear *w, size_t block,
                                                       const uint8_t *q, size_t q_ld, size_t n_rows,
                                                       int32_t *ret, size_t ld)
{
    const int8_t *packed = w->packed + block * GS_TILE_N * w->k_padded;
    const __m256i z = _mm256_setzero_si256();
    __m256i sum[12] = {z, z, z, z, z, z, z, z, z, z, z, z};

    for (size_t k = 0; k < w->k_padded; k += 4) {
        steps(sum, q + k, q_ld, packed + 16 * k, n_rows);
    }
    store_rows(ret, ld, sum, n_rows);
}

static void tile_avxvnni(const struct gs_q8_linear *w, size_t block, const uint8_t *q, size_t q_ld,
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
    case 4:
        tile(w, block, q, q_ld, 4, sums, ld);
        break;
    case 5:
        tile(w, block, q, q_ld, 5, sums, ld);
        break;
    default:
        tile(w, block, q, q_ld, 6, sums, ld);
        break;
    }
}

/* A sum that the compiler knows nothing of, or it would take twelve equal chains for one. */
static inline __m256i unknown(void)
{
    __m256i v = _mm256_setzero_si256();
    __asm__ volatile("" : "+x"(v));
    return v;
}

static uint64_t peak_rounds_avxvnni(uint64_t n)
{
    _Alignas(32) int32_t sink[6 * GS_TILE_N];
    const uint8_t q[4] = {1, 1, 1, 1};
    const __m256i w[2] = {_mm256_set1_epi8(1), _mm256_set1_epi8(1)};
    __m256i sum[12] = {unknown(), unknown(), unknown(), unknown(), unknown(), unknown(),
                       unknown(), unknown(), unknown(), unknown(), unknown(), unknown()};

    for (uint64_t i = 0; i < n; i++) {
        step(sum, q, w);
        step(sum + 2, q, w);
        step(sum + 4, q, w);
        step(sum + 6, q, w);
        step(sum + 8, q, w);
        step(sum + 10, q, w);
    }
    store_rows(sink, GS_TILE_N, sum, 6);
    __asm__ volatile("" : : "r"(sink) : "memory");
    return n * 12 * 32;
}

static const struct gs_q8_tiling tiling = {tile_avxvnni, 6};

static void linear_avxvnni(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                           enum gs_activation act, float *y, size_t ld)
{
    gs_q8_linear_256(w, x, m, act, y, ld, &tiling);
}

static void sums_avxvnni(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                         int32_t *sums, size_t ld)
{
    gs_q8_sums_256(w, x, m, sums, ld, &tiling);
}

const struct gs_encoder_kernels gs_encoder_kernels_avxvnni = {
    .name = "avxvnni",
    .row_block = 6,
    .linear = linear_avxvnni,
    .sums = sums_avxvnni,
    .quantize = gs_quantize_avx2,
    .layer_norm = gs_layer_norm_avx2,
    .attention = gs_attention_avx2,
    .activate = gs_activate_avx2,
    .mean_rows = gs_mean_rows_avx2,
    .unit_length = gs_unit_length_avx2,
    .peak_rounds = peak_rounds_avxvnni,
};
