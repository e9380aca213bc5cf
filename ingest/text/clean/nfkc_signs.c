/* Numbers that are set high, in a circle or as a fraction. NFKC would say another number there:
 * "$1.25¹" is not $1.251, "5½%" is not 51/2%, "10⁹" is not 109, and no company is called Nvidia2.
 *
 *   10⁹ 5² R²    an exponent behind 10, one or two digits, or one letter    10^9 5^2 R^2
 *   km²          the power of a unit of length, as ㎢ gives it               km2
 *   ¹⁄₂          the upper part of a fraction, before a slash               1/2
 *   Nvidia²      a footnote's mark everywhere else, which goes              Nvidia
 *   5½           a fraction, kept apart from digits beside it               5 1/2
 *   ① ⒈          a number in a circle, or with a full stop                  (1) 1.
 *
 * Low digits stay digits, as NFKC has them: CO₂ is CO2. */
#include "ingest/text/clean/nfkc_class.h"

#include "ingest/base/utf8.h"

#include <stdio.h>
#include <utf8proc.h>

enum { MAX_HIGH = 16 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* '0' to '9', '+' or '-' for a high sign; 0 for all else. */
static char high(uint32_t cp)
{
    if (cp == 0xB2 || cp == 0xB3) {
        return (char)('2' + (cp - 0xB2));
    }
    if (cp == 0xB9) {
        return '1';
    }
    if (cp == 0x2070 || (cp >= 0x2074 && cp <= 0x2079)) {
        return (char)('0' + (cp - 0x2070));
    }
    return (char)(cp == 0x207A ? '+' : cp == 0x207B ? '-' : 0);
}

static bool is_fraction(uint32_t cp)
{
    return (cp >= 0xBC && cp <= 0xBE) || (cp >= 0x2150 && cp <= 0x215F) || cp == 0x2189;
}

static bool is_circled(uint32_t cp)
{
    return (cp >= 0x2460 && cp <= 0x2473) || cp == 0x24EA || (cp >= 0x3251 && cp <= 0x325F) ||
           (cp >= 0x32B1 && cp <= 0x32BF);
}

static bool is_numbered(uint32_t cp)
{
    return cp >= 0x2488 && cp <= 0x249B;
}

bool gs_nfkc_is_sign(uint32_t cp)
{
    return high(cp) != 0 || is_fraction(cp) || is_circled(cp) || is_numbered(cp) || cp == 0x2044;
}

static uint32_t char_at(struct gs_str text, size_t at, size_t *ret_len)
{
    *ret_len = at < text.len ? gs_utf8_valid_len(text.bytes + at, text.len - at) : 0;
    return *ret_len == 0 ? 0 : gs_utf8_decode(text.bytes + at, *ret_len);
}

static bool ends_in_digit(struct gs_str out)
{
    return out.len > 0 && is_digit(out.bytes[out.len - 1]);
}

/* Says whether a digit follows, narrow or wide. */
static bool digit_follows(struct gs_str in, size_t at)
{
    size_t n = 0;
    const uint32_t cp = char_at(in, at, &n);

    return (cp >= '0' && cp <= '9') || (cp >= 0xFF10 && cp <= 0xFF19);
}

/* utf8proc's text of cp, with "/" for U+2044. Its length. */
static size_t plain(uint32_t cp, char *ret)
{
    int32_t cps[8];
    const utf8proc_ssize_t n =
        utf8proc_decompose_char((int32_t)cp, cps, GS_COUNT(cps),
                                (utf8proc_option_t)(UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE), NULL);
    size_t len = 0;

    for (utf8proc_ssize_t i = 0; i < n && i < (utf8proc_ssize_t)GS_COUNT(cps); i++) {
        ret[len++] = (char)(cps[i] == 0x2044 ? '/' : cps[i]);
    }
    return len;
}

/* Says whether the number that out ends in takes an exponent. */
static bool takes_exponent(struct gs_str out, const char *exponent)
{
    size_t start = out.len;

    while (start > 0 && (is_digit(out.bytes[start - 1]) || out.bytes[start - 1] == '.' ||
                         out.bytes[start - 1] == ',')) {
        start--;
    }
    const size_t n = out.len - start;
    const bool sum = start > 0 && ((unsigned char)out.bytes[start - 1] >= 0x80 ||
                                   is_letter(out.bytes[start - 1]) ||
                                   strchr("$/:-%", out.bytes[start - 1]) != NULL);
    if (n == 2 && memcmp(out.bytes + start, "10", 2) == 0) {
        return !sum;
    }
    return n <= 2 && !sum && strcmp(exponent, "1") != 0 &&
           memchr(out.bytes + start, '.', n) == NULL;
}

/* Tells what digits are behind out: '^' an exponent, 'u' part of a unit, 0 a footnote. */
static char meaning(struct gs_str out, const char *digits)
{
    static const char *const units[] = {"m", "km", "cm", "mm", "ft", "in", "yd", "mi"};
    size_t start = out.len;

    if (ends_in_digit(out)) {
        return (char)(takes_exponent(out, digits) ? '^' : 0);
    }
    while (start > 0 && is_letter(out.bytes[start - 1])) {
        start--;
    }
    const size_t n = out.len - start;
    if (n == 0 || (start > 0 && (unsigned char)out.bytes[start - 1] >= 0x80)) {
        return 0;
    }
    for (size_t i = 0; i < GS_COUNT(units) && (digits[0] == '2' || digits[0] == '3'); i++) {
        if (strlen(units[i]) == n && memcmp(out.bytes + start, units[i], n) == 0) {
            return 'u';
        }
    }
    return (char)(n == 1 ? '^' : 0);
}

static size_t put_high(struct gs_str out, struct gs_str in, char *ret, size_t *ret_len)
{
    char digits[MAX_HIGH + 1] = "";
    size_t at = 0;
    size_t len = 0;

    for (size_t n = 0; len < MAX_HIGH; at += n) {
        const char digit = high(char_at(in, at, &n));
        if (digit == 0) {
            break;
        }
        digits[len++] = digit;
    }
    size_t n = 0;
    const uint32_t next = char_at(in, at, &n);
    const uint32_t lower = next == '/' ? char_at(in, at + 1, &n) : 0;
    if (next == 0x2044 || (lower >= 0x2080 && lower <= 0x2089)) {
        *ret_len =
            (size_t)snprintf(ret, GS_NFKC_SIGN_MAX, "%s%s", ends_in_digit(out) ? " " : "", digits);
        return at;
    }
    const char what = meaning(out, digits);
    *ret_len = what == 0 ? 0
                         : (size_t)snprintf(ret, GS_NFKC_SIGN_MAX, "%s%s%s", what == '^' ? "^" : "",
                                            digits, digit_follows(in, at) ? " " : "");
    return at;
}

size_t gs_nfkc_sign(struct gs_str out, struct gs_str in, char *ret, size_t *ret_len)
{
    size_t n = 0;
    const uint32_t cp = char_at(in, 0, &n);
    size_t len = 0;

    if (high(cp) != 0) {
        return put_high(out, in, ret, ret_len);
    }
    if (is_circled(cp)) {
        ret[len++] = '(';
        len += plain(cp, ret + len);
        ret[len++] = ')';
    } else {
        if (cp != 0x2044 && ends_in_digit(out)) {
            ret[len++] = ' ';
        }
        len += plain(cp, ret + len);
        if (is_fraction(cp) && cp != 0x215F && digit_follows(in, n)) {
            ret[len++] = ' ';
        }
    }
    *ret_len = len;
    return n;
}
