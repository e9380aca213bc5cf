/* Finding the names of a watchlist in a text: one pass of an automaton, and a second one only where
 * there is doubt.
 *
 *     text    L ’ O r é a l   s h a r e s  騰   訊   跌
 *             │ │                          │    │
 *     fold    l '  o  r  é …               腾   讯   跌   watchlist_fold.h, one character at a time
 *             └─┴─► automaton (ac.h) ─► "a pattern of n folded bytes ends here"
 *                                                  │
 *                                                  ▼
 *     place   where does it begin? is it a word, or inside one? what stands beside it? is it a
 *             ticker in one of its forms? (watchlist_place.c)
 *                                                  │
 *                                                  ▼
 *     choice  leftmost, then longest; of several companies with that name the one with an
 *             unambiguous reason
 *
 * Offsets. The automaton counts folded bytes, and a fold may be shorter than what it was made from
 * (’ has three bytes, ' one). So a reading keeps both counts. As long as they are equal, a pattern
 * begins its length before its end; else gs_fold_back() walks back over the text, character by
 * character, which happens at hits only and costs at most a name's length. Whether a hit is settled
 * is asked in folded bytes, which the automaton's depth is in too.
 *
 * Doubt. "Apple" may be a fruit and 平安 peace. An ambiguous name counts when the text says of the
 * same company something that is not ambiguous: a full name, a ticker, a cue. Until the first such
 * name nothing is remembered; then the text and the other field are read once for all that may
 * support a company (a bit each), and the search goes on with it. Texts without ambiguous names,
 * most of them, are read once. */
#include "ingest/text/watchlist/watchlist_internal.h"

#include <stdlib.h>

void gs_watchlist_free(struct gs_watchlist *list)
{
    if (list == NULL) {
        return;
    }
    gs_arena_free(list->strings);
    gs_ac_done(&list->ac);
    gs_map_free(list->by_name);
    free(list->companies);
    free(list->entries);
    free(list->neighbours);
    free(list->first_entry);
    free(list);
}

size_t gs_watchlist_size(const struct gs_watchlist *list)
{
    return list->n_companies;
}

struct gs_str gs_watchlist_route(const struct gs_watchlist *list, struct gs_str id)
{
    uint64_t at = 0;

    if (gs_map_get(list->by_name, id, &at) && at < list->n_companies &&
        gs_str_equal(list->companies[at].id, id)) {
        return list->companies[at].route;
    }
    for (size_t i = 0; i < list->n_companies; i++) { /* an id that is somebody's name, too */
        if (gs_str_equal(list->companies[i].id, id)) {
            return list->companies[i].route;
        }
    }
    return gs_str("");
}

/* What is being searched, and for whom an ambiguous name counts (NULL: not known yet). */
struct search {
    const struct gs_watchlist *list;
    struct gs_str text;
    const uint8_t *supported; /* a bit per company */
};

struct hit {
    size_t start;
    size_t end;
    uint32_t company;
    bool ambiguous;
};

static bool supports(const struct search *s, uint32_t company)
{
    return s->supported != NULL && ((s->supported[company / 8] >> (company % 8)) & 1) != 0;
}

/* Says whether one of a pattern's companies is meant from start to end. An unambiguous reason wins,
 * then a supported one, then the one that stands first in the file. */
static bool best_entry(const struct search *s, uint32_t pattern, size_t start, size_t end,
                       struct hit *ret)
{
    const struct gs_watchlist *list = s->list;
    int best = -1;

    for (uint32_t i = list->first_entry[pattern]; i < list->first_entry[pattern + 1]; i++) {
        const struct gs_entry *entry = &list->entries[i];
        struct hit hit = {start, end, entry->company, entry->ambiguous};
        bool fits = false;
        bool bare = false;
        if (entry->kind == GS_ENTRY_NAME || entry->kind == GS_ENTRY_CODE) {
            fits = gs_name_fits(s->text, start, end) &&
                   (entry->beside == 0 || gs_beside_fits(list, &list->neighbours[entry->beside - 1],
                                                         s->text, start, end));
        } else if (entry->kind == GS_ENTRY_TICKER) {
            fits = gs_ticker_fits(s->text, entry, start, &hit.end, &bare);
            hit.ambiguous = bare && (entry->ambiguous ||
                                     (s->text.bytes[start] >= '0' && s->text.bytes[start] <= '9'));
        }
        const int rank = !hit.ambiguous ? 2 : supports(s, hit.company) ? 1 : 0;
        if (fits && rank > best) {
            best = rank;
            *ret = hit;
        }
    }
    return best >= 0;
}

/* How far the automaton has read a text. */
struct reading {
    size_t from;   /* where it began */
    size_t at;     /* in the text */
    size_t folded; /* bytes that it was given since from */
    uint32_t node;
};

/* Reads the character at r->at. False: it is left out, and nothing new can end there. */
static inline bool read_char(const struct search *s, struct reading *r)
{
    uint8_t folded[4] = {0};
    size_t n = 0;

    r->at += gs_fold_char(&s->list->folds, s->text.bytes + r->at, s->text.len - r->at, folded, &n);
    for (size_t k = 0; k < n; k++) {
        r->node = gs_ac_step(&s->list->ac, r->node, folded[k]);
    }
    r->folded += n;
    return n > 0;
}

/* The nearest node at or behind node, on the chain of ever shorter suffixes, where a pattern ends;
 * 0: none. */
static inline uint32_t first_end(const struct gs_ac *ac, uint32_t node)
{
    return ac->out[node] != 0 ? node : ac->dict[node];
}

/* Where the pattern of n folded bytes began that ends where r is. */
static inline size_t start_of(const struct search *s, const struct reading *r, size_t n)
{
    return r->at - r->from == r->folded ? r->at - n
                                        : gs_fold_back(&s->list->folds, s->text, r->at, n);
}

/* The leftmost longest hit at or behind from; false when there is none.
 *
 * The automaton reports ends; a hit is settled once no string that is still being read began at
 * or before it. The caller goes on from its end, so at most one name's length is read twice. */
static bool next_hit(const struct search *s, size_t from, struct hit *ret)
{
    const struct gs_ac *ac = &s->list->ac;
    struct reading r = {from, from, 0, 0};
    size_t began = 0; /* ret's start, in folded bytes */
    bool found = false;

    while (r.at < s->text.len) {
        if (!read_char(s, &r)) {
            continue;
        }
        for (uint32_t v = first_end(ac, r.node); v != 0; v = ac->dict[v]) {
            struct hit hit;
            if (best_entry(s, ac->out[v] - 1, start_of(s, &r, ac->depth[v]), r.at, &hit) &&
                (!found || hit.start < ret->start ||
                 (hit.start == ret->start && hit.end > ret->end))) {
                *ret = hit;
                began = r.folded - ac->depth[v];
                found = true;
            }
        }
        if (found && r.folded - ac->depth[r.node] > began) {
            break;
        }
    }
    return found;
}

static void mark(uint8_t *supported, uint32_t company)
{
    supported[company / 8] = (uint8_t)(supported[company / 8] | (1U << (company % 8)));
}

/* Marks the companies that a pattern is a cue of, when it stands as one. */
static void mark_cue(const struct search *s, uint32_t pattern, size_t start, size_t end,
                     uint8_t *supported)
{
    const struct gs_watchlist *list = s->list;

    for (uint32_t i = list->first_entry[pattern]; i < list->first_entry[pattern + 1]; i++) {
        if (list->entries[i].kind == GS_ENTRY_CUE && gs_name_fits(s->text, start, end)) {
            mark(supported, list->entries[i].company);
        }
    }
}

static void mark_cues(const struct search *s, uint8_t *supported)
{
    const struct gs_ac *ac = &s->list->ac;
    struct reading r = {0, 0, 0, 0};

    while (r.at < s->text.len) {
        if (!read_char(s, &r)) {
            continue;
        }
        for (uint32_t v = first_end(ac, r.node); v != 0; v = ac->dict[v]) {
            mark_cue(s, ac->out[v] - 1, start_of(s, &r, ac->depth[v]), r.at, supported);
        }
    }
}

/* Marks the companies that text names without doubt, or holds a cue of. */
static void mark_supported(const struct gs_watchlist *list, struct gs_str text, uint8_t *supported)
{
    const struct search s = {list, text, NULL};
    struct hit hit;

    for (size_t at = 0; next_hit(&s, at, &hit); at = hit.end) {
        if (!hit.ambiguous) {
            mark(supported, hit.company);
        }
    }
    if (list->has_cues) {
        mark_cues(&s, supported);
    }
}

size_t gs_watchlist_find(const struct gs_watchlist *list, struct gs_str text, struct gs_str cue,
                         struct gs_match *matches, size_t max)
{
    uint8_t supported[(GS_WATCHLIST_MAX_COMPANIES + 7) / 8];
    struct search s = {list, text, NULL};
    struct hit hit;
    size_t n = 0;

    for (size_t at = 0; n < max && next_hit(&s, at, &hit); at = hit.end) {
        if (hit.ambiguous && s.supported == NULL) {
            /* The first doubt: read everything once for what may settle it, and look again. */
            memset(supported, 0, (list->n_companies + 7) / 8);
            mark_supported(list, text, supported);
            mark_supported(list, cue, supported);
            s.supported = supported;
            (void)next_hit(&s, at, &hit);
        }
        if (!hit.ambiguous || supports(&s, hit.company)) {
            const struct gs_company *company = &list->companies[hit.company];
            matches[n++] =
                (struct gs_match){company->id, company->name, hit.start, hit.end, company->tier};
        }
    }
    return n;
}
