/* Files, stdin and stdout as source and sink: one record a line, plain or gzip (by its magic). */
#ifndef GS_INGEST_FILES_H
#define GS_INGEST_FILES_H

#include "ingest/records/source.h"

/* Reads paths one after another; "-" is stdin. A line longer than max_line_bytes (<= 64 MiB) is
 * given cut to max_line_bytes + 1 bytes (so that the decoder sees it is too large) and the rest
 * skipped. CR LF and a last line without LF are fine; empty lines are skipped but counted in the
 * line number (offset); a UTF-8 byte order mark at the start of a line is skipped (files put one
 * behind another have it inside). The partition is 0, the topic the path. events.assigned is called
 * when a file is begun; revoking and revoked are not. A line that does not end gives GS_AGAIN every
 * 8 MiB, so that the caller can react to a signal.
 *
 * What records borrow and what a rewind gives again is kept in memory, for a pipe too, up to 256
 * MiB or two million lines since the last commit; then poll fails with GS_NO_MEMORY. So commit
 * after each batch: gs_sink_commit() with any sink of this module, or gs_source_commit().
 *
 * GS_IO names the path; a file that cannot be read is known at once. A truncated or corrupt gzip is
 * GS_IO from poll with the line reached, after the lines before it; every later poll says so again.
 * The lines before it are good: the caller ends its batch with them. A file that is not lines of
 * UTF-8 (UTF-16, zstd, Parquet …) is GS_BAD_FORMAT, which says what it is and what to do. */
GS_MUST_CHECK
enum gs_status gs_file_source_new(const char *const *paths, size_t n_paths, size_t max_line_bytes,
                                  struct gs_source **ret, struct gs_error *err);

/* Streams to paths: paths[stream] is a path, "-" for stdout, or NULL: records of that stream are
 * dropped when `drop_missing`, else GS_IO. A path may serve several streams. Files are appended to,
 * so that a restart destroys nothing. Writes value + LF ("null" for a null value); a value that
 * holds a LF is GS_BAD_FORMAT. A file that is made is its owner's alone (0600): records hold what
 * people wrote; one that is there keeps its mode. A DLQ record is one JSON object with its key,
 * value and headers (deploy/docs/records.md).
 *
 * A batch is kept in memory and written at commit, which then commits the source; over 256 MiB put
 * gives GS_NO_MEMORY. An aborted batch leaves nothing in the file. A failed write (a full disk, a
 * closed pipe: the program ignores SIGPIPE) is GS_IO with the path; what a regular file got of the
 * batch is cut off again. ".gz" paths are compressed, each batch a gzip member of its own, so that
 * the file is whole after each commit.
 *
 * GS_IO when a path cannot be opened. */
GS_MUST_CHECK
enum gs_status gs_file_sink_new(const char *const paths[GS_N_STREAMS], bool drop_missing,
                                struct gs_sink **ret, struct gs_error *err);

#endif
