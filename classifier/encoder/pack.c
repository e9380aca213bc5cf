/* Weights as the kernels want them: [n / 16][k / 4][16][4], 16 outputs' next 4 inputs together. */
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): for madvise()
#define _DEFAULT_SOURCE
#include "classifier/encoder/pack.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SLAB_ALIGN = 64, HUGE_PAGE = 2 << 20, LANES = 16, GROUP = 4 };
/* Added and taken away, it rounds to the nearest integer, ties to even, and inlines. */
static const float rounder = 12582912.0F; /* 1.5 * 2^23 */

size_t gs_pack_padded(size_t n)
{
    return (n + GS_Q8_N - 1) / GS_Q8_N * GS_Q8_N;
}

void *gs_pack_take(struct gs_slab *slab, size_t bytes)
{
    void *piece = slab->base == NULL ? NULL : slab->base + slab->used;
    slab->used += (bytes + SLAB_ALIGN - 1) / SLAB_ALIGN * SLAB_ALIGN;
    return piece;
}

void *gs_slab_memory(size_t bytes)
{
    const size_t align = bytes >= HUGE_PAGE ? HUGE_PAGE : SLAB_ALIGN;
    const size_t size = (bytes + align - 1) / align * align;
    void *memory = aligned_alloc(align, size == 0 ? align : size);

    if (memory == NULL) {
        return NULL;
    }
#ifdef MADV_HUGEPAGE
    if (align == HUGE_PAGE) {
        (void)madvise(memory, size, MADV_HUGEPAGE); /* refused: small pages, slower but right */
    }
#endif
    memset(memory, 0, size);
    return memory;
}

void gs_slab_release(void *memory)
{
    free(memory);
}

float gs_pack_round(const float *values, size_t k, int8_t *q8)
{
    float max = 0.0F;

    for (size_t i = 0; i < k; i++) {
        max = fmaxf(max, fabsf(values[i]));
    }
    const float scale = max / 127.0F;
    if (!(scale >= FLT_MIN)) { /* its inverse may not be finite; such weights add nothing */
        memset(q8, 0, k);
        return 0.0F;
    }
    const float inverse = 1.0F / scale;
    for (size_t i = 0; i < k; i++) {
        q8[i] = (int8_t)(values[i] * inverse + rounder - rounder);
    }
    return scale;
}

/* One output's s8 weights into its place; their sum. */
static int32_t scatter(const int8_t *row, size_t k, size_t k_padded, size_t column, int8_t *packed)
{
    int8_t *panel = packed + column / LANES * k_padded * LANES + column % LANES * GROUP;
    int32_t sum = 0;

    for (size_t i = 0; i < k; i++) {
        panel[i / GROUP * (size_t)(LANES * GROUP) + i % GROUP] = row[i];
        sum += row[i];
    }
    return sum;
}

/* Says where a product's pieces are written. */
struct packing {
    int8_t *packed, *row; /* row: room for k values, used where a part is fp32 */
    float *scale, *sum, *bias;
    size_t k_padded;
};

static void pack_part(const struct gs_matrix *part, size_t first, const struct packing *to)
{
    for (size_t j = 0; j < part->n; j++) {
        const size_t column = first + j;
        const int8_t *q8 = to->row;
        if (part->q8 != NULL) {
            q8 = part->q8 + j * part->k;
            to->scale[column] = part->scale[j];
        } else {
            to->scale[column] = gs_pack_round(part->values + j * part->k, part->k, to->row);
        }
        const int32_t sum = scatter(q8, part->k, to->k_padded, column, to->packed);
        to->sum[column] = to->scale[column] * (float)sum;
        to->bias[column] = part->bias == NULL ? 0.0F : part->bias[j];
    }
}

void gs_pack_linear(struct gs_slab *slab, const struct gs_matrix *const *parts, size_t n_parts,
                    struct gs_q8_linear *ret)
{
    struct gs_q8_linear to = {.k = parts[0]->k, .k_padded = gs_pack_padded(parts[0]->k)};

    for (size_t p = 0; p < n_parts; p++) {
        to.n_padded += gs_pack_padded(parts[p]->n);
    }
    to.n = n_parts == 1 ? parts[0]->n : to.n_padded;
    int8_t *packed = gs_pack_take(slab, to.n_padded * to.k_padded);
    float *scale = gs_pack_take(slab, to.n_padded * sizeof *scale);
    float *sum = gs_pack_take(slab, to.n_padded * sizeof *sum);
    float *bias = gs_pack_take(slab, to.n_padded * sizeof *bias);
    uint16_t *pairs = gs_pack_take(slab, gs_q8_pairs_len(&to) * sizeof *pairs);
    int8_t *row = gs_pack_take(slab, to.k_padded);
    if (slab->base != NULL) {
        const struct packing pieces = {packed, row, scale, sum, bias, to.k_padded};
        size_t first = 0;
        for (size_t p = 0; p < n_parts; p++) {
            pack_part(parts[p], first, &pieces);
            first += gs_pack_padded(parts[p]->n);
        }
        to.packed = packed;
        to.scale = scale;
        to.sum = sum;
        to.bias = bias;
        gs_q8_pairs(&to, pairs);
        to.pairs = pairs;
    }
    *ret = to;
}

struct gs_q8_linear gs_pack_columns(const struct gs_q8_linear *linear, size_t first, size_t n)
{
    return (struct gs_q8_linear){.n = n,
                                 .k = linear->k,
                                 .n_padded = n,
                                 .k_padded = linear->k_padded,
                                 .packed = linear->packed + first * linear->k_padded,
                                 .scale = linear->scale + first,
                                 .sum = linear->sum + first,
                                 .bias = linear->bias + first,
                                 .pairs = linear->pairs +
                                          first / LANES * (1 + linear->k_padded / GROUP)};
}
