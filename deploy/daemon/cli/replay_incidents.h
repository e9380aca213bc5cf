/* The incidents of a replay: kept as they change, printed as a table with their alerts inside. */
#ifndef GS_DEPLOY_REPLAY_INCIDENTS_H
#define GS_DEPLOY_REPLAY_INCIDENTS_H

#include "alerting/incidents/incidents.h"

#include <stdio.h>

struct gs_replay_incident; /* opaque: one row */

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
