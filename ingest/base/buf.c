#include "base/buf.h"

#include "base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void gs_buf_done(struct gs_buf *buf)
{
    free(buf->bytes);
    *buf = (struct gs_buf){.max = buf->max};
}

void gs_buf_reset(struct gs_buf *buf)
{
    buf->len = 0;
    buf->broken = false;
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
    char small[256];
    va_list args;

    va_start(args, fmt);
    const int n = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    if (n < 0) {
        buf->broken = true;
        return;
    }
    const size_t len = (size_t)n;
    if (len < sizeof small) {
        gs_buf_put(buf, (struct gs_str){small, len});
        return;
    }
    char *to = gs_buf_reserve(buf, len + 1);
    if (to != NULL) {
        va_start(args, fmt);
        (void)vsnprintf(to, len + 1, fmt, args);
        va_end(args);
        buf->len += len;
    }
}

/* Bytes from i on that a JSON string may hold as they are: valid UTF-8 without control
 * characters, quotes and backslashes. */
static size_t plain_run(struct gs_str text, size_t i)
{
    const size_t start = i;

    while (i < text.len) {
        const unsigned char c = (unsigned char)text.bytes[i];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            i++;
        } else if (c >= 0x80) {
            const size_t n = gs_utf8_valid_len(text.bytes + i, text.len - i);
            if (n == 0) {
                break;
            }
            i += n;
        } else {
            break;
        }
    }
    return i - start;
}

void gs_buf_json_str(struct gs_buf *buf, struct gs_str text)
{
    gs_buf_putc(buf, '"');
    for (size_t i = 0; i < text.len;) {
        const size_t run = plain_run(text, i);
        gs_buf_put(buf, (struct gs_str){text.bytes + i, run});
        i += run;
        if (i == text.len) {
            break;
        }
        const unsigned char c = (unsigned char)text.bytes[i++];
        switch (c) {
        case '"':
            gs_buf_puts(buf, "\\\"");
            break;
        case '\\':
            gs_buf_puts(buf, "\\\\");
            break;
        case '\n':
            gs_buf_puts(buf, "\\n");
            break;
        case '\r':
            gs_buf_puts(buf, "\\r");
            break;
        case '\t':
            gs_buf_puts(buf, "\\t");
            break;
        default:
            if (c < 0x20) {
                gs_buf_printf(buf, "\\u%04x", c);
            } else {
                gs_buf_puts(buf, "\xEF\xBF\xBD");
            }
        }
    }
    gs_buf_putc(buf, '"');
}

/* Probabilities are most of the numbers we write, and printf("%g") costs 200 ns apiece: values
 * in [0.001, 1) are written as 0.ddddd by hand, which is the same text. */
static bool put_fraction(struct gs_buf *buf, double value)
{
    if (!(value >= 0.001 && value < 0.9999994)) {
        return false;
    }
    const int digits = value >= 0.1 ? 6 : value >= 0.01 ? 7 : 8; /* six of them significant */
    static const double scale[] = {1e6, 1e7, 1e8};
    uint64_t n = (uint64_t)(value * scale[digits - 6] + 0.5);
    char text[16] = "0.";
    int len = 2 + digits;

    for (int i = len - 1; i >= 2; i--) {
        text[i] = (char)('0' + n % 10);
        n /= 10;
    }
    while (text[len - 1] == '0') {
        len--;
    }
    gs_buf_put(buf, (struct gs_str){text, (size_t)len});
    return true;
}

void gs_buf_json_number(struct gs_buf *buf, double value)
{
    if (!isfinite(value)) {
        gs_buf_puts(buf, "null");
    } else if (value == 0.0) {
        gs_buf_putc(buf, '0'); /* no "-0" */
    } else if (!put_fraction(buf, value)) {
        gs_buf_printf(buf, "%.6g", value);
    }
}

void gs_buf_json_int(struct gs_buf *buf, int64_t value)
{
    char text[24];
    size_t i = sizeof text;
    uint64_t n = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        text[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    if (value < 0) {
        text[--i] = '-';
    }
    gs_buf_put(buf, (struct gs_str){text + i, sizeof text - i});
}

void gs_buf_json_time(struct gs_buf *buf, int64_t ms)
{
    const int64_t day_ms = 86400000;
    int64_t days = ms / day_ms;
    int64_t rest = ms % day_ms;

    if (rest < 0) {
        rest += day_ms;
        days--;
    }
    /* Civil date from days since 1970-01-01: H. Hinnant, "chrono-Compatible Low-Level Date
     * Algorithms". Years run from March, so that the leap day is the last. */
    const int64_t z = days + 719468;
    const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153;
    const int64_t day = doy - (153 * mp + 2) / 5 + 1;
    const int64_t month = mp < 10 ? mp + 3 : mp - 9;
    const int64_t year = yoe + era * 400 + (month <= 2);

    if (year < 0 || year > 9999) {
        gs_buf_puts(buf, "null");
        return;
    }
    gs_buf_printf(buf, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", (int)year, (int)month, (int)day,
                  (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
                  (int)(rest % 1000));
}
