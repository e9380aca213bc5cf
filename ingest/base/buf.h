/* Growing byte buffer with a ceiling. After a failed append the buffer is "broken": later
 * appends do nothing and gs_buf_ok() says so once, so that a writer checks at its end only.
 *
 * Threads: owned by one thread. {.max = N} is a valid empty buffer; end it with gs_buf_done(). */
#ifndef GS_BASE_BUF_H
#define GS_BASE_BUF_H

#include "ingest/base/attr.h"
#include "ingest/base/str.h"

#include <stdarg.h>
#include <stdint.h>

struct gs_buf {
    char *bytes;
    size_t len;
    size_t capacity;
    size_t max; /* bytes; the buffer never holds more */
    bool broken;
    bool starved; /* broken because memory was short, not because of the ceiling */
};

static inline bool gs_buf_ok(const struct gs_buf *buf)
{
    return !buf->broken;
}
static inline struct gs_str gs_buf_str(const struct gs_buf *buf)
{
    return (struct gs_str){buf->bytes == NULL ? "" : buf->bytes, buf->len};
}

void gs_buf_done(struct gs_buf *buf);
void gs_buf_reset(struct gs_buf *buf); /* empty and unbroken; keeps the memory */

/* Room for n more bytes; NULL (and broken) past the ceiling or without memory. The caller
 * writes up to n bytes there and adds them to len. */
char *gs_buf_reserve(struct gs_buf *buf, size_t n);
void gs_buf_put(struct gs_buf *buf, struct gs_str text);
void gs_buf_puts(struct gs_buf *buf, const char *text);
void gs_buf_putc(struct gs_buf *buf, char c);
GS_PRINTF(2, 3) void gs_buf_printf(struct gs_buf *buf, const char *fmt, ...);
GS_PRINTF(2, 0) void gs_buf_vprintf(struct gs_buf *buf, const char *fmt, va_list args);

/* JSON pieces (RFC 8259). The caller writes the braces, commas and keys.
 *
 * gs_buf_json_str() writes a quoted string; bytes that are not UTF-8 become U+FFFD, one a byte,
 * and what is unprintable (escape.h) an escape.
 * gs_buf_json_number() writes a finite number in the shortest of at most six significant
 * digits; NaN and infinities, which JSON does not have, become null.
 * gs_buf_json_float() writes at most nine significant digits, which read back as the same float;
 * from 0.0001 to 1 the fewest that do. gs_buf_json_time() writes ms since the epoch as
 * "2026-11-21T09:30:00.000Z" with quotes; a time outside the years 0 to 9999 becomes null.
 * gs_buf_time() writes it for people, without quotes; false and nothing for such a time. */
void gs_buf_json_str(struct gs_buf *buf, struct gs_str text);
void gs_buf_json_number(struct gs_buf *buf, double value);
void gs_buf_json_float(struct gs_buf *buf, float value);
void gs_buf_json_int(struct gs_buf *buf, int64_t value);
void gs_buf_json_time(struct gs_buf *buf, int64_t ms);
bool gs_buf_time(struct gs_buf *buf, int64_t ms);

#endif
