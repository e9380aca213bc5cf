#include "classifier/safetensors.h"
#include "tests/unit/gs_test.h"

static const struct {
    const char *shows;
    const char *header;
    size_t data; /* bytes behind it */
    enum gs_status want;
} cases[] = {
    {"no tensor", "{}", 0, GS_OK},
    {"one tensor", "{\"a\":{\"dtype\":\"I8\",\"shape\":[2,3],\"data_offsets\":[0,6]}}", 6, GS_OK},
    {"metadata is passed over", "{\"__metadata__\":{\"x\":\"y\"}}", 0, GS_OK},
    {"beyond the file", "{\"a\":{\"dtype\":\"I8\",\"shape\":[6],\"data_offsets\":[0,6]}}", 5,
     GS_BAD_FORMAT},
    {"shape and bytes differ", "{\"a\":{\"dtype\":\"U32\",\"shape\":[6],\"data_offsets\":[0,6]}}",
     6, GS_BAD_FORMAT},
    {"product overflows",
     "{\"a\":{\"dtype\":\"I8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 9,
     GS_BAD_FORMAT},
    {"backwards", "{\"a\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[2,1]}}", 6,
     GS_BAD_FORMAT},
    {"negative", "{\"a\":{\"dtype\":\"I8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 6,
     GS_BAD_FORMAT},
    {"a type of nobody", "{\"a\":{\"dtype\":\"F65\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8,
     GS_BAD_FORMAT},
    {"eight dimensions",
     "{\"a\":{\"dtype\":\"I8\",\"shape\":[1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, GS_OK},
    {"a list", "[]", 0, GS_BAD_FORMAT},
    {"not JSON", "{", 0, GS_BAD_FORMAT},
    {"no member", "{\"a\":3}", 0, GS_BAD_FORMAT},
};

static size_t file_of(const char *header, size_t data, char *to)
{
    const size_t n = strlen(header);
    memset(to, 0, 8);
    to[0] = (char)n;
    for (size_t i = 0; i < n; i++) {
        to[8 + i] = header[i];
    }
    memset(to + 8 + n, 1, data);
    return 8 + n + data;
}

static void test_directories(void **state)
{
    static struct gs_safetensors all;
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        char file[256];
        const size_t n = file_of(cases[i].header, cases[i].data, file);
        print_message("  %s\n", cases[i].shows);
        assert_int_equal(gs_safetensors_parse((struct gs_str){file, n}, &all, NULL), cases[i].want);
    }
}

static void test_length_that_lies(void **state)
{
    static struct gs_safetensors all;
    char file[16] = {0};
    (void)state;
    for (size_t n = 0; n < 8; n++) {
        assert_int_equal(gs_safetensors_parse((struct gs_str){file, n}, &all, NULL), GS_BAD_FORMAT);
    }
    memset(file, 0xFF, 8);
    assert_int_equal(gs_safetensors_parse((struct gs_str){file, 16}, &all, NULL), GS_BAD_FORMAT);
}

static void test_round_trip(void **state)
{
    static struct gs_safetensors all;
    static const float numbers[] = {1.5F, -2.0F};
    struct gs_buf out = {.max = 4096};
    struct gs_tensor tensors[] = {
        {.name = "rows", .dtype = GS_DTYPE_I8, .n_dims = 2, .shape = {1, 3}, .bytes = {"abc", 3}},
        {.name = "scale",
         .dtype = GS_DTYPE_F32,
         .n_dims = 1,
         .shape = {2},
         .bytes = {(const char *)numbers, sizeof numbers}},
    };
    (void)state;
    gs_safetensors_write(&out, tensors, 2);
    assert_true(gs_buf_ok(&out));
    assert_int_equal(gs_safetensors_parse(gs_buf_str(&out), &all, NULL), GS_OK);
    assert_int_equal(all.n, 2);
    const struct gs_tensor *scale = gs_safetensors_find(&all, "scale");
    assert_non_null(scale);
    assert_int_equal(scale->bytes.len, sizeof numbers);
    assert_memory_equal(scale->bytes.bytes, numbers, sizeof numbers);
    assert_null(gs_safetensors_find(&all, "bias"));
    gs_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directories),
        cmocka_unit_test(test_length_that_lies),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
