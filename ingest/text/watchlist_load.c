#include "ingest/text/watchlist_impl.h"

#include "base/file.h"
#include "ingest/text/csv.h"
#include "ingest/text/nfkc_class.h"
#include "ingest/text/stage.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_FILE_BYTES = 64 * 1024 * 1024,
    MAX_PARTS = 256,   /* aliases, tickers or cues of one company */
    MAX_SHARED = 1000, /* companies that one string may belong to */
    N_COLUMNS = 5,
};

enum column { ID, NAME, ALIASES, TICKERS, CUES };

/* A string to look for, before they are sorted. */
struct wanted {
    struct gs_str folded;
    struct gs_entry entry;
    size_t line;
};

struct load {
    struct gs_watchlist *list;
    struct gs_csv csv;
    int columns[N_COLUMNS]; /* column of the file, -1: not there */
    struct wanted *wanted;
    size_t n_wanted;
    size_t max_wanted;
    size_t max_companies;
    struct gs_out text; /* a normalised field */
    struct gs_cps cps;
    struct gs_error *err;
};

static enum gs_status fail(struct load *load, size_t line, const char *what, struct gs_str value)
{
    const int len = value.len > 60 ? 60 : (int)value.len;

    return gs_fail(load->err, GS_BAD_CONFIG, "%s:%zu: %s: %.*s", load->csv.name, line, what, len,
                   value.bytes);
}

static enum gs_status no_memory(struct load *load)
{
    return gs_fail(load->err, GS_NO_MEMORY, "%s", load->csv.name);
}

/* Room for one more item of an array. */
static bool grow(void *array, size_t n, size_t *max, size_t size)
{
    void **items = array;

    if (n < *max) {
        return true;
    }
    const size_t want = *max == 0 ? 256 : *max * 2;
    void *bigger = realloc(*items, want * size);
    if (bigger == NULL) {
        return false;
    }
    *items = bigger;
    *max = want;
    return true;
}

/* The field as texts will spell it. */
static enum gs_status normalise(struct load *load, struct gs_str field, struct gs_str *ret)
{
    uint32_t *origin = calloc(field.len + 1, sizeof *origin);
    if (origin == NULL) {
        return no_memory(load);
    }
    const enum gs_status status =
        gs_nfkc_run(&gs_scan_scalar, (struct gs_view){field.bytes, origin, field.len}, true,
                    &load->cps, &load->text, load->err);
    free(origin);
    if (status != GS_OK) {
        return status;
    }
    *ret = gs_arena_copy(load->list->strings, (struct gs_str){load->text.bytes, load->text.len});
    return ret->bytes == NULL ? no_memory(load) : GS_OK;
}

static enum gs_status want(struct load *load, struct gs_str text, struct gs_entry entry)
{
    char *folded = gs_arena_take(load->list->strings, text.len + 1);

    if (folded == NULL ||
        !grow(&load->wanted, load->n_wanted, &load->max_wanted, sizeof *load->wanted)) {
        return no_memory(load);
    }
    for (size_t i = 0; i < text.len;) {
        uint8_t bytes[2];
        const size_t n = gs_fold_char(text.bytes + i, text.len - i, bytes);
        memcpy(folded + i, bytes, n);
        i += n;
    }
    entry.company = (uint32_t)load->list->n_companies;
    load->wanted[load->n_wanted++] = (struct wanted){{folded, text.len}, entry, load->csv.line};
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

static struct gs_str trim(struct gs_str text)
{
    while (text.len > 0 && text.bytes[0] == ' ') {
        text.bytes++;
        text.len--;
    }
    while (text.len > 0 && text.bytes[text.len - 1] == ' ') {
        text.len--;
    }
    return text;
}

/* The next part of a field separated by '|', trimmed; false at the end. Empty parts are left
 * out: "a||b" and "a|" say the same as "a|b" and "a". */
static bool next_part(struct gs_str *rest, struct gs_str *ret)
{
    while (rest->len > 0) {
        const char *bar = memchr(rest->bytes, '|', rest->len);
        const size_t len = bar == NULL ? rest->len : (size_t)(bar - rest->bytes);
        const size_t used = bar == NULL ? len : len + 1;
        *ret = trim((struct gs_str){rest->bytes, len});
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
    *text = trim((struct gs_str){text->bytes + 1, text->len - 1});
    return mark;
}

static enum gs_status check_part(struct load *load, const char *what, struct gs_str text)
{
    if (text.len == 0) {
        return fail(load, load->csv.line, "a mark without a name", text);
    }
    return text.len > GS_WATCHLIST_MAX_NAME ? fail(load, load->csv.line, what, text) : GS_OK;
}

static enum gs_status add_alias(struct load *load, struct gs_str alias)
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

    while (next_part(&aliases, &alias)) {
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
static enum gs_status add_hong_kong(struct load *load, struct gs_str code, struct gs_entry entry)
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
static enum gs_status add_share_class(struct load *load, struct gs_str base, struct gs_entry entry)
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

static enum gs_status add_ticker(struct load *load, struct gs_str ticker)
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
            return fail(load, load->csv.line,
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
static enum gs_status add_cue(struct load *load, struct gs_str cue, size_t first_wanted)
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
        const struct wanted *other = &load->wanted[i];
        if (other->entry.kind == GS_ENTRY_NAME && other->entry.ambiguous &&
            holds(other->folded, folded)) {
            return fail(load, load->csv.line, "a cue that is part of an ambiguous name", cue);
        }
    }
    return GS_OK;
}

typedef enum gs_status add_fn(struct load *load, struct gs_str part);

static enum gs_status add_parts(struct load *load, struct gs_str field, add_fn *add)
{
    enum gs_status status = GS_OK;
    struct gs_str part;
    size_t n = 0;

    while (status == GS_OK && next_part(&field, &part)) {
        status = ++n > MAX_PARTS ? fail(load, load->csv.line, "more than 256 in one field", part)
                                 : add(load, part);
    }
    return status;
}

static enum gs_status add_company(struct load *load, const struct gs_str *fields)
{
    struct gs_str value[N_COLUMNS];
    const size_t first_wanted = load->n_wanted;
    struct gs_str cue;
    enum gs_status status = GS_OK;

    for (size_t c = 0; c < N_COLUMNS && status == GS_OK; c++) {
        const struct gs_str field = load->columns[c] < 0 ? gs_str("") : fields[load->columns[c]];
        status = normalise(load, field, &value[c]);
    }
    if (status != GS_OK) {
        return status;
    }
    if (value[ID].len == 0 || value[NAME].len == 0) {
        return fail(load, load->csv.line, value[ID].len == 0 ? "no id" : "no name", value[NAME]);
    }
    if (value[ID].len > GS_WATCHLIST_MAX_NAME ||
        load->list->n_companies == GS_WATCHLIST_MAX_COMPANIES) {
        return fail(load, load->csv.line,
                    value[ID].len > GS_WATCHLIST_MAX_NAME ? "id longer than 255 bytes"
                                                          : "more than 200000 companies",
                    value[ID]);
    }
    if (!grow(&load->list->companies, load->list->n_companies, &load->max_companies,
              sizeof *load->list->companies)) {
        return no_memory(load);
    }
    if (!is_marked_again(value[ALIASES], value[NAME])) {
        /* A name may begin with what is a mark on an alias. */
        const struct gs_entry entry = {.kind = GS_ENTRY_NAME, .ambiguous = is_short(value[NAME])};
        status = check_part(load, "name longer than 255 bytes", value[NAME]);
        status = status == GS_OK ? want(load, value[NAME], entry) : status;
    }
    status = status == GS_OK ? add_parts(load, value[ALIASES], add_alias) : status;
    status = status == GS_OK ? add_parts(load, value[TICKERS], add_ticker) : status;
    while (status == GS_OK && next_part(&value[CUES], &cue)) {
        status = add_cue(load, cue, first_wanted);
    }
    load->list->companies[load->list->n_companies++] = (struct gs_company){value[ID], value[NAME]};
    return status;
}

static enum gs_status read_header(struct load *load)
{
    static const char *const names[N_COLUMNS] = {"id", "name", "aliases", "tickers", "cues"};
    struct gs_str fields[N_COLUMNS];
    size_t n = 0;
    enum gs_status status = gs_csv_next(&load->csv, fields, N_COLUMNS, &n, load->err);

    if (status != GS_OK && status != GS_CLOSED) {
        return status;
    }
    for (size_t c = 0; c < N_COLUMNS; c++) {
        load->columns[c] = -1;
    }
    for (size_t i = 0; i < n; i++) {
        size_t c = 0;
        while (c < N_COLUMNS && !gs_str_equal(trim(fields[i]), gs_str(names[c]))) {
            c++;
        }
        if (c == N_COLUMNS || load->columns[c] >= 0) {
            return fail(load, load->csv.line,
                        c == N_COLUMNS ? "unknown column" : "column given twice", fields[i]);
        }
        load->columns[c] = (int)i;
    }
    if (load->columns[ID] < 0 || load->columns[NAME] < 0) {
        return fail(load, 1, "the header line must name the columns", gs_str("id,name"));
    }
    return GS_OK;
}

static enum gs_status read_rows(struct load *load)
{
    struct gs_str fields[N_COLUMNS];
    size_t n_columns = 0;
    size_t n = 0;

    enum gs_status status = read_header(load);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        n_columns += load->columns[c] >= 0;
    }
    while (status == GS_OK) {
        status = gs_csv_next(&load->csv, fields, N_COLUMNS, &n, load->err);
        if (status == GS_OK && n != n_columns) {
            return gs_fail(load->err, GS_BAD_CONFIG, "%s:%zu: %zu fields, the header has %zu",
                           load->csv.name, load->csv.line, n, n_columns);
        }
        if (status == GS_OK) {
            status = add_company(load, fields);
        }
    }
    return status == GS_CLOSED ? GS_OK : status;
}

static int compare_str(struct gs_str a, struct gs_str b)
{
    const int order = memcmp(a.bytes, b.bytes, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *x = a;
    const struct wanted *y = b;
    const int order = compare_str(x->folded, y->folded);

    return order != 0
               ? order
               : (x->entry.company > y->entry.company) - (x->entry.company < y->entry.company);
}

static int compare_ids(const void *a, const void *b)
{
    return compare_str(((const struct gs_company *)a)->id, ((const struct gs_company *)b)->id);
}

static enum gs_status check_ids(struct load *load)
{
    const size_t n = load->list->n_companies;
    enum gs_status status = GS_OK;

    struct gs_company *sorted = malloc((n + 1) * sizeof *sorted);
    if (sorted == NULL) {
        return no_memory(load);
    }
    if (n > 0) {
        memcpy(sorted, load->list->companies, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, compare_ids);
    }
    for (size_t i = 1; i < n && status == GS_OK; i++) {
        if (gs_str_equal(sorted[i - 1].id, sorted[i].id)) {
            status = fail(load, load->csv.line, "id given twice", sorted[i].id);
        }
    }
    free(sorted);
    return status;
}

/* The entries low to high all want one string: may they? */
static enum gs_status check_names(struct load *load, size_t low, size_t high)
{
    const struct wanted *first = NULL;
    const struct wanted *unmarked = NULL;

    for (size_t i = low; i < high; i++) {
        const struct wanted *w = &load->wanted[i];
        if (w->entry.kind != GS_ENTRY_NAME) {
            continue;
        }
        first = first == NULL ? w : first;
        unmarked = w->entry.marked || unmarked != NULL ? unmarked : w;
        if (unmarked != NULL && first->entry.company != w->entry.company) {
            return fail(load, w->line, "the name of two companies, not marked with '?' in both",
                        w->folded);
        }
    }
    return GS_OK;
}

static enum gs_status check_tickers(struct load *load, size_t low, size_t high)
{
    for (size_t i = low; i < high; i++) {
        struct gs_entry *a = &load->wanted[i].entry;
        for (size_t k = i + 1; k < high && a->kind == GS_ENTRY_TICKER; k++) {
            struct gs_entry *b = &load->wanted[k].entry;
            if (b->kind != GS_ENTRY_TICKER || a->company == b->company) {
                continue;
            }
            if (strcmp(a->suffix, b->suffix) == 0) {
                return fail(load, load->wanted[k].line, "the ticker of two companies",
                            load->wanted[k].folded);
            }
            /* One code on two exchanges: it takes the exchange to tell them apart. */
            a->suffix_only = a->suffix_only || a->suffix[0] != '\0';
            b->suffix_only = b->suffix_only || b->suffix[0] != '\0';
        }
    }
    return GS_OK;
}

static enum gs_status check_group(struct load *load, size_t low, size_t high)
{
    if (high - low > MAX_SHARED) {
        return fail(load, load->wanted[high - 1].line, "more than 1000 companies share",
                    load->wanted[low].folded);
    }
    const enum gs_status status = check_names(load, low, high);
    return status == GS_OK ? check_tickers(load, low, high) : status;
}

/* Sorted strings to patterns with their entries, then the automaton. */
static enum gs_status build(struct load *load)
{
    struct gs_watchlist *list = load->list;
    size_t n_patterns = 0;
    enum gs_status status = GS_OK;

    struct gs_str *patterns = malloc((load->n_wanted + 1) * sizeof *patterns);
    list->entries = malloc((load->n_wanted + 1) * sizeof *list->entries);
    list->first_entry = malloc((load->n_wanted + 2) * sizeof *list->first_entry);
    if (patterns == NULL || list->entries == NULL || list->first_entry == NULL) {
        free(patterns);
        return no_memory(load);
    }
    if (load->n_wanted > 0) {
        qsort(load->wanted, load->n_wanted, sizeof *load->wanted, compare_wanted);
    }
    for (size_t low = 0, high = 0; low < load->n_wanted && status == GS_OK; low = high) {
        const struct gs_str folded = load->wanted[low].folded;
        while (high < load->n_wanted && gs_str_equal(load->wanted[high].folded, folded)) {
            high++;
        }
        list->first_entry[n_patterns] = (uint32_t)low;
        patterns[n_patterns++] = folded;
        status = check_group(load, low, high);
    }
    for (size_t i = 0; i < load->n_wanted; i++) {
        list->entries[i] = load->wanted[i].entry;
    }
    list->first_entry[n_patterns] = (uint32_t)load->n_wanted;
    if (status == GS_OK) {
        status = gs_ac_build(patterns, n_patterns, &list->ac, load->err);
    }
    free(patterns);
    return status;
}

static enum gs_status check_utf8(struct load *load)
{
    const size_t bad = gs_repair_find(gs_scan_pick(), load->csv.text);
    size_t line = 1;

    if (load->csv.text.len > MAX_FILE_BYTES) {
        return fail(load, 1, "larger than", gs_str("64 MiB"));
    }
    if (bad == load->csv.text.len) {
        return GS_OK;
    }
    for (size_t i = 0; i < bad; i++) {
        line += load->csv.text.bytes[i] == '\n';
    }
    return fail(load, line, "invalid", gs_str("UTF-8"));
}

enum gs_status gs_watchlist_parse(struct gs_str csv, const char *name, struct gs_watchlist **ret,
                                  struct gs_error *err)
{
    struct load load = {.err = err};

    gs_nfkc_init();
    gs_csv_init(&load.csv, csv, name);
    load.list = calloc(1, sizeof *load.list);
    if (load.list == NULL) {
        return no_memory(&load);
    }
    enum gs_status status = gs_arena_new((size_t)MAX_FILE_BYTES * 8, &load.list->strings, err);
    status = status == GS_OK ? check_utf8(&load) : status;
    status = status == GS_OK ? read_rows(&load) : status;
    status = status == GS_OK ? check_ids(&load) : status;
    status = status == GS_OK ? build(&load) : status;
    if (status == GS_OK) {
        *ret = load.list;
        load.list = NULL;
    }
    gs_watchlist_free(load.list);
    gs_csv_done(&load.csv);
    gs_out_done(&load.text);
    gs_cps_done(&load.cps);
    free(load.wanted);
    return status;
}

enum gs_status gs_watchlist_load(const char *path, struct gs_watchlist **ret, struct gs_error *err)
{
    struct gs_file file = {0};

    enum gs_status status = gs_file_map(path, &file, err);
    if (status == GS_OK) {
        const struct gs_str csv = {file.mapped == NULL ? "" : file.bytes.bytes, file.bytes.len};
        status = gs_watchlist_parse(csv, path, ret, err);
    }
    gs_file_unmap(&file);
    return status;
}
