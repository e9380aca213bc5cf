/* Files, stdin and stdout as source and sink: one record a line, plain or gzip (by its magic). */
#ifndef GS_INGEST_FILES_H
#define GS_INGEST_FILES_H

#include "ingest/records/source.h"

/* Reads paths one after another; "-" is stdin. A line longer than max_line_bytes is given cut to
 * max_line_bytes + 1 bytes (so that the decoder sees it is too large) and the rest skipped. CR LF and a last
 * line without LF are fine; empty lines are skipped but counted in the line number (offset). The partition is 0, the topic the path.
 * GS_IO names the path. A truncated or corrupt gzip is GS_IO from poll with the line reached. */
GS_MUST_CHECK
enum gs_status gs_file_source_new(const char *const *paths, size_t n_paths, size_t max_line_bytes,
                                  struct gs_source **ret, struct gs_error *err);

/* Streams to paths: paths[stream] is a path, "-" for stdout, or NULL: records of that stream are
 * dropped when `drop_missing`, else GS_IO. Writes value + LF (DLQ records as JSON with value_base64 when not UTF-8, key, headers).
 * A batch that is aborted leaves nothing in the file: it is written at commit. ".gz" paths are compressed. */
GS_MUST_CHECK
enum gs_status gs_file_sink_new(const char *const paths[GS_N_STREAMS], bool drop_missing,
                                struct gs_sink **ret, struct gs_error *err);

#endif
