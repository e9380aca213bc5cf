/* Settings that hold more than one value: lists of texts, rules, librdkafka's properties. */
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/config/options.h"

#include "alerting/notify/notify.h"

#include <stdio.h>
#include <string.h>

enum { MAX_ITEMS = 1024, MAX_PROPERTIES = 256 };

static bool out_of_memory(const struct gs_option *option, const struct gs_origin *origin,
                          struct gs_diagnostics *diagnostics)
{
    gs_diagnostics_add(diagnostics, origin->place, origin->line, "%s: no memory", option->name);
    return false;
}

static bool too_many(const struct gs_option *option, const struct gs_origin *origin, size_t max,
                     struct gs_diagnostics *diagnostics)
{
    gs_diagnostics_add(diagnostics, origin->place, origin->line, "%s: more than %zu of them",
                       option->name, max);
    return false;
}

/* The origin of a node inside a list: the same place, its own line. */
static struct gs_origin at_line(const struct gs_origin *origin, const struct gs_node *node)
{
    struct gs_origin own = *origin;
    own.line = origin->line > 0 && node->line > 0 ? node->line : origin->line;
    return own;
}

/* ---- texts ---- */

/* One item of a list; NULL: a diagnostic says why. */
static const char *read_item(const struct gs_option *option, const char *text,
                             const struct gs_origin *origin, struct gs_arena *arena,
                             struct gs_diagnostics *diagnostics)
{
    if (option->type == GS_OPT_URLS && text[0] == '@') {
        text = gs_option_read_file(option->name, text + 1, origin, arena, diagnostics);
    }
    return text == NULL ? NULL : gs_option_read_text(option, text, origin, arena, diagnostics);
}

static bool set_texts(const struct gs_option *option, const struct gs_node *list,
                      const struct gs_origin *origin, void *field, struct gs_arena *arena,
                      struct gs_diagnostics *diagnostics)
{
    struct gs_strings strings = {.n = list->n};
    bool ok = true;

    const size_t most = option->type == GS_OPT_POINTERS ? GS_MAX_ENTITY_POINTERS
                        : option->type == GS_OPT_URLS   ? GS_NOTIFY_RECEIVERS
                                                        : MAX_ITEMS;
    if (list->n > most) {
        return too_many(option, origin, most, diagnostics);
    }
    if (list->n > 0) {
        const char **items = gs_arena_alloc(arena, list->n * sizeof *items);
        if (items == NULL) {
            return out_of_memory(option, origin, diagnostics);
        }
        size_t i = 0;
        for (const struct gs_node *node = list->first; node != NULL; node = node->next, i++) {
            const struct gs_origin own = at_line(origin, node);
            if (node->kind != GS_NODE_TEXT) {
                ok = gs_option_refuse(option, "[[…]]", &own, diagnostics);
                continue;
            }
            if (gs_option_has_placeholder(option->name, node->text, &own, diagnostics)) {
                ok = false;
                continue;
            }
            items[i] = read_item(option, node->null ? "" : node->text, &own, arena, diagnostics);
            ok = ok && items[i] != NULL;
        }
        strings.items = items;
    }
    if (ok) {
        memcpy(field, &strings, sizeof strings);
    }
    return ok;
}

/* ---- rules ---- */

static bool read_rule(const struct gs_option *option, const struct gs_node *map,
                      const struct gs_origin *origin, struct gs_rule_spec *ret,
                      struct gs_diagnostics *diagnostics)
{
    bool ok = true;

    for (const struct gs_node *node = map->first; node != NULL; node = node->next) {
        const struct gs_origin own = at_line(origin, node);
        const char **field = strcmp(node->key, "name") == 0      ? &ret->name
                             : strcmp(node->key, "pattern") == 0 ? &ret->pattern
                             : strcmp(node->key, "replace") == 0 ? &ret->replace
                                                                 : NULL;
        if (field == NULL || node->kind != GS_NODE_TEXT) {
            gs_diagnostics_add(diagnostics, own.place, own.line,
                               "%s: \"%.60s\": a rule has the texts name, pattern and replace",
                               option->name, node->key);
            ok = false;
        } else if (*field != NULL) {
            gs_diagnostics_add(diagnostics, own.place, own.line, "%s: %s is set twice",
                               option->name, node->key);
            ok = false;
        } else {
            *field = node->null ? "" : node->text;
        }
    }
    if (ok && (ret->name == NULL || ret->name[0] == '\0' || ret->pattern == NULL ||
               ret->pattern[0] == '\0' || ret->replace == NULL)) {
        gs_diagnostics_add(diagnostics, origin->place, origin->line,
                           "%s: a rule needs a name, a pattern and a replace (\"\" deletes)",
                           option->name);
        ok = false;
    }
    return ok;
}

/* A copy in config's own arena: the tree's arena is freed after loading. */
static const char *copy(struct gs_arena *arena, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *bytes = gs_arena_alloc(arena, size);
    return bytes == NULL ? NULL : memcpy(bytes, text, size);
}

static bool set_rules(const struct gs_option *option, const struct gs_node *list,
                      const struct gs_origin *origin, void *field, struct gs_arena *arena,
                      struct gs_diagnostics *diagnostics)
{
    struct gs_rule_list rules = {.n = list->n};
    bool ok = true;

    if (list->n > GS_MAX_RULES) {
        return too_many(option, origin, GS_MAX_RULES, diagnostics);
    }
    if (list->n == 0) {
        memcpy(field, &rules, sizeof rules);
        return true;
    }
    struct gs_rule_spec *items = gs_arena_alloc(arena, list->n * sizeof *items);
    if (items == NULL) {
        return out_of_memory(option, origin, diagnostics);
    }
    size_t i = 0;
    for (const struct gs_node *node = list->first; node != NULL; node = node->next, i++) {
        const struct gs_origin own = at_line(origin, node);
        items[i] = (struct gs_rule_spec){0};
        if (node->kind != GS_NODE_MAP) {
            ok = gs_option_refuse(option, node->text, &own, diagnostics);
            continue;
        }
        if (!read_rule(option, node, &own, &items[i], diagnostics)) {
            ok = false;
            continue;
        }
        items[i].name = copy(arena, items[i].name);
        items[i].pattern = copy(arena, items[i].pattern);
        items[i].replace = copy(arena, items[i].replace);
        if (items[i].name == NULL || items[i].pattern == NULL || items[i].replace == NULL) {
            return out_of_memory(option, origin, diagnostics);
        }
    }
    rules.items = items;
    if (ok) {
        memcpy(field, &rules, sizeof rules);
    }
    return ok;
}

/* ---- properties ---- */

static const char *read_property(const struct gs_option *option, const char *name,
                                 const char *value, const struct gs_origin *origin,
                                 struct gs_arena *arena, struct gs_diagnostics *diagnostics)
{
    char full[160];

    if (value[0] != '@' || value[1] == '@') {
        return copy(arena, value[0] == '@' ? value + 1 : value);
    }
    (void)snprintf(full, sizeof full, "%s.%s", option->name, name);
    return gs_option_read_file(full, value + 1, origin, arena, diagnostics);
}

bool gs_option_set_property(const struct gs_option *option, const char *name, const char *value,
                            const struct gs_origin *origin, void *config, struct gs_arena *arena,
                            struct gs_diagnostics *diagnostics)
{
    struct gs_property_list list;
    void *field = (char *)config + option->offset;

    memcpy(&list, field, sizeof list);
    if (name[0] == '\0') {
        return gs_option_refuse(option, name, origin, diagnostics);
    }
    size_t at = 0;
    while (at < list.n && strcmp(list.items[at].name, name) != 0) {
        at++;
    }
    if (at == MAX_PROPERTIES) {
        return too_many(option, origin, MAX_PROPERTIES, diagnostics);
    }
    const size_t n = at == list.n ? list.n + 1 : list.n;
    struct gs_property *items = gs_arena_alloc(arena, n * sizeof *items);
    const char *name_copy = copy(arena, name);
    if (items == NULL || name_copy == NULL) {
        return out_of_memory(option, origin, diagnostics);
    }
    if (list.n > 0) {
        memcpy(items, list.items, list.n * sizeof *items);
    }
    char full[160];
    (void)snprintf(full, sizeof full, "%s.%s", option->name, name);
    if (gs_option_has_placeholder(full, value, origin, diagnostics)) {
        return false;
    }
    items[at].name = name_copy;
    items[at].value = read_property(option, name, value, origin, arena, diagnostics);
    if (items[at].value == NULL) {
        return false;
    }
    struct gs_error why = {GS_OK, ""};
    if (gs_kafka_property_check(&items[at], &why) != GS_OK) {
        gs_diagnostics_add(diagnostics, origin->place, origin->line, "%s: %s", option->name,
                           why.message);
        return false;
    }
    list.items = items;
    list.n = n;
    memcpy(field, &list, sizeof list);
    return true;
}

static bool set_twice(const struct gs_node *map, const struct gs_node *node)
{
    const struct gs_node *before = map->first;

    while (before != node && strcmp(before->key, node->key) != 0) {
        before = before->next;
    }
    return before != node;
}

static bool set_properties(const struct gs_option *option, const struct gs_node *map,
                           const struct gs_origin *origin, void *config, struct gs_arena *arena,
                           struct gs_diagnostics *diagnostics)
{
    const struct gs_property_list none = {NULL, 0};
    bool ok = true;

    memcpy((char *)config + option->offset, &none, sizeof none);
    if (map->n > MAX_PROPERTIES) {
        return too_many(option, origin, MAX_PROPERTIES, diagnostics);
    }
    for (const struct gs_node *node = map->first; node != NULL; node = node->next) {
        const struct gs_origin own = at_line(origin, node);
        if (node->kind != GS_NODE_TEXT) {
            gs_diagnostics_add(diagnostics, own.place, own.line, "%s.%.100s: must be a text",
                               option->name, node->key);
            ok = false;
        } else if (set_twice(map, node)) {
            gs_diagnostics_add(diagnostics, own.place, own.line, "%s.%.100s: is set twice",
                               option->name, node->key);
            ok = false;
        } else {
            ok = gs_option_set_property(option, node->key, node->null ? "" : node->text, &own,
                                        config, arena, diagnostics) &&
                 ok;
        }
    }
    return ok;
}

bool gs_option_set_list(const struct gs_option *option, const struct gs_node *node,
                        const struct gs_origin *origin, void *config, struct gs_arena *arena,
                        struct gs_diagnostics *diagnostics)
{
    const bool map = option->type == GS_OPT_PROPERTIES;
    const enum gs_node_kind wanted = map ? GS_NODE_MAP : GS_NODE_LIST;
    const struct gs_node empty = {.kind = wanted};
    void *field = (char *)config + option->offset;

    if (node == NULL || (node->kind == GS_NODE_TEXT && node->null)) {
        node = &empty;
    }
    if (node->kind != wanted) {
        return gs_option_refuse(option, node->kind == GS_NODE_TEXT ? node->text : "{…}", origin,
                                diagnostics);
    }
    if (map) {
        return set_properties(option, node, origin, config, arena, diagnostics);
    }
    return option->type == GS_OPT_RULES
               ? set_rules(option, node, origin, field, arena, diagnostics)
               : set_texts(option, node, origin, field, arena, diagnostics);
}

/* ---- a list in one text ---- */

bool gs_option_split(const char *text, struct gs_arena *arena, struct gs_node *list)
{
    *list = (struct gs_node){.kind = GS_NODE_LIST};
    while (*text != '\0') {
        const size_t len = strcspn(text, ",");
        struct gs_node *node = gs_arena_alloc(arena, sizeof *node);
        char *item = gs_arena_alloc(arena, len + 1);
        if (node == NULL || item == NULL) {
            return false;
        }
        memcpy(item, text, len);
        item[len] = '\0';
        *node = (struct gs_node){.kind = GS_NODE_TEXT, .text = item};
        if (list->last == NULL) {
            list->first = node;
        } else {
            list->last->next = node;
        }
        list->last = node;
        list->n++;
        text += len + (text[len] == ',');
    }
    return true;
}
