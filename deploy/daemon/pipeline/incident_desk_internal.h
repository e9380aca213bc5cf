/* Shared by incident_desk.c (alerts in, changes out) and incident_desk_records.c (records, in the
 * batches of lanes). */
#ifndef GS_DEPLOY_INCIDENT_DESK_INTERNAL_H
#define GS_DEPLOY_INCIDENT_DESK_INTERNAL_H

#include "deploy/daemon/pipeline/incident_desk.h"
#include "ingest/base/buf.h"
#include "ingest/base/metrics.h"

#include <pthread.h>

enum { GS_INCIDENT_RECORDS = 4096, GS_INCIDENT_LABEL = 200 };

struct gs_incident_record {
    char id[17];
    char *json;
    size_t len;
};

/* The series of one open incident. */
struct gs_shown_incident {
    char id[17];
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
    struct gs_incident_record records[GS_INCIDENT_RECORDS];
    size_t n_records, n_writing; /* the first n_writing are in a lane's batch */
    size_t writer;
    struct gs_buf json;
    struct gs_shown_incident *shown; /* [max_open] */
    size_t n_shown;
    struct gs_incident_counts counts; /* that the metrics have */
    struct gs_series *open[GS_N_SEVERITIES], *notices[GS_N_INCIDENT_NOTICES];
    struct gs_series *refused, *left_out, *hurried, *dropped;
};

/* Keeps a record of a change; needs the lock. */
void gs_incident_desk_queue(struct gs_incident_desk *desk, const struct gs_incident *incident);

#endif
