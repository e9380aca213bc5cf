#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/text/clean/scan.h"

/* Around one and two vectors of 32. */
static const size_t lengths[] = {0, 1, 2, 31, 32, 33, 63, 64, 65, 100};

static void test_a_byteset_holds_what_was_added(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 256; b++) {
        struct gs_byteset set = {{0}, {0}};
        gs_byteset_add(&set, (uint8_t)b);
        for (unsigned other = 0; other < 256; other++) {
            assert_int_equal(gs_byteset_has(&set, (uint8_t)other), b == other);
        }
    }
}

/* A row against the scalar one: n letters with the byte value at at. */
static void check_row(const struct gs_scan *row, size_t n, size_t at, uint8_t value)
{
    struct gs_byteset set = {{0}, {0}};
    uint8_t *bytes = malloc(n == 0 ? 1 : n);

    assert_non_null(bytes);
    gs_byteset_add(&set, '<');
    gs_byteset_add(&set, '9');
    gs_byteset_add(&set, 0xC3);
    gs_byteset_add(&set, 0xFF);
    memset(bytes, 'a', n);
    if (at < n) {
        bytes[at] = value;
    }
    assert_int_equal(row->plain(bytes, n), gs_scan_scalar.plain(bytes, n));
    assert_int_equal(row->ascii(bytes, n), gs_scan_scalar.ascii(bytes, n));
    assert_int_equal(row->find(bytes, n, &set), gs_scan_scalar.find(bytes, n, &set));
    free(bytes);
}

/* One odd byte at every place, of every value, in an exact-size block. */
static void test_rows_agree(void **state)
{
    const struct gs_scan *rows[2];
    const size_t n_rows = gs_scan_rows(rows);

    (void)state;
    assert_int_equal(n_rows, GS_TEST_CPU_HAS_AVX2 ? 2 : 1);
    for (size_t r = 0; r < n_rows; r++) {
        print_message("  %s\n", rows[r]->name);
        for (size_t l = 0; l < GS_COUNT(lengths); l++) {
            for (size_t i = 0; i < (lengths[l] + 1) * 256; i++) {
                check_row(rows[r], lengths[l], i / 256, (uint8_t)(i % 256));
            }
        }
    }
}

static void test_two_blanks_end_a_plain_run_wherever_they_stand(void **state)
{
    const struct gs_scan *rows[2];
    const size_t n_rows = gs_scan_rows(rows);
    char text[100];

    (void)state;
    for (size_t r = 0; r < n_rows; r++) {
        for (size_t at = 0; at + 1 < sizeof text; at++) {
            memset(text, 'x', sizeof text);
            text[at] = text[at + 1] = ' ';
            assert_int_equal(rows[r]->plain((const uint8_t *)text, sizeof text), at + 1);
        }
        /* Single blanks don't. */
        for (size_t i = 0; i < sizeof text; i++) {
            text[i] = i % 2 == 0 ? ' ' : 'x';
        }
        assert_int_equal(rows[r]->plain((const uint8_t *)text, sizeof text), sizeof text);
    }
}

static void test_environment_forces_the_scalar_row(void **state)
{
    const struct gs_scan *rows[2];
    const size_t n_rows = gs_scan_rows(rows);

    (void)state;
    assert_int_equal(setenv("GS_KERNELS", "scalar", 1), 0); /* NOLINT(concurrency-mt-unsafe) */
    assert_ptr_equal(gs_scan_pick(), &gs_scan_scalar);
    assert_int_equal(unsetenv("GS_KERNELS"), 0); /* NOLINT(concurrency-mt-unsafe) */
    assert_ptr_equal(gs_scan_pick(), rows[n_rows - 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_byteset_holds_what_was_added),
        cmocka_unit_test(test_rows_agree),
        cmocka_unit_test(test_two_blanks_end_a_plain_run_wherever_they_stand),
        cmocka_unit_test(test_environment_forces_the_scalar_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
