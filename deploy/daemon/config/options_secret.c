/* Values that are the content of a file: "@file". */
#include "deploy/daemon/config/options.h"
#include "ingest/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SECRET = 65536 };

/* The file's bytes, at most MAX_SECRET of them, with room for a NUL; NULL: they cannot be read, or there
 * is no memory. */
static char *read_bytes(int fd, struct gs_arena *arena, size_t *ret_len)
{
    char *bytes = gs_arena_alloc(arena, MAX_SECRET + 1);
    size_t len = 0;

    while (bytes != NULL && len < MAX_SECRET) {
        const ssize_t n = read(fd, bytes + len, MAX_SECRET - len);
        if (n < 0) {
            return NULL;
        }
        if (n == 0) {
            break;
        }
        len += (size_t)n;
    }
    *ret_len = len;
    return bytes;
}

/* Only a regular file: a pipe or device could block or never end. */
static const char *read_secret(const char *path, struct gs_arena *arena, const char **ret_why)
{
    struct stat info;
    char *text = NULL;
    size_t len = 0;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    *ret_why = "cannot be read";
    if (fd < 0 || fstat(fd, &info) != 0) {
        *ret_why = errno == ENOENT ? "does not exist" : *ret_why;
        goto done;
    }
    if (!S_ISREG(info.st_mode) || info.st_size > MAX_SECRET) {
        *ret_why = "is not a regular file of at most 64 KiB";
        goto done;
    }
    char *bytes = read_bytes(fd, arena, &len);
    if (bytes == NULL) {
        goto done;
    }
    len -= len > 0 && bytes[len - 1] == '\n';
    len -= len > 0 && bytes[len - 1] == '\r';
    bytes[len] = '\0';
    if (strlen(bytes) != len) {
        *ret_why = "holds a NUL byte";
        goto done;
    }
    text = bytes;

done:
    if (fd >= 0) {
        (void)close(fd);
    }
    return text;
}

const char *gs_option_read_file(const char *name, const char *file, const struct gs_origin *origin,
                                struct gs_arena *arena, struct gs_diagnostics *diagnostics)
{
    const char *why = NULL;
    struct gs_buf path = {.max = 8192};

    if (file[0] != '/' && origin->dir != NULL) {
        gs_buf_printf(&path, "%s/", origin->dir);
    }
    gs_buf_puts(&path, file);
    gs_buf_putc(&path, '\0');
    const char *text = gs_buf_ok(&path) ? read_secret(path.bytes, arena, &why) : NULL;
    if (text == NULL) {
        gs_diagnostics_add(diagnostics, origin->place, origin->line, "%s: the file \"%.200s\" %s",
                           name, file, why == NULL ? "has too long a name" : why);
    }
    gs_buf_done(&path);
    return text;
}
