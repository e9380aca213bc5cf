#include "classifier/format/sha256.h"
#include "ingest/base/attr.h"
#include "tests/unit/gs_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The two-block and one-block examples of FIPS 180-4, and lengths around a block made with
 * sha256sum. */
static const struct {
    const char *shows;
    const char *text;
    size_t repeat;
    const char *hex;
} cases[] = {
    {"empty", "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"one block", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"a million a", "a", 1000000,
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    {"55: length fits behind", "a", 55,
     "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
    {"56: length does not", "a", 56,
     "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
    {"64: a block exactly", "a", 64,
     "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
};

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        const size_t len = strlen(cases[i].text);
        char *all = malloc(len * cases[i].repeat + 1);
        char hex[GS_SHA256_HEX];
        assert_non_null(all);
        print_message("  %s\n", cases[i].shows);
        for (size_t k = 0; k < cases[i].repeat; k++) {
            memcpy(all + k * len, cases[i].text, len);
        }
        assert_int_equal(gs_sha256_hex((struct gs_str){all, len * cases[i].repeat}, hex, NULL),
                         GS_OK);
        assert_string_equal(hex, cases[i].hex);
        free(all);
    }
}

/* Longer than a piece that is read at once. */
static void files_have_the_hash_of_their_bytes(void **state)
{
    (void)state;
    static char all[150000];
    char path[] = "/tmp/groundswell-sha256-XXXXXX";
    char want[GS_SHA256_HEX];
    char hex[GS_SHA256_HEX];
    uint64_t bytes = 0;
    struct gs_error err = {0};
    const int fd = mkstemp(path);

    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (char)(i * 7 >> 3);
    }
    assert_int_equal(write(fd, all, sizeof all), sizeof all);
    assert_int_equal(close(fd), 0);
    assert_int_equal(gs_sha256_hex((struct gs_str){all, sizeof all}, want, NULL), GS_OK);
    assert_int_equal(gs_sha256_file(path, hex, &bytes, NULL), GS_OK);
    assert_string_equal(hex, want);
    assert_int_equal(bytes, sizeof all);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(gs_sha256_file(path, hex, &bytes, &err), GS_IO);
    assert_non_null(strstr(err.message, path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors),
                                       cmocka_unit_test(files_have_the_hash_of_their_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
