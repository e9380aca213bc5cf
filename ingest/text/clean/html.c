/* HTML to text, forgiving: feeds hold fragments, cut tags and plain text with a "<" in it.
 *
 * A "<" begins a tag only when a known element's name follows and a ">" closes it; "<!--", "<!",
 * "<?" likewise. Anything else stays as it is ("profit < 5%", "<AAPL>"). Block elements and <br>
 * give a blank, inline ones nothing. script, style and their like vanish with their content;
 * CDATA markers vanish and leave theirs.
 *
 * One pass goes over the text from front to back:
 *
 *     '<'   a declaration, a tag or neither       skip_tag()
 *     '&'   an entity or none                     put_entity()
 *     '#'   an entity that lost its '&', or none  put_lost_reference()
 *     ']'   the end of CDATA, when inside         gs_html_run()
 *     else  copied
 *
 * Each step goes forwards only, and what was looked for in vain once (the end of a comment, of a
 * quoted attribute) is not looked for again, so that a text takes time in proportion to its length
 * whatever is in it. What a pass decodes may be a tag in turn; normalize.c runs it again then. */
#include "ingest/text/clean/stage.h"

#include "ingest/base/utf8.h"

#include <stdlib.h>

struct html {
    struct gs_view in;
    struct gs_out *out;
    size_t at;
    size_t last_gt;      /* behind the last '>' of the text */
    bool no_comment_end; /* no "-->" from here on */
    bool in_cdata;
    bool defuse;        /* tags and entities are not taken but broken up: see gs_html_run() */
    bool quotes_broken; /* a quoted attribute swallowed the rest once: '>' closes from then on */
};

enum element { NO_ELEMENT, INLINE, BLOCK, SWALLOW };

struct name {
    const char *name;
    enum element element;
};

/* In byte order. Custom elements ("x-y", "o:p") are taken as inline. */
static const struct name names[] = {
    {"a", INLINE},        {"abbr", INLINE},    {"acronym", INLINE},   {"address", BLOCK},
    {"area", INLINE},     {"article", BLOCK},  {"aside", BLOCK},      {"audio", BLOCK},
    {"b", INLINE},        {"base", INLINE},    {"bdi", INLINE},       {"bdo", INLINE},
    {"big", INLINE},      {"blink", INLINE},   {"blockquote", BLOCK}, {"body", BLOCK},
    {"br", BLOCK},        {"button", BLOCK},   {"canvas", BLOCK},     {"caption", BLOCK},
    {"center", BLOCK},    {"cite", INLINE},    {"code", INLINE},      {"col", INLINE},
    {"colgroup", BLOCK},  {"content", INLINE}, {"data", INLINE},      {"dd", BLOCK},
    {"del", INLINE},      {"details", BLOCK},  {"dfn", INLINE},       {"dialog", BLOCK},
    {"dir", BLOCK},       {"div", BLOCK},      {"dl", BLOCK},         {"dt", BLOCK},
    {"em", INLINE},       {"embed", BLOCK},    {"fieldset", BLOCK},   {"figcaption", BLOCK},
    {"figure", BLOCK},    {"font", INLINE},    {"footer", BLOCK},     {"form", BLOCK},
    {"frame", BLOCK},     {"frameset", BLOCK}, {"h1", BLOCK},         {"h2", BLOCK},
    {"h3", BLOCK},        {"h4", BLOCK},       {"h5", BLOCK},         {"h6", BLOCK},
    {"head", BLOCK},      {"header", BLOCK},   {"hgroup", BLOCK},     {"hr", BLOCK},
    {"html", BLOCK},      {"i", INLINE},       {"iframe", SWALLOW},   {"img", INLINE},
    {"input", INLINE},    {"ins", INLINE},     {"kbd", INLINE},       {"label", INLINE},
    {"legend", BLOCK},    {"li", BLOCK},       {"link", INLINE},      {"main", BLOCK},
    {"map", INLINE},      {"mark", INLINE},    {"marquee", BLOCK},    {"menu", BLOCK},
    {"meta", INLINE},     {"meter", INLINE},   {"nav", BLOCK},        {"nobr", INLINE},
    {"noembed", SWALLOW}, {"noframes", BLOCK}, {"noscript", BLOCK},   {"object", BLOCK},
    {"ol", BLOCK},        {"optgroup", BLOCK}, {"option", BLOCK},     {"output", INLINE},
    {"p", BLOCK},         {"param", INLINE},   {"picture", INLINE},   {"pre", BLOCK},
    {"progress", INLINE}, {"q", INLINE},       {"rp", INLINE},        {"rt", INLINE},
    {"ruby", INLINE},     {"s", INLINE},       {"samp", INLINE},      {"script", SWALLOW},
    {"section", BLOCK},   {"select", BLOCK},   {"small", INLINE},     {"source", INLINE},
    {"span", INLINE},     {"strike", INLINE},  {"strong", INLINE},    {"style", SWALLOW},
    {"sub", INLINE},      {"summary", BLOCK},  {"sup", INLINE},       {"svg", INLINE},
    {"table", BLOCK},     {"tbody", BLOCK},    {"td", BLOCK},         {"template", BLOCK},
    {"textarea", BLOCK},  {"tfoot", BLOCK},    {"th", BLOCK},         {"thead", BLOCK},
    {"time", INLINE},     {"title", BLOCK},    {"tr", BLOCK},         {"track", INLINE},
    {"tt", INLINE},       {"u", INLINE},       {"ul", BLOCK},         {"var", INLINE},
    {"video", BLOCK},     {"wbr", INLINE},     {"xml", INLINE},
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->name, ((const struct name *)b)->name);
}

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c | 0x20);
    }
    return c;
}

/* The element whose name begins at from, and the length of the name. */
static const struct name *element_at(const struct html *h, size_t from, size_t *ret_len)
{
    static const struct name custom = {"", INLINE};
    char name[16] = "";
    size_t len = 0;
    bool is_custom = false;

    while (from + len < h->in.len) {
        const char c = lower(h->in.bytes[from + len]);
        const bool inner = (c >= '0' && c <= '9') || c == '-' || c == ':';
        if (!(c >= 'a' && c <= 'z') && !(inner && len > 0)) {
            break;
        }
        is_custom = is_custom || c == '-' || c == ':';
        if (len < sizeof name - 1) {
            name[len] = c;
        }
        len++;
    }
    *ret_len = len;
    if (len == 0 || from + len == h->in.len ||
        strchr(" \t\r\n\f/>", h->in.bytes[from + len]) == NULL) {
        return NULL;
    }
    if (is_custom) {
        return &custom;
    }
    if (len >= sizeof name) {
        return NULL;
    }
    const struct name key = {name, NO_ELEMENT};
    return bsearch(&key, names, GS_COUNT(names), sizeof names[0], compare_names);
}

static size_t next_gt(const struct html *h, size_t from)
{
    const char *found = memchr(h->in.bytes + from, '>', h->in.len - from);
    return found == NULL ? h->in.len : (size_t)(found - h->in.bytes) + 1;
}

/* Behind the '>' of the tag whose name ends at from; quoted attributes may hold '>'. */
static size_t tag_end(struct html *h, size_t from)
{
    int quote = 0;
    int before = 0;

    for (size_t i = from; i < h->in.len && !h->quotes_broken; i++) {
        const int c = (unsigned char)h->in.bytes[i];
        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '>') {
            return i + 1;
        } else if ((c == '"' || c == '\'') && before == '=') {
            quote = c;
        }
        before = c == ' ' ? before : c;
    }
    h->quotes_broken = true;
    return next_gt(h, from);
}

static bool starts(const struct html *h, size_t at, const char *what)
{
    size_t i = 0;

    while (what[i] != '\0' && at + i < h->in.len && lower(h->in.bytes[at + i]) == what[i]) {
        i++;
    }
    return what[i] == '\0';
}

/* Behind what, searched from from; the end of the text when it is not there. */
static size_t behind(const struct html *h, size_t from, const char *what)
{
    for (size_t i = from; i < h->in.len; i++) {
        if (h->in.bytes[i] == what[0] && starts(h, i, what)) {
            return i + strlen(what);
        }
    }
    return h->in.len;
}

/* Behind the end tag of an element whose content goes with it. */
static size_t swallow(const struct html *h, size_t from, const char *name)
{
    char end[16] = "</";

    strncat(end, name, sizeof end - 3);
    return next_gt(h, behind(h, from, end) - 1);
}

/* A blank behind the sign at at, so that it begins nothing. */
static void break_up(struct html *h)
{
    gs_out_byte(h->out, h->in.bytes[h->at], h->in.origin[h->at]);
    gs_out_byte(h->out, ' ', h->in.origin[h->at]);
    h->at++;
}

static bool begins_declaration(const struct html *h)
{
    return starts(h, h->at, "<!--") || starts(h, h->at, "<![") || starts(h, h->at, "<!doctype") ||
           starts(h, h->at, "<?xml");
}

/* "<!…" and "<?…": comments, CDATA, doctypes, processing instructions. */
static bool skip_declaration(struct html *h)
{
    if (starts(h, h->at, "<!--")) {
        /* "<!-->" and "<!--->" are comments too; one that never ends hides to the next '>'. */
        const size_t end = h->no_comment_end ? h->in.len : behind(h, h->at + 2, "-->");
        h->no_comment_end = end - h->at < 5 || memcmp(h->in.bytes + end - 3, "-->", 3) != 0;
        h->at = h->no_comment_end ? next_gt(h, h->at) : end;
        return true;
    }
    if (starts(h, h->at, "<![cdata[")) {
        h->at += strlen("<![cdata[");
        h->in_cdata = true;
        return true;
    }
    if (starts(h, h->at, "<!doctype") || starts(h, h->at, "<![") || starts(h, h->at, "<?xml")) {
        h->at = next_gt(h, h->at);
        return true;
    }
    return false;
}

/* "<sup>2</sup>" keeps its height: what it says is not what "2" at its place would say (nfkc.c).
 * At most as long as the tags that go. */
static bool put_superscript(struct html *h)
{
    static const char *const high[] = {"\u2070", "\u00B9", "\u00B2", "\u00B3", "\u2074",
                                       "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
    const size_t from = h->at + strlen("<sup>");
    size_t n = 0;

    if (!starts(h, h->at, "<sup>")) {
        return false;
    }
    const bool tm = starts(h, from, "tm</sup>");
    const bool sm = starts(h, from, "sm</sup>");
    if (tm || sm) {
        gs_out_put(h->out, tm ? "\u2122" : "\u2120", 3, h->in.origin[h->at]);
        h->at = from + 2;
        return true;
    }
    while (from + n < h->in.len && h->in.bytes[from + n] >= '0' && h->in.bytes[from + n] <= '9') {
        n++;
    }
    if (n == 0 || n > 5 || !starts(h, from + n, "</sup>")) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const char *text = high[h->in.bytes[from + i] - '0'];
        gs_out_put(h->out, text, strlen(text), h->in.origin[from + i]);
    }
    h->at = from + n;
    return true;
}

/* "<b and c>" of "a<b and c>d": an element of one letter has to look like one. */
static bool is_comparison(const struct html *h, size_t from, size_t len)
{
    enum { FAR = 128 }; /* a first attribute is nearer */
    const char *bytes = h->in.bytes + from + len;
    const size_t left = h->in.len - from - len;
    const size_t n = left < FAR ? left : FAR;

    if (len != 1 || bytes[0] == '>' || bytes[0] == '/') {
        return false;
    }
    for (size_t i = 0; i < n && bytes[i] != '>'; i++) {
        if (bytes[i] == '=') {
            return false;
        }
    }
    return true;
}

static bool skip_tag(struct html *h)
{
    const bool closing = h->at + 1 < h->in.len && h->in.bytes[h->at + 1] == '/';
    const size_t from = h->at + (closing ? 2 : 1);
    size_t len = 0;

    if (h->at >= h->last_gt) {
        return false;
    }
    if (h->defuse && begins_declaration(h)) {
        break_up(h);
        return true;
    }
    if (skip_declaration(h) || (!h->defuse && put_superscript(h))) {
        return true;
    }
    const struct name *name = element_at(h, from, &len);
    if (name == NULL || is_comparison(h, from, len)) {
        return false;
    }
    if (h->defuse) {
        break_up(h);
        return true;
    }
    const uint32_t origin = h->in.origin[h->at];
    h->at = tag_end(h, from + len);
    if (name->element == SWALLOW && !closing && h->in.bytes[h->at - 2] != '/') {
        h->at = swallow(h, h->at, name->name);
    }
    if (name->element != INLINE) {
        gs_out_byte(h->out, ' ', origin);
    }
    return true;
}

/* Feeds escape more than once: "&amp;nbsp;" and "&amp;amp;#39;" mean what the innermost says. */
static bool put_entity(struct html *h)
{
    char bytes[4];
    uint32_t cp = 0;
    uint32_t inner_cp = 0;
    const struct gs_str text = {h->in.bytes + h->at, h->in.len - h->at};
    size_t len = gs_entity_read(text, &cp);

    if (len == 0) {
        return false;
    }
    while (cp == '&' && text.bytes[len - 1] == ';') {
        /* The ';' stands where the inner '&' would, and gs_entity_read() does not look at it. */
        const size_t inner =
            gs_entity_read((struct gs_str){text.bytes + len - 1, text.len - len + 1}, &inner_cp);
        if (inner <= 1 || text.bytes[len + inner - 2] != ';') {
            break;
        }
        len += inner - 1;
        cp = inner_cp;
    }
    if (h->defuse) {
        break_up(h);
        return true;
    }
    gs_out_put(h->out, bytes, gs_utf8_encode(cp, bytes), h->in.origin[h->at]);
    h->at += len;
    return true;
}

/* "Trump#39;s", "and#8195;more": a reference that lost its '&' on the way, for marks and blanks only,
 * since "#999;" may be a hashtag. */
static bool put_lost_reference(struct html *h)
{
    char bytes[4];
    uint32_t cp = 0;

    if (h->at == 0) {
        return false;
    }
    /* gs_entity_read() does not look at the character where the '&' would be. */
    const struct gs_str text = {h->in.bytes + h->at - 1, h->in.len - h->at + 1};
    const size_t len = gs_entity_read(text, &cp);
    const bool mark = cp == '"' || cp == '\'' || cp == 0xA0 || (cp >= 0x2000 && cp <= 0x206F) ||
                      (cp >= 0xFE00 && cp <= 0xFE0F);
    if (len < 4 || text.bytes[len - 1] != ';' || !mark) {
        return false;
    }
    if (h->defuse) {
        break_up(h);
        return true;
    }
    gs_out_put(h->out, bytes, gs_utf8_encode(cp, bytes), h->in.origin[h->at]);
    h->at += len - 1;
    return true;
}

enum gs_status gs_html_run(struct gs_view in, bool defuse, struct gs_out *out, struct gs_error *err)
{
    struct html h = {.in = in, .out = out, .defuse = defuse};

    out->len = 0;
    /* No entity is shorter than the UTF-8 of its character, no tag than a blank. */
    const enum gs_status status = gs_out_reserve(out, (defuse ? 2 * in.len : in.len) + 4, err);
    if (status != GS_OK) {
        return status;
    }
    for (size_t i = in.len; i > 0 && h.last_gt == 0; i--) {
        h.last_gt = in.bytes[i - 1] == '>' ? i : 0;
    }
    while (h.at < in.len) {
        const char c = in.bytes[h.at];
        if (c == ']' && h.in_cdata && starts(&h, h.at, "]]>")) {
            h.in_cdata = false;
            h.at += 3;
            continue;
        }
        if ((c == '<' && skip_tag(&h)) || (c == '&' && put_entity(&h)) ||
            (c == '#' && put_lost_reference(&h))) {
            continue;
        }
        gs_out_byte(out, c, in.origin[h.at]);
        h.at++;
    }
    return GS_OK;
}
