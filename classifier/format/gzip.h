/* Whole runs of bytes in gzip (RFC 1952) and back, by zlib. */
#ifndef GS_CLASSIFIER_GZIP_H
#define GS_CLASSIFIER_GZIP_H

#include "ingest/base/buf.h"
#include "ingest/base/error.h"

/* True when the bytes begin as gzip does. */
bool gs_gzip_is(struct gs_str bytes);

/* Appends the bytes, compressed. No time stamp: the same bytes give the same. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_gzip_put(struct gs_str bytes, struct gs_buf *out, struct gs_error *err);

/* Appends what one whole gzip stream holds, as long as out has room (its max stops a bomb).
 * GS_BAD_FORMAT: damaged, cut, or followed by more; GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_gzip_get(struct gs_str bytes, struct gs_buf *out, struct gs_error *err);

#endif
