/* Reads a file, a pipe or stdin, and unpacks gzip on the way.
 *
 *     read() ──► raw ──► kind? ──► plain: handed on
 *                          ├─────► gzip: inflate(), member after member
 *                          └─────► UTF-16, zip, …: refused by name
 *
 * The first bytes decide which (file_kind.c); a pipe may give them one at a time. They are kept in
 * raw and handed out first. Every wait is a poll(2) with a timeout, so that a lane with a silent
 * pipe can still commit and stop. Damage in a gzip is reported after the good bytes before it. */
#include "ingest/files/file_input.h"

#include "ingest/files/file_kind.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum gs_status gs_input_open(struct gs_input *input, const char *path, struct gs_error *err)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    struct stat info;

    const int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
        if (!is_stdin) {
            (void)close(fd);
        }
        return gs_fail_errno(err, EISDIR, "%s", path);
    }
    input->path = path;
    input->fd = fd;
    input->packed = false;
    input->started = false;
    input->raw_end = false;
    input->between = false;
    input->looked_inside = false;
    memset(&input->z, 0, sizeof input->z);
    input->z.next_in = input->raw;
    return GS_OK;
}

void gs_input_close(struct gs_input *input)
{
    if (input->fd < 0) {
        return;
    }
    if (input->packed) {
        (void)inflateEnd(&input->z);
        input->packed = false;
    }
    if (input->fd != STDIN_FILENO) {
        (void)close(input->fd);
    }
    input->fd = -1;
}

/* One read() that does not wait longer than it may. */
static enum gs_status read_some(struct gs_input *input, int timeout_ms, void *to, size_t size,
                                size_t *ret_n, struct gs_error *err)
{
    struct pollfd ready = {.fd = input->fd, .events = POLLIN};

    const int n_ready = poll(&ready, 1, timeout_ms);
    if (n_ready == 0 || (n_ready < 0 && errno == EINTR)) {
        return GS_AGAIN;
    }
    const ssize_t n = n_ready < 0 ? -1 : read(input->fd, to, size);
    if (n < 0) {
        return errno == EINTR || errno == EAGAIN ? GS_AGAIN
                                                 : gs_fail_errno(err, errno, "%s", input->path);
    }
    if (n == 0) {
        input->raw_end = true;
        return GS_CLOSED;
    }
    *ret_n = (size_t)n;
    return GS_OK;
}

/* Adds what can be had to raw. GS_CLOSED at the end. */
static enum gs_status fill_raw(struct gs_input *input, int timeout_ms, struct gs_error *err)
{
    size_t n = 0;

    if (input->raw_end) {
        return GS_CLOSED;
    }
    memmove(input->raw, input->z.next_in, input->z.avail_in);
    input->z.next_in = input->raw;
    const enum gs_status status = read_some(input, timeout_ms, input->raw + input->z.avail_in,
                                            sizeof input->raw - input->z.avail_in, &n, err);
    if (status == GS_OK) {
        input->z.avail_in += (unsigned)n;
    }
    return status;
}

static enum gs_status refuse_kind(const struct gs_input *input, const char *name,
                                  const char *remedy, struct gs_error *err)
{
    return gs_fail(err, GS_BAD_FORMAT, "%s: this is %s, not lines of UTF-8: %s", input->path, name,
                   remedy);
}

/* Looks at the first bytes. They may come one at a time. */
static enum gs_status start(struct gs_input *input, int timeout_ms, struct gs_error *err)
{
    const char *name = NULL;
    const char *remedy = NULL;
    enum gs_file_kind kind = GS_FILE_UNKNOWN;

    for (;;) {
        const struct gs_str begin = {(const char *)input->z.next_in, input->z.avail_in};
        kind = gs_file_kind(begin, &name, &remedy);
        if (kind != GS_FILE_UNKNOWN) {
            break;
        }
        const enum gs_status status = fill_raw(input, timeout_ms, err);
        if (status == GS_CLOSED) {
            break;
        }
        if (status != GS_OK) {
            return status;
        }
    }
    if (kind == GS_FILE_REFUSED) {
        return refuse_kind(input, name, remedy, err);
    }
    if (kind == GS_FILE_GZIP) {
        if (inflateInit2(&input->z, 16 + MAX_WBITS) != Z_OK) {
            return gs_fail(err, GS_NO_MEMORY, "%s: gzip", input->path);
        }
        input->packed = true;
    }
    input->started = true;
    return GS_OK;
}

/* The same for what comes out of a gzip, as far as its first piece tells. */
static enum gs_status look_inside(struct gs_input *input, struct gs_str begin, struct gs_error *err)
{
    const char *name = NULL;
    const char *remedy = NULL;

    if (input->looked_inside) {
        return GS_OK;
    }
    const enum gs_file_kind kind = gs_file_kind(begin, &name, &remedy);
    if (kind == GS_FILE_REFUSED) {
        return refuse_kind(input, name, remedy, err);
    }
    if (kind == GS_FILE_GZIP) {
        return refuse_kind(input, "a gzip file in a gzip file", "unpack it once first", err);
    }
    input->looked_inside = true;
    return GS_OK;
}

/* Behind a member: the next one, or the end. Zeros may pad it (tapes, some writers). */
static enum gs_status next_member(struct gs_input *input, int timeout_ms, struct gs_error *err)
{
    for (;;) {
        while (input->z.avail_in > 0 && *input->z.next_in == 0) {
            input->z.next_in++;
            input->z.avail_in--;
        }
        if (input->z.avail_in > 0) {
            break;
        }
        const enum gs_status status = fill_raw(input, timeout_ms, err);
        if (status != GS_OK) {
            return status;
        }
    }
    if (inflateReset(&input->z) != Z_OK) {
        return gs_fail(err, GS_IO, "%s: gzip", input->path);
    }
    input->between = false;
    return GS_OK;
}

static enum gs_status check_result(const struct gs_input *input, int result, struct gs_error *err)
{
    switch (result) {
    case Z_OK:
    case Z_STREAM_END:
    case Z_BUF_ERROR: /* it wants more input */
        return GS_OK;
    case Z_MEM_ERROR:
        return gs_fail(err, GS_NO_MEMORY, "%s: gzip", input->path);
    default:
        return gs_fail(err, GS_IO, "%s: the gzip data is damaged: %s", input->path,
                       input->z.msg != NULL ? input->z.msg : "unknown");
    }
}

static enum gs_status unpack(struct gs_input *input, int timeout_ms, char *to, size_t size,
                             size_t *ret_n, struct gs_error *err)
{
    input->z.next_out = (unsigned char *)to;
    input->z.avail_out = size > UINT_MAX ? UINT_MAX : (unsigned)size;
    const unsigned space = input->z.avail_out;

    for (;;) {
        enum gs_status status = input->between ? next_member(input, timeout_ms, err) : GS_OK;
        if (status != GS_OK) {
            return status;
        }
        const int result = inflate(&input->z, Z_NO_FLUSH);
        input->between = result == Z_STREAM_END;
        if (input->z.avail_out < space) { /* an error is reported by the next call */
            *ret_n = space - input->z.avail_out;
            return look_inside(input, (struct gs_str){to, *ret_n}, err);
        }
        status = check_result(input, result, err);
        if (status != GS_OK) {
            return status;
        }
        /* Not before inflate(): it may hold output back. */
        if (!input->between && input->z.avail_in == 0) {
            status = fill_raw(input, timeout_ms, err);
            if (status != GS_OK) {
                return status == GS_CLOSED
                           ? gs_fail(err, GS_IO, "%s: the gzip data is cut off", input->path)
                           : status;
            }
        }
    }
}

enum gs_status gs_input_read(struct gs_input *input, int timeout_ms, char *to, size_t size,
                             size_t *ret_n, struct gs_error *err)
{
    assert(size > 0);
    if (!input->started) {
        const enum gs_status status = start(input, timeout_ms, err);
        if (status != GS_OK) {
            return status;
        }
    }
    if (input->packed) {
        return unpack(input, timeout_ms, to, size, ret_n, err);
    }
    if (input->z.avail_in > 0) { /* what start() has read */
        *ret_n = size < input->z.avail_in ? size : input->z.avail_in;
        memcpy(to, input->z.next_in, *ret_n);
        input->z.next_in += *ret_n;
        input->z.avail_in -= (unsigned)*ret_n;
        return GS_OK;
    }
    return input->raw_end ? GS_CLOSED : read_some(input, timeout_ms, to, size, ret_n, err);
}
