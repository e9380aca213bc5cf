/* SentencePiece's precompiled normaliser map: a double-array trie (Darts) of what is replaced, and
 * the texts it is replaced by, each ending in NUL.
 *
 *     u32 bytes of trie | u32 units[] | texts
 *
 * It is applied as the reference does, surprises included: a grapheme cluster of less than 6 bytes
 * is looked up whole, and as soon as anything that it begins with is in the map, all of it is
 * replaced (by what the shortest stands for); else character by character. Characters are counted
 * against characters to say what stands for what, so that where the map takes the text's first
 * characters away, alignments lag behind from there on. */
#include "base/utf8.h"
#include "tokenizer/charsmap_graphemes.h"
#include "tokenizer/pieces.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_CLUSTER = 5, BLOCK = 256 };

struct gs_charsmap {
    uint32_t *units; /* [n_units], checked: no walk leaves them */
    size_t n_units;
    char *texts; /* UTF-8 */
    size_t texts_len;
    bool plain[128]; /* ASCII that nothing in the map begins with */
};

static size_t unit_offset(uint32_t unit)
{
    return (size_t)(unit >> 10) << ((unit & (1U << 9)) >> 6);
}

static bool unit_has_leaf(uint32_t unit)
{
    return (unit >> 8 & 1U) != 0;
}

/* The child's unit carries its byte; leaves have bit 31 set, so that they are no byte's. */
static bool unit_is(uint32_t unit, unsigned char byte)
{
    return (unit & (1U << 31 | 0xFFU)) == byte;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Strict RFC 4648: padded, nothing between, no bits left over. out holds text.len / 4 * 3. */
static bool base64_decode(struct gs_str text, unsigned char *out, size_t *ret_len)
{
    size_t n = 0;

    if (text.len % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < text.len; i += 4) {
        const bool last = i + 4 == text.len;
        const size_t pads = !last || text.bytes[i + 3] != '=' ? 0
                            : text.bytes[i + 2] != '='        ? 1
                                                              : 2;
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            const int digit = k >= 4 - pads ? 0 : base64_digit(text.bytes[i + k]);
            if (digit < 0) {
                return false;
            }
            bits = bits << 6 | (uint32_t)digit;
        }
        if ((bits & ((1U << 8 * pads) - 1U)) != 0) {
            return false;
        }
        for (size_t k = 0; k < 3 - pads; k++) {
            out[n++] = (unsigned char)(bits >> (16 - 8 * k));
        }
    }
    *ret_len = n;
    return true;
}

static uint32_t u32_at(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* Copies units and texts out of the decoded blob. */
static enum gs_status read_blob(struct gs_charsmap *map, const unsigned char *blob, size_t len,
                                struct gs_error *err)
{
    const size_t trie_len = len < 4 ? 0 : u32_at(blob);

    /* whole blocks, so that no byte leads out of the one that an offset points into */
    if (trie_len == 0 || trie_len % (4 * BLOCK) != 0 || trie_len > len - 4) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "precompiled_charsmap: a trie of %zu bytes in a map of %zu", trie_len, len);
    }
    map->n_units = trie_len / 4;
    map->texts_len = len - 4 - trie_len;
    map->units = malloc(map->n_units * sizeof *map->units);
    map->texts = malloc(map->texts_len + 1);
    if (map->units == NULL || map->texts == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a precompiled_charsmap of %zu bytes", len);
    }
    for (size_t i = 0; i < map->n_units; i++) {
        map->units[i] = u32_at(blob + 4 + 4 * i);
    }
    memcpy(map->texts, blob + 4 + trie_len, map->texts_len);
    map->texts[map->texts_len] = '\0';
    if (gs_utf8_check((struct gs_str){map->texts, map->texts_len}) != map->texts_len) {
        return gs_fail(err, GS_BAD_FORMAT, "precompiled_charsmap: its texts are not UTF-8");
    }
    return GS_OK;
}

/* What a node's children begin from, after its leaf was found to be in order. */
static enum gs_status check_node(const struct gs_charsmap *map, uint32_t unit, size_t base,
                                 struct gs_error *err)
{
    if (base >= map->n_units) {
        return gs_fail(err, GS_BAD_FORMAT, "precompiled_charsmap: its trie points outside itself");
    }
    if (!unit_has_leaf(unit)) {
        return GS_OK;
    }
    const size_t at = map->units[base] & ~(1U << 31);
    if (at > map->texts_len || (map->texts[at] & 0xC0) == 0x80) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "precompiled_charsmap: its trie points to no text of it");
    }
    return GS_OK;
}

/* Visits every node that a walk can come to, each once. */
static enum gs_status check_trie(const struct gs_charsmap *map, struct gs_error *err)
{
    const size_t first = unit_offset(map->units[0]);
    enum gs_status status = GS_OK;
    size_t n_todo = 0;
    bool *seen = calloc(map->n_units, sizeof *seen); /* bases */
    size_t *todo = malloc(map->n_units * sizeof *todo);

    if (seen == NULL || todo == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "a precompiled_charsmap of %zu units", map->n_units);
        goto done;
    }
    status = check_node(map, 0, first, err);
    if (status == GS_OK) {
        todo[n_todo++] = first;
        seen[first] = true;
    }
    while (n_todo > 0 && status == GS_OK) {
        const size_t base = todo[--n_todo];
        for (unsigned c = 1; c < BLOCK && status == GS_OK; c++) {
            const uint32_t unit = map->units[base ^ c];
            const size_t child = base ^ c ^ unit_offset(unit);
            if (!unit_is(unit, (unsigned char)c)) {
                continue;
            }
            status = check_node(map, unit, child, err);
            if (status == GS_OK && !seen[child]) {
                seen[child] = true;
                todo[n_todo++] = child;
            }
        }
    }

done:
    free(seen);
    free(todo);
    return status;
}

/* What replaces text: the shortest of the map that it begins with decides. */
static bool find(const struct gs_charsmap *map, const char *text, size_t len, struct gs_str *ret)
{
    size_t at = unit_offset(map->units[0]);

    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == 0) {
            return false;
        }
        at ^= c;
        const uint32_t unit = map->units[at];
        if (!unit_is(unit, c)) {
            return false;
        }
        at ^= unit_offset(unit);
        if (unit_has_leaf(unit)) {
            const char *found = map->texts + (map->units[at] & ~(1U << 31));
            *ret = gs_str(found); /* the last one ends at texts[texts_len] */
            return true;
        }
    }
    return false;
}

static void find_plain(struct gs_charsmap *map)
{
    const size_t first = unit_offset(map->units[0]);

    map->plain[0] = true; /* a NUL ends every search */
    for (unsigned c = 1; c < GS_COUNT(map->plain); c++) {
        map->plain[c] = !unit_is(map->units[first ^ c], (unsigned char)c);
    }
}

enum gs_status gs_charsmap_new(struct gs_str base64, struct gs_charsmap **ret, struct gs_error *err)
{
    struct gs_charsmap *map = calloc(1, sizeof *map);
    unsigned char *blob = malloc(base64.len / 4 * 3 + 1);
    enum gs_status status = GS_OK;
    size_t len = 0;

    if (map == NULL || blob == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "a precompiled_charsmap of %zu characters", base64.len);
        goto done;
    }
    if (!base64_decode(base64, blob, &len)) {
        status = gs_fail(err, GS_BAD_FORMAT, "precompiled_charsmap is not base64");
        goto done;
    }
    status = read_blob(map, blob, len, err);
    if (status == GS_OK) {
        status = check_trie(map, err);
    }
    if (status != GS_OK) {
        goto done;
    }
    find_plain(map);

    *ret = map;
    map = NULL;

done:
    gs_charsmap_free(map);
    free(blob);
    return status;
}

void gs_charsmap_free(struct gs_charsmap *map)
{
    if (map != NULL) {
        free(map->units);
        free(map->texts);
        free(map);
    }
}

/* How new characters stand against old ones. */
struct walk {
    const struct gs_aligned *in;
    struct gs_aligned *out;
    size_t offset; /* in's characters before are used up */
    /* the newest character waits: what is taken away behind it is charged to it */
    char newest[4];
    size_t newest_len; /* 0: none waits */
    long change;       /* 1: it is new; 0: it stands for one; -n: for 1 + n */
};

static size_t char_len(const char *bytes, size_t n)
{
    const size_t len = gs_utf8_valid_len(bytes, n);

    return len == 0 ? 1 : len;
}

/* Lets n characters of in be used up. */
static void use_up(struct walk *walk, size_t n)
{
    for (; n > 0 && walk->offset < walk->in->len; n--) {
        walk->offset += char_len(walk->in->bytes + walk->offset, walk->in->len - walk->offset);
    }
}

/* Writes the character that waits. */
static bool flush(struct walk *walk)
{
    const struct gs_aligned *in = walk->in;
    struct gs_aligned *out = walk->out;

    if (walk->newest_len == 0) {
        return true;
    }
    if (!gs_aligned_reserve(out, walk->newest_len)) {
        return false;
    }
    size_t like = walk->offset;
    if (walk->change > 0) {
        like = like > 0 ? like - 1 : 0;
    }
    assert(like < in->len);
    for (size_t i = 0; i < walk->newest_len; i++) {
        out->bytes[out->len] = walk->newest[i];
        out->starts[out->len] = in->starts[like];
        out->ends[out->len] = in->ends[like];
        out->len++;
    }
    if (walk->change <= 0) {
        use_up(walk, 1 + (size_t)-walk->change);
    }
    walk->newest_len = 0;
    return true;
}

static bool add(struct walk *walk, const char *bytes, size_t len, long change)
{
    if (!flush(walk)) {
        return false;
    }
    memcpy(walk->newest, bytes, len);
    walk->newest_len = len;
    walk->change = change;
    return true;
}

static size_t count_chars(const char *bytes, size_t n)
{
    size_t count = 0;

    for (size_t at = 0; at < n; at += char_len(bytes + at, n - at)) {
        count++;
    }
    return count;
}

/* Puts text in the place of n_old characters. */
static bool replace(struct walk *walk, size_t n_old, struct gs_str text)
{
    const size_t n_new = count_chars(text.bytes, text.len);
    size_t i = 0;

    for (size_t at = 0; at < text.len; i++) {
        const size_t len = char_len(text.bytes + at, text.len - at);
        /* the last ones are those too many */
        if (!add(walk, text.bytes + at, len, i >= n_old ? 1 : 0)) {
            return false;
        }
        at += len;
    }
    if (n_new < n_old && walk->newest_len > 0) {
        walk->change -= (long)(n_old - n_new);
    }
    return true;
}

/* A cluster: whole if it is short and the map has it, else its characters. */
static bool add_cluster(const struct gs_charsmap *map, struct walk *walk, const char *bytes,
                        size_t len)
{
    struct gs_str text = {NULL, 0};

    if (len <= MAX_CLUSTER && find(map, bytes, len, &text)) {
        return replace(walk, count_chars(bytes, len), text);
    }
    for (size_t at = 0; at < len;) {
        const size_t n = char_len(bytes + at, len - at);
        const bool ok =
            find(map, bytes + at, n, &text) ? replace(walk, 1, text) : add(walk, bytes + at, n, 0);
        if (!ok) {
            return false;
        }
        at += n;
    }
    return true;
}

/* ASCII that stays as it is; the last before other characters may begin a cluster. */
static size_t plain_end(const struct gs_charsmap *map, const struct gs_aligned *in, size_t at)
{
    size_t end = at;

    while (end < in->len && (unsigned char)in->bytes[end] < 0x80 &&
           map->plain[(unsigned char)in->bytes[end]]) {
        end++;
    }
    return end == in->len || (unsigned char)in->bytes[end] < 0x80 || end == at ? end : end - 1;
}

/* Copies the run [at, end) of plain ASCII, each byte standing for itself; the last waits. */
static bool add_plain(struct walk *walk, size_t at, size_t end)
{
    const struct gs_aligned *in = walk->in;
    struct gs_aligned *out = walk->out;

    if (!flush(walk)) {
        return false;
    }
    const size_t n = end - 1 - at;
    if (walk->offset == at && n > 0) {
        if (!gs_aligned_reserve(out, n)) {
            return false;
        }
        memcpy(out->bytes + out->len, in->bytes + at, n);
        memcpy(out->starts + out->len, in->starts + at, n * sizeof *out->starts);
        memcpy(out->ends + out->len, in->ends + at, n * sizeof *out->ends);
        out->len += n;
        walk->offset += n;
        at += n;
    }
    for (; at < end; at++) {
        if (!add(walk, in->bytes + at, 1, 0)) {
            return false;
        }
    }
    return true;
}

enum gs_status gs_charsmap_apply(const struct gs_charsmap *map, const struct gs_aligned *in,
                                 struct gs_aligned *out, struct gs_error *err)
{
    struct walk walk = {.in = in, .out = out};
    bool ok = gs_aligned_reserve(out, in->len);

    for (size_t at = 0; at < in->len && ok;) {
        size_t end = plain_end(map, in, at);
        if (end > at) {
            ok = add_plain(&walk, at, end);
        } else {
            end = gs_grapheme_end(in->bytes, at, in->len);
            ok = add_cluster(map, &walk, in->bytes + at, end - at);
        }
        at = end;
    }
    if (!ok || !flush(&walk)) {
        return gs_fail(err, GS_NO_MEMORY, "a normalised text of more than %zu bytes", out->len);
    }
    return GS_OK;
}
