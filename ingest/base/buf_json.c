/* The JSON pieces of buf.h. Most bytes that leave the program pass here, so the usual cases (plain
 * text, probabilities, times) are written by hand; printf costs 200 ns a number. */
#include "ingest/base/buf.h"
#include "ingest/base/escape.h"
#include "ingest/base/utf8.h"

#include <math.h>

/* Nonzero when one of the eight bytes is below 0x20, a quote, a backslash or not ASCII.
 * Source: the "determine if a word has a byte" tests of S. Anderson, Bit Twiddling Hacks; exact
 * for the question whether there is one. */
static uint64_t special(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101U;
    const uint64_t highs = 0x8080808080808080U;
    const uint64_t quote = word ^ (ones * '"');
    const uint64_t backslash = word ^ (ones * '\\');

    return ((word - ones * 0x20) | (quote - ones) | (backslash - ones) | word) & highs;
}

/* True when the character of n bytes may be one of gs_unprintable(). Its first two bytes decide, so
 * that most text is not asked further. */
static bool may_be_unprintable(const char *bytes, size_t n)
{
    const unsigned char *b = (const unsigned char *)bytes;

    switch (b[0]) {
    case 0xC2:
        return b[1] < 0xA0;
    case 0xE2:
        return b[1] == 0x80 || b[1] == 0x81;
    case 0xEF:
        return b[1] == 0xBB || b[1] == 0xBF;
    default:
        return (b[0] == 0xD8 && b[1] == 0x9C) || (n == 4 && b[0] == 0xF3);
    }
}

/* Bytes from i on that a JSON string may hold as they are: valid UTF-8 without quotes,
 * backslashes and what is unprintable (escape.h). */
static size_t plain_run(struct gs_str text, size_t i)
{
    const size_t start = i;

    while (i < text.len) {
        uint64_t word;
        while (text.len - i >= sizeof word) {
            memcpy(&word, text.bytes + i, sizeof word);
            if (special(word) != 0) {
                break;
            }
            i += sizeof word;
        }
        if (i == text.len) {
            break;
        }
        const unsigned char c = (unsigned char)text.bytes[i];
        if (c < 0x20 || c == '"' || c == '\\') {
            break;
        }
        const size_t n = gs_utf8_valid_len(text.bytes + i, text.len - i);
        if (n == 0 || (may_be_unprintable(text.bytes + i, n) &&
                       gs_unprintable(gs_utf8_decode(text.bytes + i, n)))) {
            break;
        }
        i += n;
    }
    return i - start;
}

/* One byte that may not stand in a JSON string as it is. */
static void put_escaped_byte(struct gs_buf *buf, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";

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
            const char text[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            gs_buf_put(buf, (struct gs_str){text, sizeof text});
        } else {
            gs_buf_puts(buf, "\xEF\xBF\xBD");
        }
    }
}

/* The character at bytes, which may not stand in a JSON string as it is; returns its length. RFC
 * 8259 allows the unprintable ones outside ASCII, but records are read on terminals and in pages
 * too, and "\\u202e" is the same string. */
static size_t put_escaped(struct gs_buf *buf, const char *bytes, size_t len)
{
    const size_t n = gs_utf8_valid_len(bytes, len);
    if (n < 2) {
        put_escaped_byte(buf, (unsigned char)*bytes);
        return 1;
    }
    const uint32_t cp = gs_utf8_decode(bytes, n);
    if (cp < 0x10000) {
        gs_buf_printf(buf, "\\u%04x", (unsigned)cp);
    } else {
        gs_buf_printf(buf, "\\u%04x\\u%04x", (unsigned)(0xD7C0 + (cp >> 10)),
                      (unsigned)(0xDC00 + (cp & 0x3FF)));
    }
    return n;
}

void gs_buf_json_str(struct gs_buf *buf, struct gs_str text)
{
    gs_buf_putc(buf, '"');
    for (size_t i = 0; i < text.len && gs_buf_ok(buf);) {
        const size_t run = plain_run(text, i);
        gs_buf_put(buf, (struct gs_str){text.bytes + i, run});
        i += run;
        if (i < text.len) {
            i += put_escaped(buf, text.bytes + i, text.len - i);
        }
    }
    gs_buf_putc(buf, '"');
}

enum { MAX_DIGITS = 16 };

static const double powers[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};

/* Writes 0.ddd, n being the digits behind the point, without zeros at the end. */
static void put_fraction(struct gs_buf *buf, uint64_t n, int digits)
{
    char text[MAX_DIGITS + 2] = "0.";
    int len = 2 + digits;

    for (int i = len - 1; i >= 2; i--) {
        text[i] = (char)('0' + n % 10);
        n /= 10;
    }
    while (text[len - 1] == '0') {
        len--;
    }
    gs_buf_put(buf, (struct gs_str){text, (size_t)len});
}

/* The number of zeros behind the point of a fraction in [1e-6, 1). */
static int leading_zeros(double value)
{
    int zeros = 0;

    while (value < 0.1) {
        value *= 10;
        zeros++;
    }
    return zeros;
}

void gs_buf_json_number(struct gs_buf *buf, double value)
{
    if (!isfinite(value)) {
        gs_buf_puts(buf, "null");
    } else if (value == 0.0) {
        gs_buf_putc(buf, '0'); /* no "-0" */
    } else if (value >= 0.001 && value < 0.9999994) {
        const int digits = 6 + leading_zeros(value); /* six of them significant */
        put_fraction(buf, (uint64_t)(value * powers[digits] + 0.5), digits);
    } else {
        gs_buf_printf(buf, "%.6g", value);
    }
}

/* The digits are tried from few to many; nine significant ones always read back as the same
 * float (24 bits), and both value * 10^d and n / 10^d are exact to one rounding in a double. */
void gs_buf_json_float(struct gs_buf *buf, float value)
{
    const double wide = (double)value;

    if (!isfinite(value)) {
        gs_buf_puts(buf, "null");
    } else if (value == 0.0F) {
        gs_buf_putc(buf, '0');
    } else if (value == 1.0F) {
        gs_buf_putc(buf, '1');
    } else if (value >= 1e-4F && value < 1.0F) {
        const int zeros = leading_zeros(wide);
        for (int digits = zeros + 4; digits <= zeros + 9; digits++) {
            const uint64_t n = (uint64_t)(wide * powers[digits] + 0.5);
            if ((double)n < powers[digits] && (float)((double)n / powers[digits]) == value) {
                put_fraction(buf, n, digits);
                return;
            }
        }
        gs_buf_printf(buf, "%.9g", wide);
    } else {
        gs_buf_printf(buf, "%.9g", wide);
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

/* The last n decimal digits of value at to. */
static void put_digits(char *to, int n, int64_t value)
{
    for (int i = n - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

enum { TIME = sizeof "0000-00-00T00:00:00.000Z" };

/* False: outside the years 0 to 9999. */
static bool write_time(char text[TIME], int64_t ms)
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
        return false;
    }
    memcpy(text, "0000-00-00T00:00:00.000Z", TIME);
    put_digits(text, 4, year);
    put_digits(text + 5, 2, month);
    put_digits(text + 8, 2, day);
    put_digits(text + 11, 2, rest / 3600000);
    put_digits(text + 14, 2, rest / 60000 % 60);
    put_digits(text + 17, 2, rest / 1000 % 60);
    put_digits(text + 20, 3, rest % 1000);
    return true;
}

bool gs_buf_time(struct gs_buf *buf, int64_t ms)
{
    char text[TIME];
    const bool written = write_time(text, ms);

    gs_buf_puts(buf, written ? text : "");
    return written;
}

void gs_buf_json_time(struct gs_buf *buf, int64_t ms)
{
    char text[TIME];

    if (write_time(text, ms)) {
        gs_buf_printf(buf, "\"%s\"", text);
    } else {
        gs_buf_puts(buf, "null");
    }
}
