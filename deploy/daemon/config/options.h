/* Settings as rows of one table: how a setting's text becomes a value, and what is said when it
 * cannot.
 *
 * The parser, the range checks, the reference page, the JSON Schema and the example file all walk
 * the rows; nothing else knows a setting's name.
 *
 * Threads: the table is constant; parsing uses only what it is given. */
#ifndef GS_DEPLOY_OPTIONS_H
#define GS_DEPLOY_OPTIONS_H

#include "deploy/daemon/config/config_yaml.h"
#include "deploy/daemon/config/diagnostics.h"
#include "ingest/base/arena.h"
#include "ingest/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gs_option_type {
    GS_OPT_STRING,     /* const char * */
    GS_OPT_PATH,       /* const char *; relative to the file that names it; "-" stays */
    GS_OPT_POINTER,    /* const char *; RFC 6901 */
    GS_OPT_NAME,       /* const char *; letters, digits, ".", "_" and "-", as Kafka names topics */
    GS_OPT_UINT,       /* whole number; any integer type */
    GS_OPT_DOUBLE,     /* double */
    GS_OPT_BOOL,       /* bool */
    GS_OPT_ENUM,       /* values[i] is stored as i; any integer type */
    GS_OPT_DURATION,   /* milliseconds; any integer type */
    GS_OPT_SIZE,       /* bytes; any integer type */
    GS_OPT_PATHS,      /* struct gs_strings */
    GS_OPT_POINTERS,   /* struct gs_strings; RFC 6901, GS_MAX_ENTITY_POINTERS at most */
    GS_OPT_NAMES,      /* struct gs_strings */
    GS_OPT_URLS,       /* struct gs_strings; http and https, GS_NOTIFY_RECEIVERS at most */
    GS_OPT_RULES,      /* struct gs_rule_list */
    GS_OPT_PROPERTIES, /* struct gs_property_list */
};

enum {
    GS_OPT_OPTIONAL = 1, /* an empty value is allowed and stored as NULL (texts) */
    GS_OPT_SECRET = 2,   /* never shown; "@file" is read */
    GS_OPT_RELOADS = 4,  /* SIGHUP takes a new value over, without a restart */
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the order in which a row reads well
struct gs_option {
    const char *name; /* "watch.bin" */
    enum gs_option_type type;
    size_t offset, size;       /* of the field in struct gs_config */
    double min, max;           /* numbers, milliseconds, bytes */
    const char *def;           /* as it would be written in the file; lists: "a,b" */
    const char *help;          /* sentences */
    const char *const *values; /* GS_OPT_ENUM: names, NULL behind the last */
    unsigned flags;
};

/* A group of settings, for the documents. */
struct gs_section {
    const char *name; /* "input", "input.pointers" */
    const char *help;
};

extern const struct gs_option gs_options[];
extern const size_t gs_n_options;
extern const struct gs_section gs_sections[];
extern const size_t gs_n_sections;

/* The row of that name; NULL when there is none. */
const struct gs_option *gs_option_find(const char *name);
/* The row or section name nearest to a misspelt one; NULL when none is near. */
const char *gs_option_nearest(const char *name);

/* What a setting can change of the alerts that the same input gives. */
enum gs_bearing {
    GS_BEARS_ON_NOTHING,
    GS_BEARS_ON_TAGS,   /* what is read from a message, and so everything behind it */
    GS_BEARS_ON_ALERTS, /* what is made of tagged messages */
};
enum gs_bearing gs_option_bearing(const struct gs_option *option);

/* Tells whether two configurations have the same value of a setting; writes a value as text (a
 * secret's is never shown). */
struct gs_config;
bool gs_option_is_same(const struct gs_option *option, const struct gs_config *a,
                       const struct gs_config *b);
void gs_option_write(const struct gs_option *option, const struct gs_config *config,
                     struct gs_buf *out);

/* Says where a value came from, for diagnostics and relative paths. */
struct gs_origin {
    const char *place; /* file, "--set", "GROUNDSWELL_…" */
    const char *dir;   /* of the file; NULL: relative paths stay as they are */
    int line;          /* 0: none */
    bool is_default;   /* nobody has set it */
    bool faulty;       /* a diagnostic says so already: the value is not the one that was written */
};

/* Reads a value into config (the struct that offset counts from); text goes to the arena. False:
 * one or more diagnostics say why, and the field keeps what it had. */
bool gs_option_set_text(const struct gs_option *option, const char *text,
                        const struct gs_origin *origin, void *config, struct gs_arena *arena,
                        struct gs_diagnostics *diagnostics);
bool gs_option_set_node(const struct gs_option *option, const struct gs_node *node,
                        const struct gs_origin *origin, void *config, struct gs_arena *arena,
                        struct gs_diagnostics *diagnostics);

/* One more property, or a new value of one: kafka.properties.<name>. */
bool gs_option_set_property(const struct gs_option *option, const char *name, const char *value,
                            const struct gs_origin *origin, void *config, struct gs_arena *arena,
                            struct gs_diagnostics *diagnostics);

/* "a duration from 1s to 15m, such as 10s": what is allowed, for diagnostics and documents. */
void gs_option_allowed(const struct gs_option *option, struct gs_buf *out);

/* Tells whether a text holds a placeholder of other tools, "${NAME}": values are not taken from the
 * environment in this way, and a password would be sent as it stands. Adds the diagnostic. name: of
 * the setting or property. */
bool gs_option_has_placeholder(const char *name, const char *text, const struct gs_origin *origin,
                               struct gs_diagnostics *diagnostics);

/* Tells whether its value is a list or a mapping. */
bool gs_option_is_list(const struct gs_option *option);

/* The content of the file that "@file" names, without the line break at its end; NULL: the diagnostic
 * says why. name: of the setting. */
const char *gs_option_read_file(const char *name, const char *file, const struct gs_origin *origin,
                                struct gs_arena *arena, struct gs_diagnostics *diagnostics);

/* Shared by options.c and options_list.c. */
const char *gs_option_read_text(const struct gs_option *option, const char *text,
                                const struct gs_origin *origin, struct gs_arena *arena,
                                struct gs_diagnostics *diagnostics);
bool gs_option_set_list(const struct gs_option *option, const struct gs_node *node,
                        const struct gs_origin *origin, void *config, struct gs_arena *arena,
                        struct gs_diagnostics *diagnostics);
/* "a,b" as a list of texts; false without memory. */
bool gs_option_split(const char *text, struct gs_arena *arena, struct gs_node *list);
bool gs_option_refuse(const struct gs_option *option, const char *text,
                      const struct gs_origin *origin, struct gs_diagnostics *diagnostics);

#endif
