/* The input, split at its first 0xFF: a watchlist and a text. Properties: a list either loads or
 * says why; matches are inside the text, in order, apart; and lists of plain names and of names in
 * several spellings (made from the same bytes) find what a look at every place finds. */
#include "ingest/base/utf8.h"
#include "ingest/text/clean/stage.h"
#include "ingest/text/watchlist/watchlist.h"
#include "tests/fuzz/watchlist_check.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { MAX_MATCHES = 64, MAX_NAMES = 16, NAME_LEN = 12 };

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* at is inside a character that is valid UTF-8. */
static bool inside_character(struct gs_str text, size_t at)
{
    for (size_t back = 1; back < 4 && back <= at; back++) {
        if (gs_utf8_valid_len(text.bytes + at - back, text.len - at + back) > back) {
            return true;
        }
    }
    return false;
}

static void check_matches(const struct gs_watchlist *list, struct gs_str text)
{
    struct gs_match matches[MAX_MATCHES];
    const size_t n = gs_watchlist_find(list, text, text, matches, MAX_MATCHES);

    CHECK(n <= MAX_MATCHES);
    for (size_t i = 0; i < n; i++) {
        CHECK(matches[i].start < matches[i].end && matches[i].end <= text.len);
        CHECK(!inside_character(text, matches[i].start) && !inside_character(text, matches[i].end));
        CHECK(i == 0 || matches[i].start >= matches[i - 1].end);
        CHECK(matches[i].id.len > 0 && matches[i].name.len > 0);
    }
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_';
}

struct names {
    char text[MAX_NAMES][NAME_LEN + 1];
    size_t n;
};

/* Names of four to twelve of "ab-", so that they meet in a text of the same and blanks. */
static void take_names(const uint8_t *data, size_t size, struct names *names)
{
    size_t len = 0;

    for (size_t i = 0; i < size && names->n < MAX_NAMES; i++) {
        names->text[names->n][len++] = "ab-"[data[i] % 3];
        if (len >= 4 && ((data[i] & 0x80) != 0 || len == NAME_LEN)) {
            names->text[names->n][len] = '\0';
            bool known = names->text[names->n][0] == '-' || names->text[names->n][len - 1] == '-';
            for (size_t k = 0; k < names->n; k++) {
                known = known || strcmp(names->text[k], names->text[names->n]) == 0;
            }
            names->n += !known;
            len = 0;
        }
    }
}

/* The longest name that stands as words at at; 0 for none. */
static size_t longest_at(const struct names *names, struct gs_str text, size_t at)
{
    size_t best = 0;

    for (size_t k = 0; k < names->n; k++) {
        const size_t len = strlen(names->text[k]);
        const bool here = len <= text.len - at && memcmp(text.bytes + at, names->text[k], len) == 0;
        if (here && (at == 0 || !is_word(text.bytes[at - 1])) &&
            (at + len == text.len || !is_word(text.bytes[at + len])) && len > best) {
            best = len;
        }
    }
    return best;
}

/* Leftmost, then longest, then on from its end: all that may be found in text. */
static void check_places(const struct names *names, struct gs_str text,
                         const struct gs_match *matches, size_t n)
{
    size_t found = 0;
    size_t at = 0;

    while (at < text.len && found < MAX_MATCHES) {
        const size_t longest = longest_at(names, text, at);
        const bool same = longest == 0 || (found < n && matches[found].start == at &&
                                           matches[found].end == at + longest);
        CHECK(same);
        found += longest > 0;
        at += longest > 0 ? longest : 1;
    }
    CHECK(found == n);
}

static void check_against_naive(const uint8_t *data, size_t size)
{
    struct names names = {.n = 0};
    struct gs_watchlist *list = NULL;
    struct gs_match matches[MAX_MATCHES];
    char csv[MAX_NAMES * 32 + 16] = "id,name\n";
    char bytes[512];

    take_names(data, size / 2, &names);
    size_t len = strlen(csv);
    for (size_t k = 0; k < names.n; k++) {
        len += (size_t)snprintf(csv + len, sizeof csv - len, "%zu,%s\n", k, names.text[k]);
    }
    CHECK(gs_watchlist_parse((struct gs_str){csv, len}, "names", &list, NULL) == GS_OK);
    const size_t n_text = size - size / 2 < sizeof bytes ? size - size / 2 : sizeof bytes;
    for (size_t i = 0; i < n_text; i++) {
        bytes[i] = "ab- "[data[size / 2 + i] % 4];
    }
    const struct gs_str text = {bytes, n_text};
    const size_t n = gs_watchlist_find(list, text, gs_str(""), matches, MAX_MATCHES);
    check_places(&names, text, matches, n);
    gs_watchlist_free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gs_watchlist *list = NULL;
    struct gs_error err;
    const uint8_t *split = size == 0 ? NULL : memchr(data, 0xFF, size);
    const size_t csv_len = split == NULL ? size : (size_t)(split - data);
    const struct gs_str text = {(const char *)data + csv_len + (split != NULL),
                                size - csv_len - (split != NULL)};

    const enum gs_status status =
        gs_watchlist_parse((struct gs_str){(const char *)data, csv_len}, "fuzz", &list, &err);
    CHECK(status == GS_OK || status == GS_BAD_CONFIG);
    if (status == GS_OK) {
        check_matches(list, text);
        gs_watchlist_free(list);
    } else {
        CHECK(err.message[0] != '\0');
    }
    check_against_naive(data, size);
    watchlist_check_folds(data, size);
    return 0;
}
