/* The strings and numbers of the JSON parser: the parts in which it spends its time.
 *
 * A string is read in runs of plain bytes, eight at a time, up to a quote, a backslash or a control
 * character. Most strings have no escape and are handed out as they stand in the text. One with
 * escapes is written to the arena; an escape is never shorter than the UTF-8 that it means, so the
 * bytes between the quotes are room enough.
 *
 * A number is only checked for its grammar; its digits are handed out, and gs_json_number() or
 * gs_json_integer() converts them for those who need the value. */
#include "ingest/base/json_pull_scan.h"

#include "ingest/base/utf8.h"

#include <assert.h>
#include <stdlib.h>

/* Nonzero when one of the eight bytes is a control character, a quote or a backslash; sometimes
 * also for bytes above 0x7F, which the byte loop then tells apart. */
static uint64_t ends_run(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101U;
    const uint64_t highs = 0x8080808080808080U;
    const uint64_t quote = word ^ (ones * '"');
    const uint64_t backslash = word ^ (ones * '\\');

    return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
            ((backslash - ones) & ~backslash)) &
           highs;
}

/* The end of the run of plain bytes that begins at `at`. */
static const char *run_end(const char *at, const char *end)
{
    uint64_t word;

    while ((size_t)(end - at) >= sizeof word) {
        memcpy(&word, at, sizeof word);
        if (ends_run(word) != 0) {
            break;
        }
        at += sizeof word;
    }
    while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\') {
        at++;
    }
    return at;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind "\u", -1 when they are not there. */
static int32_t hex4(const char *at, const char *end)
{
    int32_t value = 0;

    if (end - at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        const int digit = hex_digit(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/* json->at is behind "\u". The code point, pairs joined; -1 on failure. */
static int32_t unicode_escape(struct gs_json *json)
{
    const int32_t unit = hex4(json->at, json->end);

    if (unit < 0) {
        (void)gs_json_wrong(json, "\\u without four hexadecimal digits");
        return -1;
    }
    json->at += 4;
    if (unit < 0xD800 || unit > 0xDFFF) {
        return unit;
    }
    if (unit < 0xDC00 && json->end - json->at >= 6 && json->at[0] == '\\' && json->at[1] == 'u') {
        const int32_t low = hex4(json->at + 2, json->end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            json->at += 6;
            return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    if (!json->repair) {
        (void)gs_json_stop(json, GS_JSON_SURROGATE, "half a surrogate pair");
        return -1;
    }
    return 0xFFFD;
}

/* json->at is behind a backslash: writes what the escape means to out, gives its length, 0 on
 * failure. */
static size_t unescape(struct gs_json *json, char *out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char means[] = "\"\\/\b\f\n\r\t";

    if (json->at == json->end) {
        (void)gs_json_wrong(json, "");
        return 0;
    }
    const char c = *json->at++;
    if (c == 'u') {
        const int32_t cp = unicode_escape(json);
        return cp < 0 ? 0 : gs_utf8_encode((uint32_t)cp, out);
    }
    const char *found = c == '\0' ? NULL : strchr(names, c);
    if (found == NULL) {
        json->at--;
        (void)gs_json_stop(json, GS_JSON_SYNTAX, "an escape that JSON does not have");
        return 0;
    }
    *out = means[found - names];
    return 1;
}

/* The closing quote of the string that json->at is in; json->end when there is none. */
static const char *closing_quote(const struct gs_json *json)
{
    const char *at = json->at;

    while ((at = run_end(at, json->end)) < json->end && *at == '\\') {
        at += json->end - at >= 2 ? 2 : 1;
    }
    return at;
}

/* A string with escapes: an escape is never shorter than what it means, so the room between the
 * quotes is enough. */
static bool read_escaped(struct gs_json *json, const char *start, struct gs_str *ret)
{
    char *out = gs_arena_alloc(json->arena, (size_t)(closing_quote(json) - start) + 1);
    size_t len = 0;

    if (out == NULL) {
        return gs_json_stop(json, GS_JSON_MEMORY, "no memory left for the text");
    }
    for (json->at = start;;) {
        const char *stopped = run_end(json->at, json->end);
        memcpy(out + len, json->at, (size_t)(stopped - json->at));
        len += (size_t)(stopped - json->at);
        json->at = stopped;
        if (gs_json_accept(json, '"')) {
            *ret = (struct gs_str){out, len};
            return true;
        }
        if (!gs_json_accept(json, '\\')) {
            return gs_json_wrong(json, "a control character in a string");
        }
        const size_t n = unescape(json, out + len);
        if (n == 0) {
            return false;
        }
        len += n;
    }
}

bool gs_json_read_string(struct gs_json *json, struct gs_str *ret)
{
    const char *start = json->at;

    json->at = run_end(start, json->end);
    if (gs_json_accept(json, '"')) {
        *ret = (struct gs_str){start, (size_t)(json->at - 1 - start)};
        return true;
    }
    if (json->at < json->end && *json->at == '\\') {
        return read_escaped(json, start, ret);
    }
    return gs_json_wrong(json, "a control character in a string");
}

static size_t read_digits(struct gs_json *json)
{
    const char *start = json->at;

    while (json->at < json->end && *json->at >= '0' && *json->at <= '9') {
        json->at++;
    }
    return (size_t)(json->at - start);
}

double gs_json_number(struct gs_str digits)
{
    char text[GS_JSON_MAX_NUMBER + 1];

    assert(digits.len < sizeof text);
    memcpy(text, digits.bytes, digits.len);
    text[digits.len] = '\0';
    return strtod(text, NULL);
}

bool gs_json_integer(struct gs_str digits, int64_t *ret)
{
    const bool negative = digits.len > 0 && digits.bytes[0] == '-';
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    uint64_t value = 0;

    for (size_t i = negative; i < digits.len; i++) {
        if (digits.bytes[i] < '0' || digits.bytes[i] > '9') {
            return false;
        }
        const uint64_t digit = (uint64_t)(digits.bytes[i] - '0');
        if (value > (limit - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *ret = negative ? (int64_t)(0 - value) : (int64_t)value;
    return digits.len > negative;
}

bool gs_json_read_number(struct gs_json *json, struct gs_json_value *ret)
{
    const char *start = json->at;
    bool real = false;

    (void)gs_json_accept(json, '-');
    if (!gs_json_accept(json, '0') && read_digits(json) == 0) {
        return gs_json_wrong(json, "not a value");
    }
    if (gs_json_accept(json, '.')) {
        real = true;
        if (read_digits(json) == 0) {
            return gs_json_wrong(json, "no digit behind a decimal point");
        }
    }
    if (gs_json_accept(json, 'e') || gs_json_accept(json, 'E')) {
        real = true;
        if (!gs_json_accept(json, '-')) {
            (void)gs_json_accept(json, '+');
        }
        if (read_digits(json) == 0) {
            return gs_json_wrong(json, "no digit in an exponent");
        }
    }
    *ret = (struct gs_json_value){real ? GS_JSON_REAL : GS_JSON_INTEGER,
                                  {start, (size_t)(json->at - start)}};
    if (ret->text.len > GS_JSON_MAX_NUMBER) {
        return gs_json_stop(json, GS_JSON_SYNTAX, "a number longer than 512 bytes");
    }
    return true;
}

/* The end of the escape at `at`; *ret_half: it is half a surrogate pair. */
static const char *escape_end(const char *at, const char *end, bool *ret_half)
{
    *ret_half = false;
    if (end - at < 2 || at[1] != 'u') {
        return end - at < 2 ? end : at + 2;
    }
    const int32_t unit = hex4(at + 2, end);
    at += end - at < 6 ? end - at : 6;
    if (unit < 0xD800 || unit > 0xDFFF) {
        return at;
    }
    if (unit < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
        const int32_t low = hex4(at + 2, end);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            return at + 6;
        }
    }
    *ret_half = true;
    return at;
}

size_t gs_json_compact(struct gs_str value, char *out)
{
    const char *at = value.bytes;
    const char *end = value.bytes + value.len;
    bool inside = false;
    size_t n = 0;

    while (at < end) {
        const char *stopped = at + 1;
        bool half = false;
        if (*at == '"') {
            inside = !inside;
        } else if (inside && *at == '\\') {
            stopped = escape_end(at, end, &half);
        } else if (inside) {
            stopped = run_end(at, end);
            stopped += stopped == at; /* a control character; not in a checked value */
        } else if (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') {
            at = stopped;
            continue;
        }
        n += half ? gs_utf8_repair(gs_str("\\ufffd"), out + n)
                  : gs_utf8_repair((struct gs_str){at, (size_t)(stopped - at)}, out + n);
        at = stopped;
    }
    return n;
}
