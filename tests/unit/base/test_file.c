#include "base/file.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static int make(void **state)
{
    (void)state;
    (void)strcpy(path, "/tmp/gs_file_XXXXXX");
    const int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int drop(void **state)
{
    (void)state;
    return unlink(path);
}

static void maps_what_is_there(void **state)
{
    struct gs_file file = {0};
    FILE *out = fopen(path, "wb");

    (void)state;
    assert_non_null(out);
    (void)fputs("abc", out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(gs_file_map(path, &file, NULL), GS_OK);
    assert_true(gs_str_equal(file.bytes, gs_str("abc")));
    gs_file_unmap(&file);
    assert_null(file.mapped);
    gs_file_unmap(&file); /* again is fine */
}

static void an_empty_file_is_empty(void **state)
{
    struct gs_file file = {(void *)path, {"x", 1}};

    (void)state;
    assert_int_equal(gs_file_map(path, &file, NULL), GS_OK);
    assert_int_equal(file.bytes.len, 0);
    gs_file_unmap(&file);
}

static void what_cannot_be_mapped(void **state)
{
    struct gs_file file = {0};
    struct gs_error err = {0};
    char pipe_path[80];

    (void)state;
    assert_int_equal(gs_file_map("/nowhere/file", &file, &err), GS_IO);
    assert_string_equal(err.message, "/nowhere/file: No such file or directory");
    assert_int_equal(gs_file_map("/tmp", &file, &err), GS_IO);
    assert_non_null(strstr(err.message, "not a regular file"));
    /* A pipe has no size: without the check it would count as an empty file. */
    (void)snprintf(pipe_path, sizeof pipe_path, "%s.pipe", path);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(gs_file_map(pipe_path, &file, &err), GS_IO);
    assert_non_null(strstr(err.message, "not a regular file"));
    assert_int_equal(unlink(pipe_path), 0);
    assert_null(file.mapped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(maps_what_is_there, make, drop),
        cmocka_unit_test_setup_teardown(an_empty_file_is_empty, make, drop),
        cmocka_unit_test_setup_teardown(what_cannot_be_mapped, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
