/* NFKC, drops and white space in one pass.
 *
 * The text is a row of items. Most are one character that stays (ASCII, Han, kana, Cyrillic…),
 * is a blank, or has a fixed short form; they are written at once. A "segment" is an item for
 * utf8proc: one character that changes, with the marks behind it. When marks follow a character
 * that has been written, it is taken back and becomes the head of a segment:
 *
 *     in       c  a  f  e  ◌́  茅  台
 *     written  c  a  f  e                 each an item
 *              c  a  f                    ◌́ joins: e is taken back
 *              c  a  f  é                 the segment "e ◌́" went through utf8proc
 *              c  a  f  é  茅  台         what follows starts anew
 *
 * Nothing composes across the front of an item, so the pieces add up to NFKC of the whole.
 *
 * Runs of plain ASCII and of Han, most of what there is, are found by a vector scan and copied. How
 * a code point is treated is a byte of a table (nfkc_class.h). Signs that stand for a number are
 * written by nfkc_signs.c and not as NFKC has them. */
#include "ingest/text/clean/nfkc_class.h"

#include "ingest/base/utf8.h"

#include <utf8proc.h>

#define NO_ITEM SIZE_MAX

struct pass {
    const struct gs_scan *scan;
    struct gs_view in;
    struct gs_out *out;
    struct gs_cps *cps;
    bool fast;
    size_t at;        /* next byte of in */
    size_t item_at;   /* where the last item begins in in, NO_ITEM when a mark can't join it */
    size_t item_out;  /* and in out */
    uint32_t last_cp; /* last character kept, for the ZWJ rule */
};

static uint32_t peek(const struct pass *p, size_t at, size_t *ret_len)
{
    *ret_len = gs_utf8_valid_len(p->in.bytes + at, p->in.len - at);
    return gs_utf8_decode(p->in.bytes + at, *ret_len);
}

/* Class with the fast path's knowledge left out on demand. */
static uint8_t class_of(const struct pass *p, uint32_t cp)
{
    const uint8_t cls = gs_nfkc_class_of(cp);

    if (!p->fast && (cls == GS_NFKC_STABLE || cls == GS_NFKC_WIDE || cls >= GS_NFKC_MAPPED)) {
        return GS_NFKC_SLOW;
    }
    return cls;
}

/* Writes the segment's characters; the spaces that a compatibility mapping gives fold too. */
static enum gs_status put_segment(struct pass *p, uint32_t origin, struct gs_error *err)
{
    const size_t room = p->cps->len * 4 + (p->in.len - p->at) + 1;
    const enum gs_status status = gs_out_reserve(p->out, room, err);

    if (status != GS_OK) {
        return status;
    }
    for (size_t i = 0; i < p->cps->len; i++) {
        char bytes[4];
        if (p->cps->cps[i] == ' ') {
            gs_out_blank(p->out, origin);
            continue;
        }
        p->last_cp = (uint32_t)p->cps->cps[i];
        gs_out_put(p->out, bytes, gs_utf8_encode(p->last_cp, bytes), origin);
    }
    return GS_OK;
}

static bool is_emoji(uint32_t cp)
{
    return utf8proc_get_property((int32_t)cp)->boundclass ==
               UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC ||
           (cp >= 0x1F3FB && cp <= 0x1F3FF);
}

/* Says whether an emoji that stays as it is begins here: what a ZWJ may join to. */
static bool emoji_at(const struct pass *p, size_t at)
{
    size_t n = 0;

    if (at >= p->in.len) {
        return false;
    }
    const uint32_t cp = peek(p, at, &n);
    return is_emoji(cp) && gs_nfkc_class_of(cp) == GS_NFKC_STABLE;
}

/* Reads a segment from start: its head, and all that joins or is dropped behind it. */
static enum gs_status run_segment(struct pass *p, size_t start, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    size_t at = start;

    p->cps->len = 0;
    while (at < p->in.len && status == GS_OK) {
        size_t n = 0;
        const uint32_t cp = peek(p, at, &n);
        const uint8_t cls = gs_nfkc_class_of(cp);
        const bool dropped = cls == GS_NFKC_DROP || (cls == GS_NFKC_ZWJ && !emoji_at(p, at + n));
        if (!dropped) {
            if (cls != GS_NFKC_JOIN && at > start) {
                break;
            }
            status = gs_cps_decompose(p->cps, (int32_t)cp, err);
        }
        at += n;
    }
    if (status != GS_OK) {
        return status;
    }
    gs_cps_compose(p->cps);
    p->at = at;
    p->item_at = NO_ITEM; /* whatever could join it has */
    return put_segment(p, p->in.origin[start], err);
}

static void put_zwj(struct pass *p, size_t n)
{
    if (p->out->len > 0 && p->out->bytes[p->out->len - 1] != ' ' && is_emoji(p->last_cp) &&
        emoji_at(p, p->at + n)) {
        gs_out_copy(p->out, &p->in, p->at, n);
        p->last_cp = 0x200D;
    }
    p->at += n;
}

static void mark_item(struct pass *p, size_t at)
{
    p->item_at = at;
    p->item_out = p->out->len;
}

/* A run of plain ASCII, its blanks single but for one that may follow a blank already there. */
static bool put_ascii(struct pass *p)
{
    const uint8_t *from = (const uint8_t *)p->in.bytes + p->at;
    const bool after_blank = p->out->len == 0 || p->out->bytes[p->out->len - 1] == ' ';

    if (*from == ' ' && after_blank) {
        return false;
    }
    const size_t n = p->scan->plain(from, p->in.len - p->at);
    if (n == 0) {
        return false;
    }
    gs_out_copy(p->out, &p->in, p->at, n);
    p->at += n;
    p->out->len--; /* the item is the last character */
    mark_item(p, p->at - 1);
    p->out->len++;
    p->last_cp = from[n - 1];
    return true;
}

/* A sign is written, or dropped, with the marks on it: a mark must not join what is in front. */
static enum gs_status put_sign(struct pass *p, struct gs_error *err)
{
    char bytes[GS_NFKC_SIGN_MAX];
    size_t len = 0;
    const uint32_t origin = p->in.origin[p->at];
    const struct gs_str out = {p->out->bytes, p->out->len};
    const struct gs_str in = {p->in.bytes + p->at, p->in.len - p->at};

    p->at += gs_nfkc_sign(out, in, bytes, &len);
    while (p->at < p->in.len) {
        size_t n = 0;
        const uint8_t cls = gs_nfkc_class_of(peek(p, p->at, &n));
        if (cls != GS_NFKC_JOIN && cls != GS_NFKC_DROP) {
            break;
        }
        p->at += n;
    }
    const enum gs_status status = gs_out_reserve(p->out, len + (p->in.len - p->at) + 1, err);
    if (status != GS_OK) {
        return status;
    }
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == ' ') {
            gs_out_blank(p->out, origin);
        } else {
            gs_out_byte(p->out, bytes[i], origin);
        }
        p->last_cp = (unsigned char)bytes[i];
    }
    p->item_at = NO_ITEM;
    return GS_OK;
}

static enum gs_status put_char(struct pass *p, struct gs_error *err)
{
    size_t n = 0;
    const uint32_t cp = peek(p, p->at, &n);
    const uint8_t cls = class_of(p, cp);

    switch (cls) {
    case GS_NFKC_SLOW:
        return run_segment(p, p->at, err);
    case GS_NFKC_JOIN:
        if (p->item_at == NO_ITEM) {
            return run_segment(p, p->at, err);
        }
        p->out->len = p->item_out;
        return run_segment(p, p->item_at, err);
    case GS_NFKC_BLANK:
        gs_out_blank(p->out, p->in.origin[p->at]);
        p->item_at = NO_ITEM;
        break;
    case GS_NFKC_DROP:
        break;
    case GS_NFKC_ZWJ:
        put_zwj(p, n);
        return GS_OK;
    case GS_NFKC_SIGN:
        return put_sign(p, err);
    case GS_NFKC_STABLE:
        mark_item(p, p->at);
        gs_out_copy(p->out, &p->in, p->at, n);
        p->last_cp = cp;
        break;
    case GS_NFKC_WIDE:
        mark_item(p, p->at);
        gs_out_byte(p->out, (char)(cp - 0xFEE0), p->in.origin[p->at]);
        p->last_cp = cp - 0xFEE0;
        break;
    default: {
        const char *text = gs_nfkc_mapped(cls);
        mark_item(p, p->at);
        gs_out_put(p->out, text, strlen(text), p->in.origin[p->at]);
        p->last_cp = (unsigned char)text[0];
    }
    }
    p->at += n;
    return GS_OK;
}

/* Han is most of Chinese: U+4E00 to U+9FFF are E4 B8 80 to E9 BF BF and stay as they are. */
static size_t han_run(const struct pass *p)
{
    const unsigned char *from = (const unsigned char *)p->in.bytes + p->at;
    const size_t len = p->in.len - p->at;
    size_t n = 0;

    while (n + 3 <= len && from[n] >= 0xE4 && from[n] <= 0xE9 &&
           (from[n] > 0xE4 || from[n + 1] >= 0xB8)) {
        n += 3;
    }
    return n;
}

static bool put_han(struct pass *p)
{
    const size_t n = han_run(p);

    if (n == 0) {
        return false;
    }
    gs_out_copy(p->out, &p->in, p->at, n);
    p->at += n;
    p->item_at = p->at - 3;
    p->item_out = p->out->len - 3;
    p->last_cp = 0x4E00;
    return true;
}

enum gs_status gs_nfkc_run(const struct gs_scan *scan, struct gs_view in, bool fast,
                           struct gs_cps *cps, struct gs_out *out, struct gs_error *err)
{
    struct pass p = {.scan = scan, .in = in, .out = out, .cps = cps, .fast = fast};

    p.item_at = NO_ITEM;
    out->len = 0;
    enum gs_status status = gs_out_reserve(out, in.len + 1, err);
    while (status == GS_OK && p.at < in.len) {
        const unsigned char lead = (unsigned char)in.bytes[p.at];
        if (fast &&
            ((lead < 0x80 && put_ascii(&p)) || (lead >= 0xE4 && lead <= 0xE9 && put_han(&p)))) {
            continue;
        }
        status = put_char(&p, err);
    }
    if (out->len > 0 && out->bytes[out->len - 1] == ' ') {
        out->len--;
    }
    return status;
}
