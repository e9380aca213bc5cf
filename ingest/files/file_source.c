/* Files as sources: one record a line.
 *
 *     paths ─► file_input.c: bytes, unpacked ─► kept.c: chunks, lines ─► poll, one line at a time
 *
 * Poll reads until there is a line to give, or the time is up. A line over the limit is given cut,
 * one byte too long, so that the decoder refuses it by its size, and the rest is skipped while it
 * is read. kept.h explains which lines are kept until the commit. */
#include "ingest/base/utf8.h"
#include "ingest/files/file_input.h"
#include "ingest/files/files.h"
#include "ingest/files/kept.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CHUNK_EXTRA = 256 * 1024,
    MAX_MAX_LINE = 64 * 1024 * 1024,
    MAX_POLL_BYTES = 8 * 1024 * 1024 /* read without a line to give: then GS_AGAIN */
};

struct file_source {
    struct gs_source base; /* first, so that a gs_source is one of these */
    char **paths;
    size_t n_paths, n_open; /* paths[n_open - 1] is open, or was last */
    size_t max_line;

    struct gs_input input;
    bool open;
    bool end;            /* of the last file */
    bool skipping;       /* the rest of a line that is too long */
    int64_t line_number; /* of the last line that began */
    size_t polled_bytes; /* read by the poll in progress */

    struct gs_kept kept;
};

static struct file_source *self_of(struct gs_source *source)
{
    return (struct file_source *)source;
}

static enum gs_status open_next(struct file_source *self, struct gs_error *err)
{
    const char *path = self->paths[self->n_open];

    const enum gs_status status = gs_input_open(&self->input, path, err);
    if (status != GS_OK) {
        return status;
    }
    self->n_open++;
    self->open = true;
    self->skipping = false;
    self->line_number = 0;
    if (self->base.events.assigned != NULL) {
        self->base.events.assigned(self->base.events.arg, gs_str(path), 0);
    }
    return GS_OK;
}

/* The line that begins at line_at and ends before `end` (its newline not included) is done: gives
 * it unless it is empty or the rest of one that was cut. next is where the next one begins. */
static enum gs_status end_line(struct file_source *self, size_t end, size_t next,
                               struct gs_error *err)
{
    const char *bytes = self->kept.last->bytes;
    const size_t start = self->kept.line_at;
    const bool rest = self->skipping;
    enum gs_status status = GS_OK;

    if (!rest) {
        size_t begin = start;
        self->line_number++;
        if (end > begin && bytes[end - 1] == '\r') {
            end--;
        }
        if (end - begin >= 3 && memcmp(bytes + begin, "\xEF\xBB\xBF", 3) == 0) {
            begin += 3; /* a byte order mark: of the file, or of one that was put behind another */
        }
        const size_t len = end - begin > self->max_line ? self->max_line + 1 : end - begin;
        if (len > 0) {
            const struct gs_kept_line line = {
                {bytes + begin, len}, self->n_open - 1, self->line_number};
            status = gs_kept_add(&self->kept, line, err);
        }
        if (status != GS_OK) {
            self->line_number--;
            return status;
        }
    }
    self->skipping = false;
    self->kept.line_at = next;
    self->kept.search_at = next;
    return GS_OK;
}

/* Cuts a line that is too long: the first part is given, the rest will be skipped. */
static enum gs_status cut_line(struct file_source *self, struct gs_error *err)
{
    const size_t filled = self->kept.line_at + gs_kept_part(&self->kept);
    const enum gs_status status = end_line(self, filled, filled, err);

    if (status == GS_OK) {
        self->skipping = true;
    }
    return status;
}

/* Reads on in the open file. GS_OK when something has changed: bytes, a file's end. */
static enum gs_status read_more(struct file_source *self, int timeout_ms, struct gs_error *err)
{
    size_t n = 0;

    if (self->skipping && self->kept.last != NULL) { /* the skipped part is not kept */
        self->kept.last->filled = self->kept.line_at;
        self->kept.search_at = self->kept.line_at;
    }
    enum gs_status status = gs_kept_reserve(&self->kept, err);
    if (status != GS_OK) {
        return status;
    }
    status =
        gs_input_read(&self->input, timeout_ms, self->kept.last->bytes + self->kept.last->filled,
                      self->kept.chunk_size - self->kept.last->filled, &n, err);
    if (status == GS_OK) {
        self->kept.last->filled += n;
        self->polled_bytes += n;
    }
    if (status != GS_CLOSED) {
        return status;
    }
    if (self->kept.last->filled > self->kept.line_at ||
        self->skipping) { /* a last line without newline */
        const enum gs_status last =
            end_line(self, self->kept.last->filled, self->kept.last->filled, err);
        if (last != GS_OK) {
            return last;
        }
    }
    gs_input_close(&self->input);
    self->open = false;
    return GS_OK;
}

/* The line feed that ends the line being read; NULL when it is not there yet. */
static const char *line_feed(struct gs_kept *kept)
{
    if (kept->last == NULL) {
        return NULL;
    }
    const struct gs_chunk *chunk = kept->last;
    const char *found =
        memchr(chunk->bytes + kept->search_at, '\n', chunk->filled - kept->search_at);
    if (found == NULL) {
        kept->search_at = chunk->filled;
    }
    return found;
}

/* One step towards the next line. GS_CLOSED behind the last. */
static enum gs_status step(struct file_source *self, int timeout_ms, struct gs_error *err)
{
    const char *end = line_feed(&self->kept);

    if (end != NULL) {
        const size_t at = (size_t)(end - self->kept.last->bytes);
        return end_line(self, at, at + 1, err);
    }
    if (self->open) {
        /* Beyond what is given there may be a CR, before it a byte order mark. */
        const bool too_long = gs_kept_part(&self->kept) > self->max_line + 4;
        return too_long && !self->skipping ? cut_line(self, err) : read_more(self, timeout_ms, err);
    }
    if (self->n_open < self->n_paths) {
        return open_next(self, err);
    }
    self->end = true;
    return GS_CLOSED;
}

/* Brings one more line to the list, or GS_AGAIN, GS_CLOSED, or a failure. A line without an end, or
 * line feeds without a line, give GS_AGAIN now and then, so that the caller can react to a
 * signal. */
static enum gs_status next_line(struct file_source *self, int timeout_ms, struct gs_error *err)
{
    const size_t before = self->kept.n_lines;
    enum gs_status status = GS_OK;

    self->polled_bytes = 0;
    while (status == GS_OK && self->kept.n_lines == before) {
        status = self->polled_bytes > MAX_POLL_BYTES ? GS_AGAIN : step(self, timeout_ms, err);
    }
    return status;
}

/* ---- the source ---- */

static enum gs_status poll_line(struct gs_source *source, int timeout_ms, struct gs_record *ret,
                                struct gs_error *err)
{
    struct file_source *self = self_of(source);

    if (self->kept.next == self->kept.n_lines) {
        struct gs_error why = {0};
        const enum gs_status status = next_line(self, timeout_ms, &why);
        if (status == GS_AGAIN || status == GS_CLOSED) {
            return status;
        }
        if (status != GS_OK) {
            const struct gs_str what = gs_utf8_cut(gs_str(why.message), 200);
            return gs_fail(err, status, "%.*s (after line %lld)", GS_STR_ARGS(what),
                           (long long)self->line_number);
        }
    }
    const struct gs_kept_line *line = &self->kept.lines[self->kept.next++];
    *ret = (struct gs_record){
        .topic = gs_str(self->paths[line->path]),
        .offset = line->number,
        .timestamp_ms = -1,
        .value = line->text,
    };
    return GS_OK;
}

static enum gs_status rewind_lines(struct gs_source *source, struct gs_error *err)
{
    (void)err;
    self_of(source)->kept.next = 0;
    return GS_OK;
}

static enum gs_status commit_lines(struct gs_source *source, struct gs_error *err)
{
    (void)err;
    gs_kept_commit(&self_of(source)->kept);
    return GS_OK;
}

static bool is_idle(const struct gs_source *source, struct gs_str topic, int32_t partition)
{
    const struct file_source *self = (const struct file_source *)source;

    (void)topic;
    (void)partition;
    return self->end && self->kept.next == self->kept.n_lines;
}

static int64_t lag_unknown(const struct gs_source *source)
{
    (void)source;
    return -1;
}

static void close_source(struct gs_source *source)
{
    struct file_source *self = self_of(source);

    gs_input_close(&self->input);
    gs_kept_done(&self->kept);
    for (size_t i = 0; self->paths != NULL && i < self->n_paths; i++) {
        free(self->paths[i]);
    }
    free(self->paths);
    free(self);
}

static const struct gs_source_ops file_source_ops = {
    .poll = poll_line,
    .rewind = rewind_lines,
    .idle = is_idle,
    .lag = lag_unknown,
    .close = close_source,
    .commit = commit_lines,
    .ends_well = true,
};

static bool copy_paths(struct file_source *self, const char *const *paths, size_t n_paths)
{
    self->paths = calloc(n_paths + 1, sizeof *self->paths);
    if (self->paths == NULL) {
        return false;
    }
    self->n_paths = n_paths;
    for (size_t i = 0; i < n_paths; i++) {
        const size_t size = strlen(paths[i]) + 1;
        self->paths[i] = malloc(size);
        if (self->paths[i] == NULL) {
            return false;
        }
        memcpy(self->paths[i], paths[i], size);
    }
    return true;
}

enum gs_status gs_file_source_new(const char *const *paths, size_t n_paths, size_t max_line_bytes,
                                  struct gs_source **ret, struct gs_error *err)
{
    assert(max_line_bytes <= MAX_MAX_LINE);
    enum gs_status status = GS_OK;
    struct file_source *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "file source");
    }
    self->base.ops = &file_source_ops;
    self->input.fd = -1;
    self->max_line = max_line_bytes;
    self->kept.chunk_size = max_line_bytes + CHUNK_EXTRA;
    if (!copy_paths(self, paths, n_paths)) {
        status = gs_fail(err, GS_NO_MEMORY, "file source");
    }
    /* A file that cannot be read is reported now, not when those before it are done. */
    for (size_t i = 0; status == GS_OK && i < n_paths; i++) {
        if (strcmp(paths[i], "-") != 0 && access(paths[i], R_OK) != 0) {
            status = gs_fail_errno(err, errno, "%s", paths[i]);
        }
    }
    if (status != GS_OK) {
        close_source(&self->base);
        return status;
    }
    *ret = &self->base;
    return GS_OK;
}
