/* Counts the columns that a text takes on a terminal: East Asian wide characters are two, combining
 * ones none. */
#include "deploy/daemon/demo/width.h"

#include <stdint.h>

/* One character of text from *at on (at least a byte is taken); bytes that are not UTF-8 stand for
 * themselves. */
static uint32_t take_character(struct gs_str text, size_t *at)
{
    const unsigned char lead = (unsigned char)text.bytes[*at];
    const size_t len = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (len == 1 || len > text.len - *at) {
        (*at)++;
        return lead < 0x80 ? lead : 0xfffd;
    }
    uint32_t c = lead & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        c = c << 6 | ((unsigned char)text.bytes[*at + i] & 0x3fu);
    }
    *at += len;
    return c;
}

static size_t columns_of(uint32_t c)
{
    /* Unicode 15 East Asian Width W and F, by block. */
    static const uint32_t wide[][2] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97c},
        {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
        {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
        {0x20000, 0x3fffd},
    };
    if ((c >= 0x0300 && c <= 0x036f) || (c >= 0x200b && c <= 0x200f) ||
        (c >= 0xfe00 && c <= 0xfe0f)) {
        return 0;
    }
    for (size_t i = 0; i < GS_COUNT(wide); i++) {
        if (c >= wide[i][0] && c <= wide[i][1]) {
            return 2;
        }
    }
    return 1;
}

static bool moves_cursor(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

size_t gs_demo_width(struct gs_str text)
{
    size_t columns = 0;
    for (size_t at = 0; at < text.len;) {
        const uint32_t c = take_character(text, &at);
        columns += moves_cursor(c) ? 1 : columns_of(c);
    }
    return columns;
}

static size_t put_characters(struct gs_buf *out, struct gs_str text, size_t columns)
{
    size_t used = 0;
    for (size_t at = 0; at < text.len;) {
        const size_t from = at;
        const uint32_t c = take_character(text, &at);
        const size_t wide = moves_cursor(c) ? 1 : columns_of(c);
        if (used + wide > columns) {
            break;
        }
        if (moves_cursor(c)) {
            gs_buf_putc(out, ' ');
        } else if (c == 0xfffd) {
            gs_buf_puts(out, "\xEF\xBF\xBD");
        } else {
            gs_buf_put(out, (struct gs_str){text.bytes + from, at - from});
        }
        used += wide;
    }
    return used;
}

size_t gs_demo_put(struct gs_buf *out, struct gs_str text, size_t columns, bool pad)
{
    size_t used = 0;
    if (gs_demo_width(text) <= columns) {
        used = put_characters(out, text, columns);
    } else if (columns > 0) {
        used = put_characters(out, text, columns - 1) + 1;
        gs_buf_puts(out, "\xE2\x80\xA6");
    }
    for (; pad && used < columns; used++) {
        gs_buf_putc(out, ' ');
    }
    return used;
}
