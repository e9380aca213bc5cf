/* The documents that are made from the table of settings: the reference page, the JSON Schema, and
 * the example file with every setting. */
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/config/options.h"

#include <string.h>

/* Tells whether name is a direct member of the group: "input.kind" of "input", but not
 * "input.pointers.id". The empty group has the top groups. */
static const char *member_of(const char *name, const char *group)
{
    const size_t len = strlen(group);

    if (len > 0 && (strncmp(name, group, len) != 0 || name[len] != '.')) {
        return NULL;
    }
    const char *leaf = len > 0 ? name + len + 1 : name;
    return strchr(leaf, '.') == NULL ? leaf : NULL;
}

/* ---- configuration.md ---- */

static void put_cell(struct gs_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        gs_buf_puts(out, *text == '|' || *text == '<' ? "\\" : "");
        gs_buf_putc(out, *text);
    }
}

static void put_reference_row(struct gs_buf *out, const struct gs_option *option)
{
    gs_buf_printf(out, "| `%s` | ", option->name);
    if (option->def[0] == '\0') {
        gs_buf_puts(out, "nothing");
    } else {
        gs_buf_printf(out, "`%s`", option->def);
    }
    gs_buf_puts(out, " | ");
    gs_option_allowed(option, out);
    gs_buf_puts(out, " | ");
    put_cell(out, option->help);
    gs_buf_puts(out, (option->flags & GS_OPT_RELOADS) != 0 ? " *Reloads.* |\n" : " |\n");
}

void gs_config_write_reference(struct gs_buf *out)
{
    gs_buf_puts(
        out,
        "<!-- Generated from deploy/daemon/config/config_table.c by groundswell_docs; do not edit. "
        "-->\n"
        "# Configuration\n\n"
        "One YAML file, `-c FILE`. [groundswell.yaml](../config/groundswell.yaml) has every "
        "setting "
        "with its default, and [groundswell.schema.json](../config/groundswell.schema.json) lets "
        "an editor check it.\n\n"
        "Later wins: defaults, the file, the environment, `--set`.\n\n"
        "- In the environment `watch.bin` is `GROUNDSWELL_WATCH_BIN`. A variable of one of our "
        "groups "
        "that is no setting is an error; other `GROUNDSWELL_` variables are left alone.\n"
        "- On the command line it is `--set watch.bin=5m`. Lists are `a,b` or `[a, b]`; one "
        "property is "
        "`--set kafka.properties.client.id=x`.\n"
        "- Durations are a number with `ms`, `s`, `m`, `h` or `d`; without a unit, seconds. Sizes "
        "are a "
        "number with `B`, `KiB`, `MiB` or `GiB`; without a unit, bytes.\n"
        "- Paths in the file are relative to the file; elsewhere, to the current folder.\n"
        "- `${NAME}` in a value is not replaced: such a file is refused. Use the variables above, "
        "`--set`, "
        "or `\"@path\"`.\n"
        "- Secrets: a value `\"@path\"` under `kafka.properties` is the content of that file "
        "without its "
        "last line break.\n"
        "- Anchors, aliases, tags and a second document are refused, and so are files over 1 "
        "MiB.\n\n"
        "`groundswell check -c FILE` says all that is wrong, with file and line, and exits with 1; "
        "so "
        "does every command that reads a configuration, before it starts anything. A change "
        "takes a restart, but for the settings marked *Reloads*: with Kafka as input SIGHUP reads "
        "the configuration again and loads rules, watchlist and model anew, all of them or "
        "none.\n");
    for (size_t i = 0; i < gs_n_sections; i++) {
        gs_buf_printf(
            out, "\n## %s\n\n%s\n\n| setting | default | allowed | meaning |\n|---|---|---|---|\n",
            gs_sections[i].name, gs_sections[i].help);
        for (size_t j = 0; j < gs_n_options; j++) {
            if (member_of(gs_options[j].name, gs_sections[i].name) != NULL) {
                put_reference_row(out, &gs_options[j]);
            }
        }
    }
}

/* ---- groundswell.schema.json ---- */

static void put_text_schema(struct gs_buf *out, const struct gs_option *option)
{
    gs_buf_puts(out, (option->flags & GS_OPT_OPTIONAL) != 0
                         ? "\"type\": [\"string\", \"null\"]"
                         : "\"type\": \"string\", \"minLength\": 1");
    if (option->type == GS_OPT_NAME) {
        gs_buf_puts(out, ", \"pattern\": \"^[A-Za-z0-9._-]{0,249}$\"");
    } else if (option->type == GS_OPT_POINTER) {
        gs_buf_puts(out, ", \"pattern\": \"^(/([^~]|~[01])*)?$\"");
    }
}

static void put_list_schema(struct gs_buf *out, const struct gs_option *option)
{
    switch (option->type) {
    case GS_OPT_PROPERTIES:
        gs_buf_puts(out, "\"type\": [\"object\", \"null\"], \"additionalProperties\": {\"type\": "
                         "[\"string\", \"number\", \"boolean\", \"null\"]}");
        break;
    case GS_OPT_RULES:
        gs_buf_puts(out,
                    "\"type\": [\"array\", \"null\"], \"items\": {\"type\": \"object\", "
                    "\"required\": [\"name\", \"pattern\", \"replace\"], "
                    "\"additionalProperties\": false, \"properties\": {\"name\": {\"type\": "
                    "\"string\"}, \"pattern\": {\"type\": \"string\"}, \"replace\": {\"type\": "
                    "[\"string\", \"null\"]}}}");
        break;
    default:
        gs_buf_puts(out, "\"type\": [\"array\", \"null\"], \"items\": {\"type\": \"string\"}");
        break;
    }
}

static void put_value_schema(struct gs_buf *out, const struct gs_option *option)
{
    switch (option->type) {
    case GS_OPT_BOOL:
        gs_buf_puts(out, "\"type\": \"boolean\"");
        break;
    case GS_OPT_ENUM:
        gs_buf_puts(out, "\"enum\": [");
        for (size_t i = 0; option->values[i] != NULL; i++) {
            gs_buf_printf(out, "%s\"%s\"", i == 0 ? "" : ", ", option->values[i]);
        }
        gs_buf_putc(out, ']');
        break;
    case GS_OPT_UINT:
    case GS_OPT_DOUBLE:
        gs_buf_printf(out, "\"type\": \"%s\", \"minimum\": %.15g, \"maximum\": %.15g",
                      option->type == GS_OPT_UINT ? "integer" : "number", option->min, option->max);
        break;
    case GS_OPT_DURATION:
        gs_buf_puts(out, "\"type\": [\"string\", \"number\"], \"minimum\": 0, \"pattern\": "
                         "\"^[0-9.]+ *(ms|s|m|h|d)?$\"");
        break;
    case GS_OPT_SIZE:
        gs_buf_puts(out, "\"type\": [\"string\", \"integer\"], \"minimum\": 0, \"pattern\": "
                         "\"^[0-9.]+ *(B|KiB|MiB|GiB)?$\"");
        break;
    case GS_OPT_STRING:
    case GS_OPT_PATH:
    case GS_OPT_POINTER:
    case GS_OPT_NAME:
        put_text_schema(out, option);
        break;
    default:
        put_list_schema(out, option);
        break;
    }
}

static void put_key(struct gs_buf *out, size_t depth, const char *leaf, bool *first)
{
    gs_buf_puts(out, *first ? "\n" : ",\n");
    *first = false;
    gs_buf_printf(out, "%*s\"%s\": {", (int)(2 * depth), "", leaf);
}

static void put_option_schema(struct gs_buf *out, const struct gs_option *option)
{
    put_value_schema(out, option);
    gs_buf_puts(out, ", \"description\": ");
    gs_buf_json_str(out, gs_str(option->help));
    if (option->def[0] != '\0') {
        gs_buf_puts(out, ", \"x-default\": ");
        gs_buf_json_str(out, gs_str(option->def));
    }
    gs_buf_putc(out, '}');
}

/* Groups nest two deep, as the table does. */
// NOLINTNEXTLINE(misc-no-recursion)
static void put_group_schema(struct gs_buf *out, const char *group, size_t depth)
{
    bool first = true;

    gs_buf_printf(out, "\"type\": [\"object\", \"null\"], \"additionalProperties\": false, "
                       "\"properties\": {");
    for (size_t i = 0; i < gs_n_options; i++) {
        const char *leaf = member_of(gs_options[i].name, group);
        if (leaf != NULL) {
            put_key(out, depth, leaf, &first);
            put_option_schema(out, &gs_options[i]);
        }
    }
    for (size_t i = 0; i < gs_n_sections; i++) {
        const char *leaf = member_of(gs_sections[i].name, group);
        if (leaf != NULL) {
            put_key(out, depth, leaf, &first);
            gs_buf_puts(out, "\"description\": ");
            gs_buf_json_str(out, gs_str(gs_sections[i].help));
            gs_buf_puts(out, ", ");
            put_group_schema(out, gs_sections[i].name, depth + 1);
            gs_buf_putc(out, '}');
        }
    }
    gs_buf_printf(out, "\n%*s}", (int)(2 * (depth - 1)), "");
}

void gs_config_write_schema(struct gs_buf *out)
{
    gs_buf_puts(out, "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", "
                     "\"title\": \"Groundswell's configuration\", ");
    put_group_schema(out, "", 1);
    gs_buf_puts(out, "}\n");
}
