/* UTF-8 that somebody read as Windows-1252 (or Latin-1) and wrote as UTF-8 again: "donâ€™t",
 * "BÃ¶rse", "ä¸­å›½". Each original byte has become one character; the bytes are put together
 * again where they form a valid sequence and the characters make no sense as they stand.
 *
 * What makes no sense is decided per kind of sequence, since "é…”" (fin de citation), "NESTLÉ®"
 * and "daß“" form valid sequences too and are good text:
 *
 *   kind                      repaired when
 *   C2, C3 + 1 (Latin-1)      not an upper-case word closed by punctuation
 *   C4, C5 + 1 (Latin ext. A) a lower-case letter is before or behind
 *   CE, CF, D0, D1, D7–D9 + 1 two in a row of the same script (Greek, Cyrillic, Hebrew, Arabic)
 *   E0–EF + 2                 not both followers are closing punctuation or no-break spaces, or the
 *                             text goes on with another of its kind
 *   F0–F4 + 3 (emoji)         always
 *
 * Only U+0080 to U+00FF and the 27 specials of Windows-1252 are ever touched, so Han text can't be.
 * From GBK misreadings only the fixed ones are undone: "鈥檚" for "’s", and 锟斤拷, which is two
 * U+FFFD. Neither 鈥 before these characters nor 锟斤拷 is a word. */
#include "ingest/text/clean/stage.h"

#include "ingest/base/utf8.h"
#include "ingest/text/clean/gbk_names.h"

#include <stdlib.h>

/* Says whether 鈥 or 锟 is anywhere: E9 88 A5, E9 94 9F. */
static bool has_gbk_mark(struct gs_str text)
{
    const char *at = text.bytes;
    const char *end = text.bytes + text.len;

    while ((at = memchr(at, 0xE9, (size_t)(end - at))) != NULL) {
        if (end - at >= 3 &&
            (memcmp(at, "\xE9\x88\xA5", 3) == 0 || memcmp(at, "\xE9\x94\x9F", 3) == 0)) {
            return true;
        }
        at++;
    }
    return false;
}

/* Says whether what begins at at, a C2 or C3, may be garbled: a C1 control, or U+00C2 to U+00F4, the
 * front of every sequence, before another such character; and "Â" before a blank. */
static bool may_be_front(struct gs_str text, size_t at)
{
    const unsigned char *b = (const unsigned char *)text.bytes + at;
    const size_t n = text.len - at;

    if (b[0] == 0xC2) {
        return n > 1 && b[1] <= 0x9F;
    }
    return n > 2 && b[1] >= 0x82 && b[1] <= 0xB4 && (b[2] >= 0xC2 || (b[1] == 0x82 && b[2] == ' '));
}

bool gs_mojibake_suspect(const struct gs_scan *scan, struct gs_str text)
{
    struct gs_byteset latin1 = {{0}, {0}};
    const uint8_t *bytes = (const uint8_t *)text.bytes;

    gs_byteset_add(&latin1, 0xC2);
    gs_byteset_add(&latin1, 0xC3);
    for (size_t i = 0; i < text.len; i++) {
        i += scan->find(bytes + i, text.len - i, &latin1);
        if (i < text.len && may_be_front(text, i)) {
            return true;
        }
    }
    return has_gbk_mark(text);
}

/* One character of the text, as the byte it may once have been. */
struct unit {
    uint8_t byte; /* 0: none (ASCII too) */
    uint32_t cp;
    size_t len; /* 0: the text ends here */
};

static struct unit unit_at(struct gs_view in, size_t at)
{
    struct unit unit = {0};

    unit.len = gs_utf8_valid_len(in.bytes + at, in.len - at);
    if (unit.len < 2) {
        unit.cp = unit.len == 1 ? (unsigned char)in.bytes[at] : 0;
        return unit;
    }
    unit.cp = gs_utf8_decode(in.bytes + at, unit.len);
    if (unit.cp <= 0xFF) {
        unit.byte = (uint8_t)unit.cp;
        return unit;
    }
    for (unsigned b = 0x80; b <= 0x9F && unit.cp <= 0x2122; b++) {
        if (gs_cp1252((uint8_t)b) == unit.cp) {
            unit.byte = (uint8_t)b;
        }
    }
    return unit;
}

/* Characters that often stand behind a word: a word's accented end and these are no sequence. */
static bool is_closer(uint32_t cp)
{
    static const uint16_t closers[] = {0xA0,   0xA7,   0xA9,   0xAA,   0xAB,   0xAE,   0xB0,
                                       0xB2,   0xB3,   0xB7,   0xB9,   0xBA,   0xBB,   0x2013,
                                       0x2014, 0x2018, 0x2019, 0x201A, 0x201C, 0x201D, 0x201E,
                                       0x2022, 0x2026, 0x2039, 0x203A, 0x2122};

    for (size_t i = 0; i < GS_COUNT(closers); i++) {
        if (closers[i] == cp) {
            return true;
        }
    }
    return false;
}

static bool is_upper(uint32_t cp)
{
    return (cp >= 'A' && cp <= 'Z') || (cp >= 0xC0 && cp <= 0xDE && cp != 0xD7);
}

static bool is_lower(uint32_t cp)
{
    return (cp >= 'a' && cp <= 'z') || (cp >= 0xDF && cp <= 0xFF && cp != 0xF7);
}

struct sequence {
    char bytes[4]; /* UTF-8 put together again */
    size_t n;      /* 0: none begins here */
    size_t len;    /* bytes of the text */
    bool closers;  /* all but the first are closers */
};

static struct sequence sequence_at(struct gs_view in, size_t at)
{
    struct sequence seq = {.closers = true};
    struct unit unit = unit_at(in, at);

    if (unit.byte < 0xC2 || unit.byte > 0xF4) {
        return seq;
    }
    const size_t n = unit.byte >= 0xF0 ? 4 : unit.byte >= 0xE0 ? 3 : 2;
    seq.bytes[0] = (char)unit.byte;
    seq.len = unit.len;
    for (size_t i = 1; i < n; i++) {
        unit = unit_at(in, at + seq.len);
        if (unit.byte < 0x80 || unit.byte > 0xBF) {
            return seq;
        }
        seq.bytes[i] = (char)unit.byte;
        seq.len += unit.len;
        seq.closers = seq.closers && is_closer(unit.cp);
    }
    seq.n = gs_utf8_valid_len(seq.bytes, n) == n ? n : 0;
    return seq;
}

/* Says whether seq at at makes more sense put together; before is the character in front of it. */
static bool is_garbled(struct gs_view in, size_t at, const struct sequence *seq, uint32_t before,
                       bool after_repair)
{
    const uint8_t lead = (uint8_t)seq->bytes[0];
    const struct sequence next = sequence_at(in, at + seq->len);
    const struct unit behind = unit_at(in, at + seq->len);
    const bool more = after_repair || (next.n == seq->n);

    if (lead >= 0xF0) {
        return true;
    }
    if (lead >= 0xE0) {
        return !seq->closers || more;
    }
    if (lead <= 0xC3) {
        return after_repair || !(is_upper(before) && seq->closers);
    }
    if (lead <= 0xC5) {
        return is_lower(before) || is_lower(behind.cp) || after_repair;
    }
    if (lead == 0xCE || lead == 0xCF || (lead >= 0xD0 && lead <= 0xD1) ||
        (lead >= 0xD7 && lead <= 0xD9)) {
        return more;
    }
    return false;
}

static int compare_han(const void *a, const void *b)
{
    return (int)((const struct gs_gbk_pair *)a)->han - (int)((const struct gs_gbk_pair *)b)->han;
}

/* The fixed GBK misreadings. Returns the bytes of the text they take, 0 for none. */
static size_t fix_gbk(struct gs_view in, size_t at, struct gs_out *out)
{
    char bytes[8];

    if (in.len - at < 6 || (unsigned char)in.bytes[at] != 0xE9) {
        return 0;
    }
    if (in.len - at >= 9 && memcmp(in.bytes + at, "锟斤拷", 9) == 0) {
        gs_out_put(out, "\xEF\xBF\xBD\xEF\xBF\xBD", 6, in.origin[at]);
        return 9;
    }
    if (memcmp(in.bytes + at, "鈥", 3) != 0) {
        return 0;
    }
    const struct gs_gbk_pair key = {(uint16_t)unit_at(in, at + 3).cp, 0, 0};
    const struct gs_gbk_pair *pair =
        bsearch(&key, gbk_pairs, GS_COUNT(gbk_pairs), sizeof gbk_pairs[0], compare_han);
    if (pair == NULL || unit_at(in, at + 3).len != 3) {
        return 0;
    }
    gs_out_put(out, bytes, gs_utf8_encode(pair->mark, bytes), in.origin[at]);
    gs_out_byte(out, (char)pair->ascii, in.origin[at + 3]);
    return 6;
}

/* Lone leftovers: a C1 control is Windows-1252's character read as Latin-1 (never U+0085, which
 * is a line end); "â€" lost its third byte, which was a closing quote's; "Â" between a word and a
 * blank was a no-break space. Returns the bytes taken. */
static size_t fix_single(struct gs_view in, size_t at, struct gs_out *out, uint32_t before,
                         bool after_repair)
{
    const struct unit unit = unit_at(in, at);
    char bytes[4];

    if (unit.cp >= 0x80 && unit.cp <= 0x9F && unit.cp != 0x85 && gs_cp1252((uint8_t)unit.cp) != 0) {
        gs_out_put(out, bytes, gs_utf8_encode(gs_cp1252((uint8_t)unit.cp), bytes), in.origin[at]);
        return unit.len;
    }
    if (unit.cp == 0xE2) {
        const struct unit second = unit_at(in, at + unit.len);
        if (second.cp == 0x20AC) {
            gs_out_put(out, "\xE2\x80\x9D", 3, in.origin[at]);
            return unit.len + second.len;
        }
    }
    const bool behind_text = after_repair || is_lower(before) || (before >= '0' && before <= '9');
    if (unit.cp == 0xC2 && behind_text && at + unit.len < in.len &&
        in.bytes[at + unit.len] == ' ') {
        gs_out_byte(out, ' ', in.origin[at]);
        return unit.len + 1;
    }
    return 0;
}

enum gs_status gs_mojibake_run(struct gs_view in, struct gs_out *out, uint32_t *runs,
                               struct gs_error *err)
{
    uint32_t before = 0;
    size_t repaired_to = SIZE_MAX; /* the last repair ended here: the next belongs to its run */

    out->len = 0;
    /* A C1 control of two bytes may become three. */
    const enum gs_status status = gs_out_reserve(out, in.len * 2, err);
    if (status != GS_OK) {
        return status;
    }
    for (size_t i = 0; i < in.len;) {
        size_t plain = 0;
        while (i + plain < in.len && (unsigned char)in.bytes[i + plain] < 0x80) {
            before = (unsigned char)in.bytes[i + plain++];
        }
        gs_out_copy(out, &in, i, plain);
        i += plain;
        if (i == in.len) {
            break;
        }
        const struct sequence seq = sequence_at(in, i);
        size_t taken = 0;
        if (seq.n > 0 && is_garbled(in, i, &seq, before, repaired_to == i)) {
            gs_out_put(out, seq.bytes, seq.n, in.origin[i]);
            before = gs_utf8_decode(seq.bytes, seq.n);
            taken = seq.len;
        } else {
            taken = fix_gbk(in, i, out);
            taken = taken > 0 ? taken : fix_single(in, i, out, before, repaired_to == i);
        }
        if (taken > 0) {
            *runs += repaired_to != i;
            i += taken;
            repaired_to = i;
            continue;
        }
        const size_t n = gs_utf8_valid_len(in.bytes + i, in.len - i);
        before = gs_utf8_decode(in.bytes + i, n);
        gs_out_copy(out, &in, i, n);
        i += n;
    }
    return GS_OK;
}
