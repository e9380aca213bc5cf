/* Products by AVX-512 VNNI, and the row of the table.
 *
 * The outputs are made in blocks of up to 6 rows × 64 columns: 24 registers of sums, 4 of weights
 * and 1 of inputs. Columns outside, rows inside: a panel of 64 columns' weights comes from memory
 * once and is used by every block of rows from L1 or L2; meanwhile the next panel is fetched. */
#include "classifier/kernels/encoder_avx512.h"
#include "classifier/kernels/encoder_vec_avx512.h"
#include "classifier/kernels/poly.h"

#include <string.h>

enum { BLOCK_ROWS = 6, BLOCK_VECS = 4, BLOCK_COLUMNS = BLOCK_VECS * VEC };

/* What one block of rows needs beside its place. */
struct block {
    const uint8_t *q;  /* its first row */
    const int8_t *b;   /* the panel of weights */
    const char *ahead; /* bytes to prefetch meanwhile, k_padded * 16 of them */
    size_t k;          /* padded */
};

static inline __m512i weights(const int8_t *b)
{
    return _mm512_load_si512(b);
}

static inline __m512i inputs(const uint8_t *q)
{
    int32_t four = 0;
    memcpy(&four, q, sizeof four);
    return _mm512_set1_epi32(four);
}

static inline __attribute__((always_inline)) void dot(__m512i *sum, __m512i a, __m512i b)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(a), "v"(b));
}

/* n_rows is a constant where this is inlined, so that the sums stay in registers. */
#define ROW(i)                                                                                     \
    if (n_rows > (i)) {                                                                            \
        const __m512i a = inputs(q + (i)*x->k);                                                    \
        dot(&sums[i][0], a, b0);                                                                   \
        dot(&sums[i][1], a, b1);                                                                   \
        dot(&sums[i][2], a, b2);                                                                   \
        dot(&sums[i][3], a, b3);                                                                   \
    }

static inline __attribute__((always_inline)) void
block_sums(const struct block *x, const size_t n_rows, __m512i sums[BLOCK_ROWS][BLOCK_VECS])
{
    const size_t stride = x->k * VEC; /* from 16 columns to the next */
    const uint8_t *q = x->q;
    const int8_t *b = x->b;
    const char *ahead = x->ahead;
    const int8_t *const end = b + stride;

    for (; b < end; b += 4 * VEC, q += 4, ahead += 4 * VEC) {
        const __m512i b0 = weights(b);
        const __m512i b1 = weights(b + stride);
        const __m512i b2 = weights(b + 2 * stride);
        const __m512i b3 = weights(b + 3 * stride);
        _mm_prefetch(ahead, _MM_HINT_T1);
        ROW(0)
        ROW(1)
        ROW(2)
        ROW(3)
        ROW(4)
        ROW(5)
    }
}

#undef ROW

/* Every row and vector of a block, spelt out for the same reason. */
#define EACH_VEC(i, DO) DO(i, 0) DO(i, 1) DO(i, 2) DO(i, 3)
#define EACH(DO)                                                                                   \
    if (n_rows > 0) {                                                                              \
        EACH_VEC(0, DO)                                                                            \
    }                                                                                              \
    if (n_rows > 1) {                                                                              \
        EACH_VEC(1, DO)                                                                            \
    }                                                                                              \
    if (n_rows > 2) {                                                                              \
        EACH_VEC(2, DO)                                                                            \
    }                                                                                              \
    if (n_rows > 3) {                                                                              \
        EACH_VEC(3, DO)                                                                            \
    }                                                                                              \
    if (n_rows > 4) {                                                                              \
        EACH_VEC(4, DO)                                                                            \
    }                                                                                              \
    if (n_rows > 5) {                                                                              \
        EACH_VEC(5, DO)                                                                            \
    }
#define ZERO(i, v) sums[i][v] = _mm512_setzero_si512();
#define STORE(i, v) _mm512_storeu_si512(ret + (i)*ld + (v)*VEC, sums[i][v]);
#define FINISH(i, v)                                                                               \
    _mm512_store_ps(y + (i)*ld + (v)*VEC,                                                          \
                    vec_fma(vec_set(x_scale[i]),                                                   \
                            vec_mul(_mm512_cvtepi32_ps(sums[i][v]), scale[v]),                     \
                            vec_fma(vec_set(x_offset[i]), sum[v], bias[v])));

static inline __attribute__((always_inline)) void sums_block(const struct block *x, int32_t *ret,
                                                             size_t ld, const size_t n_rows)
{
    __m512i sums[BLOCK_ROWS][BLOCK_VECS];
    EACH(ZERO)
    block_sums(x, n_rows, sums);
    EACH(STORE)
}

/* Where a block of outputs lies and what turns its sums into floats. */
struct finish {
    const float *x_scale, *x_offset;     /* of its rows */
    const float *w_scale, *w_sum, *bias; /* of its columns */
    float *y;
    size_t ld;
};

static inline __attribute__((always_inline)) void
linear_block(const struct block *x, const struct finish *f, const size_t n_rows)
{
    __m512i sums[BLOCK_ROWS][BLOCK_VECS];
    EACH(ZERO)
    block_sums(x, n_rows, sums);

    const float *x_scale = f->x_scale;
    const float *x_offset = f->x_offset;
    float *y = f->y;
    const size_t ld = f->ld;
    vec scale[BLOCK_VECS];
    vec sum[BLOCK_VECS];
    vec bias[BLOCK_VECS];
    for (size_t v = 0; v < BLOCK_VECS; v++) {
        scale[v] = _mm512_loadu_ps(f->w_scale + v * VEC);
        sum[v] = _mm512_loadu_ps(f->w_sum + v * VEC);
        bias[v] = _mm512_loadu_ps(f->bias + v * VEC);
    }
    EACH(FINISH)
}

#undef EACH
#undef EACH_VEC
#undef ZERO
#undef STORE
#undef FINISH

typedef void block_fn(const struct block *x, const struct finish *f);

#define BLOCK(n)                                                                                   \
    static void linear_##n(const struct block *x, const struct finish *f)                          \
    {                                                                                              \
        linear_block(x, f, n);                                                                     \
    }
BLOCK(1)
BLOCK(2)
BLOCK(3)
BLOCK(4)
BLOCK(5)
BLOCK(6)
#undef BLOCK

static void linear_rows(const struct block *x, const struct finish *f, size_t n_rows)
{
    static block_fn *const of_rows[] = {linear_1, linear_2, linear_3, linear_4, linear_5, linear_6};
    of_rows[n_rows - 1](x, f);
}

/* Rows in the block at i of m: the blocks are as even as can be, since narrow ones are slow. */
static size_t block_rows(size_t i, size_t m)
{
    const size_t left = m - i;
    const size_t blocks = (left + BLOCK_ROWS - 1) / BLOCK_ROWS;
    return (left + blocks - 1) / blocks;
}

static void q8_linear(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                      enum gs_activation act, float *y, size_t ld)
{
    const size_t k = w->k_padded;
    for (size_t j = 0; j < w->n_padded; j += BLOCK_COLUMNS) {
        const int8_t *panel = w->packed + j * k;
        const uintptr_t next = (uintptr_t)panel + BLOCK_COLUMNS * k;
        size_t n = 0;
        size_t b = 0;
        for (size_t i = 0; i < m; i += n, b++) {
            n = block_rows(i, m);
            const uintptr_t ahead = b < 4 ? next + b * VEC * k : (uintptr_t)panel;
            const struct block in = {x->q + i * k, panel, (const char *)ahead, k};
            const struct finish out = {x->scale + i,
                                       x->offset + i,
                                       w->scale + j,
                                       w->sum + j,
                                       w->bias + j,
                                       y + i * ld + j,
                                       ld};
            linear_rows(&in, &out, n);
            for (size_t r = 0; act != GS_ACT_NONE && r < n; r++) {
                gs_activate_avx512(out.y + r * ld, BLOCK_COLUMNS, act);
            }
        }
    }
}

static void q8_sums(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                    int32_t *sums, size_t ld)
{
    const size_t k = w->k_padded;
    for (size_t j = 0; j < w->n_padded; j += BLOCK_COLUMNS) {
        const int8_t *panel = w->packed + j * k;
        for (size_t i = 0; i < m; i++) {
            const struct block in = {x->q + i * k, panel, (const char *)panel, k};
            sums_block(&in, sums + i * ld + j, ld, 1);
        }
    }
}

/* 24 sums, as in a block of a product, of a register that holds whatever it holds. */
#define FOUR(a, b, c, d)                                                                           \
    "vpdpbusd %%zmm31, %%zmm31, %%zmm" #a "\n\tvpdpbusd %%zmm31, %%zmm31, %%zmm" #b "\n\t"         \
    "vpdpbusd %%zmm31, %%zmm31, %%zmm" #c "\n\tvpdpbusd %%zmm31, %%zmm31, %%zmm" #d "\n\t"

static uint64_t peak_rounds(uint64_t n)
{
    uint64_t left = n;
    __asm__ volatile("1:\n\t" FOUR(0, 1, 2, 3) FOUR(4, 5, 6, 7) FOUR(8, 9, 10, 11)
                         FOUR(12, 13, 14, 15) FOUR(16, 17, 18, 19)
                             FOUR(20, 21, 22, 23) "dec %0\n\tjnz 1b"
                     : "+r"(left)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16",
                       "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23");
    return n * 24 * 64;
}

#undef FOUR

const struct gs_encoder_kernels gs_encoder_kernels_avx512 = {
    .name = "avx512",
    .row_block = BLOCK_ROWS,
    .linear = q8_linear,
    .sums = q8_sums,
    .quantise = gs_quantise_avx512,
    .layer_norm = gs_layer_norm_avx512,
    .attention = gs_attention_avx512,
    .activate = gs_activate_avx512,
    .mean_rows = gs_mean_rows_avx512,
    .unit_length = gs_unit_length_avx512,
    .peak_rounds = peak_rounds,
};
