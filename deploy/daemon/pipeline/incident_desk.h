/* The desk where the watch lanes' alerts become incidents, one for the process.
 *
 *     lane 0 ──alerts, event time──┐                       ┌─► metrics, the status page
 *     lane 1 ──────────────────────┼─► gs_incidents ─► out ┼─► tell (log, demo, receivers)
 *     lane 2 ──────────────────────┘   (one lock)          └─► records, in the next batch of a lane
 *
 * Alerts come after their commit, so nothing here is ever undone. The records of what comes of them
 * are written by whichever lane has the next batch, one lane at a time, so that they are in order;
 * a batch that is rolled back leaves them to the next. A process that dies before that has lost
 * them; what is kept brings the incidents back as they were before, and the windows, which have the
 * last word, change them again.
 *
 * A lane whose event time does not move for idle_timeout is not waited for.
 *
 * What people answer (who has an incident, what is muted) comes by the journal, and decides of each
 * notice whether people are told: gs_incident_told(). It never changes what an incident is.
 *
 * Threads: all functions but new and free from any; the lock guards everything. */
#ifndef GS_DEPLOY_INCIDENT_DESK_H
#define GS_DEPLOY_INCIDENT_DESK_H

#include "alerting/detector/watch_state.h"
#include "alerting/incidents/incidents.h"
#include "alerting/incidents/least_severity.h"
#include "alerting/incidents/quiet_hours.h"
#include "ingest/records/source.h"

struct gs_assets;
struct gs_shard;
struct gs_incident_desk; /* opaque */

/* A change of an incident, borrowed for the call. */
typedef void gs_incident_fn(void *arg, const struct gs_incident *incident);

/* An incident that people were not told of when it was time. */
struct gs_held_incident {
    char id[17];
    char title[GS_INCIDENT_TITLE_BYTES];
    uint8_t severity;
    bool ended;        /* by now */
    bool muted, there; /* the desk's own */
};

/* What was held back and is not any more, as one summary; n_more: past the bound, not kept. */
typedef void gs_summary_fn(void *arg, const struct gs_held_incident *held, size_t n, size_t n_more);

struct gs_incident_desk_options {
    struct gs_incident_options incidents; /* a feed is a lane */
    int64_t idle_timeout_ms;
    struct gs_shard *shard; /* of its own: the lock makes it one thread's at a time */
    bool records;           /* changes are kept until a lane writes them */
    const char *journal;    /* path of what people answer (deploy/daemon/journal); NULL: none */
    enum gs_mute_breaks mute_breaks;
    struct gs_least_severity least; /* alerts below it are not looked at */
    const struct gs_assets *assets; /* for routes: the watchlist in use; NULL: none */
    struct gs_quiet_hours quiet;    /* by the process's time zone */
    /* Every change, in order, under the lock; may be NULL. gs_incident_told() says whether people
     * are to be told of it. */
    gs_incident_fn *tell;
    void (*gone)(void *arg, const char *id); /* it left without a word; the same */
    /* answer.silenced is another now, without a change of its own, or the incident is one of before the
     * start; the same. The incident's notice is
     * of its last change, and was dealt with then. late: people are to be told of it now. */
    void (*answered)(void *arg, const struct gs_incident *incident, bool late);
    gs_summary_fn *summarize; /* the same */
    void *tell_arg;
};

GS_MUST_CHECK
enum gs_status gs_incident_desk_new(const struct gs_incident_desk_options *options,
                                    struct gs_incident_desk **ret, struct gs_error *err);
void gs_incident_desk_free(struct gs_incident_desk *desk); /* NULL is fine */

/* ---- from the lanes, after a commit; desk NULL: nothing happens ---- */

void gs_incident_desk_alert(struct gs_incident_desk *desk, size_t lane, uint64_t watch,
                            const struct gs_alert *alert);
/* The lane's event time, when all alerts up to there were given. */
void gs_incident_desk_reached(struct gs_incident_desk *desk, size_t lane, int64_t watermark_ms);
/* A gs_watch of the lane is gone, its alerts with it. */
void gs_incident_desk_forget(struct gs_incident_desk *desk, size_t lane, uint64_t watch);

/* ---- records, inside a lane's batch ---- */

/* Tells whether there are records that no lane is writing. */
bool gs_incident_desk_pending(struct gs_incident_desk *desk);
/* Writes them; nothing when another lane is at it. */
GS_MUST_CHECK
enum gs_status gs_incident_desk_write(struct gs_incident_desk *desk, size_t lane,
                                      struct gs_sink *sink, struct gs_error *err);
void gs_incident_desk_written(struct gs_incident_desk *desk, size_t lane);   /* committed */
void gs_incident_desk_unwritten(struct gs_incident_desk *desk, size_t lane); /* undone */

/* ---- what is kept of incidents beside the windows of a gs_watch (incident_desk_state.c) ---- */

/* The records that a gs_watch has of its incidents, by id. {.at = NULL} is a valid empty one; owned
 * by the watch's lane. */
struct gs_incident_marks {
    struct gs_incident_mark {
        char id[17];
        uint64_t hash, next; /* of the record: as committed, and in the open batch; 0: none */
        bool met;
    } * at;
    size_t n, capacity;
    uint64_t seen, seen_next; /* the desk's changes: as committed, and in the open batch */
    bool ahead;               /* saves what has no record yet too: for what stays in this process */
};
void gs_incident_marks_done(struct gs_incident_marks *marks);

/* Tells whether there may be something to save. */
bool gs_incident_desk_unsaved(struct gs_incident_desk *desk, const struct gs_incident_marks *marks);
/* Inside a batch: puts what has changed since the marks, each under 'N' and the incident's id. Nothing
 * while there are records that are not committed, nor in this lane's batch: else a process that is
 * killed in between would come back with the change and without its record, and not tell it again.
 * GS_NO_MEMORY, or what put says. */
GS_MUST_CHECK
enum gs_status gs_incident_desk_save(struct gs_incident_desk *desk, size_t lane, uint64_t watch,
                                     struct gs_incident_marks *marks, gs_state_put_fn *put,
                                     void *arg, struct gs_error *err);
void gs_incident_marks_end(struct gs_incident_marks *marks, bool committed); /* of the batch */

/* After a restart: each record, then every alert that the windows say is on
 * (gs_incident_desk_alert()), then the end, with the windows' event time. Nobody is told of
 * anything by that. GS_BAD_FORMAT, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_incident_desk_load(struct gs_incident_desk *desk, size_t lane, uint64_t watch,
                                     struct gs_incident_marks *marks, struct gs_str key,
                                     struct gs_str value, struct gs_error *err);
void gs_incident_desk_loaded(struct gs_incident_desk *desk, size_t lane, uint64_t watch,
                             int64_t watermark_ms);

/* ---- readers ---- */

/* Appends the incidents that have not ended, in order of opening, separated by commas; at most
 * max. */
void gs_incident_desk_json(struct gs_incident_desk *desk, size_t max, struct gs_buf *out);

#endif
