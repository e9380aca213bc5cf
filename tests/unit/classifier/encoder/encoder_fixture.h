/* Inputs for the encoder's kernels: exact-size heap blocks, so that ASan sees one element read or
 * written too far. */
#ifndef GS_TEST_ENCODER_FIXTURE_H
#define GS_TEST_ENCODER_FIXTURE_H

#include "classifier/encoder/kernels/kernels.h"
#include "tests/unit/gs_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t fixture_random = 12345;

static inline uint32_t any(void)
{
    fixture_random = fixture_random * 1664525U + 1013904223U;
    return fixture_random >> 8;
}

static inline void *block(size_t bytes)
{
    void *ret = NULL;
    assert_int_equal(posix_memalign(&ret, 64, bytes == 0 ? 1 : bytes), 0);
    memset(ret, 0x5A, bytes);
    return ret;
}

static inline void *copy_of(const void *from, size_t bytes)
{
    void *ret = block(bytes);
    memcpy(ret, from, bytes);
    return ret;
}

/* Bell-shaped enough, within -3 .. 3 times size. */
static inline float any_float(float size)
{
    float sum = 0;
    for (int i = 0; i < 6; i++) {
        sum += (float)(any() & 0xFFFFU) / 65536.0F - 0.5F;
    }
    return sum * size;
}

static inline float *floats(size_t n, float size)
{
    float *ret = block(n * sizeof *ret);
    for (size_t i = 0; i < n; i++) {
        ret[i] = any_float(size);
    }
    return ret;
}

static inline size_t up_to_64(size_t n)
{
    return (n + 63) / 64 * 64;
}

/* extreme 0: any weights; else all of them are that. */
static inline struct gs_q8_linear any_linear(size_t n, size_t k, int extreme)
{
    struct gs_q8_linear w = {.n = n, .k = k, .n_padded = up_to_64(n), .k_padded = up_to_64(k)};
    int8_t *packed = block(w.n_padded * w.k_padded);
    float *scale = block(w.n_padded * sizeof *scale);
    float *sum = block(w.n_padded * sizeof *sum);
    float *bias = block(w.n_padded * sizeof *bias);
    for (size_t j = 0; j < w.n_padded; j++) {
        int32_t total = 0;
        for (size_t i = 0; i < w.k_padded; i++) {
            const int value = extreme != 0 ? extreme : (int)(any() % 255) - 127;
            const int8_t b = (int8_t)(j < n && i < k ? value : 0);
            packed[j / 16 * 16 * w.k_padded + i / 4 * 64 + j % 16 * 4 + i % 4] = b;
            total += b;
        }
        scale[j] = j < n ? fabsf(any_float(0.01F)) : 0;
        sum[j] = scale[j] * (float)total;
        bias[j] = j < n ? any_float(1) : 0;
    }
    w.packed = packed;
    w.scale = scale;
    w.sum = sum;
    w.bias = bias;
    return w;
}

/* Of a block that is const for everybody else. */
static inline void free_const(const void *p)
{
    void *block = NULL;
    memcpy(&block, &p, sizeof p);
    free(block);
}

static inline void free_linear(struct gs_q8_linear *w)
{
    free_const(w->packed);
    free_const(w->scale);
    free_const(w->sum);
    free_const(w->bias);
}

static inline struct gs_q8_rows empty_rows(size_t m, size_t k)
{
    struct gs_q8_rows x = {NULL, NULL, NULL, up_to_64(k)};
    x.q = block(m * x.k_padded);
    x.scale = block(m * sizeof *x.scale);
    x.offset = block(m * sizeof *x.offset);
    return x;
}

static inline struct gs_q8_rows any_rows(size_t m, size_t k, int extreme)
{
    struct gs_q8_rows x = empty_rows(m, k);
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < x.k_padded; j++) {
            const unsigned value = extreme != 0 ? (unsigned)extreme : any() & 127U;
            x.q[i * x.k_padded + j] = (uint8_t)(j < k ? value : 0);
        }
        x.scale[i] = i % 7 == 3 ? 0 : fabsf(any_float(0.05F)); /* rows of equal values too */
        x.offset[i] = any_float(2);
    }
    return x;
}

static inline void free_rows(struct gs_q8_rows *x)
{
    free(x->q);
    free(x->scale);
    free(x->offset);
}

#endif
