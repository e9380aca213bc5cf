/* The watchlist in memory: watchlist_load.c builds it, watchlist.c searches it. */
#ifndef GS_INGEST_WATCHLIST_INTERNAL_H
#define GS_INGEST_WATCHLIST_INTERNAL_H

#include "ingest/base/arena.h"
#include "ingest/base/map.h"
#include "ingest/text/watchlist/ac.h"
#include "ingest/text/watchlist/watchlist.h"
#include "ingest/text/watchlist/watchlist_fold.h"

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
    uint32_t beside;  /* a name: 1 + of neighbours; 0: it may stand beside anything */
};

/* What a name may not stand between: folded strings, a blank between two. */
struct gs_neighbours {
    struct gs_str before, behind;
};
enum { GS_NEIGHBOUR_MAX = 24 }; /* bytes of one string */

struct gs_company {
    struct gs_str id;
    struct gs_str name;
    struct gs_str route; /* "": none */
    uint8_t tier;
};

struct gs_watchlist {
    struct gs_arena *strings;
    struct gs_company *companies;
    size_t n_companies;
    struct gs_map *by_name;   /* ids and names to companies */
    struct gs_entry *entries; /* by pattern */
    uint32_t *first_entry;    /* [patterns + 1] */
    struct gs_neighbours *neighbours;
    size_t n_neighbours;
    struct gs_ac ac; /* over folded patterns */
    struct gs_folds folds;
    bool has_cues;
};

enum { GS_WATCHLIST_MAX_COMPANIES = 200000, GS_WATCHLIST_MAX_NAME = 255 };

/* ---- watchlist_resolve.c ---- */

/* Fills by_name, once the companies are there. */
GS_MUST_CHECK
enum gs_status gs_watchlist_index(struct gs_watchlist *list, struct gs_error *err);

/* ---- watchlist_place.c ---- */

/* A side that is Latin must not be inside a word; a Han side may stand anywhere. */
bool gs_name_fits(struct gs_str text, size_t start, size_t end);
/* Nothing of *listed stands right before start or right behind end. */
bool gs_beside_fits(const struct gs_watchlist *list, const struct gs_neighbours *listed,
                    struct gs_str text, size_t start, size_t end);
/* Says whether the ticker from start to *end counts where it stands; takes its exchange in. *bare: it
 * stands alone. */
bool gs_ticker_fits(struct gs_str text, const struct gs_entry *entry, size_t start, size_t *end,
                    bool *bare);

static inline bool gs_is_cjk(uint32_t cp)
{
    return (cp >= 0x2E80 && cp <= 0x9FFF) || (cp >= 0x1100 && cp <= 0x11FF) ||
           (cp >= 0xA960 && cp <= 0xA97F) || (cp >= 0xAC00 && cp <= 0xD7FF) ||
           (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0x20000 && cp <= 0x3FFFF);
}

#endif
