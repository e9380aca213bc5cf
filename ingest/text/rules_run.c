#include "ingest/text/rules.h"

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

struct gs_rule_work {
    const struct gs_rules *rules;
    const struct gs_scan *scan;
    pcre2_match_context *context;
    pcre2_match_data *data;
    pcre2_jit_stack *stack;
    size_t max_len; /* bytes that replacements may make of the text at hand */
};

enum gs_status gs_rule_work_new(const struct gs_rules *rules, const struct gs_scan *scan,
                                struct gs_rule_work **ret, struct gs_error *err)
{
    struct gs_rule_work *work = calloc(1, sizeof *work);

    if (work == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "rules");
    }
    work->rules = rules;
    work->scan = scan;
    work->context = pcre2_match_context_create(NULL);
    work->data = pcre2_match_data_create(OVECTOR_PAIRS, NULL);
    work->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (work->context == NULL || work->data == NULL) {
        gs_rule_work_free(work);
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

void gs_rule_work_free(struct gs_rule_work *work)
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
static size_t may_begin(const struct gs_rule_work *work, const struct gs_rule *rule,
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
static int match(struct gs_rule_work *work, const struct gs_rule *rule, const struct gs_view *in,
                 size_t from)
{
    const PCRE2_SPTR text = (PCRE2_SPTR)in->bytes;

    if (rule->jit) {
        return pcre2_jit_match(rule->code, text, in->len, from, PCRE2_NOTEMPTY, work->data,
                               work->context);
    }
    return pcre2_match(rule->code, text, in->len, from, PCRE2_NOTEMPTY | PCRE2_NO_UTF_CHECK,
                       work->data, work->context);
}

static enum gs_status put_replacement(const struct gs_rule *rule, const struct gs_view *in,
                                      const PCRE2_SIZE *at, int n_groups, struct gs_out *out,
                                      struct gs_error *err)
{
    for (size_t i = 0; i < rule->n_pieces; i++) {
        const struct gs_rule_piece *piece = &rule->pieces[i];
        const bool literal = piece->group == 0;
        if (!literal &&
            (piece->group >= (uint32_t)n_groups || at[2 * (size_t)piece->group] == PCRE2_UNSET)) {
            continue;
        }
        const size_t start = literal ? 0 : at[2 * (size_t)piece->group];
        const size_t n = literal ? piece->len : at[2 * (size_t)piece->group + 1] - start;
        const enum gs_status status = gs_out_reserve(out, n, err);
        if (status != GS_OK) {
            return status;
        }
        /* A group keeps the match's origin, for origins never fall and groups may be swapped. */
        gs_out_put(out, literal ? piece->text : in->bytes + start, n, in->origin[at[0]]);
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

/* Applies one rule to in. *changed stays false, and out unwritten, when nothing matched. */
static enum gs_status run_rule(struct gs_rule_work *work, const struct gs_rule *rule,
                               const struct gs_view *in, struct gs_out *out,
                               struct gs_norm_counts *counts, bool *changed, struct gs_error *err)
{
    size_t from = may_begin(work, rule, in, 0);
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(work->data);
    enum gs_status status = GS_OK;
    size_t done = 0; /* in's bytes that are in out, or replaced */

    out->len = 0;
    while (from < in->len && status == GS_OK) {
        const int n_groups = match(work, rule, in, from);
        if (n_groups == PCRE2_ERROR_NOMATCH) {
            break;
        }
        const bool sound = n_groups >= 0 && at[0] >= done && at[1] > at[0];
        const size_t copy_to = sound ? at[0] : done;
        *changed = true;
        status = gs_out_reserve(out, copy_to - done + 1, err);
        if (status != GS_OK) {
            return status;
        }
        gs_out_copy(out, in, done, copy_to - done);
        done = copy_to;
        if (!sound || out->len > work->max_len) {
            status = mask_rest(in, done, out, counts, err);
            done = in->len;
            break;
        }
        status = put_replacement(rule, in, at, n_groups == 0 ? OVECTOR_PAIRS : n_groups, out, err);
        counts->masked++;
        done = at[1];
        from = may_begin(work, rule, in, done);
    }
    if (*changed && status == GS_OK) {
        status = gs_out_reserve(out, in->len - done, err);
    }
    if (*changed && status == GS_OK) {
        gs_out_copy(out, in, done, in->len - done);
    }
    return status;
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

static void set_limit(struct gs_rule_work *work, size_t len)
{
    size_t limit = STEPS_PER_TEXT / (len + 1);

    limit = limit < MIN_STEPS ? MIN_STEPS : limit > MAX_STEPS ? MAX_STEPS : limit;
    (void)pcre2_set_match_limit(work->context, (uint32_t)limit);
}

enum gs_status gs_rules_run(struct gs_rule_work *work, struct gs_view *text, struct gs_out *out,
                            struct gs_out *spare, struct gs_norm_counts *counts,
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
