/* Links: "https://…", "www.…", and bare ones such as "bit.ly/x1".
 *
 * A link ends where a reader sees it end, not where RFC 3986 would let it go on: commas and
 * semicolons may stand in a link, but "http://t.co/abc,Tesla falls" names a company. So a mark is
 * looked behind: a word of letters that ends there is text again. Hosts that only shorten have
 * paths of letters and digits, and anything else ends those.
 *
 * A bare link needs a path that nobody would write as words: "JD.com/Walmart deal" is two names. */
#include "ingest/text/clean/mask.h"

#include <string.h>

enum { MAX_HOST = 253 };

static const char *const shorteners[] = {"t.co",    "bit.ly", "goo.gl",      "ow.ly",  "dlvr.it",
                                         "buff.ly", "j.mp",   "tinyurl.com", "is.gd",  "t.cn",
                                         "url.cn",  "dwz.cn", "stks.co",     "tmi.me", "fb.me",
                                         "wp.me",   "ift.tt", "lnkd.in",     "cnb.cx", "trib.al"};

/* Hosts whose paths are people. */
static const char *const people[] = {
    "twitter.com", "x.com",      "facebook.com", "instagram.com",  "weibo.com",
    "weibo.cn",    "t.me",       "linkedin.com", "stocktwits.com", "github.com",
    "youtube.com", "tiktok.com", "xueqiu.com",   "reddit.com",     "medium.com"};

static const char *const domains[] = {
    "com", "co", "net", "org", "cn",   "hk",  "ly",   "me",  "io",  "gl", "us", "uk",
    "de",  "fr", "eu",  "tv",  "info", "biz", "to",   "be",  "al",  "tk", "cc", "in",
    "im",  "st", "it",  "gd",  "mp",   "tt",  "mobi", "gov", "edu", "tw", "jp", "kr",
    "sg",  "au", "ca",  "ch",  "app",  "dev", "ai",   "xyz", "news"};

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool same(struct gs_str text, size_t at, size_t n, const char *word)
{
    if (strlen(word) != n || text.len - at < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (lower(text.bytes[at + i]) != word[i]) {
            return false;
        }
    }
    return true;
}

static bool is_listed(struct gs_str text, size_t at, size_t n, const char *const *list, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (same(text, at, n, list[i])) {
            return true;
        }
    }
    return false;
}

static bool is_host_char(char c)
{
    return gs_mask_is_alnum(c) || c == '-' || c == '.' || c == '_';
}

static bool is_path_char(char c)
{
    return c != '\0' && (gs_mask_is_alnum(c) || strchr("-._~:/?#[]@!$&'()*+,;=%|", c) != NULL);
}

static size_t letters_end(struct gs_str text, size_t at)
{
    while (at < text.len && gs_mask_is_ascii_letter(text.bytes[at])) {
        at++;
    }
    return at;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Says whether the text goes on as text behind the mark at at. In a query a list of capitals goes on
 * ("?s=AAPL,MSFT"). */
static bool mark_ends(struct gs_str text, size_t at, bool in_query)
{
    const size_t word = at + 1 + (at + 1 < text.len && text.bytes[at + 1] == '$' ? 1 : 0);
    const size_t end = letters_end(text, word);
    char behind = ' ';

    if (end < text.len) {
        behind = text.bytes[end];
    }
    if (word >= text.len || end == word) {
        /* A digit goes on ("0,1518,73"); anything that is in no link ends it. */
        return word >= text.len || !is_path_char(text.bytes[word]);
    }
    if (in_query && is_upper(text.bytes[at - 1]) && is_upper(text.bytes[end - 1])) {
        return false;
    }
    if (behind == '=' || behind == '&' || behind == '%' || behind == '/') {
        return false;
    }
    const bool ends = !is_path_char(behind) || strchr(",;!'|$)", behind) != NULL ||
                      (behind == '.' && (end + 1 == text.len || text.bytes[end + 1] == ' '));
    return is_upper(text.bytes[word]) || ends;
}

/* Says whether a link may end in c: a mark at the end belongs to the sentence. */
static bool may_end_path(char c)
{
    return gs_mask_is_alnum(c) || c == ')' || strchr("-_~/#=&%$+", c) != NULL;
}

/* Where the link whose path begins at at ends. */
static size_t path_end(struct gs_str text, size_t at, bool shortener)
{
    /* Twitter's names have letters and digits only. */
    const bool twitter = shortener && at >= 4 && same(text, at - 4, 4, "t.co");
    int depth = 0; /* of parentheses opened in the link */
    bool in_query = false;
    size_t end = at;

    while (at < text.len && is_path_char(text.bytes[at])) {
        const char c = text.bytes[at];
        if (shortener && !gs_mask_is_alnum(c) &&
            strchr(twitter && !in_query ? "/?" : "/_-?=&+#%", c) == NULL) {
            break;
        }
        if (strchr(",;!'*|$", c) != NULL && mark_ends(text, at, in_query)) {
            break;
        }
        if (c == '(' && text.bytes[at - 1] != '_' && text.bytes[at - 1] != '/' && depth == 0) {
            break;
        }
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (depth < 0) {
            break;
        }
        in_query = in_query || c == '?';
        at++;
        if (may_end_path(c)) {
            end = at;
        }
    }
    return end;
}

/* Behind the host at at: user and port too. */
static size_t host_end(struct gs_str text, size_t at)
{
    size_t end = at;

    while (end < text.len &&
           (is_host_char(text.bytes[end]) || text.bytes[end] == '@' || text.bytes[end] == ':')) {
        end++;
    }
    /* "http://a.com," ends before the marks. */
    while (end > at && !gs_mask_is_alnum(text.bytes[end - 1])) {
        end--;
    }
    return end;
}

static bool is_shortener(struct gs_str text, size_t host, size_t end)
{
    return is_listed(text, host, end - host, shorteners, GS_COUNT(shorteners));
}

static size_t link_end(struct gs_str text, size_t host)
{
    const size_t end = host_end(text, host);
    const bool path = end < text.len && strchr("/?#[", text.bytes[end]) != NULL;

    return path ? path_end(text, end, is_shortener(text, host, end)) : end;
}

/* The scheme that ends in front of "://" at at; its length, 0 for none. */
static size_t scheme_before(struct gs_str text, size_t from, size_t at)
{
    static const char *const schemes[] = {"https", "http", "ftp"};

    for (size_t i = 0; i < GS_COUNT(schemes); i++) {
        const size_t n = strlen(schemes[i]);
        if (at >= from + n && same(text, at - n, n, schemes[i])) {
            /* "ahttp://x" too: two links often stand glued, and a word in front is no scheme. */
            return n;
        }
    }
    return 0;
}

/* "http://…" with "//" at at. */
static bool with_scheme(struct gs_str text, size_t from, size_t at, struct gs_mask *ret)
{
    if (at == 0 || text.bytes[at - 1] != ':' || at + 1 >= text.len || text.bytes[at + 1] != '/') {
        return false;
    }
    const size_t scheme = scheme_before(text, from, at - 1);
    const size_t start = at - 1 - scheme;

    *ret = (struct gs_mask){start, link_end(text, at + 2), "http"};
    return scheme > 0;
}

/* "www.…" with the dot at at. */
static bool with_www(struct gs_str text, size_t from, size_t at, struct gs_mask *ret)
{
    if (at < from + 3 || !same(text, at - 3, 3, "www") || at + 1 >= text.len ||
        !gs_mask_is_alnum(text.bytes[at + 1])) {
        return false;
    }
    const size_t start = at - 3;
    if (start > 0 && (gs_mask_is_alnum(text.bytes[start - 1]) || text.bytes[start - 1] == '.')) {
        return false;
    }
    *ret = (struct gs_mask){start, link_end(text, start), "http"};
    return true;
}

/* Says whether a path is one that people write as words: one word in small or large letters, or with a
 * large one in front. Behind a host that is written as a name it may be several ("Slack/Tableau"),
 * and a model's number ("Model3"). */
static bool is_word_path(struct gs_str text, size_t at, size_t end, bool named)
{
    size_t upper = 0;

    if (named && is_upper(text.bytes[at])) {
        while (at < end && (gs_mask_is_alnum(text.bytes[at]) || text.bytes[at] == '/' ||
                            text.bytes[at] == '+' || text.bytes[at] == '&')) {
            at++;
        }
        return at == end;
    }
    for (size_t i = at; i < end; i++) {
        if (!gs_mask_is_ascii_letter(text.bytes[i])) {
            return false;
        }
        upper += is_upper(text.bytes[i]);
    }
    return upper == 0 || upper == end - at || (upper == 1 && is_upper(text.bytes[at])) ||
           end - at > 12;
}

/* "bit.ly/x1" with the slash at at. */
static bool bare(struct gs_str text, size_t from, size_t at, struct gs_mask *ret)
{
    size_t start = at;
    size_t domain = at; /* behind the last dot */
    size_t labels = 1;

    while (start > from && at - start < MAX_HOST && is_host_char(text.bytes[start - 1])) {
        start--;
        if (text.bytes[start] == '.') {
            domain = labels == 1 ? start + 1 : domain;
            labels++;
        }
    }
    while (start < at && !gs_mask_is_alnum(text.bytes[start])) {
        start++;
    }
    if (labels == 1 || start >= domain || (start > 0 && text.bytes[start - 1] == '@')) {
        return false;
    }
    if (!is_listed(text, domain, at - domain, domains, GS_COUNT(domains))) {
        return false;
    }
    const bool shortener = is_shortener(text, start, at);
    const size_t end = path_end(text, at, shortener);
    const bool sure =
        shortener || labels > 2 || is_listed(text, start, at - start, people, GS_COUNT(people)) ||
        end == at + 1 || !is_word_path(text, at + 1, end, is_upper(text.bytes[start]));
    *ret = (struct gs_mask){start, end, "http"};
    return sure && end > at;
}

/* A Latin word right behind a link, as behind "http://t.co/a腾讯Tesla", is kept apart from it. */
static bool found(struct gs_str text, struct gs_mask *ret)
{
    if (ret->end < text.len && gs_mask_is_alnum(text.bytes[ret->end])) {
        ret->put = "http ";
    }
    return true;
}

bool gs_mask_url(const struct gs_mask_text *in, size_t from, struct gs_mask *ret)
{
    /* '.' and '/' */
    static const struct gs_byteset anchors = {.below = {[0xE] = 0x04, [0xF] = 0x04}, .above = {0}};
    const struct gs_str text = in->text;
    size_t at = from;

    while (at < text.len) {
        at += in->scan->find((const uint8_t *)text.bytes + at, text.len - at, &anchors);
        if (at == text.len) {
            break;
        }
        if (text.bytes[at] == '.' ? with_www(text, from, at, ret)
                                  : with_scheme(text, from, at, ret) || bare(text, from, at, ret)) {
            return found(text, ret);
        }
        at++;
    }
    return false;
}
