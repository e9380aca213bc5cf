/* One escaping function for each medium; escape.h has the table.
 *
 * All walk the text in whole characters and copy runs that need nothing. The set of unprintable
 * characters is shared: what reorders a log line ("\u202e", the Trojan Source trick,
 * CVE-2021-42574) reorders a report as well, and C1 controls drive a terminal as ESC does: U+009B
 * is a CSI in two bytes. */
#include "ingest/base/escape.h"

#include "ingest/base/utf8.h"

#include <stdarg.h>

enum { MAX_LINE = 8192 };

bool gs_unprintable(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x0000, 0x001F}, {0x007F, 0x009F}, {0x061C, 0x061C}, {0x200E, 0x200F},   {0x2028, 0x202E},
        {0x2066, 0x2069}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (cp <= ranges[i].last) {
            return cp >= ranges[i].first;
        }
    }
    return false;
}

/* The next character of text at *at: its bytes in *ret, its code point, and *at moved behind it. A
 * byte that is no UTF-8 is UINT32_MAX. */
static uint32_t next(struct gs_str text, size_t *at, struct gs_str *ret)
{
    const size_t n = gs_utf8_valid_len(text.bytes + *at, text.len - *at);
    *ret = (struct gs_str){text.bytes + *at, n == 0 ? 1 : n};
    *at += ret->len;
    return n == 0 ? UINT32_MAX : gs_utf8_decode(ret->bytes, n);
}

void gs_buf_terminal(struct gs_buf *buf, struct gs_str text)
{
    struct gs_str character;
    for (size_t i = 0; i < text.len && gs_buf_ok(buf);) {
        const uint32_t cp = next(text, &i, &character);
        if (cp == UINT32_MAX) {
            gs_buf_printf(buf, "\\x%02x", (unsigned)(unsigned char)character.bytes[0]);
        } else if (gs_unprintable(cp)) {
            gs_buf_printf(buf, cp < 0x80 ? "\\x%02x" : "\\u{%04x}", (unsigned)cp);
        } else {
            gs_buf_put(buf, character);
        }
    }
}

void gs_buf_html(struct gs_buf *buf, struct gs_str text)
{
    struct gs_str character;
    for (size_t i = 0; i < text.len && gs_buf_ok(buf);) {
        const uint32_t cp = next(text, &i, &character);
        switch (cp) {
        case '&':
            gs_buf_puts(buf, "&amp;");
            break;
        case '<':
            gs_buf_puts(buf, "&lt;");
            break;
        case '>':
            gs_buf_puts(buf, "&gt;");
            break;
        case '"':
            gs_buf_puts(buf, "&quot;");
            break;
        case '\'':
            gs_buf_puts(buf, "&#39;");
            break;
        default:
            if (cp == UINT32_MAX || (gs_unprintable(cp) && cp != '\t' && cp != '\n')) {
                gs_buf_puts(buf, "\xEF\xBF\xBD");
            } else {
                gs_buf_put(buf, character);
            }
        }
    }
}

void gs_buf_exposition(struct gs_buf *buf, struct gs_str text, bool quotes)
{
    struct gs_str character;
    for (size_t i = 0; i < text.len;) {
        const uint32_t cp = next(text, &i, &character);
        if (cp == UINT32_MAX) {
            gs_buf_puts(buf, "\xEF\xBF\xBD");
        } else if (cp == '\n') {
            gs_buf_puts(buf, "\\n");
        } else {
            if (cp == '\\' || (quotes && cp == '"')) {
                gs_buf_putc(buf, '\\');
            }
            gs_buf_put(buf, character);
        }
    }
}

void gs_buf_csv(struct gs_buf *buf, struct gs_str text)
{
    struct gs_str character;
    gs_buf_putc(buf, '"');
    if (text.len > 0 && text.bytes[0] != '\0' && strchr("=+-@\t\r", text.bytes[0]) != NULL) {
        gs_buf_putc(buf, '\'');
    }
    for (size_t i = 0; i < text.len && gs_buf_ok(buf);) {
        const uint32_t cp = next(text, &i, &character);
        if (cp == UINT32_MAX || (gs_unprintable(cp) && cp != '\t' && cp != '\n' && cp != '\r')) {
            gs_buf_puts(buf, "\xEF\xBF\xBD");
        } else {
            gs_buf_puts(buf, cp == '"' ? "\"" : "");
            gs_buf_put(buf, character);
        }
    }
    gs_buf_putc(buf, '"');
}

void gs_print_line(FILE *out, const char *fmt, ...)
{
    char text[MAX_LINE];
    struct gs_buf line = {.max =
                              (size_t)8 * MAX_LINE}; /* "\u{202e}" is the longest: 8 bytes for 3 */
    va_list args;

    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n > 0) {
        const size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
        gs_buf_terminal(&line, (struct gs_str){text, len});
    }
    gs_buf_putc(&line, '\n');
    if (gs_buf_ok(&line)) {
        (void)fwrite(line.bytes, 1, line.len, out);
    }
    gs_buf_done(&line);
}
