#include "ingest/text/watchlist_impl.h"

#include <stdlib.h>

void gs_watchlist_free(struct gs_watchlist *list)
{
    if (list == NULL) {
        return;
    }
    gs_arena_free(list->strings);
    gs_ac_done(&list->ac);
    free(list->companies);
    free(list->entries);
    free(list->first_entry);
    free(list);
}

size_t gs_watchlist_size(const struct gs_watchlist *list)
{
    return list->n_companies;
}

/* What is being searched, and for whom an ambiguous name counts (NULL: not known yet). */
struct search {
    const struct gs_watchlist *list;
    struct gs_str text;
    const uint8_t *supported; /* a bit per company */
};

struct hit {
    size_t start;
    size_t end;
    uint32_t company;
    bool ambiguous;
};

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

    return len > 0 && !gs_is_cjk(cp) && category >= UTF8PROC_CATEGORY_LU &&
           category <= UTF8PROC_CATEGORY_NO;
}

static bool word_at(struct gs_str text, size_t at)
{
    return at < text.len && is_word(text.bytes + at, text.len - at);
}

/* Whether the character that ends at at is a word's. */
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

/* A side that is Latin must not be inside a word; a Han side may stand anywhere. */
static bool name_fits(struct gs_str text, size_t start, size_t end)
{
    return !(word_at(text, start) && word_before(text, start)) &&
           !(word_before(text, end) && word_at(text, end));
}

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

/* Whether the ticker from start to *end counts where it stands; takes its exchange in. */
static bool ticker_fits(struct gs_str text, const struct gs_entry *entry, size_t start, size_t *end,
                        bool *bare)
{
    const int before = start > 0 ? text.bytes[start - 1] : 0;
    const int after = *end < text.len ? text.bytes[*end] : 0;
    size_t letters = 0;
    size_t digits = 0;

    *bare = false;
    if (word_before(text, start) || word_at(text, *end)) {
        return false;
    }
    for (size_t i = start; i < *end; i++) {
        const char c = text.bytes[i];
        if (is_letter(c) && !is_upper(c) && before != '$') {
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
    if (before == '$' || (before == '(' && after == ')') || exchange_before(text, start)) {
        return true;
    }
    *bare = true;
    return letters == 0 ? digits >= 5 : letters >= 3 && before != '.' && !is_shouting(text);
}

static bool supports(const struct search *s, uint32_t company)
{
    return s->supported != NULL && ((s->supported[company / 8] >> (company % 8)) & 1) != 0;
}

/* Whether one of a pattern's companies is meant from start to end. An unambiguous reason wins,
 * then a supported one, then the one that stands first in the file. */
static bool best_entry(const struct search *s, uint32_t pattern, size_t start, size_t end,
                       struct hit *ret)
{
    const struct gs_watchlist *list = s->list;
    int best = -1;

    for (uint32_t i = list->first_entry[pattern]; i < list->first_entry[pattern + 1]; i++) {
        const struct gs_entry *entry = &list->entries[i];
        struct hit hit = {start, end, entry->company, entry->ambiguous};
        bool fits = false;
        bool bare = false;
        if (entry->kind == GS_ENTRY_NAME || entry->kind == GS_ENTRY_CODE) {
            fits = name_fits(s->text, start, end);
        } else if (entry->kind == GS_ENTRY_TICKER) {
            fits = ticker_fits(s->text, entry, start, &hit.end, &bare);
            hit.ambiguous = bare && (entry->ambiguous || is_digit(s->text.bytes[start]));
        }
        const int rank = !hit.ambiguous ? 2 : supports(s, hit.company) ? 1 : 0;
        if (fits && rank > best) {
            best = rank;
            *ret = hit;
        }
    }
    return best >= 0;
}

/* Steps over the character at i; gives the node after it. */
static uint32_t step_char(const struct search *s, uint32_t node, size_t *i)
{
    uint8_t folded[2];
    const size_t n = gs_fold_char(s->text.bytes + *i, s->text.len - *i, folded);

    for (size_t k = 0; k < n; k++) {
        node = gs_ac_step(&s->list->ac, node, folded[k]);
    }
    *i += n;
    return node;
}

/* The leftmost longest hit at or behind from; false when there is none.
 *
 * The automaton reports ends; a hit is settled once no string that is still being read began at
 * or before it. The caller goes on from its end, so at most one name's length is read twice. */
static bool next_hit(const struct search *s, size_t from, struct hit *ret)
{
    const struct gs_ac *ac = &s->list->ac;
    uint32_t node = 0;
    bool found = false;

    for (size_t i = from; i < s->text.len;) {
        node = step_char(s, node, &i);
        for (uint32_t v = ac->out[node] != 0 ? node : ac->dict[node]; v != 0; v = ac->dict[v]) {
            struct hit hit;
            if (best_entry(s, ac->out[v] - 1, i - ac->depth[v], i, &hit) &&
                (!found || hit.start < ret->start ||
                 (hit.start == ret->start && hit.end > ret->end))) {
                *ret = hit;
                found = true;
            }
        }
        if (found && i - ac->depth[node] > ret->start) {
            break;
        }
    }
    return found;
}

static void mark(uint8_t *supported, uint32_t company)
{
    supported[company / 8] = (uint8_t)(supported[company / 8] | (1U << (company % 8)));
}

/* Marks the companies that a pattern is a cue of, when it stands as one. */
static void mark_cue(const struct search *s, uint32_t pattern, size_t start, size_t end,
                     uint8_t *supported)
{
    const struct gs_watchlist *list = s->list;

    for (uint32_t i = list->first_entry[pattern]; i < list->first_entry[pattern + 1]; i++) {
        if (list->entries[i].kind == GS_ENTRY_CUE && name_fits(s->text, start, end)) {
            mark(supported, list->entries[i].company);
        }
    }
}

static void mark_cues(const struct search *s, uint8_t *supported)
{
    const struct gs_ac *ac = &s->list->ac;
    uint32_t node = 0;

    for (size_t i = 0; i < s->text.len;) {
        node = step_char(s, node, &i);
        for (uint32_t v = ac->out[node] != 0 ? node : ac->dict[node]; v != 0; v = ac->dict[v]) {
            mark_cue(s, ac->out[v] - 1, i - ac->depth[v], i, supported);
        }
    }
}

/* Marks the companies that text names without doubt, or holds a cue of. */
static void mark_supported(const struct gs_watchlist *list, struct gs_str text, uint8_t *supported)
{
    const struct search s = {list, text, NULL};
    struct hit hit;

    for (size_t at = 0; next_hit(&s, at, &hit); at = hit.end) {
        if (!hit.ambiguous) {
            mark(supported, hit.company);
        }
    }
    if (list->has_cues) {
        mark_cues(&s, supported);
    }
}

size_t gs_watchlist_find(const struct gs_watchlist *list, struct gs_str text, struct gs_str cue,
                         struct gs_match *matches, size_t max)
{
    uint8_t supported[(GS_WATCHLIST_MAX_COMPANIES + 7) / 8];
    struct search s = {list, text, NULL};
    struct hit hit;
    size_t n = 0;

    for (size_t at = 0; n < max && next_hit(&s, at, &hit); at = hit.end) {
        if (hit.ambiguous && s.supported == NULL) {
            /* The first doubt: read everything once for what may settle it, and look again. */
            memset(supported, 0, (list->n_companies + 7) / 8);
            mark_supported(list, text, supported);
            mark_supported(list, cue, supported);
            s.supported = supported;
            (void)next_hit(&s, at, &hit);
        }
        if (!hit.ambiguous || supports(&s, hit.company)) {
            const struct gs_company *company = &list->companies[hit.company];
            matches[n++] = (struct gs_match){company->id, company->name, hit.start, hit.end};
        }
    }
    return n;
}
