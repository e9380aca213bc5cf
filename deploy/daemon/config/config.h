/* The configuration: YAML, environment and --set, checked against one table of settings.
 *
 *     defaults  <  file  <  GROUNDSWELL_<SECTION>_<NAME>  <  --set section.name=value
 *
 * The table (config_table.c) is where names, types, ranges, defaults and help are; the parser, the
 * reference page (deploy/docs/configuration.md), the JSON Schema and the tests read it. The
 * settings watch.* are known in a second place: the detector works without a configuration, so
 * alerting/detector/watch.c has their defaults, which test_config.c holds equal to the table's, and
 * bounds of its own, which are those of the table or wider.
 *
 * Secrets: a value of kafka.properties that begins with "@" names a file whose content (without the
 * last line break) is the value; "@@" stands for a plain "@".
 *
 * Threads: constant after loading; any thread may read it. */
#ifndef GS_DEPLOY_CONFIG_H
#define GS_DEPLOY_CONFIG_H

#include "alerting/detector/watch.h"
#include "alerting/incidents/incidents.h"
#include "alerting/notify/notify.h"
#include "classifier/model.h"
#include "deploy/daemon/config/diagnostics.h"
#include "ingest/base/arena.h"
#include "ingest/base/buf.h"
#include "ingest/base/error.h"
#include "ingest/base/log.h"
#include "ingest/kafka/kafka.h"
#include "ingest/records/record.h"
#include "ingest/records/source.h"
#include "ingest/text/clean/normalize.h"

struct gs_origin;

enum gs_input_kind { GS_INPUT_KAFKA, GS_INPUT_FILE, GS_INPUT_STDIN };
enum gs_input_format { GS_FORMAT_JSON, GS_FORMAT_TEXT };
enum gs_output_kind { GS_OUTPUT_KAFKA, GS_OUTPUT_FILE };
/* What happens when what is kept of a partition's windows does not go with where the group stands, or
 * cannot be loaded. */
enum gs_on_mismatch {
    GS_MISMATCH_STOP,    /* the lane stops and says what to do */
    GS_MISMATCH_DISCARD, /* the windows begin anew */
    GS_MISMATCH_KEEP     /* they are taken as they are, when it is only where the group stands */
};

/* A list of strings; items is NULL when n is 0. */
struct gs_strings {
    const char *const *items;
    size_t n;
};

struct gs_rule_list {
    const struct gs_rule_spec *items;
    size_t n;
};

struct gs_property_list {
    const struct gs_property *items;
    size_t n;
};

/* Every setting, at the place the table's row points to. An optional string that is not set is
 * NULL. */
struct gs_config {
    struct {
        enum gs_input_kind kind;
        struct gs_strings files; /* paths, already resolved against the configuration's folder */
        enum gs_input_format format;
        struct gs_strings topics;
        struct {
            const char *id, *ts, *source, *title, *text, *url, *lang, *author; /* NULL: not read */
            struct gs_strings entities;
        } pointers;
        bool keep_extra;
        const char *default_source; /* NULL: the topic's or file's name */
        size_t max_record_bytes;
        int64_t max_future_ms;
        enum gs_bad_utf8 bad_utf8;
    } input;
    struct {
        const char *brokers;
        const char *group_prefix; /* the group is <prefix>-<stage> */
        const char *instance;     /* never NULL: the host's name when not set */
        enum gs_delivery delivery;
        enum gs_start start;
        bool strict;
        int transaction_timeout_ms;
        bool leave_on_stop;
        int shutdown_timeout_ms;
        struct gs_property_list properties; /* "@file" values are already read */
    } kafka;
    struct {
        enum gs_output_kind kind;
        const char *topics[GS_N_STREAMS]; /* never NULL but that of the state: it is not kept */
        const char *files[GS_N_STREAMS];  /* NULL: dropped; "-": stdout */
    } output;
    struct {
        int tag, watch; /* how many lanes of each stage */
    } lanes;
    struct {
        size_t max_messages;
        int64_t max_time_ms;
    } batch;
    struct {
        bool html;
        bool fix_mojibake;
        size_t max_bytes;
        bool use_default_rules;
        enum gs_jit jit;
        struct gs_rule_list rules; /* applied behind the default ones */
    } text;
    struct {
        const char *watchlist; /* path; NULL: no entities */
    } entities;
    struct {
        const char *path; /* folder; NULL: not set, which only some commands can do without */
        enum gs_tier tier;
        enum gs_arithmetic arithmetic;
        struct {
            size_t max_tokens;         /* of a micro-batch */
            size_t max_message_tokens; /* longer messages are cut */
            int64_t max_wait_ms, deadline_ms;
            size_t cache_entries, cache_bytes;
        } encoder;
    } model;
    struct {
        bool topics, entities, risks, sources, topic_lang, promotion;
        double min_topic_p;
    } observations;
    struct {
        struct gs_watch_options options;
        struct gs_strings event_risks, grave_risks, mild_topics;
        double event_min_p;
        int64_t idle_timeout_ms;
        int64_t max_step_ms;
        size_t max_gauge_keys;
    } watch;
    struct gs_incident_options incidents; /* n_feeds is not a setting */
    struct {
        const char *journal; /* path; NULL: none */
        enum gs_mute_breaks mute_breaks;
        const char *least_severity;          /* checked; NULL: no rules */
        const char *quiet_hours, *time_zone; /* checked; hours NULL: none */
    } desk;                                  /* incidents, too: what people answer to them */
    struct {
        const char *external_url, *ca_file; /* NULL: none; those of the system */
        int64_t timeout_ms;
        struct {
            struct gs_strings urls; /* checked */
            int64_t resend_ms;
            struct gs_notify_login login;
        } alertmanager;
        struct {
            struct gs_strings urls; /* checked; "@file" is already read */
            enum gs_notify_shape shape;
            const char *secret_file; /* NULL: requests are not signed */
            struct gs_notify_login login;
            int64_t give_up_ms;
            size_t max_waiting;
        } webhook;
    } notify;
    struct {
        const char *path; /* NULL: none; of a run on files */
        int64_t interval_ms;
        enum gs_on_mismatch on_mismatch;
    } state;
    struct {
        bool enabled;
        const char *address;
        int port; /* 0: any free one */
        int max_connections;
    } http;
    struct {
        enum gs_log_level level;
        bool json; /* log.format */
    } log;

    const char *name;                /* of the file; "defaults" without one */
    struct gs_arena *arena;          /* owns every string above */
    const struct gs_origin *origins; /* where each setting was set; see gs_config_origin() */
};

/* Tells where a setting ("model.path") was set: *ret_place is a file, "--set" or a variable's name,
 * and the line is 0 outside files. A default was set in the file's line 1, for want of a better
 * one. */
void gs_config_origin(const struct gs_config *config, const char *name, const char **ret_place,
                      int *ret_line);

/* Tells whether there is a diagnostic about a setting ("model.path"), or about any of a group
 * ("watch"): the configuration then holds a default where something else was meant. */
bool gs_config_is_faulty(const struct gs_config *config, const char *name);

/* Tells whether the file, the environment or --set says anything of a setting. */
bool gs_config_is_set(const struct gs_config *config, const char *name);

/* Reads path (NULL: defaults only), the process's environment and n overrides "section.name=value".
 *
 * On success *ret is new and the caller's, end it with gs_config_free(). GS_BAD_CONFIG: diagnostics
 * has at least one line, and err a summary of it; *ret is untouched. GS_IO: path cannot be read.
 * GS_NO_MEMORY.
 *
 * A file of more than 1 MiB, nested deeper than 32, with anchors, aliases, tags of its own or a
 * second document is refused. */
GS_MUST_CHECK
enum gs_status gs_config_load(const char *path, const char *const *overrides, size_t n_overrides,
                              struct gs_config **ret, struct gs_diagnostics *diagnostics,
                              struct gs_error *err);

/* The same from memory; name stands for the path in diagnostics and messages, dir is what relative
 * paths are relative to; environ_vars is a NULL-terminated list of "NAME=value", or NULL for
 * none. */
struct gs_config_input {
    struct gs_str yaml;
    const char *name, *dir;
    const char *const *overrides;
    size_t n_overrides;
    const char *const *environ_vars;
    bool keep_bad; /* diagnostics are no failure, as in gs_config_examine() */
};
GS_MUST_CHECK
enum gs_status gs_config_parse(const struct gs_config_input *input, struct gs_config **ret,
                               struct gs_diagnostics *diagnostics, struct gs_error *err);

/* As gs_config_load(), but diagnostics are no failure: a setting with a diagnostic keeps its
 * default, so that a check can go on to what the configuration names. */
GS_MUST_CHECK
enum gs_status gs_config_examine(const char *path, const char *const *overrides, size_t n_overrides,
                                 struct gs_config **ret, struct gs_diagnostics *diagnostics,
                                 struct gs_error *err);

/* Writes the names of settings that have another value in `to`, joined by ", ", and gives their
 * number: those that a reload takes over, or those that take a restart. */
size_t gs_config_changes(const struct gs_config *from, const struct gs_config *to, bool reloads,
                         struct gs_buf *out);

/* Tells whether both make the same of every message until it is watched: the settings of the input's
 * form, of cleaning, companies and model are the same. */
bool gs_config_tags_alike(const struct gs_config *a, const struct gs_config *b);

/* Every default, nothing read from outside but the host's name. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_config_defaults(struct gs_config **ret, struct gs_error *err);
void gs_config_free(struct gs_config *config); /* NULL is fine */

/* Views for the modules' constructors, borrowed from config. */
void gs_config_decode_options(const struct gs_config *config, struct gs_decode_options *ret);
void gs_config_norm_options(const struct gs_config *config, struct gs_norm_options *ret);
/* Without group, instance, topics and output, which depend on the stage and lane. */
void gs_config_kafka_options(const struct gs_config *config, struct gs_kafka_options *ret);
/* What the clients say goes into the log, as lines of component, which is borrowed by them. */
void gs_config_log_kafka(struct gs_kafka_options *options, char *component);

/* Says, once in a process, that rules are interpreted although machine code was asked for. */
void gs_rules_warn(const struct gs_rules *rules, enum gs_jit jit);

/* Compiles the default rules when text.use_default_rules, and text.rules behind them. GS_BAD_CONFIG
 * names the rule and why; GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_config_compile_rules(const struct gs_config *config, struct gs_rules **ret,
                                       struct gs_error *err);

/* The generated documents: configuration.md, groundswell.schema.json, and the commented YAML of all
 * settings. */
void gs_config_write_reference(struct gs_buf *out);
void gs_config_write_schema(struct gs_buf *out);
void gs_config_write_example(struct gs_buf *out);

#endif
