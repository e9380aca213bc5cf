/* Following the journal: what has come is read from the start of the last line that is known, so
 * that its hash shows whether the file is still the one that was read. */
#include "deploy/daemon/journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct gs_journal {
    const char *path;
    struct gs_journal_reader reader;
    struct gs_arena *arena;
    bool there;       /* the file was there; info is of then */
    struct stat info; /* of the last call that read it */
    size_t done;      /* bytes behind which nothing is read yet: the end of a line */
    size_t last;      /* where the last line begins; done when there is none */
    size_t n_lines, tail;
    char head[GS_SHA256_HEX];
};

static void forget(struct gs_journal *journal)
{
    journal->there = false;
    journal->done = journal->last = journal->n_lines = journal->tail = 0;
    memcpy(journal->head, GS_JOURNAL_FIRST, sizeof journal->head);
}

enum gs_status gs_journal_new(const char *path, const struct gs_journal_reader *reader,
                              struct gs_journal **ret, struct gs_error *err)
{
    struct gs_journal *journal = calloc(1, sizeof *journal);

    if (journal == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "journal");
    }
    journal->path = path;
    journal->reader = *reader;
    forget(journal);
    const enum gs_status status = gs_arena_new(GS_JOURNAL_ARENA_BYTES, &journal->arena, err);
    if (status != GS_OK) {
        free(journal);
        return status;
    }
    *ret = journal;
    return GS_OK;
}

void gs_journal_free(struct gs_journal *journal)
{
    if (journal != NULL) {
        gs_arena_free(journal->arena);
        free(journal);
    }
}

const char *gs_journal_head(const struct gs_journal *journal)
{
    return journal->head;
}

size_t gs_journal_tail(const struct gs_journal *journal)
{
    return journal->tail;
}

/* ---- the file ---- */

enum gs_status gs_journal_check_file(const char *path, const struct stat *info,
                                     struct gs_error *err)
{
    if (!S_ISREG(info->st_mode)) {
        return gs_fail(err, GS_IO, "%s: is not a plain file", path);
    }
    if (info->st_uid != geteuid() && info->st_uid != 0) {
        return gs_fail(err, GS_IO, "%s: belongs to another user: not taken for a journal", path);
    }
    if ((info->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return gs_fail(err, GS_IO,
                       "%s: others may write into it: not taken for a journal (mode 600)", path);
    }
    if (info->st_size > GS_JOURNAL_MAX_BYTES) {
        return gs_fail(
            err, GS_BAD_FORMAT,
            "%s: has more than %d MiB: put it aside under another name, a new one begins", path,
            GS_JOURNAL_MAX_BYTES / 1024 / 1024);
    }
    return GS_OK;
}

enum gs_status gs_journal_read(int fd, const char *path, char *bytes, size_t len, size_t offset,
                               struct gs_error *err)
{
    for (size_t at = 0; at < len;) {
        const ssize_t n = pread(fd, bytes + at, len - at, (off_t)(offset + at));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0 ? gs_fail(err, GS_IO, "%s: became shorter while it was read", path)
                          : gs_fail_errno(err, errno, "%s", path);
        }
        at += (size_t)n;
    }
    return GS_OK;
}

/* ---- lines ---- */

static void take_line(struct gs_journal *journal, struct gs_str text)
{
    struct gs_journal_line line;
    struct gs_error why = {0};

    journal->n_lines++;
    if (gs_journal_line_decode(text, journal->arena, &line, &why) != GS_OK) {
        journal->reader.broken(journal->reader.arg, journal->n_lines, why.message);
        return;
    }
    if (strcmp(line.prev, journal->head) != 0) {
        journal->reader.unchained(journal->reader.arg, journal->n_lines);
    }
    journal->reader.line(journal->reader.arg, journal->n_lines, &line);
}

/* Takes the lines of bytes, which lie in the file from `done` on. */
static enum gs_status take_lines(struct gs_journal *journal, struct gs_str bytes,
                                 struct gs_error *err)
{
    const char *end = NULL;

    while (bytes.len > 0 && (end = memchr(bytes.bytes, '\n', bytes.len)) != NULL) {
        const struct gs_str text = {bytes.bytes, (size_t)(end - bytes.bytes)};
        char hash[GS_SHA256_HEX];
        const enum gs_status status = gs_sha256_hex(text, hash, err);
        if (status != GS_OK) {
            return status;
        }
        take_line(journal, text);
        memcpy(journal->head, hash, sizeof hash);
        journal->last = journal->done;
        journal->done += text.len + 1;
        bytes = (struct gs_str){end + 1, bytes.len - text.len - 1};
    }
    journal->tail = bytes.len;
    return GS_OK;
}

/* Whether bytes, which lie in the file from `last` on, begin with the line that is known. */
static bool goes_on(const struct gs_journal *journal, struct gs_str bytes)
{
    const size_t len = journal->done - journal->last;
    char hash[GS_SHA256_HEX];

    return len == 0 || (bytes.len >= len && bytes.bytes[len - 1] == '\n' &&
                        gs_sha256_hex((struct gs_str){bytes.bytes, len - 1}, hash, NULL) == GS_OK &&
                        strcmp(hash, journal->head) == 0);
}

static void begin_anew(struct gs_journal *journal, const char *why)
{
    forget(journal);
    journal->reader.anew(journal->reader.arg, why);
}

/* ---- what has come ---- */

/* The bytes from offset to the end, for free(); NULL: err says why not. */
static char *read_rest(const struct gs_journal *journal, int fd, size_t size, size_t offset,
                       struct gs_error *err)
{
    char *bytes = malloc(size - offset + 1);

    if (bytes == NULL) {
        (void)gs_fail(err, GS_NO_MEMORY, "%s: %zu bytes", journal->path, size - offset);
    } else if (gs_journal_read(fd, journal->path, bytes, size - offset, offset, err) != GS_OK) {
        free(bytes);
        bytes = NULL;
    }
    return bytes;
}

static enum gs_status take_file(struct gs_journal *journal, int fd, const struct stat *info,
                                struct gs_error *err)
{
    const size_t size = (size_t)info->st_size;
    const bool other = journal->there && (info->st_ino != journal->info.st_ino ||
                                          info->st_dev != journal->info.st_dev);

    if (other || size < journal->done) {
        begin_anew(journal, other ? "it is another file now" : "it was cut");
    }
    size_t from = journal->last;
    char *bytes = read_rest(journal, fd, size, from, err);
    if (bytes != NULL && !goes_on(journal, (struct gs_str){bytes, size - from})) {
        free(bytes);
        from = 0;
        begin_anew(journal, "its last line was changed");
        bytes = read_rest(journal, fd, size, from, err);
    }
    if (bytes == NULL) {
        return err->status;
    }
    const size_t known = journal->done - from;
    const enum gs_status status =
        take_lines(journal, (struct gs_str){bytes + known, size - from - known}, err);
    free(bytes);
    return status;
}

static bool is_as_it_was(const struct gs_journal *journal, const struct stat *info)
{
    const struct stat *was = &journal->info;

    return journal->there && info->st_ino == was->st_ino && info->st_dev == was->st_dev &&
           info->st_size == was->st_size && info->st_mtim.tv_sec == was->st_mtim.tv_sec &&
           info->st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

enum gs_status gs_journal_follow(struct gs_journal *journal, struct gs_error *err)
{
    struct gs_error own;
    struct stat info;

    err = err == NULL ? &own : err;

    if (lstat(journal->path, &info) == 0 && is_as_it_was(journal, &info)) {
        return GS_OK;
    }
    const int fd = open(journal->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        if (journal->there) {
            begin_anew(journal, "it is gone");
        }
        return GS_OK;
    }
    if (fd < 0) {
        return errno == ELOOP
                   ? gs_fail(err, GS_IO, "%s: is a symbolic link: not taken for a journal",
                             journal->path)
                   : gs_fail_errno(err, errno, "%s", journal->path);
    }
    enum gs_status status = fstat(fd, &info) == 0 ? gs_journal_check_file(journal->path, &info, err)
                                                  : gs_fail_errno(err, errno, "%s", journal->path);
    if (status == GS_OK) {
        status = take_file(journal, fd, &info, err);
    }
    if (status == GS_OK) {
        journal->info = info;
        journal->there = true;
    }
    (void)close(fd);
    return status;
}
