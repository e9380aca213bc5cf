/* UTF-8 that is not: each maximal ill-formed part becomes one U+FFFD, as browsers do it (Unicode 15,
 * section 3.9; WHATWG Encoding). Texts that are sound, nearly all, cost one look. */
#include "ingest/text/clean/stage.h"

#include "ingest/base/utf8.h"

/* Three bytes that can only be a character: most of Han, kana, Hangul and typographic signs. */
static bool is_plain_three(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;

    return b[0] > 0xE0 && b[0] < 0xF0 && b[0] != 0xED && (b[1] & 0xC0) == 0x80 &&
           (b[2] & 0xC0) == 0x80;
}

size_t gs_repair_find(const struct gs_scan *scan, struct gs_str text)
{
    size_t i = 0;

    while (i < text.len) {
        if ((unsigned char)text.bytes[i] < 0x80) {
            i += scan->ascii((const uint8_t *)text.bytes + i, text.len - i);
            continue;
        }
        if (text.len - i >= 3 && is_plain_three(text.bytes + i)) {
            i += 3;
            continue;
        }
        const size_t n = gs_utf8_valid_len(text.bytes + i, text.len - i);
        if (n == 0) {
            break;
        }
        i += n;
    }
    return i;
}

/* Length of the maximal ill-formed part at bytes: the longest start of some valid sequence, at
 * least one byte. */
static size_t bad_len(const char *bytes, size_t n)
{
    const unsigned char lead = (unsigned char)bytes[0];
    const size_t full = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    char probe[4] = {bytes[0], (char)0x80, (char)0x80, (char)0x80};

    if (lead < 0xC2 || lead > 0xF4) {
        return 1;
    }
    size_t good = 1;
    while (good < full - 1 && good < n) {
        probe[good] = bytes[good];
        if (gs_utf8_valid_len(probe, full) == 0) {
            break;
        }
        good++;
    }
    return good;
}

enum gs_status gs_repair_run(struct gs_view in, struct gs_out *out, uint32_t *bad,
                             struct gs_error *err)
{
    out->len = 0;
    /* A lone bad byte grows to three. */
    const enum gs_status status = gs_out_reserve(out, in.len * 3, err);
    if (status != GS_OK) {
        return status;
    }
    for (size_t i = 0; i < in.len;) {
        const size_t n = gs_utf8_valid_len(in.bytes + i, in.len - i);
        if (n > 0) {
            gs_out_copy(out, &in, i, n);
            i += n;
            continue;
        }
        const size_t broken = bad_len(in.bytes + i, in.len - i);
        gs_out_put(out, "\xEF\xBF\xBD", 3, in.origin[i]);
        *bad += (uint32_t)broken;
        i += broken;
    }
    return GS_OK;
}
