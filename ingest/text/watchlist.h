/* Who a text is about: names from a watchlist, found by Aho-Corasick.
 *
 * CSV (RFC 4180, UTF-8, header line): id,name,aliases,tickers[,cues]. Aliases, tickers and cues are
 * separated by '|'. A match is the longest at its place; Latin names need word boundaries, Han
 * names none. Latin matching ignores case except for tickers.
 *
 * A ticker ("AAPL", "BRK.B", "600519.SH", "00700.HK") matches as $TICKER (here its case is
 * ignored), (TICKER), behind its market ("NASDAQ: AAPL"), with its exchange ("600519.SH",
 * "SH600519", "700.HK"), or as a bare upper-case word of at least 3 letters, but not in a text all
 * in capitals. A bare code of five digits or more is ambiguous. Where two companies have one code
 * on two exchanges, it needs the exchange. A match covers the ticker and its exchange, not the "$"
 * or the parentheses.
 *
 * A short or common name or alias (Latin <= 3 letters, Han 2 characters, or marked with a leading
 * '?') is ambiguous: it counts only when the text also holds an unambiguous name, a ticker or a cue
 * of the same company. A leading '!' says that a short alias is not ambiguous; an alias that
 * repeats the name with a mark speaks for the name. '?' before a ticker makes its bare form
 * ambiguous.
 *
 * Threads: constant after loading; find from any thread. */
#ifndef GS_INGEST_WATCHLIST_H
#define GS_INGEST_WATCHLIST_H

#include "base/error.h"
#include "base/str.h"

struct gs_watchlist; /* opaque */

/* GS_IO; GS_BAD_CONFIG with "file:line: what is wrong" (bad CSV, no id, duplicate id, same alias
 * for two companies without a '?', over 200,000 companies or 64 MiB); GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_watchlist_load(const char *path, struct gs_watchlist **ret, struct gs_error *err);

/* The same from memory; name stands for the path in messages. */
GS_MUST_CHECK
enum gs_status gs_watchlist_parse(struct gs_str csv, const char *name, struct gs_watchlist **ret,
                                  struct gs_error *err);
void gs_watchlist_free(struct gs_watchlist *list); /* NULL is fine */
size_t gs_watchlist_size(const struct gs_watchlist *list);

struct gs_match {
    struct gs_str id, name; /* borrowed from the list */
    size_t start, end;      /* bytes of text */
};

/* Matches in text (normalised), in order of start, not overlapping; at most max. cue is further
 * text of the same message (the title when text is searched) that may hold the second cue; may be
 * empty. Does not allocate. */
size_t gs_watchlist_find(const struct gs_watchlist *list, struct gs_str text, struct gs_str cue,
                         struct gs_match *matches, size_t max);

#endif
