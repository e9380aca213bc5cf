/* Check digits, days, and lists of who gives out numbers: they tell a number of a person from one of
 * the market. All take ASCII digits. */
#include "ingest/text/clean/mask.h"

#include <string.h>

static unsigned two(const char *digits)
{
    return (unsigned)(digits[0] - '0') * 10 + (unsigned)(digits[1] - '0');
}

static bool is_day(unsigned month, unsigned day)
{
    static const uint8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

bool gs_check_is_date(const char *digits)
{
    const unsigned century = two(digits);

    return (century == 19 || century == 20) && is_day(two(digits + 4), two(digits + 6));
}

/* The first two digits: provinces, Taiwan 71 and 83, Hong Kong 81, Macao 82, foreigners 91. */
static bool is_province(unsigned code)
{
    static const uint8_t last[] = {0, 15, 23, 37, 46, 54, 65, 71, 83, 91};
    const unsigned ten = code / 10;

    return ten >= 1 && ten <= 9 && code > ten * 10 - (ten == 5 ? 1 : 0) && code <= last[ten];
}

bool gs_check_resident_shape(const char *digits, size_t n)
{
    if (!is_province(two(digits))) {
        return false;
    }
    return n == 15 ? is_day(two(digits + 8), two(digits + 10)) : gs_check_is_date(digits + 6);
}

bool gs_check_resident_id(const char *digits, char check)
{
    static const uint8_t weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    unsigned sum = 0;

    for (size_t i = 0; i < sizeof weights; i++) {
        sum += weights[i] * (unsigned)(digits[i] - '0');
    }
    return gs_check_resident_shape(digits, 17) &&
           "10X98765432"[sum % 11] == (check == 'x' ? 'X' : check);
}

bool gs_check_luhn(const char *digits, size_t n)
{
    unsigned sum = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)(digits[n - 1 - i] - '0');
        digit *= i % 2 == 0 ? 1 : 2;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

bool gs_check_card_issuer(const char *digits, size_t n)
{
    const unsigned first2 = two(digits);
    const unsigned first4 = first2 * 100 + two(digits + 2);

    if (first2 == 34 || first2 == 37) {
        return n == 15; /* American Express */
    }
    if (first2 == 30 || first2 == 36 || first2 == 38 || first2 == 39) {
        return n == 14; /* Diners Club */
    }
    if (first2 == 62 || first4 == 9558) {
        return n >= 16 && n <= 19; /* UnionPay */
    }
    /* Visa, Mastercard, JCB, Discover, RuPay, Mir, Maestro. */
    return (n == 16 && (digits[0] == '4' || (first2 >= 51 && first2 <= 55) || first2 == 35 ||
                        (first4 >= 2200 && first4 <= 2720) || first4 == 6011 ||
                        (first2 >= 64 && first2 <= 65) || first2 == 60 || first2 == 81)) ||
           (n == 19 && (digits[0] == '4' || first2 == 60 || first2 == 65));
}

/* Country and length, in the order of the register of IBANs (release 99). */
static const char iban_lengths[] =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24"
    "FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32"
    "LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24"
    "RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

static size_t iban_length(char a, char b)
{
    for (size_t i = 0; i + 4 < sizeof iban_lengths; i += 4) {
        if (iban_lengths[i] == a && iban_lengths[i + 1] == b) {
            return two(iban_lengths + i + 2);
        }
    }
    return 0;
}

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c & ~0x20 : c);
}

/* Reads the n characters of the IBAN at at, without blanks and hyphens. Gives the place behind the
 * last of them, 0 when there are not so many. */
static size_t read_iban(struct gs_str text, size_t at, size_t n, char *ret)
{
    size_t got = 0;

    for (; at < text.len && got < n; at++) {
        const char c = text.bytes[at];
        if ((c == ' ' || c == '-' || c == '.') && got > 0) {
            continue;
        }
        if (!gs_mask_is_alnum(c)) {
            return 0;
        }
        ret[got++] = upper(c);
    }
    return got == n && (at == text.len || !gs_mask_is_alnum(text.bytes[at])) ? at : 0;
}

size_t gs_check_iban(struct gs_str text, size_t at)
{
    char iban[34];

    if (text.len - at < 15 || !gs_mask_is_digit(text.bytes[at + 2]) ||
        !gs_mask_is_digit(text.bytes[at + 3])) {
        return 0;
    }
    const size_t n = iban_length(upper(text.bytes[at]), upper(text.bytes[at + 1]));
    const size_t end = n == 0 ? 0 : read_iban(text, at, n, iban);
    if (end == 0) {
        return 0;
    }
    unsigned rest = 0;
    for (size_t i = 0; i < n; i++) { /* the first four characters come last */
        const char c = iban[(i + 4) % n];
        rest = gs_mask_is_digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97
                                   : (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
    }
    return rest == 1 ? end - at : 0;
}

/* ITU-T E.164: zones of one digit, then codes of two; all others have three. */
size_t gs_check_country_code(const char *digits, size_t n)
{
    static const char twos[] =
        "20273031323334363940414344454647484951525354555657586061626364656681"
        "82848690919293949598";

    if (n < 4 || digits[0] == '0') {
        return 0;
    }
    if (digits[0] == '1' || digits[0] == '7') {
        return 1;
    }
    for (size_t i = 0; i + 1 < sizeof twos; i += 2) {
        if (digits[0] == twos[i] && digits[1] == twos[i + 1]) {
            return 2;
        }
    }
    return strchr("24356789", digits[0]) != NULL ? 3 : 0;
}
