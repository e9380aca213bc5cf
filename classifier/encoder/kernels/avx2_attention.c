/* Self-attention of one message, head by head.
 *
 *   keys      [d][s16]   the head's keys turned on their side, s16 = s rounded up to 16, so that 16
 *                        scores of a query grow in 16 lanes
 *   weights   [4][s16]   scores, then exp of them, of four queries at a time
 *
 * Both products are tiles of 4 queries × 16: 8 chains of fma hide its latency. */
#include "classifier/encoder/kernels/avx2.h"
#include "classifier/encoder/kernels/vec_avx2.h"

/* Needs the vectors above. */
#include "classifier/encoder/kernels/poly.h"

#include <float.h>

enum { LANES = 16, QUERIES = 4 };

struct head {
    const float *q, *k, *v; /* row 0 of this head's queries, keys, values */
    float *keys, *weights, *out;
    size_t s16;
};

/* 4 rows become 8 columns of 4: a holds columns 0 and 4, then 1 and 5, 2 and 6, 3 and 7. */
static inline void transpose4(const vec r[4], vec a[4])
{
    const vec t0 = _mm256_unpacklo_ps(r[0], r[1]);
    const vec t1 = _mm256_unpackhi_ps(r[0], r[1]);
    const vec t2 = _mm256_unpacklo_ps(r[2], r[3]);
    const vec t3 = _mm256_unpackhi_ps(r[2], r[3]);

    a[0] = _mm256_shuffle_ps(t0, t2, _MM_SHUFFLE(1, 0, 1, 0));
    a[1] = _mm256_shuffle_ps(t0, t2, _MM_SHUFFLE(3, 2, 3, 2));
    a[2] = _mm256_shuffle_ps(t1, t3, _MM_SHUFFLE(1, 0, 1, 0));
    a[3] = _mm256_shuffle_ps(t1, t3, _MM_SHUFFLE(3, 2, 3, 2));
}

/* Up to 8 values of a key, 0 past them. */
static inline vec key_part(const float *from, size_t n)
{
    return n >= 8 ? _mm256_loadu_ps(from) : vec_load_part(from, n);
}

static inline void store_columns(float *to, size_t ld, const vec column[8], size_t n)
{
    if (n < 8) {
        for (size_t i = 0; i < n; i++) {
            _mm256_store_ps(to + i * ld, column[i]);
        }
        return;
    }
    _mm256_store_ps(to, column[0]);
    _mm256_store_ps(to + ld, column[1]);
    _mm256_store_ps(to + 2 * ld, column[2]);
    _mm256_store_ps(to + 3 * ld, column[3]);
    _mm256_store_ps(to + 4 * ld, column[4]);
    _mm256_store_ps(to + 5 * ld, column[5]);
    _mm256_store_ps(to + 6 * ld, column[6]);
    _mm256_store_ps(to + 7 * ld, column[7]);
}

/* Values c to c + 8 (fewer at the end) of the 8 keys from j on, as columns. Past the message its
 * last key is repeated: the scores with it are never used. */
static void turn_keys_8(const struct head *head, const struct gs_attention_shape *shape, size_t j,
                        size_t c)
{
    const size_t last = shape->s - 1;
    const size_t n = shape->d - c;
    const float *key[8];
    vec lo[4];
    vec hi[4];

    for (size_t i = 0; i < 8; i++) {
        key[i] = head->k + (j + i < last ? j + i : last) * shape->ld + c;
    }
    const vec first[4] = {key_part(key[0], n), key_part(key[1], n), key_part(key[2], n),
                          key_part(key[3], n)};
    const vec second[4] = {key_part(key[4], n), key_part(key[5], n), key_part(key[6], n),
                           key_part(key[7], n)};
    transpose4(first, lo);
    transpose4(second, hi);
    const vec column[8] = {
        _mm256_permute2f128_ps(lo[0], hi[0], 0x20), _mm256_permute2f128_ps(lo[1], hi[1], 0x20),
        _mm256_permute2f128_ps(lo[2], hi[2], 0x20), _mm256_permute2f128_ps(lo[3], hi[3], 0x20),
        _mm256_permute2f128_ps(lo[0], hi[0], 0x31), _mm256_permute2f128_ps(lo[1], hi[1], 0x31),
        _mm256_permute2f128_ps(lo[2], hi[2], 0x31), _mm256_permute2f128_ps(lo[3], hi[3], 0x31)};
    store_columns(head->keys + c * head->s16 + j, head->s16, column, n);
}

static void turn_keys(const struct head *head, const struct gs_attention_shape *shape)
{
    for (size_t j = 0; j < head->s16; j += 8) {
        for (size_t c = 0; c < shape->d; c += 8) {
            turn_keys_8(head, shape, j, c);
        }
    }
}

/* sum[r] += a[r] * b for n queries, a [n][a_ld]. */
static inline void extend(struct lanes sum[QUERIES], const float *a, size_t a_ld, struct lanes b,
                          size_t n)
{
    sum[0] = lanes_fma(lanes_set(a[0]), b, sum[0]);
    if (n > 1) {
        sum[1] = lanes_fma(lanes_set(a[a_ld]), b, sum[1]);
    }
    if (n > 2) {
        sum[2] = lanes_fma(lanes_set(a[2 * a_ld]), b, sum[2]);
    }
    if (n > 3) {
        sum[3] = lanes_fma(lanes_set(a[3 * a_ld]), b, sum[3]);
    }
}

static inline void scale_each(struct lanes sum[QUERIES], const float by[QUERIES], size_t n)
{
    sum[0] = lanes_mul(sum[0], lanes_set(by[0]));
    if (n > 1) {
        sum[1] = lanes_mul(sum[1], lanes_set(by[1]));
    }
    if (n > 2) {
        sum[2] = lanes_mul(sum[2], lanes_set(by[2]));
    }
    if (n > 3) {
        sum[3] = lanes_mul(sum[3], lanes_set(by[3]));
    }
}

/* Stores width (1 to 16) values of each query, ld floats apart. */
static inline void store_each(float *to, size_t ld, size_t width, const struct lanes sum[QUERIES],
                              size_t n)
{
    lanes_store_part(to, width, sum[0]);
    if (n > 1) {
        lanes_store_part(to + ld, width, sum[1]);
    }
    if (n > 2) {
        lanes_store_part(to + 2 * ld, width, sum[2]);
    }
    if (n > 3) {
        lanes_store_part(to + 3 * ld, width, sum[3]);
    }
}

/* 16 scores, from key j, of n queries. */
static inline void scores_16(const struct head *head, const struct gs_attention_shape *shape,
                             size_t i, size_t n, size_t j)
{
    const float *q = head->q + i * shape->ld;
    const float *keys = head->keys + j;
    const float scale[QUERIES] = {shape->scale, shape->scale, shape->scale, shape->scale};
    const struct lanes zero = lanes_set(0.0F);
    struct lanes sum[QUERIES] = {zero, zero, zero, zero};

    for (size_t c = 0; c < shape->d; c++) {
        extend(sum, q + c, shape->ld, lanes_load(keys + c * head->s16), n);
    }
    scale_each(sum, scale, n);
    store_each(head->weights + j, head->s16, LANES, sum, n);
}

/* e = exp(score - max) in place of s scores; returns their sum. */
static float exponentials(float *e, size_t s)
{
    struct lanes most = lanes_set(-FLT_MAX);
    struct lanes sum = lanes_set(0.0F);
    size_t j = 0;

    for (; j + LANES <= s; j += LANES) {
        most = lanes_max(most, lanes_load(e + j));
    }
    if (j < s) {
        most = lanes_max(most, lanes_or(lanes_load(e + j), s - j, most));
    }
    const struct lanes max = lanes_set(lanes_most(most));
    for (j = 0; j < s; j += LANES) {
        const struct lanes v = lanes_sub(lanes_load(e + j), max);
        struct lanes exp = {gs_poly_exp(v.lo), gs_poly_exp(v.hi)};
        if (s - j < LANES) {
            exp = lanes_or(exp, s - j, lanes_set(0.0F));
        }
        lanes_store(e + j, exp);
        sum = lanes_add(sum, exp);
    }
    return lanes_sum(sum);
}

/* The values mixed by the weights of n queries, columns c to c + 16 (fewer at the end). */
static inline void mix_16(const struct head *head, const struct gs_attention_shape *shape, size_t i,
                          size_t n, size_t c, const float inverse[QUERIES])
{
    const float *v = head->v + c;
    const size_t left = shape->d - c;
    const struct lanes zero = lanes_set(0.0F);
    struct lanes sum[QUERIES] = {zero, zero, zero, zero};

    if (left >= LANES) {
        for (size_t j = 0; j < shape->s; j++) {
            extend(sum, head->weights + j, head->s16, lanes_load(v + j * shape->ld), n);
        }
    } else {
        for (size_t j = 0; j < shape->s; j++) {
            extend(sum, head->weights + j, head->s16, lanes_load_part(v + j * shape->ld, left), n);
        }
    }
    scale_each(sum, inverse, n);
    store_each(head->out + i * shape->out_ld + c, shape->out_ld, left < LANES ? left : LANES, sum,
               n);
}

static inline __attribute__((always_inline)) void
attend(const struct head *head, const struct gs_attention_shape *shape, size_t i, size_t n)
{
    float inverse[QUERIES];

    for (size_t j = 0; j < shape->s; j += LANES) {
        scores_16(head, shape, i, n, j);
    }
    for (size_t r = 0; r < n; r++) {
        inverse[r] = 1.0F / exponentials(head->weights + r * head->s16, shape->s);
    }
    for (size_t c = 0; c < shape->d; c += LANES) {
        mix_16(head, shape, i, n, c, inverse);
    }
}

static void attend_head(const struct head *head, const struct gs_attention_shape *shape)
{
    size_t i = 0;

    for (; i + QUERIES <= shape->n_queries; i += QUERIES) {
        attend(head, shape, i, QUERIES);
    }
    switch (shape->n_queries - i) {
    case 3:
        attend(head, shape, i, 3);
        break;
    case 2:
        attend(head, shape, i, 2);
        break;
    case 1:
        attend(head, shape, i, 1);
        break;
    default:
        break;
    }
}

void gs_attention_avx2(const float *qkv, const struct gs_attention_shape *shape, float *work,
                       float *out)
{
    const size_t s16 = (shape->s + LANES - 1) / LANES * LANES;

    for (size_t h = 0; h < shape->heads; h++) {
        const float *q = qkv + h * shape->d;
        struct head head = {.q = q, .k = q + shape->k_at, .v = q + shape->v_at, .s16 = s16};
        head.keys = work;
        head.weights = work + shape->d * s16;
        head.out = out + h * shape->d;
        turn_keys(&head, shape);
        attend_head(&head, shape);
    }
}
