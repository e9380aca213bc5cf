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

/* The design's filter, bin by bin over explicit arrays, in doubles. */
struct brute {
    double n[4000], share[4000];
    double b, v, num, den, z, var, ratio_sum, ratio_n;
};

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static void brute_leave(struct brute *brute, int bin)
{
    const double n = brute->n[bin];
    if (n > 0.0) {
        const double mu = 1.0 / (1.0 + exp(-brute->b));
        const double w = mu * (1.0 - mu);
        const double rho = clamp((brute->num + 0.05 * 200.0) / (brute->den + 200.0), 0.002, 0.5);
        const double spread = 1.0 + (n > 1.0 ? n - 1.0 : 0.0) * rho;
        const double var = n * w * spread;
        const double by_v = n * n * w * w * brute->v;
        const double z =
            clamp(n * brute->share[bin] - n * mu, -2.5 * sqrt(var + by_v), 2.5 * sqrt(var + by_v));
        const double n_eff = n / spread;
        if (n > 1.0) {
            brute->num += z * z - n * w - by_v;
            brute->den += n * (n - 1.0) * w;
        }
        if (brute->v <= 0.05) {
            brute->z += z;
            brute->var += var + by_v;
        }
        brute->v = 1.0 / (1.0 / brute->v + n_eff * w);
        brute->b += brute->v * z * n_eff / n;
    }
    if (bin % 12 == 11 && brute->var > 0.0) {
        const double keep = pow(0.5, 1.0 / 240.0);
        brute->ratio_sum = brute->ratio_sum * keep + clamp(brute->z * brute->z / brute->var, 0, 25);
        brute->ratio_n = brute->ratio_n * keep + 1.0;
        brute->z = brute->var = 0.0;
    }
}

static void check_filter(const char *shows, double n_mean, double share, double spread,
                         int gap_every, int hold)
{
    static struct brute brute;
    struct rng rng = {77};
    struct gs_kind kind = {0};
    struct gs_key key = {.last = 40, .b = -1.1F, .v = 0.5F, .born = true};
    const struct gs_teach teach = {.frozen_from = 1};
    double swing = 0.0;
    brute = (struct brute){.b = (double)-1.1F, .v = 0.5};

    for (int bin = 41; bin < 4000; bin++) {
        const bool silent = gap_every > 0 && bin / gap_every % 2 == 1;
        const double n = silent ? 0.0 : floor(n_mean * 2.0 * rng_unit(&rng));
        swing = bin % hold == 0 ? rng_unit(&rng) - 0.5 : swing;
        const double this_share = clamp(share + spread * swing, 0.0, 1.0);
        const uint64_t k = (uint64_t)(n * this_share * GS_WEIGHT_ONE * GS_P_ONE);
        if (n > 0.0) { /* the key is only moved where it has messages */
            gs_key_advance(&params, &kind, &teach, &key, bin);
            gs_key_absorb(
                &key, &(struct gs_open_bin){.n = (uint32_t)n * GS_WEIGHT_ONE, .k = k, .reach = 1});
            brute.n[bin] = gs_unpack(gs_pack(n));
            brute.share[bin] = this_share;
        }
        brute.num *= pow(0.5, 1.0 / 2880.0);
        brute.den *= pow(0.5, 1.0 / 2880.0);
        brute.v = fmin(brute.v + 0.02 / 288.0, 0.5);
        if (bin >= 77) {
            brute_leave(&brute, bin - 36);
        }
    }
    gs_key_advance(&params, &kind, &teach, &key, 3999);
    const double rho = clamp((brute.num + 10.0) / (brute.den + 200.0), 0.002, 0.5);
    const double eta = clamp((brute.ratio_n + 24.0) / (brute.ratio_sum + 24.0), 0.1, 1.0);
    print_message("  %s: b %.4f v %.5f rho %.4f eta %.3f\n", shows, (double)key.b, (double)key.v,
                  gs_key_rho(&key), gs_key_eta(&key));
    assert_true(fabs((double)key.b - brute.b) < 2e-3);
    assert_true(fabs((double)key.v - brute.v) < 1e-3 * brute.v + 1e-6);
    assert_true(fabs(gs_key_rho(&key) - rho) < 2e-3);
    assert_true(fabs(gs_key_eta(&key) - eta) < 5e-3);
}

static void test_filter_is_the_designs(void **state)
{
    (void)state;
    check_filter("ten messages a bin", 10, 0.4, 0.3, 0, 1);
    check_filter("one message in four bins", 0.6, 0.4, 0.3, 0, 1);
    check_filter("hundreds, very dispersed", 300, 0.2, 0.4, 0, 1);
    check_filter("bins of an hour swing together", 50, 0.4, 0.5, 0, 12);
    check_filter("on and off every half hour", 10, 0.3, 0.3, 6, 1);
    check_filter("silent for days between", 10, 0.3, 0.3, 700, 1);
}

static void test_it_finds_the_level(void **state)
{
    (void)state;
    struct rng rng = {3};
    struct gs_kind kind = {0};
    struct gs_key key = {.last = 0, .b = -1.1F, .v = 0.5F};
    const struct gs_teach teach = {.frozen_from = 1};

    for (int bin = 1; bin < 288 * 10; bin++) {
        uint32_t k = 0;
        for (int i = 0; i < 10; i++) {
            k += rng_unit(&rng) < 0.6;
        }
        gs_key_advance(&params, &kind, &teach, &key, bin);
        gs_key_absorb(&key, &(struct gs_open_bin){.n = 10 * GS_WEIGHT_ONE,
                                                  .k = (uint64_t)k * GS_WEIGHT_ONE * GS_P_ONE,
                                                  .reach = 10});
    }
    print_message("b %.3f (0.405), rho %.4f (0), eta %.2f (1)\n", (double)key.b, gs_key_rho(&key),
                  gs_key_eta(&key));
    assert_true(fabs((double)key.b - 0.405) < 0.15);
    assert_true(gs_key_rho(&key) < 0.02);
    assert_true(gs_key_eta(&key) > 0.8);
}

/* A surge is no lesson for three hours, and none at all while it is frozen. */
static void test_delay_and_freeze(void **state)
{
    (void)state;
    struct gs_kind kind = {0};
    struct gs_key key = {.last = 0, .b = -1.1F, .v = 0.02F};
    const struct gs_teach learn = {.frozen_from = 1};
    const struct gs_teach frozen = {.frozen_from = 1, .frozen_to = INT32_MAX};
    const struct gs_open_bin negative = {
        .n = 20 * GS_WEIGHT_ONE, .k = (uint64_t)20 * GS_WEIGHT_ONE * GS_P_ONE, .reach = 20};

    for (int bin = 1; bin <= 36; bin++) {
        gs_key_advance(&params, &kind, &learn, &key, bin);
        gs_key_absorb(&key, &negative);
        assert_true(key.b == -1.1F);
    }
    struct gs_key other = key;
    gs_key_advance(&params, &kind, &learn, &key, 40);
    assert_true(key.b > -1.0F);
    gs_key_advance(&params, &kind, &frozen, &other, 40);
    assert_true(other.b == -1.1F);
    assert_true(gs_key_delayed(&other) == gs_key_delayed(&key));
}

/* One jump over a gap ends where as many single steps end. */
static void test_a_jump_is_many_steps(void **state)
{
    (void)state;
    static const int32_t gaps[] = {1, 5, 35, 36, 37, 100, 2016, 2000000000};

    for (size_t i = 0; i < GS_COUNT(gaps); i++) {
        struct rng rng = {i};
        struct gs_kind kind = {0};
        const struct gs_teach teach = {.frozen_from = 1};
        struct gs_key one = {.last = 0, .b = -1.0F, .v = 0.01F};
        for (int bin = 1; bin <= 50; bin++) {
            const uint32_t n = (uint32_t)rng_below(&rng, 9);
            gs_key_advance(&params, &kind, &teach, &one, bin);
            gs_key_absorb(&one, &(struct gs_open_bin){.n = n * GS_WEIGHT_ONE,
                                                      .k = (uint64_t)n * GS_WEIGHT_ONE *
                                                           rng_below(&rng, GS_P_ONE),
                                                      .reach = n,
                                                      .pub = {(uint16_t)(bin * 7)}});
        }
        struct gs_key many = one;
        gs_key_advance(&params, &kind, &teach, &one, 50 + gaps[i]);
        for (int32_t bin = 51; bin <= 50 + gaps[i] && bin < 10000; bin++) {
            gs_key_advance(&params, &kind, &teach, &many, bin);
        }
        assert_true(fabsf(one.b - many.b) < 1e-3F);
        assert_true(gaps[i] > 10000 || fabsf(one.v - many.v) < 1e-3F * many.v);
        assert_memory_equal(one.n, many.n, gaps[i] > 10000 ? 0 : sizeof one.n);
        assert_memory_equal(one.reach, many.reach, gaps[i] > 10000 ? 0 : sizeof one.reach);
        assert_true(gaps[i] <= 10000 || one.v == 0.5F);
    }
}

/* A kind learns the level of its keys and the swing of the day. */
static void test_kind_learns_level_and_hours(void **state)
{
    (void)state;
    struct rng rng = {5};
    struct gs_kind kind = {.b = -1.1F, .v = 0.5F};
    for (size_t i = 0; i < GS_CELLS; i++) {
        kind.s_v[i] = 0.04F;
    }

    for (int bin = 1; bin < 288 * 30; bin++) {
        const int cell = gs_bin_cell(&params, bin);
        const double odds = 0.4 + 0.3 * sin(6.2832 * cell / 24.0);
        for (int i = 0; i < 20; i++) {
            const double share = 1.0 / (1.0 + exp(-odds)) + 0.2 * (rng_unit(&rng) - 0.5);
            gs_kind_teach(&kind, cell, 8.0, share, 0.05);
        }
        gs_kind_settle(&params, &kind, bin);
    }
    for (int cell = 0; cell < 48; cell += 3) {
        const double want = 0.4 + 0.3 * sin(6.2832 * cell / 24.0);
        assert_true(fabs((double)kind.b + (double)kind.s[cell] - want) < 0.12);
    }
    assert_true(kind.v < 0.1F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter_is_the_designs),
        cmocka_unit_test(test_it_finds_the_level),
        cmocka_unit_test(test_delay_and_freeze),
        cmocka_unit_test(test_a_jump_is_many_steps),
        cmocka_unit_test(test_kind_learns_level_and_hours),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
