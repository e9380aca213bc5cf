/* Members of JSON objects (json_member.h). */
#include "deploy/daemon/cli/json_member.h"

/* A brace as the last byte opens the object: that of a string would have its quote behind it. */
static void put_name(struct gs_buf *out, const char *name)
{
    const bool first = out->len > 0 && out->bytes[out->len - 1] == '{';

    gs_buf_printf(out, "%s\"%s\":", first ? "" : ",", name);
}

void gs_member_text(struct gs_buf *out, const char *name, struct gs_str text)
{
    put_name(out, name);
    if (text.bytes == NULL) {
        gs_buf_puts(out, "null");
    } else {
        gs_buf_json_str(out, text);
    }
}

void gs_member_number(struct gs_buf *out, const char *name, double value)
{
    put_name(out, name);
    gs_buf_json_number(out, value);
}

void gs_member_int(struct gs_buf *out, const char *name, int64_t value)
{
    put_name(out, name);
    if (value < 0) {
        gs_buf_puts(out, "null");
    } else {
        gs_buf_json_int(out, value);
    }
}

void gs_member_time(struct gs_buf *out, const char *name, int64_t ms)
{
    put_name(out, name);
    if (ms == -1) {
        gs_buf_puts(out, "null");
    } else {
        gs_buf_json_time(out, ms);
    }
}
