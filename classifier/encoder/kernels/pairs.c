/* Finds steps of a product whose sums may be added in 16 bits.
 *
 * AVX2 has no instruction that multiplies bytes and adds in 32 bits. It adds two products of a byte
 * pair in 16 bits and saturates there, so the sums have to be widened after each step of four
 * inputs. Where the weights of two steps are small enough, both can be added before they are
 * widened, which halves the widening: an activation is at most 127, so a sum cannot leave 16 bits
 * if the positive and the negative weights of both steps stay within LIMIT each. This is decided
 * from the weights alone, once, when a model is loaded, so the result is exact and the same as that
 * of every other kernel.
 *
 * The search is greedy: each step takes the first later one that fits, among MAX_TRIES. */
#include "classifier/encoder/kernels/kernels.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum {
    SIDES = 64,  /* 16 outputs, two 16-bit sums each, positive and negative weights apart */
    LIMIT = 258, /* 127 * 258 < 2^15 */
    MAX_STEPS = GS_Q8_MAX_K / 4,
    MAX_TRIES = 32 /* partners looked at for one step: bounds the time for hostile weights */
};

size_t gs_q8_pairs_len(const struct gs_q8_linear *w)
{
    return w->n_padded / 16 * (1 + w->k_padded / 4);
}

/* Bounds of each 16-bit sum of a step, up and down, in units of 127. */
static void reach_of(const int8_t *step, uint16_t reach[SIDES])
{
    for (size_t i = 0; i < SIDES / 2; i++) {
        const int a = (int)step[2 * i];
        const int b = (int)step[2 * i + 1];
        reach[2 * i] = (uint16_t)((a > 0 ? a : 0) + (b > 0 ? b : 0));
        reach[2 * i + 1] = (uint16_t)((a < 0 ? -a : 0) + (b < 0 ? -b : 0));
    }
}

static bool fits(const uint16_t a[SIDES], const int8_t *step)
{
    uint16_t b[SIDES];
    bool ok = true;

    reach_of(step, b);
    for (size_t i = 0; i < SIDES; i++) {
        ok &= a[i] + b[i] <= LIMIT;
    }
    return ok;
}

/* The first free step after i that may be added to it, or n. */
static size_t partner(const int8_t *block, const bool *taken, size_t i, size_t n)
{
    uint16_t reach[SIDES];
    size_t tries = 0;

    reach_of(block + i * 64, reach);
    for (size_t j = i + 1; j < n && tries < MAX_TRIES; j++) {
        if (!taken[j]) {
            if (fits(reach, block + j * 64)) {
                return j;
            }
            tries++;
        }
    }
    return n;
}

static void pair_block(const int8_t *block, size_t n, uint16_t *ret)
{
    bool taken[MAX_STEPS];
    size_t n_paired = 0;
    size_t n_alone = 0;

    memset(taken, 0, n * sizeof *taken);
    for (size_t i = 0; i < n; i++) {
        if (taken[i]) {
            continue;
        }
        const size_t j = partner(block, taken, i, n);
        if (j == n) {
            ret[n - n_alone++] = (uint16_t)i;
            continue;
        }
        taken[j] = true;
        ret[1 + n_paired++] = (uint16_t)i;
        ret[1 + n_paired++] = (uint16_t)j;
    }
    ret[0] = (uint16_t)n_paired;
}

void gs_q8_pairs(const struct gs_q8_linear *w, uint16_t *ret)
{
    const size_t n_steps = w->k_padded / 4;

    assert(n_steps <= MAX_STEPS);
    for (size_t block = 0; block < w->n_padded / 16; block++) {
        pair_block(w->packed + block * 16 * w->k_padded, n_steps, ret + block * (1 + n_steps));
    }
}
