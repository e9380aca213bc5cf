/* A dead-letter record as a line of JSON; for this module only. */
#ifndef GS_INGEST_DLQ_JSON_H
#define GS_INGEST_DLQ_JSON_H

#include "ingest/base/buf.h"
#include "ingest/records/source.h"

/* {"timestamp":…,"key":…,"value":…,"headers":[{"name":…,"value":…}…]}; bytes that are not UTF-8 are
 * under "…_base64" instead. No newline. */
void gs_dlq_encode(const struct gs_output *output, struct gs_buf *out);

#endif
