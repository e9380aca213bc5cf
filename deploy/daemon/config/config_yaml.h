/* The part of YAML that a configuration needs, as a tree: mappings, sequences and plain texts.
 *
 * Anchors, aliases, tags, a second document, keys that are no text, more than 1 MiB, more than 32
 * levels and more than 20,000 values are refused, so that no file can take more memory or time than
 * its size says. */
#ifndef GS_DEPLOY_CONFIG_YAML_H
#define GS_DEPLOY_CONFIG_YAML_H

#include "deploy/daemon/config/diagnostics.h"
#include "ingest/base/arena.h"
#include "ingest/base/str.h"

enum { GS_YAML_MAX_BYTES = 1 << 20, GS_YAML_MAX_DEPTH = 32, GS_YAML_MAX_NODES = 20000 };

enum gs_node_kind { GS_NODE_TEXT, GS_NODE_LIST, GS_NODE_MAP };

struct gs_node {
    enum gs_node_kind kind;
    int line;              /* from 1; the key's, when there is one */
    const char *key;       /* in a mapping; NULL in a list and at the top */
    const char *text;      /* GS_NODE_TEXT; no NUL inside */
    bool null;             /* GS_NODE_TEXT: nothing, "~" or "null", unquoted */
    struct gs_node *first; /* children in order */
    struct gs_node *last;
    struct gs_node *next; /* sibling */
    size_t n;             /* children */
};

/* Reads one document; an empty one gives *ret == NULL. False: a diagnostic says why. Everything lives
 * in the arena. */
bool gs_yaml_parse(struct gs_str yaml, const char *name, struct gs_arena *arena,
                   struct gs_node **ret, struct gs_diagnostics *diagnostics);

#endif
