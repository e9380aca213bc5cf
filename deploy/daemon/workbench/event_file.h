/* Writes the curves of a training as TensorBoard reads them: one file of events, each a scalar with
 * a name, a step and a time.
 *
 *     file   = record, record, …            the first one says "brain.Event:2"
 *     record = length (8 bytes), CRC of it, the event, CRC of that     (TFRecord; little-endian)
 *     event  = wall time, step, name, value (protocol buffers: event.proto, summary.proto)
 *
 * The CRC is CRC-32C (RFC 3720, appendix B.4), rotated and shifted as TFRecord wants it. A run that
 * goes on opens a file of its own beside the first one; TensorBoard joins what lies in one folder.
 *
 * Threads: owned by one thread. */
#ifndef GS_DEPLOY_EVENT_FILE_H
#define GS_DEPLOY_EVENT_FILE_H

#include "ingest/base/error.h"

#include <stdint.h>

struct gs_event_file; /* opaque */

/* Makes the folder if it is absent, and in it events.out.tfevents.SECONDS.PROCESS.groundswell.
 * GS_IO, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_event_file_open(const char *dir, struct gs_event_file **ret,
                                  struct gs_error *err);

/* name: at most 100 bytes. A value that is not finite is kept: TensorBoard shows it as such. A
 * write that fails is told of by gs_event_file_close(). */
void gs_event_file_scalar(struct gs_event_file *file, const char *name, uint64_t step,
                          double value);
void gs_event_file_flush(struct gs_event_file *file);

/* NULL is fine. GS_IO: something was not written. */
GS_MUST_CHECK
enum gs_status gs_event_file_close(struct gs_event_file *file, struct gs_error *err);

#endif
