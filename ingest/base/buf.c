/* The growing byte buffer. Everything that is appended goes through gs_buf_reserve(), the only
 * place that checks the ceiling and grows; when it cannot, it marks the buffer as broken, and all
 * later appends do nothing.
 *
 * The buffer grows by half, so that a long text costs a bounded number of copies a byte. printf
 * goes over a small array on the stack; only a longer text allocates, since vsnprintf() needs a
 * byte for its NUL that the ceiling may not leave. */
#include "ingest/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void gs_buf_done(struct gs_buf *buf)
{
    free(buf->bytes);
    *buf = (struct gs_buf){.max = buf->max};
}

void gs_buf_reset(struct gs_buf *buf)
{
    buf->len = 0;
    buf->broken = false;
    buf->starved = false;
}

char *gs_buf_reserve(struct gs_buf *buf, size_t n)
{
    if (buf->broken || n > buf->max - buf->len) {
        buf->broken = true;
        return NULL;
    }
    if (n > buf->capacity - buf->len) {
        size_t want = buf->capacity < 256 ? 256 : buf->capacity + buf->capacity / 2;
        want = want < buf->len + n ? buf->len + n : want;
        want = want > buf->max ? buf->max : want;
        char *bigger = realloc(buf->bytes, want);
        if (bigger == NULL) {
            buf->broken = true;
            buf->starved = true;
            return NULL;
        }
        buf->bytes = bigger;
        buf->capacity = want;
    }
    return buf->bytes + buf->len;
}

void gs_buf_put(struct gs_buf *buf, struct gs_str text)
{
    if (text.len == 0) {
        return;
    }
    char *to = gs_buf_reserve(buf, text.len);
    if (to != NULL) {
        memcpy(to, text.bytes, text.len);
        buf->len += text.len;
    }
}

void gs_buf_puts(struct gs_buf *buf, const char *text)
{
    gs_buf_put(buf, gs_str(text));
}

void gs_buf_putc(struct gs_buf *buf, char c)
{
    gs_buf_put(buf, (struct gs_str){&c, 1});
}

void gs_buf_printf(struct gs_buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    gs_buf_vprintf(buf, fmt, args);
    va_end(args);
}

void gs_buf_vprintf(struct gs_buf *buf, const char *fmt, va_list args)
{
    char small[256];
    va_list again;

    va_copy(again, args);
    const int n = vsnprintf(small, sizeof small, fmt, again);
    va_end(again);
    if (n < 0) {
        buf->broken = true;
        return;
    }
    const size_t len = (size_t)n;
    if (len < sizeof small) {
        gs_buf_put(buf, (struct gs_str){small, len});
        return;
    }
    /* vsnprintf() ends in a NUL, for which there may be no room under the ceiling. */
    char *longer = malloc(len + 1);
    if (longer == NULL) {
        buf->broken = true;
        buf->starved = true;
        return;
    }
    (void)vsnprintf(longer, len + 1, fmt, args);
    gs_buf_put(buf, (struct gs_str){longer, len});
    free(longer);
}
