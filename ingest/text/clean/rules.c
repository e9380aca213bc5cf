/* Compiling rules: what a configuration says once, turned into what is run on every text.
 *
 * A rule is a pattern and a replacement, or a function of the program's own (mask.h). A pattern is
 * compiled to machine code, where the system allows code to be made. PCRE2 then tells with which
 * bytes a match can begin and which it must hold, and that is kept as sets for a vector scan
 * (read_needs()): a text without them is never given to PCRE2, which costs 200 ns to ask. The
 * replacement is split into literal text and groups here, so that running it only copies. */
#include "ingest/text/clean/rules.h"

#include "ingest/base/utf8.h"

#include <stdlib.h>

/* Literal text and $1 to $9, split up once. */
static enum gs_status split_replacement(struct gs_rule *rule, struct gs_error *err)
{
    uint32_t groups = 0;
    const char *text = rule->replace;

    (void)pcre2_pattern_info(rule->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    while (*text != '\0') {
        const bool is_group = text[0] == '$' && text[1] >= '1' && text[1] <= '9';
        size_t len = is_group ? 2 : 1;
        while (!is_group && text[len] != '\0' &&
               !(text[len] == '$' && text[len + 1] >= '1' && text[len + 1] <= '9')) {
            len++;
        }
        const uint32_t group = is_group ? (uint32_t)(text[1] - '0') : 0;
        if (group > groups) {
            return gs_fail(err, GS_BAD_CONFIG, "rule %s: replacement wants group %u of %u",
                           rule->name, group, groups);
        }
        if (rule->n_pieces == GS_RULE_MAX_PIECES) {
            return gs_fail(err, GS_BAD_CONFIG, "rule %s: replacement has more than %d parts",
                           rule->name, GS_RULE_MAX_PIECES);
        }
        rule->pieces[rule->n_pieces++] = (struct gs_rule_piece){text, len, group};
        text += len;
    }
    return GS_OK;
}

static void add_letter(struct gs_byteset *set, uint32_t unit)
{
    const uint8_t byte = (uint8_t)unit;

    gs_byteset_add(set, byte);
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) {
        gs_byteset_add(set, (uint8_t)(byte ^ 0x20)); /* it may be meant without case */
        if ((byte | 0x20) == 'k' || (byte | 0x20) == 's') {
            /* The Kelvin sign and the long s are their other cases: any byte from 0x80 may do. */
            for (unsigned b = 0x80; b < 0x100; b++) {
                gs_byteset_add(set, (uint8_t)b);
            }
        }
    }
}

/* Asks PCRE2 for what it knows of the bytes of a match. */
static void read_needs(struct gs_rule *rule)
{
    uint32_t type = 0;
    uint32_t unit = 0;
    const uint8_t *bitmap = NULL;

    (void)pcre2_pattern_info(rule->code, PCRE2_INFO_FIRSTCODETYPE, &type);
    (void)pcre2_pattern_info(rule->code, PCRE2_INFO_FIRSTBITMAP, &bitmap);
    if (type == 1) {
        (void)pcre2_pattern_info(rule->code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
        add_letter(&rule->first, unit);
        rule->has_first = true;
    } else if (bitmap != NULL) {
        for (unsigned b = 0; b < 256; b++) {
            if (((bitmap[b / 8] >> (b % 8)) & 1) != 0) {
                gs_byteset_add(&rule->first, (uint8_t)b);
            }
        }
        rule->has_first = true;
    }
    (void)pcre2_pattern_info(rule->code, PCRE2_INFO_LASTCODETYPE, &type);
    if (type == 1) {
        (void)pcre2_pattern_info(rule->code, PCRE2_INFO_LASTCODEUNIT, &unit);
        add_letter(&rule->last, unit);
        rule->has_last = true;
    }
    (void)pcre2_pattern_info(rule->code, PCRE2_INFO_MINLENGTH, &rule->min_len);
}

static enum gs_status compile_pattern(struct gs_rule *rule, const char *pattern, enum gs_jit jit,
                                      struct gs_error *err)
{
    PCRE2_UCHAR why[160];
    PCRE2_SIZE at = 0;
    int code = 0;

    rule->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                               PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
    if (rule->code == NULL) {
        (void)pcre2_get_error_message(code, why, sizeof why);
        return gs_fail(err, GS_BAD_CONFIG, "rule %s: position %zu: %s", rule->name, at,
                       (const char *)why);
    }
    /* Where it fails, for what reason ever, the interpreter does it under the same limits. PCRE2
     * says "no memory" too when the system denies memory that may be run. */
    rule->jit = jit == GS_JIT_AUTO && pcre2_jit_compile(rule->code, PCRE2_JIT_COMPLETE) == 0;
    return GS_OK;
}

static enum gs_status compile_rule(const struct gs_rule_spec *spec, enum gs_jit jit,
                                   struct gs_rule *rule, struct gs_error *err)
{
    rule->name = strdup(spec->name);
    rule->replace = strdup(spec->replace == NULL ? "" : spec->replace);
    rule->find = spec->find;
    if (rule->name == NULL || rule->replace == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "rule %s", spec->name);
    }
    if (rule->find != NULL) {
        return GS_OK;
    }
    for (size_t i = 0; rule->replace[i] != '\0';) {
        const size_t n = gs_utf8_valid_len(rule->replace + i, strlen(rule->replace + i));
        if (n == 0) {
            return gs_fail(err, GS_BAD_CONFIG, "rule %s: replacement is not UTF-8", spec->name);
        }
        i += n;
    }
    enum gs_status status = compile_pattern(rule, spec->pattern, jit, err);
    if (status == GS_OK) {
        read_needs(rule);
        status = split_replacement(rule, err);
    }
    return status;
}

enum gs_status gs_rules_compile(const struct gs_rule_spec *specs, size_t n, enum gs_jit jit,
                                struct gs_rules **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    if (n > GS_MAX_RULES) {
        return gs_fail(err, GS_BAD_CONFIG, "%zu rules, but at most %d are allowed", n,
                       GS_MAX_RULES);
    }
    struct gs_rules *rules = calloc(1, sizeof *rules);
    if (rules == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "rules");
    }
    for (size_t i = 0; i < n && status == GS_OK; i++) {
        rules->n++;
        status = compile_rule(&specs[i], jit, &rules->rules[i], err);
    }
    if (status == GS_OK) {
        *ret = rules;
        rules = NULL;
    }
    gs_rules_free(rules);
    return status;
}

size_t gs_rules_interpreted(const struct gs_rules *rules)
{
    size_t n = 0;

    for (size_t i = 0; i < rules->n; i++) {
        n += rules->rules[i].find == NULL && !rules->rules[i].jit ? 1 : 0;
    }
    return n;
}

void gs_rules_free(struct gs_rules *rules)
{
    if (rules == NULL) {
        return;
    }
    for (size_t i = 0; i < rules->n; i++) {
        pcre2_code_free(rules->rules[i].code);
        free(rules->rules[i].name);
        free(rules->rules[i].replace);
    }
    free(rules);
}
