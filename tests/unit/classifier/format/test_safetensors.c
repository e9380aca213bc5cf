#include "classifier/format/safetensors.h"
#include "tests/unit/gs_test.h"

#include <math.h>
#include <stdlib.h>

#define ONE(dtype, shape, offsets)                                                                 \
    "{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"
#define A(dtype, shape, offsets) "{\"a\":" ONE(dtype, shape, offsets) "}"
#define AB(first, second) "{\"a\":" first ",\"b\":" second "}"
#define LETTERS "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl" /* 64 */

/* words NULL: it is read. */
static const struct {
    const char *shows;
    const char *header;
    size_t data; /* bytes behind it */
    const char *words;
} cases[] = {
    {"no tensor", "{}", 0, NULL},
    {"spaces around everything", "{ \"a\" : " ONE(" U8", " 1 ", " 0 , 1 ") " }  ", 1, "dtype"},
    {"spaces where JSON has them", "{ \"a\" : " ONE("U8", " 1 ", " 0 , 1 ") " }  ", 1, NULL},
    {"one tensor", A("I8", "2,3", "0,6"), 6, NULL},
    {"a scalar", A("F32", "", "0,4"), 4, NULL},
    {"eight dimensions", A("I8", "1,1,1,1,1,1,1,1", "0,1"), 1, NULL},
    {"nothing in it", A("F32", "0,4294967296,4294967296", "0,0"), 0, NULL},
    {"types that nothing here uses", AB(ONE("I64", "1", "0,8"), ONE("BOOL", "1", "8,9")), 9, NULL},
    {"in another order than their bytes", AB(ONE("I8", "2", "2,4"), ONE("I8", "2", "0,2")), 4,
     NULL},
    {"an empty one between two",
     "{\"z\":" ONE("I8", "2", "0,2") ",\"e\":" ONE("I8", "0", "2,2") ",\"a\":" ONE("I8", "1",
                                                                                   "2,3") "}",
     3, NULL},
    {"metadata", "{\"__metadata__\":{\"x\":\"y\"}}", 0, NULL},
    {"empty metadata", "{\"__metadata__\":{}}", 0, NULL},
    {"an escaped name", "{\"\\u0061\\/\":" ONE("I8", "1", "0,1") "}", 1, NULL},
    {"a long text with escapes in metadata",
     "{\"__metadata__\":{\"x\":\"\\n" LETTERS LETTERS "\",\"format\":\"p\\u0074\"}}", 0, NULL},
    {"a pair of surrogates in metadata", "{\"__metadata__\":{\"x\":\"\\ud83d\\ude00\"}}", 0, NULL},

    {"a byte too few", A("I8", "6", "0,6"), 5, "outside the file"},
    {"a byte too many", A("I8", "6", "0,6"), 7, "1 bytes at the end belong to no tensor"},
    {"shape and bytes differ", A("U32", "6", "0,6"), 6, "larger than the file"},
    {"shape and bytes differ inside the file", A("I8", "5", "0,6"), 6, "disagree"},
    {"a product that overflows", A("I8", "4294967296,4294967296", "0,0"), 9, "larger than"},
    {"a product that overflows to 1", A("I8", "6148914691236517205,3", "0,1"), 1, "larger than"},
    {"a size above 64 bits", A("I8", "18446744073709551616", "0,1"), 1, "shape is not one list"},
    {"nine dimensions", A("I8", "1,1,1,1,1,1,1,1,1", "0,1"), 1, "up to 8 whole numbers"},
    {"backwards", A("I8", "1", "2,1"), 6, "outside the file"},
    {"a negative shape", A("I8", "-1", "0,1"), 6, "shape is not one list"},
    {"a negative offset", A("I8", "1", "-1,0"), 6, "data_offsets is not one pair"},
    {"half a value", A("I8", "1.0", "0,1"), 1, "shape is not one list"},
    {"an exponent", A("I8", "1e0", "0,1"), 1, "shape is not one list"},
    {"a leading zero", A("I8", "01", "0,1"), 1, "shape is not one list"},
    {"three offsets", A("I8", "1", "0,1,2"), 1, "data_offsets is not one pair"},
    {"one offset", A("I8", "1", "0"), 1, "data_offsets is not one pair"},
    {"two tensors share bytes", AB(ONE("I8", "4", "0,4"), ONE("I8", "4", "2,6")), 6, "overlap"},
    {"two tensors are the same bytes", AB(ONE("I8", "4", "0,4"), ONE("I8", "4", "0,4")), 4,
     "overlap"},
    {"a hole between them", AB(ONE("I8", "2", "0,2"), ONE("I8", "2", "3,5")), 5, "a hole"},
    {"a hole before the first", A("I8", "2", "1,3"), 3, "a hole"},
    {"a type of nobody", A("F65", "1", "0,8"), 8, "dtype is unknown"},
    {"a type in small letters", A("f32", "1", "0,4"), 4, "dtype is unknown"},
    {"a type of many letters", A("F32" LETTERS, "1", "0,4"), 4, "dtype is unknown"},
    {"two of one name", "{\"a\":" ONE("I8", "1", "0,1") ",\"a\":" ONE("I8", "1", "1,2") "}", 2,
     "there are two of this name"},
    {"two of one name, one escaped",
     "{\"a\":" ONE("I8", "1", "0,1") ",\"\\u0061\":" ONE("I8", "1", "1,2") "}", 2,
     "there are two of this name"},
    {"dtype twice", "{\"a\":{\"dtype\":\"I8\",\"dtype\":\"I8\"}}", 0, "dtype is not one"},
    {"shape twice", "{\"a\":{\"shape\":[],\"shape\":[]}}", 0, "shape is not one list"},
    {"no shape", "{\"a\":{\"dtype\":\"I8\",\"data_offsets\":[0,1]}}", 1, "is missing"},
    {"another member", "{\"a\":{\"strides\":[1]}}", 0, "a member besides"},
    {"an empty object", "{\"a\":{}}", 0, "is not an object of"},
    {"a number for a tensor", "{\"a\":3}", 0, "is not an object"},
    {"a list for a tensor", "{\"a\":[[[[[[[[[[[[]]]]]]]]]]]]}", 0, "is not an object"},
    {"a list for the header", "[]", 0, "does not begin with {"},
    {"a space before the header", " {}", 0, "does not begin with {"},
    {"no header", "", 0, "does not begin with {"},
    {"not closed", "{", 0, "not JSON"},
    {"a comma at the end", "{\"a\":" ONE("I8", "1", "0,1") ",}", 1, "not JSON"},
    {"something behind", "{} {}", 0, "something follows"},
    {"a name of 128 letters", "{\"" LETTERS LETTERS "\":" ONE("I8", "1", "0,1") "}", 1,
     "name is longer than 127"},
    {"no name", "{\"\":" ONE("I8", "1", "0,1") "}", 1, "empty or not ASCII"},
    {"a line break in a name", "{\"a\\nb\":" ONE("I8", "1", "0,1") "}", 1, "not ASCII"},
    {"NUL in a name", "{\"a\\u0000\":" ONE("I8", "1", "0,1") "}", 1, "not JSON"},
    {"half a pair of surrogates", "{\"\\ud83d\":" ONE("I8", "1", "0,1") "}", 1, "not JSON"},
    {"an unknown escape", "{\"\\q\":" ONE("I8", "1", "0,1") "}", 1, "not JSON"},
    {"not UTF-8", "{\"\xFF\":" ONE("I8", "1", "0,1") "}", 1, "not UTF-8"},
    {"a number in metadata", "{\"__metadata__\":{\"x\":1}}", 0, "not a text"},
    {"metadata in metadata", "{\"__metadata__\":{\"x\":{}}}", 0, "not a text"},
    {"a key of metadata twice", "{\"__metadata__\":{\"x\":\"\",\"x\":\"\"}}", 0, "a key twice"},
    {"metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0, "is there twice"},
    {"NUL in metadata", "{\"__metadata__\":{\"x\":\"\\u0000\"}}", 0, "not a text"},
    {"a comma at the end of metadata", "{\"__metadata__\":{\"x\":\"\",}}", 0, "object of texts"},
    {"zero below zero", A("I8", "-0", "0,0"), 0, "shape is not one list"},
    {"a comma at the end of a shape", A("I8", "1,", "0,1"), 1, "shape is not one list"},
    {"a list in a shape", A("I8", "[1]", "0,1"), 1, "shape is not one list"},
    {"metadata is a text", "{\"__metadata__\":\"x\"}", 0, "is not an object"},
};

enum { FILE_SIZE = 1024 };

static size_t file_of(const char *header, size_t data, char to[FILE_SIZE])
{
    const size_t n = strlen(header);
    assert_true(8 + n + data <= FILE_SIZE);
    memset(to, 0, 8);
    to[0] = (char)(n & 0xFF);
    to[1] = (char)(n >> 8);
    for (size_t i = 0; i < n; i++) {
        to[8 + i] = header[i];
    }
    memset(to + 8 + n, 1, data);
    return 8 + n + data;
}

/* From a heap block of the file's size, so that ASan sees one byte read too far. */
static enum gs_status parse(const char *file, size_t n, struct gs_safetensors *ret,
                            struct gs_error *err)
{
    char *exact = malloc(n > 0 ? n : 1);
    assert_non_null(exact);
    memcpy(exact, file, n);
    const enum gs_status status = gs_safetensors_parse((struct gs_str){exact, n}, ret, err);
    free(exact);
    return status;
}

static void test_directories(void **state)
{
    static struct gs_safetensors all;
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        char file[FILE_SIZE];
        struct gs_error err = {0};
        const size_t n = file_of(cases[i].header, cases[i].data, file);
        const enum gs_status status = parse(file, n, &all, &err);
        print_message("  %s: %s\n", cases[i].shows, err.message);
        assert_int_equal(status, cases[i].words == NULL ? GS_OK : GS_BAD_FORMAT);
        assert_true(cases[i].words == NULL || strstr(err.message, cases[i].words) != NULL);
        assert_null(strchr(err.message, '\n'));
    }
}

/* A good file cut anywhere is refused. */
static void test_cut(void **state)
{
    static struct gs_safetensors all;
    char file[FILE_SIZE];
    (void)state;
    const size_t n = file_of("{\"__metadata__\":{\"format\":\"pt\"},\"a\":" ONE(
                                 "F16", "2,3", "0,12") ",\"b\":" ONE("I64", "1", "12,20") "}",
                             20, file);
    assert_int_equal(parse(file, n, &all, NULL), GS_OK);
    assert_string_equal(all.format, "pt");
    assert_string_equal(all.version, "");
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(parse(file, i, &all, NULL), GS_BAD_FORMAT);
    }
}

static void test_too_many(void **state)
{
    static struct gs_safetensors all;
    struct gs_buf json = {.max = 1 << 20};
    struct gs_buf file = {.max = 1 << 20};
    struct gs_error err = {0};
    (void)state;
    gs_buf_putc(&json, '{');
    for (size_t i = 0; i <= GS_MAX_TENSORS; i++) {
        gs_buf_printf(&json, "%s\"t%zu\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]}",
                      i > 0 ? "," : "", i);
    }
    gs_buf_putc(&json, '}');
    for (size_t i = 0; i < 8; i++) {
        gs_buf_putc(&file, (char)((uint64_t)json.len >> (8 * i)));
    }
    gs_buf_put(&file, gs_buf_str(&json));
    assert_true(gs_buf_ok(&file));
    assert_int_equal(gs_safetensors_parse(gs_buf_str(&file), &all, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "more than 4096 tensors"));
    gs_buf_done(&json);
    gs_buf_done(&file);
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

/* What a half means, in words: sign, 5 bits of exponent, 10 of fraction. */
static double half(unsigned bits)
{
    const double sign = (bits & 0x8000U) != 0 ? -1.0 : 1.0;
    const int exponent = (int)(bits >> 10) & 0x1F;
    const double fraction = (double)(bits & 0x3FFU) / 1024.0;
    return sign * (exponent == 0 ? ldexp(fraction, -14) : ldexp(1.0 + fraction, exponent - 15));
}

static void test_every_half(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 0x10000U; bits++) {
        const uint16_t value = (uint16_t)bits;
        const struct gs_str bytes = {(const char *)&value, sizeof value};
        const struct gs_tensor f16 = {.dtype = GS_DTYPE_F16, .n_dims = 0, .bytes = bytes};
        const struct gs_tensor bf16 = {.dtype = GS_DTYPE_BF16, .n_dims = 0, .bytes = bytes};
        const uint32_t wide = bits << 16;
        float got = 0.0F;
        float want = 0.0F;
        assert_int_equal(gs_tensor_floats(&f16, &got), (bits & 0x7C00U) != 0x7C00U);
        if ((bits & 0x7C00U) != 0x7C00U) {
            assert_true((double)got == half(bits));
            assert_int_equal(signbit(got) != 0, bits >> 15);
        }
        memcpy(&want, &wide, sizeof want);
        assert_int_equal(gs_tensor_floats(&bf16, &got), isfinite(want) != 0);
        assert_memory_equal(&got, &want, sizeof want);
    }
}

static void test_floats_that_are_not_finite(void **state)
{
    float values[37];
    float got[37];
    const struct gs_tensor t = {.dtype = GS_DTYPE_F32,
                                .n_dims = 1,
                                .shape = {37},
                                .bytes = {(const char *)values, sizeof values}};
    (void)state;
    for (size_t bad = 0; bad <= 37; bad++) {
        for (size_t i = 0; i < 37; i++) {
            values[i] = i != bad ? -3e38F : i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
        }
        assert_int_equal(gs_tensor_floats(&t, got), bad == 37);
        assert_memory_equal(got, values, sizeof got);
    }
}

/* A header alone, then the bytes: what writers of large files do. */
static void test_header_alone(void **state)
{
    static struct gs_safetensors all;
    static const char *const metadata[][2] = {
        {"format", "groundswell-int8"}, {"version", "1"}, {"note", "quoted \"text\"\n"}};
    struct gs_buf out = {.max = 4096};
    const struct gs_tensor tensors[] = {
        {.name = "b", .dtype = GS_DTYPE_I8, .n_dims = 2, .shape = {2, 2}, .bytes = {"1234", 4}},
        {.name = "a", .dtype = GS_DTYPE_BF16, .n_dims = 0, .bytes = {"56", 2}},
    };
    (void)state;
    gs_safetensors_write_header(&out, metadata, 3, tensors, 2);
    assert_int_equal(out.len % 64, 0);
    gs_buf_puts(&out, "123456");
    assert_int_equal(gs_safetensors_parse(gs_buf_str(&out), &all, NULL), GS_OK);
    assert_string_equal(all.format, "groundswell-int8");
    assert_string_equal(all.version, "1");
    assert_memory_equal(gs_safetensors_find(&all, "a")->bytes.bytes, "56", 2);
    assert_int_equal(gs_tensor_count(gs_safetensors_find(&all, "a")), 1);
    assert_int_equal(gs_tensor_count(gs_safetensors_find(&all, "b")), 4);
    gs_buf_reset(&out);
    gs_safetensors_write_header(&out, metadata, 1, NULL, 0);
    assert_int_equal(gs_safetensors_parse(gs_buf_str(&out), &all, NULL), GS_OK);
    gs_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directories),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_length_that_lies),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_half),
        cmocka_unit_test(test_floats_that_are_not_finite),
        cmocka_unit_test(test_header_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
