/* The lists of han_pairs.h are strings, which a person can read and compare; at the first call they
 * are spread into tables of one entry a character, so that a fold is one load. */
#include "ingest/base/han.h"

#include "ingest/base/attr.h"
#include "ingest/base/han_pairs.h"
#include "ingest/base/utf8.h"

#include <pthread.h>

enum { BYTES = 3 }; /* of every character in the lists */

static uint16_t folds[GS_HAN_N];
static uint8_t kinds[GS_HAN_N];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint32_t at(const char *bytes)
{
    return gs_han_at(gs_utf8_decode(bytes, BYTES));
}

static void set_kind(const char *const *lines, size_t n, enum gs_han_kind kind)
{
    for (size_t i = 0; i < n; i++) {
        for (const char *c = lines[i]; *c != '\0'; c += BYTES) {
            kinds[at(c)] = (uint8_t)kind;
        }
    }
}

static void fill(void)
{
    for (uint32_t i = 0; i < GS_HAN_N; i++) {
        folds[i] = (uint16_t)(GS_HAN_FIRST + i);
    }
    for (size_t i = 0; i < GS_COUNT(gs_han_pairs); i++) {
        for (const char *c = gs_han_pairs[i]; *c != '\0'; c += 2 * (size_t)BYTES) {
            folds[at(c)] = (uint16_t)gs_utf8_decode(c + BYTES, BYTES);
            kinds[at(c)] = GS_HAN_TRADITIONAL;
        }
    }
    set_kind(gs_han_simplified_only, GS_COUNT(gs_han_simplified_only), GS_HAN_SIMPLIFIED);
    set_kind(gs_han_japanese_only, GS_COUNT(gs_han_japanese_only), GS_HAN_JAPANESE);
}

const uint16_t *gs_han_folds(void)
{
    (void)pthread_once(&once, fill);
    return folds;
}

const uint8_t *gs_han_kinds(void)
{
    (void)pthread_once(&once, fill);
    return kinds;
}

void gs_han_fold_text(struct gs_str text, char *to)
{
    const uint16_t *table = gs_han_folds();

    for (size_t i = 0; i < text.len;) {
        const size_t len = gs_utf8_valid_len(text.bytes + i, text.len - i);
        if (len == BYTES) {
            const uint32_t cp = gs_utf8_decode(text.bytes + i, BYTES);
            (void)gs_utf8_encode(gs_han_fold(table, cp), to + i);
            i += BYTES;
            continue;
        }
        const size_t step = len == 0 ? 1 : len;
        for (size_t k = 0; k < step; k++) {
            to[i + k] = text.bytes[i + k];
        }
        i += step;
    }
}
