/* Everything a demo runs on, made and unmade: stream, broker, configuration, service, feeder. */
#ifndef GS_DEMO_SETUP_H
#define GS_DEMO_SETUP_H

#include "deploy/daemon/demo/demo_incidents.h"
#include "deploy/daemon/demo/feeder.h"
#include "deploy/daemon/demo/session.h"
#include "deploy/daemon/service/service.h"

struct gs_demo_setup {
    struct gs_demo *demo;
    struct gs_demo_alerts *alerts;
    struct gs_demo_incidents *incidents;
    struct gs_broker *broker;
    struct gs_config *config;
    struct gs_service *service;
    struct gs_demo_feeder *feeder;
    char watchlist[64]; /* a temporary file; "" when there is none */
};

/* Starts all; the stream begins to flow. On failure what was made stays in *setup, for
 * gs_demo_setup_done(). */
GS_MUST_CHECK
enum gs_status gs_demo_setup_start(const struct gs_demo_session *session,
                                   struct gs_demo_setup *setup, struct gs_error *err);

/* Ends the threads and the broker; alerts, stream and configuration stay. May be called twice. */
void gs_demo_setup_stop(struct gs_demo_setup *setup);

/* Stops, and frees all. */
void gs_demo_setup_done(struct gs_demo_setup *setup);

#endif
