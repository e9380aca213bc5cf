/* The state's file: whole or refused. */
#include "tests/unit/gs_test.h"

#include "deploy/daemon/pipeline/state_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "state_file.XXXXXX";
static const struct gs_state_header header = {{"9.9", 3}, {"a model", 7}};

static void write_state(int n)
{
    struct gs_state_file_writer *writer = NULL;
    char value[64];

    assert_int_equal(gs_state_file_begin(path, &header, &writer, NULL), GS_OK);
    for (int i = 0; i < n; i++) {
        const int len = snprintf(value, sizeof value, "value %d", i * i);
        assert_int_equal(
            gs_state_file_put(writer, gs_str("key"), (struct gs_str){value, (size_t)len}, NULL),
            GS_OK);
    }
    assert_int_equal(gs_state_file_end(writer, NULL), GS_OK);
}

static size_t read_bytes(char *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t n = fread(bytes, 1, size, file);
    (void)fclose(file);
    return n;
}

static void write_bytes(const char *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static enum gs_status open_status(struct gs_error *err)
{
    struct gs_state_file file;
    bool found = false;
    const enum gs_status status = gs_state_file_open(path, &file, &found, err);

    if (status == GS_OK && found) {
        gs_state_file_done(&file);
    }
    return status;
}

static void test_gives_what_was_put(void **state)
{
    struct gs_state_file file;
    struct gs_str key, value;
    bool found = false;
    struct stat info;
    char text[64];
    int n = 0;

    (void)state;
    write_state(50);
    write_state(40); /* in its place */
    assert_int_equal(gs_state_file_open(path, &file, &found, NULL), GS_OK);
    assert_true(found && gs_str_equal(file.header.program, header.program) &&
                gs_str_equal(file.header.model, header.model));
    while (gs_state_file_next(&file, &key, &value)) {
        (void)snprintf(text, sizeof text, "value %d", n * n);
        assert_true(gs_str_equal(key, gs_str("key")) && gs_str_equal(value, gs_str(text)));
        n++;
    }
    assert_int_equal(n, 40);
    gs_state_file_done(&file);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600); /* it has people's words in it */
}

static void test_there_is_none(void **state)
{
    struct gs_state_file file;
    bool found = true;

    (void)state;
    (void)unlink(path);
    assert_int_equal(gs_state_file_open(path, &file, &found, NULL), GS_OK);
    assert_false(found);
}

static void test_every_cut_is_refused(void **state)
{
    char bytes[4096];

    (void)state;
    write_state(20);
    const size_t n = read_bytes(bytes, sizeof bytes);
    for (size_t cut = 0; cut < n; cut++) {
        struct gs_error err = {0};
        write_bytes(bytes, cut);
        if (open_status(&err) != GS_BAD_FORMAT || strstr(err.message, path) == NULL) {
            fail_msg("cut at %zu: %s", cut, err.message);
        }
    }
    bytes[n] = 0;
    write_bytes(bytes, n + 1);
    assert_int_equal(open_status(NULL), GS_BAD_FORMAT);
}

static void test_every_flipped_bit_is_refused(void **state)
{
    char bytes[4096];

    (void)state;
    write_state(20);
    const size_t n = read_bytes(bytes, sizeof bytes);
    for (size_t at = 0; at < n; at++) {
        bytes[at] = (char)((unsigned char)bytes[at] ^ 1U << (at % 8));
        write_bytes(bytes, n);
        if (open_status(NULL) != GS_BAD_FORMAT) {
            fail_msg("byte %zu", at);
        }
        bytes[at] = (char)((unsigned char)bytes[at] ^ 1U << (at % 8));
    }
}

static void test_says_what_it_is(void **state)
{
    struct gs_error err = {0};
    char bytes[4096];

    (void)state;
    write_bytes("id,name\n1,a\n", 12);
    assert_int_equal(open_status(&err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "no state of the windows"));
    write_state(1);
    const size_t n = read_bytes(bytes, sizeof bytes);
    bytes[8] = 2;
    write_bytes(bytes, n);
    assert_int_equal(open_status(&err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "newer program"));
}

/* A writer that ends in between leaves what was there. */
static void test_given_up_in_between(void **state)
{
    struct gs_state_file_writer *writer = NULL;
    char beside[64];

    (void)state;
    write_state(3);
    assert_int_equal(gs_state_file_begin(path, &header, &writer, NULL), GS_OK);
    assert_int_equal(gs_state_file_put(writer, gs_str("key"), gs_str("other"), NULL), GS_OK);
    (void)snprintf(beside, sizeof beside, "%s.new", path);
    assert_int_equal(access(beside, F_OK), 0);
    gs_state_file_drop(writer);
    assert_int_not_equal(access(beside, F_OK), 0);
    assert_int_equal(open_status(NULL), GS_OK);
    write_bytes("torn", 4); /* what a power cut may leave beside it does not matter */
    assert_int_equal(rename(path, beside), 0);
    write_state(3);
    assert_int_equal(open_status(NULL), GS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_what_was_put),
        cmocka_unit_test(test_there_is_none),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_every_flipped_bit_is_refused),
        cmocka_unit_test(test_says_what_it_is),
        cmocka_unit_test(test_given_up_in_between),
    };
    const int fd = mkstemp(path);

    if (fd < 0) {
        return 1;
    }
    (void)close(fd);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
