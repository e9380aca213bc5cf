/* The incidents of a replay: kept as they change, printed as a table with their alerts inside. */
#ifndef GS_DEPLOY_REPLAY_INCIDENTS_H
#define GS_DEPLOY_REPLAY_INCIDENTS_H

#include "alerting/incidents/incidents.h"

#include <stdio.h>

struct gs_replay_incident_key {
    char key[GS_INCIDENT_KEY_BYTES];
    uint8_t severity;
    bool firing;
    int64_t fired_at_ms, ends_at_ms;
    double observed, expected; /* at its height */
};

/* An incident as it was last. */
struct gs_replay_incident {
    char id[17];
    char title[GS_INCIDENT_TITLE_BYTES];
    uint8_t severity, state;
    unsigned notices;
    int64_t opened_at_ms, ends_at_ms; /* ends_at -1: not ended */
    struct gs_replay_incident_key *keys;
    uint32_t n_keys, keys_left_out;
};

struct gs_replay_incidents {
    struct gs_replay_incident *rows; /* in order of opening */
    size_t n, n_more;                /* n_more: not kept */
};

/* A gs_incident_fn; arg is a struct gs_replay_incidents. */
void gs_replay_incidents_take(void *arg, const struct gs_incident *incident);
/* One line an incident, and below it one a key; nothing without incidents. */
void gs_replay_incidents_print(const struct gs_replay_incidents *incidents, FILE *out);
void gs_replay_incidents_done(struct gs_replay_incidents *incidents);

#endif
