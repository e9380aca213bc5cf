/* Builds a precompiled map, as base64 text, from rows of what is replaced by what. Every node of
 * its trie has a block of 256 units of its own: no art, but right. */
#ifndef GS_TEST_CHARSMAP_FIXTURE_H
#define GS_TEST_CHARSMAP_FIXTURE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAP_NODES = 64, MAP_BLOCK = 256, MAP_TEXTS = 1024 };

struct map_row {
    const char *from, *to;
};

struct map_blob {
    size_t n_units;
    uint32_t units[MAP_NODES * MAP_BLOCK];
    char texts[MAP_TEXTS];
    size_t texts_len;
};

static inline uint32_t map_unit(size_t at, size_t base, unsigned char byte)
{
    const size_t offset = at ^ base;

    /* offsets of 2^21 and more do not occur here */
    return (uint32_t)offset << 10 | byte;
}

static inline void map_add(struct map_blob *blob, struct map_row row)
{
    size_t at = 0; /* the node's unit; its base is a block of its own, the root's is block 0 */
    size_t base = 0;

    for (const char *c = row.from; *c != '\0'; c++) {
        at = base ^ (unsigned char)*c;
        if (blob->units[at] == 0) {
            blob->units[at] = map_unit(at, blob->n_units, (unsigned char)*c);
            blob->n_units += MAP_BLOCK;
        }
        base = at ^ (blob->units[at] >> 10);
    }
    blob->units[at] |= 1U << 8;
    blob->units[base] = 1U << 31 | (uint32_t)blob->texts_len;
    memcpy(blob->texts + blob->texts_len, row.to, strlen(row.to) + 1);
    blob->texts_len += strlen(row.to) + 1;
}

static inline char *base64_of(const unsigned char *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc(n / 3 * 4 + 5);
    size_t len = 0;

    for (size_t i = 0; text != NULL && i < n; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16;
        bits |= i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= i + 2 < n ? (uint32_t)bytes[i + 2] : 0;
        text[len++] = digits[bits >> 18];
        text[len++] = digits[bits >> 12 & 63];
        text[len++] = (char)(i + 1 < n ? digits[bits >> 6 & 63] : '=');
        text[len++] = (char)(i + 2 < n ? digits[bits & 63] : '=');
    }
    if (text != NULL) {
        text[len] = '\0';
    }
    return text;
}

static inline void put_u32(unsigned char *out, uint32_t value)
{
    for (size_t i = 0; i < 4; i++) {
        out[i] = (unsigned char)(value >> (8 * i));
    }
}

/* The blob as text; the caller frees it. */
static inline char *map_base64(const struct map_blob *blob)
{
    const size_t n = 4 + 4 * blob->n_units + blob->texts_len;
    unsigned char *bytes = malloc(n);
    char *text = NULL;

    if (bytes != NULL) {
        put_u32(bytes, (uint32_t)(4 * blob->n_units));
        for (size_t i = 0; i < blob->n_units; i++) {
            put_u32(bytes + 4 + 4 * i, blob->units[i]);
        }
        memcpy(bytes + 4 + 4 * blob->n_units, blob->texts, blob->texts_len);
        text = base64_of(bytes, n);
    }
    free(bytes);
    return text;
}

#endif
