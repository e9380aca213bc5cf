/* The walk over a product's tiles, and what turns a tile's sums into outputs. */
#include "classifier/encoder/kernels/avx2.h"
#include "classifier/encoder/kernels/vec_avx2.h"

/* Needs the vectors above. */
#include "classifier/encoder/kernels/poly.h"

#include <stdbool.h>

/* The next tile takes this many rows of left: all it can, but the last two tiles share evenly: 8
 * rows in tiles of at most 6 are 4 and 4. */
static size_t next_rows(size_t left, size_t max_rows)
{
    if (left <= max_rows) {
        return left;
    }
    return left < 2 * max_rows ? (left + 1) / 2 : max_rows;
}

void gs_q8_sums_256(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                    int32_t *sums, size_t ld, const struct gs_q8_tiling *tiling)
{
    for (size_t block = 0; block < w->n_padded / GS_TILE_N; block++) {
        size_t n = 0;
        for (size_t i = 0; i < m; i += n) {
            n = next_rows(m - i, tiling->max_rows);
            tiling->tile(w, block, x->q + i * x->k_padded, x->k_padded, n,
                         sums + i * ld + block * GS_TILE_N, ld);
        }
    }
}

/* The values of 16 outputs, which all rows of a tile share. */
struct outputs {
    struct lanes scale, sum, bias;
};

static inline void finish_row(const int32_t *sums, const struct outputs *out, float scale,
                              float offset, enum gs_activation act, float *y)
{
    const struct lanes base = lanes_fma(lanes_set(offset), out->sum, out->bias);
    const struct lanes whole = {_mm256_cvtepi32_ps(_mm256_load_si256((const void *)sums)),
                                _mm256_cvtepi32_ps(_mm256_load_si256((const void *)(sums + 8)))};
    const struct lanes v = lanes_fma(lanes_set(scale), lanes_mul(whole, out->scale), base);

    _mm256_store_ps(y, gs_poly_activate(v.lo, act));
    _mm256_store_ps(y + 8, gs_poly_activate(v.hi, act));
}

struct finish {
    const struct outputs *out;
    const float *scale, *offset; /* of the rows */
    int32_t (*sums)[GS_TILE_N];
    size_t n_rows;
    float *y; /* of the first row */
    size_t ld;
};

static inline __attribute__((always_inline)) void finish_rows(const struct finish *f,
                                                              enum gs_activation act)
{
    for (size_t i = 0; i < f->n_rows; i++) {
        finish_row(f->sums[i], f->out, f->scale[i], f->offset[i], act, f->y + i * f->ld);
    }
}

/* One loop for each activation, so that the choice is made once for many rows. */
static void finish(const struct finish *f, enum gs_activation act)
{
    switch (act) {
    case GS_ACT_NONE:
        finish_rows(f, GS_ACT_NONE);
        break;
    case GS_ACT_GELU:
        finish_rows(f, GS_ACT_GELU);
        break;
    case GS_ACT_RELU:
        finish_rows(f, GS_ACT_RELU);
        break;
    case GS_ACT_TANH:
        finish_rows(f, GS_ACT_TANH);
        break;
    case GS_ACT_GELU_TANH:
        finish_rows(f, GS_ACT_GELU_TANH);
        break;
    }
}

enum { LINE = 64, NEAR = 8192, FEW_ROWS = 12 };

/* The next block of weights. They come from memory that is slower than the product: while the rows
 * pass by one block, the next one is called for, some lines a row; into L1 if both fit there with
 * ease. With few rows the CPU's own prefetching does no worse. */
struct ahead {
    const char *at, *end;
    size_t lines_per_row;
    bool near;
};

static struct ahead after_block(const struct gs_q8_linear *w, size_t block, size_t m)
{
    const size_t bytes = GS_TILE_N * w->k_padded;
    const char *next = (const char *)w->packed + (block + 1) * bytes;
    const bool any = m >= FEW_ROWS && (block + 1) * GS_TILE_N < w->n_padded;

    return (struct ahead){.at = next,
                          .end = any ? next + bytes : next,
                          .lines_per_row = any ? (bytes / LINE + m - 1) / m : 0,
                          .near = bytes <= NEAR};
}

/* Inlined by force: gcc 12 takes a function that only prefetches for one without effect and drops
 * its calls. */
static inline __attribute__((always_inline)) void call_for(struct ahead *ahead, size_t n_rows)
{
    for (size_t i = n_rows * ahead->lines_per_row; i > 0 && ahead->at < ahead->end; i--) {
        if (ahead->near) {
            _mm_prefetch(ahead->at, _MM_HINT_T0);
        } else {
            _mm_prefetch(ahead->at, _MM_HINT_T1);
        }
        ahead->at += LINE;
    }
}

/* Many rows' sums are finished together: the chains of an activation are long, and a tile's few
 * rows of them would not fill the pipeline. */
enum { ROWS_TOGETHER = 96 };

static void sum_rows(const struct gs_q8_linear *w, size_t block, const struct gs_q8_rows *rows,
                     size_t n_rows, const struct gs_q8_tiling *tiling, struct ahead *ahead,
                     int32_t (*sums)[GS_TILE_N])
{
    size_t n = 0;

    for (size_t i = 0; i < n_rows; i += n) {
        n = next_rows(n_rows - i, tiling->max_rows);
        call_for(ahead, n);
        tiling->tile(w, block, rows->q + i * rows->k_padded, rows->k_padded, n, sums[i], GS_TILE_N);
    }
}

void gs_q8_linear_256(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                      enum gs_activation act, float *y, size_t ld,
                      const struct gs_q8_tiling *tiling)
{
    _Alignas(64) int32_t sums[ROWS_TOGETHER][GS_TILE_N];

    for (size_t block = 0; block < w->n_padded / GS_TILE_N; block++) {
        const size_t j = block * GS_TILE_N;
        const struct outputs out = {lanes_load(w->scale + j), lanes_load(w->sum + j),
                                    lanes_load(w->bias + j)};
        struct ahead ahead = after_block(w, block, m);
        size_t n = 0;
        for (size_t i = 0; i < m; i += n) {
            const struct gs_q8_rows rows = {x->q + i * x->k_padded, x->scale + i, x->offset + i,
                                            x->k_padded};
            n = m - i < ROWS_TOGETHER ? m - i : ROWS_TOGETHER;
            sum_rows(w, block, &rows, n, tiling, &ahead, sums);
            struct finish f = {&out, rows.scale, rows.offset, sums, n, NULL, ld};
            f.y = y + i * ld + j;
            finish(&f, act);
        }
    }
}
