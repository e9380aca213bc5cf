/* Volume mode: the tail is right, what is usual scores low, a surge scores once and high, whatever the
 * stream's size. */
#include "alerting/detector/counts.h"

#include "ingest/base/attr.h"

#include "tests/unit/gs_test.h"

#include <math.h>

static const int64_t t0 = 1767571200000; /* Monday, 2026-01-05 00:00 UTC */
static const int64_t step_ms = 300000;
enum { DAY = 288 };

static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

/* Poisson by Knuth's product; a sum of small ones, since exp(-mean) must not be 0. */
static double poisson(uint64_t *state, double mean)
{
    double n = 0.0;

    while (mean > 0.0) {
        const double least = exp(-fmin(mean, 10.0));
        double product = ((double)(next(state) >> 11) + 0.5) * 0x1p-53;
        while (product >= least) {
            product *= ((double)(next(state) >> 11) + 0.5) * 0x1p-53;
            n += 1.0;
        }
        mean -= 10.0;
    }
    return n;
}

/* Sums of the probabilities, in Python with 60 digits. */
static void test_the_tail(void **state)
{
    static const struct {
        double x, mean, dispersion, log10_p;
    } rows[] = {
        {1, 1, 1, -0.301029995663981},     {5, 1, 1, -1.50514997831991},
        {30, 10, 0.1, -3.27367238122339},  {200, 100, 0.01, -8.57731914140277},
        {3, 10, 0.5, -0.0614524790871932}, {900, 100, 0.3, -9.81099340002853},
    };
    (void)state;

    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const double got = gs_counts_tail(rows[i].x, rows[i].mean, rows[i].dispersion);
        print_message("  P(X >= %g), mean %g, dispersion %g: 10^%.6f\n", rows[i].x, rows[i].mean,
                      rows[i].dispersion, got);
        assert_true(fabs(got - rows[i].log10_p) < 1e-6);
    }
}

/* What twenty days with a day's rhythm give, and then two hours of four times as many. */
struct course {
    double usual, surge; /* the highest scores */
    int first,
        shown; /* row of the surge in which it was first higher than usual; how often it was */
};

static void note(struct course *course, int into, double score)
{
    if (into < 0) {
        course->usual = score > course->usual ? score : course->usual;
    } else if (into < 24 && score > course->usual) {
        course->surge = score > course->surge ? score : course->surge;
        course->first = course->shown == 0 ? into : course->first;
        course->shown++;
    }
}

static struct course play(double size)
{
    struct course course = {.first = -1};
    struct gs_counts counts;
    uint64_t rng = 5;

    gs_counts_init(&counts);
    for (int i = 0; i < 21 * DAY; i++) {
        const int into = i - 20 * DAY - 100;
        const double day = 1.0 + 0.5 * sin(2.0 * 3.14159265 * i / DAY);
        const double much = into >= 0 && into < 24 ? 4.0 : 1.0;
        const struct gs_counts_result result =
            gs_counts_add(&counts, t0 + i * step_ms, poisson(&rng, size * day * much));
        assert_true(result.score >= 0.0 && result.score < 1.0);
        assert_true(isfinite(result.expected) && result.expected > 0.0);
        if (i > 5 * DAY) {
            note(&course, into, result.score);
        }
    }
    return course;
}

static void test_a_surge(void **state)
{
    static const double sizes[] = {2, 20, 400};
    (void)state;

    for (size_t s = 0; s < GS_COUNT(sizes); s++) {
        const struct course course = play(sizes[s]);
        print_message(
            "  %g a row: usual up to %.3f, the surge %.3f after %d rows, shown %d times\n",
            sizes[s], course.usual, course.surge, course.first, course.shown);
        assert_true(course.surge > course.usual);
        assert_true(course.first >= 0 && course.first < 9);
        assert_true(course.shown <= 6);
    }
}

/* Any counts at any times give a score. */
static void test_what_is_odd(void **state)
{
    static const double odd[] = {0, 1e12, 0, 0.5, 1e12, 1e12, 0};
    struct gs_counts counts;
    (void)state;

    gs_counts_init(&counts);
    for (size_t i = 0; i < 350; i++) {
        const struct gs_counts_result result =
            gs_counts_add(&counts, (int64_t)i * 40000000000 - 62135596800000, odd[i % 7]);
        assert_true(result.score >= 0.0 && result.score < 1.0);
        assert_true(isfinite(result.expected) && isfinite(counts.dispersion));
    }
    gs_counts_init(&counts);
    for (int64_t i = 0; i < 1000; i++) { /* nobody ever writes */
        assert_true(gs_counts_add(&counts, i * step_ms, 0.0).score <= 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_tail),
        cmocka_unit_test(test_a_surge),
        cmocka_unit_test(test_what_is_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
