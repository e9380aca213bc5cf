/* The walk over a product's tiles, and what turns a tile's sums into outputs. */
#include "classifier/kernels/encoder_avx2.h"
#include "classifier/kernels/encoder_vec_avx2.h"

#include "classifier/kernels/poly.h"

/* How many rows the next tile takes, of left: as even a division as there is, 8 rows in tiles of at
 * most 6 are 4 and 4. */
static size_t next_rows(size_t left, size_t max_rows)
{
    const size_t n_tiles = (left + max_rows - 1) / max_rows;
    return (left + n_tiles - 1) / n_tiles;
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
    const struct gs_q8_rows *x;
    const struct outputs *out;
    size_t first_row, n_rows;
    int32_t (*sums)[GS_TILE_N];
    float *y; /* of first_row */
    size_t ld;
};

static inline __attribute__((always_inline)) void finish_rows(const struct finish *f,
                                                              enum gs_activation act)
{
    for (size_t i = 0; i < f->n_rows; i++) {
        finish_row(f->sums[i], f->out, f->x->scale[f->first_row + i],
                   f->x->offset[f->first_row + i], act, f->y + i * f->ld);
    }
}

/* One loop for each activation, so that the choice is made once a tile. */
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

enum { LINE = 64, NEAR = 8192, FEW_ROWS = 8 };

/* Weights come from memory that is slower than the product: while the rows pass by one block, the
 * next one is called for, an even part before each tile; into L1 if both fit there with ease. With
 * few rows the CPU's own prefetching does no worse. Inlined by force: gcc 12 takes a function that
 * only prefetches for one without effect and drops its calls. */
static inline __attribute__((always_inline)) void
call_for_next(const struct gs_q8_linear *w, size_t block, size_t done, size_t n_rows, size_t m)
{
    const size_t bytes = GS_TILE_N * w->k_padded;
    const char *next = (const char *)w->packed + (block + 1) * bytes;
    const size_t end = (done + n_rows) * bytes / LINE / m * LINE;
    size_t i = done * bytes / LINE / m * LINE;

    if (m < FEW_ROWS || (block + 1) * GS_TILE_N >= w->n_padded) {
        return;
    }
    if (bytes <= NEAR) {
        for (; i < end; i += LINE) {
            _mm_prefetch(next + i, _MM_HINT_T0);
        }
    } else {
        for (; i < end; i += LINE) {
            _mm_prefetch(next + i, _MM_HINT_T1);
        }
    }
}

void gs_q8_linear_256(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                      enum gs_activation act, float *y, size_t ld,
                      const struct gs_q8_tiling *tiling)
{
    _Alignas(64) int32_t sums[GS_TILE_MAX_M][GS_TILE_N];

    for (size_t block = 0; block < w->n_padded / GS_TILE_N; block++) {
        const size_t j = block * GS_TILE_N;
        const struct outputs out = {lanes_load(w->scale + j), lanes_load(w->sum + j),
                                    lanes_load(w->bias + j)};
        size_t n = 0;
        for (size_t i = 0; i < m; i += n) {
            n = next_rows(m - i, tiling->max_rows);
            call_for_next(w, block, i, n, m);
            tiling->tile(w, block, x->q + i * x->k_padded, x->k_padded, n, sums[0], GS_TILE_N);
            const struct finish f = {.x = x,
                                     .out = &out,
                                     .first_row = i,
                                     .n_rows = n,
                                     .sums = sums,
                                     .y = y + i * ld + j,
                                     .ld = ld};
            finish(&f, act);
        }
    }
}
