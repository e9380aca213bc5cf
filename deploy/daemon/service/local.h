/* The whole pipeline without a broker: one thread reads files, tags, watches and writes files.
 *
 *     file lines → tag ──(in memory)──► watch → alerts, late
 *                   └──► tagged, dlq
 *
 * Lines may be raw messages, tagged records or observations (a replay of what was kept): each
 * file's first line decides. Deterministic: the same lines give the same alerts. */
#ifndef GS_DEPLOY_LOCAL_H
#define GS_DEPLOY_LOCAL_H

#include "alerting/detector/watch.h"
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/pipeline/stage_watch.h"

struct gs_lane;

/* A message that is taken in; borrowed for the call. */
struct gs_local_message {
    const struct gs_record *record;
    struct gs_str id, key;                                 /* key: of an observation; else empty */
    struct gs_str model_name, model_version, model_sha256; /* which tagged it; empty: not known */
    bool raw;                                              /* tagged here */
};

struct gs_local_options {
    const struct gs_config *config;
    const char *const *files; /* "-" is stdin */
    size_t n_files;
    int stages;         /* GS_STAGE_TAG|GS_STAGE_WATCH */
    bool kept;          /* kept data, not a stream of now: a raw line without a time is refused */
    bool serves;        /* as a service does: a start line, HTTP where http.enabled */
    double speed;       /* event seconds a second; 0: as fast as it goes */
    gs_alert_fn *alert; /* may be NULL */
    void *alert_arg;
    gs_incident_fn *incident; /* each change of an incident; may be NULL */
    void *incident_arg;
    /* One row for every key with messages in the last hour whenever bins close (each_bin: for every
     * bin, also where event time jumps); may be NULL. */
    bool each_bin;
    void (*score)(void *arg, int64_t watermark_ms, const struct gs_key_view *view);
    void *score_arg;
    /* At the end: what came nearest to an alert without one, if anything did; may be NULL. */
    void (*nearest)(void *arg, const struct gs_near_miss *near);
    void *nearest_arg;
    void (*started)(void *arg,
                    struct gs_lane *lane); /* so that a signal can stop it; may be NULL */
    void *started_arg;
    void (*line)(void *arg, size_t bytes); /* each line that is taken in; may be NULL */
    void *line_arg;
    void (*message)(void *arg, const struct gs_local_message *message); /* may be NULL */
    void *message_arg;
};

struct gs_local_totals {
    uint64_t lines, tagged, observations, rejected;
    uint64_t late;          /* observations counted in a later bin than theirs */
    uint64_t too_late;      /* and not counted at all */
    int64_t from_ms, to_ms; /* event time of the first and the last observation; from > to: none */
    struct gs_watch_oddities odd;
};

/* Runs to the end of the files. GS_OK also when lines were refused (ret->rejected says how many;
 * each is in the DLQ file, or a warning on the log where there is none). */
GS_MUST_CHECK
enum gs_status gs_local_run(const struct gs_local_options *options, struct gs_local_totals *ret,
                            struct gs_error *err);

/* The same input through n configurations (1 or more) in one pass: the files, the pace and the
 * outputs are those of options[0]; of the others only the hooks are called. Messages are tagged once
 * for all that would tag them as the first does (gs_config_tags_alike()). ret: [n]. As
 * gs_local_run(), and GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_local_run_beside(const struct gs_local_options *options, size_t n,
                                   struct gs_local_totals *ret, struct gs_error *err);

#endif
