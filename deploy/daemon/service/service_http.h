/* Serves what a running pipeline shows of itself over HTTP, whether it reads Kafka (service.c) or
 * files (local.c): /metrics, /healthz, /readyz, /api/v1/status and the page.
 *
 * The server's thread reads the lanes' atomic status, the boards under their locks and the metrics'
 * shards; it keeps one shard of its own for the gauges that are read off the lanes at a scrape.
 *
 * Threads: start and stop from one thread, while the lanes are not freed. */
#ifndef GS_DEPLOY_SERVICE_HTTP_H
#define GS_DEPLOY_SERVICE_HTTP_H

#include "deploy/daemon/config/config.h"
#include "deploy/daemon/pipeline/assets.h"
#include "deploy/daemon/pipeline/lane.h"
#include "deploy/daemon/pipeline/stage_watch.h"
#include "ingest/base/metrics.h"

/* One lane as others see it. All is borrowed. */
struct gs_served_lane {
    const char *name;   /* "tag 0", for reasons */
    const char *number; /* a label */
    const struct gs_lane_status *status;
    const _Atomic int64_t *heard_ns; /* when Kafka answered last (monotonic ns); NULL: no Kafka */
    bool tags;                       /* it runs stage tag */
    struct gs_stage_watch *watch;    /* it runs stage watch; NULL: it does not */
};

/* Borrowed, and must outlive the server; the lanes are copied. */
struct gs_served {
    const struct gs_config *config;
    const struct gs_assets *assets;
    struct gs_metrics *metrics;
    struct gs_incident_desk *desk; /* NULL: none */
    const struct gs_served_lane *lanes;
    size_t n_lanes;
};

struct gs_server; /* opaque */

/* GS_IO: the port cannot be had. Says on the log where it listens. */
GS_MUST_CHECK
enum gs_status gs_server_start(const struct gs_served *served, struct gs_server **ret,
                               struct gs_error *err);
void gs_server_stop(struct gs_server *server);      /* NULL is fine */
int gs_server_port(const struct gs_server *server); /* NULL: 0 */

#endif
