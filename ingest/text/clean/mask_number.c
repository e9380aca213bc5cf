/* Numbers that belong to a person: resident IDs, bank cards, IBANs, telephone numbers.
 *
 * A row of digit groups is read with the gaps between them ("卡 6222 0212 3456 7890 123, 138…").
 * Every stretch of groups in it is tried, the longest first, as an ID, a card and a telephone
 * number: its check digit or its shape has to fit, and the words beside it must not say that it is
 * a figure or a code. A stretch that is none is stepped over.
 *
 *     600519 20261121 0930        6 + 8 + 4 digits, but no province is 60: stays
 *     110101 19900307 1233        a province, a day, and the check digit is right: <id>
 */
#include "ingest/text/clean/mask.h"

#include <string.h>

enum { MAX_GAP = 3, MIN_DIGITS = 7, MAX_GROUP_DIGITS = 20 };

/* Where the groups of a row are in the text. */
struct row {
    struct gs_str text;
    size_t n;
    size_t start[GS_NUMBER_GROUPS], end[GS_NUMBER_GROUPS];
    enum gs_gap gap[GS_NUMBER_GROUPS]; /* behind each */
    size_t next;                       /* behind the last group that was read */
};

static size_t digits_end(struct gs_str text, size_t at)
{
    while (at < text.len && gs_mask_is_digit(text.bytes[at])) {
        at++;
    }
    return at;
}

/* Length of a hyphen or dash of any kind at at: "-", U+2010 to U+2015, U+2212. */
static size_t dash_len(struct gs_str text, size_t at)
{
    const unsigned char *b = (const unsigned char *)text.bytes + at;

    if (b[0] == '-') {
        return 1;
    }
    if (text.len - at < 3 || b[0] != 0xE2) {
        return 0;
    }
    const bool dash =
        (b[1] == 0x80 && b[2] >= 0x90 && b[2] <= 0x95) || (b[1] == 0x88 && b[2] == 0x92);
    return dash ? 3 : 0;
}

/* Reads a gap at at; gives where the next group begins, at itself when there is none. */
static size_t gap_end(struct gs_str text, size_t at, enum gs_gap *ret)
{
    size_t to = at;
    size_t blanks = 0;
    size_t marks = 0;

    *ret = GS_GAP_BLANK;
    for (size_t i = 0; i < MAX_GAP && to < text.len; i++) {
        const char c = text.bytes[to];
        const size_t dash = dash_len(text, to);
        const bool middle_dot = text.len - to >= 2 && memcmp(text.bytes + to, "\xC2\xB7", 2) == 0;
        if (c == ' ') {
            blanks++;
            to++;
        } else if (dash > 0) {
            *ret = *ret == GS_GAP_PAREN ? GS_GAP_PAREN : GS_GAP_DASH;
            marks++;
            to += dash;
        } else if (c == '.' || middle_dot) {
            *ret = GS_GAP_DOT;
            marks++;
            to += middle_dot ? 2 : 1;
        } else if (c == '(' || c == ')') {
            *ret = GS_GAP_PAREN;
            to++;
        } else {
            break;
        }
    }
    const bool sound = to > at && to < text.len && gs_mask_is_digit(text.bytes[to]) &&
                       blanks <= 2 && marks <= 1 && !(*ret == GS_GAP_DOT && blanks > 0);
    return sound ? to : at;
}

/* The row whose first group begins at at. */
static struct row read_row(struct gs_str text, size_t at)
{
    struct row row = {.text = text};

    for (;;) {
        row.start[row.n] = at;
        row.end[row.n] = digits_end(text, at);
        row.next = row.end[row.n];
        row.n++;
        if (row.n == GS_NUMBER_GROUPS) {
            return row;
        }
        at = gap_end(text, row.next, &row.gap[row.n - 1]);
        if (at == row.next) {
            return row;
        }
    }
}

/* Groups i to j - 1 as one number; false when there are too few or too many digits. */
static bool take(const struct row *row, size_t i, size_t j, struct gs_number *ret)
{
    struct gs_number number = {.start = row->start[i], .end = row->end[j - 1], .n_groups = j - i};

    for (size_t g = i; g < j; g++) {
        const size_t len = row->end[g] - row->start[g];
        if (number.n_digits + len > GS_NUMBER_DIGITS || len > MAX_GROUP_DIGITS) {
            return false;
        }
        memcpy(number.digits + number.n_digits, row->text.bytes + row->start[g], len);
        number.n_digits += len;
        number.lens[g - i] = (uint8_t)len;
        number.gaps[g - i] = row->gap[g];
    }
    if (number.n_digits < MIN_DIGITS) {
        return false;
    }
    /* "+86 …", "(021)…", "(+86)…": what stands in front belongs to it. */
    const char *bytes = row->text.bytes;
    if (number.start > 0 && bytes[number.start - 1] == '+') {
        number.start--;
        number.plus = true;
    }
    if (number.start > 0 && bytes[number.start - 1] == '(' && number.n_groups > 1 &&
        number.gaps[0] == GS_GAP_PAREN) {
        number.start--;
        number.paren = true;
    }
    *ret = number;
    return true;
}

/* Says whether i to j may stand alone in its row: a chain of hyphens or dots is not cut ("2026-11-21",
 * "101.10-245.35"), a row of blanks may be. */
static bool is_whole(const struct row *row, size_t i, size_t j)
{
    return (i == 0 || row->gap[i - 1] == GS_GAP_BLANK || row->gap[i - 1] == GS_GAP_PAREN) &&
           (j == row->n || row->gap[j - 1] == GS_GAP_BLANK || row->gap[j - 1] == GS_GAP_PAREN);
}

static bool all_gaps_alike(const struct gs_number *number)
{
    for (size_t i = 1; i + 1 < number->n_groups; i++) {
        if (number->gaps[i] != number->gaps[0]) {
            return false;
        }
    }
    return true;
}

/* A code, a day and a time when markets are open, as in "430047 20201121 0930". */
static bool is_tick(const struct gs_number *number)
{
    const char *time = number->digits + 14;

    return number->n_groups == 3 && number->lens[0] == 6 && number->lens[1] == 8 &&
           number->digits[6] == '2' && memcmp(time, "0900", 4) >= 0 && memcmp(time, "1630", 4) <= 0;
}

/* A resident ID, with its X or x behind the digits; *end moves behind it. */
static bool is_resident_id(struct gs_str text, const struct gs_number *number,
                           const struct gs_cues *cues, size_t *end)
{
    const bool said = cues->before == GS_CUE_ID;
    size_t x = number->end;

    if (number->n_digits == 15) {
        return said && gs_check_resident_shape(number->digits, 15);
    }
    if (number->n_digits == 18) {
        return said ? gs_check_resident_shape(number->digits, 17)
                    : gs_check_resident_id(number->digits, number->digits[17]) && !is_tick(number);
    }
    if (number->n_digits != 17 || x >= text.len) {
        return false;
    }
    x += text.bytes[x] == ' ' || text.bytes[x] == '-' ? 1 : 0;
    const bool has_x = x < text.len && (text.bytes[x] | 0x20) == 'x' &&
                       (x + 1 == text.len || !gs_mask_is_alnum(text.bytes[x + 1]));
    if (!has_x || !(said ? gs_check_resident_shape(number->digits, 17)
                         : gs_check_resident_id(number->digits, 'X'))) {
        return false;
    }
    *end = x + 1;
    return true;
}

/* In one piece, in fours, or as American Express and Diners print them. */
static bool has_card_groups(const struct gs_number *number)
{
    const uint8_t *lens = number->lens;
    const size_t n = number->n_groups;

    if (n == 1) {
        return true;
    }
    if (!all_gaps_alike(number) || number->gaps[0] == GS_GAP_PAREN) {
        return false;
    }
    if (n == 3 && lens[0] == 4 && lens[1] == 6) {
        return lens[2] == 5 || lens[2] == 4;
    }
    if (n == 2) {
        return lens[0] == 6 && lens[1] >= 10;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        if (lens[i] != 4) {
            return false;
        }
    }
    return lens[n - 1] <= 4;
}

static bool is_card(const struct gs_number *number, const struct gs_cues *cues)
{
    const size_t n = number->n_digits;
    size_t zeros = 0;

    if (number->plus) {
        return false;
    }
    while (zeros < n && number->digits[n - 1 - zeros] == '0') {
        zeros++;
    }
    if (zeros >= 6 || cues->unit || cues->figure_anyway || cues->before == GS_CUE_FIGURE ||
        cues->before == GS_CUE_ORDER) {
        return false;
    }
    if (cues->before == GS_CUE_CARD && cues->near) {
        return n >= 15 || gs_check_luhn(number->digits, n);
    }
    return gs_check_card_issuer(number->digits, n) && gs_check_luhn(number->digits, n);
}

/* The extension behind a telephone number: "-8001", " ext. 12", "转8001". */
static size_t extension_end(struct gs_str text, size_t end)
{
    static const char *const marks[] = {"-", " ext ", " ext. ", " ext", " x", "转", "轉", " 转"};

    for (size_t i = 0; i < GS_COUNT(marks); i++) {
        const size_t n = strlen(marks[i]);
        if (text.len - end > n && memcmp(text.bytes + end, marks[i], n) == 0) {
            const size_t to = digits_end(text, end + n);
            const size_t len = to - end - n;
            if (len >= 2 && len <= 5 && (to == text.len || !gs_mask_is_alnum(text.bytes[to]))) {
                return to;
            }
        }
    }
    return end;
}

/* Says whether a Latin letter stands right in front, as in "SH600519", unless it ends "Tel". */
static bool is_glued(struct gs_str text, const struct gs_number *number, const struct gs_cues *cues)
{
    const size_t at = number->start;

    if (at == 0 || number->plus) {
        return at > 0 && number->plus && gs_mask_is_alnum(text.bytes[at - 1]);
    }
    const char c = text.bytes[at - 1];
    return c == '_' || c == '#' || (gs_mask_is_ascii_letter(c) && !cues->near);
}

static const char *classify(struct gs_str text, const struct gs_number *number, bool whole,
                            struct gs_cues *cues, size_t *ret_end)
{
    const size_t n = number->n_digits;
    const bool id = whole && (n == 15 || n == 17 || n == 18) && !number->plus;
    const bool card = whole && n >= 13 && n <= 19 && has_card_groups(number);
    const bool phone = gs_mask_may_be_phone(number, cues);
    const size_t end = phone ? extension_end(text, number->end) : number->end;

    *ret_end = number->end;
    if (!id && !card && !(phone && (whole || end > number->end))) {
        return NULL; /* before the words behind it are read */
    }
    gs_mask_cues_behind(text, number->start, number->end, cues);
    if (is_glued(text, number, cues)) {
        return NULL;
    }
    if (id && is_resident_id(text, number, cues, ret_end)) {
        return "<id>";
    }
    if (card && is_card(number, cues)) {
        return "<card>";
    }
    if (phone && (whole || end > number->end) && gs_mask_is_phone(number, cues)) {
        *ret_end = end;
        return "<phone>";
    }
    return NULL;
}

/* Says whether the digits at at end an IBAN's first four characters: "DE89" at the 8. */
static bool iban_at(struct gs_str text, size_t from, size_t at, struct gs_mask *ret)
{
    if (at < from + 2 || !gs_mask_is_ascii_letter(text.bytes[at - 1]) ||
        !gs_mask_is_ascii_letter(text.bytes[at - 2]) ||
        (at > 2 && gs_mask_is_alnum(text.bytes[at - 3]))) {
        return false;
    }
    const size_t len = gs_check_iban(text, at - 2);
    *ret = (struct gs_mask){at - 2, at - 2 + len, "<iban>"};
    return len > 0;
}

static bool mask_in_row(const struct row *row, size_t from, struct gs_mask *ret)
{
    for (size_t i = 0; i < row->n; i++) {
        struct gs_cues cues;
        bool read = false;
        for (size_t j = row->n; j > i; j--) {
            struct gs_number number;
            size_t end = 0;
            if (!take(row, i, j, &number) || number.start < from) {
                continue;
            }
            if (!read) {
                gs_mask_cues_before(row->text, row->start[i], &cues);
                read = true;
            }
            const char *put = classify(row->text, &number, is_whole(row, i, j), &cues, &end);
            if (put != NULL) {
                *ret = (struct gs_mask){number.start, end, put};
                return true;
            }
        }
    }
    return false;
}

bool gs_mask_number(const struct gs_mask_text *in, size_t from, struct gs_mask *ret)
{
    static const struct gs_byteset digits = {
        .below = {0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08}, .above = {0}};
    const struct gs_str text = in->text;
    size_t at = from;

    while (at < text.len) {
        at += in->scan->find((const uint8_t *)text.bytes + at, text.len - at, &digits);
        if (at == text.len) {
            break;
        }
        if (at > 0 && gs_mask_is_digit(text.bytes[at - 1])) {
            at = digits_end(text, at);
            continue;
        }
        if (iban_at(text, from, at, ret)) {
            return true;
        }
        const struct row row = read_row(text, at);
        if (row.next - at >= MIN_DIGITS && mask_in_row(&row, from, ret)) {
            return true;
        }
        /* A row may go on behind the groups that there is room for. */
        at = row.n == GS_NUMBER_GROUPS ? row.start[1] : row.next;
    }
    return false;
}
