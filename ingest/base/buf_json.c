/* The JSON pieces of buf.h. Most bytes that leave the program pass here, so the usual cases (plain
 * text, probabilities, times) are written by hand; printf costs 200 ns a number. */
#include "base/buf.h"
#include "base/utf8.h"

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

/* Bytes from i on that a JSON string may hold as they are: valid UTF-8 without control
 * characters, quotes and backslashes. */
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
        if (n == 0) {
            break;
        }
        i += n;
    }
    return i - start;
}

/* One byte that may not stand in a JSON string as it is. */
static void put_escaped(struct gs_buf *buf, unsigned char c)
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

void gs_buf_json_str(struct gs_buf *buf, struct gs_str text)
{
    gs_buf_putc(buf, '"');
    for (size_t i = 0; i < text.len && gs_buf_ok(buf);) {
        const size_t run = plain_run(text, i);
        gs_buf_put(buf, (struct gs_str){text.bytes + i, run});
        i += run;
        if (i < text.len) {
            put_escaped(buf, (unsigned char)text.bytes[i++]);
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

/* How many zeros follow the point of a fraction in [1e-6, 1). */
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
    char text[] = "\"0000-00-00T00:00:00.000Z\"";

    if (year < 0 || year > 9999) {
        gs_buf_puts(buf, "null");
        return;
    }
    put_digits(text + 1, 4, year);
    put_digits(text + 6, 2, month);
    put_digits(text + 9, 2, day);
    put_digits(text + 12, 2, rest / 3600000);
    put_digits(text + 15, 2, rest / 60000 % 60);
    put_digits(text + 18, 2, rest / 1000 % 60);
    put_digits(text + 21, 3, rest % 1000);
    gs_buf_put(buf, (struct gs_str){text, sizeof text - 1});
}
