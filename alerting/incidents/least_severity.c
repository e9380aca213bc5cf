/* Rules are few and keys are compared at alerts alone, so they are gone through one by one. */
#include "alerting/incidents/least_severity.h"

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

/* The next part in front of a comma; false: no more. */
static bool next_part(const char **at, struct gs_str *ret)
{
    if (*at == NULL) {
        return false;
    }
    const char *comma = strchr(*at, ',');
    *ret = trim((struct gs_str){*at, comma == NULL ? strlen(*at) : (size_t)(comma - *at)});
    *at = comma == NULL ? NULL : comma + 1;
    return true;
}

static bool read_severity(struct gs_str name, uint8_t *ret)
{
    for (int i = 0; i < GS_N_SEVERITIES; i++) {
        if (gs_str_equal(name, gs_str(gs_severity_name((enum gs_severity)i)))) {
            *ret = (uint8_t)i;
            return true;
        }
    }
    *ret = GS_N_SEVERITIES;
    return gs_str_equal(name, gs_str("off"));
}

/* The "=" of a key is its own ("source:a=b"): the last one counts. */
static bool read_rule(struct gs_str part, struct gs_least_rule *ret)
{
    size_t equals = part.len;

    while (equals > 0 && part.bytes[equals - 1] != '=') {
        equals--;
    }
    if (equals == 0) {
        return false;
    }
    const struct gs_str name = {part.bytes + equals, part.len - equals};
    struct gs_str pattern = trim((struct gs_str){part.bytes, equals - 1});
    ret->begins = pattern.len > 0 && pattern.bytes[pattern.len - 1] == '*';
    pattern.len -= ret->begins;
    if (pattern.len >= sizeof ret->pattern || (pattern.len == 0 && !ret->begins) ||
        memchr(pattern.bytes, '*', pattern.len) != NULL) {
        return false;
    }
    memcpy(ret->pattern, pattern.bytes, pattern.len);
    ret->pattern[pattern.len] = '\0';
    return read_severity(trim(name), &ret->severity);
}

enum gs_status gs_least_severity_parse(const char *text, struct gs_least_severity *ret,
                                       struct gs_error *err)
{
    const char *at = text == NULL || text[0] == '\0' ? NULL : text;
    struct gs_str part;

    ret->n = 0;
    while (next_part(&at, &part)) {
        if (ret->n == GS_LEAST_RULES) {
            return gs_fail(err, GS_BAD_CONFIG, "more than %d rules", GS_LEAST_RULES);
        }
        if (!read_rule(part, &ret->rules[ret->n])) {
            return gs_fail(err, GS_BAD_CONFIG,
                           "\"%.*s\" is no rule such as topic:*=warning (info, warning, critical, "
                           "off)",
                           part.len > 60 ? 60 : (int)part.len, part.bytes);
        }
        ret->n++;
    }
    return GS_OK;
}

bool gs_least_severity_fits(const struct gs_least_severity *least, struct gs_str key,
                            enum gs_severity severity)
{
    for (size_t i = 0; i < least->n; i++) {
        const struct gs_least_rule *rule = &least->rules[i];
        const size_t len = strlen(rule->pattern);
        if (key.len >= len && memcmp(key.bytes, rule->pattern, len) == 0 &&
            (rule->begins || key.len == len)) {
            return (uint8_t)severity >= rule->severity;
        }
    }
    return true;
}
