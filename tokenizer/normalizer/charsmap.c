/* SentencePiece's precompiled normalizer map, applied as the reference does, surprises included: a
 * grapheme cluster of less than 6 bytes is looked up whole, and as soon as anything that it begins
 * with is in the map, all of it is replaced (by what the shortest stands for); else character by
 * character. Characters are counted against characters to say what stands for what, so that where
 * the map takes the text's first characters away, alignments lag behind from there on. */
#include "tokenizer/normalizer/charsmap.h"

#include "ingest/base/utf8.h"
#include "tokenizer/normalizer/charsmap_graphemes.h"

#include <assert.h>

enum { MAX_CLUSTER = 5 };

/* What replaces text: the shortest of the map that it begins with decides. */
static bool find(const struct gs_charsmap *map, const char *text, size_t len, struct gs_str *ret)
{
    size_t at = gs_charsmap_offset(map->units[0]);

    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == 0) {
            return false;
        }
        at ^= c;
        const uint32_t unit = map->units[at];
        if (!gs_charsmap_is(unit, c)) {
            return false;
        }
        at ^= gs_charsmap_offset(unit);
        if (gs_charsmap_has_leaf(unit)) {
            const char *found = map->texts + gs_charsmap_text(map->units[at]);
            *ret = gs_str(found); /* the last one ends at texts[texts_len] */
            return true;
        }
    }
    return false;
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
        return gs_fail(err, GS_NO_MEMORY, "a normalized text of more than %zu bytes", out->len);
    }
    return GS_OK;
}
