#include "tests/unit/gs_test.h"

#include "alerting/detector/betabin.h"
#include "ingest/base/attr.h"

#include <math.h>
#include <stdlib.h>

/* It writes signgam, which no other thread reads here. */
static double libm_lgamma(double x)
{
    return lgamma(x); /* NOLINT(concurrency-mt-unsafe) */
}

static void test_lgamma_is_libms(void **state)
{
    (void)state;
    double worst = 0.0;

    for (int i = 0; i < 25000; i++) {
        const double x = 1e-6 * pow(1.00137, i);
        const double want = libm_lgamma(x);
        const double off = fabs(gs_lgamma(x) - want) / fmax(fabs(want), 1e-3);
        worst = fmax(worst, off);
        assert_true(off <= 1e-9);
    }
    print_message("worst relative difference from libm: %.2g\n", worst);
    for (int i = 1; i < 60; i++) { /* whole and half, where factorials are exact */
        const double want = libm_lgamma(i / 2.0);
        assert_true(fabs(gs_lgamma(i / 2.0) - want) <= 1e-12 * fmax(1.0, fabs(want)));
    }
}

/* The textbook's formula, with libm. */
static double log_bb(double n, double k, double mu, double rho)
{
    const double a = mu * (1 - rho) / rho;
    const double b = (1 - mu) * (1 - rho) / rho;
    return libm_lgamma(n + 1) - libm_lgamma(k + 1) - libm_lgamma(n - k + 1) + libm_lgamma(k + a) +
           libm_lgamma(n - k + b) - libm_lgamma(n + a + b) + libm_lgamma(a + b) - libm_lgamma(a) -
           libm_lgamma(b);
}

static void test_ratio_is_the_textbooks(void **state)
{
    (void)state;
    static const struct {
        const char *shows;
        double n, k, mu0, mu1, rho;
    } rows[] = {
        {"no messages", 0, 0, 0.3, 0.5, 0.05},
        {"one negative", 1, 1, 0.3, 0.5, 0.05},
        {"none negative of ten", 10, 0, 0.3, 0.5, 0.05},
        {"a fraction", 10, 4.37, 0.3, 0.5, 0.05},
        {"nearly binomial", 40, 22.5, 0.3, 0.5, 0.002},
        {"very dispersed", 1000, 700.25, 0.3, 0.8, 0.5},
        {"shares near 0", 100, 3.5, 0.0003, 0.001, 0.1},
        {"shares near 1", 100, 99.5, 0.99, 0.999, 0.1},
        {"many messages", 1e6, 4e5, 0.3, 0.42, 0.05},
    };

    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const double got = gs_betabin_log(rows[i].n, rows[i].k, rows[i].mu1, rows[i].rho) -
                           gs_betabin_log(rows[i].n, rows[i].k, rows[i].mu0, rows[i].rho);
        const double want = log_bb(rows[i].n, rows[i].k, rows[i].mu1, rows[i].rho) -
                            log_bb(rows[i].n, rows[i].k, rows[i].mu0, rows[i].rho);
        print_message("  %s: %.9g\n", rows[i].shows, got);
        assert_true(fabs(got - want) <= 1e-7 * fmax(1.0, fabs(want)));
    }
}

/* The point of a likelihood ratio: under its null its expectation is 1, and of a power below one at
 * most 1. */
static void test_expectation_under_the_null(void **state)
{
    (void)state;
    static const double ns[] = {1, 2, 7, 40, 200};

    for (size_t i = 0; i < GS_COUNT(ns); i++) {
        double full = 0.0;
        double root = 0.0;
        for (int count = 0; count <= (int)ns[i]; count++) {
            const double k = count;
            const double chance = exp(log_bb(ns[i], k, 0.3, 0.06));
            const double ratio =
                gs_betabin_log(ns[i], k, 0.5, 0.06) - gs_betabin_log(ns[i], k, 0.3, 0.06);
            full += chance * exp(ratio);
            root += chance * exp(0.5 * ratio);
        }
        print_message("  n = %g: %.12f, with eta 0.5: %.4f\n", ns[i], full, root);
        assert_true(fabs(full - 1.0) < 1e-9);
        assert_true(root <= 1.0);
    }
}

static void test_logit_and_back(void **state)
{
    (void)state;
    for (int i = 1; i < 1000; i++) {
        const double p = i / 1000.0;
        assert_true(fabs(gs_sigmoid(gs_logit(p)) - p) < 1e-12);
    }
    assert_true(gs_sigmoid(800.0) == 1.0 && gs_sigmoid(-800.0) == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lgamma_is_libms),
        cmocka_unit_test(test_ratio_is_the_textbooks),
        cmocka_unit_test(test_expectation_under_the_null),
        cmocka_unit_test(test_logit_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
