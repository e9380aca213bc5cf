/* A setting's value as text: for people who compare two configurations, and as what an exhibit's
 * hash is taken of. So the text of a value never depends on how it was written. */
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/config/options.h"

#include <inttypes.h>
#include <string.h>

/* A whole number of any size; none is negative. */
static uint64_t read_whole(const void *field, size_t size)
{
    uint64_t value = 0;

    if (size == sizeof(uint8_t)) {
        value = *(const uint8_t *)field;
    } else if (size == sizeof(uint16_t)) {
        value = *(const uint16_t *)field;
    } else if (size == sizeof(uint32_t)) {
        value = *(const uint32_t *)field;
    } else {
        memcpy(&value, field, sizeof value);
    }
    return value;
}

static void write_text(const char *text, struct gs_buf *out)
{
    gs_buf_puts(out, text == NULL ? "" : text);
}

static void write_strings(const struct gs_strings *list, struct gs_buf *out)
{
    for (size_t i = 0; i < list->n; i++) {
        gs_buf_puts(out, i > 0 ? "," : "");
        gs_buf_puts(out, list->items[i]);
    }
}

static void write_rules(const struct gs_rule_list *rules, struct gs_buf *out)
{
    for (size_t i = 0; i < rules->n; i++) {
        gs_buf_puts(out, i > 0 ? ", " : "");
        write_text(rules->items[i].name, out);
        gs_buf_puts(out, ": ");
        write_text(rules->items[i].pattern, out);
        gs_buf_puts(out, " > ");
        write_text(rules->items[i].replace, out);
    }
}

static void write_duration(uint64_t ms, struct gs_buf *out)
{
    static const struct {
        uint64_t ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;

    while (ms % units[i].ms != 0) {
        i++;
    }
    gs_buf_printf(out, "%" PRIu64 "%s", ms / units[i].ms, ms == 0 ? "" : units[i].unit);
}

void gs_option_write(const struct gs_option *option, const struct gs_config *config,
                     struct gs_buf *out)
{
    const void *field = (const char *)config + option->offset;

    if ((option->flags & GS_OPT_SECRET) != 0) {
        gs_buf_puts(out, "(secret)");
        return;
    }
    switch (option->type) {
    case GS_OPT_STRING:
    case GS_OPT_PATH:
    case GS_OPT_POINTER:
    case GS_OPT_NAME:
        write_text(*(const char *const *)field, out);
        break;
    case GS_OPT_UINT:
    case GS_OPT_SIZE:
        gs_buf_printf(out, "%" PRIu64, read_whole(field, option->size));
        break;
    case GS_OPT_DOUBLE:
        gs_buf_printf(out, "%.15g", *(const double *)field);
        break;
    case GS_OPT_BOOL:
        gs_buf_puts(out, *(const bool *)field ? "true" : "false");
        break;
    case GS_OPT_ENUM:
        gs_buf_puts(out, option->values[read_whole(field, option->size)]);
        break;
    case GS_OPT_DURATION:
        write_duration(read_whole(field, option->size), out);
        break;
    case GS_OPT_PATHS:
    case GS_OPT_POINTERS:
    case GS_OPT_NAMES:
    case GS_OPT_URLS:
        write_strings(field, out);
        break;
    case GS_OPT_RULES:
        write_rules(field, out);
        break;
    case GS_OPT_PROPERTIES:
        break; /* may hold a password: secret, as above */
    }
}
