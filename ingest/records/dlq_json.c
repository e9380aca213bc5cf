/* Writes a dead letter as a line of JSON, for sinks that are files.
 *
 * A dead letter has to come back byte for byte. Key, value and headers that are UTF-8 are written
 * as strings; others get a member whose name ends in "_base64". */
#include "ingest/records/dlq_json.h"

#include "ingest/base/utf8.h"

/* RFC 4648 section 4. */
static void put_base64(struct gs_buf *out, struct gs_str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = (const unsigned char *)bytes.bytes;

    for (size_t i = 0; i < bytes.len; i += 3) {
        const size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        const uint32_t word = (uint32_t)in[i] << 16 | (n > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                              (n > 2 ? (uint32_t)in[i + 2] : 0);
        char four[4] = {digits[word >> 18], digits[word >> 12 & 63], '=', '='};
        if (n > 1) {
            four[2] = digits[word >> 6 & 63];
        }
        if (n > 2) {
            four[3] = digits[word & 63];
        }
        gs_buf_put(out, (struct gs_str){four, 4});
    }
}

/* "name":"text", or "name_base64":"…" for bytes that are not text, or "name":null. */
static void put_bytes(struct gs_buf *out, const char *name, struct gs_str bytes)
{
    const bool text = bytes.bytes == NULL || gs_utf8_check(bytes) == bytes.len;

    gs_buf_putc(out, '"');
    gs_buf_puts(out, name);
    gs_buf_puts(out, text ? "\":" : "_base64\":");
    if (bytes.bytes == NULL) {
        gs_buf_puts(out, "null");
    } else if (text) {
        gs_buf_json_str(out, bytes);
    } else {
        gs_buf_putc(out, '"');
        put_base64(out, bytes);
        gs_buf_putc(out, '"');
    }
}

void gs_dlq_encode(const struct gs_output *output, struct gs_buf *out)
{
    gs_buf_putc(out, '{');
    if (output->timestamp_ms >= 0) {
        gs_buf_puts(out, "\"timestamp\":");
        gs_buf_json_int(out, output->timestamp_ms);
        gs_buf_putc(out, ',');
    }
    put_bytes(out, "key", output->key);
    gs_buf_putc(out, ',');
    put_bytes(out, "value", output->value);
    gs_buf_puts(out, ",\"headers\":[");
    for (size_t i = 0; i < output->n_headers; i++) {
        gs_buf_puts(out, i > 0 ? ",{" : "{");
        put_bytes(out, "name", output->headers[i].name);
        gs_buf_putc(out, ',');
        put_bytes(out, "value", output->headers[i].value);
        gs_buf_putc(out, '}');
    }
    gs_buf_puts(out, "]}");
}
