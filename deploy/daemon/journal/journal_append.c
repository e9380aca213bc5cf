/* Adding to the journal, in the form that journal.h promises. */
#include "deploy/daemon/journal/journal.h"

#include "ingest/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RETRY_MS = 20, MAX_APPEND = 8 * 1024 * 1024, FIRST_LOOK = 4096 };

static enum gs_status lock(int fd, const char *path, int wait_ms, struct gs_error *err)
{
    const struct timespec pause = {0, RETRY_MS * 1000000L};
    const int64_t until_ns = gs_clock_monotonic_ns() + (int64_t)wait_ms * 1000000;

    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return gs_fail_errno(err, errno, "%s: cannot be locked", path);
        }
        if (gs_clock_monotonic_ns() >= until_ns) {
            return gs_fail(err, GS_AGAIN, "%s: somebody else has it locked", path);
        }
        (void)nanosleep(&pause, NULL);
    }
    return GS_OK;
}

/* The file of that name may have been put aside while we waited for it: GS_AGAIN then. */
static enum gs_status check_locked(int fd, const char *path, struct stat *ret_info,
                                   struct gs_error *err)
{
    struct stat named;

    if (fstat(fd, ret_info) < 0) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    if (lstat(path, &named) < 0 || named.st_ino != ret_info->st_ino ||
        named.st_dev != ret_info->st_dev) {
        return gs_fail(err, GS_AGAIN, "%s: was put aside just now", path);
    }
    if (ret_info->st_nlink > 1) {
        return gs_fail(err, GS_IO, "%s: has another name too (a hard link): not written", path);
    }
    return gs_journal_check_file(path, ret_info, err);
}

/* Where the line that ends at `end` begins; false: further back than bytes go. */
static bool find_begin(const char *bytes, size_t end, size_t *ret)
{
    for (size_t at = end; at > 0; at--) {
        if (bytes[at - 1] == '\n') {
            *ret = at;
            return true;
        }
    }
    return false;
}

/* The file's last line: its hash, and whether it has no end. Looks further back as long as the line
 * begins further back. */
static enum gs_status read_last(int fd, const char *path, size_t size, char prev[GS_SHA256_HEX],
                                bool *ret_torn, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    bool found = size == 0;

    memcpy(prev, GS_JOURNAL_FIRST, GS_SHA256_HEX);
    *ret_torn = false;
    for (size_t look = FIRST_LOOK; status == GS_OK && !found; look *= 4) {
        const size_t len = look < size ? look : size;
        char *bytes = malloc(len);
        if (bytes == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "%s: its last line", path);
        }
        status = gs_journal_read(fd, path, bytes, len, size - len, err);
        if (status == GS_OK) {
            *ret_torn = bytes[len - 1] != '\n';
            const size_t end = *ret_torn ? len : len - 1;
            size_t begin = 0;
            found = find_begin(bytes, end, &begin) || len == size;
            status = found ? gs_sha256_hex((struct gs_str){bytes + begin, end - begin}, prev, err)
                           : GS_OK;
        }
        free(bytes);
    }
    return status;
}

/* All of it, or the file is cut to what it was. */
static enum gs_status write_all(int fd, const char *path, struct gs_str bytes, size_t size,
                                struct gs_error *err)
{
    int why = 0;

    for (size_t at = 0; at < bytes.len && why == 0;) {
        const ssize_t n = write(fd, bytes.bytes + at, bytes.len - at);
        if (n >= 0) {
            at += (size_t)n;
        } else if (errno != EINTR) {
            why = errno;
        }
    }
    if (why == 0 && fsync(fd) < 0) {
        why = errno;
    }
    if (why == 0) {
        return GS_OK;
    }
    /* Under the lock: nobody has written behind it. */
    return ftruncate(fd, (off_t)size) == 0
               ? gs_fail_errno(err, why, "%s", path)
               : gs_fail_errno(err, why, "%s: a piece of a line is left in it", path);
}

static enum gs_status encode(struct gs_journal_line *lines, size_t n, char prev[GS_SHA256_HEX],
                             struct gs_buf *out, struct gs_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const size_t from = out->len;
        memcpy(lines[i].prev, prev, GS_SHA256_HEX);
        gs_journal_line_encode(&lines[i], out);
        if (!gs_buf_ok(out)) {
            return gs_fail(err, GS_NO_MEMORY, "lines for the journal");
        }
        const enum gs_status status =
            gs_sha256_hex((struct gs_str){out->bytes + from, out->len - from}, prev, err);
        if (status != GS_OK) {
            return status;
        }
        gs_buf_putc(out, '\n');
    }
    return gs_buf_ok(out) ? GS_OK : gs_fail(err, GS_NO_MEMORY, "lines for the journal");
}

/* A file that was just made is there after a power cut only when its folder knows of it. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];

    (void)snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path + 1),
                   slash == NULL ? "." : path);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

static enum gs_status append_locked(int fd, const char *path, struct gs_journal_line *lines,
                                    size_t n, struct gs_error *err)
{
    struct gs_buf out = {.max = MAX_APPEND};
    char prev[GS_SHA256_HEX];
    struct stat info;
    bool torn = false;
    enum gs_status status = check_locked(fd, path, &info, err);

    if (status != GS_OK) {
        return status;
    }
    const size_t size = (size_t)info.st_size;
    status = read_last(fd, path, size, prev, &torn, err);
    if (status == GS_OK) {
        gs_buf_puts(&out, torn ? "\n" : "");
        status = encode(lines, n, prev, &out, err);
    }
    if (status == GS_OK && size + out.len > GS_JOURNAL_MAX_BYTES) {
        status = gs_fail(err, GS_BAD_FORMAT,
                         "%s: is full: put it aside under another name, a new one begins", path);
    }
    if (status == GS_OK) {
        status = write_all(fd, path, gs_buf_str(&out), size, err);
    }
    if (status == GS_OK && size == 0) {
        sync_folder(path);
    }
    gs_buf_done(&out);
    return status;
}

enum gs_status gs_journal_append(const char *path, struct gs_journal_line *lines, size_t n,
                                 int wait_ms, struct gs_error *err)
{
    const int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                        S_IRUSR | S_IWUSR);

    if (fd < 0) {
        return errno == ELOOP
                   ? gs_fail(err, GS_IO, "%s: a symbolic link is not written through", path)
                   : gs_fail_errno(err, errno, "%s", path);
    }
    enum gs_status status = lock(fd, path, wait_ms, err);
    if (status == GS_OK) {
        status = append_locked(fd, path, lines, n, err);
    }
    (void)close(fd); /* and with it the lock */
    return status;
}
