/* Members of a JSON object, for alerts and incidents: name is what stands before the value, comma and
 * colon included, as ",\"n\":".
 *
 * Private to alerting/. */
#ifndef GS_ALERTING_JSON_MEMBERS_H
#define GS_ALERTING_JSON_MEMBERS_H

#include "ingest/base/buf.h"

static inline void gs_put_text(struct gs_buf *out, const char *name, struct gs_str text)
{
    gs_buf_puts(out, name);
    gs_buf_json_str(out, text);
}

static inline void gs_put_number(struct gs_buf *out, const char *name, double value)
{
    gs_buf_puts(out, name);
    gs_buf_json_number(out, value);
}

static inline void gs_put_int(struct gs_buf *out, const char *name, int64_t value)
{
    gs_buf_puts(out, name);
    gs_buf_json_int(out, value);
}

static inline void gs_put_time(struct gs_buf *out, const char *name, int64_t ms)
{
    gs_buf_puts(out, name);
    gs_buf_json_time(out, ms);
}

#endif
