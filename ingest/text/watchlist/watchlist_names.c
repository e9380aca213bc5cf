/* From a row to the strings to look for. A name or alias is one string; a ticker is several, since
 * a code is written with its exchange behind it (600519.SH), before it (SH600519), with and without
 * zeros in front (700.HK, 00700.HK), a share class with '.', '-' or '/'. */
#include "ingest/text/watchlist/watchlist_load.h"

#include <stdio.h>
#include <stdlib.h>

struct gs_str gs_load_fold(struct gs_load *load, struct gs_str text)
{
    char *folded = gs_arena_alloc(load->list->strings, text.len + 4);
    size_t len = 0;

    if (folded == NULL) {
        return (struct gs_str){NULL, 0};
    }
    for (size_t i = 0; i < text.len;) {
        uint8_t bytes[4];
        size_t n = 0;
        i += gs_fold_char(&load->list->folds, text.bytes + i, text.len - i, bytes, &n);
        memcpy(folded + len, bytes, n);
        len += n;
    }
    return (struct gs_str){folded, len};
}

static enum gs_status want(struct gs_load *load, struct gs_str text, struct gs_entry entry)
{
    const struct gs_str folded = gs_load_fold(load, text);

    if (folded.bytes == NULL ||
        !gs_load_grow(&load->wanted, load->n_wanted, &load->max_wanted, sizeof *load->wanted)) {
        return gs_load_no_memory(load);
    }
    if (folded.len == 0) {
        return gs_load_fail(load, load->csv.line, "a name of signs that are not compared", text);
    }
    entry.company = (uint32_t)load->list->n_companies;
    load->wanted[load->n_wanted++] = (struct gs_wanted){folded, entry, load->csv.line};
    return GS_OK;
}

/* Latin of up to three characters, Han of up to two. */
static bool is_short(struct gs_str text)
{
    size_t n = 0;
    bool cjk = false;

    for (size_t i = 0; i < text.len; n++) {
        const size_t len = gs_utf8_valid_len(text.bytes + i, text.len - i);
        cjk = cjk || gs_is_cjk(gs_utf8_decode(text.bytes + i, len));
        i += len;
    }
    return n <= (cjk ? 2 : 3);
}

bool gs_load_next_part(struct gs_str *rest, struct gs_str *ret)
{
    while (rest->len > 0) {
        const char *bar = memchr(rest->bytes, '|', rest->len);
        const size_t len = bar == NULL ? rest->len : (size_t)(bar - rest->bytes);
        const size_t used = bar == NULL ? len : len + 1;
        *ret = gs_load_trim((struct gs_str){rest->bytes, len});
        *rest = (struct gs_str){rest->bytes + used, rest->len - used};
        if (ret->len > 0) {
            return true;
        }
    }
    return false;
}

/* Takes the mark off the front of an alias or ticker: '?' ambiguous, '!' never. */
static char take_mark(struct gs_str *text)
{
    const char mark = text->bytes[0];

    if (mark != '?' && mark != '!') {
        return '\0';
    }
    *text = gs_load_trim((struct gs_str){text->bytes + 1, text->len - 1});
    return mark;
}

static enum gs_status check_part(struct gs_load *load, const char *what, struct gs_str text)
{
    if (text.len == 0) {
        return gs_load_fail(load, load->csv.line, "a mark without a name", text);
    }
    return text.len > GS_WATCHLIST_MAX_NAME ? gs_load_fail(load, load->csv.line, what, text)
                                            : GS_OK;
}

static enum gs_status add_alias(struct gs_load *load, struct gs_str alias)
{
    const char mark = take_mark(&alias);
    const struct gs_entry entry = {.kind = GS_ENTRY_NAME,
                                   .ambiguous = mark == '?' || (mark != '!' && is_short(alias)),
                                   .marked = mark == '?'};
    const enum gs_status status = check_part(load, "name longer than 255 bytes", alias);

    return status == GS_OK ? want(load, alias, entry) : status;
}

/* An alias that repeats the name with a mark speaks for the name. */
static bool is_marked_again(struct gs_str aliases, struct gs_str name)
{
    struct gs_str alias = {0};

    while (gs_load_next_part(&aliases, &alias)) {
        if (take_mark(&alias) != '\0' && gs_str_equal(alias, name)) {
            return true;
        }
    }
    return false;
}

static bool is_exchange(struct gs_str suffix)
{
    static const char *const exchanges[] = {"SH", "SS", "SZ", "BJ", "HK", "US", "O",  "OQ", "N",
                                            "K",  "L",  "DE", "F",  "PA", "AS", "T",  "TO", "KS",
                                            "KQ", "AX", "SI", "TW", "NS", "BO", "MI", "SW", "MC",
                                            "ST", "CO", "HE", "OL", "BR", "VI", "SA", "MX"};

    for (size_t i = 0; i < GS_COUNT(exchanges); i++) {
        if (gs_str_equal(suffix, gs_str(exchanges[i]))) {
            return true;
        }
    }
    return false;
}

static bool all_digits(struct gs_str text)
{
    size_t i = 0;

    while (i < text.len && text.bytes[i] >= '0' && text.bytes[i] <= '9') {
        i++;
    }
    return i == text.len;
}

/* A Hong Kong code is written with four or five digits, and before ".HK" without zeros too. */
static enum gs_status add_hong_kong(struct gs_load *load, struct gs_str code, struct gs_entry entry)
{
    enum gs_status status = GS_OK;

    while (code.len > 1 && code.bytes[0] == '0') {
        code.bytes++;
        code.len--;
    }
    for (size_t width = code.len; width <= 5 && status == GS_OK; width++) {
        char text[16];
        const int n =
            snprintf(text, sizeof text, "HK%0*ld", (int)width, strtol(code.bytes, NULL, 10));
        entry.suffix_only = width < 4;
        entry.kind = GS_ENTRY_TICKER;
        status = want(load, (struct gs_str){text + 2, (size_t)n - 2}, entry);
        if (status == GS_OK && width >= 4) {
            entry.kind = GS_ENTRY_CODE;
            entry.ambiguous = false;
            status = want(load, (struct gs_str){text, (size_t)n}, entry);
        }
    }
    return status;
}

/* "BRK.B" is written "BRK-B" and "BRK/B" too. */
static enum gs_status add_share_class(struct gs_load *load, struct gs_str base,
                                      struct gs_entry entry)
{
    static const char signs[] = {'.', '-', '/'};
    char text[32];
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < sizeof signs && status == GS_OK; i++) {
        memcpy(text, base.bytes, base.len);
        char *dot = memchr(text, '.', base.len);
        if (dot == NULL) {
            return i > 0 ? GS_OK : want(load, base, entry);
        }
        *dot = signs[i];
        status = want(load, (struct gs_str){text, base.len}, entry);
    }
    return status;
}

static enum gs_status add_ticker(struct gs_load *load, struct gs_str ticker)
{
    struct gs_entry entry = {.kind = GS_ENTRY_TICKER, .marked = take_mark(&ticker) == '?'};
    char code[16];
    enum gs_status status = check_part(load, "ticker", ticker);

    if (status != GS_OK) {
        return status;
    }
    for (size_t i = 0; i < ticker.len; i++) {
        const char c = ticker.bytes[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr(".-/", c) != NULL) ||
            ticker.len > 20) {
            return gs_load_fail(load, load->csv.line,
                                "a ticker is at most 20 of A-Z, 0-9, '.', '-' and '/'", ticker);
        }
    }
    entry.ambiguous = entry.marked;
    struct gs_str base = ticker;
    for (size_t i = ticker.len; i-- > 1;) {
        const struct gs_str suffix = {ticker.bytes + i + 1, ticker.len - i - 1};
        if (ticker.bytes[i] == '.' && is_exchange(suffix)) {
            memcpy(entry.suffix, gs_str_equal(suffix, gs_str("SS")) ? "SH" : suffix.bytes,
                   suffix.len);
            base.len = i;
            break;
        }
    }
    if (!all_digits(base)) {
        return add_share_class(load, base, entry);
    }
    if (strcmp(entry.suffix, "HK") == 0 && base.len <= 5) {
        return add_hong_kong(load, base, entry);
    }
    status = want(load, base, entry);
    if (status == GS_OK && entry.suffix[0] != '\0' && base.len <= 8) {
        const int n = snprintf(code, sizeof code, "%s%.*s", entry.suffix, GS_STR_ARGS(base));
        entry.kind = GS_ENTRY_CODE;
        entry.ambiguous = false;
        status = want(load, (struct gs_str){code, (size_t)n}, entry);
    }
    return status;
}

static bool holds(struct gs_str text, struct gs_str part)
{
    for (size_t i = 0; i + part.len <= text.len; i++) {
        if (memcmp(text.bytes + i, part.bytes, part.len) == 0) {
            return true;
        }
    }
    return false;
}

/* A cue inside an ambiguous alias of its company would always be there with it. */
static enum gs_status add_cue(struct gs_load *load, struct gs_str cue, size_t first_wanted)
{
    const struct gs_entry entry = {.kind = GS_ENTRY_CUE};
    enum gs_status status = check_part(load, "cue longer than 255 bytes", cue);

    if (status == GS_OK) {
        status = want(load, cue, entry);
    }
    if (status != GS_OK) {
        return status;
    }
    load->list->has_cues = true;
    const struct gs_str folded = load->wanted[load->n_wanted - 1].folded;
    for (size_t i = first_wanted; i + 1 < load->n_wanted; i++) {
        const struct gs_wanted *other = &load->wanted[i];
        if (other->entry.kind == GS_ENTRY_NAME && other->entry.ambiguous &&
            holds(other->folded, folded)) {
            return gs_load_fail(load, load->csv.line, "a cue that is part of an ambiguous name",
                                cue);
        }
    }
    return GS_OK;
}

typedef enum gs_status add_fn(struct gs_load *load, struct gs_str part);

static enum gs_status add_parts(struct gs_load *load, struct gs_str field, add_fn *add)
{
    enum gs_status status = GS_OK;
    struct gs_str part;
    size_t n = 0;

    while (status == GS_OK && gs_load_next_part(&field, &part)) {
        status = ++n > GS_LOAD_MAX_PARTS
                     ? gs_load_fail(load, load->csv.line, "more than 256 in one field", part)
                     : add(load, part);
    }
    return status;
}

enum gs_status gs_load_names(struct gs_load *load, const struct gs_str *values)
{
    const size_t first_wanted = load->n_wanted;
    const struct gs_str name = values[GS_NAME];
    struct gs_str cues = values[GS_CUES];
    struct gs_str cue;
    enum gs_status status = GS_OK;

    if (!is_marked_again(values[GS_ALIASES], name)) {
        /* A name may begin with what is a mark on an alias. */
        const struct gs_entry entry = {.kind = GS_ENTRY_NAME, .ambiguous = is_short(name)};
        status = check_part(load, "name longer than 255 bytes", name);
        status = status == GS_OK ? want(load, name, entry) : status;
    }
    status = status == GS_OK ? add_parts(load, values[GS_ALIASES], add_alias) : status;
    status = status == GS_OK ? add_parts(load, values[GS_TICKERS], add_ticker) : status;
    while (status == GS_OK && gs_load_next_part(&cues, &cue)) {
        status = add_cue(load, cue, first_wanted);
    }
    return status == GS_OK ? gs_load_neighbours(load, values[GS_NOT_BESIDE], first_wanted) : status;
}
