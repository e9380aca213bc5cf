/* Names and a text of a few characters and their other spellings, from any bytes. What is found
 * must be what a look at every place finds: whole characters, that fold to the name. */
#ifndef GS_FUZZ_WATCHLIST_CHECK_H
#define GS_FUZZ_WATCHLIST_CHECK_H

#include "ingest/base/attr.h"
#include "ingest/text/watchlist/watchlist.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WLC_NAMES = 8, WLC_UNITS = 8, WLC_TEXT = 160, WLC_MATCHES = 200 };

/* A spelling, and what it is read as: 0 for nothing. */
static const struct {
    const char *spelling;
    char folded;
} wlc_units[] = {
    {"a", 'a'},  {"b", 'b'},  {"-", '-'},  {"'", '\''}, {"腾", 't'}, {"涨", 'z'}, /* names, too */
    {"A", 'a'},  {"B", 'b'},  {"‐", '-'},  {"−", '-'},  {"’", '\''}, {"´", '\''},
    {"騰", 't'}, {"漲", 'z'}, {"™", '\0'}, {"®", '\0'}, {" ", ' '},  {"é", 'e'},
};
enum { WLC_PLAIN = 6 }; /* the first ones have one byte or one character, in one spelling */

struct wlc_text {
    char bytes[WLC_TEXT * 4];
    size_t len;
    uint8_t units[WLC_TEXT];
    size_t starts[WLC_TEXT + 1];
    size_t n;
};

static inline void wlc_add(struct wlc_text *text, size_t unit)
{
    const size_t len = strlen(wlc_units[unit].spelling);
    text->starts[text->n] = text->len;
    text->units[text->n++] = (uint8_t)unit;
    memcpy(text->bytes + text->len, wlc_units[unit].spelling, len);
    text->len += len;
    text->starts[text->n] = text->len;
}

static inline bool wlc_is_word(const struct wlc_text *text, size_t i)
{
    const char folded = wlc_units[text->units[i]].folded;
    return folded == 'a' || folded == 'b' || folded == 'e';
}

/* Units of text from i on that are read as name; 0: they are not, or stand inside a word. */
static inline size_t wlc_fits(const struct wlc_text *text, size_t i, const char *name)
{
    size_t k = i;
    while (*name != '\0' && k < text->n) {
        const char folded = wlc_units[text->units[k]].folded;
        if (folded != '\0' && folded != *name) {
            return 0;
        }
        name += folded != '\0';
        k++;
    }
    if (*name != '\0' || (i > 0 && wlc_is_word(text, i - 1) && wlc_is_word(text, i)) ||
        (k < text->n && wlc_is_word(text, k - 1) && wlc_is_word(text, k))) {
        return 0;
    }
    return k - i;
}

static inline void wlc_check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static inline void wlc_compare(const struct wlc_text *text, char names[][WLC_UNITS + 1], size_t n,
                               const struct gs_match *matches, size_t n_matches)
{
    size_t found = 0;
    for (size_t i = 0; i < text->n;) {
        size_t longest = 0;
        for (size_t k = 0; k < n && wlc_units[text->units[i]].folded != '\0'; k++) {
            const size_t units = wlc_fits(text, i, names[k]);
            longest = units > longest ? units : longest;
        }
        if (longest > 0) {
            wlc_check(found < n_matches && matches[found].start == text->starts[i] &&
                      matches[found].end == text->starts[i + longest]);
            found++;
        }
        i += longest > 0 ? longest : 1;
    }
    wlc_check(found == n_matches);
}

/* A name of four to eight plain units, if none is like it. Its first and last are letters or Han:
 * a name is trimmed of nothing else then. */
static inline bool wlc_name(const uint8_t *data, size_t size, char *folded, char *spelling)
{
    size_t len = 0;
    size_t spelt = 0;
    spelling[0] = '\0';
    for (size_t i = 0; i < size && i < WLC_UNITS; i++) {
        const size_t unit = data[i] % WLC_PLAIN;
        folded[len++] = wlc_units[unit].folded;
        const size_t more = strlen(wlc_units[unit].spelling);
        memcpy(spelling + spelt, wlc_units[unit].spelling, more + 1);
        spelt += more;
    }
    folded[len] = '\0';
    return len >= 4 && strchr("-'", folded[0]) == NULL && strchr("-'", folded[len - 1]) == NULL;
}

static inline void watchlist_check_folds(const uint8_t *data, size_t size)
{
    char names[WLC_NAMES][WLC_UNITS + 1];
    char csv[WLC_NAMES * (WLC_UNITS * 3 + 8) + 16] = "id,name\n";
    struct gs_watchlist *list = NULL;
    struct gs_match matches[WLC_MATCHES];
    struct wlc_text text = {.len = 0};
    size_t n = 0;

    for (size_t at = 0; at + 1 < size / 2 && n < WLC_NAMES;) {
        char spelling[WLC_UNITS * 3 + 1];
        const size_t len = 4 + data[at] % 5;
        const size_t left = size / 2 - at - 1;
        bool is_new = wlc_name(data + at + 1, len < left ? len : left, names[n], spelling);
        for (size_t k = 0; k < n; k++) {
            is_new = is_new && strcmp(names[k], names[n]) != 0;
        }
        if (is_new) {
            const size_t used = strlen(csv);
            (void)snprintf(csv + used, sizeof csv - used, "%zu,%s\n", n, spelling);
            n++;
        }
        at += 1 + len;
    }
    for (size_t i = size / 2; i < size && text.n < WLC_TEXT; i++) {
        wlc_add(&text, data[i] % GS_COUNT(wlc_units));
    }
    wlc_check(gs_watchlist_parse(gs_str(csv), "names", &list, NULL) == GS_OK);
    char *exact = malloc(text.len + (text.len == 0)); /* so that ASan sees a byte too far */
    wlc_check(exact != NULL);
    memcpy(exact, text.bytes, text.len);
    const size_t n_matches =
        gs_watchlist_find(list, (struct gs_str){exact, text.len}, gs_str(""), matches, WLC_MATCHES);
    wlc_compare(&text, names, n, matches, n_matches);
    free(exact);
    gs_watchlist_free(list);
}

#endif
