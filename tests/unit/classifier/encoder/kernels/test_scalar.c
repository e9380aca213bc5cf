/* The scalar row, which defines the others, against plain arithmetic in double. */
#include "tests/unit/classifier/encoder/encoder_fixture.h"

#define ROW (&gs_encoder_kernels_scalar)

static void near(double got, double want, double allowed)
{
    if (!(fabs(got - want) <= allowed)) {
        print_message("  %.9g, wanted %.9g\n", got, want);
        fail();
    }
}

/* Where the weight of output j and input i lies: 16 outputs, 4 inputs each. */
static int8_t weight(const struct gs_q8_linear *w, size_t j, size_t i)
{
    return w->packed[(j / 16 * (w->k_padded / 4) + i / 4) * 64 + j % 16 * 4 + i % 4];
}

static void test_linear_is_the_product_of_what_the_integers_stand_for(void **state)
{
    enum { M = 5, K = 100, N = 70, LD = 128 };
    struct gs_q8_linear w = any_linear(N, K, 0);
    struct gs_q8_rows x = any_rows(M, K, 0);
    float *y = block(sizeof *y * (size_t)(M * LD));
    int32_t *sums = block(sizeof *sums * (size_t)(M * LD));
    (void)state;

    ROW->linear(&w, &x, M, GS_ACT_NONE, y, LD);
    ROW->sums(&w, &x, M, sums, LD);
    for (size_t i = 0; i < M; i++) {
        for (size_t j = 0; j < LD; j++) {
            double want = (double)w.bias[j];
            int32_t sum = 0;
            for (size_t k = 0; k < K; k++) {
                const int q = x.q[i * x.k_padded + k];
                const double in = (double)x.offset[i] + (double)x.scale[i] * q;
                want += in * (double)w.scale[j] * weight(&w, j, k);
                sum += q * weight(&w, j, k);
            }
            near((double)y[i * LD + j], want, 1e-3);
            assert_int_equal(sums[i * LD + j], sum);
            assert_true(j < N || y[i * LD + j] == 0.0F);
        }
    }
    free(y);
    free(sums);
    free_rows(&x);
    free_linear(&w);
}

static void test_activation_comes_last(void **state)
{
    struct gs_q8_linear w = any_linear(64, 64, 0);
    struct gs_q8_rows x = any_rows(3, 64, 0);
    float plain[3 * 64];
    float activated[3 * 64];
    (void)state;
    for (int act = GS_ACT_NONE; act <= GS_ACT_GELU_TANH; act++) {
        ROW->linear(&w, &x, 3, GS_ACT_NONE, plain, 64);
        ROW->linear(&w, &x, 3, (enum gs_activation)act, activated, 64);
        ROW->activate(plain, sizeof plain / sizeof *plain, (enum gs_activation)act);
        assert_memory_equal(plain, activated, sizeof plain);
    }
    free_rows(&x);
    free_linear(&w);
}

/* x [k], already smoothed, against what row i of q stands for. */
static void within_half_a_step(const float *x, size_t k, const struct gs_q8_rows *q, size_t i)
{
    int lowest = 255;
    int highest = 0;
    for (size_t j = 0; j < k; j++) {
        const int value = q->q[i * q->k_padded + j];
        near((double)q->offset[i] + (double)q->scale[i] * value, (double)x[j],
             0.50001 * (double)q->scale[i]);
        lowest = value < lowest ? value : lowest;
        highest = value > highest ? value : highest;
    }
    assert_int_equal(lowest, 0);
    assert_int_equal(highest, 127);
    for (size_t j = k; j < q->k_padded; j++) {
        assert_int_equal(q->q[i * q->k_padded + j], 0);
    }
}

static void test_quantize_is_within_half_a_step(void **state)
{
    enum { M = 7, K = 131 };
    float *x = floats((size_t)M * K, 5);
    float *smooth = floats(K, 2);
    struct gs_q8_rows q = empty_rows(M, K);
    (void)state;

    ROW->quantize(x, K, M, K, NULL, &q);
    for (size_t i = 0; i < M; i++) {
        within_half_a_step(x + i * K, K, &q, i);
    }
    ROW->quantize(x, K, M, K, smooth, &q);
    for (size_t i = 0; i < M; i++) {
        for (size_t j = 0; j < K; j++) {
            x[i * K + j] *= smooth[j];
        }
        within_half_a_step(x + i * K, K, &q, i);
    }
    free(x);
    free(smooth);
    free_rows(&q);
}

static const struct {
    const char *shows;
    float a, b;
    float scale, offset;
} flat[] = {
    {"equal values", 2.5F, 2.5F, 0, 2.5F},
    {"zeros of both signs: offset is +0", -0.0F, 0.0F, 0, 0},
    {"apart by less than a step can be", 1e-38F, 1.1e-38F, 0, 1e-38F},
};

static void test_rows_without_a_step_are_their_offset(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof flat / sizeof *flat; c++) {
        const float x[3] = {flat[c].a, flat[c].b, flat[c].a};
        struct gs_q8_rows q = empty_rows(1, 3);
        ROW->quantize(x, 3, 1, 3, NULL, &q);
        print_message("  %s\n", flat[c].shows);
        assert_true(q.scale[0] == flat[c].scale);
        assert_true(q.offset[0] == flat[c].offset && !signbit(q.offset[0]));
        for (size_t j = 0; j < q.k_padded; j++) {
            assert_int_equal(q.q[j], 0);
        }
        free_rows(&q);
    }
}

static void test_half_goes_to_even(void **state)
{
    const float x[5] = {0, 127, 0.5F, 1.5F, 2.5F}; /* a step of 1 */
    struct gs_q8_rows q = empty_rows(1, 5);
    (void)state;
    ROW->quantize(x, 5, 1, 5, NULL, &q);
    assert_int_equal(q.q[2], 0);
    assert_int_equal(q.q[3], 2);
    assert_int_equal(q.q[4], 2);
    free_rows(&q);
}

static void test_layer_norm(void **state)
{
    enum { M = 4, N = 77 };
    float *x = floats((size_t)M * N, 3);
    float *residual = floats((size_t)M * N, 2);
    float *gamma = floats(N, 1);
    float *beta = floats(N, 1);
    float *y = block(sizeof *y * (size_t)(M * N));
    (void)state;

    ROW->layer_norm(x, residual, N, M, N, gamma, beta, 1e-5F, y);
    for (size_t i = 0; i < M; i++) {
        double mean = 0;
        double var = 0;
        for (size_t j = 0; j < N; j++) {
            mean += ((double)x[i * N + j] + (double)residual[i * N + j]) / N;
        }
        for (size_t j = 0; j < N; j++) {
            const double d = (double)x[i * N + j] + (double)residual[i * N + j] - mean;
            var += d * d / N;
        }
        for (size_t j = 0; j < N; j++) {
            const double z = (double)x[i * N + j] + (double)residual[i * N + j];
            const double want = (z - mean) / sqrt(var + 1e-5) * (double)gamma[j] + (double)beta[j];
            near((double)y[i * N + j], want, 1e-5);
        }
    }
    free(x);
    free(residual);
    free(gamma);
    free(beta);
    free(y);
}

/* The output of query i, column c of head h, by definition. */
static double attended(const float *qkv, const struct gs_attention_shape *a, size_t h, size_t i,
                       size_t c)
{
    double sum = 0;
    double mix = 0;
    for (size_t j = 0; j < a->s; j++) {
        double score = 0;
        for (size_t t = 0; t < a->d; t++) {
            score += (double)qkv[i * a->ld + h * a->d + t] *
                     (double)qkv[j * a->ld + a->k_at + h * a->d + t];
        }
        const double e = exp(score * (double)a->scale);
        sum += e;
        mix += e * (double)qkv[j * a->ld + a->v_at + h * a->d + c];
    }
    return mix / sum;
}

static void test_attention(void **state)
{
    enum {
        S = 19,
        D = 24,
        HEADS = 3,
        HIDDEN = HEADS * D,
        V_AT = 2 * HIDDEN,
        LD = V_AT + HIDDEN + 5
    };
    const struct gs_attention_shape shape = {S, 11, HEADS, D, LD, HIDDEN, V_AT, HIDDEN, 0.2F};
    float *qkv = floats((size_t)S * LD, 1);
    float *work = block(gs_attention_workspace(S, D) * sizeof *work);
    float *out = block(sizeof *out * shape.n_queries * HEADS * D);
    (void)state;

    ROW->attention(qkv, &shape, work, out);
    for (size_t i = 0; i < shape.n_queries; i++) {
        for (size_t h = 0; h < HEADS; h++) {
            for (size_t c = 0; c < D; c++) {
                near((double)out[i * shape.out_ld + h * D + c], attended(qkv, &shape, h, i, c),
                     2e-6);
            }
        }
    }
    free(qkv);
    free(work);
    free(out);
}

static void test_mean_and_length(void **state)
{
    const float x[3][2] = {{1, 2}, {3, 4}, {5, 9}};
    float mean[2];
    float y[2] = {3, -4};
    (void)state;
    ROW->mean_rows(x[0], 2, 3, 2, mean);
    assert_true(mean[0] == 3 && mean[1] == 5);
    ROW->unit_length(y, 2);
    near((double)y[0], 0.6, 1e-7);
    near((double)y[1], -0.8, 1e-7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_is_the_product_of_what_the_integers_stand_for),
        cmocka_unit_test(test_activation_comes_last),
        cmocka_unit_test(test_quantize_is_within_half_a_step),
        cmocka_unit_test(test_rows_without_a_step_are_their_offset),
        cmocka_unit_test(test_half_goes_to_even),
        cmocka_unit_test(test_layer_norm),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_mean_and_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
