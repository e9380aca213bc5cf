/* Files as sinks: a batch is kept until it is committed, then written at once.
 *
 *     stream ──► file ── batch (memory) ──commit──► [gzip] ──► write()
 *
 * Streams that go to one path share a file, so their records keep the order they were put in. */
#include "ingest/files/files.h"
#include "ingest/records/dlq_json.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static const size_t max_batch_bytes = (size_t)256 * 1024 * 1024;

struct out_file {
    char *path;
    int fd;
    bool packed;
    bool regular; /* can be cut */
    struct gs_buf batch;
};

struct file_sink {
    struct gs_sink base; /* first, so that a gs_sink is one of these */
    struct out_file files[GS_N_STREAMS];
    size_t n_files;
    struct out_file *of[GS_N_STREAMS]; /* NULL: nowhere */
    bool drop_missing;
    bool in_batch;
    struct gs_buf packed; /* a batch as gzip */
};

static struct file_sink *self_of(struct gs_sink *sink)
{
    return (struct file_sink *)sink;
}

static void reset(struct file_sink *self)
{
    for (size_t i = 0; i < self->n_files; i++) {
        gs_buf_reset(&self->files[i].batch);
    }
}

static enum gs_status begin(struct gs_sink *sink, struct gs_error *err)
{
    (void)err;
    assert(!self_of(sink)->in_batch);
    self_of(sink)->in_batch = true;
    return GS_OK;
}

static size_t batch_bytes(const struct file_sink *self)
{
    size_t sum = 0;

    for (size_t i = 0; i < self->n_files; i++) {
        sum += self->files[i].batch.len;
    }
    return sum;
}

static enum gs_status put(struct gs_sink *sink, enum gs_stream stream,
                          const struct gs_output *output, struct gs_error *err)
{
    struct file_sink *self = self_of(sink);
    const struct gs_str value = output->value;

    assert(self->in_batch);
    struct out_file *file = self->of[stream];
    if (file == NULL) {
        return self->drop_missing
                   ? GS_OK
                   : gs_fail(err, GS_IO, "no file for the stream \"%s\"", gs_stream_name(stream));
    }
    if (stream != GS_STREAM_DLQ && value.len > 0 && memchr(value.bytes, '\n', value.len) != NULL) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: a record that holds a line feed", file->path);
    }
    const size_t before = file->batch.len;
    file->batch.max = before + (max_batch_bytes - batch_bytes(self));
    if (stream == GS_STREAM_DLQ) {
        gs_dlq_encode(output, &file->batch);
    } else if (value.bytes == NULL) {
        gs_buf_puts(&file->batch, "null");
    } else {
        gs_buf_put(&file->batch, value);
    }
    gs_buf_putc(&file->batch, '\n');
    if (!gs_buf_ok(&file->batch)) {
        file->batch.len = before;
        file->batch.broken = false;
        file->batch.starved = false;
        return gs_fail(err, GS_NO_MEMORY, "%s: a batch over 256 MiB, or no memory for it",
                       file->path);
    }
    return GS_OK;
}

/* One gzip member of the batch in self->packed. */
static enum gs_status pack(struct file_sink *self, const struct out_file *file,
                           struct gs_error *err)
{
    z_stream z = {0};
    enum gs_status status = GS_NO_MEMORY;
    char *to = NULL;

    gs_buf_reset(&self->packed);
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return gs_fail(err, GS_NO_MEMORY, "%s: gzip", file->path);
    }
    const size_t bound = deflateBound(&z, file->batch.len);
    if (bound <= UINT_MAX) {
        to = gs_buf_reserve(&self->packed, bound);
    }
    if (to != NULL) {
        /* zlib takes its input without const, but only reads it. */
        z.next_in = (unsigned char *)file->batch.bytes;
        z.avail_in = (unsigned)file->batch.len;
        z.next_out = (unsigned char *)to;
        z.avail_out = (unsigned)bound;
        if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
            self->packed.len = bound - z.avail_out;
            status = GS_OK;
        }
    }
    (void)deflateEnd(&z);
    return status == GS_OK ? GS_OK : gs_fail(err, status, "%s: gzip", file->path);
}

static enum gs_status write_all(const struct out_file *file, struct gs_str bytes,
                                struct gs_error *err)
{
    const off_t size = file->regular ? lseek(file->fd, 0, SEEK_END) : -1;

    for (size_t done = 0; done < bytes.len;) {
        const ssize_t n = write(file->fd, bytes.bytes + done, bytes.len - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            const int error_number = errno;
            if (size >= 0 && ftruncate(file->fd, size) != 0) {
                return gs_fail_errno(err, error_number, "%s: half a batch is in the file",
                                     file->path);
            }
            return gs_fail_errno(err, error_number, "%s", file->path);
        }
        done += (size_t)n;
    }
    return GS_OK;
}

static enum gs_status commit(struct gs_sink *sink, struct gs_source *source, struct gs_error *err)
{
    struct file_sink *self = self_of(sink);

    assert(self->in_batch);
    for (size_t i = 0; i < self->n_files; i++) {
        struct out_file *file = &self->files[i];
        struct gs_str bytes = gs_buf_str(&file->batch);
        if (bytes.len == 0) {
            continue;
        }
        enum gs_status status = GS_OK;
        if (file->packed) {
            status = pack(self, file, err);
            bytes = gs_buf_str(&self->packed);
        }
        if (status == GS_OK) {
            status = write_all(file, bytes, err);
        }
        if (status != GS_OK) {
            return status;
        }
    }
    self->in_batch = false;
    reset(self);
    return gs_source_commit(source, err);
}

static enum gs_status abort_batch(struct gs_sink *sink, struct gs_source *source,
                                  struct gs_error *err)
{
    reset(self_of(sink));
    self_of(sink)->in_batch = false;
    return source == NULL ? GS_OK : gs_source_rewind(source, err);
}

static void close_sink(struct gs_sink *sink)
{
    struct file_sink *self = self_of(sink);

    for (size_t i = 0; i < self->n_files; i++) {
        struct out_file *file = &self->files[i];
        gs_buf_done(&file->batch);
        if (file->fd >= 0 && file->fd != STDOUT_FILENO) {
            (void)close(file->fd);
        }
        free(file->path);
    }
    gs_buf_done(&self->packed);
    free(self);
}

static const struct gs_sink_ops file_sink_ops = {
    .begin = begin,
    .put = put,
    .commit = commit,
    .abort = abort_batch,
    .close = close_sink,
};

/* The file of a path: one that another stream has, or a new one. */
static enum gs_status file_of(struct file_sink *self, const char *path, struct out_file **ret,
                              struct gs_error *err)
{
    const size_t len = strlen(path);
    struct stat info;

    for (size_t i = 0; i < self->n_files; i++) {
        if (strcmp(self->files[i].path, path) == 0) {
            *ret = &self->files[i];
            return GS_OK;
        }
    }
    struct out_file *file = &self->files[self->n_files];
    file->path = malloc(len + 1);
    if (file->path == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "file sink");
    }
    memcpy(file->path, path, len + 1);
    self->n_files++; /* from here on close_sink() frees it */
    file->packed = len > 3 && strcmp(path + len - 3, ".gz") == 0;
    file->fd = strcmp(path, "-") == 0 ? STDOUT_FILENO
                                      : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file->fd < 0) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    file->regular =
        file->fd != STDOUT_FILENO && fstat(file->fd, &info) == 0 && S_ISREG(info.st_mode);
    *ret = file;
    return GS_OK;
}

enum gs_status gs_file_sink_new(const char *const paths[GS_N_STREAMS], bool drop_missing,
                                struct gs_sink **ret, struct gs_error *err)
{
    struct file_sink *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "file sink");
    }
    self->base.ops = &file_sink_ops;
    self->drop_missing = drop_missing;
    self->packed.max = max_batch_bytes + max_batch_bytes / 8;
    for (size_t stream = 0; stream < GS_N_STREAMS; stream++) {
        if (paths[stream] == NULL) {
            continue;
        }
        const enum gs_status status = file_of(self, paths[stream], &self->of[stream], err);
        if (status != GS_OK) {
            close_sink(&self->base);
            return status;
        }
    }
    *ret = &self->base;
    return GS_OK;
}
