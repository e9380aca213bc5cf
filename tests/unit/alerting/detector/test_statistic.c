#include "tests/unit/alerting/detector/watch_helper.h"

static struct gs_detector_params params;

static int set_up(void **state)
{
    (void)state;
    struct gs_watch_options options;
    constant_options(&options);
    gs_detector_params_init(&params, &options);
    return 0;
}

/* The formulas as they stand in the design, with libm, in doubles. */
/* It writes signgam, which no other thread reads here. */
static double libm_lgamma(double x)
{
    return lgamma(x); /* NOLINT(concurrency-mt-unsafe) */
}

static double log_bb(double n, double k, double mu, double rho)
{
    const double a = mu * (1 - rho) / rho;
    const double b = (1 - mu) * (1 - rho) / rho;
    return libm_lgamma(k + a) + libm_lgamma(n - k + b) - libm_lgamma(a) - libm_lgamma(b);
}

/* The terms of M: bins that it remembers, its rise, its weight. */
static const struct {
    double bins, shift, weight;
} terms[GS_TERMS] = {{6, 1.8, 0.1},     {72, 0.6, 0.15},   {72, 1.1, 0.15}, {72, 1.8, 0.15},
                     {288, 0.6, 0.125}, {288, 1.1, 0.125}, {864, 0.6, 0.1}, {864, 1.1, 0.1}};

static void brute_m(double bins[][2], size_t n_bins, double b, double v, double rho,
                    double m[GS_TERMS])
{
    for (size_t j = 0; j < GS_TERMS; j++) {
        const double gamma = 1.0 - 1.0 / terms[j].bins;
        m[j] = 0.0;
        for (size_t i = 0; i < n_bins; i++) {
            const double mu = 1.0 / (1.0 + exp(-b));
            const double null = b + 0.4 + 2.0 * fmax(0.0, sqrt(v) - 0.2);
            const double mu0 = 1.0 / (1.0 + exp(-null));
            const double muj = 1.0 / (1.0 + exp(-null - terms[j].shift));
            const double rho_eff = rho + v * mu * (1.0 - mu);
            const double l = bins[i][0] > 0.0 ? exp(log_bb(bins[i][0], bins[i][1], muj, rho_eff) -
                                                    log_bb(bins[i][0], bins[i][1], mu0, rho_eff))
                                              : 1.0;
            m[j] = (gamma * m[j] + 1.0 - gamma) * l;
        }
    }
}

static void test_m_is_the_designs(void **state)
{
    (void)state;
    static const struct {
        const char *shows;
        double n, share, b, v;
    } rows[] = {
        {"quiet", 10, 0.25, -1.1, 0.01},      {"a rise", 10, 0.6, -1.1, 0.01},
        {"no messages", 0, 0.0, -1.1, 0.01},  {"a baseline hardly known", 10, 0.9, -1.1, 0.2},
        {"one message a bin", 1, 0.5, -1, 0}, {"many messages", 900, 0.31, -1.1, 0.01},
        {"all positive", 50, 0.0, -1.1, 0.0}, {"all negative, of a negative key", 9, 1.0, 2.0, 0.0},
    };

    for (size_t r = 0; r < GS_COUNT(rows); r++) {
        struct rng rng = {r};
        double bins[24][2];
        double want[GS_TERMS];
        double m = 0.0;
        struct gs_kind kind = {0};
        struct gs_key key = {.last = 7, .b = (float)rows[r].b, .v = (float)rows[r].v};
        const double rho = gs_key_rho(&key);
        for (size_t i = 0; i < GS_COUNT(bins); i++) {
            const double n = floor(rows[r].n * (0.5 + rng_unit(&rng)));
            const uint64_t k = (uint64_t)(n * rows[r].share * GS_WEIGHT_ONE * GS_P_ONE);
            bins[i][0] = n;
            bins[i][1] = (double)k / ((double)GS_WEIGHT_ONE * GS_P_ONE);
            key.last++;
            gs_key_judge(
                &params, &kind, NULL, &key,
                &(struct gs_open_bin){.n = (uint32_t)(n * GS_WEIGHT_ONE), .k = k, .bin = key.last},
                1e30);
        }
        brute_m(bins, GS_COUNT(bins), (double)key.b, (double)key.v, rho, want);
        print_message("  %s: M = %.6g\n", rows[r].shows, gs_key_m(&key));
        for (size_t j = 0; j < GS_TERMS; j++) {
            assert_true(fabs((double)key.m[j] - want[j]) <= 1e-4 * want[j]);
            m += terms[j].weight * want[j];
        }
        assert_true(fabs(gs_key_m(&key) - m) <= 1e-4 * m);
    }
}

static void test_idle_is_many_empty_bins(void **state)
{
    (void)state;
    static const int64_t gaps[] = {1, 2, 11, 300, 2016, 5000000000};

    for (size_t i = 0; i < GS_COUNT(gaps); i++) {
        static const double before[GS_TERMS] = {0.0, 3.0, 900.0, 0.1, 40.0, 1.0, 7.0, 2.0};
        struct gs_key key = {.cusum = 4.0F};
        for (size_t j = 0; j < GS_TERMS; j++) {
            double want = before[j];
            for (int64_t g = 0; g < gaps[i] && g < 100000; g++) {
                want += (1.0 - want) / terms[j].bins;
            }
            key.m[j] = (float)before[j];
            struct gs_key one = key;
            gs_key_idle(&one, gaps[i]);
            assert_true(fabs((double)one.m[j] - want) <= 1e-5 * want);
        }
    }
}

/* E[M] <= 1 at every time, at the very edge of what is tolerated. The mean over runs, with its
 * error. */
static void test_mean_of_m_under_the_null(void **state)
{
    (void)state;
    enum { RUNS = 4000, BINS = 60 };
    struct rng rng = {9};
    double sum = 0.0;
    double squares = 0.0;

    for (int run = 0; run < RUNS; run++) {
        struct gs_kind kind = {0};
        struct gs_key key = {.last = 0, .b = -1.1F, .v = 0.0F};
        const double mu0 = 1.0 / (1.0 + exp(1.1 - 0.4));
        for (int i = 0; i < BINS; i++) {
            /* Polya's urn draws the beta-binomial with rho = 0.05. */
            const uint32_t n = (uint32_t)rng_below(&rng, 12);
            double red = mu0 * 19.0;
            double all = 19.0;
            uint32_t k = 0;
            for (uint32_t m = 0; m < n; m++) {
                const bool negative = rng_unit(&rng) * all < red;
                k += negative;
                red += negative;
                all += 1.0;
            }
            key.last++;
            gs_key_judge(&params, &kind, NULL, &key,
                         &(struct gs_open_bin){.n = n * GS_WEIGHT_ONE,
                                               .k = (uint64_t)k * GS_WEIGHT_ONE * GS_P_ONE,
                                               .bin = key.last},
                         1e30);
        }
        const double m = fmin(gs_key_m(&key), 50.0); /* a cut mean has a variance */
        sum += m;
        squares += m * m;
    }
    const double mean = sum / RUNS;
    const double error = sqrt((squares / RUNS - mean * mean) / RUNS);
    print_message("mean of M after %d bins at the edge: %.3f +- %.3f\n", BINS, mean, error);
    assert_true(mean <= 1.0 + 3 * error);
    assert_true(mean > 0.1); /* and it is not simply 0 */
}

static void test_nothing_makes_it_nan(void **state)
{
    (void)state;
    struct rng rng = {11};

    for (int run = 0; run < 300; run++) {
        struct gs_kind kind = {.s = {(float)(rng_unit(&rng) - 0.5)}};
        struct gs_key key = {.last = (int32_t)rng_below(&rng, 1000),
                             .b = (float)(16.0 * rng_unit(&rng) - 8.0),
                             .v = (float)(0.5 * rng_unit(&rng)),
                             .rho_num = (float)(1e6 * (rng_unit(&rng) - 0.5)),
                             .rho_den = (float)(1e6 * rng_unit(&rng))};
        const struct gs_teach teach = {.all = &kind, .frozen_from = 1};
        for (int i = 0; i < 60; i++) {
            const uint32_t n = rng_below(&rng, 4) == 0
                                   ? UINT32_MAX
                                   : (uint32_t)rng_below(&rng, 1U << rng_below(&rng, 31));
            const uint64_t k =
                (uint64_t)((double)n * GS_P_ONE * (rng_below(&rng, 3) == 0 ? 1.0 : rng_unit(&rng)));
            const int32_t bin = key.last + 1 + (int32_t)rng_below(&rng, 1U << rng_below(&rng, 20));
            const struct gs_open_bin open = {.n = n, .k = k, .bin = bin, .reach = n};
            gs_key_idle(&key, bin - key.last - 1);
            gs_key_advance(&params, &kind, &teach, &key, bin);
            gs_kind_settle(&params, &kind, bin);
            gs_key_absorb(&key, &open);
            gs_key_judge(&params, &kind, NULL, &key, &open, 1e9);
            assert_true(isfinite(gs_key_m(&key)) && gs_key_m(&key) >= 0.0 &&
                        gs_key_m(&key) <= 1.0001e9);
            assert_true(isfinite(key.b) && key.v > 0.0F && key.v <= 0.5F && isfinite(key.cusum));
            assert_true(gs_key_rho(&key) >= 0.002 && gs_key_rho(&key) <= 0.5);
            assert_true(gs_key_eta(&key) >= 0.1 && gs_key_eta(&key) <= 1.0);
            assert_true(isfinite(kind.b) && isfinite(kind.v) && kind.v > 0.0F);
        }
    }
}

static void test_start_of_the_run(void **state)
{
    (void)state;
    struct gs_kind kind = {0};
    struct gs_key key = {.b = -1.1F, .v = 0.01F};

    for (int32_t bin = 1; bin <= 40; bin++) {
        const uint64_t share = bin < 30 ? GS_P_ONE / 4 : GS_P_ONE * 7 / 10;
        key.last = bin;
        gs_key_judge(&params, &kind, NULL, &key,
                     &(struct gs_open_bin){.n = 20 * GS_WEIGHT_ONE,
                                           .k = (uint64_t)20 * GS_WEIGHT_ONE * share,
                                           .bin = bin},
                     1e9);
    }
    assert_int_equal(key.excess_from, 30);
    assert_true(gs_key_m(&key) > 1000.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_m_is_the_designs),
        cmocka_unit_test(test_idle_is_many_empty_bins),
        cmocka_unit_test(test_mean_of_m_under_the_null),
        cmocka_unit_test(test_nothing_makes_it_nan),
        cmocka_unit_test(test_start_of_the_run),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
