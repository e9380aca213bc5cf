/* Lines of files as records.
 *
 * What a record borrows must stay until the next commit, and a rewind must give the same records
 * again, from a pipe too. So lines are read into chunks that are kept until the commit, and the
 * records given since then are listed:
 *
 *     chunk ── chunk ── chunk (being filled)         given: rec rec rec rec rec
 *                        │line│line│part…│ room │                    ↑ next, after a rewind
 *
 * A line that does not fit into the rest of its chunk moves to a new one, so each chunk has room
 * for the longest line. Chunks are bounded together; a commit gives them back for the next batch.
 */
#include "ingest/records/file_input.h"
#include "ingest/records/files.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHUNK_EXTRA = 256 * 1024, MAX_LINES = 2 * 1024 * 1024 };
static const size_t max_kept_bytes = (size_t)256 * 1024 * 1024;

struct chunk {
    struct chunk *next;
    size_t filled;
    char bytes[]; /* [chunk_size] */
};

struct given {
    struct gs_str line;
    size_t path;
    int64_t number;
};

struct file_source {
    struct gs_source base; /* first, so that a gs_source is one of these */
    char **paths;
    size_t n_paths, n_open; /* paths[n_open - 1] is open, or was last */
    size_t max_line;
    size_t chunk_size;

    struct gs_input input;
    bool open;
    bool end;            /* of the last file */
    bool skipping;       /* the rest of a line that is too long */
    int64_t line_number; /* of the last line that began */

    struct chunk *first, *last; /* since the commit; last is filled */
    struct chunk *spare;        /* at most one */
    size_t line_at;             /* in last: where the next line begins */
    size_t search_at;           /* in last: no newline is between line_at and here */
    size_t kept_bytes;

    struct given *given;
    size_t n_given, max_given;
    size_t next_given; /* < n_given after a rewind */

    enum gs_status failed; /* not GS_OK: every later poll says so too */
    struct gs_error failure;
};

static struct file_source *self_of(struct gs_source *source)
{
    return (struct file_source *)source;
}

/* ---- chunks ---- */

static struct chunk *chunk_take(struct file_source *self)
{
    struct chunk *chunk = self->spare;

    if (chunk != NULL) {
        self->spare = NULL;
    } else {
        chunk = malloc(sizeof *chunk + self->chunk_size);
        if (chunk == NULL) {
            return NULL;
        }
    }
    chunk->next = NULL;
    chunk->filled = 0;
    return chunk;
}

static void chunk_give(struct file_source *self, struct chunk *chunk)
{
    if (self->spare == NULL) {
        self->spare = chunk;
    } else {
        free(chunk);
    }
}

/* Makes room behind the line that is being read: a new chunk that begins with it. */
static enum gs_status next_chunk(struct file_source *self, struct gs_error *err)
{
    const size_t part = self->last == NULL ? 0 : self->last->filled - self->line_at;

    if (self->kept_bytes + self->chunk_size > max_kept_bytes && self->first != NULL) {
        return gs_fail(err, GS_NO_MEMORY,
                       "%s: 256 MiB of lines since the last commit: smaller batches are needed",
                       self->input.path);
    }
    struct chunk *chunk = chunk_take(self);
    if (chunk == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s: line buffer", self->input.path);
    }
    if (self->last == NULL) {
        self->first = chunk;
    } else {
        memcpy(chunk->bytes, self->last->bytes + self->line_at, part);
        chunk->filled = part;
        self->last->filled = self->line_at;
        self->last->next = chunk;
    }
    self->last = chunk;
    self->search_at = self->search_at - self->line_at;
    self->line_at = 0;
    self->kept_bytes += self->chunk_size;
    return GS_OK;
}

/* ---- lines ---- */

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

/* Lists the line and makes it a record. */
static enum gs_status give(struct file_source *self, struct gs_str line, struct gs_error *err)
{
    if (self->n_given == self->max_given) {
        const size_t max = self->max_given == 0 ? 1024 : 2 * self->max_given;
        if (max > MAX_LINES) {
            return gs_fail(err, GS_NO_MEMORY,
                           "%s: %d lines since the last commit: smaller batches are needed",
                           self->input.path, MAX_LINES);
        }
        struct given *more = realloc(self->given, max * sizeof *more);
        if (more == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "%s: list of lines", self->input.path);
        }
        self->given = more;
        self->max_given = max;
    }
    self->given[self->n_given++] = (struct given){line, self->n_open - 1, self->line_number};
    return GS_OK;
}

/* The line that begins at line_at and ends before `end` (its newline not included) is done: gives
 * it unless it is empty or the rest of one that was cut. next is where the next one begins. */
static enum gs_status end_line(struct file_source *self, size_t end, size_t next,
                               struct gs_error *err)
{
    const char *bytes = self->last->bytes;
    const size_t start = self->line_at;
    const bool rest = self->skipping;
    enum gs_status status = GS_OK;

    if (!rest) {
        size_t begin = start;
        self->line_number++;
        if (end > begin && bytes[end - 1] == '\r') {
            end--;
        }
        if (self->line_number == 1 && end - begin >= 3 &&
            memcmp(bytes + begin, "\xEF\xBB\xBF", 3) == 0) {
            begin += 3; /* a byte order mark, as editors on Windows write it */
        }
        const size_t len = end - begin > self->max_line ? self->max_line + 1 : end - begin;
        if (len > 0) {
            status = give(self, (struct gs_str){bytes + begin, len}, err);
        }
        if (status != GS_OK) {
            self->line_number--;
            return status;
        }
    }
    self->skipping = false;
    self->line_at = next;
    self->search_at = next;
    return GS_OK;
}

/* Cuts a line that is too long: the first part is given, the rest will be skipped. */
static enum gs_status cut_line(struct file_source *self, struct gs_error *err)
{
    const enum gs_status status = end_line(self, self->last->filled, self->last->filled, err);

    if (status == GS_OK) {
        self->skipping = true;
    }
    return status;
}

/* Reads on in the open file. GS_OK when something has changed: bytes, a file's end. */
static enum gs_status read_more(struct file_source *self, int timeout_ms, struct gs_error *err)
{
    size_t n = 0;

    if (self->skipping && self->last != NULL) { /* nobody needs what is skipped */
        self->last->filled = self->line_at;
        self->search_at = self->line_at;
    }
    if (self->last == NULL || self->last->filled == self->chunk_size) {
        const enum gs_status status = next_chunk(self, err);
        if (status != GS_OK) {
            return status;
        }
    }
    const enum gs_status status =
        gs_input_read(&self->input, timeout_ms, self->last->bytes + self->last->filled,
                      self->chunk_size - self->last->filled, &n, err);
    if (status == GS_OK) {
        self->last->filled += n;
    }
    if (status != GS_CLOSED) {
        return status;
    }
    if (self->last->filled > self->line_at || self->skipping) { /* a last line without newline */
        const enum gs_status last = end_line(self, self->last->filled, self->last->filled, err);
        if (last != GS_OK) {
            return last;
        }
    }
    gs_input_close(&self->input);
    self->open = false;
    return GS_OK;
}

/* Brings one more line to the list, or GS_AGAIN, GS_CLOSED, or a failure. */
static enum gs_status next_line(struct file_source *self, int timeout_ms, struct gs_error *err)
{
    const size_t before = self->n_given;

    while (self->n_given == before) {
        enum gs_status status = GS_OK;
        const size_t filled = self->last == NULL ? 0 : self->last->filled;
        const char *newline =
            self->search_at == filled
                ? NULL
                : memchr(self->last->bytes + self->search_at, '\n', filled - self->search_at);
        if (newline != NULL) {
            const size_t at = (size_t)(newline - self->last->bytes);
            status = end_line(self, at, at + 1, err);
        } else if (self->open) {
            self->search_at = filled;
            /* One more than is given, since that one may be a CR. */
            status = !self->skipping && filled - self->line_at > self->max_line + 4
                         ? cut_line(self, err)
                         : read_more(self, timeout_ms, err);
        } else if (self->n_open < self->n_paths) {
            status = open_next(self, err);
        } else {
            self->end = true;
            return GS_CLOSED;
        }
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

/* ---- the source ---- */

static enum gs_status poll_line(struct gs_source *source, int timeout_ms, struct gs_record *ret,
                                struct gs_error *err)
{
    struct file_source *self = self_of(source);

    if (self->next_given == self->n_given) {
        if (self->failed != GS_OK) {
            return gs_fail(err, self->failed, "%s", self->failure.message);
        }
        struct gs_error why = {0};
        const enum gs_status status = next_line(self, timeout_ms, &why);
        if (status == GS_AGAIN || status == GS_CLOSED) {
            return status;
        }
        if (status != GS_OK) {
            if (status == GS_IO) { /* the rest of the file is gone for good */
                self->failed = status;
                (void)gs_fail(&self->failure, status, "%.180s (after line %lld)", why.message,
                              (long long)self->line_number);
                why = self->failure;
            }
            return gs_fail(err, status, "%s", why.message);
        }
    }
    const struct given *given = &self->given[self->next_given++];
    *ret = (struct gs_record){
        .topic = gs_str(self->paths[given->path]),
        .offset = given->number,
        .timestamp_ms = -1,
        .value = given->line,
    };
    return GS_OK;
}

static enum gs_status rewind_lines(struct gs_source *source, struct gs_error *err)
{
    (void)err;
    self_of(source)->next_given = 0;
    return GS_OK;
}

/* Lets go of what was given. Lines read ahead of the given ones are not lost: those listed but not
 * taken again after a rewind stay listed. */
static enum gs_status commit_lines(struct gs_source *source, struct gs_error *err)
{
    struct file_source *self = self_of(source);

    (void)err;
    if (self->next_given < self->n_given) {
        memmove(self->given, self->given + self->next_given,
                (self->n_given - self->next_given) * sizeof *self->given);
        self->n_given -= self->next_given;
        self->next_given = 0;
        return GS_OK; /* their chunks stay until they are taken and committed */
    }
    self->n_given = 0;
    self->next_given = 0;
    while (self->first != self->last) {
        struct chunk *chunk = self->first;
        self->first = chunk->next;
        self->kept_bytes -= self->chunk_size;
        chunk_give(self, chunk);
    }
    if (self->last != NULL && self->line_at == self->last->filled) { /* begin at the front again */
        self->last->filled = 0;
        self->line_at = 0;
        self->search_at = 0;
    }
    return GS_OK;
}

static bool is_idle(const struct gs_source *source, struct gs_str topic, int32_t partition)
{
    const struct file_source *self = (const struct file_source *)source;

    (void)topic;
    (void)partition;
    return self->end && self->next_given == self->n_given;
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
    while (self->first != NULL) {
        struct chunk *chunk = self->first;
        self->first = chunk->next;
        free(chunk);
    }
    free(self->spare);
    free(self->given);
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
    assert(max_line_bytes < max_kept_bytes / 4);
    enum gs_status status = GS_OK;
    struct file_source *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "file source");
    }
    self->base.ops = &file_source_ops;
    self->input.fd = -1;
    self->max_line = max_line_bytes;
    self->chunk_size = max_line_bytes + CHUNK_EXTRA;
    if (!copy_paths(self, paths, n_paths)) {
        status = gs_fail(err, GS_NO_MEMORY, "file source");
    }
    /* That they can be read is said now, not when the others are done. */
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
