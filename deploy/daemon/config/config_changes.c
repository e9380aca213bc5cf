/* What is different between two configurations, by the table of settings: a value is compared as its
 * row's type says. */
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/config/options.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_strings(const struct gs_strings *a, const struct gs_strings *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; i < a->n && same; i++) {
        same = strcmp(a->items[i], b->items[i]) == 0;
    }
    return same;
}

static bool same_rules(const struct gs_rule_list *a, const struct gs_rule_list *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; i < a->n && same; i++) {
        same = same_text(a->items[i].name, b->items[i].name) &&
               same_text(a->items[i].pattern, b->items[i].pattern) &&
               same_text(a->items[i].replace, b->items[i].replace);
    }
    return same;
}

static bool same_properties(const struct gs_property_list *a, const struct gs_property_list *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; i < a->n && same; i++) {
        same = same_text(a->items[i].name, b->items[i].name) &&
               same_text(a->items[i].value, b->items[i].value);
    }
    return same;
}

static bool same(const struct gs_option *option, const struct gs_config *from,
                 const struct gs_config *to)
{
    const void *a = (const char *)from + option->offset;
    const void *b = (const char *)to + option->offset;

    switch (option->type) {
    case GS_OPT_STRING:
    case GS_OPT_PATH:
    case GS_OPT_POINTER:
    case GS_OPT_NAME:
        return same_text(*(const char *const *)a, *(const char *const *)b);
    case GS_OPT_PATHS:
    case GS_OPT_URLS:
    case GS_OPT_POINTERS:
    case GS_OPT_NAMES:
        return same_strings(a, b);
    case GS_OPT_RULES:
        return same_rules(a, b);
    case GS_OPT_PROPERTIES:
        return same_properties(a, b);
    case GS_OPT_UINT:
    case GS_OPT_DOUBLE:
    case GS_OPT_BOOL:
    case GS_OPT_ENUM:
    case GS_OPT_DURATION:
    case GS_OPT_SIZE:
        break;
    }
    return memcmp(a, b, option->size) == 0;
}

/* ---- what a setting bears on ---- */

/* Beginnings of names. What is not here is for the service, its clients and its pages. */
static const struct {
    const char *prefix;
    enum gs_bearing bearing;
} bearings[] = {
    {"input.format", GS_BEARS_ON_TAGS},
    {"input.pointers.", GS_BEARS_ON_TAGS},
    {"input.default_source", GS_BEARS_ON_TAGS},
    {"input.max_", GS_BEARS_ON_TAGS},
    {"input.bad_utf8", GS_BEARS_ON_TAGS},
    {"text.", GS_BEARS_ON_TAGS},
    {"entities.", GS_BEARS_ON_TAGS},
    {"model.", GS_BEARS_ON_TAGS},
    {"incidents.journal", GS_BEARS_ON_NOTHING}, /* a replay knows no answers and no clock */
    {"incidents.quiet_hours", GS_BEARS_ON_NOTHING},
    {"incidents.time_zone", GS_BEARS_ON_NOTHING},
    {"observations.", GS_BEARS_ON_ALERTS},
    {"watch.", GS_BEARS_ON_ALERTS},
    {"incidents.", GS_BEARS_ON_ALERTS},
};

enum gs_bearing gs_option_bearing(const struct gs_option *option)
{
    for (size_t i = 0; i < GS_COUNT(bearings); i++) {
        if (strncmp(option->name, bearings[i].prefix, strlen(bearings[i].prefix)) == 0) {
            return bearings[i].bearing;
        }
    }
    return GS_BEARS_ON_NOTHING;
}

bool gs_config_tags_alike(const struct gs_config *a, const struct gs_config *b)
{
    bool alike = true;

    for (size_t i = 0; i < gs_n_options && alike; i++) {
        alike = gs_option_bearing(&gs_options[i]) != GS_BEARS_ON_TAGS || same(&gs_options[i], a, b);
    }
    return alike;
}

bool gs_option_is_same(const struct gs_option *option, const struct gs_config *a,
                       const struct gs_config *b)
{
    return same(option, a, b);
}

size_t gs_config_changes(const struct gs_config *from, const struct gs_config *to, bool reloads,
                         struct gs_buf *out)
{
    size_t n = 0;

    for (size_t i = 0; i < gs_n_options; i++) {
        const struct gs_option *option = &gs_options[i];
        if (((option->flags & GS_OPT_RELOADS) != 0) == reloads && !same(option, from, to)) {
            gs_buf_printf(out, "%s%s", n > 0 ? ", " : "", option->name);
            n++;
        }
    }
    return n;
}
