/* Running the rules over a text, one behind the other, each on what the last one left.
 *
 *     in    …text…[match]…text…[match]…text…
 *                 ▼             ▼
 *     out   …text…<put> …text…<put> …text…      then out is the in of the next rule
 *
 * A rule that matches nothing writes nothing and the text stays where it is. Rules protect people,
 * so failing is safe: a pattern gets so many steps a text and no more, and where it runs out of
 * them, or replacements make the text grow without end, the rest of the text is masked whole. */
#include "ingest/text/clean/rules.h"

#include <stdlib.h>

enum {
    /* A match may take this many steps in the whole text, about a tenth of a second: each start
     * gets its share, at least MIN_STEPS. */
    STEPS_PER_TEXT = 8000000,
    MIN_STEPS = 1000,
    MAX_STEPS = 200000,
    MAX_DEPTH = 1000, /* the interpreter's, where there is no JIT */
    HEAP_KIB = 1024,  /* likewise */
    JIT_STACK_MIN = 32768,
    JIT_STACK_MAX = 262144,
    OVECTOR_PAIRS = 10,   /* $0 to $9 */
    MAX_GROWTH = 1 << 20, /* bytes that all replacements may add to a text */
};

struct gs_rule_workspace {
    const struct gs_rules *rules;
    const struct gs_scan *scan;
    const struct gs_watchlist *addressed;
    pcre2_match_context *context;
    pcre2_match_data *data;
    pcre2_jit_stack *stack;
    size_t max_len; /* bytes that replacements may make of the text at hand */
};

enum gs_status gs_rule_workspace_new(const struct gs_rules *rules, const struct gs_scan *scan,
                                     const struct gs_watchlist *addressed,
                                     struct gs_rule_workspace **ret, struct gs_error *err)
{
    struct gs_rule_workspace *work = calloc(1, sizeof *work);

    if (work == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "rules");
    }
    work->rules = rules;
    work->scan = scan;
    work->addressed = addressed;
    work->context = pcre2_match_context_create(NULL);
    work->data = pcre2_match_data_create(OVECTOR_PAIRS, NULL);
    work->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (work->context == NULL || work->data == NULL) {
        gs_rule_workspace_free(work);
        return gs_fail(err, GS_NO_MEMORY, "rules");
    }
    (void)pcre2_set_depth_limit(work->context, MAX_DEPTH);
    (void)pcre2_set_heap_limit(work->context, HEAP_KIB);
    if (work->stack != NULL) { /* NULL where PCRE2 has no JIT */
        pcre2_jit_stack_assign(work->context, NULL, work->stack);
    }
    *ret = work;
    return GS_OK;
}

void gs_rule_workspace_free(struct gs_rule_workspace *work)
{
    if (work == NULL) {
        return;
    }
    pcre2_jit_stack_free(work->stack);
    pcre2_match_data_free(work->data);
    pcre2_match_context_free(work->context);
    free(work);
}

/* Where the first match at or behind from may begin; the text's length when there is none. */
static size_t may_begin(const struct gs_rule_workspace *work, const struct gs_rule *rule,
                        const struct gs_view *in, size_t from)
{
    const uint8_t *bytes = (const uint8_t *)in->bytes + from;
    const size_t n = in->len - from;

    if (n < rule->min_len || (rule->has_last && work->scan->find(bytes, n, &rule->last) == n)) {
        return in->len;
    }
    return from + (rule->has_first ? work->scan->find(bytes, n, &rule->first) : 0);
}

/* pcre2_match()'s answer for the next match at or behind from. */
static int match(struct gs_rule_workspace *work, const struct gs_rule *rule,
                 const struct gs_view *in, size_t from)
{
    const PCRE2_SPTR text = (PCRE2_SPTR)in->bytes;

    if (rule->jit) {
        return pcre2_jit_match(rule->code, text, in->len, from, PCRE2_NOTEMPTY, work->data,
                               work->context);
    }
    return pcre2_match(rule->code, text, in->len, from, PCRE2_NOTEMPTY | PCRE2_NO_UTF_CHECK,
                       work->data, work->context);
}

/* A place to replace: what rule found there. */
struct place {
    size_t start, end;
    const char *put; /* NULL: the rule's pieces, with n_groups groups of the match data */
    int n_groups;
};

enum search { FOUND, NOTHING, GIVEN_UP, STARVED };

/* The next place at or behind from; all before done is written. */
static enum search find_place(struct gs_rule_workspace *work, const struct gs_rule *rule,
                              const struct gs_view *in, size_t done, struct place *ret)
{
    if (rule->find != NULL) {
        const struct gs_mask_text text = {{in->bytes, in->len}, work->scan, work->addressed};
        struct gs_mask mask;
        if (!rule->find(&text, done, &mask)) {
            return NOTHING;
        }
        *ret = (struct place){mask.start, mask.end, mask.put, 0};
        return FOUND;
    }
    const size_t from = may_begin(work, rule, in, done);
    const int n_groups = from < in->len ? match(work, rule, in, from) : PCRE2_ERROR_NOMATCH;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(work->data);
    if (n_groups == PCRE2_ERROR_NOMATCH) {
        return NOTHING;
    }
    if (n_groups == PCRE2_ERROR_NOMEMORY) {
        return STARVED;
    }
    if (n_groups < 0 || at[0] < done || at[1] <= at[0]) {
        return GIVEN_UP;
    }
    *ret = (struct place){at[0], at[1], NULL, n_groups == 0 ? OVECTOR_PAIRS : n_groups};
    return FOUND;
}

static enum gs_status put_replacement(struct gs_rule_workspace *work, const struct gs_rule *rule,
                                      const struct gs_view *in, const struct place *place,
                                      struct gs_out *out, struct gs_error *err)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(work->data);
    /* A group keeps the match's origin, for origins never fall and groups may be swapped. */
    const uint32_t origin = in->origin[place->start];

    if (place->put != NULL) {
        const size_t n = strlen(place->put);
        const enum gs_status status = gs_out_reserve(out, n, err);
        if (status == GS_OK) {
            gs_out_put(out, place->put, n, origin);
        }
        return status;
    }
    for (size_t i = 0; i < rule->n_pieces; i++) {
        const struct gs_rule_piece *piece = &rule->pieces[i];
        const bool literal = piece->group == 0;
        if (!literal && (piece->group >= (uint32_t)place->n_groups ||
                         at[2 * (size_t)piece->group] == PCRE2_UNSET)) {
            continue;
        }
        const size_t start = literal ? 0 : at[2 * (size_t)piece->group];
        const size_t n = literal ? piece->len : at[2 * (size_t)piece->group + 1] - start;
        const enum gs_status status = gs_out_reserve(out, n, err);
        if (status != GS_OK) {
            return status;
        }
        gs_out_put(out, literal ? piece->text : in->bytes + start, n, origin);
    }
    return GS_OK;
}

/* The rest of the text from done on is masked whole: what a rule could not look through to the
 * end may hold what it is there to hide. */
static enum gs_status mask_rest(const struct gs_view *in, size_t done, struct gs_out *out,
                                struct gs_norm_counts *counts, struct gs_error *err)
{
    static const char masked[] = "<masked>";
    const enum gs_status status = gs_out_reserve(out, sizeof masked, err);

    if (status == GS_OK) {
        gs_out_put(out, masked, sizeof masked - 1, in->origin[done]);
        counts->rule_limits++;
    }
    return status;
}

/* Copies in's bytes from from up to to. */
static enum gs_status copy(const struct gs_view *in, size_t from, size_t to, struct gs_out *out,
                           struct gs_error *err)
{
    const enum gs_status status = gs_out_reserve(out, to - from + 1, err);

    if (status == GS_OK) {
        gs_out_copy(out, in, from, to - from);
    }
    return status;
}

/* Applies one rule to in. *changed stays false, and out unwritten, when nothing matched. */
static enum gs_status run_rule(struct gs_rule_workspace *work, const struct gs_rule *rule,
                               const struct gs_view *in, struct gs_out *out,
                               struct gs_norm_counts *counts, bool *changed, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    size_t done = 0; /* in's bytes that are in out, or replaced */

    out->len = 0;
    while (done < in->len && status == GS_OK) {
        struct place place = {done, done, NULL, 0};
        const enum search search = find_place(work, rule, in, done, &place);
        if (search == NOTHING) {
            break;
        }
        if (search == STARVED) {
            return gs_fail(err, GS_NO_MEMORY, "a rule's match");
        }
        *changed = true;
        status = copy(in, done, place.start, out, err);
        if (status != GS_OK) {
            return status;
        }
        done = place.start;
        if (search == GIVEN_UP || out->len > work->max_len) {
            return mask_rest(in, done, out, counts, err);
        }
        status = put_replacement(work, rule, in, &place, out, err);
        counts->masked++;
        done = place.end;
    }
    return *changed && status == GS_OK ? copy(in, done, in->len, out, err) : status;
}

/* Replacements may leave two blanks beside each other, or one at an end. */
static void fold_blanks(struct gs_out *out)
{
    const size_t len = out->len;

    out->len = 0;
    for (size_t i = 0; i < len; i++) {
        if (out->bytes[i] == ' ') {
            gs_out_blank(out, out->origin[i]);
        } else {
            gs_out_byte(out, out->bytes[i], out->origin[i]);
        }
    }
    if (out->len > 0 && out->bytes[out->len - 1] == ' ') {
        out->len--;
    }
}

static void set_limit(struct gs_rule_workspace *work, size_t len)
{
    size_t limit = STEPS_PER_TEXT / (len + 1);

    limit = limit < MIN_STEPS ? MIN_STEPS : limit > MAX_STEPS ? MAX_STEPS : limit;
    (void)pcre2_set_match_limit(work->context, (uint32_t)limit);
}

enum gs_status gs_rules_run(struct gs_rule_workspace *work, struct gs_view *text,
                            struct gs_out *out, struct gs_out *spare, struct gs_norm_counts *counts,
                            struct gs_error *err)
{
    set_limit(work, text->len);
    work->max_len = text->len + MAX_GROWTH;
    for (size_t i = 0; i < work->rules->n; i++) {
        const struct gs_rule *rule = &work->rules->rules[i];
        bool changed = false;
        /* Write into the buffer that text is not in. */
        struct gs_out *to = text->bytes == out->bytes ? spare : out;
        const enum gs_status status = run_rule(work, rule, text, to, counts, &changed, err);
        if (status != GS_OK) {
            return status;
        }
        if (changed) {
            fold_blanks(to);
            *text = gs_out_view(to, text->origin[text->len]);
        }
    }
    return GS_OK;
}
