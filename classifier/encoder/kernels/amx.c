/* The AMX row: products by tiles, everything else as in the AVX-512 row.
 *
 * The instructions are written out: gcc 12's _tile_loadconfig() says that 8 bytes are read where 64
 * are, and its _tile_loadd() does not say that memory is read at all. */
#include "classifier/encoder/kernels/amx.h"
#include "classifier/encoder/kernels/avx512.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TILE_SHAPES(p) __asm__ volatile("ldtilecfg %0" : : "m"(*(p)) : "memory")
#define TILE_RELEASE() __asm__ volatile("tilerelease" : : : "memory")
#define TILE_ZERO(t) __asm__ volatile("tilezero %%tmm" #t : :)
#define TILE_LOAD(t, p, stride)                                                                    \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #t : : "r"(p), "r"((size_t)(stride)) : "memory")
#define TILE_STORE(t, p, stride)                                                                   \
    __asm__ volatile("tilestored %%tmm" #t ", (%0,%1,1)"                                           \
                     :                                                                             \
                     : "r"(p), "r"((size_t)(stride))                                               \
                     : "memory")
#define TILE_DOT(c, a, b) __asm__ volatile("tdpbusd %%tmm" #b ", %%tmm" #a ", %%tmm" #c : :)
#define TILE_FINISH gs_tile_finish_avx512

#include "classifier/encoder/kernels/amx_product.h"

bool gs_encoder_amx_permitted(void)
{
    enum { AMX_TILE = 1 << 24, AMX_INT8 = 1 << 25, OSXSAVE = 1 << 27 };
    enum { TILE_STATE = 3 << 17 };                   /* of XCR0: configuration and data */
    enum { REQUEST_PERMISSION = 0x1023, DATA = 18 }; /* arch_prctl's, of the kernel's asm/prctl.h */
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;

    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & OSXSAVE) == 0 ||
        __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & AMX_TILE) == 0 ||
        (d & AMX_INT8) == 0) {
        return false;
    }
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (a & TILE_STATE) == TILE_STATE && syscall(SYS_arch_prctl, REQUEST_PERMISSION, DATA) == 0;
}

static void q8_linear(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                      enum gs_activation act, float *y, size_t ld)
{
    product_by_tiles(&(struct gs_tile_out){w, x, act, y, NULL, ld}, m);
}

static void q8_sums(const struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m,
                    int32_t *sums, size_t ld)
{
    product_by_tiles(&(struct gs_tile_out){w, x, GS_ACT_NONE, NULL, sums, ld}, m);
}

/* Four sums of the same two operands, as in a block. */
static uint64_t peak_rounds(uint64_t n)
{
    set_shapes(TILE_ROWS, TILE_ROWS);
    for (uint64_t r = 0; r < n; r++) {
        TILE_DOT(0, 4, 6);
        TILE_DOT(1, 4, 7);
        TILE_DOT(2, 5, 6);
        TILE_DOT(3, 5, 7);
    }
    TILE_RELEASE();
    return n * BLOCK_SUMS * TILE_BYTES;
}

const struct gs_encoder_kernels gs_encoder_kernels_amx = {
    .name = "amx",
    .row_block = PAIR_ROWS,
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
