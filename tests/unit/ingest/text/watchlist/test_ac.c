#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/text/watchlist/ac.h"

static uint32_t seed = 12345;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % n;
}

static int compare(const void *a, const void *b)
{
    const struct gs_str *x = a;
    const struct gs_str *y = b;
    const int order = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);

    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* Every occurrence of every pattern, found by looking at each place. */
static size_t count_naive(const struct gs_str *patterns, size_t n, struct gs_str text)
{
    size_t found = 0;

    for (size_t at = 0; at < text.len; at++) {
        for (size_t p = 0; p < n; p++) {
            found += patterns[p].len <= text.len - at &&
                     memcmp(patterns[p].bytes, text.bytes + at, patterns[p].len) == 0;
        }
    }
    return found;
}

static size_t count_ac(const struct gs_ac *ac, const struct gs_str *patterns, struct gs_str text)
{
    size_t found = 0;
    uint32_t node = 0;

    for (size_t i = 0; i < text.len; i++) {
        node = gs_ac_step(ac, node, (uint8_t)text.bytes[i]);
        for (uint32_t v = ac->out[node] != 0 ? node : ac->dict[node]; v != 0; v = ac->dict[v]) {
            const struct gs_str pattern = patterns[ac->out[v] - 1];
            assert_int_equal(ac->depth[v], pattern.len);
            assert_memory_equal(text.bytes + i + 1 - pattern.len, pattern.bytes, pattern.len);
            found++;
        }
    }
    return found;
}

/* Few letters, so that patterns overlap, end in each other and share fronts. */
static void test_random_patterns_are_all_found(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        char bytes[40][8];
        struct gs_str patterns[40];
        char text[300];
        size_t n = 1 + random_below(40);
        for (size_t p = 0; p < n; p++) {
            patterns[p] = (struct gs_str){bytes[p], 1 + random_below(7)};
            for (size_t i = 0; i < patterns[p].len; i++) {
                bytes[p][i] = (char)(random_below(2) == 0 ? 'a' + (int)random_below(2) : -1);
            }
        }
        qsort(patterns, n, sizeof patterns[0], compare);
        size_t unique = 0;
        for (size_t p = 0; p < n; p++) {
            if (unique == 0 || !gs_str_equal(patterns[unique - 1], patterns[p])) {
                patterns[unique++] = patterns[p];
            }
        }
        for (size_t i = 0; i < sizeof text; i++) {
            text[i] = (char)(random_below(2) == 0 ? 'a' + (int)random_below(2) : -1);
        }
        struct gs_ac ac;
        assert_int_equal(gs_ac_build(patterns, unique, &ac, NULL), GS_OK);
        const struct gs_str all = {text, sizeof text};
        assert_int_equal(count_ac(&ac, patterns, all), count_naive(patterns, unique, all));
        gs_ac_done(&ac);
    }
}

static void test_no_patterns_find_nothing(void **state)
{
    struct gs_ac ac;

    (void)state;
    assert_int_equal(gs_ac_build(NULL, 0, &ac, NULL), GS_OK);
    assert_int_equal(count_ac(&ac, NULL, gs_str("abc")), 0);
    gs_ac_done(&ac);
    gs_ac_done(&ac);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_patterns_are_all_found),
        cmocka_unit_test(test_no_patterns_find_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
