/* Epoch numbers as times: seconds, milliseconds, microseconds or nanoseconds since 1970.
 *
 * Senders do not say which unit they mean, but its size does: below 1e11 they are seconds, and each
 * further factor of 1000 is the next unit. For times up to the year 5138 this reads every number of
 * seconds right, and of the others all since 1973. Decimals are read for seconds only; digits are
 * counted by hand, so that a large number loses none of them in a double, except in the form with
 * an exponent. */
#include "ingest/records/time_internal.h"

#include <stdlib.h>
#include <string.h>

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

/* Seconds below 1e11 (the year 5138), then ms, then µs, then ns. */
static void scale_epoch(int64_t whole, int thousandths, int64_t *ret_ms)
{
    const int64_t size = whole < 0 ? -whole : whole;

    if (size < 100000000000) {
        *ret_ms = whole * 1000 + thousandths;
    } else if (size < 100000000000000) {
        *ret_ms = whole;
    } else if (size < 100000000000000000) {
        *ret_ms = whole / 1000;
    } else {
        *ret_ms = whole / 1000000;
    }
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
    if (!(value > -9.2e18 && value < 9.2e18)) {
        return "a number too large for a time";
    }
    const int64_t whole = (int64_t)value;
    scale_epoch(whole, (int)((value - (double)whole) * 1000), ret_ms);
    return NULL;
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
        if (whole > (INT64_MAX - (*at - '0')) / 10) {
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
    scale_epoch(negative ? -whole : whole, negative ? -thousandths : thousandths, ret_ms);
    return NULL;
}
