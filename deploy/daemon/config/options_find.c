/* Rows by name, and by nearly their name. */
#include "deploy/daemon/config/options.h"

#include "ingest/base/nearest.h"

#include <string.h>

const struct gs_option *gs_option_find(const char *name)
{
    for (size_t i = 0; i < gs_n_options; i++) {
        if (strcmp(gs_options[i].name, name) == 0) {
            return &gs_options[i];
        }
    }
    return NULL;
}

/* A name at the wrong place counts as near when its last part is right. */
static size_t name_distance(const char *name, const char *known)
{
    const char *tail = strrchr(name, '.');
    const char *known_tail = strrchr(known, '.');
    size_t best = gs_edit_distance(name, known);

    if (known_tail != NULL && strcmp(tail == NULL ? name : tail + 1, known_tail + 1) == 0) {
        best = best < 2 ? best : 2;
    }
    return best;
}

bool gs_option_has_placeholder(const char *name, const char *text, const struct gs_origin *origin,
                               struct gs_diagnostics *diagnostics)
{
    static const char property[] = "kafka.properties";
    char variable[128] = "";

    if (strstr(text, "${") == NULL) {
        return false;
    }
    if (strncmp(name, property, sizeof property - 1) == 0) {
        gs_diagnostics_add(
            diagnostics, origin->place, origin->line,
            "%s: \"${…}\" is not replaced from the environment; write \"@/path/of/file\" "
            "for a value that is in a file, or give --set %s=VALUE",
            name, name);
        return true;
    }
    for (size_t i = 0; name[i] != '\0' && i + 1 < sizeof variable; i++) {
        const char c = name[i];
        variable[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c == '.' ? '_' : c);
    }
    gs_diagnostics_add(
        diagnostics, origin->place, origin->line,
        "%s: \"${…}\" is not replaced from the environment; set GROUNDSWELL_%s there, "
        "or give --set %s=VALUE",
        name, variable, name);
    return true;
}

const char *gs_option_nearest(const char *name)
{
    struct gs_nearest nearest = gs_nearest(name);

    for (size_t i = 0; i < gs_n_options; i++) {
        gs_nearest_offer_at(&nearest, gs_options[i].name, name_distance(name, gs_options[i].name));
    }
    for (size_t i = 0; i < gs_n_sections; i++) {
        gs_nearest_offer(&nearest, gs_sections[i].name);
    }
    return nearest.best;
}

bool gs_option_is_list(const struct gs_option *option)
{
    return option->type == GS_OPT_PATHS || option->type == GS_OPT_NAMES ||
           option->type == GS_OPT_POINTERS || option->type == GS_OPT_URLS ||
           option->type == GS_OPT_RULES || option->type == GS_OPT_PROPERTIES;
}
