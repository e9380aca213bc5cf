/* The words beside a number. Market data and telephone numbers have the same digits; what tells
 * them apart is "tel." or "revenue" in front and "shares" behind, as it does for a reader.
 *
 * In front the nearest word of the list counts, up to a window or the end of the sentence before.
 * Latin words count whole and in any case, Han words anywhere. mask_word_list.h has the lists. */
#include "ingest/text/clean/mask_word_list.h"

#include "ingest/base/utf8.h"

#include <string.h>
#include <utf8proc.h>

enum { WINDOW = 48, WINDOW_BEHIND = 24, NEAR = 10 };

uint32_t gs_mask_char(struct gs_str text, size_t at, size_t *ret_len)
{
    *ret_len = at < text.len ? gs_utf8_valid_len(text.bytes + at, text.len - at) : 0;
    return *ret_len == 0 ? 0 : gs_utf8_decode(text.bytes + at, *ret_len);
}

uint32_t gs_mask_char_before(struct gs_str text, size_t at, size_t *ret_len)
{
    size_t start = at;

    do {
        if (start == 0 || at - start == 4) {
            *ret_len = 0;
            return 0;
        }
        start--;
    } while (((unsigned char)text.bytes[start] & 0xC0) == 0x80);
    return gs_mask_char(text, start, ret_len);
}

bool gs_mask_is_han(uint32_t cp)
{
    return (cp >= 0x3040 && cp <= 0x30FF && cp != 0x30FB) || (cp >= 0x3400 && cp <= 0x9FFF) ||
           (cp >= 0xAC00 && cp <= 0xD7A3) || (cp >= 0xF900 && cp <= 0xFAFF) ||
           (cp >= 0x20000 && cp <= 0x3FFFF) || cp == 0x3005 || cp == 0x3007;
}

bool gs_mask_is_letter(uint32_t cp)
{
    if (cp < 0x80) {
        return gs_mask_is_alnum((char)cp);
    }
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)cp);

    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* Says whether word stands at at; a Latin word must end there. */
static bool stands(struct gs_str text, size_t at, const char *word)
{
    size_t n = 0;

    while (word[n] != '\0' && at + n < text.len && lower(text.bytes[at + n]) == word[n]) {
        n++;
    }
    if (word[n] != '\0') {
        return false;
    }
    return !gs_mask_is_ascii_letter(word[0]) || at + n == text.len ||
           !gs_mask_is_ascii_letter(text.bytes[at + n]);
}

/* Says whether a word may begin at at: a Latin one not inside another, a Han one at a character. */
static bool may_begin(struct gs_str text, size_t at)
{
    const unsigned char c = (unsigned char)text.bytes[at];

    if (c < 0x80) {
        return gs_mask_is_ascii_letter((char)c) &&
               (at == 0 || !gs_mask_is_ascii_letter(text.bytes[at - 1]));
    }
    return c >= 0xE3;
}

/* The longest word of a list that stands at at; NULL for none. The first bytes find the few that may. */
static const struct gs_mask_word *find_word(const struct gs_mask_word *list, size_t n_list,
                                            struct gs_str text, size_t at)
{
    const size_t most = (unsigned char)text.bytes[at] >= 0x80 ? 3 : 1;
    const size_t n = text.len - at < most ? text.len - at : most;
    const struct gs_mask_word *found = NULL;
    char key[3] = "";
    size_t low = 0;
    size_t high = n_list;

    for (size_t i = 0; i < n; i++) {
        key[i] = lower(text.bytes[at + i]);
    }
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (strncmp(list[mid].text, key, n) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    for (; low < n_list && strncmp(list[low].text, key, n) == 0; low++) {
        if (stands(text, at, list[low].text)) {
            found = &list[low];
        }
    }
    return found;
}

static enum gs_cue cue_at(struct gs_str text, size_t at, size_t *ret_len)
{
    const struct gs_mask_word *word = find_word(words, GS_COUNT(words), text, at);

    *ret_len = word == NULL ? 0 : strlen(word->text);
    return word == NULL ? GS_CUE_NONE : word->cue;
}

static bool ends_sentence(struct gs_str text, size_t at)
{
    const char c = text.bytes[at];

    return c == '\n' || c == '!' || c == '?' || c == ';' ||
           (text.len - at >= 3 && memcmp(text.bytes + at, "。", 3) == 0);
}

/* Says whether little stands behind a word that ends at at. Behind "tel." other numbers may. */
static bool is_near(struct gs_str front, size_t at, enum gs_cue cue)
{
    size_t n = 0;

    for (; at < front.len; at++) {
        const bool number =
            gs_mask_is_digit(front.bytes[at]) || front.bytes[at] == ' ' || front.bytes[at] == '-';
        n += cue == GS_CUE_PHONE && number ? 0 : 1;
    }
    return n <= NEAR;
}

/* The word nearest in front of at, and whether it is close by. "SMS from" is a word of telephones:
 * a weak word gives way to one further on. */
static enum gs_cue cue_before(struct gs_str text, size_t at, bool *ret_near)
{
    const size_t first = at > WINDOW ? at - WINDOW : 0;
    /* The number itself is not part of a word in front. */
    const struct gs_str front = {text.bytes, at};
    enum gs_cue weak = GS_CUE_NONE;

    for (size_t i = at; i > first && !ends_sentence(front, i - 1); i--) {
        size_t len = 0;
        const enum gs_cue cue = may_begin(front, i - 1) ? cue_at(front, i - 1, &len) : GS_CUE_NONE;
        if (cue == GS_CUE_FIGURE_WEAK) {
            weak = cue;
        } else if (cue != GS_CUE_NONE) {
            *ret_near = is_near(front, i - 1 + len, cue);
            return cue;
        }
    }
    return weak;
}

static enum gs_cue cue_behind(struct gs_str text, size_t at)
{
    const size_t last = text.len - at > WINDOW_BEHIND ? at + WINDOW_BEHIND : text.len;

    for (size_t i = at; i < last && !ends_sentence(text, i); i++) {
        if (may_begin(text, i)) {
            size_t len = 0;
            const enum gs_cue cue = cue_at(text, i, &len);
            if (cue == GS_CUE_PHONE || cue == GS_CUE_PHONE_WEAK) {
                return cue;
            }
        }
    }
    return GS_CUE_NONE;
}

/* Says whether the letter nearest in front of start, else behind end, is of no Han script. */
static bool is_latin(struct gs_str text, size_t start, size_t end)
{
    size_t n = 0;

    for (size_t at = start, steps = 0; at > 0 && steps < WINDOW; at -= n, steps++) {
        const uint32_t cp = gs_mask_char_before(text, at, &n);
        if (n == 0) {
            break;
        }
        if (cp > 0x2FFF || gs_mask_is_ascii_letter((char)(cp < 0x80 ? cp : 0))) {
            return !gs_mask_is_han(cp);
        }
    }
    for (size_t at = end, steps = 0; at < text.len && steps < WINDOW; at += n, steps++) {
        const uint32_t cp = gs_mask_char(text, at, &n);
        if (cp > 0x2FFF || gs_mask_is_ascii_letter((char)(cp < 0x80 ? cp : 0))) {
            return !gs_mask_is_han(cp);
        }
    }
    return false;
}

static bool unit_behind(struct gs_str text, size_t end)
{
    size_t at = end;

    while (at < text.len && at - end < 2 && (text.bytes[at] == ' ' || text.bytes[at] == '-')) {
        at++;
    }
    return at < text.len && find_word(units, GS_COUNT(units), text, at) != NULL;
}

/* "$", "€", "HK$ ", "RMB " and the like in front. */
static bool currency_before(struct gs_str text, size_t start)
{
    static const char *const codes[] = {"usd", "rmb", "cny", "hkd", "jpy", "krw",    "eur", "gbp",
                                        "inr", "twd", "rs",  "vnd", "idr", "人民币", "¥",   "€",
                                        "£",   "₩",   "₹",   "₽", "$",   "฿",      "₫"};
    size_t at = start;

    if (at > 0 && (text.bytes[at - 1] == ' ' || text.bytes[at - 1] == '+')) {
        at--;
    }
    for (size_t i = 0; at > 0 && i < GS_COUNT(codes); i++) {
        const size_t n = strlen(codes[i]);
        if (codes[i][n - 1] == lower(text.bytes[at - 1]) && n <= at &&
            stands((struct gs_str){text.bytes, at}, at - n, codes[i])) {
            return true;
        }
    }
    return false;
}

/* "13812345678.50", "13812345678%", "1.13812345678". */
static bool goes_on(struct gs_str text, size_t start, size_t end)
{
    const char *bytes = text.bytes;

    if (end < text.len) {
        if (bytes[end] == '%' || bytes[end] == '_' ||
            (bytes[end] == '.' && end + 1 < text.len && gs_mask_is_digit(bytes[end + 1]))) {
            return true;
        }
        if (gs_mask_is_ascii_letter(bytes[end])) {
            return true;
        }
    }
    return start > 1 && bytes[start - 1] == '.' && gs_mask_is_digit(bytes[start - 2]);
}

void gs_mask_cues_before(struct gs_str text, size_t start, struct gs_cues *cues)
{
    cues->near = false;
    cues->before = cue_before(text, start, &cues->near);
}

void gs_mask_cues_behind(struct gs_str text, size_t start, size_t end, struct gs_cues *cues)
{
    /* A word in front decides before one behind. */
    cues->behind = cues->before == GS_CUE_PHONE ? GS_CUE_NONE : cue_behind(text, end);
    cues->latin = is_latin(text, start, end);
    cues->unit = unit_behind(text, end);
    cues->figure_anyway = currency_before(text, start) || goes_on(text, start, end);
}
