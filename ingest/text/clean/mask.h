/* The masks that come with the program: what in a text belongs to a person, told from
 * what only looks so.
 *
 * A mask is found by a function and not by a pattern, since patterns can't ask for a check digit or
 * look at the word in front of a number: "600519 20261121 0930" has the shape of a resident ID and
 * "净利润13812345678" that of a telephone number. A function looks for a byte that every match
 * holds (its anchor: '/', '@', a digit) with a vector scan, so that a text without it costs
 * nanoseconds, and from there reads in both directions. Each takes time in proportion to the text.
 *
 *   mask_url.c       links                                        "http"
 *   mask_at.c        e-mail addresses, mentions of people         "<email>", "@user"
 *   mask_number.c    resident IDs, bank cards, IBANs              "<id>", "<card>", "<iban>"
 *   mask_phone.c     the shapes of telephone numbers              "<phone>"
 *   mask_words.c     words beside a number that say what it is
 *   mask_checks.c    check digits and dates
 *
 * Texts are NFKC: no full-width forms, no invisible characters, white space is one blank. */
#ifndef GS_INGEST_MASK_H
#define GS_INGEST_MASK_H

#include "ingest/base/attr.h"
#include "ingest/base/str.h"

#include "ingest/text/clean/scan.h"

struct gs_watchlist;

/* The text that is looked through. */
struct gs_mask_text {
    struct gs_str text;
    const struct gs_scan *scan;
    const struct gs_watchlist *addressed; /* companies that may be addressed by name; may be NULL */
};

/* A place to mask, and what to put there. */
struct gs_mask {
    size_t start, end;
    const char *put;
};

/* The first place at or behind from that is to be masked; false when there is none. *ret begins at
 * or behind from and is not empty. */
typedef bool gs_mask_fn(const struct gs_mask_text *in, size_t from, struct gs_mask *ret);

gs_mask_fn gs_mask_url;
gs_mask_fn gs_mask_at;
gs_mask_fn gs_mask_number;

/* ---- reading characters ---- */

/* The character that begins at at; *ret_len is 0 at the end of the text. */
uint32_t gs_mask_char(struct gs_str text, size_t at, size_t *ret_len);

/* The character that ends at at; *ret_len is 0 at the start of the text. */
uint32_t gs_mask_char_before(struct gs_str text, size_t at, size_t *ret_len);

/* Han, kana, Hangul: scripts whose words stand beside others without a blank. */
bool gs_mask_is_han(uint32_t cp);

/* A letter, mark or digit of any script. */
bool gs_mask_is_letter(uint32_t cp);

static inline bool gs_mask_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool gs_mask_is_ascii_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline bool gs_mask_is_alnum(char c)
{
    return gs_mask_is_digit(c) || gs_mask_is_ascii_letter(c);
}

/* ---- numbers ---- */

enum { GS_NUMBER_GROUPS = 8, GS_NUMBER_DIGITS = 24 };

/* Digits in groups: "+86 138-1234-5678". Gaps are named after what they are made of. */
enum gs_gap { GS_GAP_BLANK, GS_GAP_DASH, GS_GAP_DOT, GS_GAP_PAREN };

struct gs_number {
    size_t start, end; /* in the text, with '+' and parentheses */
    size_t n_groups;
    uint8_t lens[GS_NUMBER_GROUPS];
    enum gs_gap gaps[GS_NUMBER_GROUPS]; /* [n_groups - 1], behind each group but the last */
    size_t n_digits;
    char digits[GS_NUMBER_DIGITS + 1];
    bool plus;  /* a '+' stands in front */
    bool paren; /* the first group stands in parentheses */
};

/* The kinds of words beside a number. */
enum gs_cue {
    GS_CUE_NONE,
    GS_CUE_PHONE,       /* telephone, WeChat, contact */
    GS_CUE_PHONE_WEAK,  /* a word that has other meanings: call, text, reach */
    GS_CUE_CARD,        /* card, account */
    GS_CUE_ID,          /* resident ID */
    GS_CUE_ORDER,       /* order, invoice, code */
    GS_CUE_FIGURE,      /* revenue, volume, market value */
    GS_CUE_OTHER,       /* none of these, though it begins like one: conference call */
    GS_CUE_FIGURE_WEAK, /* a word that often stands before a figure: from, was, nearly */
};

struct gs_cues {
    enum gs_cue before; /* the nearest word in front */
    bool near;          /* and it stands right there */
    enum gs_cue behind; /* a word of telephones right behind */
    bool latin;         /* the nearest letter in front (else behind) is not Han */
    bool unit;          /* a unit of money or count behind */
    bool figure_anyway; /* a currency in front, a decimal or '%' behind, a letter that goes on */
};

/* The words in front of a number that begins at start. */
void gs_mask_cues_before(struct gs_str text, size_t start, struct gs_cues *cues);
/* All the rest. */
void gs_mask_cues_behind(struct gs_str text, size_t start, size_t end, struct gs_cues *cues);

/* false when no word behind it could make number a telephone number; reads cues->before alone. */
bool gs_mask_may_be_phone(const struct gs_number *number, const struct gs_cues *cues);

/* Says whether number, which stands between such words, is a telephone number. */
bool gs_mask_is_phone(const struct gs_number *number, const struct gs_cues *cues);

/* ---- checks ---- */

/* GB 11643-1999: 17 digits and a check digit, 0 to 9 or X, over a known province and a day. */
bool gs_check_resident_id(const char *digits, char check);
/* The same without the check digit, and the 15 digits of before 1999. */
bool gs_check_resident_shape(const char *digits, size_t n);
/* ISO/IEC 7812: Luhn's check digit, and an issuer that gives numbers of this length. */
bool gs_check_luhn(const char *digits, size_t n);
bool gs_check_card_issuer(const char *digits, size_t n);
/* ISO 13616: length of the IBAN that begins at at (blanks included), 0 when there is none. */
size_t gs_check_iban(struct gs_str text, size_t at);
/* Eight digits that are a day from 1900 to 2099. */
bool gs_check_is_date(const char *digits);
/* The length of the country code (E.164) that digits begin with; 0 for none. */
size_t gs_check_country_code(const char *digits, size_t n);

#endif
