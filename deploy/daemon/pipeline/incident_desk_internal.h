/* Shared by incident_desk.c (alerts in, changes out), incident_desk_records.c (records, in the
 * batches of lanes), incident_desk_answers.c (what people answer) and incident_desk_state.c (what is
 * kept over a restart). */
#ifndef GS_DEPLOY_INCIDENT_DESK_INTERNAL_H
#define GS_DEPLOY_INCIDENT_DESK_INTERNAL_H

#include "deploy/daemon/journal/answers.h"
#include "deploy/daemon/journal/journal.h"
#include "deploy/daemon/pipeline/incident_desk.h"
#include "ingest/base/buf.h"
#include "ingest/base/metrics.h"

#include <pthread.h>

enum {
    GS_INCIDENT_RECORDS = 4096,
    GS_INCIDENT_LABEL = 200,
    GS_INCIDENT_UNWRITTEN = 256,
    GS_INCIDENT_HELD = 256
};

struct gs_incident_record {
    char id[17];
    char *json;
    size_t len;
};

/* The series of one open incident. */
struct gs_shown_incident {
    char id[17];
    char route[GS_INCIDENT_ROUTE_BYTES];
    char title[GS_INCIDENT_LABEL], key[GS_INCIDENT_LABEL], url[260];
    uint8_t severity;
    bool there; /* in hide_gone() */
};

struct gs_incident_desk {
    struct gs_incident_desk_options options;
    pthread_mutex_t lock; /* guards all below */
    struct gs_incidents *incidents;
    int64_t reached_ms[GS_INCIDENT_FEEDS], moved_ms[GS_INCIDENT_FEEDS]; /* moved: wall clock */
    int64_t looked_ms;
    uint64_t changes; /* counts whatever may have changed an incident; from 1 */
    struct gs_incident_record records[GS_INCIDENT_RECORDS];
    size_t n_records, n_writing; /* the first n_writing are in a lane's batch */
    size_t writer;
    struct gs_buf json;
    struct gs_shown_incident *shown; /* [max_open] */
    size_t n_shown;
    struct gs_incident_counts counts; /* that the metrics have */
    struct gs_series *open[GS_N_SEVERITIES], *notices[GS_N_INCIDENT_NOTICES];
    struct gs_series *refused, *left_out, *hurried, *dropped, *below;

    /* incident_desk_answers.c */
    struct gs_answers *answers;
    struct gs_journal *journal; /* NULL: none */
    int64_t journal_looked_ms;  /* wall clock; 0: not yet */
    size_t journal_lines, n_said;
    bool journal_read, news;           /* news: the verdicts may be others */
    bool read_failed, write_failed;    /* is said already */
    struct gs_journal_line *unwritten; /* [GS_INCIDENT_UNWRITTEN] notices */
    size_t n_unwritten;
    bool quiet;                               /* these are quiet hours, as of the last look */
    struct gs_held_incident *held, *released; /* [GS_INCIDENT_HELD] each */
    size_t n_held, n_held_more;
    struct gs_series *muted, *acknowledged, *suppressed[GS_N_INCIDENT_SILENCES];
};

static inline uint64_t gs_incident_desk_origin(size_t lane, uint64_t watch)
{
    return (uint64_t)lane << 48 | watch;
}

/* The incident's series; needs the lock. */
void gs_incident_desk_show(struct gs_incident_desk *desk, const struct gs_incident *incident);
/* Keeps a record of a change; needs the lock. */
void gs_incident_desk_queue(struct gs_incident_desk *desk, const struct gs_incident *incident);
/* Shows whether the incident is silenced now, for Prometheus rules; needs the lock. */
void gs_incident_desk_silence(struct gs_incident_desk *desk, const struct gs_incident *incident);

/* ---- incident_desk_answers.c; all need the lock ---- */
/* GS_IO, GS_BAD_FORMAT: the journal cannot be read. */
GS_MUST_CHECK
enum gs_status gs_incident_desk_answers_new(struct gs_incident_desk *desk, struct gs_error *err);
void gs_incident_desk_answers_done(struct gs_incident_desk *desk);
/* A change, before anybody hears of it: writes incident->answer, and its notice to the journal. */
void gs_incident_desk_answer(struct gs_incident_desk *desk, const struct gs_incident *incident);
/* People were told of it by a summary. */
void gs_incident_desk_told_late(struct gs_incident_desk *desk, const struct gs_held_incident *held,
                                int64_t now_ms);

/* ---- incident_desk_held.c; all need the lock ---- */
/* A notice with its silence: held back, or not any more. */
void gs_incident_desk_hold(struct gs_incident_desk *desk, const struct gs_incident *incident);
/* The incident is there, with its answer of now. True: it was held back and is not any more. */
bool gs_incident_desk_note_held(struct gs_incident_desk *desk, const struct gs_incident *incident);
/* After all that are there are noted: tells what nothing keeps back any more. */
void gs_incident_desk_release(struct gs_incident_desk *desk, int64_t now_ms);

/* Once a second: reads the journal, renews all answers. */
void gs_incident_desk_look(struct gs_incident_desk *desk, int64_t now_ms);

#endif
