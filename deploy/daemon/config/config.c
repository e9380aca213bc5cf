/* Loading: defaults, then the file, then the environment, then --set; each layer is one pass over
 * names that all end in gs_option_set_…(). Findings are collected over all layers before anything
 * is refused. */
#include "deploy/daemon/config/config.h"

#include "deploy/daemon/config/config_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BYTES = 64 << 20, MAX_NAME = 128 };

/* A diagnostic about this setting is there already: what follows from the value that it does not
 * have is not said. */
static void mark_faulty(struct gs_loader *loader, const char *name)
{
    const struct gs_option *option = name == NULL ? NULL : gs_option_find(name);

    if (option != NULL) {
        loader->origins[option - gs_options].faulty = true;
    }
}

static void report_unknown(struct gs_loader *loader, const struct gs_origin *origin,
                           const char *name)
{
    /* Looking for a near name takes a while; a file of nothing but mistakes must not take
     * seconds. */
    const char *near = loader->diagnostics->n < GS_MAX_DIAGNOSTICS ? gs_option_nearest(name) : NULL;

    gs_diagnostics_add(loader->diagnostics, origin->place, origin->line,
                       "%.100s: there is no such setting%s%s%s", name,
                       near == NULL ? "; configuration.md lists them all" : "; did you mean ",
                       near == NULL ? "" : near, near == NULL ? "" : "?");
    mark_faulty(loader, near);
}

/* ---- the file ---- */

static bool is_section(const char *name)
{
    for (size_t i = 0; i < gs_n_sections; i++) {
        if (strcmp(gs_sections[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static const struct gs_node *same_key_before(const struct gs_node *map, const struct gs_node *node)
{
    for (const struct gs_node *other = map->first; other != node; other = other->next) {
        if (strcmp(other->key, node->key) == 0) {
            return other;
        }
    }
    return NULL;
}

static void apply_option(struct gs_loader *loader, const struct gs_option *option,
                         const struct gs_node *node, const struct gs_origin *origin)
{
    struct gs_origin *before = &loader->origins[option - gs_options];

    /* "kafka.brokers:" and "kafka: {brokers:}" are one setting. The environment and --set come
     * later and may replace what the file says. */
    if (before->place != NULL) {
        gs_diagnostics_add(loader->diagnostics, origin->place, origin->line,
                           "%s: is set twice, first on line %d", option->name, before->line);
        return;
    }
    const bool ok = gs_option_set_node(option, node, origin, loader->config, loader->config->arena,
                                       loader->diagnostics);
    *before = *origin;
    before->faulty = !ok;
}

/* Walks one mapping: each key is a setting, a group of settings, or a mistake. Groups nest two deep
 * at most, so this recursion ends by the names it knows. */
// NOLINTNEXTLINE(misc-no-recursion)
static void apply_map(struct gs_loader *loader, const char *prefix, const struct gs_node *map)
{
    for (const struct gs_node *node = map->first; node != NULL; node = node->next) {
        char name[MAX_NAME];
        const struct gs_origin origin = {
            .place = loader->name, .dir = loader->dir, .line = node->line};
        (void)snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".",
                       node->key);
        const struct gs_option *option = gs_option_find(name);
        const bool group = option == NULL && is_section(name);
        if (option == NULL && !group) {
            report_unknown(loader, &origin, name);
            continue;
        }
        const struct gs_node *before = same_key_before(map, node);
        if (before != NULL) {
            gs_diagnostics_add(loader->diagnostics, origin.place, origin.line,
                               "%s: is set twice, first on line %d", name, before->line);
        } else if (option != NULL) {
            apply_option(loader, option, node, &origin);
        } else if (node->kind == GS_NODE_MAP) {
            apply_map(loader, name, node);
        } else if (node->kind != GS_NODE_TEXT || !node->null) {
            gs_diagnostics_add(loader->diagnostics, origin.place, origin.line,
                               "%s: is a group of settings, not a value", name);
        }
    }
}

static void apply_yaml(struct gs_loader *loader, struct gs_str yaml, struct gs_error *err)
{
    struct gs_arena *tree = NULL;
    struct gs_node *root = NULL;

    if (gs_arena_new(ARENA_BYTES, &tree, err) != GS_OK) {
        loader->starved = true;
        return;
    }
    const bool ok = gs_yaml_parse(yaml, loader->name, tree, &root, loader->diagnostics);
    for (size_t i = 0; i < gs_n_options && !ok; i++) {
        loader->origins[i].faulty = true; /* it may have been set in what could not be read */
    }
    if (ok && root != NULL) {
        if (root->kind == GS_NODE_MAP) {
            apply_map(loader, "", root);
        } else if (root->kind != GS_NODE_TEXT || !root->null) {
            gs_diagnostics_add(loader->diagnostics, loader->name, root->line,
                               "the file is not a mapping of settings (\"input:\", \"kafka:\", …)");
        }
    }
    gs_arena_free(tree);
}

/* ---- the environment and --set ---- */

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c == '.' ? '_' : c);
}

/* Tells whether a variable "GROUNDSWELL_HTTP_PORT=…" names this setting or group; then *ret_rest is
 * what follows the name. */
static bool env_names(const char *variable, const char *name, const char **ret_rest)
{
    static const char prefix[] = "GROUNDSWELL_";

    if (strncmp(variable, prefix, sizeof prefix - 1) != 0) {
        return false;
    }
    variable += sizeof prefix - 1;
    for (; *name != '\0'; name++, variable++) {
        if (*variable != upper(*name)) {
            return false;
        }
    }
    *ret_rest = variable;
    return true;
}

/* A variable of one of our groups that is no setting is a mistake; other GROUNDSWELL_ variables are
 * not ours. */
static void check_env_name(struct gs_loader *loader, const char *variable, const char *place)
{
    const char *rest = NULL;

    for (size_t i = 0; i < gs_n_sections; i++) {
        if (env_names(variable, gs_sections[i].name, &rest) && *rest == '_') {
            gs_diagnostics_add(loader->diagnostics, place, 0,
                               "there is no such setting; configuration.md lists them all");
            return;
        }
    }
}

static void apply_env(struct gs_loader *loader, const char *variable)
{
    const size_t len = strcspn(variable, "=");
    const char *rest = NULL;
    char place[MAX_NAME];

    (void)snprintf(place, sizeof place, "%.*s", (int)len, variable);
    for (size_t i = 0; i < gs_n_options; i++) {
        if (env_names(variable, gs_options[i].name, &rest) && *rest == '=') {
            const struct gs_str kept =
                gs_arena_copy(loader->config->arena, (struct gs_str){place, strlen(place) + 1});
            const struct gs_origin origin = {.place =
                                                 kept.bytes == NULL ? "environment" : kept.bytes};
            const bool ok = gs_option_set_text(&gs_options[i], rest + 1, &origin, loader->config,
                                               loader->config->arena, loader->diagnostics);
            loader->origins[i] = origin;
            loader->origins[i].faulty = !ok;
            return;
        }
    }
    check_env_name(loader, variable, place);
}

static void apply_override(struct gs_loader *loader, const char *override)
{
    static const char properties[] = "kafka.properties.";
    const struct gs_origin origin = {.place = "--set"};
    const char *equals = strchr(override, '=');
    char name[MAX_NAME];

    if (equals == NULL || equals == override || equals - override >= MAX_NAME) {
        gs_diagnostics_add(loader->diagnostics, "--set", 0, "\"%.60s\" is not NAME=VALUE",
                           override);
        return;
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - override), override);
    if (strncmp(name, properties, sizeof properties - 1) == 0) {
        const struct gs_option *option = gs_option_find("kafka.properties");
        (void)gs_option_set_property(option, name + sizeof properties - 1, equals + 1, &origin,
                                     loader->config, loader->config->arena, loader->diagnostics);
        return;
    }
    const struct gs_option *option = gs_option_find(name);
    if (option == NULL) {
        report_unknown(loader, &origin, name);
        return;
    }
    const bool ok = gs_option_set_text(option, equals + 1, &origin, loader->config,
                                       loader->config->arena, loader->diagnostics);
    loader->origins[option - gs_options] = origin;
    loader->origins[option - gs_options].faulty = !ok;
}

/* ---- together ---- */

/* A default is a value like any other; a test holds the whole table to that. */
static void apply_defaults(struct gs_loader *loader)
{
    const struct gs_origin origin = {.place = "default"};

    for (size_t i = 0; i < gs_n_options; i++) {
        (void)gs_option_set_text(&gs_options[i], gs_options[i].def, &origin, loader->config,
                                 loader->config->arena, loader->diagnostics);
    }
}

static enum gs_status set_instance(struct gs_config *config, struct gs_error *err)
{
    enum { MAX_HOST = 249 };
    char *host = NULL;

    if (config->kafka.instance != NULL) {
        return GS_OK;
    }
    host = gs_arena_alloc(config->arena, MAX_HOST + 1);
    if (host == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "configuration");
    }
    if (gethostname(host, MAX_HOST + 1) != 0 || host[0] == '\0') {
        memcpy(host, "localhost", sizeof "localhost");
    }
    host[MAX_HOST] = '\0';
    config->kafka.instance = host;
    return GS_OK;
}

/* The arena, the places of settings, and the name in diagnostics, all of which outlive the
 * caller's. NULL without memory. */
static struct gs_config *make_config(const struct gs_config_input *input, struct gs_loader *loader)
{
    const size_t name_size = strlen(input->name) + 1;
    const size_t origins_size = gs_n_options * sizeof *loader->origins;
    struct gs_config *config = calloc(1, sizeof *config);

    if (config == NULL || gs_arena_new(ARENA_BYTES, &config->arena, NULL) != GS_OK) {
        free(config);
        return NULL;
    }
    loader->origins = gs_arena_alloc(config->arena, origins_size);
    char *name = gs_arena_alloc(config->arena, name_size);
    if (loader->origins == NULL || name == NULL) {
        gs_config_free(config);
        return NULL;
    }
    memset(loader->origins, 0, origins_size);
    config->origins = loader->origins;
    loader->name = memcpy(name, input->name, name_size);
    config->name = loader->name;
    return config;
}

/* Places that were never set point at the file; folders were the caller's. */
static void finish_origins(struct gs_loader *loader)
{
    for (size_t i = 0; i < gs_n_options; i++) {
        if (loader->origins[i].place == NULL) {
            loader->origins[i].place = loader->name;
            loader->origins[i].line = 1;
            loader->origins[i].is_default = true;
        }
        loader->origins[i].dir = NULL;
    }
}

void gs_config_origin(const struct gs_config *config, const char *name, const char **ret_place,
                      int *ret_line)
{
    const struct gs_origin *origin = &config->origins[gs_option_find(name) - gs_options];

    *ret_place = origin->place;
    *ret_line = origin->line;
}

bool gs_config_is_faulty(const struct gs_config *config, const char *name)
{
    const size_t len = strlen(name);

    for (size_t i = 0; i < gs_n_options; i++) {
        const char *other = gs_options[i].name;
        if (strncmp(other, name, len) == 0 && (other[len] == '\0' || other[len] == '.') &&
            config->origins[i].faulty) {
            return true;
        }
    }
    return false;
}

bool gs_config_is_set(const struct gs_config *config, const char *name)
{
    return !config->origins[gs_option_find(name) - gs_options].is_default;
}

enum gs_status gs_config_parse(const struct gs_config_input *input, struct gs_config **ret,
                               struct gs_diagnostics *diagnostics, struct gs_error *err)
{
    const size_t before = gs_diagnostics_count(diagnostics);
    struct gs_loader loader = {.diagnostics = diagnostics, .dir = input->dir};
    enum gs_status status = GS_OK;

    loader.config = make_config(input, &loader);
    if (loader.config == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "configuration");
    }
    apply_defaults(&loader);
    apply_yaml(&loader, input->yaml, err);
    for (size_t i = 0; input->environ_vars != NULL && input->environ_vars[i] != NULL; i++) {
        apply_env(&loader, input->environ_vars[i]);
    }
    for (size_t i = 0; i < input->n_overrides; i++) {
        apply_override(&loader, input->overrides[i]);
    }
    gs_config_check(&loader);
    finish_origins(&loader);
    const size_t n = gs_diagnostics_count(diagnostics) - before;
    if (loader.starved) {
        status = gs_fail(err, GS_NO_MEMORY, "configuration");
    } else if (n > 0 && !input->keep_bad) {
        status =
            gs_fail(err, GS_BAD_CONFIG, "%s: %zu finding%s", input->name, n, n == 1 ? "" : "s");
    } else {
        status = set_instance(loader.config, err);
    }
    if (status == GS_OK) {
        *ret = loader.config;
    } else {
        gs_config_free(loader.config);
    }
    return status;
}

enum gs_status gs_config_defaults(struct gs_config **ret, struct gs_error *err)
{
    struct gs_diagnostics diagnostics = {.n = 0};
    const struct gs_config_input input = {.yaml = {"", 0}, .name = "defaults"};
    const enum gs_status status = gs_config_parse(&input, ret, &diagnostics, err);

    gs_diagnostics_done(&diagnostics);
    return status;
}

void gs_config_free(struct gs_config *config)
{
    if (config == NULL) {
        return;
    }
    gs_arena_free(config->arena);
    free(config);
}
