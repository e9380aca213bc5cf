/* Self-attention by AVX-512.
 *
 * Lanes are keys for the scores and columns of the head for the mix, so that every sum is one
 * lane's own chain. For that a head's keys are turned on their side once. Its values are copied
 * side by side where they lie too far apart for L1 or end inside a vector. Scores and mix are then
 * the same small product of floats, over blocks of queries: what is loaded of keys or values serves
 * each of them. */
#include "classifier/encoder/kernels/avx512.h"
#include "classifier/encoder/kernels/vec_avx512.h"

/* Needs the vectors above. */
#include "classifier/encoder/kernels/poly.h"

#include <assert.h>
#include <float.h>
#include <stdbool.h>

enum { BLOCK_ROWS = 6, BLOCK_VECS = 4 };

/* ret[r][j] = (fma chain over t of a[r][t] * b[t][j]) * factor[r], for j of one to four vectors,
 * the last of which may end early. */
struct product {
    const float *a, *b;
    float *ret;
    size_t a_ld, b_ld, ret_ld, length;
    const float *factor;
    __mmask16 last;
};

/* A masked store is not forwarded to the load that follows it, so whole vectors go without. */
static inline void store(float *ret, vec v, __mmask16 in)
{
    if (in == 0xFFFF) {
        _mm512_storeu_ps(ret, v);
    } else {
        _mm512_mask_storeu_ps(ret, in, v);
    }
}

static inline __attribute__((always_inline)) void
store_row(float *ret, const vec sum[BLOCK_VECS], vec factor, const size_t n_vecs, __mmask16 last)
{
    store(ret, vec_mul(sum[0], factor), n_vecs > 1 ? (__mmask16)0xFFFF : last);
    if (n_vecs > 1) {
        store(ret + VEC, vec_mul(sum[1], factor), n_vecs > 2 ? (__mmask16)0xFFFF : last);
    }
    if (n_vecs > 2) {
        store(ret + VECS_2, vec_mul(sum[2], factor), n_vecs > 3 ? (__mmask16)0xFFFF : last);
    }
    if (n_vecs > 3) {
        store(ret + VECS_3, vec_mul(sum[3], factor), last);
    }
}

static inline __attribute__((always_inline)) void zero_row(vec sum[BLOCK_VECS])
{
    sum[0] = sum[1] = sum[2] = sum[3] = vec_set(0);
}

/* sum += a * b. The vectors that are not asked for take any value, so that the compiler need not keep
 * them. */
static inline __attribute__((always_inline)) void
add_to_row(vec sum[BLOCK_VECS], vec a, const vec b[BLOCK_VECS], const size_t n_vecs)
{
    sum[0] = vec_fma(a, b[0], sum[0]);
    sum[1] = n_vecs > 1 ? vec_fma(a, b[1], sum[1]) : b[1];
    sum[2] = n_vecs > 2 ? vec_fma(a, b[2], sum[2]) : b[2];
    sum[3] = n_vecs > 3 ? vec_fma(a, b[3], sum[3]) : b[3];
}

/* n_rows and n_vecs are constants where this is inlined, so that the sums stay in registers; for the
 * same reason each row is named: an index that varies would put them into memory. */
static inline __attribute__((always_inline)) void add_step(const struct product *x, size_t t,
                                                           vec sum[BLOCK_ROWS][BLOCK_VECS],
                                                           const size_t n_rows, const size_t n_vecs)
{
    const float *from = x->b + t * x->b_ld;
    const float *a = x->a + t;
    const vec zero = vec_set(0);
    const vec b[BLOCK_VECS] = {_mm512_loadu_ps(from),
                               n_vecs > 1 ? _mm512_loadu_ps(from + VEC) : zero,
                               n_vecs > 2 ? _mm512_loadu_ps(from + VECS_2) : zero,
                               n_vecs > 3 ? _mm512_loadu_ps(from + VECS_3) : zero};

    add_to_row(sum[0], vec_set(a[0]), b, n_vecs);
    if (n_rows > 1) {
        add_to_row(sum[1], vec_set(a[x->a_ld]), b, n_vecs);
    }
    if (n_rows > 2) {
        add_to_row(sum[2], vec_set(a[2 * x->a_ld]), b, n_vecs);
    }
    if (n_rows > 3) {
        add_to_row(sum[3], vec_set(a[3 * x->a_ld]), b, n_vecs);
    }
    if (n_rows > 4) {
        add_to_row(sum[4], vec_set(a[4 * x->a_ld]), b, n_vecs);
    }
    if (n_rows > 5) {
        add_to_row(sum[5], vec_set(a[5 * x->a_ld]), b, n_vecs);
    }
}

static inline __attribute__((always_inline)) void store_product_row(const struct product *x,
                                                                    size_t row,
                                                                    const vec sum[BLOCK_VECS],
                                                                    const size_t n_vecs)
{
    store_row(x->ret + row * x->ret_ld, sum, vec_set(x->factor[row]), n_vecs, x->last);
}

static inline __attribute__((always_inline)) void product(const struct product *x,
                                                          const size_t n_rows, const size_t n_vecs)
{
    vec sum[BLOCK_ROWS][BLOCK_VECS];

    zero_row(sum[0]);
    zero_row(sum[1]);
    zero_row(sum[2]);
    zero_row(sum[3]);
    zero_row(sum[4]);
    zero_row(sum[5]);
    for (size_t t = 0; t < x->length; t++) {
        add_step(x, t, sum, n_rows, n_vecs);
    }
    store_product_row(x, 0, sum[0], n_vecs);
    if (n_rows > 1) {
        store_product_row(x, 1, sum[1], n_vecs);
    }
    if (n_rows > 2) {
        store_product_row(x, 2, sum[2], n_vecs);
    }
    if (n_rows > 3) {
        store_product_row(x, 3, sum[3], n_vecs);
    }
    if (n_rows > 4) {
        store_product_row(x, 4, sum[4], n_vecs);
    }
    if (n_rows > 5) {
        store_product_row(x, 5, sum[5], n_vecs);
    }
}

typedef void product_fn(const struct product *x);

#define ONE(rows, vecs)                                                                            \
    static void product_##rows##x##vecs(const struct product *x)                                   \
    {                                                                                              \
        product(x, rows, vecs);                                                                    \
    }
#define ALL_VECS(rows) ONE(rows, 1) ONE(rows, 2) ONE(rows, 3) ONE(rows, 4)
ALL_VECS(1)
ALL_VECS(2)
ALL_VECS(3)
ALL_VECS(4)
ALL_VECS(5)
ALL_VECS(6)
#undef ALL_VECS
#undef ONE

/* Any number of columns n. x is used up: copying it would be vector loads of what was just stored
 * in words, which wait until that has left for the cache. */
static void product_n(struct product *x, size_t n_rows, size_t n)
{
#define OF_ROWS(r)                                                                                 \
    {                                                                                              \
        product_##r##x1, product_##r##x2, product_##r##x3, product_##r##x4                         \
    }
    static product_fn *const of_size[BLOCK_ROWS][BLOCK_VECS] = {OF_ROWS(1), OF_ROWS(2), OF_ROWS(3),
                                                                OF_ROWS(4), OF_ROWS(5), OF_ROWS(6)};
#undef OF_ROWS
    assert(n_rows >= 1 && n_rows <= BLOCK_ROWS && n >= 1);
    const __mmask16 last = vec_mask((n - 1) / VEC * VEC, n);
    size_t vecs = (n + VEC - 1) / VEC;
    for (x->last = 0xFFFF; vecs > BLOCK_VECS; vecs -= BLOCK_VECS) {
        of_size[n_rows - 1][BLOCK_VECS - 1](x);
        x->b += VECS_4;
        x->ret += VECS_4;
    }
    x->last = last;
    of_size[n_rows - 1][vecs - 1](x);
}

/* One head of one message. */
struct head {
    const float *q, *k, *v; /* its first row of each; rows are ld apart */
    float *turned;          /* [d][s_padded] its keys, 0 past s */
    float *packed;          /* [s][d_padded] its values, if they have to move */
    float *e;               /* [BLOCK_ROWS][s_padded] */
    size_t s, s_padded, d, d_padded, ld;
    float scale;
};

static inline vec pick(vec a, vec b, const int lanes)
{
    return lanes == 0 ? _mm512_shuffle_f32x4(a, b, 0x88) : _mm512_shuffle_f32x4(a, b, 0xDD);
}

/* Turns 16 rows of 16 floats. Within quarters first, as 4 × 4 blocks; then the quarters. */
static inline void turn_16(vec r[VEC])
{
    vec t[VEC];
    for (size_t i = 0; i < VEC; i += 4) {
        const __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(r[i], r[i + 1]));
        const __m512d b = _mm512_castps_pd(_mm512_unpackhi_ps(r[i], r[i + 1]));
        const __m512d c = _mm512_castps_pd(_mm512_unpacklo_ps(r[i + 2], r[i + 3]));
        const __m512d d = _mm512_castps_pd(_mm512_unpackhi_ps(r[i + 2], r[i + 3]));
        t[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
        t[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        t[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
        t[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
    }
    for (size_t i = 0; i < 4;
         i++) { /* t[i + 4 g]: columns i, i + 4, i + 8, i + 12 of rows 4 g .. */
        const vec a = pick(t[i], t[i + 4], 0);
        const vec b = pick(t[i], t[i + 4], 1);
        const vec c = pick(t[i + 8], t[i + 12], 0);
        const vec d = pick(t[i + 8], t[i + 12], 1);
        r[i] = pick(a, c, 0);
        r[i + 8] = pick(a, c, 1);
        r[i + 4] = pick(b, d, 0);
        r[i + 12] = pick(b, d, 1);
    }
}

/* Past the last key it comes again: those scores are never used. */
static inline __attribute__((always_inline)) void turn_16_keys(const struct head *h, size_t j,
                                                               size_t c, __mmask16 in)
{
    const float *key = h->k + j * h->ld + c;
    float *ret = h->turned + c * h->s_padded + j;
    vec r[VEC];
    for (size_t i = 0; i < VEC; i++) {
        r[i] = _mm512_maskz_loadu_ps(in, key);
        key += j + i + 1 < h->s ? h->ld : 0;
    }
    turn_16(r);
    for (size_t i = 0; i < VEC && (in >> i & 1) != 0; i++) {
        _mm512_storeu_ps(ret + i * h->s_padded, r[i]);
    }
}

static void turn_keys(const struct head *h)
{
    for (size_t j = 0; j < h->s; j += VEC) {
        size_t c = 0;
        for (; c + VEC <= h->d; c += VEC) {
            turn_16_keys(h, j, c, 0xFFFF);
        }
        if (c < h->d) {
            turn_16_keys(h, j, c, vec_mask(c, h->d));
        }
    }
}

static void pack_values(const struct head *h)
{
    for (size_t j = 0; j < h->s; j++) {
        for (size_t c = 0; c < h->d; c += VEC) {
            const vec v = _mm512_maskz_loadu_ps(vec_mask(c, h->d), h->v + j * h->ld + c);
            _mm512_storeu_ps(h->packed + j * h->d_padded + c, v);
        }
    }
}

/* exp(e - max) over n rows of scores; ret: 1 / their sums. */
static void exp_rows(float *e, size_t n, const struct head *h, float *ret)
{
    const size_t whole = h->s / VEC * VEC;
    const __mmask16 in = whole < h->s ? vec_mask(whole, h->s) : 0;
    for (size_t r = 0; r < n; r++, e += h->s_padded) {
        vec max = vec_set(-FLT_MAX);
        vec sum = vec_set(0);
        for (size_t j = 0; j < whole; j += VEC) {
            max = vec_max(max, _mm512_loadu_ps(e + j));
        }
        if (in != 0) {
            max = _mm512_mask_max_ps(max, in, max, _mm512_loadu_ps(e + whole));
        }
        max = vec_set(_mm512_reduce_max_ps(max));
        for (size_t j = 0; j < whole; j += VEC) {
            const vec v = gs_poly_exp(vec_sub(_mm512_loadu_ps(e + j), max));
            _mm512_storeu_ps(e + j, v);
            sum = vec_add(sum, v);
        }
        if (in != 0) {
            const vec v = gs_poly_exp(vec_sub(_mm512_loadu_ps(e + whole), max));
            _mm512_storeu_ps(e + whole, v);
            sum = _mm512_mask_add_ps(sum, in, sum, v);
        }
        ret[r] = 1.0F / vec_sum(sum);
    }
}

static void attend(const struct head *h, size_t n_queries, size_t out_ld, float *out)
{
    enum { FAR = 64 }; /* rows of values that L1's ways hold however far apart they lie */
    const bool moved = h->s > FAR || h->d % VEC != 0;
    float factor[BLOCK_ROWS];

    turn_keys(h);
    if (moved) {
        pack_values(h);
    }
    for (size_t i = 0, n = 0; i < n_queries; i += n) {
        const size_t left = n_queries - i;
        const size_t blocks = (left + BLOCK_ROWS - 1) / BLOCK_ROWS;
        n = (left + blocks - 1) / blocks;
        for (size_t r = 0; r < n; r++) {
            factor[r] = h->scale;
        }
        struct product scores = {
            .a = h->q + i * h->ld,
            .a_ld = h->ld,
            .b = h->turned,
            .b_ld = h->s_padded,
            .ret = h->e,
            .ret_ld = h->s_padded,
            .length = h->d,
            .factor = factor,
        };
        product_n(&scores, n, h->s_padded);
        exp_rows(h->e, n, h, factor);
        struct product mix = {
            .a = h->e,
            .a_ld = h->s_padded,
            .b = moved ? h->packed : h->v,
            .b_ld = moved ? h->d_padded : h->ld,
            .ret_ld = out_ld,
            .length = h->s,
            .factor = factor,
        };
        mix.ret = out + i * out_ld;
        product_n(&mix, n, h->d);
    }
}

void gs_attention_avx512(const float *qkv, const struct gs_attention_shape *shape, float *work,
                         float *out)
{
    const size_t s_padded = (shape->s + VEC - 1) / VEC * VEC;
    const size_t d_padded = (shape->d + VEC - 1) / VEC * VEC;
    struct head h = {
        .s = shape->s,
        .s_padded = s_padded,
        .d = shape->d,
        .d_padded = d_padded,
        .ld = shape->ld,
        .scale = shape->scale,
    };
    h.turned = work;
    h.packed = h.turned + shape->d * s_padded;
    h.e = h.packed + shape->s * d_padded;
    for (size_t i = 0; i < shape->heads; i++) {
        h.q = qkv + i * shape->d;
        h.k = h.q + shape->k_at;
        h.v = h.q + shape->v_at;
        attend(&h, shape->n_queries, shape->out_ld, out + i * shape->d);
    }
}
