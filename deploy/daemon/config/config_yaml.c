/* libyaml's events, made into a tree with every bound checked on the way. */
#include "deploy/daemon/config/config_yaml.h"

#include <string.h>
#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    const char *name;
    struct gs_arena *arena;
    struct gs_diagnostics *diagnostics;
    struct gs_node *stack[GS_YAML_MAX_DEPTH];
    size_t depth;
    size_t n_nodes;
    struct gs_node *root;
    const char *key; /* read, its value not yet */
    int key_line;
    bool has_document;
};

static bool refuse(struct reader *reader, const yaml_event_t *event, const char *why)
{
    gs_diagnostics_add(reader->diagnostics, reader->name, (int)event->start_mark.line + 1, "%s",
                       why);
    return false;
}

/* A copy that ends in NUL; NULL without memory. */
static char *copy(struct gs_arena *arena, const void *bytes, size_t len)
{
    char *text = gs_arena_alloc(arena, len + 1);

    if (text != NULL) {
        memcpy(text, bytes, len);
        text[len] = '\0';
    }
    return text;
}

/* Hangs a new node under the open one; NULL when a bound is reached (said). */
static struct gs_node *add_node(struct reader *reader, const yaml_event_t *event,
                                enum gs_node_kind kind)
{
    struct gs_node *node =
        reader->n_nodes < GS_YAML_MAX_NODES ? gs_arena_alloc(reader->arena, sizeof *node) : NULL;

    if (node == NULL) {
        (void)refuse(reader, event, "the file holds more than 20,000 values, or more than fits");
        return NULL;
    }
    reader->n_nodes++;
    *node = (struct gs_node){.kind = kind, .line = (int)event->start_mark.line + 1};
    if (reader->key != NULL) {
        node->key = reader->key;
        node->line = reader->key_line;
    }
    reader->key = NULL;
    if (reader->depth == 0) {
        reader->root = node;
        return node;
    }
    struct gs_node *parent = reader->stack[reader->depth - 1];
    if (parent->last == NULL) {
        parent->first = node;
    } else {
        parent->last->next = node;
    }
    parent->last = node;
    parent->n++;
    return node;
}

static bool wants_key(const struct reader *reader)
{
    return reader->depth > 0 && reader->stack[reader->depth - 1]->kind == GS_NODE_MAP &&
           reader->key == NULL;
}

static bool read_scalar(struct reader *reader, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    const size_t len = event->data.scalar.length;
    const bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL) {
        return refuse(reader, event, "anchors (&name) and tags (!name) are not supported");
    }
    if (memchr(value, '\0', len) != NULL) {
        return refuse(reader, event, "a text must not hold a NUL character");
    }
    char *text = copy(reader->arena, value, len);
    if (text == NULL) {
        return refuse(reader, event, "the file holds more text than fits");
    }
    if (wants_key(reader)) {
        reader->key = text;
        reader->key_line = (int)event->start_mark.line + 1;
        return true;
    }
    struct gs_node *node = add_node(reader, event, GS_NODE_TEXT);
    if (node == NULL) {
        return false;
    }
    node->text = text;
    node->null = plain && (len == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
    return true;
}

static bool open_node(struct reader *reader, const yaml_event_t *event, enum gs_node_kind kind)
{
    const bool map = kind == GS_NODE_MAP;

    if ((map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor) != NULL ||
        (map ? event->data.mapping_start.tag : event->data.sequence_start.tag) != NULL) {
        return refuse(reader, event, "anchors (&name) and tags (!name) are not supported");
    }
    if (wants_key(reader)) {
        return refuse(reader, event, "a key must be a text, not a list or a mapping");
    }
    if (reader->depth == GS_YAML_MAX_DEPTH) {
        return refuse(reader, event, "nested deeper than 32 levels");
    }
    struct gs_node *node = add_node(reader, event, kind);
    if (node == NULL) {
        return false;
    }
    reader->stack[reader->depth++] = node;
    return true;
}

static bool read_event(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (reader->has_document) {
            return refuse(reader, event, "a second document (---): one file is one document");
        }
        reader->has_document = true;
        return true;
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(reader, event, GS_NODE_LIST);
    case YAML_MAPPING_START_EVENT:
        return open_node(reader, event, GS_NODE_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reader->depth--;
        return true;
    case YAML_ALIAS_EVENT:
        return refuse(reader, event, "aliases (*name) are not supported");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return true;
}

static bool refuse_syntax(const struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const bool reading = parser->error == YAML_READER_ERROR; /* then there is no mark */
    const size_t line = reading ? parser->mark.line : parser->problem_mark.line;

    gs_diagnostics_add(reader->diagnostics, reader->name, (int)line + 1, "not YAML: %s%s%s",
                       parser->problem == NULL ? "unreadable" : parser->problem,
                       parser->context == NULL ? "" : ", ",
                       parser->context == NULL ? "" : parser->context);
    return false;
}

bool gs_yaml_parse(struct gs_str yaml, const char *name, struct gs_arena *arena,
                   struct gs_node **ret, struct gs_diagnostics *diagnostics)
{
    struct reader reader = {.name = name, .arena = arena, .diagnostics = diagnostics};
    bool ok = true;
    bool end = false;

    if (yaml.len > GS_YAML_MAX_BYTES) {
        gs_diagnostics_add(diagnostics, name, 1, "the file is longer than 1 MiB");
        return false;
    }
    if (yaml_parser_initialize(&reader.parser) == 0) {
        gs_diagnostics_add(diagnostics, name, 1, "no memory to read it");
        return false;
    }
    yaml_parser_set_input_string(
        &reader.parser, (const unsigned char *)(yaml.len == 0 ? "" : yaml.bytes), yaml.len);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    while (ok && !end) {
        yaml_event_t event;
        if (yaml_parser_parse(&reader.parser, &event) == 0) {
            ok = refuse_syntax(&reader);
            break;
        }
        ok = read_event(&reader, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&reader.parser);
    if (ok) {
        *ret = reader.root;
    }
    return ok;
}
