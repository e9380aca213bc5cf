/* The companies that a text is about: names from a watchlist, found by Aho-Corasick.
 *
 * CSV (RFC 4180, UTF-8, header line): id,name[,aliases][,tickers][,cues][,not_beside]
 * [,route][,tier]. Aliases, tickers and cues are separated by '|'. A match is the longest at its
 * place; Latin names need word
 * boundaries, Han names none. Matching ignores case (except for tickers), which of the apostrophes
 * and hyphens it is, trade-mark signs, and whether Chinese is traditional or simplified; a match is
 * what the writer wrote.
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
 * not_beside says what makes another word of a name: "[北 南 东]京东[城 路]|[big pine]Apple[pie
 * juice]". A match that has one of the first strings right before it, or one of the last right
 * behind it, is none. Strings are separated by blanks, at most 24 bytes each, and folded as names
 * are; one that begins (ends) with a Latin letter or digit may have a blank between it and the
 * name, and has to be a whole word. Either list may be left out. It holds for the name or alias of
 * that company; a longer name is another one, so that 京东健康 as a name is found where 京东 must
 * not stand before 健康.
 *
 * route says to whom what is told of the company goes: a word of at most 63 letters, digits, "_", "-"
 * and ".", of which a list has at most 64; empty: to all.
 * tier is a digit from 1, those that matter most, to 9, or empty: none.
 *
 * Threads: constant after loading; find from any thread. */
#ifndef GS_INGEST_WATCHLIST_H
#define GS_INGEST_WATCHLIST_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

struct gs_watchlist; /* opaque */

/* GS_IO; GS_BAD_CONFIG with "file:line: what is wrong" (bad CSV, no id, duplicate id, same alias
 * for two companies without a '?', not_beside of no name, a tier that is none, over 200,000 companies or 64 MiB);
 * GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_watchlist_load(const char *path, struct gs_watchlist **ret, struct gs_error *err);

/* The same from memory; name stands for the path in messages. */
GS_MUST_CHECK
enum gs_status gs_watchlist_parse(struct gs_str csv, const char *name, struct gs_watchlist **ret,
                                  struct gs_error *err);
void gs_watchlist_free(struct gs_watchlist *list); /* NULL is fine */
size_t gs_watchlist_size(const struct gs_watchlist *list);

/* The route of the company with that id; "" when it has none or there is no such company. */
struct gs_str gs_watchlist_route(const struct gs_watchlist *list, struct gs_str id);

struct gs_match {
    struct gs_str id, name; /* borrowed from the list */
    size_t start, end;      /* bytes of text, on the boundaries of characters */
    uint8_t tier;           /* 1 to 9; 0: none */
};

/* Matches in text (normalized), in order of start, not overlapping; at most max. cue is further
 * text of the same message (the title when text is searched) that may hold the second cue; may be
 * empty. Does not allocate. */
size_t gs_watchlist_find(const struct gs_watchlist *list, struct gs_str text, struct gs_str cue,
                         struct gs_match *matches, size_t max);

/* Says whether a value that a field of the record gives (a feed's ticker, a forum's board) is an entity
 * of the list: its id, its name, an alias that is not ambiguous, or a ticker in any of its forms
 * ("TSLA", "$TSLA", "tsla", "NASDAQ:TSLA", "600519.SH", "SH600519", "600519"). Blanks around it do
 * not count. ret->id and name are filled. Does not allocate. */
bool gs_watchlist_resolve(const struct gs_watchlist *list, struct gs_str value,
                          struct gs_match *ret);

#endif
