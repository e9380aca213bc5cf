/* Members of the JSON objects that commands print. The name is plain ASCII; the comma before it is
 * written unless the member is its object's first. */
#ifndef GS_DEPLOY_JSON_MEMBER_H
#define GS_DEPLOY_JSON_MEMBER_H

#include "ingest/base/buf.h"

/* text.bytes NULL: null. */
void gs_member_text(struct gs_buf *out, const char *name, struct gs_str text);
/* NaN and infinities: null. */
void gs_member_number(struct gs_buf *out, const char *name, double value);
/* Below zero, which stands for none: null. */
void gs_member_int(struct gs_buf *out, const char *name, int64_t value);
/* ms since the epoch, as gs_buf_json_time() writes it. -1, which stands for no time: null. */
void gs_member_time(struct gs_buf *out, const char *name, int64_t ms);

#endif
