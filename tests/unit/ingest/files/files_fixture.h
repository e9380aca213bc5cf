/* Files of the tests of sources and sinks: a folder of its own for every test. */
#ifndef GS_TEST_FILES_H
#define GS_TEST_FILES_H

#include "ingest/files/files.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static char dir[64];
static char path[128];

static int make_dir(void **state)
{
    (void)state;
    (void)strcpy(dir, "/tmp/gs_files_XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/file", dir);
    return 0;
}

static int drop_dir(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static void write_file(const char *to, struct gs_str bytes)
{
    FILE *file = fopen(to, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes.bytes, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
}

static struct gs_source *open_source(const char *from, size_t max_line)
{
    struct gs_source *source = NULL;
    struct gs_error err = {0};

    if (gs_file_source_new(&from, 1, max_line, &source, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    return source;
}

/* The next record's "offset:value", "AGAIN", "CLOSED" and so on. */
static const char *next(struct gs_source *source)
{
    static char text[512];
    struct gs_record record;
    struct gs_error err = {0};
    const enum gs_status status = gs_source_poll(source, 0, &record, &err);

    if (status != GS_OK) {
        return gs_status_name(status);
    }
    (void)snprintf(text, sizeof text, "%lld:%.*s", (long long)record.offset,
                   GS_STR_ARGS(record.value));
    return text;
}

/* Puts a pipe in stdin's place and gives its other end. */
static inline int pipe_to_stdin(int *ret_old)
{
    int ends[2];

    *ret_old = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    (void)close(ends[0]);
    return ends[1];
}

static inline void put_bytes(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

#endif
