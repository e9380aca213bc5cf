/* Tells telephone numbers from other groups of digits.
 *
 * A shape is a pattern of digits and the ways to group them: "1Mddddddddd" (a Chinese mobile
 * number) is written 138 1234 5678, 138-12345678 or in one. Each row says how much more than the
 * shape it takes to believe it: some shapes nothing else has, others are those of amounts and codes
 * and need the words around to speak for them (mask_words.c). A row that comes first wins.
 *
 * Numbers with '+' or "00" and a country code need no row: E.164 says how long they may be. */
#include "ingest/text/clean/mask.h"

#include <string.h>

/* The evidence that is needed beside the shape. */
enum needs {
    SHAPE,  /* that nothing speaks against it */
    MARKED, /* a hyphen, dot or parenthesis between the groups, else as CONTEXT */
    PLAIN,  /* that nothing speaks against it, not even weakly */
    LATIN,  /* a word of telephones, or Latin text around it without a word of figures */
    CUE,    /* a word of telephones close by */
    SAID,   /* a word of telephones anywhere in front */
};

struct shape {
    const char *digits; /* 'd' any, 'P' 1-9, 'N' 2-9, 'M' 3-9, else the digit itself */
    const char *groups; /* the groupings: "344 38"; a group over 9 is a letter, 10 is A */
    enum needs needs;
};

static const struct shape shapes[] = {
    /* China: mobile, with and without the country code */
    {"1Mddddddddd", "344 335 38 74 434", SHAPE},
    {"1Mddddddddd", "B", PLAIN},
    {"861Mddddddddd", "2344 238 2B", SHAPE},
    {"861Mddddddddd", "D", PLAIN},
    {"86Pddddddddd", "228 2244", SHAPE},
    {"86Pdddddddddd", "2344 238 247", SHAPE},
    /* North America */
    {"NddNdddddd", "334", MARKED},
    {"1NddNdddddd", "1334", MARKED},
    {"NddNdddddd", "A", SAID},
    {"1NddNdddddd", "B", SAID},
    /* China, Taiwan, Japan: land lines with a trunk 0 */
    {"0PdNdddddd", "37 334", MARKED},
    {"0PdNddddddd", "38 344", MARKED},
    {"0PddNdddddd", "47 434", MARKED},
    {"0PddNddddddd", "48 444", MARKED},
    {"0PNdddddd", "27 234", MARKED},
    {"0Pdddddddd", "28 244", MARKED},
    /* Taiwan: mobile; with the country code */
    {"09dddddddd", "433 46", SHAPE},
    {"09dddddddd", "A", PLAIN},
    {"8869dddddddd", "3333 336 39", SHAPE},
    {"886Pdddddddd", "3144 318", SHAPE},
    /* Hong Kong and Macao */
    {"852Nddddddd", "344 38", SHAPE},
    {"8536ddddddd", "344 38", SHAPE},
    {"852Nddddddd", "B", CUE},
    {"Nddddddd", "44 8", CUE},
    /* United Kingdom */
    {"02ddddddddd", "344 38", LATIN},
    {"01ddddddddd", "434 47 56 533", LATIN},
    {"07Mdddddddd", "56 533 434 47", LATIN},
    {"0Pddddddddd", "B", LATIN},
};

static bool digit_fits(char digit, char kind)
{
    switch (kind) {
    case 'd':
        return true;
    case 'P':
        return digit >= '1';
    case 'N':
        return digit >= '2';
    case 'M':
        return digit >= '3';
    default:
        return digit == kind;
    }
}

static bool digits_fit(const struct gs_number *number, const char *digits)
{
    size_t i = 0;

    while (digits[i] != '\0' && i < number->n_digits && digit_fits(number->digits[i], digits[i])) {
        i++;
    }
    return digits[i] == '\0' && i == number->n_digits;
}

static bool groups_fit(const struct gs_number *number, const char *groups)
{
    char mine[GS_NUMBER_GROUPS + 1] = "";

    for (size_t i = 0; i < number->n_groups; i++) {
        const unsigned len = number->lens[i];
        mine[i] = (char)(len < 10 ? '0' + len : 'A' + len - 10);
    }
    for (const char *at = groups; *at != '\0';) {
        const size_t n = strcspn(at, " ");
        if (n == number->n_groups && memcmp(at, mine, n) == 0) {
            return true;
        }
        at += n + (at[n] == ' ' ? 1 : 0);
    }
    return false;
}

static bool has_mark(const struct gs_number *number)
{
    bool marked = number->paren;

    for (size_t i = 0; i + 1 < number->n_groups; i++) {
        marked = marked || number->gaps[i] != GS_GAP_BLANK;
    }
    return marked;
}

/* "13800000000": nobody's number, but often somebody's turnover. */
static bool is_round(const struct gs_number *number)
{
    size_t zeros = 0;

    while (zeros < number->n_digits && number->digits[number->n_digits - 1 - zeros] == '0') {
        zeros++;
    }
    return zeros >= 5;
}

static bool has_date(const struct gs_number *number)
{
    size_t at = 0;

    for (size_t i = 0; i < number->n_groups; i++) {
        if (number->lens[i] == 8 && gs_check_is_date(number->digits + at)) {
            return true;
        }
        at += number->lens[i];
    }
    /* A code and a month: "01810 202611". */
    return number->n_groups == 2 && number->lens[1] == 6 && number->digits[5] == '2' &&
           number->digits[6] == '0' && number->lens[0] == 5 && number->digits[9] <= '1';
}

static bool is_phone_word(enum gs_cue cue)
{
    return cue == GS_CUE_PHONE || cue == GS_CUE_PHONE_WEAK;
}

static bool is_enough(enum needs needs, const struct gs_number *number, const struct gs_cues *cues)
{
    const bool said = (is_phone_word(cues->before) && cues->near) || is_phone_word(cues->behind);
    const bool contradicted = cues->before == GS_CUE_ORDER || cues->before == GS_CUE_FIGURE ||
                              cues->before == GS_CUE_CARD || is_round(number);

    if (is_phone_word(cues->before) && needs != CUE && needs != MARKED) {
        return true;
    }
    switch (needs) {
    case SHAPE:
        return !contradicted || has_mark(number);
    case MARKED:
        return !has_date(number) &&
               (has_mark(number) || (!contradicted && (said || is_phone_word(cues->before))));
    case PLAIN:
        return !contradicted && (said || cues->before != GS_CUE_FIGURE_WEAK);
    case LATIN:
        return !contradicted && cues->before != GS_CUE_FIGURE_WEAK && !has_date(number) &&
               (said || cues->latin || number->paren);
    case CUE:
    case SAID: /* else it would have been believed above */
        return !contradicted && said && !has_date(number);
    }
    return false;
}

/* '+' or "00", a country code, and as many digits as that country gives. */
static bool is_international(const struct gs_number *number, const struct gs_cues *cues)
{
    const size_t zeros = number->plus ? 0 : 2;
    const char *digits = number->digits + zeros;
    const size_t n = number->n_digits - zeros;
    const size_t code = gs_check_country_code(digits, n);
    const bool contradicted = cues->before == GS_CUE_FIGURE || cues->before == GS_CUE_ORDER;

    if (code == 0 || n < 9 || n > 15 || (number->n_groups == 1 && (n < 10 || contradicted)) ||
        (contradicted && !has_mark(number)) || is_round(number)) {
        return false;
    }
    if (digits[0] == '1' && (n != 11 || digits[1] < '2' || digits[4] < '2')) {
        return false;
    }
    if (memcmp(digits, "86", 2) == 0) {
        return n >= 11 && n <= 13 && digits[2] != '0';
    }
    if (memcmp(digits, "852", 3) == 0 || memcmp(digits, "853", 3) == 0) {
        return n == 11;
    }
    /* With "00" the code is a group of its own, or all is one: "002340 20261121" is neither. */
    return number->plus ||
           ((number->n_groups == 1 || number->lens[0] == code + 2) && n >= 10 && !has_date(number));
}

bool gs_mask_may_be_phone(const struct gs_number *number, const struct gs_cues *cues)
{
    if (number->n_digits < 7 || number->n_digits > 17) {
        return false;
    }
    if (number->plus || cues->before == GS_CUE_PHONE || memcmp(number->digits, "00", 2) == 0) {
        return true;
    }
    for (size_t i = 0; i < GS_COUNT(shapes); i++) {
        if (digits_fit(number, shapes[i].digits) && groups_fit(number, shapes[i].groups)) {
            return true;
        }
    }
    return false;
}

bool gs_mask_is_phone(const struct gs_number *number, const struct gs_cues *cues)
{
    if (cues->figure_anyway || number->n_digits < 7 ||
        (cues->unit && !(cues->before == GS_CUE_PHONE && cues->near))) {
        return false;
    }
    if ((number->plus || (number->n_digits > 10 && memcmp(number->digits, "00", 2) == 0)) &&
        is_international(number, cues)) {
        return true;
    }
    if (number->plus) {
        return false;
    }
    for (size_t i = 0; i < GS_COUNT(shapes); i++) {
        if (digits_fit(number, shapes[i].digits) && groups_fit(number, shapes[i].groups) &&
            is_enough(shapes[i].needs, number, cues)) {
            return true;
        }
    }
    /* Right behind "tel:" every number is one. */
    return cues->before == GS_CUE_PHONE && cues->near && number->n_digits <= 15 &&
           !has_date(number) && (number->n_digits >= 8 || number->n_groups > 1) &&
           !is_round(number);
}
