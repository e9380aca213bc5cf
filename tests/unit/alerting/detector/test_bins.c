#include "tests/unit/alerting/detector/watch_helper.h"

static void test_pack(void **state)
{
    (void)state;
    for (int i = 0; i < 128 * 16; i++) { /* exact */
        const double n = i / 16.0;
        assert_true(gs_unpack(gs_pack(n)) == n);
    }
    for (int i = 0; i < 2100; i++) {
        const double n = 128 * pow(1.01, i);
        assert_true(fabs(gs_unpack(gs_pack(n)) - n) <= n / 2047);
    }
    static const struct {
        const char *shows;
        double n;
        uint16_t want;
    } rows[] = {
        {"nothing", 0.0, 0},
        {"not a number", NAN, 0},
        {"less than nothing", -3.0, 0},
        {"the least weight is something", 1.0 / 256, 1},
        {"more than fits is the most that fits", 1e300, UINT16_MAX},
        {"infinity too", INFINITY, UINT16_MAX},
    };
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(gs_pack(rows[i].n), rows[i].want);
    }
}

static void test_cells(void **state)
{
    (void)state;
    struct gs_watch_options options;
    struct gs_detector_params params;
    static const struct {
        const char *shows;
        int64_t ms;
        int cell;
    } rows[] = {
        {"the epoch was a Thursday at midnight", 0, 0},
        {"a minute before it was Wednesday, 23 h", -60000, 23},
        {"Monday 2026-01-05 13:59", 1767621540000, 13},
        {"Friday 2026-01-09 23:59", 1768003140000, 23},
        {"Saturday 2026-01-10 00:00", 1768003200000, 24},
        {"Sunday 2026-01-11 23:55", 1768175700000, 47},
        {"Monday again", 1768176000000, 0},
        {"Sunday before the epoch, 1969-12-28 12:00", -4 * 86400000LL + 43200000, 36},
    };

    constant_options(&options);
    gs_detector_params_init(&params, &options);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(gs_bin_cell(&params, gs_ms_to_bin(&params, rows[i].ms)), rows[i].cell);
    }
}

/* An hour of bins with known contents, and one before it that must not count. */
static void test_hour(void **state)
{
    (void)state;
    struct gs_watch_options options;
    struct gs_detector_params params;
    struct gs_kind kind = {0};
    struct gs_key key = {.last = 100, .b = -1.0F, .v = 0.01F};
    struct gs_hour hour;
    const struct gs_teach teach = {.frozen_to = INT32_MAX};
    double n = 0.0;
    double k = 0.0;

    constant_options(&options);
    gs_detector_params_init(&params, &options);
    for (int32_t bin = 100; bin <= 112; bin++) {
        const uint32_t count = (uint32_t)(bin - 95);
        struct gs_open_bin open = {.n = count * GS_WEIGHT_ONE,
                                   .k = (uint64_t)count * GS_WEIGHT_ONE * GS_P_ONE / 4,
                                   .reach = count + 2};
        gs_key_advance(&params, &kind, &teach, &key, bin);
        gs_key_absorb(&key, &open);
        n += bin > 100 ? count : 0.0;
        k += bin > 100 ? count * 0.25 : 0.0;
    }
    gs_key_hour(&params, &kind, NULL, &key, &hour);
    assert_true(hour.n == n);
    assert_true(fabs(hour.k - k) < n / 500.0); /* shares are kept in 1/255 */
    assert_true(fabs(hour.expected - n / (1.0 + exp(1.0))) < 1e-9 * n);
    assert_true(hour.stories == n);
    assert_true(hour.reach == n + 24);
    gs_key_advance(&params, &kind, &teach, &key, 124);
    gs_key_hour(&params, &kind, NULL, &key, &hour);
    assert_true(hour.n == 0.0 && hour.k == 0.0 && hour.reach == 0.0);
    assert_true(gs_key_delayed(&key) > 0.0); /* but they are in the delay line */
}

static void test_stories_of_weighted_copies(void **state)
{
    (void)state;
    struct gs_watch_options options;
    struct gs_detector_params params;
    struct gs_kind kind = {0};
    struct gs_key key = {.last = 100};
    struct gs_hour hour;

    constant_options(&options);
    options.dup_weight = 0.5;
    gs_detector_params_init(&params, &options);
    /* five stories, two of them told twice: n = 5 + 2 * 0.5 */
    gs_key_absorb(&key, &(struct gs_open_bin){.n = 6 * GS_WEIGHT_ONE, .reach = 7});
    gs_key_hour(&params, &kind, NULL, &key, &hour);
    assert_true(hour.stories == 5.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_hour),
        cmocka_unit_test(test_stories_of_weighted_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
