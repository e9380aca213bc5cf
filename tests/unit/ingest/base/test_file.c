#include "ingest/base/file.h"
#include "tests/unit/gs_test.h"

#include "ingest/base/attr.h"

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

static void reads_what_is_there(void **state)
{
    struct gs_file file = {0};
    FILE *out = fopen(path, "wb");

    (void)state;
    assert_non_null(out);
    (void)fputs("abc", out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(gs_file_read(path, 100, &file, NULL), GS_OK);
    assert_true(gs_str_equal(file.bytes, gs_str("abc")));
    gs_file_done(&file);
    assert_null(file.owned);
    gs_file_done(&file); /* again is fine */
}

static void an_empty_file_is_empty(void **state)
{
    struct gs_file file = {path, {"x", 1}};

    (void)state;
    assert_int_equal(gs_file_read(path, 100, &file, NULL), GS_OK);
    assert_int_equal(file.bytes.len, 0);
    gs_file_done(&file);
}

static void what_cannot_be_read(void **state)
{
    struct gs_file file = {0};
    struct gs_error err = {0};
    char pipe_path[80];

    (void)state;
    assert_int_equal(gs_file_read("/nowhere/file", 100, &file, &err), GS_IO);
    assert_string_equal(err.message, "/nowhere/file: No such file or directory");
    assert_int_equal(gs_file_read("/tmp", 100, &file, &err), GS_IO);
    assert_non_null(strstr(err.message, "not a regular file"));
    /* A pipe has no size: without the check it would count as an empty file. */
    (void)snprintf(pipe_path, sizeof pipe_path, "%s.pipe", path);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(gs_file_read(pipe_path, 100, &file, &err), GS_IO);
    assert_non_null(strstr(err.message, "not a regular file"));
    assert_int_equal(unlink(pipe_path), 0);
    assert_null(file.owned);
}

/* A mapped file that is cut ends the process by SIGBUS at the next look; a copy is a copy. */
static void a_file_cut_behind_our_back_stays_whole(void **state)
{
    enum { SIZE = 40000 }; /* more than a page */
    static char want[SIZE];
    struct gs_file file = {0};
    FILE *out = fopen(path, "wb");

    (void)state;
    memset(want, 'x', sizeof want);
    assert_non_null(out);
    assert_int_equal(fwrite(want, 1, SIZE, out), SIZE);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(gs_file_read(path, SIZE, &file, NULL), GS_OK);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(file.bytes.len, SIZE);
    assert_memory_equal(file.bytes.bytes, want, SIZE);
    gs_file_done(&file);
}

static void what_is_too_large_or_a_pointer_is_refused(void **state)
{
    static const struct {
        const char *shows, *text, *says;
        size_t max;
        enum gs_status want;
    } rows[] = {
        {"as many bytes as may be", "abcd", NULL, 4, GS_OK},
        {"one more", "abcde", "larger than 4 bytes", 4, GS_BAD_FORMAT},
        {"a pointer of Git LFS",
         "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n", "git lfs pull",
         1000, GS_BAD_FORMAT},
        {"a text that speaks of it", "see version https://git-lfs.github.com/spec/v1\n", NULL, 1000,
         GS_OK},
        {"the start of a pointer", "version https://git-lfs", NULL, 1000, GS_OK},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_file file = {0};
        struct gs_error err = {0};
        FILE *out = fopen(path, "wb");
        print_message("  %s\n", rows[i].shows);
        assert_non_null(out);
        (void)fputs(rows[i].text, out);
        assert_int_equal(fclose(out), 0);
        assert_int_equal(gs_file_read(path, rows[i].max, &file, &err), rows[i].want);
        if (rows[i].says != NULL) {
            assert_non_null(strstr(err.message, rows[i].says));
            assert_int_equal(strncmp(err.message, path, strlen(path)), 0);
        }
        gs_file_done(&file);
    }
}

/* The system says of such a file that it has no bytes, and then gives some. */
static void a_file_that_grows_meanwhile_is_refused(void **state)
{
    struct gs_file file = {0};
    struct gs_error err = {0};

    (void)state;
    assert_int_equal(gs_file_read("/proc/self/status", 1 << 20, &file, &err), GS_IO);
    assert_non_null(strstr(err.message, "changed while it was read"));
}

/* ---- files made new ---- */

static void put_in(const char *to, const char *text)
{
    FILE *out = fopen(to, "wb");

    assert_non_null(out);
    (void)fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static void assert_holds(const char *at, const char *want)
{
    struct gs_file file = {0};

    assert_int_equal(gs_file_read(at, 1000, &file, NULL), GS_OK);
    assert_true(gs_str_equal(file.bytes, gs_str(want)));
    gs_file_done(&file);
}

static void creates_and_replaces_its_own(void **state)
{
    struct stat info;
    FILE *out = NULL;

    (void)state;
    assert_int_equal(unlink(path), 0);
    const mode_t old = umask(0);
    assert_int_equal(gs_file_create(path, "{\"a\"", GS_FILE_FOR_OWNER, &out, NULL), GS_OK);
    (void)umask(old);
    (void)fputs("{\"a\":1}\n{\"a\":2}\n", out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777U, 0600);
    assert_int_equal(gs_file_create(path, "{\"a\"", GS_FILE_FOR_OWNER, &out, NULL), GS_OK);
    (void)fputs("{\"a\":3}\n", out);
    assert_int_equal(fclose(out), 0);
    assert_holds(path, "{\"a\":3}\n");
    assert_int_equal(gs_file_create(path, NULL, GS_FILE_FOR_OWNER, &out, NULL), GS_OK);
    assert_int_equal(fclose(out), 0);
    assert_holds(path, "");
}

static void refuses_what_may_be_others(void **state)
{
    char link_path[80];
    struct gs_error err = {0};
    FILE *out = NULL;

    (void)state;
    (void)snprintf(link_path, sizeof link_path, "%s.link", path);
    put_in(path, "mine\n");
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(gs_file_create(link_path, NULL, GS_FILE_FOR_ALL, &out, &err), GS_IO);
    assert_non_null(strstr(err.message, "symbolic link"));
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(link(path, link_path), 0);
    assert_int_equal(gs_file_create(link_path, NULL, GS_FILE_FOR_ALL, &out, &err), GS_IO);
    assert_non_null(strstr(err.message, "hard link"));
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(gs_file_create(path, "{\"a\"", GS_FILE_FOR_OWNER, &out, &err), GS_IO);
    assert_non_null(strstr(err.message, "something else"));
    assert_int_equal(gs_file_create("/nowhere/file", NULL, GS_FILE_FOR_ALL, &out, &err), GS_IO);
    assert_null(out);
    assert_holds(path, "mine\n");
}

/* A page of measures is for all to read, one of texts is not; neither goes through a link. */
static void writes_whole_files(void **state)
{
    static const struct {
        enum gs_file_readers readers;
        unsigned mode;
    } rows[] = {{GS_FILE_FOR_OWNER, 0600}, {GS_FILE_FOR_ALL, 0644}};
    char link_path[80];
    struct gs_error err = {0};
    struct stat info;

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        assert_int_equal(unlink(path), 0);
        const mode_t old = umask(022);
        assert_int_equal(gs_file_write(path, gs_str("a page"), rows[i].readers, NULL), GS_OK);
        (void)umask(old);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 0777U, rows[i].mode);
        assert_int_equal(gs_file_write(path, gs_str("less"), rows[i].readers, NULL), GS_OK);
        assert_holds(path, "less");
    }
    (void)snprintf(link_path, sizeof link_path, "%s.link", path);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(gs_file_write(link_path, gs_str("more"), GS_FILE_FOR_ALL, &err), GS_IO);
    assert_non_null(strstr(err.message, "symbolic link"));
    assert_int_equal(unlink(link_path), 0);
    assert_holds(path, "less");
}

static void says_what_did_not_get_there(void **state)
{
    struct gs_error err = {0};
    FILE *full = NULL;

    (void)state;
    assert_int_equal(gs_file_write("/dev/full", gs_str("a page"), GS_FILE_FOR_ALL, &err), GS_IO);
    assert_non_null(strstr(err.message, "/dev/full: No space left on device"));
    assert_int_equal(gs_file_create("/dev/full", NULL, GS_FILE_FOR_ALL, &full, NULL), GS_OK);
    (void)fputs("a page", full);
    (void)fflush(full); /* fails, and nobody looks */
    assert_int_equal(gs_file_close(full, "/dev/full", 0, &err), GS_IO);
    assert_non_null(strstr(err.message, "/dev/full: "));
}

static void writes_to_devices(void **state)
{
    FILE *out = NULL;

    (void)state;
    assert_int_equal(gs_file_create("/dev/null", "x", GS_FILE_FOR_ALL, &out, NULL), GS_OK);
    assert_int_equal(fclose(out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_what_is_there, make, drop),
        cmocka_unit_test_setup_teardown(an_empty_file_is_empty, make, drop),
        cmocka_unit_test_setup_teardown(what_cannot_be_read, make, drop),
        cmocka_unit_test_setup_teardown(a_file_cut_behind_our_back_stays_whole, make, drop),
        cmocka_unit_test_setup_teardown(what_is_too_large_or_a_pointer_is_refused, make, drop),
        cmocka_unit_test(a_file_that_grows_meanwhile_is_refused),
        cmocka_unit_test_setup_teardown(writes_whole_files, make, drop),
        cmocka_unit_test(says_what_did_not_get_there),
        cmocka_unit_test_setup_teardown(creates_and_replaces_its_own, make, drop),
        cmocka_unit_test_setup_teardown(refuses_what_may_be_others, make, drop),
        cmocka_unit_test(writes_to_devices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
