/* Structs as bytes: what is written is read again, older versions are read, and nothing else is. */
#include "tests/unit/gs_test.h"

#include "ingest/base/fields.h"

#include <math.h>
#include <stdlib.h>

struct thing {
    int32_t when;
    bool on;
    double much;
    float few[5];
    uint16_t grid[3][4];
    int64_t late; /* from version 2 on */
};
/* Version 1 had a number where version 3 has none any more. */
static const struct gs_field v1[] = {
    GS_FIELD(struct thing, when),
    GS_FIELD(struct thing, late),
    GS_FIELD_BOOL(struct thing, on),
    GS_FIELD_REAL(struct thing, much),
    GS_FIELD_REALS(struct thing, few, few[0]),
    GS_FIELD_ARRAY(struct thing, grid, grid[0][0]),
};
static const struct gs_field v3[] = {
    GS_FIELD(struct thing, when),
    {.size = 8, .n = 1, .since = 1, .until = 3},
    GS_FIELD_BOOL(struct thing, on),
    GS_FIELD_REAL(struct thing, much),
    GS_FIELD_REALS(struct thing, few, few[0]),
    GS_FIELD_ARRAY(struct thing, grid, grid[0][0]),
    {.at = offsetof(struct thing, late), .size = 8, .n = 1, .since = 2},
};

static const struct thing some = {
    -7, true, 2.5, {0.0F, 1.5F, 0.0F, 0.0F, -3.0F}, {{1, 0, 0, 2}, {0}, {0, 0, 65535, 0}}, 99};

static void test_reads_what_was_written(void **state)
{
    struct gs_buf bytes = {.max = 1000};
    struct thing read = {0};

    (void)state;
    gs_fields_write(v3, GS_COUNT(v3), &some, &bytes);
    struct gs_fields_in in = {bytes.bytes, bytes.len};
    assert_true(gs_fields_read(v3, GS_COUNT(v3), 3, &in, &read));
    assert_int_equal(in.left, 0);
    assert_memory_equal(&read, &some, sizeof some);
    gs_buf_done(&bytes);
}

static void test_reads_an_older_version(void **state)
{
    struct gs_buf bytes = {.max = 1000};
    struct thing read = {.late = -1};

    (void)state;
    gs_fields_write(v1, GS_COUNT(v1), &some, &bytes);
    struct gs_fields_in in = {bytes.bytes, bytes.len};
    assert_true(gs_fields_read(v3, GS_COUNT(v3), 1, &in, &read));
    assert_int_equal(in.left, 0);
    assert_int_equal(read.late, -1); /* version 1 says nothing of it */
    assert_int_equal(read.when, -7);
    assert_memory_equal(read.grid, some.grid, sizeof some.grid);
    gs_buf_done(&bytes);
}

static void test_every_cut_is_refused(void **state)
{
    struct gs_buf bytes = {.max = 1000};
    struct thing read = {0};

    (void)state;
    gs_fields_write(v3, GS_COUNT(v3), &some, &bytes);
    for (size_t cut = 0; cut < bytes.len; cut++) {
        char *exact = malloc(cut + 1); /* so that ASan sees one byte too many */
        assert_non_null(exact);
        memcpy(exact, bytes.bytes, cut);
        struct gs_fields_in in = {exact, cut};
        assert_false(gs_fields_read(v3, GS_COUNT(v3), 3, &in, &read));
        free(exact);
    }
    gs_buf_done(&bytes);
}

static void test_numbers_have_to_be_of_their_kind(void **state)
{
    static const struct {
        const char *shows;
        double much;
        float few;
        char on;
    } rows[] = {
        {"not a number", (double)NAN, 0.0F, 1},
        {"infinite in an array", 0.0, INFINITY, 1},
        {"neither true nor false", 0.0, 0.0F, 2},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_buf bytes = {.max = 1000};
        struct thing thing = some;
        thing.much = rows[i].much;
        thing.few[2] = rows[i].few;
        memcpy(&thing.on, &rows[i].on, 1);
        gs_fields_write(v3, GS_COUNT(v3), &thing, &bytes);
        struct gs_fields_in in = {bytes.bytes, bytes.len};
        if (gs_fields_read(v3, GS_COUNT(v3), 3, &in, &(struct thing){0})) {
            fail_msg("%s: is read", rows[i].shows);
        }
        gs_buf_done(&bytes);
    }
}

static void test_texts(void **state)
{
    struct gs_buf bytes = {.max = 1000};
    struct gs_str text = {NULL, 0};

    (void)state;
    gs_fields_put_str(&bytes, gs_str("a text"));
    struct gs_fields_in in = {bytes.bytes, bytes.len};
    assert_true(gs_fields_take_str(&in, &text));
    assert_true(gs_str_equal(text, gs_str("a text")) && in.left == 0);
    in = (struct gs_fields_in){bytes.bytes, bytes.len - 1};
    assert_false(gs_fields_take_str(&in, &text));
    gs_buf_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_was_written),
        cmocka_unit_test(test_reads_an_older_version),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_numbers_have_to_be_of_their_kind),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
