/* Which steps may share a 16-bit sum, and that every row's sums stay exact with it. */
#include "classifier/encoder/kernels/kernels.h"
#include "ingest/base/attr.h"
#include "tests/unit/classifier/encoder/encoder_fixture.h"

#include <stdbool.h>

enum { LIMIT = 258 };

static int8_t *writable(const struct gs_q8_linear *w)
{
    int8_t *packed = NULL;
    memcpy(&packed, &w->packed, sizeof packed); /* the fixture's own block */
    return packed;
}

/* Bell-shaped weights with a spread of one output's largest / 3.3, as trained ones are. */
static struct gs_q8_linear trained(size_t n, size_t k)
{
    struct gs_q8_linear w = any_linear(n, k, 0);
    int8_t *packed = writable(&w);
    for (size_t i = 0; i < w.n_padded * w.k_padded; i++) {
        const float v = rintf(any_float(54));
        if (packed[i] != 0) { /* zero is padding */
            packed[i] = (int8_t)fmaxf(-127, fminf(127, v));
        }
    }
    return w;
}

static uint16_t *pairs_of(struct gs_q8_linear *w)
{
    uint16_t *pairs = block(gs_q8_pairs_len(w) * sizeof *pairs);
    gs_q8_pairs(w, pairs);
    w->pairs = pairs;
    return pairs;
}

/* The largest sum of weights of one sign that meet in a 16-bit lane when both steps are added. */
static int meeting(const int8_t *a, const int8_t *b)
{
    int most = 0;
    for (size_t lane = 0; lane < 32; lane++) {
        const int v[4] = {a[2 * lane], a[2 * lane + 1], b[2 * lane], b[2 * lane + 1]};
        int up = 0;
        int down = 0;
        for (size_t i = 0; i < 4; i++) {
            up += v[i] > 0 ? v[i] : 0;
            down -= v[i] < 0 ? v[i] : 0;
        }
        most = up > most ? up : most;
        most = down > most ? down : most;
    }
    return most;
}

/* Checks one block's list; returns how many steps are in pairs. */
static size_t check_block(const int8_t *packed, const uint16_t *list, size_t n_steps)
{
    uint8_t *seen = block(n_steps);
    const size_t n_paired = list[0];

    memset(seen, 0, n_steps);
    assert_int_equal(n_paired % 2, 0);
    assert_true(n_paired <= n_steps);
    for (size_t i = 0; i < n_steps; i++) {
        assert_true(list[1 + i] < n_steps);
        assert_int_equal(seen[list[1 + i]]++, 0);
    }
    for (size_t i = 0; i < n_paired; i += 2) {
        assert_true(meeting(packed + 64 * (size_t)list[1 + i], packed + 64 * (size_t)list[2 + i]) <=
                    LIMIT);
    }
    free(seen);
    return n_paired;
}

static size_t check_all(const struct gs_q8_linear *w)
{
    const size_t n_steps = w->k_padded / 4;
    size_t n_paired = 0;
    for (size_t b = 0; b < w->n_padded / 16; b++) {
        n_paired +=
            check_block(w->packed + b * 16 * w->k_padded, w->pairs + b * (1 + n_steps), n_steps);
    }
    return n_paired;
}

static void test_every_step_is_listed_once_and_pairs_fit(void **state)
{
    static const size_t inputs[] = {1, 64, 65, 384, 1536};
    (void)state;
    for (size_t i = 0; i < GS_COUNT(inputs); i++) {
        struct gs_q8_linear any_weights = any_linear(70, inputs[i], 0);
        struct gs_q8_linear real = trained(70, inputs[i]);
        uint16_t *any_pairs = pairs_of(&any_weights);
        uint16_t *real_pairs = pairs_of(&real);
        const size_t n_steps = real.n_padded / 16 * real.k_padded / 4;
        check_all(&any_weights);
        const size_t n_paired = check_all(&real);
        print_message("  %zu inputs: %zu of %zu steps in pairs\n", inputs[i], n_paired, n_steps);
        assert_true(n_paired * 10 >= n_steps * 9);
        free(any_pairs);
        free(real_pairs);
        free_linear(&any_weights);
        free_linear(&real);
    }
}

/* Weights a and b alternate from step to step. */
static struct gs_q8_linear alternating(int a, int b)
{
    struct gs_q8_linear w = any_linear(64, 128, 0);
    int8_t *packed = writable(&w);
    for (size_t i = 0; i < w.n_padded * w.k_padded; i++) {
        packed[i] = (int8_t)(i / 64 % 2 == 0 ? a : b);
    }
    return w;
}

static const struct {
    const char *shows;
    int a, b;
    bool all;
} edges[] = {
    {"129 + 129 up: the last that fits", 127, 2, true},
    {"one more up is one too many", 127, 3, false},
    {"129 + 129 down", -127, -2, true},
    {"one more down", -127, -3, false},
    {"the most that a byte holds, with nothing", -128, 0, true},
    {"up and down do not meet", 127, -127, true},
    {"everything large", 127, 127, false},
    {"everything zero", 0, 0, true},
};

static void same_sums(struct gs_q8_linear *w, const struct gs_q8_rows *x, size_t m)
{
    const struct gs_encoder_kernels *const *rows = NULL;
    const size_t n_rows = gs_encoder_kernels(&rows);
    const uint16_t *pairs = w->pairs;
    const size_t bytes = m * w->n_padded * sizeof(int32_t);
    int32_t *want = block(bytes);
    int32_t *got = block(bytes);

    w->pairs = NULL;
    gs_encoder_kernels_scalar.sums(w, x, m, want, w->n_padded);
    w->pairs = pairs;
    for (size_t r = 0; r < n_rows; r++) {
        rows[r]->sums(w, x, m, got, w->n_padded);
        assert_memory_equal(want, got, bytes);
    }
    free(want);
    free(got);
}

static void test_the_limit_is_where_16_bits_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(edges); i++) {
        struct gs_q8_linear w = alternating(edges[i].a, edges[i].b);
        struct gs_q8_rows x = any_rows(9, 128, 127);
        uint16_t *pairs = pairs_of(&w);
        const size_t n_steps = w.n_padded / 16 * w.k_padded / 4;
        const bool all = check_all(&w) == n_steps;
        print_message("  %s\n", edges[i].shows);
        /* Of steps that cannot go with each other, small ones still go together. */
        assert_int_equal(all, edges[i].all);
        same_sums(&w, &x, 9);
        free(pairs);
        free_rows(&x);
        free_linear(&w);
    }
}

/* For every pair the inputs that drive its 16-bit sums furthest: 127 where weights are positive. */
static void test_the_worst_inputs_are_exact(void **state)
{
    enum { M = 64 };
    (void)state;
    struct gs_q8_linear w = trained(64, 384);
    struct gs_q8_rows x = any_rows(M, 384, 0);
    uint16_t *pairs = pairs_of(&w);
    for (size_t j = 0; j < M; j++) {
        for (size_t i = 0; i < w.k_padded; i++) {
            const int8_t b = w.packed[j / 16 * 16 * w.k_padded + i / 4 * 64 + j % 16 * 4 + i % 4];
            x.q[j * x.k_padded + i] = b > 0 ? 127 : 0;
        }
    }
    same_sums(&w, &x, M);
    for (size_t i = 0; i < M * x.k_padded; i++) {
        x.q[i] = (uint8_t)(127 - x.q[i]);
    }
    same_sums(&w, &x, M);
    free(pairs);
    free_rows(&x);
    free_linear(&w);
}

static void test_any_rows_are_exact(void **state)
{
    (void)state;
    for (size_t m = 1; m <= 14; m++) {
        struct gs_q8_linear w = trained(70, 65 + 64 * m);
        struct gs_q8_rows x = any_rows(m, w.k, 0);
        uint16_t *pairs = pairs_of(&w);
        same_sums(&w, &x, m);
        free(pairs);
        free_rows(&x);
        free_linear(&w);
    }
}

static void test_no_rows_are_no_work(void **state)
{
    const struct gs_encoder_kernels *const *rows = NULL;
    const size_t n_rows = gs_encoder_kernels(&rows);
    struct gs_q8_linear w = trained(64, 64);
    struct gs_q8_rows x = any_rows(1, 64, 0);
    uint16_t *pairs = pairs_of(&w);
    (void)state;
    for (size_t r = 0; r < n_rows; r++) {
        int32_t *sums = block(1);
        float *y = block(1);
        rows[r]->sums(&w, &x, 0, sums, w.n_padded);
        rows[r]->linear(&w, &x, 0, GS_ACT_GELU, y, w.n_padded);
        free(sums);
        free(y);
    }
    free(pairs);
    free_rows(&x);
    free_linear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_step_is_listed_once_and_pairs_fit),
        cmocka_unit_test(test_the_limit_is_where_16_bits_end),
        cmocka_unit_test(test_the_worst_inputs_are_exact),
        cmocka_unit_test(test_any_rows_are_exact),
        cmocka_unit_test(test_no_rows_are_no_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
