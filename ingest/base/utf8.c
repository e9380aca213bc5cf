/* Checks, cuts and repairs UTF-8. The rules themselves, one character at a time, are in utf8.h.
 *
 * Most text is ASCII for long stretches, so the check reads eight bytes at a time until one has its
 * high bit set. A cut looks back at most three bytes for a character that the cut would split. */
#include "ingest/base/utf8.h"

size_t gs_utf8_check(struct gs_str text)
{
    size_t i = 0;

    while (i < text.len) {
        uint64_t word;
        while (text.len - i >= sizeof word) {
            memcpy(&word, text.bytes + i, sizeof word);
            if ((word & 0x8080808080808080U) != 0) {
                break;
            }
            i += sizeof word;
        }
        while (i < text.len && (unsigned char)text.bytes[i] < 0x80) {
            i++;
        }
        while (i < text.len && (unsigned char)text.bytes[i] >= 0x80) {
            const size_t n = gs_utf8_valid_len(text.bytes + i, text.len - i);
            if (n == 0) {
                return i;
            }
            i += n;
        }
    }
    return i;
}

struct gs_str gs_utf8_cut(struct gs_str text, size_t max)
{
    if (text.len <= max) {
        return text;
    }
    for (size_t back = 1; back <= 3 && back <= max; back++) {
        const size_t at = max - back;
        const size_t n = gs_utf8_valid_len(text.bytes + at, text.len - at);
        if (n > 0) {
            return (struct gs_str){text.bytes, n > back ? at : max};
        }
    }
    return (struct gs_str){text.bytes, max};
}

size_t gs_utf8_repair(struct gs_str text, char *out)
{
    size_t n = 0;

    while (text.len > 0) {
        const size_t good = gs_utf8_check(text);
        if (good > 0) {
            memcpy(out + n, text.bytes, good);
            n += good;
        }
        text.bytes += good;
        text.len -= good;
        if (text.len > 0) {
            n += gs_utf8_encode(0xFFFD, out + n);
            text.bytes++;
            text.len--;
        }
    }
    return n;
}
