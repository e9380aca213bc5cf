/* Says whether what the automaton found counts where it stands: a name must not begin or end inside a
 * word, nor stand beside what its company's list forbids; a ticker wants one of the forms of
 * watchlist.h around it. Everything here looks at the text as it was written, for its letters' case
 * and its words' ends; only neighbours are compared folded. */
#include "ingest/text/watchlist/watchlist_internal.h"

#include <utf8proc.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* A letter or digit of a script that puts blanks between words. */
static bool is_word(const char *bytes, size_t n)
{
    if ((unsigned char)bytes[0] < 0x80) {
        return is_letter(bytes[0]) || is_digit(bytes[0]) || bytes[0] == '_';
    }
    const size_t len = gs_utf8_valid_len(bytes, n);
    const uint32_t cp = len == 0 ? 0 : gs_utf8_decode(bytes, len);
    const utf8proc_category_t category = utf8proc_category((int32_t)cp);

    /* Not: superscripts and fractions (No), and the letter that is an apostrophe. */
    return len > 0 && !gs_is_cjk(cp) && category >= UTF8PROC_CATEGORY_LU &&
           category <= UTF8PROC_CATEGORY_NL && cp != 0x02BC;
}

static bool word_at(struct gs_str text, size_t at)
{
    return at < text.len && is_word(text.bytes + at, text.len - at);
}

/* Says whether the character that ends at at is a word's. */
static bool word_before(struct gs_str text, size_t at)
{
    size_t start = at;

    while (start > 0 && at - start < 4) {
        start--;
        if (((unsigned char)text.bytes[start] & 0xC0) != 0x80) {
            return is_word(text.bytes + start, at - start);
        }
    }
    return false;
}

bool gs_name_fits(struct gs_str text, size_t start, size_t end)
{
    return !(word_at(text, start) && word_before(text, start)) &&
           !(word_before(text, end) && word_at(text, end));
}

/* ---- neighbours ---- */

/* A string, the blank that may stand before it and the first byte beyond it. */
enum { BESIDE = GS_NEIGHBOUR_MAX + 2 };

/* Folds what stands behind at, or before it, until there are BESIDE bytes. */
static size_t fold_beside(const struct gs_folds *folds, struct gs_str text, size_t at, bool behind,
                          uint8_t out[BESIDE + 4])
{
    size_t n = 0;

    while (n < BESIDE && (behind ? at < text.len : at > 0)) {
        uint8_t one[4];
        size_t len = 0;
        const size_t start = behind ? at : gs_fold_char_before(text, at);
        const size_t used = gs_fold_char(folds, text.bytes + start, text.len - start, one, &len);
        if (behind) {
            memcpy(out + n, one, len);
        } else { /* in front of what is there */
            memmove(out + len, out, n);
            memcpy(out, one, len);
        }
        n += len;
        at = behind ? at + used : start;
    }
    return n;
}

static bool is_latin(uint8_t c)
{
    return is_letter((char)c) || is_digit((char)c);
}

/* Says whether name stands at the near end of beside[0, n). */
static bool stands_near(struct gs_str name, const uint8_t *beside, size_t n, bool behind)
{
    const uint8_t near = (uint8_t)name.bytes[behind ? 0 : name.len - 1];
    const uint8_t far = (uint8_t)name.bytes[behind ? name.len - 1 : 0];
    const size_t gap = n > 0 && is_latin(near) && beside[behind ? 0 : n - 1] == ' ';

    if (name.len + gap > n) {
        return false;
    }
    const size_t at = behind ? gap : n - gap - name.len;
    const size_t next = behind ? at + name.len : at - 1; /* SIZE_MAX: in front of the first */
    return memcmp(beside + at, name.bytes, name.len) == 0 &&
           !(is_latin(far) && next < n && is_latin(beside[next]));
}

/* Says whether one string of the list stands at the near end of beside. A Latin one may have a blank
 * between, and has to be a whole word. */
static bool stands(struct gs_str listed, const uint8_t *beside, size_t n, bool behind)
{
    while (listed.len > 0) {
        const char *blank = memchr(listed.bytes, ' ', listed.len);
        const size_t len = blank == NULL ? listed.len : (size_t)(blank - listed.bytes);
        if (len == 0) { /* of signs that are left out */
            listed = (struct gs_str){listed.bytes + 1, listed.len - 1};
            continue;
        }
        if (stands_near((struct gs_str){listed.bytes, len}, beside, n, behind)) {
            return true;
        }
        const size_t used = blank == NULL ? len : len + 1;
        listed = (struct gs_str){listed.bytes + used, listed.len - used};
    }
    return false;
}

bool gs_beside_fits(const struct gs_watchlist *list, const struct gs_neighbours *listed,
                    struct gs_str text, size_t start, size_t end)
{
    uint8_t beside[BESIDE + 4];

    if (listed->before.len > 0 &&
        stands(listed->before, beside, fold_beside(&list->folds, text, start, false, beside),
               false)) {
        return false;
    }
    return listed->behind.len == 0 ||
           !stands(listed->behind, beside, fold_beside(&list->folds, text, end, true, beside),
                   true);
}

/* ---- tickers ---- */

static bool is_listed(const char *word, size_t len, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (strlen(list[i]) == len && memcmp(list[i], word, len) == 0) {
            return true;
        }
    }
    return false;
}

/* The exchange behind a ticker: ".SH" at at. Returns its length with the dot, 0 for none. */
static size_t suffix_len(struct gs_str text, size_t at, const struct gs_entry *entry)
{
    static const char *const american[] = {"US", "O", "OQ", "N", "K", NULL};
    char suffix[6] = "";
    size_t n = 0;

    if (at + 1 >= text.len || text.bytes[at] != '.') {
        return 0;
    }
    while (at + 1 + n < text.len && is_letter(text.bytes[at + 1 + n])) {
        if (n == sizeof suffix - 1) {
            return 0;
        }
        suffix[n] = (char)(text.bytes[at + 1 + n] & 0x5F);
        n++;
    }
    if (n == 0 || word_at(text, at + 1 + n)) {
        return 0;
    }
    if (strcmp(suffix, "SS") == 0) { /* Reuters' Shanghai */
        suffix[1] = 'H';
    }
    const bool ours = entry->suffix[0] == '\0'
                          ? is_upper(text.bytes[at + 1]) && is_listed(suffix, n, american)
                          : strcmp(suffix, entry->suffix) == 0;
    return ours ? n + 1 : 0;
}

/* "NASDAQ:" or "NYSE: " in front of at. */
static bool exchange_before(struct gs_str text, size_t at)
{
    static const char *const exchanges[] = {
        "NASDAQ", "NYSE", "AMEX", "OTC", "OTCMKTS", "OTCBB", "TSX",  "TSXV", "LSE", "LON",  "HKEX",
        "SEHK",   "HKG",  "HK",   "SH",  "SZ",      "SSE",   "SZSE", "SHA",  "SHE", "ASX",  "NSE",
        "BSE",    "TYO",  "TSE",  "FRA", "ETR",     "EPA",   "AMS",  "KRX",  "TPE", "ARCA", NULL};
    size_t end = at;

    if (end > 0 && text.bytes[end - 1] == ' ') {
        end--;
    }
    if (end == 0 || text.bytes[end - 1] != ':') {
        return false;
    }
    size_t start = --end;
    while (start > 0 && is_upper(text.bytes[start - 1])) {
        start--;
    }
    return is_listed(text.bytes + start, end - start, exchanges);
}

/* A headline in capitals: its words are no tickers. */
static bool is_shouting(struct gs_str text)
{
    size_t upper = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] >= 'a' && text.bytes[i] <= 'z') {
            return false;
        }
        upper += is_upper(text.bytes[i]);
    }
    return upper > 20;
}

/* "$" in front of at begins a cashtag: not the one of "Do$T", but that of "$AAPL$T". */
static bool is_cashtag(struct gs_str text, size_t at)
{
    if (at == 0 || text.bytes[at - 1] != '$') {
        return false;
    }
    size_t start = at - 1;
    while (start > 0 && (is_letter(text.bytes[start - 1]) || text.bytes[start - 1] == '.')) {
        start--;
    }
    return !word_before(text, at - 1) || (start > 0 && text.bytes[start - 1] == '$');
}

bool gs_ticker_fits(struct gs_str text, const struct gs_entry *entry, size_t start, size_t *end,
                    bool *bare)
{
    const int before = start > 0 ? text.bytes[start - 1] : 0;
    const bool cashtag = is_cashtag(text, start);
    const int after = *end < text.len ? text.bytes[*end] : 0;
    size_t letters = 0;
    size_t digits = 0;

    *bare = false;
    if (word_before(text, start) || word_at(text, *end) || (before == '$' && !cashtag)) {
        return false;
    }
    for (size_t i = start; i < *end; i++) {
        const char c = text.bytes[i];
        if (is_letter(c) && !is_upper(c) && !cashtag) {
            return false; /* only a cashtag may be lower-case */
        }
        letters += is_letter(c);
        digits += is_digit(c);
    }
    const size_t suffix = suffix_len(text, *end, entry);
    if (suffix > 0) {
        *end += suffix;
        return true;
    }
    if (entry->suffix_only || (after == '.' && word_at(text, *end + 1) && before != '(')) {
        return false; /* another exchange's or share class, or a decimal */
    }
    if (cashtag || (before == '(' && after == ')') || exchange_before(text, start)) {
        return true;
    }
    *bare = true;
    return letters == 0 ? digits >= 5 : letters >= 3 && before != '.' && !is_shouting(text);
}
