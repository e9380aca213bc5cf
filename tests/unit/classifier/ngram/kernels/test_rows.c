#include "classifier/ngram/kernels/rows.h"
#include "ingest/base/attr.h"
#include "tests/unit/gs_test.h"

#include <stdlib.h>

enum { N_ROWS = 40 };

static int8_t *make_rows(size_t width, int extreme)
{
    int8_t *rows = aligned_alloc(64, (N_ROWS * width + 63) / 64 * 64);
    uint32_t random = 7;
    assert_non_null(rows);
    for (size_t i = 0; i < N_ROWS * width; i++) {
        random = random * 1664525U + 1013904223U;
        rows[i] = (int8_t)(extreme != 0 ? extreme : (int)(random >> 24) - 128);
    }
    return rows;
}

/* Around the batch of 256 after which the vector kernels widen their sums. */
static const size_t lengths[] = {0, 1, 2, 31, 255, 256, 257, 512, 1000};
static const size_t widths[] = {32, 64, 96, 128};

static void compare(const struct gs_row_kernel *kernel, size_t width, size_t n, int extreme)
{
    int8_t *rows = make_rows(width, extreme);
    uint32_t *index = malloc((n + 1) * sizeof *index);
    int32_t *want = malloc(width * sizeof *want);
    int32_t *got = malloc(width * sizeof *got);

    for (size_t i = 0; i < n; i++) {
        index[i] = (uint32_t)(i * 17 % N_ROWS);
    }
    for (size_t c = 0; c < width; c++) {
        want[c] = got[c] = (int32_t)c - 3; /* added to, not overwritten */
    }
    gs_rows_sum_scalar(rows, width, index, n, want);
    kernel->sum(rows, width, index, n, got);
    assert_memory_equal(got, want, width * sizeof *want);
    free(rows);
    free(index);
    free(want);
    free(got);
}

static void test_every_kernel_gives_the_same_integers(void **state)
{
    const struct gs_row_kernel *kernels = NULL;
    const size_t n_kernels = gs_row_kernels(&kernels);
    (void)state;
    assert_true(n_kernels >= (GS_TEST_CPU_HAS_AVX2 ? 2 : 1));
    for (size_t k = 0; k < n_kernels; k++) {
        for (size_t w = 0; w < GS_COUNT(widths); w++) {
            for (size_t l = 0; l < GS_COUNT(lengths); l++) {
                compare(&kernels[k], widths[w], lengths[l], 0);
                compare(&kernels[k], widths[w], lengths[l], -128); /* the sums grow fastest */
                compare(&kernels[k], widths[w], lengths[l], 127);
            }
        }
        print_message("  %s\n", kernels[k].name);
    }
}

static void test_scalar_by_hand(void **state)
{
    _Alignas(64) int8_t rows[3 * 32] = {0};
    const uint32_t index[] = {0, 2, 2};
    int32_t sums[32] = {0};
    (void)state;
    rows[0] = 5;
    rows[32] = 100; /* row 1 is not asked for */
    rows[64] = -7;
    rows[64 + 31] = 3;
    gs_rows_sum_scalar(rows, 32, index, 3, sums);
    assert_int_equal(sums[0], 5 - 7 - 7);
    assert_int_equal(sums[31], 6);
}

static void test_environment_forces_a_kernel(void **state)
{
    (void)state;
    assert_int_equal(setenv("GS_KERNELS", "scalar", 1), 0);
    assert_string_equal(gs_row_kernel_pick()->name, "scalar");
    assert_int_equal(setenv("GS_KERNELS", "no-such-thing", 1), 0);
    assert_string_equal(gs_row_kernel_pick()->name, "scalar");
    const struct gs_row_kernel *kernels = NULL;
    const size_t n = gs_row_kernels(&kernels);
    assert_int_equal(setenv("GS_KERNELS", "avxvnni", 1), 0); /* the encoder's, here the one below */
    assert_string_equal(gs_row_kernel_pick()->name, n > 1 ? "avx2" : "scalar");
    assert_int_equal(setenv("GS_KERNELS", "amx", 1), 0);
    assert_string_equal(gs_row_kernel_pick()->name, n > 2 ? "avx512" : "scalar");
    assert_int_equal(unsetenv("GS_KERNELS"), 0);
    assert_string_equal(gs_row_kernel_pick()->name, kernels[n - 1].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kernel_gives_the_same_integers),
        cmocka_unit_test(test_scalar_by_hand),
        cmocka_unit_test(test_environment_forces_a_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
