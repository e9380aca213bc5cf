/* Reading SentencePiece's precompiled normalizer map, a base64 text of
 *
 *     u32 bytes of trie | u32 units[] | texts
 *
 * All of it comes from outside: every unit that a walk can come to is visited once, here, so that
 * no text can lead a walk astray later. */
#include "tokenizer/normalizer/charsmap.h"

#include "ingest/base/utf8.h"

#include <assert.h>
#include <stdlib.h>

enum { BLOCK = 256 }; /* units */

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
    if (trie_len == 0 || trie_len % 4 != 0 || trie_len / 4 % BLOCK != 0 || trie_len > len - 4) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "precompiled_charsmap: a trie of %zu bytes in a map of %zu", trie_len, len);
    }
    map->n_units = trie_len / 4;
    map->texts_len = len - 4 - trie_len;
    map->units = calloc(map->n_units, sizeof *map->units);
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
    if (!gs_charsmap_has_leaf(unit)) {
        return GS_OK;
    }
    const size_t at = gs_charsmap_text(map->units[base]);
    if (at > map->texts_len || (map->texts[at] & 0xC0) == 0x80) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "precompiled_charsmap: its trie points to no text of it");
    }
    return GS_OK;
}

/* Visits every node that a walk can come to, each once. */
static enum gs_status check_trie(const struct gs_charsmap *map, struct gs_error *err)
{
    assert(map->units != NULL && map->n_units > 0);
    const size_t first = gs_charsmap_offset(map->units[0]);
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
            const size_t child = base ^ c ^ gs_charsmap_offset(unit);
            if (!gs_charsmap_is(unit, (unsigned char)c)) {
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

static void find_plain(struct gs_charsmap *map)
{
    const size_t first = gs_charsmap_offset(map->units[0]);

    map->plain[0] = true; /* a NUL ends every search */
    for (unsigned c = 1; c < GS_COUNT(map->plain); c++) {
        const uint32_t unit = map->units[first ^ c];
        const bool begins = gs_charsmap_is(unit, (unsigned char)c);
        /* CR LF is a cluster of two */
        map->plain[c] = !begins || (!gs_charsmap_has_leaf(unit) && c != '\r');
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

size_t gs_charsmap_memory(const struct gs_charsmap *map)
{
    return sizeof *map + map->n_units * sizeof *map->units + map->texts_len + 1;
}
