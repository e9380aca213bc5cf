/* The journal: a file of lines (journal_line.h) to which all that people do about incidents is
 * added, by commands, and what people were told, by the running process.
 *
 *     groundswell ack, mute ──┐                        ┌─► gs_journal_follow(): the running process
 *     the running process ────┴─► gs_journal_append() ─┴─► groundswell incidents ls, show, verify
 *
 * Append: one write() of whole lines at the end (O_APPEND) under flock(), then fsync(); a file that
 * is new has mode 0600. Nothing that is there is ever changed. A line whose writer died in it gets
 * its end from the next writer and stays, as one that cannot be read.
 *
 * Chain: each line has the SHA-256 of the one before, whatever that is; the first has zeros. A
 * line that was changed, taken out or put in shows at the next one. What the chain can't show is
 * that lines are missing at the end: for that keep the hash of the last line (`incidents verify`
 * prints it) somewhere else. It is no signature either: who may write the file can write all of it
 * anew.
 *
 * The file is refused when it is no plain file, belongs to another user (but root), or may be
 * written by others; and past GS_JOURNAL_MAX_BYTES.
 *
 * Threads: a follower belongs to one thread at a time; appending from any. */
#ifndef GS_DEPLOY_JOURNAL_H
#define GS_DEPLOY_JOURNAL_H

#include "deploy/daemon/journal/journal_line.h"

enum { GS_JOURNAL_MAX_BYTES = 64 * 1024 * 1024 };

/* What a follower calls, for each line that has come since. None may be NULL. */
struct gs_journal_reader {
    void *arg;
    void (*line)(void *arg, size_t number, const struct gs_journal_line *line);
    /* The line can't be read: it counts for nothing, and the chain goes on behind it. */
    void (*broken)(void *arg, size_t number, const char *why);
    /* The line can be read (line() is called too), but is not the one that was written behind the
     * line before it. */
    void (*unchained)(void *arg, size_t number);
    /* The file is not the one that was read so far: what came of it is to be forgotten. */
    void (*anew)(void *arg, const char *why);
};

struct gs_journal; /* opaque: a follower */

/* Nothing is opened. path is borrowed. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_journal_new(const char *path, const struct gs_journal_reader *reader,
                              struct gs_journal **ret, struct gs_error *err);
void gs_journal_free(struct gs_journal *journal); /* NULL is fine */

/* Reads what has come since the last call: cheap when nothing has. A file that is not there is an
 * empty one. GS_IO, GS_BAD_FORMAT (too large), GS_NO_MEMORY: what was read until then counts, and
 * the next call goes on behind it. */
GS_MUST_CHECK enum gs_status gs_journal_follow(struct gs_journal *journal, struct gs_error *err);

/* The SHA-256 of the last line read; zeros before the first. */
const char *gs_journal_head(const struct gs_journal *journal);
/* Bytes behind the last line feed, at the last call: a line that has no end. */
size_t gs_journal_tail(const struct gs_journal *journal);

/* Adds n lines, all or none; sets their prev. Waits at most wait_ms for another writer: GS_AGAIN
 * then. GS_IO, GS_BAD_FORMAT (too large), GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_journal_append(const char *path, struct gs_journal_line *lines, size_t n,
                                 int wait_ms, struct gs_error *err);

/* ---- shared by journal.c (reading) and journal_append.c ---- */

#define GS_JOURNAL_FIRST "0000000000000000000000000000000000000000000000000000000000000000"
struct stat;
/* Whether the file may be read as a journal. */
GS_MUST_CHECK
enum gs_status gs_journal_check_file(const char *path, const struct stat *info,
                                     struct gs_error *err);
/* Reads len bytes at offset: all of them, or GS_IO. */
GS_MUST_CHECK
enum gs_status gs_journal_read(int fd, const char *path, char *bytes, size_t len, size_t offset,
                               struct gs_error *err);

#endif
