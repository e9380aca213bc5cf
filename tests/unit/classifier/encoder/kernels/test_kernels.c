/* Every row of the encoder's kernels that this CPU has, against the scalar one: the same bits, at
 * every length around a vector's. */
#include "ingest/base/attr.h"
#include "tests/unit/classifier/encoder/encoder_fixture.h"

#define SCALAR (&gs_encoder_kernels_scalar)

static const struct gs_encoder_kernels *const *rows;
static size_t n_rows;

/* A comparison with nothing to compare has not passed: on a CPU with the scalar row alone (or under
 * an emulator) it says that it was skipped. */
static void skip_without_rows(void)
{
    if (n_rows < 2) {
        print_message("  no row beside the scalar one on this CPU\n");
        skip();
    }
}

/* Nor may a fault in the choice pass for such a CPU. */
static void test_a_cpu_with_avx2_has_a_row_for_it(void **state)
{
    (void)state;
    assert_true(n_rows >= 1);
    assert_string_equal(rows[0]->name, "scalar");
    if (GS_TEST_CPU_HAS_AVX2) {
        assert_true(n_rows >= 2);
        assert_string_equal(rows[1]->name, "avx2");
    }
}

static void same(const struct gs_encoder_kernels *row, const char *what, const void *want,
                 const void *got, size_t bytes)
{
    if (memcmp(want, got, bytes) != 0) {
        size_t at = 0;
        while (((const uint8_t *)want)[at] == ((const uint8_t *)got)[at]) {
            at++;
        }
        print_message("  %s, %s: bytes differ from %zu of %zu\n", row->name, what, at, bytes);
        fail();
    }
}

static const struct {
    size_t m, k, n;
} products[] = {{1, 64, 64},   {2, 64, 64},   {3, 65, 64},   {4, 100, 70},  {5, 128, 64},
                {6, 192, 128}, {7, 64, 192},  {8, 384, 64},  {9, 64, 64},   {11, 64, 64},
                {12, 64, 64},  {13, 448, 1},  {15, 64, 64},  {16, 128, 64}, {17, 64, 128},
                {23, 64, 64},  {31, 64, 64},  {32, 64, 64},  {33, 64, 64},  {47, 128, 64},
                {48, 64, 128}, {49, 64, 64},  {63, 64, 64},  {70, 64, 64},  {2, 1, 1},
                {5, 1536, 64}, {37, 384, 96}, {14, 64, 1536}};

static void compare_products(const struct gs_encoder_kernels *row, size_t m, size_t k, size_t n,
                             const int extreme[2])
{
    struct gs_q8_linear w = any_linear(n, k, extreme[0]);
    struct gs_q8_rows x = any_rows(m, k, extreme[1]);
    const size_t ld = w.n_padded + m % 3 * 16;
    const size_t bytes = ((m - 1) * ld + w.n_padded) * 4;
    int32_t *want = block(bytes);
    int32_t *got = block(bytes);

    SCALAR->sums(&w, &x, m, want, ld);
    row->sums(&w, &x, m, got, ld);
    same(row, "sums", want, got, bytes);
    for (int act = GS_ACT_NONE; act <= GS_ACT_GELU_TANH; act++) {
        SCALAR->linear(&w, &x, m, (enum gs_activation)act, (float *)(void *)want, ld);
        row->linear(&w, &x, m, (enum gs_activation)act, (float *)(void *)got, ld);
        same(row, "linear", want, got, bytes);
    }
    free(want);
    free(got);
    free_rows(&x);
    free_linear(&w);
}

static void test_products(void **state)
{
    static const int extremes[][2] = {{0, 0}, {127, 127}, {-127, 127}, {-127, 0}};
    (void)state;
    skip_without_rows();
    for (size_t r = 1; r < n_rows; r++) {
        for (size_t p = 0; p < GS_COUNT(products); p++) {
            const size_t e = p < 4 ? GS_COUNT(extremes) : 1;
            for (size_t i = 0; i < e; i++) {
                compare_products(rows[r], products[p].m, products[p].k, products[p].n, extremes[i]);
            }
        }
        compare_products(rows[r], 3, 1536, 64, extremes[1]); /* where 16 bits would saturate */
        compare_products(rows[r], 3, 1536, 64, extremes[2]);
    }
}

/* A row's answer does not depend on what it is packed with. */
static void test_a_row_alone_gives_its_bits_in_a_pack(void **state)
{
    enum { M = 41, K = 192, N = 128 };
    (void)state;
    for (size_t r = 0; r < n_rows; r++) {
        struct gs_q8_linear w = any_linear(N, K, 0);
        struct gs_q8_rows x = any_rows(M, K, 0);
        float *packed = block(sizeof(float) * M * N);
        float *alone = block(sizeof(float) * N);
        rows[r]->linear(&w, &x, M, GS_ACT_GELU, packed, N);
        for (size_t i = 0; i < M; i++) {
            struct gs_q8_rows one = {x.q + i * x.k_padded, x.scale + i, x.offset + i, x.k_padded};
            rows[r]->linear(&w, &one, 1, GS_ACT_GELU, alone, N);
            same(rows[r], "a row alone", packed + i * N, alone, sizeof(float) * N);
        }
        free(packed);
        free(alone);
        free_rows(&x);
        free_linear(&w);
    }
}

static const size_t lengths[] = {1,   2,   3,   4,   7,   8,   9,   15,  16,  17,
                                 31,  32,  33,  47,  48,  49,  63,  64,  65,  100,
                                 127, 128, 129, 255, 257, 312, 384, 768, 1536};

/* Rows of any values, of equal ones, of zeros of both signs, of tiny and of huge ones, and of
 * values about half a step from the integers. */
static void fill_kinds(float *x, size_t ld, size_t m, size_t k)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < k; j++) {
            float *v = x + i * ld + j;
            switch (i % 6) {
            case 1:
                *v = -1.25F;
                break;
            case 2:
                *v = any() % 2 == 0 ? 0.0F : -0.0F;
                break;
            case 3:
                *v = any_float(1e-38F);
                break;
            case 4:
                *v = any_float(1e30F);
                break;
            case 5:
                *v = (float)(j % 128) * 0.1F - (j % 128 > 0 && j % 128 < 127 ? 0.05F : 0);
                break;
            default:
                break;
            }
        }
    }
}

static void compare_quantize(const struct gs_encoder_kernels *row, size_t m, size_t k,
                             const float *smooth)
{
    const size_t ld = k + m % 2 * 5;
    float *x = floats((m - 1) * ld + k, 3);
    struct gs_q8_rows want = empty_rows(m, k);
    struct gs_q8_rows got = empty_rows(m, k);

    fill_kinds(x, ld, m, k);
    SCALAR->quantize(x, ld, m, k, smooth, &want);
    row->quantize(x, ld, m, k, smooth, &got);
    same(row, "quantize, scale", want.scale, got.scale, m * sizeof(float));
    same(row, "quantize, offset", want.offset, got.offset, m * sizeof(float));
    same(row, "quantize, q", want.q, got.q, m * want.k_padded);
    free(x);
    free_rows(&want);
    free_rows(&got);
}

static void test_quantize(void **state)
{
    (void)state;
    skip_without_rows();
    for (size_t r = 1; r < n_rows; r++) {
        for (size_t l = 0; l < GS_COUNT(lengths); l++) {
            float *smooth = floats(lengths[l], 1);
            compare_quantize(rows[r], 13, lengths[l], NULL);
            compare_quantize(rows[r], 6, lengths[l], smooth);
            compare_quantize(rows[r], 1, lengths[l], smooth);
            free(smooth);
        }
    }
}

static void compare_norm(const struct gs_encoder_kernels *row, size_t m, size_t n, int in_place)
{
    const size_t ld = n + m % 2 * 3;
    const size_t size = (m - 1) * ld + n;
    float *x = floats(size, 2);
    float *residual = floats(size, 1);
    float *gamma = floats(n, 1);
    float *beta = floats(n, 1);
    float *want = block(size * sizeof *want);
    float *got = block(size * sizeof *got);
    float *place = in_place == 1 ? x : residual;

    SCALAR->layer_norm(x, in_place >= 0 ? residual : NULL, ld, m, n, gamma, beta, 1e-12F, want);
    if (in_place > 0) {
        for (size_t i = 0; i < m; i++) { /* between the rows nothing is written */
            memcpy(got + i * ld, place + i * ld, (i + 1 < m ? ld : n) * sizeof *got);
            memcpy(want + i * ld + n, place + i * ld + n, (i + 1 < m ? ld - n : 0) * sizeof *got);
        }
        row->layer_norm(in_place == 1 ? got : x, in_place == 1 ? residual : got, ld, m, n, gamma,
                        beta, 1e-12F, got);
    } else {
        row->layer_norm(x, in_place >= 0 ? residual : NULL, ld, m, n, gamma, beta, 1e-12F, got);
    }
    same(row, "layer_norm", want, got, size * sizeof *got);
    free(x);
    free(residual);
    free(gamma);
    free(beta);
    free(want);
    free(got);
}

static void test_layer_norm(void **state)
{
    (void)state;
    skip_without_rows();
    for (size_t r = 1; r < n_rows; r++) {
        for (size_t l = 0; l < GS_COUNT(lengths); l++) {
            for (int in_place = -1; in_place <= 2; in_place++) {
                compare_norm(rows[r], 1 + l % 11, lengths[l], in_place);
            }
        }
    }
}

static const struct {
    size_t s, queries, heads, d;
} attentions[] = {{1, 1, 2, 32},     {2, 2, 1, 32},    {3, 3, 3, 8},    {7, 7, 2, 20},
                  {8, 8, 2, 32},     {15, 15, 1, 64},  {16, 16, 2, 16}, {17, 17, 2, 32},
                  {27, 27, 12, 32},  {31, 31, 1, 80},  {32, 32, 2, 64}, {33, 1, 2, 32},
                  {33, 33, 1, 128},  {48, 48, 1, 32},  {49, 5, 1, 1},   {64, 64, 1, 32},
                  {65, 65, 2, 24},   {81, 81, 1, 17},  {97, 13, 1, 32}, {128, 128, 1, 32},
                  {130, 130, 1, 33}, {512, 20, 1, 32}, {130, 1, 2, 64}};

static void compare_attention(const struct gs_encoder_kernels *row, size_t a, float size)
{
    const size_t d = attentions[a].d;
    const size_t hidden = attentions[a].heads * d;
    const size_t ld = 3 * hidden + a % 2 * 7;
    const size_t out_ld = hidden + a % 3;
    const struct gs_attention_shape shape = {
        attentions[a].s, attentions[a].queries, attentions[a].heads, d, ld, hidden, 2 * hidden,
        out_ld,          1.0F / sqrtf((float)d)};
    const size_t bytes = ((shape.n_queries - 1) * out_ld + hidden) * sizeof(float);
    float *qkv = floats((shape.s - 1) * ld + 3 * hidden, size);
    float *work = block(gs_attention_workspace(shape.s, d) * sizeof *work);
    float *want = block(bytes);
    float *got = block(bytes);

    SCALAR->attention(qkv, &shape, work, want);
    row->attention(qkv, &shape, work, got);
    same(row, "attention", want, got, bytes);
    free(qkv);
    free(work);
    free(want);
    free(got);
}

static void test_attention(void **state)
{
    (void)state;
    skip_without_rows();
    for (size_t r = 1; r < n_rows; r++) {
        for (size_t a = 0; a < GS_COUNT(attentions); a++) {
            compare_attention(rows[r], a, 1);
            compare_attention(rows[r], a, 40); /* one key takes all, the rest is below exp's end */
        }
    }
}

static void test_activate_over_all_exponents(void **state)
{
    enum { N = 1 << 16, STRIDE = 65521 };
    (void)state;
    skip_without_rows();
    float *x = block(N * sizeof *x);
    for (uint32_t i = 0; i < N; i++) {
        const uint32_t bits = i * STRIDE;
        memcpy(x + i, &bits, sizeof bits);
        x[i] = isfinite(x[i]) ? x[i] : any_float(4);
    }
    for (size_t r = 1; r < n_rows; r++) {
        for (int act = GS_ACT_NONE; act <= GS_ACT_GELU_TANH; act++) {
            for (size_t l = 0; l <= GS_COUNT(lengths); l++) {
                const size_t n = l < GS_COUNT(lengths) ? lengths[l] : N;
                float *want = copy_of(x, n * sizeof *x);
                float *got = copy_of(x, n * sizeof *x);
                SCALAR->activate(want, n, (enum gs_activation)act);
                rows[r]->activate(got, n, (enum gs_activation)act);
                same(rows[r], "activate", want, got, n * sizeof *x);
                free(want);
                free(got);
            }
        }
    }
    free(x);
}

static void test_mean_and_length(void **state)
{
    (void)state;
    skip_without_rows();
    for (size_t r = 1; r < n_rows; r++) {
        for (size_t l = 0; l < GS_COUNT(lengths); l++) {
            const size_t n = lengths[l];
            const size_t m = 1 + l * 7 % 40;
            const size_t ld = n + l % 4;
            float *x = floats((m - 1) * ld + n, 1);
            float *want = block(n * sizeof *want);
            float *got = block(n * sizeof *got);
            SCALAR->mean_rows(x, ld, m, n, want);
            rows[r]->mean_rows(x, ld, m, n, got);
            same(rows[r], "mean_rows", want, got, n * sizeof *got);
            SCALAR->unit_length(want, n);
            rows[r]->unit_length(got, n);
            same(rows[r], "unit_length", want, got, n * sizeof *got);
            memset(got, 0, n * sizeof *got);
            rows[r]->unit_length(got, n);
            memset(want, 0, n * sizeof *want);
            same(rows[r], "unit_length of zeros", want, got, n * sizeof *got);
            free(x);
            free(want);
            free(got);
        }
    }
}

static void test_environment_forces_a_row(void **state)
{
    (void)state;
    for (size_t r = 0; r < n_rows; r++) {
        assert_int_equal(setenv("GS_KERNELS", rows[r]->name, 1), 0);
        assert_ptr_equal(gs_encoder_kernels_pick(), rows[r]);
        print_message("  %s: %.1f GMAC/s\n", rows[r]->name, gs_encoder_peak(rows[r], 0.02));
        assert_int_equal(gs_encoder_peak(rows[r], 0.001) > 0, r > 0);
    }
    assert_int_equal(setenv("GS_KERNELS", "no-such-thing", 1), 0);
    assert_string_equal(gs_encoder_kernels_pick()->name, "scalar");
    assert_int_equal(unsetenv("GS_KERNELS"), 0);
    assert_ptr_equal(gs_encoder_kernels_pick(), rows[n_rows - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cpu_with_avx2_has_a_row_for_it),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_a_row_alone_gives_its_bits_in_a_pack),
        cmocka_unit_test(test_quantize),
        cmocka_unit_test(test_layer_norm),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_activate_over_all_exponents),
        cmocka_unit_test(test_mean_and_length),
        cmocka_unit_test(test_environment_forces_a_row),
    };
    n_rows = gs_encoder_kernels(&rows);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
