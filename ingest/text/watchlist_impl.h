/* What watchlist_load.c builds and watchlist.c searches. */
#ifndef GS_INGEST_WATCHLIST_IMPL_H
#define GS_INGEST_WATCHLIST_IMPL_H

#include "base/arena.h"
#include "base/utf8.h"
#include "ingest/text/ac.h"
#include "ingest/text/watchlist.h"

#include <utf8proc.h>

enum gs_entry_kind {
    GS_ENTRY_NAME,   /* name or alias */
    GS_ENTRY_TICKER, /* counts in the contexts that ticker_fits() knows */
    GS_ENTRY_CODE,   /* "SH600519": a ticker that needs no context */
    GS_ENTRY_CUE,    /* no match of its own */
};

/* One reason to look for a string. */
struct gs_entry {
    uint32_t company;
    uint8_t kind;
    bool ambiguous;   /* a name: always; a ticker: where it stands bare */
    bool marked;      /* the '?' was written */
    bool suffix_only; /* a ticker that only counts with its exchange: "700.HK" */
    char suffix[6];   /* a ticker's exchange in capitals; "" for none */
};

struct gs_company {
    struct gs_str id;
    struct gs_str name;
};

struct gs_watchlist {
    struct gs_arena *strings;
    struct gs_company *companies;
    size_t n_companies;
    struct gs_entry *entries; /* by pattern */
    uint32_t *first_entry;    /* [patterns + 1] */
    struct gs_ac ac;          /* over folded patterns */
    bool has_cues;
};

enum { GS_WATCHLIST_MAX_COMPANIES = 200000, GS_WATCHLIST_MAX_NAME = 255 };

/* Lower case of the character at bytes (n > 0 left), when that has the same length; else as it
 * is. Writes and returns one or two bytes; longer characters are passed on byte by byte. */
static inline size_t gs_fold_char(const char *bytes, size_t n, uint8_t out[2])
{
    const uint8_t c = (uint8_t)bytes[0];

    out[0] = c;
    if (c < 0x80) {
        out[0] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
        return 1;
    }
    if (c < 0xC3 || c > 0xDF || gs_utf8_valid_len(bytes, n) != 2) {
        return 1;
    }
    const int32_t low = utf8proc_tolower((int32_t)gs_utf8_decode(bytes, 2));
    const bool same_len = low >= 0x80 && low < 0x800;
    out[0] = same_len ? (uint8_t)(0xC0 | (low >> 6)) : c;
    out[1] = same_len ? (uint8_t)(0x80 | (low & 0x3F)) : (uint8_t)bytes[1];
    return 2;
}

static inline bool gs_is_cjk(uint32_t cp)
{
    return (cp >= 0x2E80 && cp <= 0x9FFF) || (cp >= 0x1100 && cp <= 0x11FF) ||
           (cp >= 0xA960 && cp <= 0xA97F) || (cp >= 0xAC00 && cp <= 0xD7FF) ||
           (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0x20000 && cp <= 0x3FFFF);
}

#endif
