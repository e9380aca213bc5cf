/* From all strings that are wanted to patterns, each with the companies that want it. Sorting puts
 * equal strings side by side: one string may be the name of two companies (平安), when both say
 * that it is ambiguous, and one code may be listed on two exchanges, when the text has to say which
 * it means. Everything else that is given twice is a mistake in the list. */
#include "ingest/text/watchlist/watchlist_load.h"

#include <stdlib.h>

static int compare_str(struct gs_str a, struct gs_str b)
{
    const int order = memcmp(a.bytes, b.bytes, a.len < b.len ? a.len : b.len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_wanted(const void *a, const void *b)
{
    const struct gs_wanted *x = a;
    const struct gs_wanted *y = b;
    const int order = compare_str(x->folded, y->folded);

    return order != 0
               ? order
               : (x->entry.company > y->entry.company) - (x->entry.company < y->entry.company);
}

static int compare_ids(const void *a, const void *b)
{
    return compare_str(((const struct gs_company *)a)->id, ((const struct gs_company *)b)->id);
}

static enum gs_status check_ids(struct gs_load *load)
{
    const size_t n = load->list->n_companies;
    enum gs_status status = GS_OK;

    struct gs_company *sorted = malloc((n + 1) * sizeof *sorted);
    if (sorted == NULL) {
        return gs_load_no_memory(load);
    }
    if (n > 0) {
        memcpy(sorted, load->list->companies, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, compare_ids);
    }
    for (size_t i = 1; i < n && status == GS_OK; i++) {
        if (gs_str_equal(sorted[i - 1].id, sorted[i].id)) {
            status = gs_load_fail(load, load->csv.line, "id given twice", sorted[i].id);
        }
    }
    free(sorted);
    return status;
}

/* The entries low to high all want one string: may they? */
static enum gs_status check_names(struct gs_load *load, size_t low, size_t high)
{
    const struct gs_wanted *first = NULL;
    const struct gs_wanted *unmarked = NULL;

    for (size_t i = low; i < high; i++) {
        const struct gs_wanted *w = &load->wanted[i];
        if (w->entry.kind != GS_ENTRY_NAME) {
            continue;
        }
        first = first == NULL ? w : first;
        unmarked = w->entry.marked || unmarked != NULL ? unmarked : w;
        if (unmarked != NULL && first->entry.company != w->entry.company) {
            return gs_load_fail(
                load, w->line, "the name of two companies, not marked with '?' in both", w->folded);
        }
    }
    return GS_OK;
}

static enum gs_status check_tickers(struct gs_load *load, size_t low, size_t high)
{
    for (size_t i = low; i < high; i++) {
        struct gs_entry *a = &load->wanted[i].entry;
        for (size_t k = i + 1; k < high && a->kind == GS_ENTRY_TICKER; k++) {
            struct gs_entry *b = &load->wanted[k].entry;
            if (b->kind != GS_ENTRY_TICKER || a->company == b->company) {
                continue;
            }
            if (strcmp(a->suffix, b->suffix) == 0) {
                return gs_load_fail(load, load->wanted[k].line, "the ticker of two companies",
                                    load->wanted[k].folded);
            }
            /* One code on two exchanges: it takes the exchange to tell them apart. */
            a->suffix_only = a->suffix_only || a->suffix[0] != '\0';
            b->suffix_only = b->suffix_only || b->suffix[0] != '\0';
        }
    }
    return GS_OK;
}

static enum gs_status check_group(struct gs_load *load, size_t low, size_t high)
{
    if (high - low > GS_LOAD_MAX_SHARED) {
        return gs_load_fail(load, load->wanted[high - 1].line, "more than 1000 companies share",
                            load->wanted[low].folded);
    }
    const enum gs_status status = check_names(load, low, high);
    return status == GS_OK ? check_tickers(load, low, high) : status;
}

/* Sorted strings to patterns with their entries, then the automaton. */
static enum gs_status build(struct gs_load *load)
{
    struct gs_watchlist *list = load->list;
    size_t n_patterns = 0;
    enum gs_status status = GS_OK;

    struct gs_str *patterns = malloc((load->n_wanted + 1) * sizeof *patterns);
    list->entries = malloc((load->n_wanted + 1) * sizeof *list->entries);
    list->first_entry = malloc((load->n_wanted + 2) * sizeof *list->first_entry);
    if (patterns == NULL || list->entries == NULL || list->first_entry == NULL) {
        free(patterns);
        return gs_load_no_memory(load);
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

enum gs_status gs_load_build(struct gs_load *load)
{
    enum gs_status status = check_ids(load);

    if (status == GS_OK) {
        status = gs_watchlist_index(load->list, load->err);
    }
    return status == GS_OK ? build(load) : status;
}
