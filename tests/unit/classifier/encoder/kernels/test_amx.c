/* The AMX row's blocks through an emulation of the tile instructions, against the scalar row. The
 * emulation refuses what the CPU would: shapes that do not fit, tiles before they have shapes. */
#include "ingest/base/attr.h"
#include "tests/unit/classifier/encoder/encoder_fixture.h"

#include "classifier/encoder/kernels/amx.h"

#define TILE_SHAPES(p) emulated_shapes(p)
#define TILE_RELEASE() emulated_release()
#define TILE_ZERO(t) emulated_zero(t)
#define TILE_LOAD(t, p, stride) emulated_load(t, p, stride)
#define TILE_STORE(t, p, stride) emulated_store(t, p, stride)
#define TILE_DOT(c, a, b) emulated_dot(c, a, b)
#define TILE_FINISH finish

static struct gs_tile_shapes configured;
static uint8_t tile[8][16][64];
static size_t n_dots;

static void emulated_shapes(const struct gs_tile_shapes *p)
{
    assert_int_equal(sizeof *p, 64);
    assert_int_equal(p->palette, 1);
    assert_int_equal(p->start_row, 0);
    for (size_t t = 0; t < 16; t++) {
        assert_in_range(p->rows[t], t < 8 ? 1 : 0, t < 8 ? 16 : 0);
        assert_in_range(p->row_bytes[t], t < 8 ? 1 : 0, t < 8 ? 64 : 0);
    }
    configured = *p;
    memset(tile, 0, sizeof tile);
}

static void emulated_release(void)
{
    memset(&configured, 0, sizeof configured);
    memset(tile, 0xEE, sizeof tile);
}

static void emulated_zero(int t)
{
    assert_int_equal(configured.palette, 1);
    memset(tile[t], 0, sizeof tile[t]);
}

static void emulated_load(int t, const void *p, size_t stride)
{
    assert_int_equal(configured.palette, 1);
    memset(tile[t], 0, sizeof tile[t]);
    for (size_t r = 0; r < configured.rows[t]; r++) {
        memcpy(tile[t][r], (const char *)p + r * stride, configured.row_bytes[t]);
    }
}

static void emulated_store(int t, void *p, size_t stride)
{
    assert_int_equal(configured.palette, 1);
    for (size_t r = 0; r < configured.rows[t]; r++) {
        memcpy((char *)p + r * stride, tile[t][r], configured.row_bytes[t]);
    }
}

static void emulated_dot(int c, int a, int b)
{
    assert_int_equal(configured.palette, 1);
    assert_int_equal(configured.rows[c], configured.rows[a]);
    assert_int_equal(configured.row_bytes[c], configured.row_bytes[b]);
    assert_int_equal(configured.row_bytes[a], 4 * configured.rows[b]);
    for (size_t i = 0; i < configured.rows[c]; i++) {
        int32_t sums[16];
        memcpy(sums, tile[c][i], sizeof sums);
        for (size_t l = 0; l < 16; l++) {
            for (size_t k = 0; k < 64; k++) {
                sums[l] += tile[a][i][k] * (int8_t)tile[b][k / 4][l * 4 + k % 4];
            }
        }
        memcpy(tile[c][i], sums, sizeof sums);
    }
    n_dots++;
}

/* As the header of the kernels defines it, by way of scalar's activation. */
static void finish_scalar(const struct gs_tile_out *out, const struct gs_tile_block *block,
                          size_t from, size_t to)
{
    assert_true(from < to && to <= block->n_rows);
    for (size_t i = from; i < to; i++) {
        const size_t row = block->row + i;
        for (size_t j = 0; j < block->n_columns; j++) {
            const size_t column = block->column + j;
            const int32_t sum = block->sums[i * block->n_columns + j];
            if (out->y == NULL) {
                out->sums[row * out->ld + column] = sum;
                continue;
            }
            float *y = out->y + row * out->ld + column;
            const float product = (float)sum * out->w->scale[column];
            const float base = fmaf(out->x->offset[row], out->w->sum[column], out->w->bias[column]);
            *y = fmaf(out->x->scale[row], product, base);
            gs_encoder_kernels_scalar.activate(y, 1, out->act);
        }
    }
}

typedef void finish_fn(const struct gs_tile_out *out, const struct gs_tile_block *block,
                       size_t from, size_t to);
static finish_fn *finish_by = finish_scalar;
static size_t finish_calls;

static void finish(const struct gs_tile_out *out, const struct gs_tile_block *block, size_t from,
                   size_t to)
{
    finish_calls++;
    finish_by(out, block, from, to);
}

#include "classifier/encoder/kernels/amx_product.h"

static void compare(size_t m, size_t k, size_t n, enum gs_activation act)
{
    struct gs_q8_linear w = any_linear(n, k, 0);
    struct gs_q8_rows x = any_rows(m, k, 0);
    const size_t ld = w.n_padded + m % 3 * 16;
    const size_t bytes = ((m - 1) * ld + w.n_padded) * 4;
    int32_t *want = block(bytes);
    int32_t *got = block(bytes);
    const struct gs_tile_out sums = {&w, &x, GS_ACT_NONE, NULL, got, ld};
    const struct gs_tile_out linear = {&w, &x, act, (float *)(void *)got, NULL, ld};

    gs_encoder_kernels_scalar.sums(&w, &x, m, want, ld);
    product_by_tiles(&sums, m);
    assert_memory_equal(want, got, bytes);
    gs_encoder_kernels_scalar.linear(&w, &x, m, act, (float *)(void *)want, ld);
    product_by_tiles(&linear, m);
    assert_memory_equal(want, got, bytes);
    assert_int_equal(configured.palette, 0); /* the tiles were given back */
    free(want);
    free(got);
    free_rows(&x);
    free_linear(&w);
}

static void test_every_count_of_rows(void **state)
{
    (void)state;
    for (size_t m = 1; m <= 70; m++) {
        compare(m, m % 2 == 0 ? 64 : 192, 64, GS_ACT_GELU);
    }
}

#if defined(__x86_64__)
/* The vector code that AMX's blocks are finished by, which needs no AMX. */
static void test_finishing_by_avx512(void **state)
{
    const struct gs_encoder_kernels *const *rows = NULL;
    bool found = false;
    (void)state;
    for (size_t r = gs_encoder_kernels(&rows); r-- > 0;) {
        found = found || rows[r] == &gs_encoder_kernels_avx512;
    }
    if (!found) {
        print_message("  this CPU has no AVX-512 VNNI\n");
        skip();
    }
    finish_by = gs_tile_finish_avx512;
    for (int act = GS_ACT_NONE; act <= GS_ACT_GELU_TANH; act++) {
        compare(7, 64, 64, (enum gs_activation)act);
        compare(45, 128, 100, (enum gs_activation)act);
    }
    finish_by = finish_scalar;
}
#endif

static void test_shapes_of_matrices(void **state)
{
    static const size_t cases[][3] = {{33, 64, 128},  {16, 100, 70}, {48, 384, 192}, {31, 1, 1},
                                      {96, 128, 256}, {7, 1536, 64}, {40, 65, 130}};
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        compare(cases[i][0], cases[i][1], cases[i][2], GS_ACT_NONE);
    }
}

/* The blocks are finished in parts while the next one is made, not each at its end. */
static void test_finishing_is_spread_over_the_steps(void **state)
{
    (void)state;
    n_dots = finish_calls = 0;
    compare(64, 256, 128, GS_ACT_RELU); /* 2 × 4 blocks of 4 steps, twice */
    assert_int_equal(n_dots, 2 * 8 * 4 * 4);
    assert_in_range(finish_calls, 2 * (7 * 4 + 1), 2 * 8 * 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_count_of_rows),
#if defined(__x86_64__)
        cmocka_unit_test(test_finishing_by_avx512),
#endif
        cmocka_unit_test(test_shapes_of_matrices),
        cmocka_unit_test(test_finishing_is_spread_over_the_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
