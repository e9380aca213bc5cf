/* What goes to the dead-letter queue: the record byte for byte, and why. */
#ifndef GS_DEPLOY_DLQ_H
#define GS_DEPLOY_DLQ_H

#include "ingest/records/source.h"

/* Writes record to the sink's DLQ stream with the headers
 * groundswell.error.{code,message,stage,topic, partition,offset} behind its own. GS_IO when the DLQ
 * refuses it too: the lane must stop. */
GS_MUST_CHECK
enum gs_status gs_dlq_put(struct gs_sink *sink, const struct gs_record *record,
                          enum gs_reject reject, const char *message, const char *stage,
                          struct gs_error *err);

#endif
