/* The polynomials against libm in double: the errors that poly.h states, over all floats of a
 * stride that meets every exponent. */
#include "classifier/encoder/kernels/vec_scalar.h"

/* Needs the vectors above. */
#include "classifier/encoder/kernels/poly.h"
#include "tests/unit/gs_test.h"

static float float_of(uint32_t bits)
{
    float x = 0;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static double gelu(double x)
{
    return 0.5 * x * erfc(-x * 0.70710678118654752440);
}

static double gelu_tanh(double x)
{
    const double inner = 0.79788456080286535588 * (x + 0.044715 * x * x * x);
    return 0.5 * x * (1 + tanh(inner));
}

static const struct {
    const char *shows;
    float (*poly)(float);
    double (*truth)(double);
    double from, to;
    double max_absolute; /* 0: the error is relative */
    double max_relative;
} cases[] = {
    {"exp, every score a softmax can have", gs_poly_exp, exp, -87, 0, 0, 1.7e-7},
    {"exp of positive numbers", gs_poly_exp, exp, 0, 88, 0, 1.7e-7},
    {"tanh", gs_poly_tanh, tanh, -20, 20, 2e-7, 0},
    {"gelu", gs_poly_gelu, gelu, -12, 12, 5e-7, 0},
    {"gelu near 0 is relative too", gs_poly_gelu, gelu, -1, 1, 0, 3e-5},
    {"gelu, tanh form", gs_poly_gelu_tanh, gelu_tanh, -12, 12, 6e-7, 0},
    {"gelu, tanh form, near 0 is relative too", gs_poly_gelu_tanh, gelu_tanh, -1, 1, 0, 4e-5},
};

static void test_errors_are_as_stated(void **state)
{
    enum { STRIDE = 4099 }; /* a prime: about a million floats */
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double worst = 0;
        double worst_at = 0;
        for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STRIDE) {
            const float x = float_of((uint32_t)bits);
            if (!(x >= cases[c].from && x <= cases[c].to)) {
                continue; /* NaN too */
            }
            const double want = cases[c].truth(x);
            double error = fabs(cases[c].poly(x) - want);
            if (cases[c].max_absolute == 0 && fabs(want) > 1e-37) {
                error /= fabs(want);
            }
            if (error > worst) {
                worst = error;
                worst_at = x;
            }
        }
        print_message("  %s: %.2e at %.6g\n", cases[c].shows, worst, worst_at);
        assert_true(worst <= cases[c].max_absolute + cases[c].max_relative);
        assert_true(worst > 0.3 * (cases[c].max_absolute + cases[c].max_relative));
    }
}

static void test_special_points(void **state)
{
    (void)state;
    assert_true(gs_poly_exp(0.0F) == 1.0F);
    assert_true(gs_poly_exp(-1e30F) > 0 && gs_poly_exp(-1e30F) < 2e-38F);
    assert_true(isfinite(gs_poly_exp(1e30F)));
    assert_true(gs_poly_tanh(0.0F) == 0.0F && signbit(gs_poly_tanh(-0.0F)));
    assert_true(gs_poly_tanh(1e30F) == 1.0F && gs_poly_tanh(-1e30F) == -1.0F);
    assert_true(gs_poly_gelu(0.0F) == 0.0F && gs_poly_gelu_tanh(0.0F) == 0.0F);
    assert_true(gs_poly_gelu(1e30F) == 1e30F && fabsf(gs_poly_gelu(-1e30F)) < 5e-7F);
    assert_true(gs_poly_gelu_tanh(1e30F) == 1e30F && fabsf(gs_poly_gelu_tanh(-1e30F)) < 6e-7F);
}

static void test_activations_by_name(void **state)
{
    (void)state;
    assert_true(gs_poly_activate(-2.5F, GS_ACT_NONE) == -2.5F);
    assert_true(gs_poly_activate(-2.5F, GS_ACT_RELU) == 0.0F);
    assert_true(gs_poly_activate(2.5F, GS_ACT_RELU) == 2.5F);
    assert_true(gs_poly_activate(0.5F, GS_ACT_GELU) == gs_poly_gelu(0.5F));
    assert_true(gs_poly_activate(0.5F, GS_ACT_GELU_TANH) == gs_poly_gelu_tanh(0.5F));
    assert_true(gs_poly_activate(0.5F, GS_ACT_TANH) == gs_poly_tanh(0.5F));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_are_as_stated),
        cmocka_unit_test(test_special_points),
        cmocka_unit_test(test_activations_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
