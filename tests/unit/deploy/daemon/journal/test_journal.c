/* The journal as a file: appended to, followed, torn, cut, replaced, tampered with. */
#include "tests/unit/gs_test.h"

#include "deploy/daemon/journal/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    char folder[64], path[96];
    struct gs_journal *journal;
    size_t n_lines, n_broken, n_unchained, n_anew, last;
    char target[GS_INCIDENT_KEY_BYTES], why[300];
};

static void on_line(void *arg, size_t number, const struct gs_journal_line *line)
{
    struct fixture *f = arg;

    f->n_lines++;
    f->last = number;
    (void)snprintf(f->target, sizeof f->target, "%s", line->target);
}

static void on_broken(void *arg, size_t number, const char *why)
{
    struct fixture *f = arg;

    f->n_broken++;
    f->last = number;
    (void)snprintf(f->why, sizeof f->why, "%s", why);
}

static void on_unchained(void *arg, size_t number)
{
    struct fixture *f = arg;

    f->n_unchained++;
    f->last = number;
}

static void on_anew(void *arg, const char *why)
{
    struct fixture *f = arg;

    f->n_anew++;
    f->n_lines = f->n_broken = f->n_unchained = f->last = 0;
    (void)snprintf(f->why, sizeof f->why, "%s", why);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const struct gs_journal_reader reader = {f, on_line, on_broken, on_unchained, on_anew};

    *state = f;
    (void)strcpy(f->folder, "/tmp/gs_journal.XXXXXX");
    if (mkdtemp(f->folder) == NULL) {
        return -1;
    }
    (void)snprintf(f->path, sizeof f->path, "%s/j", f->folder);
    return gs_journal_new(f->path, &reader, &f->journal, NULL) == GS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    static const char *const behind[] = {"", ".1", ".2"};

    gs_journal_free(f->journal);
    for (size_t i = 0; i < GS_COUNT(behind); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", f->path, behind[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static enum gs_status append(const struct fixture *f, const char *target, struct gs_error *err)
{
    struct gs_journal_line line = {
        .action = GS_JOURNAL_MUTE, .at_ms = 1, .until_ms = 5, .who = "anna"};

    (void)snprintf(line.target, sizeof line.target, "%s", target);
    return gs_journal_append(f->path, &line, 1, 0, err);
}

static void must_append(const struct fixture *f, const char *target)
{
    struct gs_error err = {0};

    if (append(f, target, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
}

static void must_follow(struct fixture *f)
{
    struct gs_error err = {0};

    if (gs_journal_follow(f->journal, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
}

static void put(const struct fixture *f, const char *how, const char *bytes)
{
    FILE *file = fopen(f->path, how);

    assert_non_null(file);
    assert_true(fputs(bytes, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(f->path, 0600), 0);
}

static void test_follows_what_comes(void **state)
{
    struct fixture *f = *state;
    struct stat info;

    must_follow(f); /* there is none yet */
    must_append(f, "topic:a");
    must_append(f, "topic:b");
    must_follow(f);
    assert_int_equal(f->n_lines, 2);
    assert_string_equal(f->target, "topic:b");
    must_follow(f);
    assert_int_equal(f->n_lines, 2);
    must_append(f, "topic:c");
    must_follow(f);
    assert_int_equal(f->n_lines, 3);
    assert_string_equal(f->target, "topic:c");
    assert_int_equal(f->n_broken + f->n_unchained + f->n_anew, 0);
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void test_torn_line_keeps_the_chain(void **state)
{
    struct fixture *f = *state;

    must_append(f, "topic:a");
    put(f, "a", "{\"v\":1,\"at\":\"2026"); /* its writer died */
    must_follow(f);
    assert_int_equal(f->n_lines, 1);
    assert_int_equal(f->n_broken, 0); /* not yet: it may still be written */
    assert_int_equal(gs_journal_tail(f->journal), 17);
    must_append(f, "topic:b");
    must_follow(f);
    assert_int_equal(f->n_lines, 2);
    assert_int_equal(f->n_broken, 1);
    assert_int_equal(f->n_unchained, 0);
    assert_int_equal(gs_journal_tail(f->journal), 0);
    assert_string_equal(f->target, "topic:b");
}

/* Each way to change what is there shows at the line behind it. */
static void test_tampering_shows(void **state)
{
    struct fixture *f = *state;
    char text[4096], *lines[3];

    must_append(f, "topic:a");
    must_append(f, "topic:b");
    must_append(f, "topic:c");
    FILE *file = fopen(f->path, "r");
    assert_non_null(file);
    const size_t len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    lines[0] = text;
    for (int i = 1; i < 3; i++) {
        lines[i] = strchr(lines[i - 1], '\n');
        *lines[i]++ = '\0';
    }
    for (int what = 0; what < 4; what++) {
        char changed[6000];
        struct fixture *other = NULL;
        assert_int_equal(set_up((void **)&other), 0);
        if (what == 0) { /* changed */
            (void)snprintf(changed, sizeof changed, "%s\n%s\n%s", lines[0], lines[1], lines[2]);
            *strstr(changed, "anna") = 'e';
        } else if (what == 1) { /* taken out */
            (void)snprintf(changed, sizeof changed, "%s\n%s", lines[0], lines[2]);
        } else if (what == 2) { /* put in twice */
            (void)snprintf(changed, sizeof changed, "%s\n%s\n%s\n%s", lines[0], lines[1], lines[1],
                           lines[2]);
        } else { /* the first taken out */
            (void)snprintf(changed, sizeof changed, "%s\n%s", lines[1], lines[2]);
        }
        put(other, "w", changed);
        must_follow(other);
        assert_int_equal(other->n_unchained, 1);
        assert_int_equal(tear_down((void **)&other), 0);
    }
}

static void test_another_file(void **state)
{
    struct fixture *f = *state;
    char aside[128];

    must_append(f, "topic:a");
    must_append(f, "topic:b");
    must_follow(f);
    (void)snprintf(aside, sizeof aside, "%s.1", f->path);
    assert_int_equal(rename(f->path, aside), 0);
    must_follow(f);
    assert_int_equal(f->n_anew, 1);
    assert_string_equal(f->why, "it is gone");
    must_append(f, "topic:c");
    must_follow(f);
    assert_int_equal(f->n_anew, 1);
    assert_int_equal(f->n_lines, 1);
    assert_int_equal(f->n_unchained, 0);
    assert_int_equal(rename(aside, f->path), 0); /* the old one is back */
    must_follow(f);
    assert_int_equal(f->n_anew, 2);
    assert_string_equal(f->why, "it is another file now");
    assert_int_equal(f->n_lines, 2);
    assert_int_equal(truncate(f->path, 5), 0);
    must_follow(f);
    assert_string_equal(f->why, "it was cut");
    assert_int_equal(f->n_lines, 0);
}

static void test_rewritten_in_place(void **state)
{
    struct fixture *f = *state;
    struct stat info;

    must_append(f, "topic:a");
    must_append(f, "topic:b");
    must_follow(f);
    assert_int_equal(stat(f->path, &info), 0);
    const int fd = open(f->path, O_WRONLY);
    assert_true(fd >= 0 && pwrite(fd, "zz", 2, info.st_size - 5) == 2 && close(fd) == 0);
    must_append(f, "topic:c");
    must_follow(f);
    assert_int_equal(f->n_anew, 1);
    assert_string_equal(f->why, "its last line was changed");
    assert_int_equal(f->n_lines, 3);
}

static void test_files_that_are_refused(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    assert_int_equal(symlink("/etc/passwd", f->path), 0);
    assert_int_equal(gs_journal_follow(f->journal, &err), GS_IO);
    assert_non_null(strstr(err.message, "symbolic link"));
    assert_int_equal(append(f, "topic:a", &err), GS_IO);
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_int_equal(gs_journal_follow(f->journal, &err), GS_IO);
    assert_non_null(strstr(err.message, "not a plain file"));
    assert_int_equal(append(f, "topic:a", &err), GS_IO);
    assert_int_equal(unlink(f->path), 0);
    must_append(f, "topic:a");
    assert_int_equal(chmod(f->path, 0620), 0);
    assert_int_equal(gs_journal_follow(f->journal, &err), GS_IO);
    assert_non_null(strstr(err.message, "others may write"));
    assert_int_equal(append(f, "topic:a", &err), GS_IO);
    assert_int_equal(chmod(f->path, 0600), 0);
    must_follow(f);
    assert_int_equal(f->n_lines, 1);
    char other[128];
    (void)snprintf(other, sizeof other, "%s.2", f->path);
    assert_int_equal(link(f->path, other), 0);
    assert_int_equal(append(f, "topic:a", &err), GS_IO);
    assert_non_null(strstr(err.message, "hard link"));
    assert_int_equal(truncate(f->path, GS_JOURNAL_MAX_BYTES + 1), 0);
    assert_int_equal(gs_journal_follow(f->journal, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "more than 64 MiB"));
}

static void test_somebody_else_has_the_lock(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    must_append(f, "topic:a");
    const int fd = open(f->path, O_RDWR);
    assert_true(fd >= 0 && flock(fd, LOCK_EX) == 0);
    assert_int_equal(append(f, "topic:b", &err), GS_AGAIN);
    assert_int_equal(close(fd), 0);
    must_append(f, "topic:b");
}

/* Writers at once: every line is whole, and the chain is one. */
static void test_many_writers(void **state)
{
    struct fixture *f = *state;
    enum { WRITERS = 4, LINES = 25 };

    for (int i = 0; i < WRITERS; i++) {
        if (fork() == 0) {
            int bad = 0;
            for (int n = 0; n < LINES; n++) {
                struct gs_journal_line line = {
                    .action = GS_JOURNAL_MUTE, .until_ms = -1, .target = "topic:a", .who = "w"};
                bad |= gs_journal_append(f->path, &line, 1, 20000, NULL) != GS_OK;
            }
            _exit(bad);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    must_follow(f);
    assert_int_equal(f->n_lines, WRITERS * LINES);
    assert_int_equal(f->n_broken + f->n_unchained, 0);
}

/* A last line longer than the first look back at it. */
static void test_long_last_line(void **state)
{
    struct fixture *f = *state;

    put(f, "w", "first\n");
    for (int i = 0; i < 3000; i++) {
        put(f, "a", "long, long, ");
    }
    put(f, "a", "\n");
    must_append(f, "topic:a");
    must_follow(f);
    assert_int_equal(f->n_broken, 2);
    assert_int_equal(f->n_lines, 1);
    assert_int_equal(f->n_unchained, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_follows_what_comes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_torn_line_keeps_the_chain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tampering_shows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_another_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rewritten_in_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_that_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_somebody_else_has_the_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_writers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_last_line, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
