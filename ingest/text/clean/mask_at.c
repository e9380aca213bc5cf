/* Finds out what an '@' belongs to: an e-mail address, a mention of somebody, or a price ("long @ 45.2").
 *
 * An address has a name in front and a domain with a dot behind; letters of all scripts that put
 * blanks between words count (josé.garcía@münchen.de). Han letters do not, for
 * "邮箱zhang@qq.com联系" has an address between two words, unless the domain itself is Han.
 *
 * A mention is easy in Latin text, where a blank ends it. Chinese has none: "@小明腾讯控股暴雷了"
 * is a name and a piece of news. A Han name ends, tried in this order:
 *
 *   1. before a company of the watchlist; a company that is itself addressed is no mention and
 *      stays ("@工商银行 你们的软件又崩了")
 *   2. at a blank or colon, which platforms put behind a name that was picked, up to 10 letters
 *   3. before a word that begins a message (对, 被, 股价…)
 *   4. at the end of a run of up to 6 letters
 *   5. behind the Latin letters that it begins with, or behind four Han ones: a name is rarely
 *      longer, and the rest is the message */
#include "ingest/text/clean/mask.h"

#include "ingest/text/watchlist/watchlist.h"

#include <string.h>
#include <strings.h>

enum {
    MAX_LOCAL = 64,   /* RFC 5321, section 4.5.3.1.1 */
    MAX_NAME = 30,    /* letters of a mention */
    PICKED_NAME = 10, /* Han letters before a blank */
    CLOSED_NAME = 6,  /* Han letters before a comma or the end */
    TYPICAL_NAME = 4, /* Han letters with nothing to end them */
    MORE_NAME = 48,   /* bytes behind the run that a company's name may take */
};

/* ---- e-mail ---- */

static bool is_local_char(uint32_t cp)
{
    if (cp < 0x80) {
        return gs_mask_is_alnum((char)cp) || (cp != 0 && strchr("._%+-", (int)cp) != NULL);
    }
    return gs_mask_is_letter(cp) && !gs_mask_is_han(cp);
}

/* Where the name in front of the '@' at at begins; at itself when there is none. */
static size_t local_start(struct gs_str text, size_t from, size_t at, bool han)
{
    size_t start = at;
    size_t n = 0;

    if (at > from && text.bytes[at - 1] == '"') { /* "john doe"@example.com */
        const size_t first = at > from + MAX_LOCAL ? at - MAX_LOCAL : from;
        for (size_t i = at - 1; i > first; i--) {
            if (text.bytes[i - 1] == '"') {
                return i - 1;
            }
        }
    }
    for (size_t letters = 0; start > from && letters < MAX_LOCAL; letters++) {
        const uint32_t cp = gs_mask_char_before(text, start, &n);
        if (!is_local_char(cp) && !(han && letters < TYPICAL_NAME && gs_mask_is_han(cp))) {
            break;
        }
        start -= n;
    }
    return start;
}

/* The end of one label of a domain; its letters are all Han or none is. */
static size_t label_end(struct gs_str text, size_t at, bool *han)
{
    size_t n = 0;
    size_t end = at;

    for (; end < text.len; end += n) {
        const uint32_t cp = gs_mask_char(text, end, &n);
        const bool is_han = gs_mask_is_han(cp);
        if (end == at) {
            *han = is_han;
        }
        if (cp != '-' && (!gs_mask_is_letter(cp) || is_han != *han)) {
            break;
        }
    }
    return end;
}

/* Han domains that addresses end in. */
static size_t han_domain_len(struct gs_str text, size_t at)
{
    static const char *const ends[] = {"中国", "中國", "公司", "网络", "網絡",  "香港",
                                       "台湾", "台灣", "在线", "集团", "我爱你"};

    for (size_t i = 0; i < GS_COUNT(ends); i++) {
        const size_t n = strlen(ends[i]);
        if (text.len - at >= n && memcmp(text.bytes + at, ends[i], n) == 0) {
            return n;
        }
    }
    return 0;
}

/* Where the domain at at ends; at itself when there is none. *han says whether it is Han. */
static size_t domain_end(struct gs_str text, size_t at, bool *han)
{
    size_t end = at;
    size_t label = at;
    bool is_han = false;

    if (at < text.len && text.bytes[at] == '[') { /* name@[192.0.2.1] */
        const size_t n = text.len - at < 48 ? text.len - at : 48;
        const char *close = memchr(text.bytes + at, ']', n);
        return close == NULL ? at : (size_t)(close - text.bytes) + 1;
    }
    for (;;) {
        const size_t to = label_end(text, label, &is_han);
        if (to == label) {
            return end;
        }
        if (is_han && label > at) {
            const size_t n = han_domain_len(text, label);
            if (n > 0) {
                *han = true;
                return label + n;
            }
        } else if (label > at) {
            /* No top-level domain begins with a digit: "AAPL@189.5" is a price. */
            end = gs_mask_is_digit(text.bytes[label]) ? end : to;
        }
        if (to >= text.len || text.bytes[to] != '.') {
            return end;
        }
        label = to + 1;
    }
}

static bool is_email(struct gs_str text, size_t from, size_t at, struct gs_mask *ret)
{
    bool han = false;
    const size_t end = domain_end(text, at + 1, &han);

    if (end == at + 1) {
        return false;
    }
    const size_t start = local_start(text, from, at, han);
    *ret = (struct gs_mask){start, end, "<email>"};
    return start < at;
}

/* ---- mentions ---- */

static bool is_name_char(uint32_t cp)
{
    return cp == '_' || cp == '-' || cp == 0xB7 || gs_mask_is_letter(cp);
}

/* "@150.5", "@$12", "@45k", "@3.5元": a price. "@2morrow" is none. */
static bool is_price(struct gs_str text, size_t at)
{
    static const char *const units[] = {"k", "m", "b", "bn", "mn", "usd", "cent", "cents"};

    at += at < text.len && text.bytes[at] == '$' ? 1 : 0;
    if (at >= text.len || !gs_mask_is_digit(text.bytes[at])) {
        return false;
    }
    while (at < text.len &&
           (gs_mask_is_digit(text.bytes[at]) || text.bytes[at] == '.' || text.bytes[at] == ',')) {
        at++;
    }
    size_t end = at;
    while (end < text.len && (gs_mask_is_ascii_letter(text.bytes[end]) || text.bytes[end] == '_')) {
        end++;
    }
    for (size_t i = 0; i < GS_COUNT(units); i++) {
        if (strlen(units[i]) == end - at && strncasecmp(text.bytes + at, units[i], end - at) == 0) {
            return true;
        }
    }
    return end == at;
}

/* Words that begin the message behind a name. */
static bool begins_message(struct gs_str text, size_t at)
{
    static const char *const words[] = {
        "对",   "對",   "被",   "遭",   "因",   "将",   "將",   "已",   "你",   "您",   "我",
        "他",   "请",   "請",   "怎",   "什么", "為什", "为什", "股价", "股價", "股票", "亏损",
        "虧損", "暴",   "跌",   "涨",   "漲",   "立案", "回应", "回應", "发布", "發布", "宣布",
        "公告", "表示", "停牌", "退市", "说",   "說",   "的",   "了",   "和",   "跟",   "在",
        "这",   "這",   "今天", "昨天", "明天", "里",   "裡",   "也",   "都",   "又",   "还",
        "還",   "不",   "有没", "是",   "给",   "給",   "让",   "讓",   "把",   "快",   "赶紧"};

    for (size_t i = 0; i < GS_COUNT(words); i++) {
        const size_t n = strlen(words[i]);
        if (text.len - at >= n && memcmp(text.bytes + at, words[i], n) == 0) {
            return true;
        }
    }
    return false;
}

/* The run of letters behind an '@'. */
struct name {
    size_t start, end;
    size_t letters;
    size_t latin_end; /* the first Han letter; end when there is none */
    size_t latin;     /* letters in front of it */
};

static struct name read_name(struct gs_str text, size_t start)
{
    struct name name = {start, start, 0, SIZE_MAX, 0};
    size_t n = 0;

    for (; name.letters < MAX_NAME; name.letters++, name.end += n) {
        const uint32_t cp = gs_mask_char(text, name.end, &n);
        if (n == 0 || !is_name_char(cp)) {
            break;
        }
        if (name.latin_end == SIZE_MAX && gs_mask_is_han(cp)) {
            name.latin_end = name.end;
            name.latin = name.letters;
        }
    }
    while (name.end > start && text.bytes[name.end - 1] == '-') {
        name.end--;
        name.letters--;
    }
    if (name.latin_end == SIZE_MAX) {
        name.latin_end = name.end;
        name.latin = name.letters;
    }
    return name;
}

/* Where the first company that the run names begins; its end when it names none. */
static size_t company_start(const struct gs_mask_text *in, const struct name *name)
{
    struct gs_match match;
    size_t end = in->text.len - name->end > MORE_NAME ? name->end + MORE_NAME : in->text.len;

    /* The name of a company may go on behind the run: "Bank of America", "McDonald's". */
    while (end < in->text.len && ((unsigned char)in->text.bytes[end] & 0xC0) == 0x80) {
        end--;
    }
    const struct gs_str run = {in->text.bytes + name->start, end - name->start};
    if (in->addressed == NULL || gs_watchlist_find(in->addressed, run, in->text, &match, 1) == 0 ||
        match.start > name->end - name->start) {
        return name->end;
    }
    return name->start + match.start;
}

/* Where a name ends that has Han letters in it. */
static size_t han_end(struct gs_str text, const struct name *name)
{
    const bool blank =
        name->end < text.len && (text.bytes[name->end] == ' ' || text.bytes[name->end] == ':');
    const size_t most = blank ? PICKED_NAME : CLOSED_NAME;
    const bool short_enough = name->letters <= most;
    const size_t least = name->latin > 2 ? name->latin : 2;
    size_t typical_end = name->end;
    size_t at = name->start;
    size_t n = 0;

    if (blank && short_enough) {
        return name->end;
    }
    if (name->latin > 0 && !short_enough) {
        return name->latin_end;
    }
    for (size_t letters = 0; at < name->end && letters <= PICKED_NAME; letters++, at += n) {
        (void)gs_mask_char(text, at, &n);
        if (letters >= least && begins_message(text, at)) {
            return at;
        }
        typical_end = letters == TYPICAL_NAME ? at : typical_end;
    }
    return short_enough ? name->end : typical_end;
}

/* "@user", as an earlier cleaning left it, perhaps with Han text behind. */
static bool is_masked(struct gs_str text, const struct name *name)
{
    return name->end - name->start >= 4 && memcmp(text.bytes + name->start, "user", 4) == 0 &&
           name->latin_end == name->start + 4;
}

static bool is_mention(const struct gs_mask_text *in, size_t at, struct gs_mask *ret)
{
    const struct gs_str text = in->text;
    const struct name name = read_name(text, at + 1);

    if (name.letters == 0 || is_price(text, at + 1) || is_masked(text, &name)) {
        return false;
    }
    const size_t company = company_start(in, &name);
    if (company == name.start) {
        return false;
    }
    size_t end = company < name.end          ? company
                 : name.latin_end < name.end ? han_end(text, &name)
                                             : name.end;
    size_t n = 0;
    const uint32_t behind = gs_mask_char(text, end, &n);
    const bool apart = n > 0 && gs_mask_is_letter(behind) && !gs_mask_is_han(behind);
    *ret = (struct gs_mask){at, end, apart ? "@user " : "@user"};
    return true;
}

bool gs_mask_at(const struct gs_mask_text *in, size_t from, struct gs_mask *ret)
{
    static const struct gs_byteset anchor = {.below = {[0] = 0x10}, .above = {0}}; /* '@' */
    const struct gs_str text = in->text;
    size_t at = from;

    while (at < text.len) {
        at += in->scan->find((const uint8_t *)text.bytes + at, text.len - at, &anchor);
        if (at == text.len) {
            break;
        }
        if (is_email(text, from, at, ret) || is_mention(in, at, ret)) {
            return true;
        }
        at++;
    }
    return false;
}
