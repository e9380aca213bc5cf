/* The scalar row of the scans: what the others have to agree with. */
#include "ingest/text/clean/scan.h"

static size_t plain(const uint8_t *bytes, size_t n)
{
    bool after_blank = false;
    size_t i = 0;

    for (; i < n; i++) {
        const bool blank = bytes[i] == ' ';
        if (bytes[i] < 0x20 || bytes[i] > 0x7E || (blank && after_blank)) {
            break;
        }
        after_blank = blank;
    }
    return i;
}

static size_t find(const uint8_t *bytes, size_t n, const struct gs_byteset *set)
{
    size_t i = 0;

    while (i < n && !gs_byteset_has(set, bytes[i])) {
        i++;
    }
    return i;
}

static size_t ascii(const uint8_t *bytes, size_t n)
{
    size_t i = 0;

    while (i < n && bytes[i] < 0x80) {
        i++;
    }
    return i;
}

const struct gs_scan gs_scan_scalar = {"scalar", plain, find, ascii};
