#include "classifier/format/gzip.h"
#include "tests/unit/gs_test.h"

#include <stdlib.h>

static const size_t lengths[] = {0, 1, 100, 65535, 65536, 65537, 300000};

static struct gs_buf packed_of(const char *bytes, size_t n)
{
    struct gs_buf out = {.max = 1 << 24};
    assert_int_equal(gs_gzip_put((struct gs_str){bytes, n}, &out, NULL), GS_OK);
    return out;
}

static void test_round_trip(void **state)
{
    char *bytes = malloc(300000);
    uint32_t random = 1;
    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < 300000; i++) {
        random = random * 1664525U + 1013904223U;
        bytes[i] = (char)(random >> 29);
    }
    for (size_t i = 0; i < GS_COUNT(lengths); i++) {
        struct gs_buf packed = packed_of(bytes, lengths[i]);
        struct gs_buf again = packed_of(bytes, lengths[i]);
        struct gs_buf out = {.max = 300000 + (1 << 16)};
        assert_true(gs_gzip_is(gs_buf_str(&packed)));
        assert_true(gs_str_equal(gs_buf_str(&packed), gs_buf_str(&again)));
        assert_int_equal(gs_gzip_get(gs_buf_str(&packed), &out, NULL), GS_OK);
        assert_int_equal(out.len, lengths[i]);
        assert_true(lengths[i] == 0 || memcmp(out.bytes, bytes, lengths[i]) == 0);
        gs_buf_done(&packed);
        gs_buf_done(&again);
        gs_buf_done(&out);
    }
    free(bytes);
}

static void test_refuses(void **state)
{
    static const char zeros[200000];
    struct gs_buf packed = packed_of(zeros, sizeof zeros);
    struct gs_buf out = {.max = 1 << 20};
    (void)state;
    for (size_t n = 0; n < packed.len; n++) { /* every cut */
        gs_buf_reset(&out);
        assert_int_equal(gs_gzip_get((struct gs_str){packed.bytes, n}, &out, NULL), GS_BAD_FORMAT);
    }
    gs_buf_reset(&out);
    gs_buf_putc(&packed, 'x');
    assert_int_equal(gs_gzip_get(gs_buf_str(&packed), &out, NULL), GS_BAD_FORMAT);
    gs_buf_done(&out);
    out = (struct gs_buf){.max = 100000}; /* a bomb stops at the ceiling */
    assert_int_equal(gs_gzip_get((struct gs_str){packed.bytes, packed.len - 1}, &out, NULL),
                     GS_NO_MEMORY);
    gs_buf_done(&packed);
    gs_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
