/* Epoch numbers as times. */
#include "ingest/records/time_epoch.h"

#include <stdlib.h>
#include <string.h>

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

/* Units by size: seconds up to the year 5138, then ms, then µs. */
static const char *scale_epoch(int64_t whole, int thousandths, int64_t *ret_ms)
{
    const int64_t size = whole < 0 ? -whole : whole;

    if (size < 100000000000) {
        *ret_ms = whole * 1000 + thousandths;
    } else if (size < 100000000000000) {
        *ret_ms = whole;
    } else if (size < 100000000000000000) {
        *ret_ms = whole / 1000;
    } else {
        return "a number too large for a time";
    }
    return NULL;
}

static const char *parse_scaled(struct gs_str text, int64_t *ret_ms)
{
    char digits[64];
    char *end = NULL;

    if (text.len >= sizeof digits) {
        return "a number too long for a time";
    }
    memcpy(digits, text.bytes, text.len);
    digits[text.len] = '\0';
    const double value = strtod(digits, &end);
    if (end != digits + text.len) {
        return "not a time";
    }
    if (!(value > -1e17 && value < 1e17)) {
        return "a number too large for a time";
    }
    const int64_t whole = (int64_t)value;
    return scale_epoch(whole, (int)((value - (double)whole) * 1000), ret_ms);
}

const char *gs_time_from_epoch(struct gs_str text, int64_t *ret_ms)
{
    const char *at = text.bytes;
    const char *end = text.bytes + text.len;
    const bool negative = text.len > 0 && *at == '-';
    int64_t whole = 0;
    int thousandths = 0;
    int scale = 100;

    at += negative;
    if (!is_digit(at, end)) {
        return "not a time";
    }
    for (; is_digit(at, end); at++) {
        if (whole >= 100000000000000000) {
            return "a number too large for a time";
        }
        whole = whole * 10 + (*at - '0');
    }
    if (at < end && *at == '.' && is_digit(at + 1, end)) {
        for (at++; is_digit(at, end); at++) {
            thousandths += (*at - '0') * scale;
            scale /= 10;
        }
    }
    if (at < end && (*at | 0x20) == 'e') {
        return parse_scaled(text, ret_ms);
    }
    if (at != end) {
        return "not a time";
    }
    return scale_epoch(negative ? -whole : whole, negative ? -thousandths : thousandths, ret_ms);
}
