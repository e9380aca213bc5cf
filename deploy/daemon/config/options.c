/* Texts to values: numbers, durations, sizes, names, and what is said when they are wrong. */
#include "deploy/daemon/config/options.h"

#include "alerting/notify/notify.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    double factor;
};
static const struct unit durations[] = {{"ms", 1},     {"s", 1000},    {"m", 60e3},
                                        {"h", 3600e3}, {"d", 86400e3}, {"", 1000}};
static const struct unit sizes[] = {
    {"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}, {"", 1}};

/* ---- what is allowed ---- */

/* The largest unit that the value is a whole number of. */
static void put_scaled(struct gs_buf *out, double value, const struct unit *units, size_t n)
{
    size_t best = value == 0.0 ? n - 1 : 0;

    for (size_t i = 0; i + 1 < n; i++) { /* the last row is "no unit" */
        if (value > 0 && fmod(value, units[i].factor) == 0.0) {
            best = i;
        }
    }
    gs_buf_printf(out, "%.15g%s", value / units[best].factor, units[best].name);
}

static void put_value(struct gs_buf *out, const struct gs_option *option, double value)
{
    if (option->type == GS_OPT_DURATION) {
        put_scaled(out, value, durations, GS_COUNT(durations));
    } else if (option->type == GS_OPT_SIZE) {
        put_scaled(out, value, sizes, GS_COUNT(sizes));
    } else {
        gs_buf_printf(out, "%.15g", value);
    }
}

static void put_choice(struct gs_buf *out, const struct gs_option *option)
{
    for (size_t i = 0; option->values[i] != NULL; i++) {
        gs_buf_printf(out, "%s%s",
                      i == 0                          ? ""
                      : option->values[i + 1] == NULL ? " or "
                                                      : ", ",
                      option->values[i]);
    }
}

static const char *noun(const struct gs_option *option)
{
    switch (option->type) {
    case GS_OPT_STRING:
        return "a text";
    case GS_OPT_PATH:
        return "a path";
    case GS_OPT_POINTER:
        return "a JSON pointer (RFC 6901) such as /data/title";
    case GS_OPT_NAME:
        return "a name of letters, digits, \".\", \"_\" and \"-\", at most 249";
    case GS_OPT_UINT:
        return "a whole number";
    case GS_OPT_DOUBLE:
        return "a number";
    case GS_OPT_BOOL:
        return "true or false";
    case GS_OPT_ENUM:
        return "one of ";
    case GS_OPT_DURATION:
        return "a duration (ms, s, m, h, d)";
    case GS_OPT_SIZE:
        return "a size (B, KiB, MiB, GiB)";
    case GS_OPT_PATHS:
        return "a list of paths";
    case GS_OPT_POINTERS:
        return "a list of at most 8 JSON pointers (RFC 6901)";
    case GS_OPT_NAMES:
        return "a list of names of letters, digits, \".\", \"_\" and \"-\", each at most 249";
    case GS_OPT_URLS:
        return "a list of at most 16 addresses, http or https";
    case GS_OPT_RULES:
        return "a list of rules, each with name, pattern and replace";
    case GS_OPT_PROPERTIES:
        return "a mapping of librdkafka properties to texts";
    }
    return "a value";
}

void gs_option_allowed(const struct gs_option *option, struct gs_buf *out)
{
    gs_buf_puts(out, noun(option));
    if (option->type == GS_OPT_ENUM) {
        put_choice(out, option);
    } else if (option->type == GS_OPT_UINT || option->type == GS_OPT_DOUBLE ||
               option->type == GS_OPT_DURATION || option->type == GS_OPT_SIZE) {
        gs_buf_puts(out, " from ");
        put_value(out, option, option->min);
        gs_buf_puts(out, " to ");
        put_value(out, option, option->max);
    } else if ((option->flags & GS_OPT_OPTIONAL) != 0) {
        gs_buf_puts(out, ", or nothing");
    }
}

bool gs_option_refuse(const struct gs_option *option, const char *text,
                      const struct gs_origin *origin, struct gs_diagnostics *diagnostics)
{
    struct gs_buf allowed = {.max = 4096};

    gs_option_allowed(option, &allowed);
    gs_buf_putc(&allowed, '\0');
    const char *what = gs_buf_ok(&allowed) ? allowed.bytes : "see configuration.md";
    if ((option->flags & GS_OPT_SECRET) != 0) {
        gs_diagnostics_add(diagnostics, origin->place, origin->line, "%s: must be %s", option->name,
                           what);
    } else if (text == NULL || text[0] == '\0') {
        gs_diagnostics_add(diagnostics, origin->place, origin->line,
                           "%s: has no value; it must be %s", option->name, what);
    } else {
        gs_diagnostics_add(diagnostics, origin->place, origin->line, "%s: \"%.60s%s\" must be %s",
                           option->name, text, strlen(text) > 60 ? "…" : "", what);
    }
    gs_buf_done(&allowed);
    return false;
}

/* ---- numbers ---- */

/* A number without sign, blanks, hex or names, and what follows it. */
static bool read_number(const char *text, double *ret, const char **ret_rest)
{
    char *end = NULL;
    const size_t digits = strspn(text, "0123456789");
    const size_t shape = strspn(text, "0123456789.eE+-");

    if (digits == 0 && !(text[0] == '.' && text[1] >= '0' && text[1] <= '9')) {
        return false;
    }
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        return false;
    }
    errno = 0;
    const double value = strtod(text, &end);
    if (!isfinite(value) || end > text + shape) {
        return false;
    }
    *ret = value;
    *ret_rest = end;
    return true;
}

static bool read_scaled(const char *text, const struct unit *units, size_t n, double *ret)
{
    const char *rest = NULL;
    double value = 0;

    if (!read_number(text, &value, &rest)) {
        return false;
    }
    rest += strspn(rest, " ");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rest, units[i].name) == 0) {
            const double exact = value * units[i].factor;
            *ret = round(exact);                       /* 1.1s is 1100.0000000000002 ms */
            return fabs(exact - *ret) <= 1e-9 * exact; /* but half a byte is a mistake */
        }
    }
    return false;
}

static bool read_double(const char *text, double *ret)
{
    const char *rest = NULL;
    return read_number(text, ret, &rest) && rest[0] == '\0';
}

static bool read_choice(const struct gs_option *option, const char *text, double *ret)
{
    static const char *const booleans[] = {"false", "true", NULL};
    const char *const *values = option->type == GS_OPT_BOOL ? booleans : option->values;

    for (size_t i = 0; values[i] != NULL; i++) {
        if (strcmp(values[i], text) == 0) {
            *ret = (double)i;
            return true;
        }
    }
    return false;
}

/* Value is a whole number within the row's range, and so within the field's (a test checks the
 * table). */
static void store_whole(void *field, size_t size, double value)
{
    const uint64_t whole = (uint64_t)value;

    if (size == sizeof(uint8_t)) {
        const uint8_t narrow = (uint8_t)whole;
        memcpy(field, &narrow, size);
    } else if (size == sizeof(uint32_t)) {
        const uint32_t narrow = (uint32_t)whole;
        memcpy(field, &narrow, size);
    } else {
        memcpy(field, &whole, sizeof whole);
    }
}

static bool set_number(const struct gs_option *option, const char *text, void *field)
{
    double value = 0;
    bool ok = false;

    switch (option->type) {
    case GS_OPT_BOOL:
    case GS_OPT_ENUM:
        if (!read_choice(option, text, &value)) {
            return false;
        }
        store_whole(field, option->size, value);
        return true;
    case GS_OPT_DURATION:
        ok = read_scaled(text, durations, GS_COUNT(durations), &value);
        break;
    case GS_OPT_SIZE:
        ok = read_scaled(text, sizes, GS_COUNT(sizes), &value);
        break;
    case GS_OPT_UINT:
        ok = read_double(text, &value) && value == floor(value);
        break;
    default:
        ok = read_double(text, &value);
        break;
    }
    if (!ok || value < option->min || value > option->max) {
        return false;
    }
    if (option->type == GS_OPT_DOUBLE) {
        memcpy(field, &value, sizeof value);
    } else {
        store_whole(field, option->size, value);
    }
    return true;
}

/* ---- texts ---- */

static bool is_name(const char *text)
{
    const size_t len = strlen(text);

    return len <= 249 && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static bool is_pointer(const char *text)
{
    if (text[0] != '/') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text == '~' && text[1] != '0' && text[1] != '1') {
            return false;
        }
    }
    return true;
}

static char *join(struct gs_arena *arena, const char *dir, const char *text)
{
    const size_t dir_len = dir == NULL ? 0 : strlen(dir);
    const size_t len = strlen(text);
    char *path = gs_arena_alloc(arena, dir_len + len + 2);

    if (path == NULL) {
        return NULL;
    }
    const size_t start = dir_len > 0 ? dir_len + 1 : 0;
    if (dir_len > 0) {
        memcpy(path, dir, dir_len);
        path[dir_len] = '/';
    }
    memcpy(path + start, text, len);
    path[start + len] = '\0';
    return path;
}

const char *gs_option_read_text(const struct gs_option *option, const char *text,
                                const struct gs_origin *origin, struct gs_arena *arena,
                                struct gs_diagnostics *diagnostics)
{
    const bool path = option->type == GS_OPT_PATH || option->type == GS_OPT_PATHS;
    const bool name = option->type == GS_OPT_NAME || option->type == GS_OPT_NAMES;
    const bool pointer = option->type == GS_OPT_POINTER || option->type == GS_OPT_POINTERS;

    if (text[0] == '\0' || (name && !is_name(text)) || (pointer && !is_pointer(text))) {
        (void)gs_option_refuse(option, text, origin, diagnostics);
        return NULL;
    }
    const bool relative = path && text[0] != '/' && strcmp(text, "-") != 0;
    struct gs_error why = {.status = GS_OK};
    if (option->type == GS_OPT_URLS && gs_notify_check_url(text, &why) != GS_OK) {
        gs_diagnostics_add(diagnostics, origin->place, origin->line, "%s: %s", option->name,
                           why.message);
        return NULL;
    }
    const char *copy = join(arena, relative ? origin->dir : NULL, text);
    if (copy == NULL) {
        gs_diagnostics_add(diagnostics, origin->place, origin->line, "%s: no memory", option->name);
    }
    return copy;
}

static bool set_scalar(const struct gs_option *option, const char *text,
                       const struct gs_origin *origin, void *field, struct gs_arena *arena,
                       struct gs_diagnostics *diagnostics)
{
    const bool textual = option->type == GS_OPT_STRING || option->type == GS_OPT_PATH ||
                         option->type == GS_OPT_POINTER || option->type == GS_OPT_NAME;
    const char *value = NULL;

    if (gs_option_has_placeholder(option->name, text, origin, diagnostics)) {
        return false;
    }
    if (!textual) {
        return set_number(option, text, field) ||
               gs_option_refuse(option, text, origin, diagnostics);
    }
    if (text[0] != '\0' || (option->flags & GS_OPT_OPTIONAL) == 0) {
        value = gs_option_read_text(option, text, origin, arena, diagnostics);
        if (value == NULL) {
            return false;
        }
    }
    memcpy(field, &value, sizeof value);
    return true;
}

bool gs_option_set_node(const struct gs_option *option, const struct gs_node *node,
                        const struct gs_origin *origin, void *config, struct gs_arena *arena,
                        struct gs_diagnostics *diagnostics)
{
    if (gs_option_is_list(option)) {
        return gs_option_set_list(option, node, origin, config, arena, diagnostics);
    }
    if (node->kind != GS_NODE_TEXT) {
        return gs_option_refuse(option, node->kind == GS_NODE_LIST ? "[…]" : "{…}", origin,
                                diagnostics);
    }
    return set_scalar(option, node->null ? "" : node->text, origin, (char *)config + option->offset,
                      arena, diagnostics);
}

bool gs_option_set_text(const struct gs_option *option, const char *text,
                        const struct gs_origin *origin, void *config, struct gs_arena *arena,
                        struct gs_diagnostics *diagnostics)
{
    if (!gs_option_is_list(option)) {
        return set_scalar(option, text, origin, (char *)config + option->offset, arena,
                          diagnostics);
    }
    struct gs_node list = {.kind = GS_NODE_LIST};
    struct gs_node *node = &list;
    if (text[0] == '[' || text[0] == '{') {
        if (!gs_yaml_parse(gs_str(text), origin->place, arena, &node, diagnostics)) {
            return false;
        }
    } else if (option->type == GS_OPT_RULES || option->type == GS_OPT_PROPERTIES) {
        list.kind = option->type == GS_OPT_RULES ? GS_NODE_LIST : GS_NODE_MAP;
        if (text[0] != '\0') {
            return gs_option_refuse(option, text, origin, diagnostics);
        }
    } else if (!gs_option_split(text, arena, &list)) {
        gs_diagnostics_add(diagnostics, origin->place, origin->line, "%s: no memory", option->name);
        return false;
    }
    return gs_option_set_list(option, node, origin, config, arena, diagnostics);
}
