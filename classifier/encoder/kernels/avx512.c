/* Products by AVX-512 VNNI, and the row of the table.
 *
 * The outputs are made in blocks of up to 6 rows × 64 columns: 24 registers of sums, 4 of weights
 * and 1 of inputs. Columns outside, rows inside: a panel of 64 columns' weights comes from memory
 * once and is used by every block of rows from L1 or L2; meanwhile the next panel is fetched. */
#include "classifier/encoder/kernels/avx512.h"
#include "classifier/encoder/kernels/vec_avx512.h"

/* Needs the vectors above. */
#include "classifier/encoder/kernels/poly.h"

#include <assert.h>
#include <string.h>

enum { BLOCK_ROWS = 6, BLOCK_VECS = 4, BLOCK_COLUMNS = BLOCK_VECS * VEC, LINE = 64 };

/* A block of rows needs these beside its place. */
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

    for (; b < end; b += LINE, q += 4, ahead += LINE) {
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
#define STORE(i, v) _mm512_storeu_si512(f->sums + (i)*ld + (size_t)(v)*VEC, sums[i][v]);
#define FINISH(i, v)                                                                               \
    _mm512_store_ps(f->y + (i)*ld + (size_t)(v)*VEC,                                               \
                    vec_fma(vec_set(f->x_scale[i]),                                                \
                            vec_mul(_mm512_cvtepi32_ps(sums[i][v]), scale[v]),                     \
                            vec_fma(vec_set(f->x_offset[i]), sum[v], bias[v])));

/* Says where a block of outputs lies and what turns its sums into floats, or where the sums go. */
struct finish {
    const float *x_scale, *x_offset;     /* of its rows */
    const float *w_scale, *w_sum, *bias; /* of its columns */
    float *y;
    int32_t *sums; /* not NULL: these are wanted, not y */
    size_t ld;
};

static inline __attribute__((always_inline)) void
block_outputs(const struct block *x, const struct finish *f, const size_t n_rows)
{
    __m512i sums[BLOCK_ROWS][BLOCK_VECS];
    vec scale[BLOCK_VECS];
    vec sum[BLOCK_VECS];
    vec bias[BLOCK_VECS];
    const size_t ld = f->ld;
    // clang-format off
    EACH_VEC(0, ZERO) EACH_VEC(1, ZERO) EACH_VEC(2, ZERO)
    EACH_VEC(3, ZERO) EACH_VEC(4, ZERO) EACH_VEC(5, ZERO)
        // clang-format on
        block_sums(x, n_rows, sums);
    if (f->sums != NULL) {
        EACH(STORE)
        return;
    }
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
    static void block_of_##n(const struct block *x, const struct finish *f)                        \
    {                                                                                              \
        block_outputs(x, f, n);                                                                    \
    }
BLOCK(1)
BLOCK(2)
BLOCK(3)
BLOCK(4)
BLOCK(5)
BLOCK(6)
#undef BLOCK

static void block_of_rows(const struct block *x, const struct finish *f, size_t n_rows)
{
    static block_fn *const of_rows[BLOCK_ROWS] = {block_of_1, block_of_2, block_of_3,
                                                  block_of_4, block_of_5, block_of_6};
    assert(n_rows >= 1 && n_rows <= BLOCK_ROWS);
    of_rows[n_rows - 1](x, f);
}

/* Rows in the next block if so many are left: as even as can be, since narrow blocks are slow. */
static size_t block_rows(size_t left)
{
    const size_t blocks = (left + BLOCK_ROWS - 1) / BLOCK_ROWS;
    return (left + blocks - 1) / blocks;
}

/* y or sums, the other is NULL. */
static void product(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                    enum gs_activation act, float *y, int32_t *sums, size_t ld)
{
    enum { QUARTERS = 4 };
    const size_t k = w->k_padded;
    struct block in = {.k = k};
    struct finish out = {.ld = ld};
    for (size_t j = 0; j < w->n_padded; j += BLOCK_COLUMNS) {
        size_t n = 0;
        in.b = w->packed + j * k;
        out.w_scale = w->scale + j;
        out.w_sum = w->sum + j;
        out.bias = w->bias + j;
        for (size_t i = 0, block = 0; i < m; i += n, block++) {
            n = block_rows(m - i);
            /* The first four blocks fetch a quarter each of what follows the panel: the next one,
             * or mostly the next matrix. Nothing is read there. */
            in.ahead = (const char *)in.b;
            in.ahead += block < QUARTERS ? (QUARTERS + block) * VEC * k : 0;
            in.q = x->q + i * k;
            out.x_scale = x->scale + i;
            out.x_offset = x->offset + i;
            out.y = y == NULL ? NULL : y + i * ld + j;
            out.sums = sums == NULL ? NULL : sums + i * ld + j;
            block_of_rows(&in, &out, n);
            for (size_t r = 0; act != GS_ACT_NONE && r < n; r++) {
                gs_activate_avx512(out.y + r * ld, BLOCK_COLUMNS, act);
            }
        }
    }
}

static void q8_linear(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                      enum gs_activation act, float *y, size_t ld)
{
    product(w, x, m, act, y, NULL, ld);
}

static void q8_sums(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                    int32_t *sums, size_t ld)
{
    product(w, x, m, GS_ACT_NONE, NULL, sums, ld);
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
    .quantize = gs_quantize_avx512,
    .layer_norm = gs_layer_norm_avx512,
    .attention = gs_attention_avx512,
    .activate = gs_activate_avx512,
    .mean_rows = gs_mean_rows_avx512,
    .unit_length = gs_unit_length_avx512,
    .peak_rounds = peak_rounds,
};
